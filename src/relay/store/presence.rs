//! What the store keeps of the presence of sites: when each was seen last, what its agent reported, and whether it is
//! silent.

use crate::domain::units::Timestamp;
use crate::protocol::health::HealthReport;

/// The most sites of one change.
pub const PRESENCE_BATCH_MAX: usize = 500;
/// A stored time that is further ahead than this came from a clock that was wrong since, and gives way to any other.
pub const AHEAD_MAX_MS: i64 = 4 * 60_000;

/// What a process saw of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSighting {
    /// The site.
    pub site: String,
    /// Its last call.
    pub last_seen_at: Timestamp,
    /// What its agent reported meanwhile, if it did.
    pub report: Option<SiteReport>,
    /// The number after which its agent asked for its feed last, if it did meanwhile.
    pub feed_after: Option<u64>,
}

/// A report as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteReport {
    /// What the agent says.
    pub report: HealthReport,
    /// When it came.
    pub at: Timestamp,
    /// By how much the agent's wall clock was ahead of the relay's.
    pub clock_ahead_ms: Option<i64>,
}

/// When a site was seen last, by any process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSeen {
    /// The site.
    pub site: String,
    /// Its last call that was written down.
    pub last_seen_at: Timestamp,
    /// Its last call before it became silent, while it is.
    pub silent_since: Option<Timestamp>,
}

/// A site that became silent, or came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteTurn {
    /// The site.
    pub site: String,
    /// Its last call before it became silent.
    pub silent_since: Timestamp,
}

/// Everything that is kept of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPresence {
    /// When it was seen.
    pub seen: SiteSeen,
    /// The newest report. None as well where it cannot be read: a later version's says nothing to this one.
    pub report: Option<SiteReport>,
    /// The number after which its agent asked for its feed last.
    pub feed_after: Option<u64>,
}
