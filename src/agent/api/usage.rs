//! Usage by device and hour or day, with every counter restart: the evidence when a customer disputes usage.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use jiff::ToSpan;
use jiff::civil::{self, Date};
use serde::Serialize;

use crate::agent::engine::Engine;
use crate::agent::http::caller::Viewer;
use crate::agent::http::state::{Answer, AppState, user};
use crate::clock::rfc3339;
use crate::domain::id::{Mac, UserId};
use crate::domain::units::{Bytes, DAY_MS, Timestamp, day_number};
use crate::domain::usage::Restart;
use crate::protocol::admin::usage::{UsageQuery, UsageStep};
use crate::store::UsageRow;
use crate::web::{Path, Problem, Query};

/// Milliseconds of an hour, the step in which usage is kept.
const HOUR_MS: i64 = 3_600_000;
/// The longest span of one answer by the hour.
const HOURLY_DAYS_MAX: i64 = 92;
/// The longest by the day.
const DAILY_DAYS_MAX: i64 = 3660;
/// Counter restarts of one answer.
const RESTARTS_MAX: u32 = 1000;

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/users/{id}/usage", get(usage))
}

impl UsageQuery {
    /// What is asked for, as instants; the last 24 hours when nothing is said.
    fn bounds(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Problem> {
        let to = self.to.as_ref().map_or(Timestamp(now.0 + 1), |to| to.0);
        let from = self.from.as_ref().map_or(Timestamp(to.0 - DAY_MS), |from| from.0);
        let days_max = if self.step == UsageStep::Hour { HOURLY_DAYS_MAX } else { DAILY_DAYS_MAX };
        if from >= to {
            return Err(Problem::invalid("to", "must be later than from"));
        }
        if to.0.saturating_sub(from.0) > days_max * DAY_MS {
            return Err(Problem::invalid("from", format!("may be at most {days_max} days before to")));
        }
        Ok((from, to))
    }
}

/// Usage of one device in one hour or local day.
#[derive(Serialize)]
struct RowView {
    /// When the hour or day begins.
    start: String,
    mac: String,
    bytes: u64,
    mb: String,
    /// The part beyond the limit that should have stopped the user.
    unenforced_bytes: u64,
}

/// A counter that began anew.
#[derive(Serialize)]
struct RestartView {
    at: String,
    mac: String,
    old_row: String,
    old_bytes: u64,
    new_row: String,
    new_bytes: u64,
    uptime_s: u64,
}

#[derive(Serialize)]
struct UsageView {
    from: String,
    to: String,
    step: &'static str,
    total_bytes: u64,
    total_mb: String,
    items: Vec<RowView>,
    restarts: Vec<RestartView>,
}

async fn usage(
    State(app): State<Arc<AppState>>,
    _: Viewer,
    Path(id): Path<UserId>,
    Query(span): Query<UsageQuery>,
) -> Answer {
    let bounds = span.bounds(app.site.clock.now())?;
    let view = app.look(move |engine| view(engine, id, bounds, span.step)).await?;
    Ok(Json(view).into_response())
}

fn view(
    engine: &Engine,
    id: UserId,
    bounds: (Timestamp, Timestamp),
    step: UsageStep,
) -> Result<UsageView, Problem> {
    let user_no = user(engine, id)?.user.no;
    let mut sums = Sums::new();
    let (start, end) = match step {
        UsageStep::Hour => hourly(engine, user_no, bounds, &mut sums)?,
        UsageStep::Day => daily(engine, user_no, bounds, &mut sums)?,
    };
    let restarts = restarts(engine, user_no, (start, end))?;
    let total = sums.values().fold(Bytes::ZERO, |sum, (bytes, _)| sum.plus(*bytes));
    Ok(UsageView {
        from: rfc3339(start),
        to: rfc3339(end),
        step: step.name(),
        total_bytes: total.0,
        total_mb: total.to_mb_string(),
        items: sums.into_iter().map(row_view).collect(),
        restarts: restarts.into_iter().map(restart_view).collect(),
    })
}

/// Counters that began anew in a span, oldest first, those not yet committed too.
pub(crate) fn restarts(
    engine: &Engine,
    user_no: u32,
    (start, end): (Timestamp, Timestamp),
) -> Result<Vec<(Timestamp, Mac, Restart)>, Problem> {
    let mut restarts = engine.reader().restarts(user_no, start, end, RESTARTS_MAX)?;
    let gathered = engine.look().gathered_restarts(user_no).into_iter();
    restarts.extend(gathered.filter(|(at, ..)| (start..end).contains(at)));
    Ok(restarts)
}

/// Sums by hour, and the whole hours that hold the span.
pub(crate) fn hourly(
    engine: &Engine,
    user_no: u32,
    (from, to): (Timestamp, Timestamp),
    sums: &mut Sums,
) -> Result<(Timestamp, Timestamp), Problem> {
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
) -> Result<(Timestamp, Timestamp), Problem> {
    let look = engine.look();
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
fn hours(engine: &Engine, user_no: u32, from: i64, to: i64) -> Result<Vec<UsageRow>, Problem> {
    let mut rows = engine.reader().usage_hours(user_no, from, to)?;
    rows.extend(engine.look().gathered_usage(user_no, from, to));
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

fn row_view(((start, mac), (bytes, unenforced)): ((Timestamp, Mac), (Bytes, Bytes))) -> RowView {
    RowView {
        start: rfc3339(start),
        mac: mac.to_string(),
        bytes: bytes.0,
        mb: bytes.to_mb_string(),
        unenforced_bytes: unenforced.0,
    }
}

fn restart_view((at, mac, restart): (Timestamp, Mac, Restart)) -> RestartView {
    RestartView {
        at: rfc3339(at),
        mac: mac.to_string(),
        old_row: restart.old_row.0,
        old_bytes: restart.old_bytes,
        new_row: restart.new_row.0,
        new_bytes: restart.new_bytes,
        uptime_s: restart.uptime_s,
    }
}
