//! The programs killed at any instant: nothing acknowledged is lost, nothing is credited twice.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agent;
mod money;

#[path = "../money/audit.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod audit;
#[path = "../money/dice.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod dice;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/program.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod program;
#[path = "../money/proxy.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod proxy;
