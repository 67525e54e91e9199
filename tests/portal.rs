//! The customer's portal over real sockets, with the simulated router and a relay that does what it is told: what
//! customers read, how they pay, and what nobody can do.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "admin_api/described.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod described;
#[path = "admin_api/desk.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod desk;
#[path = "portal/doors.rs"]
mod doors;
#[path = "portal/guards.rs"]
mod guards;
#[path = "portal/paying.rs"]
mod paying;
#[path = "portal/reading.rs"]
mod reading;
#[path = "support/relay.rs"]
mod relay;
#[path = "portal/sent.rs"]
mod sent;
#[path = "online/shop.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod shop;
#[path = "portal/unwritable.rs"]
mod unwritable;
#[path = "portal/visitor.rs"]
mod visitor;
