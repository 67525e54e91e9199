//! The status of the daemon.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};

use super::router::faults;
use crate::agent::copies::CopyRecord;
use crate::agent::engine::Engine;
use crate::agent::http::caller::{Owner, Viewer};
use crate::agent::http::clock::confirm_clock;
use crate::agent::http::health::{Health, Part, copies_standing, health, shared_view};
use crate::agent::http::state::{Answer, AppState};
use crate::agent::payments::Link;
use crate::agent::proof::{LedgerProof, ProofState};
use crate::domain::units::Timestamp;
use crate::protocol::admin::status::{
    ClockPartView, ConfirmedView, CopiesView, CopyView, CycleView, HealthView, PartView, PingView, ProofView,
    RouterPartView, StatusView, StorePartView,
};
use crate::protocol::admin::values::Instant;
use crate::store::{StoreTimes, Unwritable};
use crate::web::Problem;

/// Refusals and unreadable rows that the status lists one by one.
const FAULTS_MAX: usize = 100;
/// How long the engine may keep a look waiting before the daemon counts as not ready.
pub(crate) const LOOK_MAX: Duration = Duration::from_secs(5);

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/ping", get(ping))
        .route("/healthz", get(healthz))
        .route("/status", get(status))
        .route("/clock/confirm", post(confirm))
}

/// That there is somebody.
pub(crate) async fn ping() -> impl IntoResponse {
    Json(PingView { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// Ready when the engine answers. A store that cannot be written for a while does not make it unready: restarting helps
/// nothing, and pages, metering and blocking go on. One that is damaged does.
pub(crate) async fn healthz(State(app): State<Arc<AppState>>) -> Answer {
    let looked = tokio::time::timeout(LOOK_MAX, app.read(|engine| Ok(engine.read_view().users_len())));
    looked.await.map_err(|_| Problem::unavailable("not_ready", "the ledger is busy"))??;
    let view = match app.site.engine().unwritable() {
        None => HealthView { status: "ok".to_owned(), code: None, detail: None },
        Some(why @ Unwritable::Damaged(_)) => {
            return Err(Problem::unavailable(why.code(), why.to_string()));
        }
        Some(why) => HealthView {
            status: "degraded".to_owned(),
            code: Some(why.code().to_owned()),
            detail: Some(why.to_string()),
        },
    };
    Ok(Json(view).into_response())
}

/// A person vouches for the present time of the wall clock.
async fn confirm(State(app): State<Arc<AppState>>, Owner(actor): Owner) -> Answer {
    let now = confirm_clock(&app, actor).await?;
    Ok(Json(ConfirmedView { now: Instant(now) }).into_response())
}

impl From<Part> for PartView {
    fn from(part: Part) -> Self {
        Self {
            state: part.state.to_owned(),
            since: part.since.map(Instant),
            last_success: part.last_success.map(Instant),
            last_error: part.last_error,
            warnings: part.warnings,
        }
    }
}

/// Since when the store has its present state, and when it was written last, by the wall clock.
fn set_times(store: &mut Part, times: StoreTimes, now: Timestamp) {
    let ago =
        |span: Duration| Timestamp(now.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)));
    store.since = Some(ago(times.state_for));
    if store.state != "ok" {
        let before = times.written_before.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let before = before.and_then(|at| i64::try_from(at.as_millis()).ok()).map(Timestamp);
        store.last_success = times.committed_for.map(ago).or(before);
    }
}

fn proof_view(proof: &LedgerProof) -> ProofView {
    let (entries, of) = proof.entries();
    let (state, proved_at) = match proof.state() {
        ProofState::Waiting => ("waiting", None),
        ProofState::Proving => ("proving", None),
        ProofState::Proved(at) => ("proved", at),
    };
    ProofView { state: state.to_owned(), entries, of, proved_at: proved_at.map(Instant) }
}

fn copies_view(app: &AppState) -> CopiesView {
    let standing = copies_standing(app, app.site.clock.now());
    let view = |copy: CopyRecord| CopyView {
        at: Instant(copy.at()),
        encrypted: !copy.recipient.is_empty(),
        file: copy.file,
        place: copy.place,
        bytes: copy.bytes,
        entries: copy.entries,
    };
    CopiesView {
        state: standing.word.to_owned(),
        target: standing.target,
        card: standing.state.log.card.map(view),
        away: standing.state.log.away.map(view),
        away_at: standing.away_at.map(Instant),
        last_error: standing.state.error,
    }
}

async fn status(State(app): State<Arc<AppState>>, _: Viewer) -> Answer {
    let work = |engine: &mut Engine| {
        let (look, stats) = (engine.read_view(), engine.store_stats());
        let doubt = engine.clock_doubt();
        Ok((doubt, stats, engine.store_times(), look.shared_names()))
    };
    let (doubt, store, times, shared) = app.read(work).await?;
    let Health { router, relay, store: mut books, mut clock } = health(&app, doubt.is_none());
    if let Some(doubt) = doubt {
        clock.since = Some(doubt.since);
        clock.last_success = doubt.last_trusted;
    }
    set_times(&mut books, times, app.site.clock.now());
    let figures = app.site.cycle.figures();
    let link = app.site.cycle.router().health();
    let ahead_of_relay_ms = app.site.payments.link().ok().and_then(Link::clock_ahead_ms);
    let (refused, unread) = faults(&app, FAULTS_MAX);
    let view = StatusView {
        router: RouterPartView { part: router.into(), refused, unread },
        relay: relay.into(),
        store: StorePartView { part: books.into(), proof: proof_view(&app.site.proof) },
        clock: ClockPartView { part: clock.into(), ahead_of_relay_ms },
        copies: copies_view(&app),
        shared_names: shared.iter().take(FAULTS_MAX).map(shared_view).collect(),
        cycle: CycleView {
            metered: figures.metered,
            failed: figures.failed,
            edits: figures.edits,
            hosts: figures.hosts,
            read_ms: figures.read_ms,
            router_commands: link.commands,
            router_version: link.version,
            commits: store.commits,
            dry_run: app.site.cycle.is_dry_run(),
        },
    };
    Ok(Json(view).into_response())
}
