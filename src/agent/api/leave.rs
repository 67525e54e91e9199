//! Leaving. The owner's alone.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::agent::http::caller::Owner;
use crate::agent::http::leave::{come_back, leave, plan_leaving};
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::Empty;
use crate::web::Body;

/// Calls that change the router for each customer.
pub(crate) const PATHS: [&str; 2] = ["/api/v1/leave", "/api/v1/leave/undo"];

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/leave", get(plan).post(go)).route("/leave/undo", post(undo))
}

async fn plan(State(app): State<Arc<AppState>>, _: Owner) -> Answer {
    Ok(Json(plan_leaving(&app).await?).into_response())
}

async fn go(State(app): State<Arc<AppState>>, Owner(actor): Owner, _: Body<Empty>) -> Answer {
    Ok(Json(leave(&app, actor).await?).into_response())
}

async fn undo(State(app): State<Arc<AppState>>, Owner(actor): Owner, _: Body<Empty>) -> Answer {
    Ok(Json(come_back(&app, actor).await?).into_response())
}
