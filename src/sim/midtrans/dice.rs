//! Chance that repeats itself: everything made up by the gateway comes from one seed.

use sha2::{Digest, Sha512};

/// A generator of made-up numbers, the same for the same seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not zero.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// A number of so many digits, the first not zero.
    pub(super) fn digits(&mut self, count: usize) -> String {
        let first = char::from(b'1' + u8::try_from(self.below(9)).expect("below nine"));
        let rest = (1..count).map(|_| char::from(b'0' + u8::try_from(self.below(10)).expect("below ten")));
        std::iter::once(first).chain(rest).collect()
    }

    /// An identifier in the usual 36 characters.
    pub(super) fn uuid(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().hyphenated().to_string()
    }
}

/// `signature_key`: the hash over what is concatenated without anything in between.
pub(super) fn signature(order_id: &str, status_code: &str, gross_amount: &str, server_key: &str) -> String {
    let hash = Sha512::digest([order_id, status_code, gross_amount, server_key].concat());
    hash.iter().fold(String::with_capacity(128), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).expect("half a byte is one digit"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_things_up() {
        let (mut a, mut b) = (Dice::new(7), Dice::new(7));
        assert_eq!((a.uuid(), a.digits(11)), (b.uuid(), b.digits(11)));
        assert_eq!(a.uuid().len(), 36);
        assert_eq!(Dice::new(1).digits(12).len(), 12);
    }

    #[test]
    fn signatures_have_no_separator() {
        let free = signature("X", "201", "20010000.00", "k");
        assert_eq!(free, signature("X201", "200", "10000.00", "k"));
        assert_eq!(free.len(), 128);
        // coreutils: printf 'X201200' | sha512sum
        assert!(signature("", "", "", "abc").starts_with("ddaf35a193617abacc417349ae204131"));
    }
}
