//! What the gateway is sent to open a charge. No start time goes along: an order must not be born expired because
//! our clock is wrong. Nothing about the customer goes along either: no method of ours needs it.

use std::time::Duration;

use serde_json::{Value, json};

use super::gateway::Charge;
use crate::domain::order::OnlineMethod;

/// The longest name of an item.
const ITEM_NAME_MAX: usize = 50;
/// The longest texts on Mandiri's bill; longer ones are cut by the bank.
const BILL_LABEL_MAX: usize = 10;
const BILL_TEXT_MAX: usize = 30;
/// Replaces a name of which nothing is left.
const NAMELESS: &str = "Internet";
/// What the payment page offers; the merchant's account decides which of them it shows. No cards: their numbers are
/// nobody's business here.
const PAGE_METHODS: [&str; 9] =
    ["gopay", "shopeepay", "other_qris", "bca_va", "bni_va", "bri_va", "cimb_va", "permata_va", "echannel"];

/// The body of a charge for one method. `None` for the payment page, which is opened by [`page`].
pub(super) fn core(charge: &Charge) -> Option<Value> {
    let bank = |bank: &str| ("bank_transfer", "bank_transfer", json!({ "bank": bank }));
    let back = charge.return_url.as_ref();
    let (kind, name, details) = match charge.method {
        OnlineMethod::Snap => return None,
        OnlineMethod::Qris => ("qris", "qris", json!({ "acquirer": "gopay" })),
        OnlineMethod::Gopay => {
            let details = match back {
                Some(url) => json!({ "enable_callback": true, "callback_url": url }),
                None => json!({ "enable_callback": false }),
            };
            ("gopay", "gopay", details)
        }
        OnlineMethod::Shopeepay => {
            let details = back.map_or_else(|| json!({}), |url| json!({ "callback_url": url }));
            ("shopeepay", "shopeepay", details)
        }
        OnlineMethod::VaBca => bank("bca"),
        OnlineMethod::VaBni => bank("bni"),
        OnlineMethod::VaBri => bank("bri"),
        OnlineMethod::VaPermata => bank("permata"),
        OnlineMethod::VaCimb => bank("cimb"),
        OnlineMethod::VaMandiri => ("echannel", "echannel", bill(charge)),
    };
    let mut body = common(charge);
    body["payment_type"] = json!(kind);
    body[name] = details;
    let (duration, unit) = lasting(charge.expires_in);
    body["custom_expiry"] = json!({ "expiry_duration": duration, "unit": unit });
    Some(body)
}

/// The body that opens the gateway's own payment page.
pub(super) fn page(charge: &Charge) -> Value {
    let mut body = common(charge);
    body["enabled_payments"] = json!(PAGE_METHODS);
    // The page knows no seconds.
    let minutes = charge.expires_in.as_secs().div_ceil(60).max(1);
    body["expiry"] = json!({ "duration": minutes, "unit": "minute" });
    if let Some(url) = &charge.return_url {
        body["callbacks"] = json!({ "finish": url });
    }
    body
}

fn common(charge: &Charge) -> Value {
    let mut body = json!({
        "transaction_details": { "order_id": charge.order, "gross_amount": charge.amount.0 },
    });
    let items = charge.items.iter().map(|item| {
        json!({ "name": cut(&item.name, ITEM_NAME_MAX), "price": item.price_rp, "quantity": item.quantity })
    });
    let items: Vec<Value> = items.collect();
    if !items.is_empty() {
        body["item_details"] = json!(items);
    }
    body
}

/// Label and text that Mandiri shows with the amount.
fn bill(charge: &Charge) -> Value {
    let name = charge.items.first().map_or("", |item| &item.name);
    json!({ "bill_info1": cut("Tagihan", BILL_LABEL_MAX), "bill_info2": cut(name, BILL_TEXT_MAX) })
}

/// In whole minutes where it can be, because that is the unit that every method documents.
fn lasting(time: Duration) -> (u64, &'static str) {
    match time.as_secs().max(1) {
        seconds if seconds.is_multiple_of(60) => (seconds / 60, "minute"),
        seconds => (seconds, "second"),
    }
}

/// A name without control characters and not longer than the gateway takes. It does not say whether it counts
/// characters or UTF-16 units; counting units fits both.
fn cut(text: &str, units_max: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut units = 0;
    let fitting = clean.trim().chars().take_while(|c| {
        units += c.len_utf16();
        units <= units_max
    });
    let name = fitting.collect::<String>().trim_end().to_owned();
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::Rupiah;
    use crate::protocol::relay::OrderItem;

    fn charge(method: OnlineMethod) -> Charge {
        let item = |name: &str, price_rp, quantity| OrderItem { name: name.to_owned(), price_rp, quantity };
        Charge {
            order: "K-0001-A".to_owned(),
            method,
            amount: Rupiah(110_000),
            items: vec![item("Paket 10 GB", 50_000, 2), item("Tunggakan", 10_000, 1)],
            expires_in: Duration::from_mins(15),
            notification_url: None,
            return_url: None,
        }
    }

    fn with_return(method: OnlineMethod) -> Charge {
        Charge { return_url: Some("http://10.5.50.1/back".to_owned()), ..charge(method) }
    }

    #[test]
    fn every_method_has_its_body() {
        use OnlineMethod::{Gopay, Qris, Shopeepay, VaBca, VaBni, VaBri, VaCimb, VaMandiri, VaPermata};
        let rows = [
            (Qris, "qris", "qris", json!({"acquirer": "gopay"})),
            (Gopay, "gopay", "gopay", json!({"enable_callback": false})),
            (Shopeepay, "shopeepay", "shopeepay", json!({})),
            (VaBca, "bank_transfer", "bank_transfer", json!({"bank": "bca"})),
            (VaBni, "bank_transfer", "bank_transfer", json!({"bank": "bni"})),
            (VaBri, "bank_transfer", "bank_transfer", json!({"bank": "bri"})),
            (VaPermata, "bank_transfer", "bank_transfer", json!({"bank": "permata"})),
            (VaCimb, "bank_transfer", "bank_transfer", json!({"bank": "cimb"})),
            (
                VaMandiri,
                "echannel",
                "echannel",
                json!({"bill_info1": "Tagihan", "bill_info2": "Paket 10 GB"}),
            ),
        ];
        assert_eq!(rows.len() + 1, OnlineMethod::ALL.len());
        for (method, kind, name, details) in rows {
            let mut expected = json!({
                "payment_type": kind,
                "transaction_details": {"order_id": "K-0001-A", "gross_amount": 110_000},
                "item_details": [
                    {"name": "Paket 10 GB", "price": 50_000, "quantity": 2},
                    {"name": "Tunggakan", "price": 10_000, "quantity": 1},
                ],
                "custom_expiry": {"expiry_duration": 15, "unit": "minute"},
            });
            expected[name] = details;
            assert_eq!(core(&charge(method)), Some(expected), "{method:?}");
        }
        assert_eq!(core(&charge(OnlineMethod::Snap)), None);
    }

    #[test]
    fn the_page_is_opened_without_a_start_and_without_cards() {
        let body = page(&with_return(OnlineMethod::Snap));
        assert_eq!(body["expiry"], json!({"duration": 15, "unit": "minute"}));
        assert_eq!(body["callbacks"], json!({"finish": "http://10.5.50.1/back"}));
        assert_eq!(body["transaction_details"], json!({"order_id": "K-0001-A", "gross_amount": 110_000}));
        let offered = body["enabled_payments"].as_array().unwrap();
        assert!(offered.contains(&json!("other_qris")) && !offered.contains(&json!("credit_card")));
        assert!(body.get("payment_type").is_none());
        assert!(page(&charge(OnlineMethod::Snap)).get("callbacks").is_none());
    }

    #[test]
    fn wallets_are_told_the_way_back() {
        let url = "http://10.5.50.1/back";
        let body = core(&with_return(OnlineMethod::Gopay)).unwrap();
        assert_eq!(body["gopay"], json!({"enable_callback": true, "callback_url": url}));
        let body = core(&with_return(OnlineMethod::Shopeepay)).unwrap();
        assert_eq!(body["shopeepay"], json!({"callback_url": url}));
    }

    #[test]
    fn amounts_are_integers_and_nothing_tells_a_start() {
        for method in OnlineMethod::ALL {
            let body = core(&charge(*method)).unwrap_or_else(|| page(&charge(*method)));
            let text = body.to_string();
            assert!(text.contains("\"gross_amount\":110000"), "{text}");
            assert!(!text.contains("order_time") && !text.contains("start_time"), "{text}");
        }
    }

    #[test]
    fn the_time_to_pay_is_told_in_minutes_where_it_can_be() {
        for (seconds, core_says, page_says) in [
            (900, (15, "minute"), 15),
            (90, (90, "second"), 2),
            (60, (1, "minute"), 1),
            (0, (1, "second"), 1),
        ] {
            let expires_in = Duration::from_secs(seconds);
            assert_eq!(lasting(expires_in), core_says);
            let body = page(&Charge { expires_in, ..charge(OnlineMethod::Snap) });
            assert_eq!(body["expiry"]["duration"], json!(page_says));
        }
    }

    #[test]
    fn names_are_cut_between_characters_and_cleaned() {
        let rows = [
            ("Paket\t10\nGB\u{0}", "Paket 10 GB".to_owned()),
            ("  Paket  ", "Paket".to_owned()),
            ("", NAMELESS.to_owned()),
            ("\r\n", NAMELESS.to_owned()),
            (&"é".repeat(60), "é".repeat(50)),
            (&"😀".repeat(60), "😀".repeat(25)),
            (&format!("{}😀", "a".repeat(49)), "a".repeat(49)),
            (&format!("{} b", "a".repeat(49)), "a".repeat(49)),
        ];
        for (name, expected) in rows {
            assert_eq!(cut(name, ITEM_NAME_MAX), expected, "{name:?}");
        }
    }

    #[test]
    fn an_order_without_items_names_none() {
        let body = core(&Charge { items: Vec::new(), ..charge(OnlineMethod::VaMandiri) }).unwrap();
        assert!(body.get("item_details").is_none());
        assert_eq!(body["echannel"]["bill_info2"], json!(NAMELESS));
    }
}
