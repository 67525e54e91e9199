//! The gateway's message that something happened to a transaction. Anyone who saw one can send it again, edited where it
//! is not signed, so it is read to be compared and never to be believed.

use crate::domain::payment::{Claim, GatewayStatus};

use super::access::ServerKey;
use super::answer;
use super::fields::JsonFields;
use super::signature;

/// The largest body that is read: documented ones have some 1 to 2 KB, those with many partial refunds a few more.
/// Fields have no bounds of their own: what the gateway signed is kept whatever it looks like.
pub const BODY_BYTES_MAX: usize = 8 * 1024;
/// The longest transaction id that is remembered.
const ID_CHARS_MAX: usize = 64;

/// A notification as it was sent. Nothing in it is proven before [`Notification::is_signed_by`] says so, and then only
/// `order`, `code` and `amount`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The gateway's `order_id`, made by us. Signed.
    pub order: String,
    /// Its `status_code`, as received. Signed.
    pub code: String,
    /// Its `gross_amount`, as received. Signed.
    pub amount: String,
    /// Which attempt.
    pub transaction: Option<String>,
    /// The status that it claims. `None` for an unknown word.
    pub status: Option<GatewayStatus>,
    /// To which merchant.
    pub merchant: Option<String>,
    /// In which currency.
    pub currency: Option<String>,
    /// Its `signature_key`, as received.
    signature: String,
}

/// Why a body is no notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Larger than [`BODY_BYTES_MAX`].
    #[error("the notification is larger than {BODY_BYTES_MAX} bytes")]
    TooLarge,
    /// Not one JSON object.
    #[error("the notification is not a JSON object")]
    NotJson,
    /// A signed field is absent, repeated or not text: the signed string cannot be rebuilt.
    #[error("the notification's {0} is not there exactly once, as text")]
    Field(&'static str),
}

impl Notification {
    /// Reads a body. Fields that nobody knows are fine.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        if body.len() > BODY_BYTES_MAX {
            return Err(Malformed::TooLarge);
        }
        let fields = JsonFields::parse(body).ok_or(Malformed::NotJson)?;
        let signed = |name: &'static str| fields.string(name).ok_or(Malformed::Field(name));
        Ok(Self {
            order: signed("order_id")?,
            code: signed("status_code")?,
            amount: signed("gross_amount")?,
            signature: signed("signature_key")?,
            transaction: fields.text("transaction_id").filter(|id| is_id(id)),
            status: fields.string("transaction_status").and_then(|word| answer::status(&word)),
            merchant: fields.text("merchant_id"),
            currency: fields.string("currency"),
        })
    }

    /// Whether one of `keys` (the current one, and those it replaced) signed it.
    pub fn is_signed_by(&self, keys: &[ServerKey]) -> bool {
        signature::verify(&self.order, &self.code, &self.amount, &self.signature, keys)
    }

    /// What it claims. A status that nobody knows claims nothing: like a pending one, it is a reason to ask.
    pub fn claim(&self) -> Claim {
        Claim {
            transaction: self.transaction.clone(),
            status: self.status.unwrap_or(GatewayStatus::Pending),
            code: self.code.parse().unwrap_or_default(),
        }
    }
}

fn is_id(text: &str) -> bool {
    (1..=ID_CHARS_MAX).contains(&text.chars().count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn key() -> Vec<ServerKey> {
        vec![ServerKey::new("SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa")]
    }

    fn settlement() -> Value {
        json!({
            "transaction_time": "2026-03-01 10:00:00",
            "transaction_status": "settlement",
            "transaction_id": "5dd80e13-105c-5d22-b2b6-cb684d9eebb0",
            "status_message": "midtrans payment notification",
            "status_code": "200",
            "payment_type": "qris",
            "order_id": "HS1-0001-A",
            "merchant_id": "G000000001",
            "gross_amount": "10000.00",
            "fraud_status": "accept",
            "currency": "IDR",
            "settlement_time": "2026-03-01 10:01:30",
            "signature_key": "72d17dadf94f8cee82c84f977e18f6ffc84babf0965edbc91509ad6ccae705f16ff7eddf35779131f1128ea819b404f6d40662694f0befdab782e2bc8b00f533",
        })
    }

    fn parse(value: &Value) -> Result<Notification, Malformed> {
        Notification::parse(value.to_string().as_bytes())
    }

    fn with(name: &str, value: Value) -> Result<Notification, Malformed> {
        let mut body = settlement();
        body[name] = value;
        parse(&body)
    }

    #[test]
    fn a_signed_settlement_is_read() {
        let note = parse(&settlement()).unwrap();
        assert!(note.is_signed_by(&key()));
        assert_eq!((note.order.as_str(), note.amount.as_str()), ("HS1-0001-A", "10000.00"));
        assert_eq!((note.currency.as_deref(), note.merchant.as_deref()), (Some("IDR"), Some("G000000001")));
        let transaction = Some("5dd80e13-105c-5d22-b2b6-cb684d9eebb0".to_owned());
        assert_eq!(note.claim(), Claim { transaction, status: GatewayStatus::Settlement, code: 200 });
    }

    #[test]
    fn what_is_signed_must_be_text_and_there_once() {
        for name in ["order_id", "status_code", "gross_amount", "signature_key"] {
            for value in [json!(null), json!(10000), json!(["x"]), json!(true)] {
                assert_eq!(with(name, value), Err(Malformed::Field(name)));
            }
            let mut absent = settlement();
            absent.as_object_mut().unwrap().remove(name);
            assert_eq!(parse(&absent), Err(Malformed::Field(name)));
            let text = settlement().to_string();
            let doubled = format!("{{\"{name}\":{},{}", settlement()[name], &text[1..]);
            assert_eq!(Notification::parse(doubled.as_bytes()), Err(Malformed::Field(name)));
        }
        // The dashboard's own test notification names an order of 66 characters.
        for order in ["", "payment_notif_test_G123456789_5dd80e13-105c-5d22-b2b6-cb684d9eebb0"] {
            assert_eq!(with("order_id", json!(order)).unwrap().order, order);
        }
    }

    #[test]
    fn what_is_not_signed_may_be_absent_new_or_odd() {
        let body = json!({"order_id": "A", "status_code": "x", "gross_amount": "y", "signature_key": "é", "news": [{}]});
        let note = parse(&body).unwrap();
        assert!(!note.is_signed_by(&key()));
        assert_eq!(note.claim(), Claim { transaction: None, status: GatewayStatus::Pending, code: 0 });
        let rows = [
            (json!("SETTLEMENT"), Some(GatewayStatus::Settlement)),
            (json!("Partial_Refund"), Some(GatewayStatus::PartialRefund)),
            (json!("levitating"), None),
            (json!(7), None),
        ];
        for (word, status) in rows {
            let note = with("transaction_status", word).unwrap();
            assert!(note.is_signed_by(&key()));
            assert_eq!(note.status, status);
        }
        assert_eq!(with("transaction_id", json!("x".repeat(65))).unwrap().transaction, None);
    }

    #[test]
    fn an_edit_of_what_is_signed_is_seen() {
        for (name, value) in [
            ("order_id", "HS1-0001-B"),
            ("status_code", "201"),
            ("gross_amount", "10000"),
            ("gross_amount", "10000.000"),
        ] {
            assert!(!with(name, json!(value)).unwrap().is_signed_by(&key()), "{name} {value}");
        }
    }

    #[test]
    fn a_body_that_is_too_large_or_no_object_is_refused() {
        let mut body = settlement().to_string().into_bytes();
        body.resize(BODY_BYTES_MAX, b' ');
        assert!(Notification::parse(&body).is_ok());
        body.push(b' ');
        assert_eq!(Notification::parse(&body), Err(Malformed::TooLarge));
        for text in ["", "[]", "order_id=1", "{\"order_id\":\"A\"", "\u{0}"] {
            assert_eq!(Notification::parse(text.as_bytes()), Err(Malformed::NotJson), "{text:?}");
        }
        let deep = format!("{{\"x\":{}", "[".repeat(BODY_BYTES_MAX - 10));
        assert_eq!(Notification::parse(deep.as_bytes()), Err(Malformed::NotJson));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_the_parser(body in prop::collection::vec(any::<u8>(), 0..512)) {
            let _answer = Notification::parse(&body).map(|note| (note.is_signed_by(&key()), note.claim()));
        }

        #[test]
        fn no_edit_of_a_notification_panics_the_parser(
            at in any::<prop::sample::Index>(),
            with in prop::collection::vec(any::<u8>(), 0..8),
            taken in 0_usize..8,
        ) {
            let mut body = settlement().to_string().into_bytes();
            let from = at.index(body.len());
            let to = (from + taken).min(body.len());
            body.splice(from..to, with);
            let _answer = Notification::parse(&body).map(|note| (note.is_signed_by(&key()), note.claim()));
        }

        #[test]
        fn no_text_is_a_signature(text in ".{0,128}", code in ".{0,4}", amount in ".{0,16}") {
            prop_assert!(!signature::verify("HS1-0001-A", &code, &amount, &text, &key()));
        }
    }
}
