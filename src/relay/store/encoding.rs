//! How both implementations write things down, and the bounds that both keep.

use sha2::{Digest, Sha256};

use super::presence::SiteReport;
use super::{FeedEvent, StoredOrder};
use crate::domain::units::Timestamp;
use crate::protocol::relay::FeedEffect;
use crate::tools::digest;

/// Orders younger than this may still change after they were paid or refused: refunds, chargebacks, late settlements.
pub(super) const MAY_CHANGE_MS: i64 = 45 * 24 * 3_600_000;

/// Notifications of one order that wait to be decided. The gateway sends a handful; more are one that somebody sends
/// again and again, changed where it is not signed.
pub(super) const UNDECIDED_MAX: u32 = 32;
/// Decided notifications of one order that are kept as evidence.
pub(super) const DECIDED_MAX: u32 = 64;

/// The key, among the single values, of where a store went on that must not be used any more.
pub(super) const MOVED_TO: &str = "moved_to";
/// The key, among the single values, of the name of the directory's content.
pub(super) const DIRECTORY: &str = "directory";
/// How much of an order's name is stored. Names of ours are much shorter; an index takes 2704 bytes.
const ORDER_CHARS_MAX: usize = 200;

/// Databases hold signed 64-bit numbers; amounts and counts here are bounded far below.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The stored name of an effect.
pub(super) fn effect_name(effect: FeedEffect) -> &'static str {
    match effect {
        FeedEffect::Credit => "credit",
        FeedEffect::Reverse => "reverse",
        FeedEffect::Status => "status",
        FeedEffect::Review => "review",
    }
}

/// The effect of a stored name.
pub(super) fn effect(name: &str) -> Option<FeedEffect> {
    let all = [FeedEffect::Credit, FeedEffect::Reverse, FeedEffect::Status, FeedEffect::Review];
    all.into_iter().find(|effect| effect_name(*effect) == name)
}

/// What had gone back of an order when one of its events happened: what the same change returns `later` had not.
pub(super) fn refunded_rp(order: &StoredOrder, later: &[FeedEvent]) -> u64 {
    let returns = later.iter().filter(|event| event.effect == FeedEffect::Reverse);
    let later_rp: u64 = returns.map(|event| event.amount.0).sum();
    order.standing.returned().0.saturating_sub(later_rp)
}

/// Names a notification by its content. The length keeps a merchant's name and a body apart.
pub(super) fn body_hash(merchant: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    digest::add_part(&mut hash, merchant);
    hash.update(body);
    hash.finalize().into()
}

/// The name of an order as the database can have it in an index: without NUL, and not as long as whoever sent it likes. An
/// order of ours has neither, so that what is changed here is never known; the body has the name as it came.
pub(super) fn storable(order: &str) -> String {
    order
        .chars()
        .take(ORDER_CHARS_MAX)
        .map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// A site's report as it is stored. One that cannot be read, as of a later version, is none: it must not hide the site.
pub(super) fn presence_report(
    text: Option<&str>,
    at: Option<i64>,
    clock_ahead_ms: Option<i64>,
) -> Option<SiteReport> {
    let report = serde_json::from_str(text?).ok()?;
    Some(SiteReport { report, at: Timestamp(at?), clock_ahead_ms })
}

/// What to say of a store that went on in another database.
pub(super) fn moved_text(to: &str) -> String {
    format!(
        "was moved to {to} by kuota-relay migrate and must not be used any more: its orders and feeds go on there; set \
         database to that one. Only if no relay ever ran there, delete the row moved_to of the table meta here"
    )
}
