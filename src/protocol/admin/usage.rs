//! Usage of one user.

use serde::{Deserialize, Serialize};

use super::page::given;
use super::values::{Instant, one_of};

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
