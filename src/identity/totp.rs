//! One-time codes by the clock (RFC 6238): SHA-1, six digits, 30 seconds, one step of tolerance each way, as all
//! authenticators support. The caller must store the step of an accepted code and accept none twice.

use totp_rs::{Algorithm, Builder, Secret};

use super::secrets::random;
use crate::domain::units::Timestamp;
use crate::web::Problem;

/// Random bytes of a secret, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// Digits of a code.
const DIGITS: u8 = 6;
/// Validity of one code.
const STEP_S: u64 = 30;
/// Steps before and after the present one whose codes are accepted.
const SKEW: u16 = 1;

/// A new random secret, in base32.
pub(crate) fn new_secret() -> Result<String, Problem> {
    Ok(Secret::from(random::<SECRET_BYTES>()?).to_base32())
}

/// The address for the authenticator's QR code: a secret under the name of an admin, which needs no escaping.
pub(crate) fn url(admin: &str, secret: &str) -> String {
    format!(
        "otpauth://totp/kuota:{admin}?secret={secret}&issuer=kuota&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
    )
}

/// The step of a code, in 30 s since 1970-01-01 UTC; `None` for one that is wrong at `now`. Spaces are ignored,
/// because authenticators show them.
pub(crate) fn step_of(secret: &str, code: &str, now: Timestamp) -> Option<i64> {
    let seconds = u64::try_from(now.0.div_euclid(1000)).ok()?;
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(SKEW)
        .with_step_duration(STEP_S)
        .with_secret(Secret::try_from_base32(secret).ok()?)
        .build()
        .ok()?;
    let code = code.replace(' ', "");
    totp.check(&code, seconds).and_then(|step| i64::try_from(step).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Base32 of RFC 6238's secret, `12345678901234567890`.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn codes_are_those_of_rfc_6238_within_one_step() {
        // Appendix B, the last six of eight digits.
        let rows = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in rows {
            let step = seconds / 30;
            for now in [(step - 1) * 30, seconds, step * 30 + 59] {
                assert_eq!(step_of(SECRET, code, at(now)), Some(step), "{code} at {now}");
            }
            for now in [(step - 1) * 30 - 1, step * 30 + 60] {
                assert_eq!(step_of(SECRET, code, at(now)), None, "{code} at {now}");
            }
        }
        assert_eq!(step_of(SECRET, " 287 082", at(59)), Some(1));
    }

    #[test]
    fn what_is_no_code_is_wrong() {
        for code in ["", "28708", "2870822", "+87082", "28708x", "２８７０８２"] {
            assert_eq!(step_of(SECRET, code, at(59)), None, "{code}");
        }
        assert_eq!(step_of(SECRET, "287082", at(-1)), None);
        assert_eq!(step_of("1", "287082", at(59)), None);
    }

    #[test]
    fn a_new_secret_is_one_that_authenticators_take() {
        let (a, b) = (new_secret().unwrap(), new_secret().unwrap());
        assert!(a != b && a.len() == 32 && a.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()));
        assert!(url("siti", &a).starts_with(&format!("otpauth://totp/kuota:siti?secret={a}&issuer=kuota&")));
    }
}
