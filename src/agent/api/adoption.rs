//! Adoption of a live router. The owner's alone.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::agent::http::adoption::{observe, take, undo};
use crate::agent::http::caller::Owner;
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::adoption::HandOver;
use crate::web::Body;

/// Calls that change the router for each customer.
pub(crate) const PATHS: [&str; 2] = ["/api/v1/adoption/take", "/api/v1/adoption/undo"];
/// How long they may take: some commands for each of thousands of hotspot users.
pub(crate) const HANDOVER_MAX: Duration = Duration::from_mins(14);

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/adoption", get(report))
        .route("/adoption/take", post(take_over))
        .route("/adoption/undo", post(give_back))
}

async fn report(State(app): State<Arc<AppState>>, Owner(actor): Owner) -> Answer {
    Ok(Json(observe(&app, &actor).await?).into_response())
}

async fn take_over(State(app): State<Arc<AppState>>, Owner(actor): Owner, body: Body<HandOver>) -> Answer {
    Ok(Json(take(&app, actor, body.value).await?).into_response())
}

async fn give_back(State(app): State<Arc<AppState>>, Owner(actor): Owner, body: Body<HandOver>) -> Answer {
    Ok(Json(undo(&app, actor, body.value).await?).into_response())
}
