//! How the daemon is doing.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::json;

use super::auth::{Owner, Viewer};
use super::desk::{Answer, Desk};
use crate::agent::service::LinkState;
use crate::clock::rfc3339;
use crate::domain::units::Timestamp;
use crate::web::Problem;

/// How long the engine may keep a look waiting before the daemon counts as not ready.
pub(super) const LOOK_MAX: Duration = Duration::from_secs(5);

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/ping", get(ping))
        .route("/healthz", get(healthz))
        .route("/status", get(status))
        .route("/clock/confirm", post(confirm_clock))
}

/// That there is somebody.
pub(super) async fn ping() -> impl IntoResponse {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

/// Ready when the engine answers.
pub(super) async fn healthz(State(desk): State<Arc<Desk>>) -> Answer {
    let looked = tokio::time::timeout(LOOK_MAX, desk.look(|engine| Ok(engine.look().users_len())));
    looked.await.map_err(|_| Problem::unavailable("not_ready", "the ledger is busy"))??;
    Ok(Json(json!({"status": "ok"})).into_response())
}

/// A person vouches for the wall clock as it stands.
async fn confirm_clock(State(desk): State<Arc<Desk>>, Owner(actor): Owner) -> Answer {
    let now = desk
        .look(move |engine| {
            engine.confirm_clock()?;
            let now = rfc3339(engine.now());
            engine.note(&actor, "clock.confirm", "clock", now.clone())?;
            Ok(now)
        })
        .await?;
    Ok(Json(json!({"now": now})).into_response())
}

/// One part's state.
#[derive(Debug, Default, Serialize)]
struct PartView {
    state: &'static str,
    since: Option<String>,
    last_success: Option<String>,
    last_error: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

impl PartView {
    fn of(link: LinkState, now: Timestamp) -> Self {
        Self {
            state: link.name(now),
            since: link.since.map(rfc3339),
            last_success: link.last_success.map(rfc3339),
            last_error: link.last_error,
            warnings: link.warnings,
        }
    }
}

async fn status(State(desk): State<Arc<Desk>>, _: Viewer) -> Answer {
    let now = desk.site.clock.now();
    let since = Some(rfc3339(desk.since));
    let (facts, store) = desk.look(|engine| Ok((engine.look().facts, engine.store_stats()))).await?;
    let answered = Some(rfc3339(now));
    let figures = desk.service().figures();
    let health = desk.service().router().health();
    let relay = match desk.service().link() {
        Ok(link) => PartView::of(link.state(), now),
        Err(_) => PartView { state: "off", since: since.clone(), ..PartView::default() },
    };
    let clock = if facts.clock_trusted {
        PartView { state: "ok", since: since.clone(), last_success: answered.clone(), ..PartView::default() }
    } else {
        let why = "the wall clock fell behind or jumped: no block for expiry or due dates begins until it is \
                   synchronized or confirmed";
        PartView { state: "degraded", last_error: Some(why.to_owned()), ..PartView::default() }
    };
    let view = json!({
        "router": PartView::of(desk.service().router_state(), now),
        "relay": relay,
        "store": PartView { state: "ok", since, last_success: answered, ..PartView::default() },
        "clock": clock,
        "cycle": {
            "metered": figures.metered,
            "failed": figures.failed,
            "edits": figures.edits,
            "hosts": figures.hosts,
            "read_ms": figures.read_ms,
            "router_commands": health.commands,
            "router_version": health.version,
            "commits": store.commits,
            "dry_run": desk.service().is_dry_run(),
        },
    });
    Ok(Json(view).into_response())
}
