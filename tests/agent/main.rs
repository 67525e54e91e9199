//! The agent between a simulated router and a relay: enforcement, money, restarts, the cost of a cycle.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cash_day;
mod cycle_cost;
mod enforcement;
mod online;
mod restore;
mod soak;

#[path = "../support/described.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod described;
#[path = "../support/desk.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod desk;
#[path = "../support/relay.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod relay;
#[path = "../support/shop.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod shop;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod support;
