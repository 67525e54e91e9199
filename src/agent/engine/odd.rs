//! Items of the feed that cannot be read or applied here: from a newer relay, or malformed. The readable fields are
//! shown to the owner.

use data_encoding::HEXLOWER;
use serde_json::Value;
use serde_json::value::to_raw_value;
use sha2::{Digest, Sha256};

use crate::domain::order::OrderState;
use crate::domain::units::AMOUNT_RP_MAX;
use crate::protocol::relay::{FeedEffect, FeedItem};

/// The longest name that is accepted.
const NAME_CHARS_MAX: usize = 128;
/// How much of an item the audit keeps: every item of our relay is shorter.
const RAW_CHARS_MAX: usize = 8192;
/// Bytes of the hash that serves as a missing name.
const HASH_BYTES: usize = 12;

/// The readable fields of an item, as an order in review. An item without an event or order id gets one from the hash
/// of its content, so that a repetition has the same id.
pub(super) fn item(raw: &str) -> FeedItem {
    let read: Value = serde_json::from_str(raw).unwrap_or_default();
    let text = |key: &str| read[key].as_str().map(str::to_owned);
    let name = |key: &str| {
        let is_name = |name: &String| {
            (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        text(key).filter(is_name)
    };
    let hash = HEXLOWER.encode(&Sha256::digest(raw)[..HASH_BYTES]);
    let known = |key: &str| serde_json::from_value(read[key].clone()).ok();
    FeedItem {
        seq: read["seq"].as_u64().unwrap_or_default(),
        // Never the id of an event that can be applied: that event may still arrive in a readable form.
        event_id: format!("unreadable/{}", name("event_id").unwrap_or_else(|| hash.clone())),
        order_id: name("order_id").unwrap_or_else(|| format!("unreadable-{hash}")),
        request_id: name("request_id").unwrap_or_default(),
        memo: read.get("memo").and_then(|memo| to_raw_value(memo).ok()),
        effect: FeedEffect::Review,
        status: OrderState::Review,
        flags: Vec::new(),
        amount_rp: read["amount_rp"].as_u64().unwrap_or_default().min(AMOUNT_RP_MAX),
        refunded_rp: 0,
        method: known("method"),
        at: text("at").unwrap_or_default(),
        paid_at: None,
    }
}

/// The audit detail of an item.
pub(super) fn detail(raw: &str, why: &str) -> String {
    let shown: String = raw.chars().take(RAW_CHARS_MAX).collect();
    format!("{why}: {shown}")
}
