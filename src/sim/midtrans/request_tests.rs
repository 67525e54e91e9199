use serde_json::{Value, json};

use crate::domain::units::Timestamp;

use super::request::{charge, snap};
use super::{PayMethod, VaBank};

const NOW: Timestamp = Timestamp(1_795_331_100_000);
const SECOND: i64 = 1000;

/// A good charge with some fields replaced, by path.
fn body(changes: &[(&str, Value)]) -> Value {
    let mut body = json!({
        "payment_type": "qris",
        "transaction_details": {"order_id": "order-1", "gross_amount": 10_000},
    });
    for (path, value) in changes {
        let mut at = &mut body;
        for part in path.split('/') {
            at = &mut at[part];
        }
        *at = value.clone();
    }
    body
}

fn breaches(changes: &[(&str, Value)]) -> Vec<String> {
    charge(&body(changes), NOW).map_or_else(|error| error.validation, |_| Vec::new())
}

#[test]
fn a_charge_that_keeps_the_rules_is_read() {
    let long_id = "a".repeat(50);
    let rows: Vec<Vec<(&str, Value)>> = vec![
        vec![],
        vec![("transaction_details/order_id", json!("A-b_c~d.9"))],
        vec![("transaction_details/order_id", json!(long_id))],
        vec![("transaction_details/gross_amount", json!(1))],
        vec![("qris", json!({"acquirer": "airpay shopee"}))],
        vec![("payment_type", json!("gopay")), ("gopay", json!({"enable_callback": true}))],
        vec![("payment_type", json!("permata"))],
        vec![("payment_type", json!("bank_transfer")), ("bank_transfer", json!({"bank": "cimb"}))],
        vec![
            ("payment_type", json!("echannel")),
            ("echannel", json!({"bill_info1": "Payment For:", "bill_info2": "x".repeat(60)})),
        ],
        vec![("custom_expiry", json!({"expiry_duration": 20, "unit": "second"}))],
        vec![(
            "item_details",
            json!([{"name": "Paket", "price": 12_000, "quantity": 1}, {"name": "Diskon", "price": -1000, "quantity": 2}]),
        )],
        vec![("custom_field1", json!("x".repeat(255)))],
        vec![
            ("payment_type", json!("bank_transfer")),
            ("bank_transfer", json!({"bank": "bni"})),
            ("customer_details", json!({"phone": "081234"})),
        ],
    ];
    for row in rows {
        assert_eq!(breaches(&row), Vec::<String>::new(), "{row:?}");
    }
}

#[test]
fn every_breach_of_a_charge_is_named() {
    let va = |bank: Value| vec![("payment_type", json!("bank_transfer")), ("bank_transfer", bank)];
    let with = |mut row: Vec<(&'static str, Value)>, more: (&'static str, Value)| {
        row.push(more);
        row
    };
    let item = |price: Value, quantity: Value, name: Value| {
        vec![("item_details", json!([{"name": name, "price": price, "quantity": quantity}]))]
    };
    let rows: Vec<(Vec<(&str, Value)>, &str)> = vec![
        (vec![("payment_type", Value::Null)], "payment_type"),
        (vec![("payment_type", json!("kredivo"))], "payment_type"),
        (vec![("transaction_details", Value::Null)], "transaction_details is required"),
        (vec![("transaction_details/order_id", json!(""))], "order_id is required"),
        (vec![("transaction_details/order_id", json!("a b"))], "order_id contains"),
        (vec![("transaction_details/order_id", json!("a/b"))], "order_id contains"),
        (vec![("transaction_details/order_id", json!("a".repeat(51)))], "order_id is too long"),
        (vec![("transaction_details/gross_amount", Value::Null)], "gross_amount is required"),
        (vec![("transaction_details/gross_amount", json!(0))], "gross_amount must be"),
        (vec![("transaction_details/gross_amount", json!(-5))], "gross_amount must be"),
        (vec![("transaction_details/gross_amount", json!(10_000.5))], "gross_amount is not"),
        (vec![("transaction_details/gross_amount", json!("10000"))], "gross_amount is not"),
        (vec![("transaction_details/currency", json!("USD"))], "currency"),
        (item(json!(9999), json!(1), json!("x")), "sum of item_details"),
        (item(json!(10_000), json!(0), json!("x")), "quantity"),
        (item(json!(10_000), json!(1), json!("x".repeat(51))), "name is too long"),
        (item(json!(10_000), json!(1), Value::Null), "name is required"),
        (item(json!(i64::MAX), json!(2), json!("x")), "sum of item_details"),
        (vec![("customer_details", json!({"email": "x".repeat(256)}))], "email is too long"),
        (vec![("custom_field3", json!("x".repeat(256)))], "custom_field3"),
        (vec![("qris", json!({"acquirer": "dana"}))], "acquirer"),
        (va(json!({"bank": "mandiri"})), "bank_transfer.bank"),
        (va(json!({"bank": "bca", "va_number": "12a"})), "va_number"),
        (va(json!({"bank": "permata", "permata": {"recipient_name": "x".repeat(21)}})), "recipient_name"),
        (
            with(va(json!({"bank": "bca"})), ("customer_details", json!({"first_name": "x".repeat(31)}))),
            "BCA",
        ),
        (with(va(json!({"bank": "bni"})), ("customer_details", json!({"phone": "8123"}))), "BNI"),
        (vec![("payment_type", json!("echannel"))], "bill_info1 is required"),
        (vec![("custom_expiry", json!({"expiry_duration": 19, "unit": "second"}))], "too short"),
        (vec![("custom_expiry", json!({"expiry_duration": 8, "unit": "day"}))], "too long"),
        (vec![("custom_expiry", json!({"expiry_duration": 0, "unit": "day"}))], "no valid duration"),
        (vec![("custom_expiry", json!({"expiry_duration": 5, "unit": "fortnight"}))], "no valid duration"),
        (
            vec![("custom_expiry", json!({"order_time": "2026-11-22 13:00:00 +0700", "expiry_duration": 5}))],
            "in the past",
        ),
        (
            vec![("custom_expiry", json!({"order_time": "2026-11-22 14:00:00", "expiry_duration": 50}))],
            "order_time",
        ),
    ];
    for (row, part) in rows {
        let found = breaches(&row);
        assert!(found.iter().any(|breach| breach.contains(part)), "{row:?}: {part} not in {found:?}");
    }
    let both = breaches(&[("payment_type", json!("x")), ("transaction_details/gross_amount", json!(0))]);
    assert_eq!(both.len(), 2, "all of them are told at once");
}

#[test]
fn bodies_that_are_no_object_and_cards_have_their_own_codes() {
    assert_eq!(charge(&Value::Null, NOW).unwrap_err().code, 500);
    assert_eq!(charge(&body(&[("payment_type", json!("credit_card"))]), NOW).unwrap_err().code, 411);
}

#[test]
fn an_expiry_counts_from_the_order_time_or_from_now() {
    let rows = [
        (json!({"expiry_duration": 5}), 300),
        (json!({"expiry_duration": 90, "unit": "second"}), 90),
        (json!({"expiry_duration": 2, "unit": "hour", "order_time": "2026-11-22 14:00:00 +0700"}), 6900),
    ];
    for (expiry, after_s) in rows {
        let read = charge(&body(&[("custom_expiry", expiry.clone())]), NOW).unwrap();
        assert_eq!(read.expires_at, Some(Timestamp(NOW.0 + after_s * SECOND)), "{expiry}");
    }
}

#[test]
fn a_snap_order_is_read() {
    let order = json!({
        "transaction_details": {"order_id": "s-1", "gross_amount": 5000},
        "enabled_payments": ["other_qris", "bca_va", "alfamart"],
        "expiry": {"unit": "minutes", "duration": 30},
        "page_expiry": {"unit": "hour", "duration": 1},
        "callbacks": {"finish": "http://127.0.0.1/done"},
    });
    let read = snap(&order, NOW).unwrap();
    assert_eq!(read.methods, [PayMethod::Qris, PayMethod::Va(VaBank::Bca)]);
    assert_eq!(read.expires_at, Some(Timestamp(NOW.0 + 1800 * SECOND)));
    assert_eq!(read.page_until, Timestamp(NOW.0 + 3600 * SECOND));
    assert_eq!(read.finish_url.as_deref(), Some("http://127.0.0.1/done"));
    let plain = snap(&json!({"transaction_details": {"order_id": "s", "gross_amount": 1}}), NOW).unwrap();
    assert_eq!((plain.methods.len(), plain.page_until.0 - NOW.0), (0, 86_400 * SECOND));
}

#[test]
fn every_breach_of_a_snap_order_is_named() {
    let details = json!({"order_id": "s-1", "gross_amount": 5000});
    let rows = [
        (Value::Null, "transaction_details is required"),
        (json!({"transaction_details": {"order_id": "s"}}), "gross_amount is required"),
        (json!({"transaction_details": {"order_id": "s", "gross_amount": 0}}), "gross_amount must be"),
        (json!({"transaction_details": details, "expiry": {"unit": "minute", "duration": 4}}), "too short"),
        (json!({"transaction_details": details, "expiry": {"unit": "day", "duration": 8}}), "too long"),
        (json!({"transaction_details": details, "enabled_payments": ["alfamart"]}), "enabled_payments"),
        (json!({"transaction_details": details, "enabled_payments": "qris"}), "enabled_payments"),
    ];
    for (body, part) in rows {
        let found = snap(&body, NOW).unwrap_err();
        assert!(found.iter().any(|breach| breach.contains(part)), "{body}: {found:?}");
    }
}
