//! Usage by device and hour or day, with every counter restart: the evidence when a customer disputes usage.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use crate::agent::engine::Engine;
use crate::agent::http::caller::Viewer;
use crate::agent::http::state::{Answer, AppState, user};
use crate::agent::reports::user_usage::{Sums, daily, hourly, restarts};
use crate::domain::id::{Mac, UserId};
use crate::domain::units::{Bytes, DAY_MS, Timestamp};
use crate::domain::usage::Restart;
use crate::protocol::admin::usage::{RestartView, UsageQuery, UsageRowView, UsageStep, UsageView};
use crate::protocol::admin::values::Instant;
use crate::web::{Path, Problem, Query};

/// The longest span of one answer by the hour.
const HOURLY_DAYS_MAX: i64 = 92;
/// The longest by the day.
const DAILY_DAYS_MAX: i64 = 3660;

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

async fn usage(
    State(app): State<Arc<AppState>>,
    _: Viewer,
    Path(id): Path<UserId>,
    Query(span): Query<UsageQuery>,
) -> Answer {
    let bounds = span.bounds(app.site.clock.now())?;
    let view = app.read(move |engine| view(engine, id, bounds, span.step)).await?;
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
        from: Instant(start),
        to: Instant(end),
        step,
        total_bytes: total.0,
        total_mb: total.into(),
        items: sums.into_iter().map(row_view).collect(),
        restarts: restarts.into_iter().map(restart_view).collect(),
    })
}

fn row_view(((start, mac), (bytes, unenforced)): ((Timestamp, Mac), (Bytes, Bytes))) -> UsageRowView {
    UsageRowView {
        start: Instant(start),
        mac: mac.to_string(),
        bytes: bytes.0,
        mb: bytes.into(),
        unenforced_bytes: unenforced.0,
    }
}

fn restart_view((at, mac, restart): (Timestamp, Mac, Restart)) -> RestartView {
    RestartView {
        at: Instant(at),
        mac: mac.to_string(),
        old_row: restart.old_row.0,
        old_bytes: restart.old_bytes,
        new_row: restart.new_row.0,
        new_bytes: restart.new_bytes,
        uptime_s: restart.uptime_s,
    }
}
