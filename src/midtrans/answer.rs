//! The gateway's answers as reports, and what a customer needs to pay.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use reqwest::Url;

use super::fields::JsonFields;
use super::gateway::{Charged, GatewayError};
use super::outcome::{AcceptedAnswer, shortened};
use crate::domain::payment::{Fraud, GatewayReport, GatewayStatus};
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::relay::{PaymentMeans, VirtualAccount};

/// The gateway writes the time of western Indonesia, without saying so.
const GATEWAY_ZONE: Offset = Offset::constant(7);
/// The code that says by itself that the order expired.
const CODE_EXPIRED: u16 = 407;
/// Schemes that would run in the page that shows the address.
const HARMFUL_SCHEMES: [&str; 5] = ["javascript", "data", "vbscript", "blob", "file"];

/// A status by the gateway's word for it, in whatever case.
pub(super) fn status(word: &str) -> Option<GatewayStatus> {
    GatewayStatus::from_name(&word.to_ascii_lowercase())
}

/// What an answer says of a transaction. An answer without a status that is known is no answer.
pub(super) fn report(answer: &AcceptedAnswer<'_>) -> Result<GatewayReport, GatewayError> {
    let fields = &answer.fields;
    let status = match fields.string("transaction_status") {
        Some(word) => status(&word).ok_or_else(|| {
            GatewayError::Unknown(format!("the transaction_status {:?} is not known", shortened(&word)))
        })?,
        None if answer.code == CODE_EXPIRED => GatewayStatus::Expire,
        None => return Err(GatewayError::Unknown("it says nothing of transaction_status".to_owned())),
    };
    Ok(GatewayReport {
        order: fields.text("order_id"),
        transaction: fields.text("transaction_id"),
        status,
        code: answer.code,
        fraud: fraud(fields),
        amount: fields.money("gross_amount"),
        original_amount: original_amount(fields),
        currency: fields.string("currency"),
        merchant: fields.text("merchant_id"),
        refunds: refunds(fields),
        refunded: fields.money("refund_amount"),
        paid_at: time(fields, "settlement_time"),
        expires_at: time(fields, "expiry_time"),
    })
}

/// A charge that was opened for one method.
pub(super) fn charged(answer: &AcceptedAnswer<'_>) -> Result<Charged, GatewayError> {
    let report = report(answer)?;
    let expires_at = report.expires_at;
    Ok(Charged { report: Some(report), means: means(&answer.fields), expires_at })
}

/// The gateway's own page, opened for an order.
pub(super) fn page(answer: &AcceptedAnswer<'_>) -> Result<Charged, GatewayError> {
    let address = answer.fields.string("redirect_url").filter(|address| is_web(address));
    let Some(address) = address else {
        return Err(GatewayError::Unknown("it names no web address of the payment page".to_owned()));
    };
    let means = PaymentMeans { redirect_url: Some(address), ..PaymentMeans::default() };
    Ok(Charged { report: None, means, expires_at: None })
}

/// Absent is no verdict; whatever is no word of the gateway is a refusal.
fn fraud(fields: &JsonFields<'_>) -> Option<Fraud> {
    let word = fields.string("fraud_status").map(|word| word.to_ascii_lowercase());
    match word {
        Some(word) => Some(Fraud::from_name(&word).unwrap_or(Fraud::Deny)),
        None => fields.is_set("fraud_status").then_some(Fraud::Deny),
    }
}

/// What was ordered, where the gateway added its fee to what is paid.
fn original_amount(fields: &JsonFields<'_>) -> Option<Rupiah> {
    let info = fields.inner("metadata")?.inner("extra_info")?.inner("gross_amount_info")?;
    info.money("original_amount")
}

/// What went back, by the name that each return keeps. One whose amount cannot be read is left to the total.
fn refunds(fields: &JsonFields<'_>) -> BTreeMap<String, Rupiah> {
    let mut refunds = BTreeMap::new();
    for (i, refund) in fields.objects("refunds").into_iter().enumerate() {
        let Some(refund) = refund else { continue };
        let Some(amount) = refund.money("refund_amount") else { continue };
        let name = |field| refund.text(field).filter(|name| !name.is_empty());
        let key = name("refund_key").or_else(|| name("refund_chargeback_id"));
        refunds.entry(key.unwrap_or_else(|| (i + 1).to_string())).or_insert(amount);
    }
    refunds
}

/// An instant as the gateway writes it: `2026-03-01 10:00:00`, seven hours before UTC's clock shows it.
fn time(fields: &JsonFields<'_>, name: &str) -> Option<Timestamp> {
    let local = DateTime::strptime("%Y-%m-%d %H:%M:%S", fields.string(name)?).ok()?;
    Some(Timestamp(GATEWAY_ZONE.to_timestamp(local).ok()?.as_millisecond()))
}

fn means(fields: &JsonFields<'_>) -> PaymentMeans {
    let actions: Vec<(String, String)> = fields
        .objects("actions")
        .into_iter()
        .filter_map(|action| action.and_then(|a| Some((a.string("name")?, a.string("url")?))))
        .collect();
    // By the exact name: one name is the beginning of another.
    let action = |wanted: &str| actions.iter().find(|(name, _)| name == wanted).map(|(_, url)| url.clone());
    let picture = action("generate-qr-code").or_else(|| action("generate-qr-code-v2"));
    PaymentMeans {
        redirect_url: None,
        deeplink_url: action("deeplink-redirect").filter(|url| is_link(url)),
        qr_string: fields.string("qr_string").filter(|text| !text.is_empty()),
        qr_url: picture.filter(|url| is_web(url)),
        va: account(fields),
    }
}

fn account(fields: &JsonFields<'_>) -> Option<VirtualAccount> {
    let number = |name: &str| fields.text(name).filter(|text| !text.is_empty());
    if let Some(bill) = number("bill_key") {
        let bank = "mandiri".to_owned();
        return Some(VirtualAccount { bank, number: bill, biller_code: number("biller_code") });
    }
    if let Some(number) = number("permata_va_number") {
        return Some(VirtualAccount { bank: "permata".to_owned(), number, biller_code: None });
    }
    fields.objects("va_numbers").into_iter().flatten().find_map(|va| {
        let bank = va.string("bank")?.to_ascii_lowercase();
        let number = va.text("va_number").filter(|text| !text.is_empty())?;
        Some(VirtualAccount { bank, number, biller_code: None })
    })
}

fn is_web(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Whether a customer's browser may be sent there: a web address, or one that opens a wallet's app.
fn is_link(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| !HARMFUL_SCHEMES.contains(&url.scheme()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::outcome::{CallKind, read};
    use super::*;

    /// A status answer as documented, with other fields laid over it.
    fn settlement(over: Value) -> String {
        let mut body = json!({
            "status_code": "200", "status_message": "Success, transaction is found",
            "transaction_id": "5dd80e13", "order_id": "HS1-0001-A", "merchant_id": "G000000001",
            "gross_amount": "10000.00", "currency": "IDR", "payment_type": "qris",
            "transaction_time": "2026-03-01 10:00:00", "settlement_time": "2026-03-01 10:01:30",
            "expiry_time": "2026-03-01 10:15:00", "transaction_status": "settlement", "fraud_status": "accept",
        });
        let Value::Object(over) = over else { panic!("an object") };
        body.as_object_mut().unwrap().extend(over);
        body.to_string()
    }

    fn asked(body: &str) -> Result<GatewayReport, GatewayError> {
        report(&read(CallKind::Status, 200, body.as_bytes())?)
    }

    fn opened(over: Value) -> Charged {
        let body = settlement(over);
        charged(&read(CallKind::Charge, 200, body.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_status_answer_becomes_a_report() {
        let report = asked(&settlement(json!({}))).unwrap();
        // 10:01:30 in Jakarta is 03:01:30 UTC.
        let paid_at: jiff::Timestamp = "2026-03-01T03:01:30Z".parse().unwrap();
        let expires_at: jiff::Timestamp = "2026-03-01T03:15:00Z".parse().unwrap();
        let expected = GatewayReport {
            order: Some("HS1-0001-A".to_owned()),
            transaction: Some("5dd80e13".to_owned()),
            status: GatewayStatus::Settlement,
            code: 200,
            fraud: Some(Fraud::Accept),
            amount: Some(Rupiah(10_000)),
            original_amount: None,
            currency: Some("IDR".to_owned()),
            merchant: Some("G000000001".to_owned()),
            refunds: BTreeMap::new(),
            refunded: None,
            paid_at: Some(Timestamp(paid_at.as_millisecond())),
            expires_at: Some(Timestamp(expires_at.as_millisecond())),
        };
        assert_eq!(report, expected);
    }

    #[test]
    fn old_answers_say_less() {
        let report = asked(r#"{"status_code":"201","transaction_status":"pending"}"#).unwrap();
        assert_eq!((report.status, report.code), (GatewayStatus::Pending, 201));
        assert!(report.order.is_none() && report.transaction.is_none() && report.fraud.is_none());
        assert!(report.amount.is_none() && report.currency.is_none() && report.expires_at.is_none());
    }

    #[test]
    fn a_status_is_known_in_any_case_or_the_answer_is_unknown() {
        for status in GatewayStatus::ALL {
            let body = settlement(json!({"transaction_status": status.name().to_uppercase()}));
            assert_eq!(asked(&body).unwrap().status, *status);
        }
        for word in [json!("levitating"), json!(""), json!(null), json!(200), json!("settlement ")] {
            let answer = asked(&settlement(json!({"transaction_status": word.clone()})));
            assert!(matches!(answer, Err(GatewayError::Unknown(_))), "{word}: {answer:?}");
        }
        let expired = asked(r#"{"status_code":"407","status_message":"Transaction is expired"}"#).unwrap();
        assert_eq!(expired.status, GatewayStatus::Expire);
    }

    #[test]
    fn a_strange_word_of_the_fraud_check_is_a_refusal() {
        let rows = [
            (json!("accept"), Some(Fraud::Accept)),
            (json!("ACCEPT"), Some(Fraud::Accept)),
            (json!("challenge"), Some(Fraud::Challenge)),
            (json!("deny"), Some(Fraud::Deny)),
            (json!("perhaps"), Some(Fraud::Deny)),
            (json!(""), Some(Fraud::Deny)),
            (json!(1), Some(Fraud::Deny)),
            (json!(null), None),
        ];
        for (word, fraud) in rows {
            let report = asked(&settlement(json!({"fraud_status": word.clone()}))).unwrap();
            assert_eq!(report.fraud, fraud, "{word}");
        }
        let doubled = r#"{"status_code":"200","transaction_status":"settlement","fraud_status":"deny","fraud_status":"accept"}"#;
        assert_eq!(asked(doubled).unwrap().fraud, Some(Fraud::Deny));
    }

    #[test]
    fn amounts_are_exact_or_absent() {
        for (amount, rupiah) in [
            (json!("10000"), Some(10_000)),
            (json!(10_000), Some(10_000)),
            (json!("10000.50"), None),
            (json!("x"), None),
        ] {
            let report = asked(&settlement(json!({"gross_amount": amount}))).unwrap();
            assert_eq!(report.amount, rupiah.map(Rupiah));
        }
        let fee = json!({"extra_info": {"gross_amount_info": {"original_amount": "10000", "gross_amount": "10071"}}});
        let report = asked(&settlement(json!({"gross_amount": "10071.00", "metadata": fee}))).unwrap();
        assert_eq!((report.amount, report.original_amount), (Some(Rupiah(10_071)), Some(Rupiah(10_000))));
    }

    #[test]
    fn refunds_keep_their_names() {
        let refunds = json!([
            {"refund_key": "r1", "refund_chargeback_id": 1, "refund_amount": "3000.00"},
            {"refund_chargeback_id": 22, "refund_amount": "2000.00"},
            {"refund_amount": 1000},
            {"refund_key": "r1", "refund_amount": "9.00"},
            {"refund_key": "r9", "refund_amount": "half"},
            "r10",
        ]);
        let body =
            json!({"transaction_status": "partial_refund", "refund_amount": "6000.00", "refunds": refunds});
        let report = asked(&settlement(body)).unwrap();
        assert_eq!(report.refunded, Some(Rupiah(6000)));
        let expected = [("22", 2000), ("3", 1000), ("r1", 3000)];
        let found: Vec<(&str, u64)> = report.refunds.iter().map(|(k, v)| (k.as_str(), v.0)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn times_that_are_none_are_absent() {
        for text in ["", "2026-03-01", "2026-13-01 10:00:00", "2026-03-01T10:00:00Z", "9999-12-31 23:59:59x"]
        {
            let report = asked(&settlement(json!({"settlement_time": text}))).unwrap();
            assert_eq!(report.paid_at, None, "{text}");
        }
    }

    #[test]
    fn each_method_gives_the_customer_its_means() {
        let qr = "https://api.sandbox.midtrans.com/v2/qris/5dd80e13/qr-code";
        let actions = json!([
            {"name": "generate-qr-code-v2", "method": "GET", "url": "https://h/v2"},
            {"name": "generate-qr-code", "method": "GET", "url": qr},
            {"name": "deeplink-redirect", "method": "GET", "url": "gojek://gopay/merchanttransfer?id=1"},
        ]);
        let rows = [
            (
                json!({"actions": actions, "qr_string": "000201"}),
                PaymentMeans {
                    qr_string: Some("000201".to_owned()),
                    qr_url: Some(qr.to_owned()),
                    deeplink_url: Some("gojek://gopay/merchanttransfer?id=1".to_owned()),
                    ..PaymentMeans::default()
                },
            ),
            (
                json!({"actions": [{"name": "generate-qr-code-v2", "url": "https://h/v2"}]}),
                PaymentMeans { qr_url: Some("https://h/v2".to_owned()), ..PaymentMeans::default() },
            ),
            (json!({"va_numbers": [{"bank": "BCA", "va_number": "00123"}]}), va("bca", "00123", None)),
            (
                json!({"va_numbers": [{"bank": "bni"}, {"bank": "bni", "va_number": "8"}]}),
                va("bni", "8", None),
            ),
            (json!({"permata_va_number": "850003072869607"}), va("permata", "850003072869607", None)),
            (
                json!({"bill_key": "0990000000260", "biller_code": "70012"}),
                va("mandiri", "0990000000260", Some("70012")),
            ),
            (json!({"actions": "none", "va_numbers": {}, "qr_string": ""}), PaymentMeans::default()),
        ];
        for (over, means) in rows {
            assert_eq!(opened(over.clone()).means, means, "{over}");
        }
    }

    fn va(bank: &str, number: &str, biller: Option<&str>) -> PaymentMeans {
        let va = VirtualAccount {
            bank: bank.to_owned(),
            number: number.to_owned(),
            biller_code: biller.map(str::to_owned),
        };
        PaymentMeans { va: Some(va), ..PaymentMeans::default() }
    }

    #[test]
    fn an_address_that_would_run_is_not_passed_on() {
        for url in
            ["javascript:alert(1)", "JavaScript:alert(1)", " javascript:x", "data:text/html,x", "x", ""]
        {
            let actions =
                json!([{"name": "deeplink-redirect", "url": url}, {"name": "generate-qr-code", "url": url}]);
            assert_eq!(opened(json!({"actions": actions})).means, PaymentMeans::default(), "{url}");
        }
        let actions = json!([{"name": "generate-qr-code", "url": "gojek://x"}]);
        assert_eq!(opened(json!({"actions": actions})).means.qr_url, None);
    }

    #[test]
    fn a_charge_tells_when_it_lapses() {
        let charged = opened(json!({}));
        assert_eq!(charged.expires_at, charged.report.unwrap().expires_at);
        assert_eq!(opened(json!({"expiry_time": null})).expires_at, None);
    }

    #[test]
    fn the_payment_page_is_its_address() {
        let at = |address: &str| {
            let body = json!({"token": "t", "redirect_url": address}).to_string();
            page(&read(CallKind::Page, 201, body.as_bytes()).unwrap())
        };
        let charged = at("https://app.sandbox.midtrans.com/snap/v4/redirection/t").unwrap();
        assert!(charged.report.is_none() && charged.means.redirect_url.is_some());
        for address in ["", "javascript:alert(1)", "/snap"] {
            assert!(matches!(at(address), Err(GatewayError::Unknown(_))), "{address}");
        }
    }
}
