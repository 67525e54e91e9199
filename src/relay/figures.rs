//! What the relay counts about itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::midtrans::GatewayError;
use crate::web::status_counts::StatusCounts;

/// A call to the gateway, as metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GatewayOperation {
    /// Opening a charge.
    Charge,
    /// Asking for the status of an order.
    Status,
    /// Calling an order off.
    Cancel,
    /// Giving money back.
    Refund,
}

impl GatewayOperation {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Status => "status",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
        }
    }
}

/// What became of a notification at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reception {
    /// Kept.
    Kept,
    /// Known already.
    Repeated,
    /// Its signature is wrong.
    BadSignature,
    /// It cannot be read.
    Malformed,
    /// It was sent to an unknown address.
    WrongAddress,
    /// The store could not keep it: the gateway sends it again.
    Unavailable,
}

impl Reception {
    /// Every value.
    pub const ALL: [Self; 6] = [
        Self::Kept,
        Self::Repeated,
        Self::BadSignature,
        Self::Malformed,
        Self::WrongAddress,
        Self::Unavailable,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Repeated => "repeated",
            Self::BadSignature => "bad_signature",
            Self::Malformed => "malformed",
            Self::WrongAddress => "wrong_address",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Counts since the start of this process.
#[derive(Debug, Default)]
pub struct RelayFigures {
    calls: Mutex<BTreeMap<(GatewayOperation, &'static str), u64>>,
    received: Mutex<BTreeMap<Reception, u64>>,
    delay: Mutex<Delay>,
    held_back: AtomicU64,
    /// Answers to callers.
    pub answers: Arc<StatusCounts>,
}

/// Time from the arrival of a notification to its credit's place in the feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// How many.
    pub count: u64,
    /// Of all together.
    pub sum: Duration,
    /// The longest.
    pub max: Duration,
}

impl RelayFigures {
    pub(super) fn count_call<T>(&self, operation: GatewayOperation, result: &Result<T, GatewayError>) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry((operation, outcome(result))).or_default() += 1;
    }

    pub(super) fn held_back(&self) {
        self.held_back.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_notification(&self, reception: Reception) -> u64 {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let count = received.entry(reception).or_default();
        *count += 1;
        *count
    }

    pub(super) fn credited_after(&self, delay: Duration) {
        let mut sum = self.delay.lock().unwrap_or_else(PoisonError::into_inner);
        sum.count += 1;
        sum.sum = sum.sum.saturating_add(delay);
        sum.max = sum.max.max(delay);
    }

    /// Calls to the gateway by operation and outcome.
    pub fn calls(&self) -> BTreeMap<(GatewayOperation, &'static str), u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notifications by what became of them at the door.
    pub fn receptions(&self) -> BTreeMap<Reception, u64> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long settlements took to reach the feed.
    pub fn delay(&self) -> Delay {
        *self.delay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls that the circuit breaker held back.
    pub fn held_back_count(&self) -> u64 {
        self.held_back.load(Ordering::Relaxed)
    }
}

/// The stable name of what a call led to.
fn outcome<T>(result: &Result<T, GatewayError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(GatewayError::Unreachable(_)) => "unreachable",
        Err(GatewayError::Unknown(_)) => "unknown",
        Err(GatewayError::SlowDown) => "slow_down",
        Err(GatewayError::Duplicate(_)) => "duplicate",
        Err(GatewayError::Settled(_)) => "settled",
        Err(GatewayError::Rejected { .. }) => "rejected",
        Err(GatewayError::Misconfigured { .. }) => "misconfigured",
    }
}
