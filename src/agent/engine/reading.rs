//! One reading of the router's host table.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::usage::HostTable;

/// Milliseconds in an hour, the step of the usage series.
pub(super) const HOUR_MS: i64 = 3_600_000;

/// One complete reading of the host table.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What was read.
    pub hosts: Arc<HostTable>,
    /// When it was begun, in time since boot: a reading begun before one that was counted is dropped.
    pub begun: Duration,
}
