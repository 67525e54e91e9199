//! What a site may ask for, checked before anything is written down.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::domain::order::OnlineMethod;
use crate::domain::payment::Standing;
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::relay::{AdoptOrder, MEMO_BYTES_MAX, OpenOrder, OrderItem, PaymentMeans, RefundOrder};
use crate::tools::digest;
use crate::web::Problem;

use super::store::StoredOrder;

/// The longest name of an attempt.
const REQUEST_ID_CHARS_MAX: usize = 64;
/// The largest amount: the gateway takes no more digits.
const AMOUNT_RP_MAX: u64 = 999_999_999;
/// The most lines of an order.
const ITEMS_MAX: usize = 200;
/// The longest name of a line; the gateway shows the beginning.
const ITEM_NAME_CHARS_MAX: usize = 200;
/// Bounds of the customer's time, in seconds: the shortest that the gateway takes, and its page's longest.
const EXPIRES_S: std::ops::RangeInclusive<u32> = 20..=7 * 86_400;
/// The longest address.
const URL_CHARS_MAX: usize = 2048;
/// The longest name of a return.
const REFUND_KEY_CHARS_MAX: usize = 64;
/// The longest reason of a return.
const REASON_CHARS_MAX: usize = 255;

/// Whose order it will be.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderOwner<'a> {
    pub merchant: &'a str,
    pub site: &'a str,
}

/// Judges the name of an attempt.
pub(super) fn check_request_id(id: &str) -> Result<(), Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=REQUEST_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(plain) {
        return Ok(());
    }
    let message = format!("must be 1 to {REQUEST_ID_CHARS_MAX} letters, digits and . _ -");
    Err(Problem::invalid("request_id", message))
}

fn check_amount(amount_rp: u64) -> Result<(), Problem> {
    if (1..=AMOUNT_RP_MAX).contains(&amount_rp) {
        return Ok(());
    }
    Err(Problem::invalid("amount_rp", format!("must be 1 to {AMOUNT_RP_MAX}")))
}

fn check_memo(memo: Option<&RawValue>) -> Result<(), Problem> {
    match memo {
        Some(memo) if memo.get().len() > MEMO_BYTES_MAX => {
            Err(Problem::invalid("memo", format!("must have at most {MEMO_BYTES_MAX} bytes of JSON")))
        }
        _ => Ok(()),
    }
}

fn is_said(text: &str, chars_max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= chars_max && !text.chars().any(char::is_control)
}

fn check_items(items: &[OrderItem], amount_rp: u64) -> Result<(), Problem> {
    if !(1..=ITEMS_MAX).contains(&items.len()) {
        return Err(Problem::invalid("items", format!("must be 1 to {ITEMS_MAX} lines")));
    }
    let mut sum: u64 = 0;
    for (i, item) in items.iter().enumerate() {
        if !is_said(&item.name, ITEM_NAME_CHARS_MAX) {
            let message = format!("must be 1 to {ITEM_NAME_CHARS_MAX} characters of text");
            return Err(Problem::invalid(format!("items[{i}].name"), message));
        }
        if item.quantity == 0 {
            return Err(Problem::invalid(format!("items[{i}].quantity"), "must be at least 1"));
        }
        sum = sum.saturating_add(item.price_rp.saturating_mul(u64::from(item.quantity)));
    }
    if sum == amount_rp {
        return Ok(());
    }
    Err(Problem::invalid(
        "items",
        format!("cost {sum} together, and amount_rp is {amount_rp}: both must be equal"),
    ))
}

fn check_url(url: &str) -> Result<(), Problem> {
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    if is_web && url.len() <= URL_CHARS_MAX && url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let message = format!("must be an http or https address of at most {URL_CHARS_MAX} characters");
    Err(Problem::invalid("return_url", message))
}

/// Judges a whole order.
pub(super) fn check_open(request: &OpenOrder) -> Result<(), Problem> {
    check_request_id(&request.request_id)?;
    check_amount(request.amount_rp)?;
    check_items(&request.items, request.amount_rp)?;
    if !EXPIRES_S.contains(&request.expires_in_s) {
        let message = format!("must be {} to {}", EXPIRES_S.start(), EXPIRES_S.end());
        return Err(Problem::invalid("expires_in_s", message));
    }
    check_memo(request.memo.as_deref())?;
    request.return_url.as_deref().map_or(Ok(()), check_url)
}

/// Judges a return.
pub(super) fn check_refund(request: &RefundOrder) -> Result<(), Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let key = &request.refund_key;
    if !(1..=REFUND_KEY_CHARS_MAX).contains(&key.len()) || !key.bytes().all(plain) {
        let message = format!("must be 1 to {REFUND_KEY_CHARS_MAX} letters, digits and - _");
        return Err(Problem::invalid("refund_key", message));
    }
    check_amount(request.amount_rp)?;
    if !is_said(&request.reason, REASON_CHARS_MAX) {
        let message = format!("must be 1 to {REASON_CHARS_MAX} characters of text");
        return Err(Problem::invalid("reason", message));
    }
    Ok(())
}

/// Judges what a site remembers of an order.
pub(super) fn check_adopt(request: &AdoptOrder) -> Result<(), Problem> {
    check_request_id(&request.request_id)?;
    check_amount(request.amount_rp)?;
    check_memo(request.memo.as_deref())
}

/// SHA-256 over what was asked for, each part preceded by its length, so that no two requests look alike.
fn hash(request: &OpenOrder) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| digest::add_part(&mut hash, bytes);
    part(request.method.name().as_bytes());
    part(&request.amount_rp.to_be_bytes());
    part(&request.expires_in_s.to_be_bytes());
    for text in [request.memo.as_deref().map(RawValue::get), request.return_url.as_deref()] {
        part(&[u8::from(text.is_some())]);
        part(text.unwrap_or_default().as_bytes());
    }
    for item in &request.items {
        part(item.name.as_bytes());
        part(&item.price_rp.to_be_bytes());
        part(&item.quantity.to_be_bytes());
    }
    hash.finalize().into()
}

/// The order as first stored; `ask_at` is when somebody should look after it, should we not live to.
pub(super) fn new_row(
    owner: OrderOwner<'_>,
    id: String,
    request: OpenOrder,
    now: Timestamp,
    ask_at: Timestamp,
) -> StoredOrder {
    StoredOrder {
        id,
        merchant: owner.merchant.to_owned(),
        site: owner.site.to_owned(),
        request_hash: hash(&request),
        request_id: request.request_id,
        method: request.method,
        amount: Rupiah(request.amount_rp),
        items: request.items,
        memo: request.memo,
        return_url: request.return_url,
        standing: Standing::created(),
        means: PaymentMeans::default(),
        abandoned: false,
        created_at: now,
        expires_at: Timestamp(now.0.saturating_add(i64::from(request.expires_in_s) * 1000)),
        paid_at: None,
        asked: 0,
        ask_at: Some(ask_at),
        version: 0,
    }
}

/// The order of which only its site knew. It has no lines: those are never sent again.
pub(super) fn adopted_row(
    owner: OrderOwner<'_>,
    id: String,
    request: AdoptOrder,
    expires_at: Timestamp,
    now: Timestamp,
) -> StoredOrder {
    let method: OnlineMethod = request.method;
    let open = OpenOrder {
        request_id: request.request_id,
        method,
        amount_rp: request.amount_rp,
        items: Vec::new(),
        expires_in_s: 0,
        memo: request.memo,
        return_url: None,
    };
    StoredOrder { expires_at, ..new_row(owner, id, open, now, now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> OpenOrder {
        let item = |name: &str, price_rp, quantity| OrderItem { name: name.into(), price_rp, quantity };
        OpenOrder {
            request_id: "r-1".into(),
            method: OnlineMethod::Qris,
            amount_rp: 25_000,
            items: vec![item("10 GB", 10_000, 2), item("Lebih", 5000, 1)],
            expires_in_s: 900,
            memo: None,
            return_url: None,
        }
    }

    fn with(change: impl FnOnce(&mut OpenOrder)) -> OpenOrder {
        let mut order = order();
        change(&mut order);
        order
    }

    fn memo(bytes: usize) -> Option<Box<RawValue>> {
        RawValue::from_string(format!("\"{}\"", "x".repeat(bytes - 2))).ok()
    }

    #[test]
    fn each_rule_names_its_field() {
        let rows: [(&str, OpenOrder); 14] = [
            ("", order()),
            ("request_id", with(|o| o.request_id.clear())),
            ("request_id", with(|o| o.request_id = "a b".into())),
            ("request_id", with(|o| o.request_id = "x".repeat(65))),
            ("amount_rp", with(|o| o.amount_rp = 0)),
            ("amount_rp", with(|o| o.amount_rp = AMOUNT_RP_MAX + 1)),
            ("items", with(|o| o.items.clear())),
            ("items", with(|o| o.amount_rp += 1)),
            ("items[1].name", with(|o| o.items[1].name = "\n".into())),
            ("items[0].quantity", with(|o| o.items[0].quantity = 0)),
            ("expires_in_s", with(|o| o.expires_in_s = 19)),
            ("expires_in_s", with(|o| o.expires_in_s = 7 * 86_400 + 1)),
            ("memo", with(|o| o.memo = memo(MEMO_BYTES_MAX + 1))),
            ("return_url", with(|o| o.return_url = Some("javascript:alert(1)".into()))),
        ];
        for (field, order) in rows {
            let said =
                check_open(&order).err().map(|problem| problem.detail().to_owned()).unwrap_or_default();
            assert_eq!(said.split(": ").next().unwrap(), field, "{said}");
        }
        assert!(check_open(&with(|o| o.memo = memo(MEMO_BYTES_MAX))).is_ok());
        assert!(check_open(&with(|o| o.items[0].price_rp = u64::MAX)).is_err(), "no overflow");
    }

    #[test]
    fn every_part_of_a_request_makes_it_another_one() {
        let others = [
            with(|o| o.method = OnlineMethod::Gopay),
            with(|o| o.amount_rp = 1),
            with(|o| o.items.truncate(1)),
            with(|o| o.items[0].name = "11 GB".into()),
            with(|o| o.expires_in_s = 901),
            with(|o| o.memo = memo(2)),
            with(|o| o.memo = memo(3)),
            with(|o| o.return_url = Some("http://x".into())),
        ];
        let hashes: std::collections::BTreeSet<_> = others.iter().chain([&order()]).map(hash).collect();
        assert_eq!(hashes.len(), others.len() + 1);
        assert_eq!(hash(&order()), hash(&order()));
    }

    #[test]
    fn a_refund_needs_a_key_an_amount_and_a_reason() {
        let refund = |key: &str, amount_rp, reason: &str| {
            check_refund(&RefundOrder { refund_key: key.into(), amount_rp, reason: reason.into() })
        };
        assert!(refund("r-1_A", 1, "salah beli").is_ok());
        for (key, amount, reason) in [("", 1, "x"), ("a b", 1, "x"), ("a", 0, "x"), ("a", 1, " ")] {
            assert_eq!(refund(key, amount, reason).unwrap_err().code(), "invalid");
        }
    }
}
