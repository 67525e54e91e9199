//! Tokens, sessions and PINs: random secrets. The store has only their hashes.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::web::Problem;

/// The prefix of a token, by which people and scanners recognize one.
const PREFIX: &str = "kuota_";
/// Random bytes of a secret.
const RANDOM_BYTES: usize = 32;
/// The number of PINs of six digits.
const PINS: u32 = 1_000_000;

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system has no random bytes");
        Problem::internal()
    })?;
    Ok(random)
}

/// Six random digits. Numbers above the last whole million are drawn again, so that every PIN is equally likely, and so
/// are those that everybody tries first.
pub(crate) fn new_pin() -> Result<String, Problem> {
    loop {
        let drawn = u32::from_be_bytes(random()?);
        let pin = format!("{:06}", drawn % PINS);
        if drawn < u32::MAX - u32::MAX % PINS && !is_guessable(&pin) {
            return Ok(pin);
        }
    }
}

/// Whether a PIN of six digits is among those that are tried first: digits that repeat or run, and days of birth.
pub(crate) fn is_guessable(pin: &str) -> bool {
    let digits: Vec<i16> = pin.bytes().map(|byte| i16::from(byte) - i16::from(b'0')).collect();
    let steps = |by: i16| digits.windows(2).all(|pair| pair[1] - pair[0] == by);
    let repeats = |every: usize| digits.iter().zip(digits.iter().skip(every)).all(|(one, next)| one == next);
    let is_day = |day: i16, month: i16| (1..=31).contains(&day) && (1..=12).contains(&month);
    let pairs: Vec<i16> =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |n, digit| n * 10 + digit)).collect();
    let is_birth = match pairs[..] {
        // 17-08-95, 95-08-17, and a year such as 1995 with two digits more.
        [first, second, third] => {
            is_day(first, second) || is_day(third, second) || (19..=20).contains(&first) && second > 12
        }
        _ => false,
    };
    [0, 1, -1].into_iter().any(steps) || repeats(2) || repeats(3) || is_birth
}

/// A new random token.
pub(crate) fn new_token() -> Result<String, Problem> {
    Ok(format!("{PREFIX}{}", HEXLOWER.encode(&random::<RANDOM_BYTES>()?)))
}

/// The hash under which the store has a secret. A random secret of this length needs no slow hash.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_that_everybody_tries_first_are_known_and_never_drawn() {
        for pin in ["111111", "123456", "654321", "121212", "123123", "170895", "950817", "010100", "199512"]
        {
            assert!(is_guessable(pin), "{pin}");
        }
        for pin in ["135790", "482915", "907346", "319284"] {
            assert!(!is_guessable(pin), "{pin}");
        }
        for _ in 0..1000 {
            assert!(!is_guessable(&new_pin().unwrap()));
        }
        // Most PINs remain.
        let left = (0..PINS).filter(|pin| !is_guessable(&format!("{pin:06}"))).count();
        assert!(left > 900_000, "{left}");
    }
}
