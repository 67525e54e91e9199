//! The days of a report.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::agent::engine::EngineError;

/// The longest span of one report.
const DAYS_MAX: i32 = 366;

/// The days of a report, as far as somebody said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

/// Local days, both inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    pub from: Date,
    pub to: Date,
}

impl Days {
    /// Whether a day is one of them.
    pub fn hold(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// Each of them, the first one first.
    pub fn each(self) -> impl Iterator<Item = Date> {
        self.from.series(1.day()).take_while(move |day| *day <= self.to)
    }

    /// The day after the last.
    pub fn after(self) -> Date {
        self.to.saturating_add(1.day())
    }
}

impl Span {
    /// The span that is asked for; what is left open is filled up to the month.
    pub fn days(&self, today: Date) -> Result<Days, EngineError> {
        let from = self.from.unwrap_or_else(|| self.to.unwrap_or(today).first_of_month());
        let to = self.to.unwrap_or_else(|| today.last_of_month().max(from));
        if from > to {
            return Err(invalid("to", "must not be earlier than from".to_owned()));
        }
        if (to - from).get_days() >= DAYS_MAX {
            return Err(invalid("from", format!("a report is over at most {DAYS_MAX} days")));
        }
        Ok(Days { from, to })
    }

    /// The span, where one was given at all.
    pub fn given(&self, today: Date) -> Result<Option<Days>, EngineError> {
        let days = self.days(today)?;
        Ok((self.from.is_some() || self.to.is_some()).then_some(days))
    }
}

fn invalid(field: &'static str, message: String) -> EngineError {
    EngineError::Invalid { field, message }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::protocol::admin::values::Day;

    #[test]
    fn spans_are_this_month_unless_said_and_bounded() {
        let day = |text: &str| serde_json::from_value::<Day>(text.into()).ok().map(|day| day.0);
        let ask = |from: &str, to: &str| Span { from: day(from), to: day(to) };
        let today = date(2026, 2, 10);
        let days = |from: &str, to: &str| {
            let days = ask(from, to).days(today);
            days.map(|days| (days.from.to_string(), days.to.to_string())).ok()
        };
        let span = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(days("", ""), span("2026-02-01", "2026-02-28"));
        assert_eq!(days("2026-01-15", ""), span("2026-01-15", "2026-02-28"));
        assert_eq!(days("", "2025-12-24"), span("2025-12-01", "2025-12-24"));
        assert_eq!(days("2027-01-01", ""), span("2027-01-01", "2027-01-01"));
        assert_eq!(days("2026-01-01", "2027-01-01"), span("2026-01-01", "2027-01-01"));
        assert_eq!(days("2026-01-01", "2027-01-02"), None);
        assert_eq!(days("2026-01-02", "2026-01-01"), None);
        assert_eq!(ask("", "").given(today).unwrap(), None);
    }
}
