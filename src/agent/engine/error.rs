//! Why a request was not done.

use crate::domain::id::{Mac, OrderId, UserId};
use crate::domain::policy::Refusal;
use crate::store::StoreError;

/// The code of the refusal for an address that more than one device has.
pub const ADDRESS_SHARED: &str = "address_shared";
/// The code of the refusal for a device that is no longer where it asks from.
pub const DEVICE_GONE: &str = "device_gone";
/// The code of the refusal to open a payment beside one that nobody agreed to call off.
pub const OPEN_PAYMENT: &str = "open_payment";

/// Why a request was not done. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A business rule says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such thing.
    #[error("there is no {0} with that id")]
    NotFound(&'static str),
    /// It cannot be together with what is there.
    #[error("{message}")]
    Conflict {
        /// The stable code of the API.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// The device belongs to somebody else, and nobody said that it shall move.
    #[error(
        "the device {mac} belongs to {name} ({owner}); to take it from there say move (--move, or \"move\": true)"
    )]
    DeviceTaken {
        /// The device.
        mac: Mac,
        /// Whose it is.
        owner: UserId,
        /// The owner's name.
        name: String,
    },
    /// A value is out of its bounds.
    #[error("{field}: {message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// For people.
        message: String,
    },
    /// Rows of an import are not as they must be; nothing was entered.
    #[error("{} findings in the rows; nothing was imported", .0.len())]
    Rows(Vec<RowFinding>),
    /// The request needs a reading of the router and none could be made.
    #[error("the router cannot be read now, and this must not be done without a reading: {0}")]
    RouterNeeded(String),
    /// The card or the file failed. The engine stops.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with one row of an import.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowFinding {
    /// The row, from 0.
    pub row: usize,
    /// Its field.
    pub field: &'static str,
    /// For people.
    pub message: String,
    /// Whether the row is sound and somebody else has what it names.
    pub is_conflict: bool,
}

/// A refusal with its stable code.
pub(super) fn conflict(code: &'static str, message: &str) -> EngineError {
    EngineError::Conflict { code, message: message.to_owned() }
}

pub(super) fn idempotency_conflict() -> EngineError {
    EngineError::Conflict {
        code: "idempotency_conflict",
        message: "this Idempotency-Key was used for another call; use a new key".into(),
    }
}

/// The refusal for an online order that is paid already.
pub fn order_paid(order: &OrderId) -> EngineError {
    let message = format!("order {order} was paid meanwhile: look at the account and the order again");
    EngineError::Conflict { code: "order_paid", message }
}

pub(super) fn unread_row(mac: Mac) -> EngineError {
    EngineError::RouterNeeded(format!(
        "the row of {mac} in /ip/hotspot/host cannot be read; remove that row on the router, it comes back by itself"
    ))
}

pub(super) fn no_reading() -> EngineError {
    EngineError::RouterNeeded("no reading came with the request".into())
}
