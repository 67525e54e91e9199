//! The description of the API, written by hand. The API's tests compare every route, role and answer with it.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

/// The description in `OpenAPI` 3.1.
pub const DOCUMENT: &str = include_str!("openapi.json");

/// `GET /v1/admin/openapi.json`, which needs no log-in.
pub(super) async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}
