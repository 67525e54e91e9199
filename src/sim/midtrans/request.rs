//! What a charge or a Snap order asks for, checked by the rules of the Midtrans documentation.
//!
//! Every violation is reported, in the order of the body, as the gateway does.

use std::time::Duration;

use serde_json::Value;

use crate::domain::units::Timestamp;

use super::answer::CoreError;
use super::method::{PayMethod, VaBank};
use super::time::{after, parse_with_offset};

const ORDER_ID_CHARS_MAX: usize = 50;
const ITEM_NAME_CHARS_MAX: usize = 50;
const TEXT_CHARS_MAX: usize = 255;
const NAME_CHARS_MAX: usize = 30;
const EXPIRY_MIN: Duration = Duration::from_secs(20);
const SNAP_EXPIRY_MIN: Duration = Duration::from_mins(5);
const SNAP_EXPIRY_MAX: Duration = Duration::from_hours(7 * 24);

/// What both APIs ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OrderDetails {
    pub(super) id: String,
    pub(super) amount_rp: u64,
    pub(super) custom_fields: [Option<String>; 3],
}

/// A charge that keeps the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChargeRequest {
    pub(super) order: OrderDetails,
    pub(super) method: PayMethod,
    /// Of a QRIS code.
    pub(super) acquirer: &'static str,
    /// The account or bill number the merchant would like.
    pub(super) number: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) expires_at: Option<Timestamp>,
}

/// A Snap order that keeps the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SnapRequest {
    pub(super) order: OrderDetails,
    /// Methods offered; empty: all.
    pub(super) methods: Vec<PayMethod>,
    /// When a code that is picked ends; `None`: as the method does.
    pub(super) expires_at: Option<Timestamp>,
    /// When the page ends.
    pub(super) page_until: Timestamp,
    pub(super) finish_url: Option<String>,
}

/// Breaches found so far.
struct Breaches(Vec<String>);

impl Breaches {
    fn demand(&mut self, holds: bool, message: &str) {
        if !holds {
            self.0.push(message.to_owned());
        }
    }

    /// A text of at most so many characters, where there is one.
    fn text(&mut self, value: &Value, name: &str, chars_max: usize) -> Option<String> {
        match value {
            Value::Null => None,
            Value::String(text) => {
                self.demand(text.chars().count() <= chars_max, &format!("{name} is too long"));
                Some(text.clone())
            }
            _ => {
                self.0.push(format!("{name} must be a string"));
                None
            }
        }
    }
}

/// Reads the body of `POST /v2/charge`.
pub(super) fn charge(body: &Value, now: Timestamp) -> Result<ChargeRequest, CoreError> {
    if !body.is_object() {
        // The gateway's own words for a body of `null`.
        let message = "Sorry, our system is recovering from unexpected issues. Please retry.";
        return Err(CoreError::new(500, message));
    }
    let mut breaches = Breaches(Vec::new());
    let method = payment_method(body, &mut breaches)?;
    let order = order(body, &mut breaches);
    if let Some(method) = method {
        customer(&body["customer_details"], method, &mut breaches);
    }
    let expires_at = method.and_then(|method| custom_expiry(body, method, now, &mut breaches));
    let acquirer = acquirer(&body["qris"]["acquirer"], &mut breaches);
    let number = requested_number(body, method, &mut breaches);
    let callback_url = match method {
        Some(PayMethod::Gopay) => {
            breaches.text(&body["gopay"]["callback_url"], "gopay.callback_url", TEXT_CHARS_MAX)
        }
        Some(PayMethod::Shopeepay) => {
            breaches.text(&body["shopeepay"]["callback_url"], "shopeepay.callback_url", TEXT_CHARS_MAX)
        }
        _ => None,
    };
    match method {
        Some(method) if breaches.0.is_empty() => {
            Ok(ChargeRequest { order, method, acquirer, number, callback_url, expires_at })
        }
        _ => Err(CoreError::invalid(breaches.0)),
    }
}

/// Reads the body of Snap's `POST /transactions`. The error is what `error_messages` say.
pub(super) fn snap(body: &Value, now: Timestamp) -> Result<SnapRequest, Vec<String>> {
    let mut breaches = Breaches(Vec::new());
    let order = order(body, &mut breaches);
    customer(&body["customer_details"], PayMethod::Qris, &mut breaches);
    let enabled = &body["enabled_payments"];
    breaches.demand(enabled.is_null() || enabled.is_array(), "enabled_payments must be an array");
    let names = enabled.as_array().into_iter().flatten().filter_map(Value::as_str);
    let methods: Vec<PayMethod> = names.filter_map(|name| name.parse().ok()).collect();
    let nothing_known = enabled.as_array().is_some_and(|names| !names.is_empty()) && methods.is_empty();
    breaches.demand(!nothing_known, "enabled_payments has no known payment channel");
    let expires_at = snap_expiry(&body["expiry"], "expiry", now, &mut breaches);
    let page_ends = snap_expiry(&body["page_expiry"], "page_expiry", now, &mut breaches);
    let page_until = page_ends.or(expires_at).unwrap_or_else(|| after(now, Duration::from_hours(24)));
    let finish_url = breaches.text(&body["callbacks"]["finish"], "callbacks.finish", TEXT_CHARS_MAX);
    if breaches.0.is_empty() {
        Ok(SnapRequest { order, methods, expires_at, page_until, finish_url })
    } else {
        Err(breaches.0)
    }
}

fn payment_method(body: &Value, breaches: &mut Breaches) -> Result<Option<PayMethod>, CoreError> {
    let bank = |breaches: &mut Breaches| {
        let known = match body["bank_transfer"]["bank"].as_str() {
            Some("bca") => Some(VaBank::Bca),
            Some("bni") => Some(VaBank::Bni),
            Some("bri") => Some(VaBank::Bri),
            Some("cimb") => Some(VaBank::Cimb),
            Some("permata") => Some(VaBank::Permata),
            _ => None,
        };
        breaches.demand(known.is_some(), "bank_transfer.bank is missing or not supported");
        known.map(PayMethod::Va)
    };
    Ok(match body["payment_type"].as_str() {
        Some("qris") => Some(PayMethod::Qris),
        Some("gopay") => Some(PayMethod::Gopay),
        Some("shopeepay") => Some(PayMethod::Shopeepay),
        Some("bank_transfer") => bank(breaches),
        Some("permata") => Some(PayMethod::Va(VaBank::Permata)),
        Some("echannel") => Some(PayMethod::Echannel),
        Some("credit_card") => {
            return Err(CoreError::new(
                411,
                "Credit card token is no longer available. Please create a new one.",
            ));
        }
        Some(_) => {
            breaches.0.push("payment_type is not supported".to_owned());
            None
        }
        None => {
            breaches.0.push("payment_type is required".to_owned());
            None
        }
    })
}

fn order(body: &Value, breaches: &mut Breaches) -> OrderDetails {
    let details = &body["transaction_details"];
    if !details.is_object() {
        breaches.0.push("transaction_details is required".to_owned());
        return OrderDetails::default();
    }
    let id = order_id(&details["order_id"], breaches);
    let amount_rp = gross_amount(&details["gross_amount"], breaches);
    let currency = &details["currency"];
    breaches.demand(currency.is_null() || currency == "IDR", "transaction_details.currency is not supported");
    if let Some(items) = body["item_details"].as_array() {
        item_details(items, amount_rp, breaches);
    } else {
        breaches.demand(body["item_details"].is_null(), "item_details must be an array");
    }
    let custom_fields = ["custom_field1", "custom_field2", "custom_field3"]
        .map(|name| breaches.text(&body[name], name, TEXT_CHARS_MAX));
    OrderDetails { id, amount_rp, custom_fields }
}

fn order_id(value: &Value, breaches: &mut Breaches) -> String {
    let Some(id) = value.as_str().filter(|id| !id.is_empty()) else {
        breaches.0.push("transaction_details.order_id is required".to_owned());
        return String::new();
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~' | '.');
    breaches.demand(id.chars().all(allowed), "transaction_details.order_id contains characters not allowed");
    breaches.demand(id.chars().count() <= ORDER_ID_CHARS_MAX, "transaction_details.order_id is too long");
    id.to_owned()
}

fn gross_amount(value: &Value, breaches: &mut Breaches) -> u64 {
    if value.is_null() {
        breaches.0.push("transaction_details.gross_amount is required".to_owned());
        return 0;
    }
    let Some(amount) = value.as_i64() else {
        breaches.0.push("transaction_details.gross_amount is not a valid whole amount".to_owned());
        return 0;
    };
    let message = "transaction_details.gross_amount must be greater than or equal to 1";
    breaches.demand(amount >= 1, message);
    u64::try_from(amount).unwrap_or(0)
}

fn item_details(items: &[Value], amount_rp: u64, breaches: &mut Breaches) {
    let mut sum = Some(0_i64);
    for (i, item) in items.iter().enumerate() {
        let name = breaches.text(&item["name"], &format!("item_details[{i}].name"), ITEM_NAME_CHARS_MAX);
        breaches.demand(name.is_some(), &format!("item_details[{i}].name is required"));
        let (price, quantity) = (item["price"].as_i64(), item["quantity"].as_i64());
        breaches.demand(price.is_some(), &format!("item_details[{i}].price is not a valid whole amount"));
        let message = format!("item_details[{i}].quantity must be greater than or equal to 1");
        breaches.demand(quantity.is_some_and(|quantity| quantity >= 1), &message);
        let line = price.zip(quantity).and_then(|(price, quantity)| price.checked_mul(quantity));
        sum = sum.zip(line).and_then(|(sum, line)| sum.checked_add(line));
    }
    let equal = sum.and_then(|sum| u64::try_from(sum).ok()) == Some(amount_rp);
    breaches.demand(equal, "transaction_details.gross_amount is not equal to the sum of item_details");
}

fn customer(details: &Value, method: PayMethod, breaches: &mut Breaches) {
    let mut texts = Vec::new();
    for name in ["first_name", "last_name", "email", "phone"] {
        let named = format!("customer_details.{name}");
        texts.push((name, breaches.text(&details[name], &named, TEXT_CHARS_MAX)));
    }
    for (name, text) in texts {
        let Some(text) = text else { continue };
        match (method, name) {
            (PayMethod::Va(VaBank::Bca), "first_name" | "last_name") => {
                let message = format!("customer_details.{name} is too long for BCA");
                breaches.demand(text.chars().count() <= NAME_CHARS_MAX, &message);
            }
            (PayMethod::Va(VaBank::Bni), "phone") => {
                let starts = text.starts_with("+62") || text.starts_with('0');
                let message = "customer_details.phone is not valid for BNI";
                breaches.demand(starts && text.chars().count() <= NAME_CHARS_MAX, message);
            }
            _ => {}
        }
    }
}

fn acquirer(value: &Value, breaches: &mut Breaches) -> &'static str {
    match value.as_str() {
        Some("airpay shopee") => "airpay shopee",
        Some("gopay") | None if value.is_null() || value.is_string() => "gopay",
        _ => {
            breaches.0.push("qris.acquirer is not supported".to_owned());
            "gopay"
        }
    }
}

/// The number that a bank transfer or a bill asks for, and the rules for the fields next to it.
fn requested_number(body: &Value, method: Option<PayMethod>, breaches: &mut Breaches) -> Option<String> {
    let digits = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match method? {
        PayMethod::Va(bank) => {
            let transfer = &body["bank_transfer"];
            if bank == VaBank::Permata {
                breaches.text(
                    &transfer["permata"]["recipient_name"],
                    "bank_transfer.permata.recipient_name",
                    20,
                );
            }
            let number = breaches.text(&transfer["va_number"], "bank_transfer.va_number", TEXT_CHARS_MAX);
            breaches.demand(number.as_ref().is_none_or(digits), "bank_transfer.va_number must be digits");
            number
        }
        PayMethod::Echannel => {
            for name in ["bill_info1", "bill_info2"] {
                // Longer ones are cut, not refused.
                let info =
                    breaches.text(&body["echannel"][name], &format!("echannel.{name}"), TEXT_CHARS_MAX);
                breaches.demand(info.is_some(), &format!("echannel.{name} is required"));
            }
            let number = breaches.text(&body["echannel"]["bill_key"], "echannel.bill_key", 12);
            breaches.demand(number.as_ref().is_none_or(digits), "echannel.bill_key must be digits");
            number
        }
        _ => None,
    }
}

fn custom_expiry(
    body: &Value,
    method: PayMethod,
    now: Timestamp,
    breaches: &mut Breaches,
) -> Option<Timestamp> {
    let expiry = &body["custom_expiry"];
    if expiry.is_null() {
        return None;
    }
    let from = start(&expiry["order_time"], "custom_expiry.order_time", now, breaches);
    let unit = if expiry["unit"].is_null() { Some("minute") } else { expiry["unit"].as_str() };
    let duration = duration(&expiry["expiry_duration"], unit);
    check_expiry("custom_expiry", from, duration, (EXPIRY_MIN, method.expiry_max()), now, breaches)
}

fn snap_expiry(expiry: &Value, name: &str, now: Timestamp, breaches: &mut Breaches) -> Option<Timestamp> {
    if expiry.is_null() {
        return None;
    }
    let from = start(&expiry["start_time"], &format!("{name}.start_time"), now, breaches);
    let duration = duration(&expiry["duration"], expiry["unit"].as_str());
    check_expiry(name, from, duration, (SNAP_EXPIRY_MIN, SNAP_EXPIRY_MAX), now, breaches)
}

fn start(value: &Value, name: &str, now: Timestamp, breaches: &mut Breaches) -> Timestamp {
    if value.is_null() {
        return now;
    }
    let at = value.as_str().and_then(parse_with_offset);
    breaches.demand(at.is_some(), &format!("{name} must be as yyyy-MM-dd hh:mm:ss Z"));
    at.unwrap_or(now)
}

fn duration(count: &Value, unit: Option<&str>) -> Option<Duration> {
    let unit_s = match unit?.trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    count.as_u64().filter(|count| *count >= 1)?.checked_mul(unit_s).map(Duration::from_secs)
}

fn check_expiry(
    name: &str,
    from: Timestamp,
    duration: Option<Duration>,
    (min, max): (Duration, Duration),
    now: Timestamp,
    breaches: &mut Breaches,
) -> Option<Timestamp> {
    let Some(duration) = duration else {
        breaches.0.push(format!("{name} has no valid duration and unit"));
        return None;
    };
    breaches.demand(duration >= min, &format!("{name} is too short"));
    breaches.demand(duration <= max, &format!("{name} is too long"));
    let ends = after(from, duration);
    breaches.demand(ends > now, &format!("{name} lies in the past"));
    Some(ends)
}
