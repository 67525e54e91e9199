//! Names of orders at the gateway.
//!
//! All have one length and end in a letter: the gateway signs order id, code and amount with nothing between them,
//! and so no signed text of one order can be read as that of another. The first part says which site an order
//! belongs to, the rest cannot be guessed.

use sha2::{Digest, Sha256};

/// Five bits each; no letter that looks like another or like a digit.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstvwxyz0123456789";
/// What the last character is drawn from.
const LETTERS: &[u8; 16] = b"abcdefghjkmnpqrs";
/// Characters of a site's tag.
const TAG_CHARS: usize = 8;
/// Characters of five random bits.
const RANDOM_CHARS: usize = 20;
/// Characters of an order id: well below the 36 that the gateway's strictest product takes.
pub const ORDER_ID_CHARS: usize = TAG_CHARS + 1 + RANDOM_CHARS + 1;

/// What the ids of a site's orders begin with.
pub fn site_tag(merchant: &str, site: &str) -> String {
    let mut hash = Sha256::new();
    for part in [merchant, site] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(TAG_CHARS).map(|byte| letter(ALPHABET, *byte)).collect()
}

/// An id that nobody had before: 104 random bits. Fails when the system has no random bytes.
pub fn new_order_id(tag: &str) -> Result<String, getrandom::Error> {
    let mut random = [0; RANDOM_CHARS + 1];
    getrandom::fill(&mut random)?;
    let (last, rest) = random.split_last().expect("there is a last one");
    let rest: String = rest.iter().map(|byte| letter(ALPHABET, *byte)).collect();
    Ok(format!("{tag}-{rest}{}", letter(LETTERS, *last)))
}

/// Whether an id was made for the site of this tag.
pub fn is_order_id_of(tag: &str, id: &str) -> bool {
    let is_drawn = |text: &str| text.bytes().all(|byte| ALPHABET.contains(&byte));
    id.len() == ORDER_ID_CHARS
        && id.strip_prefix(tag).and_then(|rest| rest.strip_prefix('-')).is_some_and(is_drawn)
        && id.ends_with(|last: char| last.is_ascii_lowercase())
}

/// Whether a text could be any order's id, so that it may be part of an address: what else comes in from outside need
/// not be looked for.
pub fn is_plausible(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}

/// A secret that cannot be guessed, 160 bits, for an address. Fails when the system has no random bytes.
pub fn new_secret() -> Result<String, getrandom::Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    Ok(random.iter().map(|byte| letter(ALPHABET, *byte)).collect())
}

/// The character for the byte's low bits; the alphabets have powers of two, so each is as likely.
fn letter<const N: usize>(alphabet: &[u8; N], byte: u8) -> char {
    char::from(alphabet[usize::from(byte) % N])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_have_one_length_end_in_a_letter_and_never_come_twice() {
        let tag = site_tag("m1", "site-1");
        let ids: BTreeSet<String> = (0..1000).map(|_| new_order_id(&tag).unwrap()).collect();
        assert_eq!(ids.len(), 1000);
        for id in &ids {
            assert!(id.len() == ORDER_ID_CHARS && id.len() <= 36, "{id}");
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{id}");
            assert!(id.ends_with(|last: char| last.is_ascii_alphabetic()), "{id}");
            assert!(is_order_id_of(&tag, id) && is_plausible(id), "{id}");
        }
    }

    #[test]
    fn a_site_knows_its_own_ids_only() {
        let tags = [("m1", "site-1"), ("m1", "site-2"), ("m2", "site-1"), ("m1s", "ite-1")]
            .map(|(m, s)| site_tag(m, s));
        assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), tags.len());
        let id = new_order_id(&tags[0]).unwrap();
        assert!(!is_order_id_of(&tags[1], &id));
        for bad in
            [&id[1..], &id[..id.len() - 1], &format!("{}1", &id[..id.len() - 1]), &id.to_uppercase(), ""]
        {
            assert!(!is_order_id_of(&tags[0], bad), "{bad}");
        }
    }

    #[test]
    fn what_could_break_an_address_is_no_id() {
        for bad in ["", "a/b", "a b", "a#b", "ä", "..%2f", &"x".repeat(65)] {
            assert!(!is_plausible(bad), "{bad}");
        }
    }
}
