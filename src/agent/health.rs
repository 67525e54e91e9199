//! How the daemon's links and its cycle are doing, as status pages and metrics show it.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::units::Timestamp;

/// Without a success for this long, a link that fails is `down`.
const DOWN_AFTER_MS: i64 = 30_000;

/// The state of one link, for status pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkState {
    /// The last attempt that succeeded.
    pub last_success: Option<Timestamp>,
    /// The last failure, while it is newer than the last success.
    pub last_error: Option<String>,
    /// Since when the present state holds.
    pub since: Option<Timestamp>,
    /// Reachable, but with errors: refused edits, foreign rows in the way, a menu that is missing.
    pub warnings: Vec<String>,
}

impl LinkState {
    /// `ok`, `degraded` or `down`, at `now`.
    pub fn name(&self, now: Timestamp) -> &'static str {
        let recent = self.last_success.is_some_and(|at| now.0 - at.0 < DOWN_AFTER_MS);
        match (&self.last_error, recent) {
            (Some(_), false) => "down",
            (Some(_), true) => "degraded",
            (None, _) if !self.warnings.is_empty() => "degraded",
            (None, _) if self.last_success.is_none() => "down",
            (None, _) => "ok",
        }
    }

    pub(super) fn succeeded(&mut self, now: Timestamp) {
        if self.last_error.take().is_some() || self.last_success.is_none() {
            self.since = Some(now);
        }
        self.last_success = Some(now);
    }

    pub(super) fn failed(&mut self, now: Timestamp, error: &str) {
        if self.last_error.is_none() {
            self.since = Some(now);
        }
        self.last_error = Some(error.to_owned());
    }
}

/// When something was last refused because too many guesses were wrong. Forgotten at a restart.
#[derive(Debug, Default)]
pub struct LastRefusal(AtomicI64);

impl LastRefusal {
    /// It was refused now.
    pub fn note(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::Relaxed);
    }

    /// The last time, unless that is before `earliest`.
    pub fn since(&self, earliest: Timestamp) -> Option<Timestamp> {
        let at = Timestamp(self.0.load(Ordering::Relaxed));
        (at.0 != 0 && at >= earliest).then_some(at)
    }
}

/// Guesses that were slowed down, by what was guessed.
#[derive(Debug, Default)]
pub struct Guesses {
    /// Passwords and codes of admins.
    pub passwords: LastRefusal,
    /// PINs of customers.
    pub pins: LastRefusal,
}

/// Figures of the cycle, for status and metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CycleFigures {
    /// Cycles that metered.
    pub metered: u64,
    /// Cycles that failed to read.
    pub failed: u64,
    /// Edits sent.
    pub edits: u64,
    /// Rows in the last host table.
    pub hosts: u64,
    /// How long the last host table took, in milliseconds.
    pub read_ms: u64,
}
