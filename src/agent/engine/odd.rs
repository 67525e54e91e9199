//! Items of the feed that cannot be read or applied here: a newer relay's words, or nonsense. As much of them as can
//! be read is shown to the owner.

use data_encoding::HEXLOWER;
use serde_json::Value;
use serde_json::value::to_raw_value;
use sha2::{Digest, Sha256};

use crate::domain::order::OrderState;
use crate::domain::units::AMOUNT_RP_MAX;
use crate::protocol::relay::{FeedEffect, FeedItem};

/// The longest name that is believed.
const NAME_CHARS_MAX: usize = 128;
/// How much of an item the audit keeps: every item of a relay of ours is shorter.
const RAW_CHARS_MAX: usize = 8192;
/// Bytes of the hash that names what has no name.
const HASH_BYTES: usize = 12;

/// What can be read of an item, as one that a person decides about. What names neither its event nor its order is
/// named after its content, so that the same thing told again is the same.
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
        // Never the name of an event that does something: that may still come in words that are known.
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

/// What the audit says of an item.
pub(super) fn detail(raw: &str, why: &str) -> String {
    let shown: String = raw.chars().take(RAW_CHARS_MAX).collect();
    format!("{why}: {shown}")
}
