//! `POST /v1/health`: what an agent reports of itself to the relay about once a minute, without anything about customers
//! but how many there are.
//!
//! Agents and relays of different versions meet: every field may be absent, and fields that are not known are ignored.
//! Texts and numbers have bounds, so that a value that was read is safe to keep and to show.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// The largest report, in bytes of JSON.
pub const REPORT_BYTES_MAX: usize = 4096;
/// The longest text of a report, in characters.
pub const REPORT_TEXT_CHARS_MAX: usize = 64;
/// The largest number of a report: every reader of JSON has it exactly.
pub const REPORT_NUMBER_MAX: u64 = (1 << 53) - 1;

/// What an agent says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealthReport {
    /// The agent's version.
    pub version: Option<ReportText>,
    /// The agent's wall clock, in milliseconds since 1970.
    pub clock_ms: Option<ReportNumber>,
    /// Whether the agent trusts its wall clock.
    pub is_clock_trusted: Option<bool>,
    /// Time since the agent's machine booted.
    pub uptime_s: Option<ReportNumber>,
    /// The state of the link to the router: `ok`, `degraded` or `down`.
    pub router: Option<ReportText>,
    /// The router's version.
    pub router_version: Option<ReportText>,
    /// Time since the router was last read.
    pub cycle_age_s: Option<ReportNumber>,
    /// Whether the agent only looks at the router and changes nothing.
    pub is_dry_run: Option<bool>,
    /// The state of the store: `ok`, or the code of why it cannot be written.
    pub store: Option<ReportText>,
    /// The size of the store's files.
    pub store_bytes: Option<ReportNumber>,
    /// Entries of the ledger.
    pub entries: Option<ReportNumber>,
    /// Time since the newest backup was made.
    pub backup_age_s: Option<ReportNumber>,
    /// How many customers have which access.
    pub users: Option<ReportedUsers>,
    /// What waits to be sent to the relay.
    pub outbox: Option<ReportNumber>,
    /// Payments that wait for the owner's decision.
    pub reviews: Option<ReportNumber>,
}

/// Customers by their access; see [`crate::domain::access::Status`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportedUsers {
    /// Full access.
    pub active: Option<ReportNumber>,
    /// Reduced speed.
    pub fup: Option<ReportNumber>,
    /// Quota used up.
    pub habis: Option<ReportNumber>,
    /// Days are over.
    pub expired: Option<ReportNumber>,
    /// Not approved, or deactivated.
    pub inactive: Option<ReportNumber>,
    /// Blocked for debt or by an admin.
    pub blocked: Option<ReportNumber>,
    /// Full access by an unlimited plan.
    pub unlimited: Option<ReportNumber>,
}

/// The relay's answer to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthAnswer {
    /// The relay's wall clock, in milliseconds since 1970.
    pub now_ms: i64,
    /// By how much the agent's wall clock is ahead of it; not given where the report has no clock.
    #[serde(default)]
    pub clock_ahead_ms: Option<i64>,
}

/// A text of at most [`REPORT_TEXT_CHARS_MAX`] characters without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ReportText(String);

impl ReportText {
    /// As much of a text as a report takes.
    pub fn cut(text: &str) -> Self {
        Self(text.chars().filter(|c| !c.is_control()).take(REPORT_TEXT_CHARS_MAX).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ReportText {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        if text.chars().count() > REPORT_TEXT_CHARS_MAX {
            return Err(D::Error::custom(format!("must have at most {REPORT_TEXT_CHARS_MAX} characters")));
        }
        if text.chars().any(char::is_control) {
            return Err(D::Error::custom("must not have control characters"));
        }
        Ok(Self(text))
    }
}

/// A whole number from 0 to [`REPORT_NUMBER_MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ReportNumber(u64);

impl ReportNumber {
    /// The number, or the largest one that a report takes.
    pub fn capped(number: u64) -> Self {
        Self(number.min(REPORT_NUMBER_MAX))
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for ReportNumber {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(d)?;
        if number > REPORT_NUMBER_MAX {
            return Err(D::Error::custom(format!("must be from 0 to {REPORT_NUMBER_MAX}")));
        }
        Ok(Self(number))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(report: &Value) -> Result<HealthReport, String> {
        serde_json::from_value(report.clone()).map_err(|error| error.to_string())
    }

    /// A report with every field at its bound.
    fn largest() -> HealthReport {
        let text = || Some(ReportText::cut(&"\u{10ffff}".repeat(100)));
        let number = || Some(ReportNumber::capped(u64::MAX));
        HealthReport {
            version: text(),
            clock_ms: number(),
            is_clock_trusted: Some(false),
            uptime_s: number(),
            router: text(),
            router_version: text(),
            cycle_age_s: number(),
            is_dry_run: Some(false),
            store: text(),
            store_bytes: number(),
            entries: number(),
            backup_age_s: number(),
            users: Some(ReportedUsers {
                active: number(),
                fup: number(),
                habis: number(),
                expired: number(),
                inactive: number(),
                blocked: number(),
                unlimited: number(),
            }),
            outbox: number(),
            reviews: number(),
        }
    }

    #[test]
    fn the_largest_report_that_can_be_made_is_taken() {
        let text = serde_json::to_string(&largest()).unwrap();
        assert!(text.len() <= REPORT_BYTES_MAX, "{}", text.len());
        assert_eq!(serde_json::from_str::<HealthReport>(&text).unwrap(), largest());
        let fields = serde_json::to_value(largest()).unwrap();
        let is_there = |fields: &Value| fields.as_object().unwrap().values().all(|value| !value.is_null());
        assert!(is_there(&fields) && is_there(&fields["users"]), "{fields}");
    }

    #[test]
    fn every_field_may_be_absent_and_others_are_ignored() {
        assert_eq!(read(&json!({})).unwrap(), HealthReport::default());
        let fields = serde_json::to_value(largest()).unwrap();
        for name in fields.as_object().unwrap().keys() {
            let mut without = fields.clone();
            without.as_object_mut().unwrap().remove(name);
            let mut null = fields.clone();
            null[name] = Value::Null;
            assert_eq!(read(&without).unwrap(), read(&null).unwrap(), "{name}");
        }
        let later =
            json!({"version": "9", "of_tomorrow": {"a": [1.5]}, "users": {"active": 1, "asleep": -1}});
        let users = ReportedUsers { active: Some(ReportNumber(1)), ..ReportedUsers::default() };
        let version = Some(ReportText("9".to_owned()));
        let expected = HealthReport { version, users: Some(users), ..HealthReport::default() };
        assert_eq!(read(&later).unwrap(), expected);
        let answer: HealthAnswer = serde_json::from_value(json!({"now_ms": 1, "more": 2})).unwrap();
        assert_eq!(answer, HealthAnswer { now_ms: 1, clock_ahead_ms: None });
    }

    #[test]
    fn a_value_beyond_its_bounds_is_refused() {
        let text = |chars: usize| json!({"version": "é".repeat(chars)});
        assert_eq!(read(&text(64)).unwrap().version.unwrap().as_str().chars().count(), 64);
        assert!(read(&text(65)).unwrap_err().contains("64 characters"));
        let number = |number: u64| json!({"entries": number});
        assert_eq!(read(&number(REPORT_NUMBER_MAX)).unwrap().entries.unwrap().get(), (1 << 53) - 1);
        assert!(read(&number(REPORT_NUMBER_MAX + 1)).is_err());
        for bad in [
            json!({"version": "a\u{0}b"}),
            json!({"router": "ok\n"}),
            json!({"version": 1}),
            json!({"clock_ms": -1}),
            json!({"clock_ms": 1.5}),
            json!({"clock_ms": "1"}),
            json!({"is_dry_run": 0}),
            json!({"users": 3}),
            json!({"users": {"fup": [1]}}),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<HealthReport>(r#"{"outbox": 1, "outbox": 2}"#).is_err());
    }

    #[test]
    fn what_a_report_is_made_of_is_cut_to_its_bounds() {
        assert_eq!(ReportText::cut("a\u{0}b\nc").as_str(), "abc");
        assert_eq!(ReportText::cut(&"x".repeat(100)).as_str().len(), 64);
        assert_eq!(ReportNumber::capped(7).get(), 7);
        assert_eq!(ReportNumber::capped(u64::MAX).get(), REPORT_NUMBER_MAX);
    }
}
