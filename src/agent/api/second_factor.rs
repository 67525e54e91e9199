//! An admin's own second factor: requested, confirmed by a first code, turned off by another. Tokens need none.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Extension, Json, Router};

use crate::agent::http::caller::Viewer;
use crate::agent::http::second_factor::{
    NewSecret, begin_second_factor, confirm_second_factor, end_second_factor,
};
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::Empty;
use crate::protocol::admin::auth::{MeView, OneTimeCode, SecretView};
use crate::web::{Body, Peer};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/me/totp", post(begin).delete(end)).route("/me/totp/confirm", post(confirm))
}

/// An idempotency key is not looked at: the answer must be kept nowhere, and a repeated call may give another secret.
async fn begin(State(app): State<Arc<AppState>>, Viewer(actor): Viewer, _: Body<Empty>) -> Answer {
    let NewSecret { secret, url } = begin_second_factor(&app, actor).await?;
    Ok((StatusCode::CREATED, Json(SecretView { secret, url })).into_response())
}

async fn confirm(
    State(app): State<Arc<AppState>>,
    Viewer(actor): Viewer,
    Extension(peer): Extension<Peer>,
    body: Body<OneTimeCode>,
) -> Answer {
    confirm_second_factor(&app, peer, actor.clone(), body.value.otp).await?;
    Ok(Json(app.read(move |engine| MeView::of(engine, actor)).await?).into_response())
}

async fn end(
    State(app): State<Arc<AppState>>,
    Viewer(actor): Viewer,
    Extension(peer): Extension<Peer>,
    body: Body<OneTimeCode>,
) -> Answer {
    end_second_factor(&app, peer, actor, body.value.otp).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
