//! Taking the site over. The owner's alone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Extension, Json, Router};

use crate::agent::http::caller::Owner;
use crate::agent::http::settings::SettingsCaller;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::http::take_over::take_over;
use crate::protocol::admin::take_over::TakeOver;
use crate::web::{Body, Peer};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/take-over", post(take))
}

async fn take(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body<TakeOver>,
) -> Answer {
    let caller = SettingsCaller::new(actor, peer, &headers);
    Ok(Json(take_over(&app, caller, body.value).await?).into_response())
}
