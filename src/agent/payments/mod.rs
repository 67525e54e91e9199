//! The link to the relay: what the agent asks of it, and what it makes of the answers. Without an uplink everything
//! here fails quickly and is made up for later.
//!
//! | file | what it is |
//! |---|---|
//! | [`client`] | the port over HTTP |
//! | `pull` | the feed, and the errands that wait for the relay |
//! | `flows` | paying online, and cash while something is open online |

pub(crate) mod checkout;
pub mod client;
pub(crate) mod feed;

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::site::LinkState;
use crate::domain::id::UserId;
use crate::domain::units::Timestamp;
use crate::protocol::relay::{
    Abandoned, AdoptOrder, FeedEntry, FeedPage, OpenOrder, RefundOrder, RelayOrder,
};
use crate::tools::keyed_locks::{KeyGuard, KeyedLocks};

/// A future that a [`Relay`] hands out.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, RelayError>> + Send + 'a>>;

/// The port to the relay, for one site.
///
/// Contract of every implementation: no call waits without a bound, none is repeated, and what an unreachable relay did
/// with a call is unknown.
pub trait Relay: Send + Sync {
    /// Asks for an order; the same request id is the same order. Answers within `limit`.
    fn open<'a>(&'a self, order: &'a OpenOrder, limit: Duration) -> Pending<'a, RelayOrder>;

    /// Where an order stands.
    fn order<'a>(&'a self, id: &'a str) -> Pending<'a, RelayOrder>;

    /// Calls an order off at the gateway, and answers what became of it.
    fn cancel<'a>(&'a self, id: &'a str) -> Pending<'a, RelayOrder>;

    /// Has the gateway asked about an order.
    fn refresh<'a>(&'a self, id: &'a str) -> Pending<'a, RelayOrder>;

    /// Has the gateway give money back.
    fn refund<'a>(&'a self, id: &'a str, refund: &'a RefundOrder) -> Pending<'a, RelayOrder>;

    /// Hands back an order that the relay lost.
    fn adopt<'a>(&'a self, id: &'a str, order: &'a AdoptOrder) -> Pending<'a, RelayOrder>;

    /// Gives a request up.
    fn abandon<'a>(&'a self, request_id: &'a str) -> Pending<'a, Abandoned>;

    /// What happened after `after`; waits for something to happen for as long as `wait`.
    fn feed(&self, after: u64, wait: Duration, limit: u32) -> Pending<'_, FeedPage<FeedEntry>>;

    /// How long whoever waits for this relay does.
    fn timeouts(&self) -> CallTimeouts {
        CallTimeouts::default()
    }
}

/// How long calls of people wait for the relay. They themselves wait 30 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTimeouts {
    /// From the beginning of a call that opens an order to its end, whatever the relay does.
    pub open: Duration,
    /// From its beginning until what was open before is called off.
    pub cancel_order: Duration,
    /// Until a cashier takes the money although nobody could call the open order off.
    pub cash: Duration,
    /// Reading the feed, once an order is known to be paid.
    pub catch_up: Duration,
}

impl Default for CallTimeouts {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self { open: s(28), cancel_order: s(14), cash: s(8), catch_up: s(8) }
    }
}

/// Why the relay did not do it, by what may be done about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// No answer, or none of a relay: what became of the call is unknown.
    #[error("the relay cannot be reached: {0}")]
    Unreachable(String),
    /// The relay answered in words that are not known here, as one of another version may: what became of the call is
    /// unknown, and it is there.
    #[error("the relay answers in words that are not known here: {0}; is it of another version?")]
    Nonsense(String),
    /// The relay does not know who calls.
    #[error("the relay refuses this site: {0}; check relay.url, relay.site and the token")]
    Unauthorized(String),
    /// The relay does not know the order.
    #[error("the relay does not know this order")]
    NotFound,
    /// The relay or the gateway behind it said no, or not now.
    #[error("{detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The stable code of the relay's problem.
        code: String,
        /// For people.
        detail: String,
    },
}

impl RelayError {
    /// Whether the same call may go better later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Nonsense(_) | Self::Unauthorized(_) => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::NotFound => false,
        }
    }
}

/// What the link remembers beside the ledger: how the relay is, who is just paying, and what wakes the loops.
pub struct Link {
    relay: Arc<dyn Relay>,
    /// Where the gateway sends the customer's browser afterwards.
    return_url: String,
    state: Mutex<LinkState>,
    silent_since: Mutex<Option<Duration>>,
    figures: Mutex<LinkFigures>,
    /// Held by whoever opens or calls off something of a user: one open order for each.
    turns: KeyedLocks<UserId>,
    wake_feed: Notify,
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
            turns: KeyedLocks::default(),
            wake_feed: Notify::new(),
            wake_outbox: Notify::new(),
        }
    }

    /// How the relay is.
    pub fn state(&self) -> LinkState {
        lock(&self.state).clone()
    }

    /// Counts since the start.
    pub fn figures(&self) -> LinkFigures {
        *lock(&self.figures)
    }

    /// Waits until there is a reason to look at the feed at once.
    pub async fn feed_woken(&self) {
        self.wake_feed.notified().await;
    }

    /// There may be an errand to run.
    pub fn wake_outbox(&self) {
        self.wake_outbox.notify_one();
    }

    /// Waits until there is a reason to look at the outbox at once.
    pub async fn outbox_woken(&self) {
        self.wake_outbox.notified().await;
    }

    /// Waits for this user's turn.
    async fn turn(&self, user: UserId) -> KeyGuard<UserId> {
        self.turns.hold(user).await
    }

    /// This user's turn, unless somebody has it.
    fn free_turn(&self, user: UserId) -> Option<KeyGuard<UserId>> {
        self.turns.try_hold(user)
    }

    /// The relay answers, but not what it must: reachable, with errors.
    fn note_refused(&self, now: Timestamp, error: &RelayError) {
        lock(&self.state).failed(now, &error.to_string());
    }

    /// Since when the relay does not answer, in time since boot; `None` while it does.
    fn silent_since(&self) -> Option<Duration> {
        *lock(&self.silent_since)
    }

    /// Notes how a call went. A relay that answers at all is there.
    fn note<T>(&self, now: Timestamp, uptime: Duration, answer: &Result<T, RelayError>) {
        let (mut state, mut silent) = (lock(&self.state), lock(&self.silent_since));
        if let Err(error @ (RelayError::Unreachable(_) | RelayError::Unauthorized(_))) = answer {
            state.failed(now, &error.to_string());
            silent.get_or_insert(uptime);
        } else {
            state.succeeded(now);
            *silent = None;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
