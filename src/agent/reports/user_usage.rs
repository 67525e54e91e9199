//! What one user used, by device and hour or local day, and counter restarts.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{self, Date};

use crate::agent::engine::Engine;
use crate::domain::id::Mac;
use crate::domain::units::{Bytes, Timestamp, day_number};
use crate::domain::usage::Restart;
use crate::store::{StoreError, UsageRow};

/// Milliseconds of an hour, the step in which usage is kept.
const HOUR_MS: i64 = 3_600_000;
/// Counter restarts of one answer.
const RESTARTS_MAX: u32 = 1000;

/// Counter restarts in a span, oldest first, those not yet committed too.
pub(crate) fn restarts(
    engine: &Engine,
    user_no: u32,
    (start, end): (Timestamp, Timestamp),
) -> Result<Vec<(Timestamp, Mac, Restart)>, StoreError> {
    let mut restarts = engine.reader().restarts(user_no, start, end, RESTARTS_MAX)?;
    let gathered = engine.read_view().gathered_restarts(user_no).into_iter();
    restarts.extend(gathered.filter(|(at, ..)| (start..end).contains(at)));
    Ok(restarts)
}

/// Sums by hour, and the whole hours that hold the span.
pub(crate) fn hourly(
    engine: &Engine,
    user_no: u32,
    (from, to): (Timestamp, Timestamp),
    sums: &mut Sums,
) -> Result<(Timestamp, Timestamp), StoreError> {
    let (from, to) = (from.0.div_euclid(HOUR_MS), (to.0 - 1).div_euclid(HOUR_MS) + 1);
    add(sums, &hours(engine, user_no, from, to)?, |hour| Timestamp(hour * HOUR_MS));
    Ok((Timestamp(from * HOUR_MS), Timestamp(to * HOUR_MS)))
}

/// Sums by local day, and the whole days that hold the span. Days that ended are kept for good, hours are not.
pub(crate) fn daily(
    engine: &Engine,
    user_no: u32,
    (from, to): (Timestamp, Timestamp),
    sums: &mut Sums,
) -> Result<(Timestamp, Timestamp), StoreError> {
    let look = engine.read_view();
    let zone = look.zone;
    let (first, last) = (zone.local(from).date, zone.local(Timestamp(to.0 - 1)).date);
    let (start, end) = (zone.day_start(first), zone.day_start(last.saturating_add(1.day())));
    let open = look.open_day().map(date);
    let ended = engine.reader().usage_days(
        user_no,
        day_number(first),
        open.map_or(i64::MIN, day_number).min(day_number(last) + 1),
    )?;
    add(sums, &ended, |day| zone.day_start(date(day)));
    let open_from = open.map_or(start, |open| zone.day_start(open.max(first)));
    let rows = hours(engine, user_no, open_from.0.div_euclid(HOUR_MS), end.0.div_euclid(HOUR_MS))?;
    add(sums, &rows, |hour| zone.day_start(zone.local(Timestamp(hour * HOUR_MS)).date));
    Ok((start, end))
}

/// The day with that number.
fn date(day: i64) -> Date {
    civil::date(1970, 1, 1).saturating_add(day.days())
}

/// Hours as committed, and what is gathered since.
fn hours(engine: &Engine, user_no: u32, from: i64, to: i64) -> Result<Vec<UsageRow>, StoreError> {
    let mut rows = engine.reader().usage_hours(user_no, from, to)?;
    rows.extend(engine.read_view().gathered_usage(user_no, from, to));
    Ok(rows)
}

/// One sum for each device and slot: all bytes, and those beyond the limit.
pub(crate) type Sums = BTreeMap<(Timestamp, Mac), (Bytes, Bytes)>;

fn add(sums: &mut Sums, rows: &[UsageRow], start: impl Fn(i64) -> Timestamp) {
    for row in rows {
        let (bytes, unenforced) = sums.entry((start(row.slot), row.mac)).or_default();
        *bytes = bytes.plus(row.bytes);
        *unenforced = unenforced.plus(row.unenforced);
    }
}
