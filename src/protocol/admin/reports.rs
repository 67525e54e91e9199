//! Reports over all users.

use serde::{Deserialize, Serialize};

use super::page::given;
use super::values::{Day, one_of};

/// The format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportFormat {
    /// For programs.
    #[default]
    Json,
    /// For spreadsheets.
    Csv,
}

impl ReportFormat {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

impl Serialize for ReportFormat {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ReportFormat {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match String::deserialize(d)?.as_str() {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            _ => Err(serde::de::Error::custom(one_of(["json", "csv"]))),
        }
    }
}

/// `GET /reports/...`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportQuery {
    /// From this day on.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// To this day, included.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub to: Option<Day>,
    /// The format.
    pub format: ReportFormat,
}
