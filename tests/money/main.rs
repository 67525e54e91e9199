//! Money through the whole product: simulated router, agent, relay and simulated gateway over real sockets, everything
//! that can become of a payment, and everything that can go wrong on its way. `audit` judges each test at its end.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod audit;
mod backups;
mod dice;
mod doubts;
mod drill;
mod endings;
mod loops;
mod proxy;
mod purposes;
mod storms;
mod system;
mod uplink;

#[path = "../support/relay_host.rs"]
mod relay_host;
#[path = "../support/site.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod site;
