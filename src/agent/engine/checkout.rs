//! Requests for payments through the gateway, and the engine's answers.

use serde_json::value::RawValue;

use super::command::Purpose;
use super::done::Done;
use crate::domain::id::{OrderId, UserId};
use crate::domain::order::{OnlineMethod, OrderKind, OrderState, Quote};
use crate::domain::units::{Rupiah, Timestamp};

/// A payment to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// The paying user.
    pub user: UserId,
    /// The purpose.
    pub purpose: Purpose,
    /// The payment method.
    pub method: OnlineMethod,
    /// The price shown to the payer; any other current price is refused.
    pub expect: Option<Rupiah>,
    /// The open payment that this one may replace.
    pub replaces: Replaces,
}

/// The open payment that the caller agrees to replace. It is cancelled for the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// Any open payment: the caller was shown it, or is a program.
    Anything,
    /// Only the payment with this name, as given by [`OpenOne::consent`]; any other open one is refused with
    /// [`OPEN_PAYMENT`].
    Named(Option<String>),
}

impl Replaces {
    pub(super) fn allows(&self, open: &OpenOne) -> bool {
        match self {
            Self::Anything => true,
            Self::Named(name) => open.consent().is_none_or(|open| name.as_deref() == Some(open)),
        }
    }
}

/// An order requested from the relay whose gateway id is not known yet. It is stored.
#[derive(Clone, Debug)]
pub struct PendingOrder {
    /// Id of the attempt; the same for every repetition.
    pub request_id: String,
    /// The paying user.
    pub user: UserId,
    /// The kind of order.
    pub kind: OrderKind,
    /// The payment method.
    pub method: OnlineMethod,
    /// The frozen price.
    pub quote: Quote,
    /// Returned with every item of the feed.
    pub memo: Box<RawValue>,
    /// Time of the request.
    pub created_at: Timestamp,
}

/// An online payment that a user has open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenOne {
    /// An order that can still be paid.
    Order(OrderId),
    /// An attempt whose outcome is not known, by request.
    PendingOrder(String),
    /// An attempt that was discarded here, while the relay has not been notified yet.
    Discarded {
        /// The outbox item that notifies the relay.
        outbox_item: u64,
        /// The attempt.
        request_id: String,
    },
}

impl OpenOne {
    /// The name by which a caller agrees to cancel it; `None` for an attempt that is already discarded.
    pub fn consent(&self) -> Option<&str> {
        match self {
            Self::Order(id) => Some(&id.0),
            Self::PendingOrder(request) => Some(request),
            Self::Discarded { .. } => None,
        }
    }
}

/// The result of a request for an online order.
#[derive(Clone, Debug)]
pub enum Checkout {
    /// Send this request to the relay. A repeated call whose outcome is unknown gets the same pending order.
    Ask(PendingOrder),
    /// Cancel the user's open payment first, then retry.
    CancelFirst(OpenOne),
    /// A repeated call, with its stored answer.
    Answered(Box<Done>),
}

/// An online order that can still be paid, as needed to query the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenView {
    /// The order.
    pub order: OrderId,
    /// The paying user.
    pub user: UserId,
    /// Its state as stored here.
    pub status: OrderState,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When the order expires.
    pub expires_at: Option<Timestamp>,
}

/// The effects of one page of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedApplied {
    /// Items that were not yet applied here.
    pub items: u64,
    /// Users credited.
    pub credited: Vec<UserId>,
    /// Some user's access changed: reconcile the router.
    pub turned: bool,
    /// The feed restarts from 0: fetch it at once. Nothing of this page was applied.
    pub restarted: bool,
    /// There are more items: fetch the next page at once.
    pub more: bool,
}
