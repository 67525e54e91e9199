//! The router: what is read from it, which rows it should have, and what is wrong with it.
//!
//! | file | what it is |
//! |---|---|
//! | [`adoption`] | hotspot users that become customers, and back |
//! | [`cycle`] | meter once, plan, enforce once: [`RouterCycle`] |
//! | [`device_names`] | names that devices gave themselves |
//! | [`edit_backoff`] | edits that the router refuses, and when each is sent again |
//! | [`faults`] | what is not as it should be, in words for people |
//! | [`leave`] | customers that become hotspot users, and our rows removed |
//! | [`progress`] | how far a handover is on the router |
//! | `fault_log` | one log line when a fault begins and one when it ends |
//! | [`site_plan`] | what the configuration says about the router's side of the site |

pub mod adoption;
pub mod connect;
pub mod cycle;
pub mod device_names;
pub mod edit_backoff;
mod fault_log;
pub mod faults;
pub mod leave;
mod marker;
pub mod progress;
pub mod site_plan;

pub use cycle::{CycleError, Enforced, RouterCycle};
