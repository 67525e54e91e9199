//! A simulated router that speaks the real RouterOS API on TCP, for tests and the demo; and a simulated payment
//! gateway, [`midtrans`].
//!
//! The router shares no code with the client. [`SimRouter`] is the world's handle: devices connect, bytes flow, hands
//! edit rows, faults strike; clients see all of it through the API only. What is simulated follows the harsher
//! reading wherever RouterOS leaves one open.

mod client;
mod clock;
mod command;
mod config;
mod connection_mode;
mod fault;
mod hotspot;
mod listener;
mod menus;
pub mod midtrans;
mod query;
mod router;
mod session;
mod shared;
mod table;
mod tls;
pub mod traffic;
mod value;
mod wire;
mod world;

pub use clock::SimClock;
pub use config::{Rights, SimConfig};
pub use connection_mode::ConnectionMode;
pub use fault::{Fault, FaultId, When};
pub use router::{SimRouter, Stats};
pub use tls::SimTls;
