//! Usage by device and hour or day, with every counter that began anew: the answer to "I did not use that much".

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Deserializer, Serialize};

use super::auth::Viewer;
use super::desk::{Answer, Desk, user};
use super::fields::{Instant, one_of};
use crate::agent::engine::Engine;
use crate::clock::rfc3339;
use crate::domain::id::{Mac, UserId};
use crate::domain::units::{Bytes, DAY_MS, Timestamp};
use crate::domain::usage::Restart;
use crate::store::UsageRow;
use crate::web::{Path, Problem, Query, params};

/// Milliseconds of an hour, the step in which usage is kept.
const HOUR_MS: i64 = 3_600_000;
/// The longest span of one answer.
const SPAN_DAYS_MAX: i64 = 92;
/// Counter restarts of one answer.
const RESTARTS_MAX: u32 = 1000;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/users/{id}/usage", get(usage))
}

/// Length of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Hour,
    Day,
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match String::deserialize(d)?.as_str() {
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            _ => Err(serde::de::Error::custom(one_of(["hour", "day"]))),
        }
    }
}

/// `GET /users/{id}/usage`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Span {
    #[serde(deserialize_with = "params::given")]
    from: Option<Instant>,
    #[serde(deserialize_with = "params::given")]
    to: Option<Instant>,
    step: Step,
}

impl Span {
    /// Whole hours since 1970-01-01 UTC that hold the span; the last 24 when nothing is said.
    fn hours(&self, now: Timestamp) -> Result<(i64, i64), Problem> {
        let to = self.to.as_ref().map_or(Timestamp(now.0 + 1), |to| to.0);
        let from = self.from.as_ref().map_or(Timestamp(to.0 - DAY_MS), |from| from.0);
        if from >= to {
            return Err(Problem::invalid("to", "must be later than from"));
        }
        if to.0 - from.0 > SPAN_DAYS_MAX * DAY_MS {
            return Err(Problem::invalid("from", format!("may be at most {SPAN_DAYS_MAX} days before to")));
        }
        Ok((from.0.div_euclid(HOUR_MS), (to.0 - 1).div_euclid(HOUR_MS) + 1))
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
    State(desk): State<Arc<Desk>>,
    _: Viewer,
    Path(id): Path<UserId>,
    Query(span): Query<Span>,
) -> Answer {
    let hours = span.hours(desk.site.clock.now())?;
    let view = desk.look(move |engine| view(engine, id, hours, span.step)).await?;
    Ok(Json(view).into_response())
}

fn view(engine: &Engine, id: UserId, (from, to): (i64, i64), step: Step) -> Result<UsageView, Problem> {
    let user_no = user(engine, id)?.user.no;
    let look = engine.look();
    let (start, end) = (Timestamp(from * HOUR_MS), Timestamp(to * HOUR_MS));
    let mut rows = engine.reader().usage_hours(user_no, from, to)?;
    rows.extend(look.gathered_usage(user_no, from, to));
    let slot = |hour: i64| {
        let at = Timestamp(hour * HOUR_MS);
        match step {
            Step::Hour => at,
            Step::Day => look.zone.day_start(look.zone.local(at).date),
        }
    };
    let sums = sum(&rows, slot);
    let mut restarts = engine.reader().restarts(user_no, start, end, RESTARTS_MAX)?;
    let gathered = look.gathered_restarts(user_no).into_iter();
    restarts.extend(gathered.filter(|(at, ..)| (start..end).contains(at)));
    let total = sums.values().fold(Bytes::ZERO, |sum, (bytes, _)| sum.plus(*bytes));
    Ok(UsageView {
        from: rfc3339(start),
        to: rfc3339(end),
        step: if step == Step::Hour { "hour" } else { "day" },
        total_bytes: total.0,
        total_mb: total.to_mb_string(),
        items: sums.into_iter().map(row_view).collect(),
        restarts: restarts.into_iter().map(restart_view).collect(),
    })
}

type Sums = BTreeMap<(Timestamp, Mac), (Bytes, Bytes)>;

/// One sum for each device and slot: what is committed, and what is gathered since.
fn sum(rows: &[UsageRow], slot: impl Fn(i64) -> Timestamp) -> Sums {
    let mut sums = Sums::new();
    for row in rows {
        let (bytes, unenforced) = sums.entry((slot(row.slot), row.mac)).or_default();
        *bytes = bytes.plus(row.bytes);
        *unenforced = unenforced.plus(row.unenforced);
    }
    sums
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
