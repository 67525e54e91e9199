//! Accounts, counters and hourly usage: what every commit of readings writes, as one narrow row for each device.
//!
//! A user's rows in `accounts_base`, `counters_base` and `usage_hours_base` are written in full when anything but traffic
//! happened to the account, and for everybody when the hour changes. In between a row of `meters` says what a device
//! moved since. The views `accounts`, `counters` and `usage_hours` add both, so readers see one value. Whether a change
//! is traffic alone is decided by comparing its values with those on file: no caller can get it wrong.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params, params_from_iter};

use super::error::StoreError;
use super::record::{DeviceRecord, UsageKey, UsageSum, UserRecord};
use super::rows::counter;
use super::write::{Batch, Writer, int};
use crate::domain::usage::Counter;

/// The key in `meta` of the hour to which all meters belong.
const HOUR_KEY: &str = "meters_hour";
/// A device that moved more than 256 TiB within an hour is written in full, so that no sum of a view overflows.
const MOVED_MAX: i64 = 1 << 48;

/// Adds meters to the rows in full, and deletes them. Each row of a counter or an account that stays the same is left
/// alone, so that its page need not be written.
const FOLD: [&str; 4] = [
    "INSERT INTO usage_hours_base (hour, user_no, device_no, bytes, unenforced_bytes)
     SELECT (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'meters_hour'), user_no, device_no, moved_bytes,
       unenforced_bytes
     FROM meters WHERE moved_bytes > 0 AND {of}
     ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes,
       unenforced_bytes = unenforced_bytes + excluded.unenforced_bytes",
    "UPDATE counters_base SET bytes = bytes + (m.moved_bytes + m.offset_bytes) FROM meters m
     WHERE counters_base.device_no = m.device_no AND m.moved_bytes + m.offset_bytes <> 0 AND {of}",
    "UPDATE accounts_base SET debits_bytes = debits_bytes + debited, open_bytes = open_bytes + debited,
       used_bytes = used_bytes + debited
     FROM (SELECT user_no, sum(moved_bytes - undebited_bytes) AS debited FROM meters WHERE {of} GROUP BY user_no) m
     WHERE accounts_base.user_no = m.user_no AND debited > 0",
    "DELETE FROM meters WHERE {of}",
];

/// What a batch changes of one user.
#[derive(Debug, Default)]
struct UserTraffic<'a> {
    /// The account, if its sums changed.
    account: Option<&'a UserRecord>,
    usage: Vec<(&'a UsageKey, &'a UsageSum)>,
    /// Devices whose baselines moved.
    counters: Vec<&'a DeviceRecord>,
}

/// A row of `meters`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Meter {
    moved: i64,
    unenforced: i64,
    undebited: i64,
    offset: i64,
}

impl Meter {
    /// With more usage, while the counter stays where it is; `None` if that is too much for a narrow row.
    fn with(self, sum: UsageSum) -> Option<Self> {
        let more = i64::try_from(sum.bytes.0).ok().filter(|more| *more <= MOVED_MAX)?;
        let moved = self.moved.checked_add(more).filter(|moved| *moved <= MOVED_MAX)?;
        let unenforced = self.unenforced.checked_add(i64::try_from(sum.unenforced.0).ok()?)?;
        Some(Self { moved, unenforced, offset: self.offset.checked_sub(more)?, ..self })
    }
}

/// A user's sums as `accounts` shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sums {
    credits: i64,
    debits: i64,
    open: i64,
    used: i64,
    fup_base: i64,
}

impl Sums {
    fn of(user: &UserRecord) -> Self {
        let a = &user.account;
        Self {
            credits: int(a.balance.credits.0),
            debits: int(a.balance.debits.0),
            open: int(a.open_usage.0),
            used: int(a.used.0),
            fup_base: int(a.fup_base.0),
        }
    }

    /// What was debited since `before`, if nothing else happened.
    fn debited_since(&self, before: &Self) -> Option<i64> {
        let debited = self.debits.checked_sub(before.debits)?;
        let add = |sum: i64| sum.checked_add(debited);
        let only_traffic = self.credits == before.credits
            && self.fup_base == before.fup_base
            && Some(self.open) == add(before.open)
            && Some(self.used) == add(before.used);
        only_traffic.then_some(debited)
    }
}

fn by_user<'a>(batch: &Batch<'a>) -> BTreeMap<u32, UserTraffic<'a>> {
    let mut users: BTreeMap<u32, UserTraffic> = BTreeMap::new();
    for user in &batch.accounts {
        users.entry(user.no).or_default().account = Some(user);
    }
    for (key, sum) in &batch.usage {
        users.entry(key.user_no).or_default().usage.push((key, sum));
    }
    for device in &batch.counters {
        users.entry(device.user_no).or_default().counters.push(device);
    }
    users
}

impl Writer<'_> {
    /// Writes accounts, baselines and usage of a batch. Rows that are gone must be deleted before.
    pub(super) fn traffic(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let hour = self.meters_hour()?;
        let is_within_hour = batch.usage.iter().all(|(key, _)| Some(key.hour) == hour);
        if !is_within_hour {
            self.fold(None)?;
        }
        for (user_no, traffic) in by_user(batch) {
            if is_within_hour {
                let meters = self.meters_of(user_no)?;
                if self.meter(user_no, &traffic, &meters)? {
                    continue;
                }
                if !meters.is_empty() {
                    self.fold(Some(user_no))?;
                }
            }
            self.write_in_full(&traffic)?;
        }
        match batch.usage.iter().map(|(key, _)| key.hour).max() {
            Some(last) if hour != Some(last) => self.value(HOUR_KEY, &last.to_string()),
            _ => Ok(()),
        }
    }

    fn meters_hour(&self) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?1";
        Ok(self.tx.prepare_cached(sql)?.query_row([HOUR_KEY], |row| row.get(0)).optional()?)
    }

    /// Writes narrow rows for a user to whom nothing but traffic happened; false if they cannot say it.
    fn meter(
        &mut self,
        user_no: u32,
        traffic: &UserTraffic,
        written: &BTreeMap<u32, Meter>,
    ) -> Result<bool, StoreError> {
        let Some(undebited) = self.undebited(user_no, traffic, written)? else { return Ok(false) };
        let mut meters = written.clone();
        for (key, sum) in &traffic.usage {
            let meter = meters.entry(key.device_no).or_default();
            let Some(moved) = meter.with(**sum) else { return Ok(false) };
            *meter = moved;
        }
        if let Some((key, _)) = traffic.usage.first() {
            meters.entry(key.device_no).or_default().undebited += undebited;
        }
        let mut counters = Vec::new();
        for device in &traffic.counters {
            let meter = meters.entry(device.no).or_default();
            if let Some(offset) = self.offset(device, meter)? {
                meter.offset = offset;
            } else {
                meter.offset = -meter.moved;
                counters.push(device);
            }
        }
        for device in counters {
            self.counters(device)?;
        }
        for (device_no, meter) in &meters {
            let before = written.get(device_no).copied().unwrap_or_default();
            if *meter != before {
                self.write_meter((user_no, *device_no), before, *meter)?;
            }
        }
        Ok(true)
    }

    /// The part of the batch's usage that is not debited; `None` if anything but traffic happened to the account.
    fn undebited(
        &self,
        user_no: u32,
        traffic: &UserTraffic,
        meters: &BTreeMap<u32, Meter>,
    ) -> Result<Option<i64>, StoreError> {
        let moved = traffic
            .usage
            .iter()
            .try_fold(0_i64, |moved, (_, sum)| moved.checked_add(i64::try_from(sum.bytes.0).ok()?));
        let debited = match traffic.account {
            None => Some(0),
            Some(user) => {
                let before = self.sums_of(user_no, meters)?;
                before.and_then(|before| Sums::of(user).debited_since(&before))
            }
        };
        Ok(moved.zip(debited).filter(|(moved, debited)| (0..=*moved).contains(debited)).map(|(m, d)| m - d))
    }

    /// A user's sums on file, with its meters.
    fn sums_of(&self, user_no: u32, meters: &BTreeMap<u32, Meter>) -> Result<Option<Sums>, StoreError> {
        let debited: i64 = meters.values().map(|meter| meter.moved - meter.undebited).sum();
        let sql = "SELECT credits_bytes, debits_bytes, open_bytes, used_bytes, tank_bytes FROM accounts_base
                   WHERE user_no = ?1";
        let read = |row: &Row| {
            Ok(Sums {
                credits: row.get(0)?,
                debits: row.get::<_, i64>(1)? + debited,
                open: row.get::<_, i64>(2)? + debited,
                used: row.get::<_, i64>(3)? + debited,
                fup_base: row.get(4)?,
            })
        };
        Ok(self.tx.prepare_cached(sql)?.query_row([user_no], read).optional()?)
    }

    /// What leads from the counter on file and the bytes moved to the device's counter; `None` unless it has one counter
    /// only, of which nothing but its bytes matters.
    fn offset(&self, device: &DeviceRecord, meter: &Meter) -> Result<Option<i64>, StoreError> {
        let [now] = device.counters.as_slice() else { return Ok(None) };
        let written = self.written_counters(device.no)?;
        let [base] = written.as_slice() else { return Ok(None) };
        if !now.has_start_of(base) {
            return Ok(None);
        }
        let offset = i64::try_from(now.bytes).ok().and_then(|bytes| bytes.checked_sub(int(base.bytes)));
        Ok(offset.and_then(|counted| counted.checked_sub(meter.moved)))
    }

    fn written_counters(&self, device_no: u32) -> Result<Vec<Counter>, StoreError> {
        let mut statement = self.tx.prepare_cached("SELECT * FROM counters_base WHERE device_no = ?1")?;
        let mut rows = statement.query([device_no])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(counter(row)?);
        }
        Ok(out)
    }

    fn meters_of(&self, user_no: u32) -> Result<BTreeMap<u32, Meter>, StoreError> {
        let sql = "SELECT device_no, moved_bytes, unenforced_bytes, undebited_bytes, offset_bytes FROM meters
                   WHERE user_no = ?1";
        let mut statement = self.tx.prepare_cached(sql)?;
        let read = |row: &Row| {
            let meter = Meter {
                moved: row.get(1)?,
                unenforced: row.get(2)?,
                undebited: row.get(3)?,
                offset: row.get(4)?,
            };
            Ok((row.get(0)?, meter))
        };
        Ok(statement.query_map([user_no], read)?.collect::<Result<_, rusqlite::Error>>()?)
    }

    fn write_meter(
        &mut self,
        (user_no, device_no): (u32, u32),
        before: Meter,
        now: Meter,
    ) -> Result<(), StoreError> {
        if before.moved == 0 && now.moved > 0 {
            // The view adds to a row of the hour.
            self.run(
                "INSERT INTO usage_hours_base (hour, user_no, device_no, bytes, unenforced_bytes)
                 SELECT CAST(value AS INTEGER), ?2, ?3, 0, 0 FROM meta WHERE key = ?1 ON CONFLICT DO NOTHING",
                params![HOUR_KEY, user_no, device_no],
            )?;
        }
        self.run(
            "INSERT INTO meters (user_no, device_no, moved_bytes, unenforced_bytes, undebited_bytes, offset_bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET moved_bytes = ?3, unenforced_bytes = ?4, undebited_bytes = ?5, offset_bytes = ?6",
            params![user_no, device_no, now.moved, now.unenforced, now.undebited, now.offset],
        )
    }

    /// Writes the values of a batch into the rows without meters.
    fn write_in_full(&mut self, traffic: &UserTraffic) -> Result<(), StoreError> {
        if let Some(user) = traffic.account {
            self.account(user)?;
        }
        for (key, sum) in &traffic.usage {
            self.run(
                "INSERT INTO usage_hours_base (hour, user_no, device_no, bytes, unenforced_bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET bytes = bytes + ?4, unenforced_bytes = unenforced_bytes + ?5",
                params![key.hour, key.user_no, key.device_no, int(sum.bytes.0), int(sum.unenforced.0)],
            )?;
        }
        for device in &traffic.counters {
            self.counters(device)?;
        }
        Ok(())
    }

    /// Adds the meters of a user, or of everybody, to the rows in full. No value that a view shows changes.
    fn fold(&mut self, user_no: Option<u32>) -> Result<(), StoreError> {
        let of = if user_no.is_some() { "user_no = ?1" } else { "true" };
        for sql in FOLD {
            self.run(&sql.replace("{of}", of), params_from_iter(user_no))?;
        }
        Ok(())
    }

    fn account(&mut self, user: &UserRecord) -> Result<(), StoreError> {
        let sums = Sums::of(user);
        self.run(
            "INSERT INTO accounts_base (user_no, credits_bytes, debits_bytes, open_bytes, used_bytes, tank_bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (user_no) DO UPDATE SET credits_bytes = ?2, debits_bytes = ?3, open_bytes = ?4,
               used_bytes = ?5, tank_bytes = ?6",
            params![user.no, sums.credits, sums.debits, sums.open, sums.used, sums.fup_base],
        )
    }

    fn counters(&mut self, device: &DeviceRecord) -> Result<(), StoreError> {
        for c in &device.counters {
            self.run(
                "INSERT INTO counters_base (device_no, row, started_s, slack_s, uptime_s, bytes, counts)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET started_s = ?3, slack_s = ?4, uptime_s = ?5, bytes = ?6, counts = ?7",
                params![device.no, c.row.0, c.started_s, int(c.slack_s), int(c.uptime_s), int(c.bytes), c.counts],
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "meters_tests.rs"]
pub(super) mod tests;
