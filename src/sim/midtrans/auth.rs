//! Who calls: basic authentication with the server key as name and no password.

use super::merchant::SimMerchant;

/// The merchant whose key the header holds.
pub(super) fn merchant(merchants: &[SimMerchant], header: Option<&str>) -> Option<usize> {
    let (scheme, given) = header?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    merchants.iter().position(|one| base64(format!("{}:", one.server_key).as_bytes()) == given.trim())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_usize, |bits, byte| (bits << 8) | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = char::from(DIGITS[(bits >> (18 - 6 * i)) & 63]);
            text.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_the_standard_says() {
        let rows = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (bytes, text) in rows {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_merchant_is_known_by_the_key_alone() {
        let merchants = ["a", "b"].map(|key| SimMerchant::new("M", key));
        assert_eq!(merchant(&merchants, Some("Basic Yjo=")), Some(1));
        assert_eq!(merchant(&merchants, Some("Basic Yjpw")), None);
        assert_eq!(merchant(&merchants, Some("Bearer Yjo=")), None);
        assert_eq!(merchant(&merchants, None), None);
    }
}
