//! Why a customer, a bank or a merchant cannot do something with a payment.

use super::method::PayMethod;
use super::transaction::TransactionStatus;

/// Why somebody could not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    /// Nothing goes by this id.
    #[error("there is no such transaction")]
    NoTransaction,
    /// A Snap order whose customer has not picked a method.
    #[error("no method was picked")]
    NoMethod,
    /// Not offered on this Snap page.
    #[error("{0} is not offered")]
    MethodOff(PayMethod),
    /// The Snap page expired or another token took its place.
    #[error("the page is closed")]
    PageClosed,
    /// Not in its current status.
    #[error("it is {0}")]
    Status(TransactionStatus),
    /// More than is left of the payment.
    #[error("so much is not left")]
    Amount,
    /// The method does not allow it.
    #[error("{0} does not allow it")]
    Method(PayMethod),
}

/// Why a customer could not pay.
pub type NotPayable = NotPossible;
