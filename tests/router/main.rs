//! The router: the client against the simulated router, faults of the link, TLS, and what `doctor` finds.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod doctor;
mod faults;
mod simulated;
mod tls;

#[path = "../support/process_memory.rs"]
mod process_memory;
#[path = "../support/of_site.rs"]
mod support;
