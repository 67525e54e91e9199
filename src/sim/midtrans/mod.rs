//! A simulated Midtrans: Core API, Snap and notifications on the loopback interface, for tests and the demo.
//!
//! It shares no code with the product's own adapter. [`MidtransSim`] is the world's handle: customers pay, banks take
//! back, time passes, faults strike; merchants see all of it through HTTP only. What is simulated follows the Midtrans
//! documentation, and the harsher reading wherever that leaves one open.

mod answer;
mod api;
mod auth;
mod call;
mod dashboard;
mod deliver;
mod dice;
mod fault;
mod gateway;
mod http;
mod idempotency;
mod listener;
mod merchant;
mod method;
mod not_possible;
mod operations;
mod options;
mod outbox;
mod page;
mod qris;
mod request;
mod route;
mod shared;
mod time;
mod transaction;
mod world;

#[cfg(test)]
mod operations_tests;
#[cfg(test)]
mod request_tests;

pub use super::clock::SimClock;
pub use super::connection_mode::ConnectionMode;
pub use call::{LoggedCall, SimOperation};
pub use dashboard::SimPayment;
pub use fault::{GatewayFault, GatewayFaultId, Meddling, Strikes, Trouble};
pub use gateway::MidtransSim;
pub use merchant::SimMerchant;
pub use method::{PayMethod, VaBank};
pub use not_possible::{NotPayable, NotPossible};
pub use options::Options;
pub use outbox::{NotificationAttempt, NotificationStats, Reply};
pub use transaction::{Fraud, RefundEntry, TransactionStatus};
