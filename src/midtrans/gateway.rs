//! The port to a payment gateway: what the rest of the program asks of it, and how it can fail.

use std::pin::Pin;
use std::time::Duration;

use crate::domain::order::OnlineMethod;
use crate::domain::payment::GatewayReport;
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::relay::{OrderItem, PaymentMeans};

/// A future that a [`Gateway`] hands out.
pub type GatewayFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The port to a payment gateway, for one merchant account.
///
/// Contract of every implementation:
/// - Each call makes at most one request and answers within `limit`.
/// - What the gateway said is read from the body first, whatever the HTTP status.
/// - [`GatewayError::Unknown`] means that the request may have been carried out: ask before anything else.
/// - No answer is believed to be about the order because it says so: the caller compares.
pub trait Gateway: Send + Sync {
    /// Opens a charge. `key` makes a repetition within five minutes harmless where the gateway supports it.
    fn charge<'a>(
        &'a self,
        charge: &'a Charge,
        key: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Charged, GatewayError>>;

    /// Asks for the status of an order (or transaction). `None`: the gateway has no transaction for it (yet).
    fn status<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<GatewayReport>, GatewayError>>;

    /// Like [`Gateway::status`], with whatever the answer still says of how to pay: after a charge whose own answer
    /// was lost.
    fn recall<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<Charged>, GatewayError>> {
        Box::pin(async move {
            let found = self.status(id, limit).await?;
            Ok(found.map(|report| Charged {
                expires_at: report.expires_at,
                report: Some(report),
                means: PaymentMeans::default(),
            }))
        })
    }

    /// Calls a pending order off.
    fn cancel<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<GatewayReport>, GatewayError>>;

    /// Gives money back. `key` names the return: the same key is one return.
    fn refund<'a>(
        &'a self,
        id: &'a str,
        amount: Rupiah,
        key: &'a str,
        reason: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<(), GatewayError>>;

    /// Whether repeating a charge of this method with the same key is one charge.
    fn repeats_safely(&self, method: OnlineMethod) -> bool;
}

/// A charge to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The gateway's order id, made by us.
    pub order: String,
    /// How it will be paid.
    pub method: OnlineMethod,
    /// What must be paid.
    pub amount: Rupiah,
    /// What the customer is shown; their sum is the amount.
    pub items: Vec<OrderItem>,
    /// How long the customer has.
    pub expires_in: Duration,
    /// Where notifications of this charge go, if anywhere.
    pub notification_url: Option<String>,
    /// Where the customer's browser goes afterwards.
    pub return_url: Option<String>,
}

/// An opened charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged {
    /// What the gateway says of it. `None` for its own payment page, where no transaction exists before the
    /// customer chooses how to pay.
    pub report: Option<GatewayReport>,
    /// What the customer needs.
    pub means: PaymentMeans,
    /// When it lapses, where the gateway says so.
    pub expires_at: Option<Timestamp>,
}

/// Why a call did not do what it should, by what the caller may do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// Nothing was sent: no connection could be made.
    #[error("the gateway cannot be reached: {0}")]
    Unreachable(String),
    /// Sent, and no answer that makes sense: time-out, reset, a server fault, half an answer, no JSON, or the same
    /// request still running.
    #[error("the gateway's answer is unknown: {0}")]
    Unknown(String),
    /// The gateway wants fewer requests.
    #[error("the gateway asks to slow down")]
    SlowDown,
    /// There is such an order already.
    #[error("the gateway knows this order already: {0}")]
    Duplicate(String),
    /// The order is past the state in which this could be done: ask for its status.
    #[error("the gateway says that the order cannot be changed any more: {0}")]
    Settled(String),
    /// Refused for good.
    #[error("the gateway refused ({code}): {message}")]
    Rejected {
        /// The gateway's code.
        code: u16,
        /// In its own words.
        message: String,
    },
    /// The key, the account or our request is wrong: a person must look.
    #[error(
        "the gateway refuses our account or our request ({code}): {message}; check the server key and environment"
    )]
    Misconfigured {
        /// The gateway's code.
        code: u16,
        /// In its own words.
        message: String,
    },
}

impl GatewayError {
    /// Whether this speaks of the transport or the gateway's health, not of one order: what a circuit breaker counts.
    pub const fn is_transport(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Unknown(_))
    }
}
