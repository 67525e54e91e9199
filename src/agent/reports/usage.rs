//! What was used: by user and local day.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{self, Date};

use super::span::Days;
use crate::agent::engine::Engine;
use crate::clock::Zone;
use crate::domain::units::{Bytes, Timestamp, day_number};
use crate::store::reports::{UsageStep, UserUsage};
use crate::store::{Reader, StoreError, UsageSum};

/// Milliseconds of an hour, the step in which usage is kept.
const HOUR_MS: i64 = 3_600_000;

/// Usage of a span at one moment: what is gathered in memory, and a connection that sees what was on file then.
pub(crate) struct Source {
    pub reader: Reader,
    pub zone: Zone,
    pub days: Days,
    /// The first day that is kept by the hour only.
    open: Date,
    gathered: Vec<UserUsage>,
    /// Tables that were damaged and began again empty: what was in them is missing here.
    pub lost: Vec<String>,
}

/// Usage by local day, and of those who used most by their keys.
pub(crate) type DaysAndUsers = (BTreeMap<Date, Bytes>, Vec<(u32, Bytes)>);

impl Source {
    /// The present usage of `days`.
    pub fn of(engine: &Engine, days: Days) -> Result<Self, StoreError> {
        // Of one moment: what is gathered here must not be on file there, too.
        let reader = engine.new_reader()?;
        reader.freeze()?;
        let look = engine.read_view();
        let open = look.open_day().map_or(days.from, date);
        let start = hour(look.zone.day_start(days.from.max(open)));
        let gathered = look.gathered_of_all(start, hour(look.zone.day_start(days.after())));
        let lost =
            reader.statistics_lost()?.into_iter().filter(|table| table.starts_with("usage_")).collect();
        Ok(Self { reader, zone: look.zone.clone(), days, open, gathered, lost })
    }

    /// Days on file, by number.
    fn ended(&self) -> (i64, i64) {
        (day_number(self.days.from), day_number(self.open.min(self.days.after())))
    }

    /// Hours on file of the days that have not ended, by number.
    fn running(&self) -> (i64, i64) {
        let start = self.zone.day_start(self.days.from.max(self.open));
        (hour(start), hour(self.zone.day_start(self.days.after())))
    }

    fn date_of(&self, hour: i64) -> Date {
        self.zone.local(Timestamp(hour * HOUR_MS)).date
    }

    /// Visits one sum for each day and user, by day and by the order in which users were entered.
    pub fn each_sum<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(Date, u32, UsageSum) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, to) = self.ended();
        self.reader.each_usage(UsageStep::Day, from, to, |day, user, sum| visit(date(day), user, sum))?;
        let mut day = self.days.from.max(self.open);
        while day <= self.days.to {
            for (user, sum) in self.of_running(day)? {
                visit(day, user, sum)?;
            }
            let next = day.saturating_add(1.day());
            if next == day {
                break;
            }
            day = next;
        }
        Ok(())
    }

    /// Sums of a day that has not ended, by user: what is on file by the hour, and what is gathered.
    fn of_running(&self, day: Date) -> Result<BTreeMap<u32, UsageSum>, StoreError> {
        let mut sums: BTreeMap<u32, UsageSum> = BTreeMap::new();
        let mut add = |user: u32, more: UsageSum| {
            let sum = sums.entry(user).or_default();
            *sum = sum.plus(more);
        };
        let hours = [day, day.saturating_add(1.day())].map(|day| hour(self.zone.day_start(day)));
        self.reader.each_usage(UsageStep::Hour, hours[0], hours[1], |_, user, sum| {
            add(user, sum);
            Ok::<_, StoreError>(())
        })?;
        let gathered = self.gathered.iter().filter(|usage| (hours[0]..hours[1]).contains(&usage.hour));
        gathered.for_each(|usage| add(usage.user_no, usage.sum));
        Ok(sums)
    }

    /// Everybody's usage together by local day; days without any are left out.
    pub fn by_day(&self) -> Result<BTreeMap<Date, Bytes>, StoreError> {
        let (from, to) = self.ended();
        let days = self.reader.usage_by_day(from, to)?;
        let (from, to) = self.running();
        let mut hours = Vec::new();
        for hour in from..to {
            let bytes = self.reader.usage_of_hour(hour)?;
            if !bytes.is_zero() {
                hours.push((hour, bytes));
            }
        }
        let gathered = self.gathered.iter().map(|usage| (usage.hour, usage.sum.bytes));
        let hours = hours.into_iter().chain(gathered).map(|(hour, bytes)| (self.date_of(hour), bytes));
        let mut sums = BTreeMap::new();
        for (day, bytes) in days.into_iter().map(|(day, bytes)| (date(day), bytes)).chain(hours) {
            let sum: &mut Bytes = sums.entry(day).or_default();
            *sum = sum.plus(bytes);
        }
        Ok(sums)
    }

    /// The same, and who used most of it: keys and bytes.
    pub fn by_day_and_user(&self, users_max: usize) -> Result<DaysAndUsers, StoreError> {
        let by_day = self.by_day()?;
        let (from, to) = self.ended();
        let mut by_user = self.reader.usage_by_user(from, to)?;
        let mut add = |user: u32, bytes: Bytes| {
            let sum = by_user.entry(user).or_default();
            *sum = sum.plus(bytes);
        };
        let (from, to) = self.running();
        self.reader.each_usage(UsageStep::Hour, from, to, |_, user, sum| {
            add(user, sum.bytes);
            Ok::<_, StoreError>(())
        })?;
        self.gathered.iter().for_each(|usage| add(usage.user_no, usage.sum.bytes));
        let mut users: Vec<_> = by_user.into_iter().filter(|(_, bytes)| !bytes.is_zero()).collect();
        users.sort_unstable_by_key(|(user, bytes)| (std::cmp::Reverse(*bytes), *user));
        users.truncate(users_max);
        Ok((by_day, users))
    }
}

fn hour(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

/// The day with that number.
fn date(day: i64) -> Date {
    civil::date(1970, 1, 1).saturating_add(day.days())
}
