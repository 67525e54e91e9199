//! A customer's usage by day, by hour on demand, and by device.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use crate::agent::console::texts::people::People;
use crate::agent::engine::{Engine, Snapshot};
use crate::agent::reports::user_usage::{Sums, daily, hourly, restarts};
use crate::domain::id::Mac;
use crate::domain::units::{Bytes, Timestamp};
use crate::protocol::admin::page::given;
use crate::protocol::admin::values::{Day, DeviceMac};
use crate::ui::Locale;
use crate::ui::chart::{Bar, Plot, Unit};
use crate::web::Problem;

/// Days of the plot.
const DAYS: i64 = 14;
/// Hours of a day's plot with a label.
const LABEL_EVERY: usize = 6;
const HOUR_MS: usize = 3_600_000;
/// Counter restarts that are listed: the latest.
const RESTARTS_MAX: usize = 20;

/// Which part of the usage is looked at.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UsageQuery {
    /// One day, by the hour.
    #[serde(deserialize_with = "given")]
    hari: Option<Day>,
    /// One device.
    #[serde(deserialize_with = "given")]
    perangkat: Option<DeviceMac>,
}

/// Usage for its template.
pub(crate) struct Usage {
    pub title: String,
    pub svg: String,
    pub total: String,
    /// Devices with their sums.
    pub devices: Vec<(String, String)>,
    pub restarts: Vec<RestartRow>,
    /// The day and device that are looked at, for the form.
    pub day: String,
    pub device: String,
}

/// A counter restart.
pub(crate) struct RestartRow {
    pub at: String,
    pub mac: String,
    pub old: String,
    pub new: String,
    pub uptime: String,
}

pub(crate) fn of(
    engine: &Engine,
    locale: &Locale,
    snapshot: &Snapshot,
    wanted: &UsageQuery,
) -> Result<Usage, Problem> {
    let words = People::of(locale.language);
    let today = engine.read_view().facts.local.date;
    let zone = engine.read_view().zone;
    let user_no = snapshot.user.no;
    let day = wanted.hari.as_ref().map(|day| day.0);
    let first = day.unwrap_or_else(|| today.saturating_sub((DAYS - 1).days()));
    let last = day.unwrap_or(today);
    let bounds = (zone.day_start(first), zone.day_start(last.saturating_add(1.day())));
    let mut sums = Sums::new();
    match day {
        Some(_) => hourly(engine, user_no, bounds, &mut sums)?,
        None => daily(engine, user_no, bounds, &mut sums)?,
    };
    let device = wanted.perangkat.as_ref().map(|mac| mac.0);
    let slots = match day {
        Some(_) => hours(locale, bounds),
        None => days(locale, first, last),
    };
    let (bars, total) = drawn(&slots, &sums, device);
    let title = day.map_or_else(|| words.last_days.to_owned(), |day| locale.day(day));
    Ok(Usage {
        svg: Plot { title: &title, unit: Unit::Bytes, bars: &bars, has_table: false }.draw(locale),
        total: locale.quota(total),
        devices: by_device(locale, snapshot, &sums),
        restarts: restart_rows(engine, locale, user_no, bounds)?,
        day: day.map(|day| day.to_string()).unwrap_or_default(),
        device: device.map(|mac| mac.to_string()).unwrap_or_default(),
        title,
    })
}

/// A bar's place: when it begins, its label and its name.
type Slot = (Timestamp, String, String);

fn days(locale: &Locale, first: Date, last: Date) -> Vec<Slot> {
    let dates = first.series(1.day()).take_while(|date| *date <= last);
    dates.map(|date| (locale.zone.day_start(date), date.day().to_string(), locale.day(date))).collect()
}

fn hours(locale: &Locale, (from, to): (Timestamp, Timestamp)) -> Vec<Slot> {
    let starts = (from.0..to.0).step_by(HOUR_MS).map(Timestamp).enumerate();
    let slot = |(n, at): (usize, Timestamp)| {
        let time = locale.time(at);
        (at, if n.is_multiple_of(LABEL_EVERY) { time.clone() } else { String::new() }, time)
    };
    starts.map(slot).collect()
}

fn drawn(slots: &[Slot], sums: &Sums, device: Option<Mac>) -> (Vec<Bar>, Bytes) {
    let of = |start: Timestamp| {
        let rows =
            sums.iter().filter(|((at, mac), _)| *at == start && device.is_none_or(|only| only == *mac));
        rows.fold(Bytes::ZERO, |sum, (_, (bytes, _))| sum.plus(*bytes))
    };
    let mut total = Bytes::ZERO;
    let bars = slots.iter().map(|(at, label, name)| {
        let bytes = of(*at);
        total = total.plus(bytes);
        Bar { label: label.clone(), name: name.clone(), value: bytes.0 }
    });
    (bars.collect(), total)
}

/// Devices by what they used, those that are gone too.
fn by_device(locale: &Locale, snapshot: &Snapshot, sums: &Sums) -> Vec<(String, String)> {
    let mut used: BTreeMap<Mac, Bytes> = BTreeMap::new();
    for ((_, mac), (bytes, _)) in sums {
        let sum = used.entry(*mac).or_default();
        *sum = sum.plus(*bytes);
    }
    let label = |mac: Mac| {
        let device = snapshot.devices.iter().find(|(device, _)| device.mac == mac);
        let label = device.map(|(device, _)| device.label.as_str()).filter(|label| !label.is_empty());
        label.map_or_else(|| mac.to_string(), |label| format!("{label} ({mac})"))
    };
    used.into_iter().map(|(mac, bytes)| (label(mac), locale.quota(bytes))).collect()
}

fn restart_rows(
    engine: &Engine,
    locale: &Locale,
    user_no: u32,
    bounds: (Timestamp, Timestamp),
) -> Result<Vec<RestartRow>, Problem> {
    let found = restarts(engine, user_no, bounds)?;
    let row = |(at, mac, restart): (Timestamp, Mac, crate::domain::usage::Restart)| RestartRow {
        at: locale.moment(at),
        mac: mac.to_string(),
        old: locale.quota(Bytes(restart.old_bytes)),
        new: locale.quota(Bytes(restart.new_bytes)),
        uptime: locale.span(std::time::Duration::from_secs(restart.uptime_s)),
    };
    Ok(found.into_iter().rev().take(RESTARTS_MAX).map(row).collect())
}
