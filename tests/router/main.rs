//! The router: the client against the simulated router, faults of the link, TLS, and what `doctor` finds.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod doctor;
mod faults;
mod simulated;
mod tls;

#[path = "../support/relay.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod relay;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod support;
