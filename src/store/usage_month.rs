//! Months of the site's zone, by which the usage of users is summed.

use jiff::ToSpan;
use jiff::civil::{self, Date};

use crate::domain::units::day_number;

/// A month, with the days that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageMonth {
    /// Months since the year 0.
    pub month: i64,
    /// Its first day, in days since 1970-01-01.
    pub first_day: i64,
    /// The first day of the next month.
    pub next_day: i64,
}

impl UsageMonth {
    /// The month of a day, in days since 1970-01-01.
    pub fn of(day: i64) -> Self {
        let date: Date = civil::date(1970, 1, 1).saturating_add(day.days());
        let first = date.first_of_month();
        Self {
            month: 12 * i64::from(date.year()) + i64::from(date.month()) - 1,
            first_day: day_number(first),
            next_day: day_number(first.saturating_add(1.month())),
        }
    }
}

/// A span of days in whole months, and the days around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Months {
    /// From the first whole month to the one after the last; empty for none.
    pub months: std::ops::Range<i64>,
    /// The days before and after the whole months.
    pub days: [std::ops::Range<i64>; 2],
}

impl Months {
    /// Splits the days `from..to`.
    pub fn of(from: i64, to: i64) -> Self {
        let (first, last) = (UsageMonth::of(from), UsageMonth::of(to));
        let begin = if first.first_day == from { first } else { UsageMonth::of(first.next_day) };
        if from >= to || begin.first_day >= last.first_day {
            let none = begin.month..begin.month;
            return Self { months: none, days: [from..to.max(from), to..to] };
        }
        Self { months: begin.month..last.month, days: [from..begin.first_day, last.first_day..to] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i64 {
        day_number(text.parse().unwrap())
    }

    #[test]
    fn a_month_has_its_days() {
        let february = UsageMonth::of(day("2028-02-17"));
        assert_eq!(february.month, 12 * 2028 + 1);
        assert_eq!((february.first_day, february.next_day), (day("2028-02-01"), day("2028-03-01")));
    }

    #[test]
    fn every_day_of_a_span_is_in_a_whole_month_or_beside_the_months() {
        for (from, to, months) in [
            ("2026-01-01", "2027-01-01", 12),
            ("2026-01-02", "2027-01-01", 11),
            ("2026-01-01", "2026-12-31", 11),
            ("2026-01-15", "2026-02-15", 0),
            ("2026-01-15", "2026-03-15", 1),
            ("2026-01-15", "2026-01-15", 0),
            ("2026-02-01", "2026-02-28", 0),
            ("2026-02-01", "2026-03-01", 1),
            ("2025-11-15", "2026-11-10", 11),
        ] {
            let split = Months::of(day(from), day(to));
            assert_eq!(split.months.clone().count(), months, "{from} {to}");
            let mut days: Vec<i64> = split.days.iter().cloned().flatten().collect();
            days.extend(
                (day(from)..day(to)).filter(|day| split.months.contains(&UsageMonth::of(*day).month)),
            );
            days.sort_unstable();
            assert_eq!(days, (day(from)..day(to)).collect::<Vec<_>>(), "{from} {to}");
        }
    }
}
