//! Stands where the admin API will be: answers that there is none.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;

use crate::agent::run::Site;

/// The admin API for callers on this machine.
pub fn router_for_socket(_: Arc<Site>) -> Router {
    let absent = || async {
        (
            StatusCode::NOT_IMPLEMENTED,
            r#"{"code":"not_implemented","detail":"this version has no admin API"}"#,
        )
    };
    Router::new().route("/api/v1/admins", post(|| async { (StatusCode::CREATED, "{}") })).fallback(absent)
}
