//! A simulated Midtrans: Core API, Snap and notifications on the loopback interface, for tests and the demo.
//!
//! It shares no code with the product's own adapter. [`MidtransSim`] is the world's handle: customers pay, banks take
//! back, time passes, faults strike; merchants see all of it through HTTP only. What is simulated follows the Midtrans
//! documentation, and the harsher reading wherever that leaves one open.

mod answer;
mod api;
mod auth;
mod dashboard;
mod deliver;
mod dice;
mod fault;
mod gateway;
mod http;
mod idempotency;
mod listener;
mod method;
mod operations;
mod outbox;
mod page;
mod qris;
mod request;
mod route;
mod time;
mod transaction;
mod world;

#[cfg(test)]
mod operations_tests;
#[cfg(test)]
mod request_tests;

use std::fmt;
use std::time::Duration;

use crate::domain::units::Timestamp;

pub use super::{Clock as SimClock, Connections};
pub use fault::{Fault, FaultId, Meddling, Operation, Trouble, When};
pub use gateway::MidtransSim;
pub use method::{Bank, Method};
pub use outbox::{Attempt, NotificationStats, Reply};
pub use transaction::{Fraud, Refund, Status};

/// Somebody with an account at the gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct Merchant {
    /// As in `merchant_id` of every answer.
    pub merchant_id: String,
    /// What authenticates calls and signs notifications.
    pub server_key: String,
    /// Methods that are not activated: a charge is answered with 402. Named as in `enabled_payments`, by payment
    /// type or by bank.
    pub methods_off: Vec<String>,
}

impl Merchant {
    /// A merchant with every method.
    pub fn new(merchant_id: impl Into<String>, server_key: impl Into<String>) -> Self {
        Self { merchant_id: merchant_id.into(), server_key: server_key.into(), methods_off: Vec::new() }
    }
}

impl fmt::Debug for Merchant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merchant").field("merchant_id", &self.merchant_id).finish_non_exhaustive()
    }
}

/// How the gateway is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who has an account.
    pub merchants: Vec<Merchant>,
    /// What its clock follows.
    pub clock: SimClock,
    /// What a virtual clock shows at the start.
    pub start: Timestamp,
    /// Gaps between attempts at a notification, and between a refund and its confirmation, are this many times
    /// shorter than documented; 1: as documented.
    pub retry_scale: u32,
    /// How long an attempt at a notification waits for its reply, in real time.
    pub notification_timeout: Duration,
    /// How often the job runs that ends what was not paid in time.
    pub expiry_job: Duration,
    /// What everything made up comes from: ids, numbers, chances.
    pub seed: u64,
    /// Charges answer without `qr_string`, as the reference page has it.
    pub without_qr_string: bool,
    /// Errors of the Core API go out as HTTP 200 with the code in the body only.
    pub errors_in_ok: bool,
    /// What the gateway puts on top of every amount for the customer to pay, in rupiah; 0: the feature is off.
    pub imposed_fee_rp: u64,
}

impl Default for Options {
    /// Nobody has an account; real time; gaps a thousand times shorter, so that the first retry comes after 120 ms.
    fn default() -> Self {
        Self {
            merchants: Vec::new(),
            clock: SimClock::Real,
            // 2026-11-22 14:05:00 in Jakarta.
            start: Timestamp(1_795_331_100_000),
            retry_scale: 1000,
            notification_timeout: Duration::from_secs(15),
            expiry_job: Duration::from_mins(1),
            seed: 1,
            without_qr_string: false,
            errors_in_ok: false,
            imposed_fee_rp: 0,
        }
    }
}

/// What a person sees of a payment in the dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The merchant.
    pub merchant_id: String,
    /// Their name for the order.
    pub order_id: String,
    /// The gateway's name for it; `None` for a Snap order without a method.
    pub transaction_id: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// What the gateway thinks of a card payment.
    pub fraud: Fraud,
    /// What the customer pays, in whole rupiah.
    pub amount_rp: u64,
    /// How; `None` for a Snap order without a method.
    pub method: Option<Method>,
    /// Given back so far.
    pub refunds: Vec<Refund>,
    /// What a QR code says.
    pub qr_string: Option<String>,
    /// Number of a virtual account.
    pub va_number: Option<String>,
    /// Number of a Mandiri bill.
    pub bill_key: Option<String>,
    /// The page of a Snap order without a method.
    pub redirect_url: Option<String>,
    /// Where notifications go.
    pub notification_urls: Vec<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends unless paid; of a Snap order without a method, when its page does.
    pub expires_at: Timestamp,
    /// When it was paid.
    pub settled_at: Option<Timestamp>,
}

/// A request that the gateway saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// Path, without a query.
    pub path: String,
    /// What it was for.
    pub operation: Operation,
    /// The order or transaction named, in the path or in the body.
    pub order_id: Option<String>,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// HTTP status of the answer; `None` when it was not answered, or not yet.
    pub status: Option<u16>,
}

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
    MethodOff(Method),
    /// The Snap page expired or another token took its place.
    #[error("the page is closed")]
    PageClosed,
    /// Not where it stands.
    #[error("it is {0}")]
    Status(Status),
    /// More than is left of the payment.
    #[error("so much is not left")]
    Amount,
    /// The method does not allow it.
    #[error("{0} does not allow it")]
    Method(Method),
}

/// Why a customer could not pay.
pub type NotPayable = NotPossible;
