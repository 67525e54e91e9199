//! Tokens that the site signs and verifies: links and codes of orders, tokens of its own forms, texts that expire.
//!
//! Every signature is HMAC-SHA256 under the site's secret over a purpose and the parts, each preceded by its length.
//! A signature for one purpose is therefore invalid for any other.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::secrets::hash;
use super::site_secret::SiteSecret;
use crate::domain::id::{Mac as DeviceMac, OrderId};
use crate::domain::units::Timestamp;
use crate::tools::digest;

/// Crockford's base32: without I, L, O and U, which people misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bytes of a signature in a link: 160 bits.
const TOKEN_BYTES: usize = 20;
/// Bytes of a code that people type: 40 bits, which is little, so every check of a code must be rate-limited.
const CODE_BYTES: usize = 5;
/// Letters of a device's code: no vowels, so that it never reads as a word, and none that look alike.
const DEVICE_ALPHABET: &[u8; 16] = b"CDFHJKLMNPRTWXYZ";
/// Letters of such a code: 20 bits, enough to tell the devices of one hotspot apart. It opens nothing.
const DEVICE_CODE_CHARS: usize = 5;
/// The day of forms that end with their session.
const NO_DAY: i64 = 0;
/// Characters of such a code.
const CODE_CHARS: usize = 8;

/// Signs and checks for one site. Its `Debug` output is empty.
#[derive(Clone)]
pub struct SignedTokens {
    key: SiteSecret,
}

impl fmt::Debug for SignedTokens {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Tickets")
    }
}

impl SignedTokens {
    /// Signer with that secret.
    pub fn new(secret: &SiteSecret) -> Self {
        Self { key: secret.clone() }
    }

    /// A token that gives access to an order by its link: 160 bits, safe in a URL without escaping.
    pub fn order_token(&self, order: &OrderId) -> String {
        self.token("order", &[&order.0])
    }

    /// Whether it is that order's token.
    pub fn is_order_token(&self, order: &OrderId, given: &str) -> bool {
        is_same(&self.order_token(order), given)
    }

    /// Eight characters that people type to find an order, without look-alikes.
    pub fn order_code(&self, order: &OrderId) -> String {
        crockford(&self.sign("order code", &[&order.0])[..CODE_BYTES])
    }

    /// Whether it is that order's code, in any spelling; see [`read_code`].
    pub fn is_order_code(&self, order: &OrderId, given: &str) -> bool {
        read_code(given).is_some_and(|given| is_same(&self.order_code(order), &given))
    }

    /// Five letters by which people name a device to each other, always the same for one device of one site.
    pub fn device_code(&self, mac: DeviceMac) -> String {
        let signature = self.sign("device code", &[&mac.to_string()]);
        let letter = |byte: &u8| char::from(DEVICE_ALPHABET[usize::from(byte & 15)]);
        signature.iter().take(DEVICE_CODE_CHARS).map(letter).collect()
    }

    /// A token for a form of our own pages, which no other page can make: for one scope, such as a session, and one
    /// local day, in days since 1970-01-01.
    pub fn form_token(&self, scope: &str, day: i64) -> String {
        self.token("form", &[scope, &day.to_string()])
    }

    /// Whether the token of a form of that scope was made on `day` or the day before.
    pub fn check_form_token(&self, scope: &str, day: i64, given: &str) -> bool {
        let made_on = |day| is_same(&self.form_token(scope, day), given);
        made_on(day) | made_on(day.saturating_sub(1))
    }

    /// A token for the forms of a browser's session with that secret. They end with the session, whatever the day.
    pub fn session_form_token(&self, session_secret: &str) -> String {
        self.form_token(&session_scope(session_secret), NO_DAY)
    }

    /// Whether it is the token of that session's forms.
    pub fn is_session_form_token(&self, session_secret: &str, given: &str) -> bool {
        self.check_form_token(&session_scope(session_secret), NO_DAY, given)
    }

    /// The signature of an order's memo.
    pub fn memo_token(&self, memo: &str) -> String {
        self.token("memo", &[memo])
    }

    /// Whether it is that memo's signature.
    pub fn is_memo_token(&self, memo: &str, given: &str) -> bool {
        is_same(&self.memo_token(memo), given)
    }

    /// A signed text, readable by anybody, valid before `until`; safe in URLs and cookies.
    pub fn sealed(&self, text: &str, until: Timestamp) -> String {
        let until = until.0.to_string();
        let token = self.token("sealed", &[text, &until]);
        format!("{until}.{}.{token}", HEXLOWER.encode(text.as_bytes()))
    }

    /// The text in a result of [`Self::sealed`] that lasts `lasts_ms`; `None` once it has expired, and for anything else.
    /// One that would end later than a text sealed now was made by a clock that was set back since.
    pub fn opened(&self, given: &str, now: Timestamp, lasts_ms: i64) -> Option<String> {
        let mut parts = given.split('.');
        let (until, hex, token) = (parts.next()?, parts.next()?, parts.next()?);
        let text = String::from_utf8(HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?).ok()?;
        let is_ours = parts.next().is_none() && is_same(&self.token("sealed", &[&text, until]), token);
        let ends_at: i64 = until.parse().ok()?;
        let is_of_now = now.0 < ends_at && ends_at.saturating_sub(now.0) <= lasts_ms;
        (is_ours && is_of_now).then_some(text)
    }

    fn token(&self, purpose: &str, parts: &[&str]) -> String {
        crockford(&self.sign(purpose, parts)[..TOKEN_BYTES])
    }

    fn sign(&self, purpose: &str, parts: &[&str]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.bytes()).expect("HMAC takes keys of every length");
        for part in [&["kuota", purpose], parts].concat() {
            digest::add_part(&mut mac, part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// A code as [`SignedTokens::order_code`] writes it, from user input: either case, O for 0, I and L for 1, spaces and
/// dashes anywhere. `None` for anything that is not a code.
pub fn read_code(given: &str) -> Option<String> {
    let typed = given.chars().filter(|c| !matches!(c, ' ' | '-'));
    let meant = typed.map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    let code: String = meant.take(CODE_CHARS + 1).collect();
    let is_code = code.len() == CODE_CHARS && code.bytes().all(|byte| ALPHABET.contains(&byte));
    is_code.then_some(code)
}

/// A code as [`SignedTokens::device_code`] writes it, from user input: either case, spaces and dashes anywhere. `None`
/// for anything that is not a code.
pub fn read_device_code(given: &str) -> Option<String> {
    let typed = given.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_uppercase());
    let code: String = typed.take(DEVICE_CODE_CHARS + 1).collect();
    let is_code = code.len() == DEVICE_CODE_CHARS && code.bytes().all(|byte| DEVICE_ALPHABET.contains(&byte));
    is_code.then_some(code)
}

/// What the token of a session's forms is made for.
fn session_scope(secret: &str) -> String {
    format!("session {}", HEXLOWER.encode(&hash(secret)))
}

fn is_same(own: &str, given: &str) -> bool {
    own.as_bytes().ct_eq(given.as_bytes()).into()
}

/// Encodes every five bytes as eight characters.
fn crockford(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for at in (0..8).rev() {
            let digit = usize::try_from(bits >> (5 * at) & 31).expect("five bits");
            out.push(char::from(ALPHABET[digit]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed_tokens(n: u8) -> SignedTokens {
        SignedTokens::new(&SiteSecret::new([n; 32]))
    }

    fn order(id: &str) -> OrderId {
        OrderId(id.to_owned())
    }

    #[test]
    fn signatures_are_hmac_sha256_of_purpose_and_parts_with_their_lengths() {
        // python3: hmac.new(bytes([1]*32), b"".join(struct.pack(">Q", len(p)) + p for p in
        //   [b"kuota", b"order", b"k-1"]), "sha256").hexdigest()
        let signed = signed_tokens(1).sign("order", &["k-1"]);
        assert_eq!(
            HEXLOWER.encode(&signed),
            "a56c0b5ada0c08b92e784f8d55d246eb7fa2ba50c906561b172354fe8a1b7966"
        );
        assert_eq!(crockford(&[0x00, 0x44, 0x32, 0x14, 0xc7]), "01234567");
        assert_eq!(crockford(&[0xff; 5]), "ZZZZZZZZ");
    }

    #[test]
    fn an_orders_token_and_code_are_its_own_and_the_sites_own() {
        let (ours, theirs) = (signed_tokens(1), signed_tokens(2));
        let (a, b) = (order("k-1"), order("k-2"));
        let (token, code) = (ours.order_token(&a), ours.order_code(&a));
        assert_eq!((token.len(), code.len()), (32, 8));
        assert!(token.bytes().all(|c| c.is_ascii_alphanumeric()));
        assert!(ours.is_order_token(&a, &token) && ours.is_order_code(&a, &code));
        assert_eq!((ours.order_token(&a), ours.order_code(&a)), (token.clone(), code.clone()), "for good");
        for (signed_tokens, order) in [(&ours, &b), (&theirs, &a)] {
            assert!(
                !signed_tokens.is_order_token(order, &token) && !signed_tokens.is_order_code(order, &code)
            );
        }
        assert!(!token.starts_with(&code), "one does not tell the other");
        for wrong in ["", &token[1..], &token.to_lowercase(), &format!("{token}0")] {
            assert!(!ours.is_order_token(&a, wrong), "{wrong}");
        }
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let rows = [
            ("0123 4567", Some("01234567")),
            ("o123-4567", Some("01234567")),
            ("OIL1-abcd", Some("0111ABCD")),
            (" -zz zz zz zz- ", Some("ZZZZZZZZ")),
            ("0123456", None),
            ("012345678", None),
            ("0123456U", None),
            ("0123456é", None),
            ("", None),
        ];
        for (typed, code) in rows {
            assert_eq!(read_code(typed).as_deref(), code, "{typed:?}");
        }
        let endless = "0".repeat(1 << 20);
        assert_eq!(read_code(&endless), None);
    }

    #[test]
    fn a_device_has_one_code_of_letters_that_is_the_sites_own() {
        let (ours, theirs) = (signed_tokens(1), signed_tokens(2));
        let codes: std::collections::BTreeSet<String> =
            (0..500).map(|n| ours.device_code(DeviceMac::from_u64(n))).collect();
        assert!(codes.len() > 490, "{} codes of 500 devices", codes.len());
        for code in &codes {
            assert_eq!(
                read_device_code(&format!(" {}-{} ", &code[..2], code[2..].to_lowercase())).as_ref(),
                Some(code)
            );
        }
        let mac = DeviceMac([2, 0, 0, 0, 0, 1]);
        assert_eq!(ours.device_code(mac), ours.device_code(mac));
        assert_ne!(ours.device_code(mac), theirs.device_code(mac));
        for wrong in ["", "CDFH", "CDFHJK", "CDFHA", "CDFH1", "CDFHé"] {
            assert_eq!(read_device_code(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_form_is_good_on_its_day_and_the_next_in_its_scope_alone() {
        let ours = signed_tokens(1);
        let token = ours.form_token("session a", 100);
        let rows = [
            ("session a", 100, true),
            ("session a", 101, true),
            ("session a", 102, false),
            ("session a", 99, false),
            ("session b", 100, false),
            ("session a1", 0, false),
        ];
        for (scope, day, good) in rows {
            assert_eq!(ours.check_form_token(scope, day, &token), good, "{scope} {day}");
        }
        assert!(!ours.check_form_token("session a", 100, ""));
        assert!(!signed_tokens(2).check_form_token("session a", 100, &token));
        assert!(!ours.check_form_token("session a", i64::MIN, &token));
    }

    #[test]
    fn a_sealed_text_opens_until_its_end_and_only_whole() {
        let ours = signed_tokens(1);
        for text in ["", "budi", "a.b.c", "kuota é \u{0}"] {
            let sealed = ours.sealed(text, Timestamp(1000));
            assert!(sealed.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'.'), "{sealed}");
            assert_eq!(ours.opened(&sealed, Timestamp(999), 500).as_deref(), Some(text));
            assert_eq!(ours.opened(&sealed, Timestamp(500), 500).as_deref(), Some(text));
            assert_eq!(ours.opened(&sealed, Timestamp(1000), 500), None, "it ended");
            assert_eq!(ours.opened(&sealed, Timestamp(499), 500), None, "the clock was set back since");
            assert_eq!(signed_tokens(2).opened(&sealed, Timestamp(999), 500), None);
        }
        let sealed = ours.sealed("budi", Timestamp(1000));
        let later = sealed.replacen("1000", "2000", 1);
        let other = sealed.replacen("62", "63", 1);
        let form = format!("1000.62.{}", ours.form_token("b", 1000));
        for wrong in
            [later, other, form, sealed[1..].to_owned(), format!("{sealed}."), "..".into(), "é.é.é".into()]
        {
            assert_eq!(ours.opened(&wrong, Timestamp(0), i64::MAX), None, "{wrong}");
        }
    }
}
