//! Digests over several parts.

use sha2::digest::Update;
use sha2::{Digest, Sha256};

/// Adds a part preceded by its length, so that different lists of parts have different digests.
pub fn add_part(digest: &mut impl Update, part: impl AsRef<[u8]>) {
    let part = part.as_ref();
    digest.update(&(part.len() as u64).to_be_bytes());
    digest.update(part);
}

/// SHA-256 over parts, each preceded by its length.
pub fn of_parts<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        add_part(&mut digest, part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_divided_otherwise_have_another_digest() {
        assert_ne!(of_parts(["ab", "c"]), of_parts(["a", "bc"]));
        assert_ne!(of_parts(["ab"]), of_parts(["ab", ""]));
        let plain: [u8; 32] = Sha256::digest(b"\0\0\0\0\0\0\0\x02ab").into();
        assert_eq!(of_parts(["ab"]), plain);
    }
}
