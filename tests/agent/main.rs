//! The agent between a simulated router and a relay: enforcement, money, restarts, the cost of a cycle.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adoption;
mod cash_day;
mod copies;
mod cycle_cost;
mod enforcement;
mod leave;
mod online;
mod orphans;
mod passive;
mod restore;
mod soak;

#[path = "../support/process_memory.rs"]
mod process_memory;
#[path = "../support/of_site.rs"]
mod support;
