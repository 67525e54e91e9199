//! One reading of the router's host table.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::usage::HostTable;

/// Milliseconds in an hour, the step of the usage series.
pub(super) const HOUR_MS: i64 = 3_600_000;

/// One complete reading of the host table.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The host table.
    pub hosts: Arc<HostTable>,
    /// When the reading began, in time since boot: one that began before the last counted reading is dropped.
    pub begun: Duration,
}
