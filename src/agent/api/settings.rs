//! The configuration. The owner's alone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Json, Router};

use crate::agent::http::caller::Owner;
use crate::agent::http::settings::{
    SettingsCaller, change_settings, outcome_view, preview_settings, settings_view,
};
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::settings::{ChangeSettings, SettingsQuery};
use crate::web::{Body, Peer, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/settings", get(show).patch(change))
}

async fn show(State(app): State<Arc<AppState>>, _: Owner) -> Answer {
    Ok(Json(settings_view(&app)).into_response())
}

async fn change(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Query(query): Query<SettingsQuery>,
    body: Body<ChangeSettings>,
) -> Answer {
    let outcome = if query.dry_run {
        let site = Arc::clone(&app.site);
        app.read(move |engine| preview_settings(&site, engine, &body.value)).await?
    } else {
        change_settings(&app, SettingsCaller::new(actor, peer, &headers), body.value).await?
    };
    Ok(Json(outcome_view(&app, outcome, query.dry_run)).into_response())
}
