//! A consistent copy of everything, for the owner.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::post;

use crate::agent::http::backup::send;
use crate::agent::http::caller::Owner;
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::Empty;
use crate::web::Body;

/// Where a copy is asked for, below the root.
pub(crate) const PATH: &str = "/api/v1/backup";

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/backup", post(copy))
}

async fn copy(State(app): State<Arc<AppState>>, Owner(actor): Owner, _: Body<Empty>) -> Answer {
    send(&app, actor).await
}
