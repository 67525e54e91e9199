//! What the link remembers outside the ledger.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::port::{Relay, RelayError};
use crate::agent::health::LinkState;
use crate::domain::id::UserId;
use crate::domain::units::Timestamp;
use crate::tools::keyed_locks::{KeyGuard, KeyedLocks};

/// The link to the relay: how the relay is, who is just paying, and what wakes the loops.
pub struct Link {
    pub(super) relay: Arc<dyn Relay>,
    /// Where the gateway sends the customer's browser afterwards.
    pub(super) return_url: String,
    state: Mutex<LinkState>,
    silent_since: Mutex<Option<Duration>>,
    pub(super) figures: Mutex<LinkFigures>,
    clock_ahead_ms: Mutex<Option<i64>>,
    /// Held while an order of the user is opened or cancelled: one open order for each user.
    turns: KeyedLocks<UserId>,
    pub(super) wake_feed: Notify,
    wake_outbox: Notify,
}

/// Counts, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkFigures {
    /// Pages of the feed that were taken.
    pub pulled: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Items that were news.
    pub items: u64,
    /// Orders credited.
    pub credited: u64,
}

impl Link {
    /// A link that has not been used yet.
    pub fn new(relay: Arc<dyn Relay>, return_url: String) -> Self {
        Self {
            relay,
            return_url,
            state: Mutex::default(),
            silent_since: Mutex::default(),
            figures: Mutex::default(),
            clock_ahead_ms: Mutex::default(),
            turns: KeyedLocks::default(),
            wake_feed: Notify::new(),
            wake_outbox: Notify::new(),
        }
    }

    /// The port to the relay.
    pub fn relay(&self) -> &dyn Relay {
        &*self.relay
    }

    /// How the relay is.
    pub fn state(&self) -> LinkState {
        lock(&self.state).clone()
    }

    /// Counts since the start.
    pub fn figures(&self) -> LinkFigures {
        *lock(&self.figures)
    }

    /// By how much this machine's wall clock was ahead of the relay's at the last report; `None` where the last one was not
    /// answered.
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        *lock(&self.clock_ahead_ms)
    }

    pub(super) fn note_clock(&self, ahead_ms: Option<i64>) {
        *lock(&self.clock_ahead_ms) = ahead_ms;
    }

    /// Waits until there is a reason to look at the feed at once.
    pub async fn feed_woken(&self) {
        self.wake_feed.notified().await;
    }

    /// There may be an outbox item to send.
    pub fn wake_outbox(&self) {
        self.wake_outbox.notify_one();
    }

    /// Waits until there is a reason to look at the outbox at once.
    pub async fn outbox_woken(&self) {
        self.wake_outbox.notified().await;
    }

    /// Waits for this user's turn.
    pub(super) async fn turn(&self, user: UserId) -> KeyGuard<UserId> {
        self.turns.hold(user).await
    }

    /// This user's turn, unless somebody has it.
    pub(super) fn free_turn(&self, user: UserId) -> Option<KeyGuard<UserId>> {
        self.turns.try_hold(user)
    }

    /// The relay answers, but not what it must: reachable, with errors.
    pub(super) fn note_refused(&self, now: Timestamp, error: &RelayError) {
        lock(&self.state).failed(now, &error.to_string());
    }

    /// Since when the relay does not answer, in time since boot; `None` while it does.
    pub(super) fn silent_since(&self) -> Option<Duration> {
        *lock(&self.silent_since)
    }

    /// Notes how a call went. A relay that answers at all is there.
    pub(super) fn note<T>(&self, now: Timestamp, uptime: Duration, answer: &Result<T, RelayError>) {
        let (mut state, mut silent) = (lock(&self.state), lock(&self.silent_since));
        if let Err(
            error @ (RelayError::Unreachable(_) | RelayError::Unauthorized(_) | RelayError::Fenced(_)),
        ) = answer
        {
            state.failed(now, &error.to_string());
            silent.get_or_insert(uptime);
        } else {
            state.succeeded(now);
            *silent = None;
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
