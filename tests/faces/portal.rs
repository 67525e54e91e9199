//! The customer's portal over real sockets, with the simulated router and a relay that does what it is told: what
//! customers read, how they pay, and what nobody can do.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod doors;
mod guards;
mod notes;
mod own;
mod paying;
mod reading;
mod reconnecting;
mod sent;
mod unwritable;
