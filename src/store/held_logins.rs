//! Log-ins while the store cannot be written: sessions, used one-time codes and ended sessions are kept in memory
//! until they can be stored. An admin can then log in to see the problem, and a code is still accepted only once.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::role::Role;
use crate::domain::units::{DAY_MS, Timestamp};

/// A session from further ahead than this was opened by a clock that was set back since, and is over: the largest step
/// of a trusted clock.
pub(super) const AHEAD_MAX_MS: i64 = DAY_MS;

/// The same for the step of an accepted code: later codes than it are not refused until then.
pub(super) const STEPS_AHEAD_MAX: i64 = AHEAD_MAX_MS / 30_000;

/// Changes that could not be stored. Secrets are hashes here as well.
#[derive(Debug, Default)]
pub(super) struct HeldLogins {
    pub(super) sessions: Vec<HeldSession>,
    /// The last step whose code was accepted, by admin.
    pub(super) steps: BTreeMap<String, i64>,
    /// Stored sessions that were ended.
    pub(super) ended: BTreeSet<[u8; 32]>,
}

/// A session in memory.
#[derive(Debug)]
pub(super) struct HeldSession {
    pub(super) hash: [u8; 32],
    pub(super) admin: String,
    pub(super) role: Role,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl HeldSession {
    /// Whether it is valid at `now`: one from far ahead was opened by a clock that was set back since.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at >= now && self.created_at.0 <= now.0.saturating_add(AHEAD_MAX_MS)
    }
}

impl HeldLogins {
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.steps.is_empty() && self.ended.is_empty()
    }
}
