//! Errors of the engine.

use crate::domain::id::{Mac, OrderId, UserId};
use crate::domain::policy::Refusal;
use crate::store::StoreError;

/// The code of the refusal for an address that more than one device has.
pub const ADDRESS_SHARED: &str = "address_shared";
/// The code of the refusal for a device that is no longer at the address of the request.
pub const DEVICE_GONE: &str = "device_gone";
/// The code of the refusal to open a payment while another is open that the caller did not agree to cancel.
pub const OPEN_PAYMENT: &str = "open_payment";

/// The reason why a request failed. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A business rule refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The object does not exist.
    #[error("there is no {0} with that id")]
    NotFound(&'static str),
    /// The request conflicts with the present state.
    #[error("{message}")]
    Conflict {
        /// The stable code of the API.
        code: &'static str,
        /// Message for people.
        message: String,
    },
    /// The device belongs to another user, and the request did not ask to move it.
    #[error(
        "the device {mac} belongs to {name} ({owner}); to take it from there say move (--move, or \"move\": true)"
    )]
    DeviceTaken {
        /// The device.
        mac: Mac,
        /// Its owner.
        owner: UserId,
        /// The owner's name.
        name: String,
    },
    /// A value is out of its bounds.
    #[error("{field}: {message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Message for people.
        message: String,
    },
    /// Rows of an import have errors; nothing was imported.
    #[error("{} findings in the rows; nothing was imported", .0.len())]
    Rows(Vec<RowFinding>),
    /// The request needs a reading of the router and none could be made.
    #[error("the router cannot be read now, and this must not be done without a reading: {0}")]
    RouterNeeded(String),
    /// The card or the file failed. The engine stops.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An error in one row of an import.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowFinding {
    /// The row, from 0.
    pub row: usize,
    /// Its field.
    pub field: &'static str,
    /// Message for people.
    pub message: String,
    /// Whether the row is valid but conflicts with another user.
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

/// The refusal for a key whose answer is unreadable: what the call did stands, so it must not be done again.
pub(super) fn unreadable_answer() -> EngineError {
    EngineError::Conflict {
        code: "idempotency_conflict",
        message: "this Idempotency-Key was used before, and what it answered cannot be read any more; look at what it \
                  did, then use a new key"
            .into(),
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
