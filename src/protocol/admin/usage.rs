//! Usage of one user.

use serde::{Deserialize, Serialize};

use super::page::given;
use super::values::{Instant, Megabytes, one_of};

/// Length of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UsageStep {
    /// An hour.
    #[default]
    Hour,
    /// A local day.
    Day,
}

impl UsageStep {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

impl Serialize for UsageStep {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for UsageStep {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match String::deserialize(d)?.as_str() {
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            _ => Err(serde::de::Error::custom(one_of(["hour", "day"]))),
        }
    }
}

/// `GET /users/{id}/usage`; the last 24 hours by default.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UsageQuery {
    /// From this instant on.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub from: Option<Instant>,
    /// Until this instant.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub to: Option<Instant>,
    /// Length of one row.
    pub step: UsageStep,
}

/// Usage of one device in one hour or local day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct UsageRowView {
    /// When the hour or day begins.
    pub start: Instant,
    /// The device.
    pub mac: String,
    /// What it used.
    pub bytes: u64,
    /// The same in MB.
    pub mb: Megabytes,
    /// The part beyond the limit that should have stopped the user.
    pub unenforced_bytes: u64,
}

/// A restart of a counter, with what both rows counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct RestartView {
    pub at: Instant,
    pub mac: String,
    pub old_row: String,
    pub old_bytes: u64,
    pub new_row: String,
    pub new_bytes: u64,
    pub uptime_s: u64,
}

/// Usage of a user by device and hour or day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Usage"))]
pub struct UsageView {
    /// The start of the first row.
    pub from: Instant,
    /// The end of the last row.
    pub to: Instant,
    /// Length of one row.
    pub step: UsageStep,
    /// The sum of the rows.
    pub total_bytes: u64,
    /// The same in MB.
    pub total_mb: Megabytes,
    /// The rows.
    pub items: Vec<UsageRowView>,
    /// Every restart of a counter in the span.
    pub restarts: Vec<RestartView>,
}
