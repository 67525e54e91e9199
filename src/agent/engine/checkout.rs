//! Payments through the gateway as the engine is asked for them and answers.

use serde_json::value::RawValue;

use super::command::Purpose;
use super::request::Outcome;
use crate::domain::id::{OrderId, UserId};
use crate::domain::order::{OnlineMethod, OrderKind, OrderState, Quote};
use crate::domain::units::{Rupiah, Timestamp};

/// A payment to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Whose.
    pub user: UserId,
    /// What for.
    pub purpose: Purpose,
    /// How it is to be paid.
    pub method: OnlineMethod,
    /// The price that the payer was told; another by now is refused.
    pub expect: Option<Rupiah>,
    /// What this payment may take the place of.
    pub replaces: Replaces,
}

/// What somebody who opens a payment knows of an open one, which is called off for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// Whatever is open: who asks has been told, or is a program.
    Anything,
    /// Only what is named so, as by [`OpenOne::consent`]; anything else open is refused with [`OPEN_PAYMENT`].
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

/// An order asked of the relay whose gateway id is not known yet. It is on file.
#[derive(Clone, Debug)]
pub struct PendingOrder {
    /// How the attempt is called; the same for every repetition.
    pub request_id: String,
    /// Whose.
    pub user: UserId,
    /// What for.
    pub kind: OrderKind,
    /// How it is to be paid.
    pub method: OnlineMethod,
    /// The frozen price.
    pub quote: Quote,
    /// Comes back with every item of the feed.
    pub memo: Box<RawValue>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// What a user has open online.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenOne {
    /// An order that may still be paid.
    Order(OrderId),
    /// An attempt whose outcome is not known, by request.
    PendingOrder(String),
    /// An attempt that was given up, and the relay was not told yet.
    GivenUp {
        /// The errand that tells it.
        outbox_item: u64,
        /// The attempt.
        request_id: String,
    },
}

impl OpenOne {
    /// The name by which a person agrees to have it called off; nothing for what was given up already.
    pub fn consent(&self) -> Option<&str> {
        match self {
            Self::Order(id) => Some(&id.0),
            Self::PendingOrder(request) => Some(request),
            Self::GivenUp { .. } => None,
        }
    }
}

/// What a wish for an online order leads to.
#[derive(Clone, Debug)]
pub enum Checkout {
    /// Ask the relay for this. A repeated call whose outcome nobody knows gets the same opening again.
    Ask(PendingOrder),
    /// What the user has open must be called off first; then begin again.
    CancelFirst(OpenOne),
    /// A repeated call: answered.
    Answered(Outcome),
}

/// An online order that may still be paid, as the relay must be asked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenView {
    /// Which.
    pub order: OrderId,
    /// Whose.
    pub user: UserId,
    /// Where it stands, as far as is known here.
    pub status: OrderState,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When the customer's time is over.
    pub expires_at: Option<Timestamp>,
}

/// What a page of the feed did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedApplied {
    /// Items that were news here.
    pub items: u64,
    /// Who was credited.
    pub credited: Vec<UserId>,
    /// Access turned for somebody: reconcile the router.
    pub turned: bool,
    /// The feed begins anew from 0: ask for it at once. Nothing of this page was applied.
    pub restarted: bool,
    /// There is more: ask again at once.
    pub more: bool,
}
