//! Updates of the program.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use crate::agent::http::caller::{Operator, Owner};
use crate::agent::http::state::{Answer, AppState};
use crate::agent::http::update::{request_update, update_view};
use crate::protocol::admin::Empty;
use crate::web::Body;

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/update", get(show).post(request))
}

async fn show(State(app): State<Arc<AppState>>, _: Operator) -> Answer {
    Ok(Json(update_view(&app)).into_response())
}

async fn request(State(app): State<Arc<AppState>>, Owner(actor): Owner, _: Body<Empty>) -> Answer {
    Ok(Json(request_update(&app, actor).await?).into_response())
}
