//! The port to the relay: what the agent may ask of it, and why it may not answer.

use std::pin::Pin;
use std::time::Duration;

use crate::domain::instance::Instance;
use crate::protocol::health::{HealthAnswer, HealthReport};
use crate::protocol::instance::SiteInstance;
use crate::protocol::relay::{
    Abandoned, AdoptOrder, FeedEntry, FeedPage, OpenOrder, RefundOrder, RelayOrder,
};

/// A future that a [`Relay`] hands out.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, RelayError>> + Send + 'a>>;

/// The port to the relay, for one site.
///
/// Contract of every implementation: no call waits without a bound, none is repeated, and what an unreachable relay did
/// with a call is unknown.
pub trait Relay: Send + Sync {
    /// Asks for an order; the same request id is the same order. Answers within `limit`.
    fn open<'a>(&'a self, order: &'a OpenOrder, limit: Duration) -> Pending<'a, RelayOrder>;

    /// The state of an order.
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

    /// Reports how the agent is. A relay from before this call answers [`RelayError::NotFound`].
    fn report_health<'a>(&'a self, report: &'a HealthReport) -> Pending<'a, HealthAnswer>;

    /// The machine that has the site. A relay from before this call answers [`RelayError::NotFound`].
    fn instance(&self) -> Pending<'_, SiteInstance>;

    /// Gives the site to a machine.
    fn claim_instance<'a>(&'a self, claim: &'a SiteInstance) -> Pending<'a, SiteInstance>;

    /// The machine that later calls are from; until then it is the first.
    fn use_instance(&self, instance: Instance);

    /// How long callers wait for this relay.
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
    /// Another machine took the site over.
    #[error("the relay serves another machine: {0}")]
    Fenced(String),
    /// The relay does not know the order.
    #[error("the relay does not know this order")]
    NotFound,
    /// The relay or its gateway refused, or refused for now.
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
            Self::Unreachable(_) | Self::Nonsense(_) | Self::Unauthorized(_) | Self::Fenced(_) => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::NotFound => false,
        }
    }
}
