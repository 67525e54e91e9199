//! The description of the API. Paths and answers are written by hand, request schemas are generated. The API's tests
//! compare every answer and every route with it.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::agent::http::state::AppState;

/// The description in `OpenAPI` 3.1.
pub const DOCUMENT: &str = include_str!("openapi.json");

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/openapi.json", get(document))
}

async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}
