//! What was used: by user and local day.

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan;
use jiff::civil::{self, Date};
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::super::desk::Desk;
use super::{Days, Table};
use crate::agent::engine::Engine;
use crate::clock::Zone;
use crate::domain::id::UserId;
use crate::domain::units::{Bytes, Timestamp, day_number};
use crate::store::reports::{UsageStep, UserUsage};
use crate::store::{Reader, StoreError};
use crate::web::Problem;

/// Milliseconds of an hour, the step in which usage is kept.
const HOUR_MS: i64 = 3_600_000;

/// Usage of a span.
#[derive(Serialize)]
pub(super) struct Usage {
    from: String,
    to: String,
    items: Vec<Row>,
    totals: Totals,
}

#[derive(Serialize)]
struct Row {
    day: String,
    user_id: UserId,
    name: String,
    bytes: u64,
    mb: String,
    /// The part beyond the limit that should have stopped the user.
    unenforced_bytes: u64,
}

#[derive(Serialize)]
struct Totals {
    bytes: u64,
    mb: String,
    unenforced_bytes: u64,
}

/// One sum for each day and user: the user's name, all bytes, and those beyond the limit.
type Sums = BTreeMap<(Date, UserId), (String, Bytes, Bytes)>;

/// Usage of a span at one moment: what is gathered in memory, and a connection that sees what was on file then.
pub(in crate::agent::admin) struct Source {
    pub reader: Reader,
    pub zone: Zone,
    days: Days,
    /// The first day that is kept by the hour only.
    open: Date,
    gathered: Vec<UserUsage>,
}

/// Usage by local day, and of those who used most by their keys.
pub(in crate::agent::admin) type DaysAndUsers = (BTreeMap<Date, Bytes>, Vec<(u32, Bytes)>);

impl Source {
    /// The usage of `days` as it is now.
    pub fn of(engine: &Engine, days: Days) -> Result<Self, StoreError> {
        // Of one moment: what is gathered here must not be on file there, too.
        let reader = engine.new_reader()?;
        reader.freeze()?;
        let look = engine.look();
        let open = look.open_day().map_or(days.from, date);
        let start = hour(look.zone.day_start(days.from.max(open)));
        let gathered = look.gathered_of_all(start, hour(look.zone.day_start(days.after())));
        Ok(Self { reader, zone: look.zone.clone(), days, open, gathered })
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

    fn sums(self) -> Result<Sums, StoreError> {
        let mut sums = Sums::new();
        let (from, to) = self.ended();
        add(&mut sums, self.reader.usage_of_days(from, to)?, date);
        let (from, to) = self.running();
        let mut hours = self.reader.usage_of_hours(from, to)?;
        hours.extend(self.gathered.iter().cloned());
        add(&mut sums, hours, |hour| self.date_of(hour));
        Ok(sums)
    }

    /// Everybody's usage together by local day; days without any are left out.
    pub fn by_day(&self) -> Result<BTreeMap<Date, Bytes>, StoreError> {
        let (from, to) = self.ended();
        let days = self.reader.usage_sums(UsageStep::Day, from, to)?;
        let (from, to) = self.running();
        let hours = self.reader.usage_sums(UsageStep::Hour, from, to)?;
        let gathered = self.gathered.iter().map(|usage| (usage.slot, usage.bytes));
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
        let mut by_slot: BTreeMap<(bool, i64), Bytes> = BTreeMap::new();
        let mut by_user: HashMap<u32, Bytes> = HashMap::new();
        let mut add = |is_hour: bool, slot: i64, user: u32, bytes: Bytes| {
            let sum = by_slot.entry((is_hour, slot)).or_default();
            *sum = sum.plus(bytes);
            let sum = by_user.entry(user).or_default();
            *sum = sum.plus(bytes);
        };
        let (from, to) = self.ended();
        self.reader
            .each_usage(UsageStep::Day, from, to, |slot, user, bytes| add(false, slot, user, bytes))?;
        let (from, to) = self.running();
        self.reader
            .each_usage(UsageStep::Hour, from, to, |slot, user, bytes| add(true, slot, user, bytes))?;
        self.gathered.iter().for_each(|usage| add(true, usage.slot, usage.user_no, usage.bytes));
        let mut by_day: BTreeMap<Date, Bytes> = BTreeMap::new();
        for ((is_hour, slot), bytes) in by_slot {
            let sum = by_day.entry(if is_hour { self.date_of(slot) } else { date(slot) }).or_default();
            *sum = sum.plus(bytes);
        }
        let mut users: Vec<_> = by_user.into_iter().filter(|(_, bytes)| !bytes.is_zero()).collect();
        users.sort_unstable_by_key(|(user, bytes)| (std::cmp::Reverse(*bytes), *user));
        users.truncate(users_max);
        Ok((by_day, users))
    }
}

pub(super) async fn report(desk: &Desk, days: Days) -> Result<Usage, Problem> {
    let source = desk.look(move |engine| Ok(Source::of(engine, days)?)).await?;
    let work = spawn_blocking(move || source.sums());
    let sums = work.await.map_err(|_| Problem::internal())??;
    let (bytes, unenforced) =
        sums.values().fold((Bytes::ZERO, Bytes::ZERO), |(all, over), (_, bytes, more)| {
            (all.plus(*bytes), over.plus(*more))
        });
    Ok(Usage {
        from: days.from.to_string(),
        to: days.to.to_string(),
        items: sums.into_iter().map(row).collect(),
        totals: Totals { bytes: bytes.0, mb: bytes.to_mb_string(), unenforced_bytes: unenforced.0 },
    })
}

fn hour(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

/// The day with that number.
fn date(day: i64) -> Date {
    civil::date(1970, 1, 1).saturating_add(day.days())
}

fn add(sums: &mut Sums, rows: Vec<UserUsage>, day: impl Fn(i64) -> Date) {
    for row in rows {
        let sum = sums.entry((day(row.slot), row.user)).or_default();
        sum.0 = row.name;
        sum.1 = sum.1.plus(row.bytes);
        sum.2 = sum.2.plus(row.unenforced);
    }
}

fn row(((day, user_id), (name, bytes, unenforced)): ((Date, UserId), (String, Bytes, Bytes))) -> Row {
    let (day, mb) = (day.to_string(), bytes.to_mb_string());
    Row { day, user_id, name, bytes: bytes.0, mb, unenforced_bytes: unenforced.0 }
}

impl Table for Usage {
    const NAME: &'static str = "usage";
    const COLUMNS: &'static [&'static str] = &["day", "user_id", "name", "bytes", "mb", "unenforced_bytes"];

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |row: &Row| {
            vec![
                row.day.clone(),
                row.user_id.to_string(),
                row.name.clone(),
                row.bytes.to_string(),
                row.mb.clone(),
                row.unenforced_bytes.to_string(),
            ]
        };
        let totals = &self.totals;
        let total = vec![
            "total".to_owned(),
            String::new(),
            String::new(),
            totals.bytes.to_string(),
            totals.mb.clone(),
            totals.unenforced_bytes.to_string(),
        ];
        self.items.iter().map(row).chain([total]).collect()
    }
}
