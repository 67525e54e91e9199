//! The contract of the admin API: the request and the answer of every call, as types that both sides read and
//! write.
//!
//! Requests are validated where they are read ([`values`]); the agent executes them.

pub mod admins;
pub mod adoption;
pub mod auth;
pub mod bounded;
pub mod closings;
pub mod debts;
pub mod devices;
pub mod explain;
pub mod hosts;
pub mod leave;
pub mod ledger;
pub mod money;
pub mod orders;
pub mod orphans;
pub mod packages;
pub mod page;
pub mod quota;
pub mod reports;
pub mod router;
pub mod settings;
pub mod status;
pub mod take_over;
pub mod update;
pub mod usage;
pub mod users;
pub mod values;

use serde::{Deserialize, Serialize};

/// The body of calls to which nothing needs to be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Empty {}

#[cfg(test)]
mod answer_schema_tests;
#[cfg(test)]
mod schema_tests;
