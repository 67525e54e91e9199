//! The gateway's signature of a notification: SHA-512 over order, code, amount and server key, joined without a
//! separator. It says that a message is worth looking at and nothing about what happened: the status is not signed.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha512};
use subtle::{Choice, ConstantTimeEq};

use super::access::ServerKey;
use super::fields::{is_amount, is_code};

/// The length of a signature: SHA-512 in hex.
const SIGNATURE_CHARS: usize = 128;

/// Whether one of `keys` (the current one, and those it replaced) signed these texts, which must be exactly as they
/// were received: an amount that was read and written again is another text.
///
/// Because the texts are joined without a separator, one signature fits several ways of cutting them. Code and amount
/// are therefore held to their form; that order ids have one length and end in a letter does the rest. How long it
/// takes does not depend on where a wrong signature differs.
pub fn verify(order: &str, code: &str, amount: &str, signature: &str, keys: &[ServerKey]) -> bool {
    if signature.len() != SIGNATURE_CHARS || !is_code(code) || !is_amount(amount) {
        return false;
    }
    let fits = |key: &ServerKey| {
        let mut hash = Sha512::new();
        for part in [order, code, amount, key.expose()] {
            hash.update(part.as_bytes());
        }
        HEXLOWER.encode(&hash.finalize()).as_bytes().ct_eq(signature.as_bytes())
    };
    keys.iter().fold(Choice::from(0), |any, key| any | fits(key)).into()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn keys(texts: &[&str]) -> Vec<ServerKey> {
        texts.iter().map(|text| ServerKey::new(*text)).collect()
    }

    #[test]
    fn every_vector_is_judged_as_written() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../tests/fixtures/midtrans_signatures.json")).unwrap();
        let vectors = vectors["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 12);
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            let valid = verify(
                text("order_id"),
                text("status_code"),
                text("gross_amount"),
                text("signature_supplied"),
                &keys(&[text("server_key")]),
            );
            assert_eq!(valid, vector["expect_valid"].as_bool().unwrap(), "{}", text("name"));
        }
    }

    /// Of order `HS1-0001-A`, code 200, amount 10000.00.
    const SETTLEMENT: &str = "72d17dadf94f8cee82c84f977e18f6ffc84babf0965edbc91509ad6ccae705f16ff7eddf35779131f1128ea819b404f6d40662694f0befdab782e2bc8b00f533";
    const KEY: &str = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";

    #[test]
    fn current_and_replaced_keys_are_accepted_and_no_others() {
        let rows: [(&[&str], bool); 5] = [
            (&[KEY], true),
            (&["SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb", KEY], true),
            (&[KEY, "SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb"], true),
            (&["SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb"], false),
            (&[], false),
        ];
        for (texts, valid) in rows {
            assert_eq!(verify("HS1-0001-A", "200", "10000.00", SETTLEMENT, &keys(texts)), valid, "{texts:?}");
        }
    }

    #[test]
    fn texts_cut_elsewhere_are_refused_by_their_form() {
        // Each row joins to the same text as the order, code and amount that were signed.
        let rows = [
            ("HS1-0001-A", "2001", "0000.00"),
            ("HS1-0001-A", "20", "010000.00"),
            ("HS1-0001-A200", "", "10000.00"),
            ("HS1-0001-", "A20", "010000.00"),
            ("HS1-0001-A2001", "000", "0.00"),
        ];
        for (order, code, amount) in rows {
            let valid = verify(order, code, amount, SETTLEMENT, &keys(&[KEY]));
            // The last one has the right form: only its order id, which is none of ours, gives it away.
            assert_eq!(valid, order == "HS1-0001-A2001", "{order} {code} {amount}");
        }
    }

    #[test]
    fn a_signature_of_another_length_or_alphabet_is_refused() {
        let longer = format!("{SETTLEMENT}0");
        let padded = format!(" {}", &SETTLEMENT[1..]);
        for signature in
            ["", &SETTLEMENT[..127], &longer, &padded, &"é".repeat(64), &SETTLEMENT.to_uppercase()]
        {
            assert!(!verify("HS1-0001-A", "200", "10000.00", signature, &keys(&[KEY])), "{signature}");
        }
    }
}
