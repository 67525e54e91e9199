//! The configuration. The owner's alone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Json, Router};

use crate::agent::http::caller::Owner;
use crate::agent::http::settings::{SettingsCaller, change_settings, outcome_view, settings_view};
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::settings::{ChangeSettings, SettingsQuery};
use crate::web::{Body, Peer, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/settings", get(show).patch(change))
}

async fn show(State(app): State<Arc<AppState>>, _: Owner) -> Answer {
    Ok(Json(settings_view(&app).await?).into_response())
}

async fn change(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Query(query): Query<SettingsQuery>,
    body: Body<ChangeSettings>,
) -> Answer {
    let caller = SettingsCaller::new(actor, peer, &headers);
    let outcome = change_settings(&app, caller, body.value, query.dry_run).await?;
    Ok(Json(outcome_view(&app, outcome, query.dry_run).await).into_response())
}
