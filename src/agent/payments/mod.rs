//! Payments: what the agent asks of the relay, and what it makes of the answers. The relay is asked outside every
//! transaction, and what it says is brought to the ledger by the engine alone. Without an uplink everything here fails
//! quickly and is made up for later.
//!
//! | file | what it is |
//! |---|---|
//! | [`port`] | the port to the relay, its errors and its timeouts |
//! | [`client`] | the port over HTTP |
//! | [`link`] | how the relay is, whose turn it is, what wakes the loops |
//! | `calls` | calls about one order, whose answer is taken over |
//! | `checkout` | paying online, and cash while something is open online |
//! | `feed` | one page of the relay's feed |
//! | `instance` | which machine has the site, by the relay's word |
//! | `outbox` | what waits for the relay |

mod calls;
mod checkout;
pub mod client;
mod feed;
mod instance;
pub mod link;
mod outbox;
pub mod port;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::engine::{Done, EngineError, EngineGone, EngineHandle};
use crate::clock::Clock;
use crate::domain::id::UserId;
use crate::domain::units::Timestamp;
use crate::protocol::health::HealthReport;
use crate::tools::keyed_locks::KeyGuard;

pub use instance::RelayInstance;
pub use link::{Link, LinkFigures};
pub use port::{CallTimeouts, Pending, Relay, RelayError};

/// Why a payment was not opened, cancelled or taken over.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// The engine refused it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
    /// The relay could not be asked, or it or the gateway said no.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// There is no relay.
    #[error("no relay is configured, so nothing can be paid online; take cash, transfer or qris_static")]
    NoRelay,
}

/// Payments of one site. It knows neither the router nor the site: what turns access notifies `access_turned`.
pub struct Payments {
    engine: EngineHandle,
    link: Option<Link>,
    clock: Arc<dyn Clock>,
    access_turned: Arc<Notify>,
}

/// What is checked before cash is taken for a user.
pub enum BeforeCash {
    /// The same call was answered before.
    Answered(Box<Done>),
    /// The money may be taken. The turn, where it came in time, is held until it is.
    Clear(Option<KeyGuard<UserId>>),
}

impl Payments {
    /// Ready to be called; no loop runs yet. `access_turned` is notified when the router has to be brought up to date.
    pub fn new(
        engine: EngineHandle,
        link: Option<Link>,
        clock: Arc<dyn Clock>,
        access_turned: Arc<Notify>,
    ) -> Self {
        Self { engine, link, clock, access_turned }
    }

    /// The link to the relay; an error where there is none.
    pub fn link(&self) -> Result<&Link, PaymentError> {
        self.link.as_ref().ok_or(PaymentError::NoRelay)
    }

    /// There may be something in the outbox.
    pub fn wake_outbox(&self) {
        if let Some(link) = &self.link {
            link.wake_outbox();
        }
    }

    /// Reports how the agent is. Whether that worked says nothing about payments, so the link's state stays as it is.
    pub async fn report_health(&self, report: &HealthReport) -> Result<(), PaymentError> {
        let link = self.link()?;
        let answer = link.relay.report_health(report).await;
        if matches!(answer, Err(RelayError::Fenced(_))) {
            self.follow_fence(link).await?;
        }
        link.note_clock(answer.as_ref().ok().and_then(|answer| answer.clock_ahead_ms));
        Ok(answer.map(drop)?)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn uptime(&self) -> Duration {
        self.clock.uptime()
    }
}
