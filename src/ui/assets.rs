//! The style sheet and the script of every page: compiled in, with a hash of their content in their names, so that
//! browsers cache them until they change.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../../assets/kuota.css");
const SCRIPT: &str = include_str!("../../assets/kuota.js");
const ICON: &str = include_str!("../../assets/kuota.svg");
/// A year: a file with other content has another name.
const KEPT: &str = "public, max-age=31536000, immutable";

/// Links of every page, with names that change with the content.
pub(crate) struct Links {
    /// The style sheet.
    pub style: String,
    /// The script.
    pub script: String,
    /// The icon of a tab.
    pub icon: String,
}

/// The addresses of the files compiled in.
pub(crate) static LINKS: LazyLock<Links> = LazyLock::new(|| Links {
    style: named("kuota.css", STYLE),
    script: named("kuota.js", SCRIPT),
    icon: named("kuota.svg", ICON),
});

fn named(file: &str, content: &str) -> String {
    let hash = Sha256::digest(content.as_bytes());
    format!("/assets/{file}?v={}", HEXLOWER.encode(&hash[..4]))
}

/// The files.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |kind: &'static str, content: &'static str| {
        get(async move || ([(CONTENT_TYPE, kind), (CACHE_CONTROL, KEPT)], content).into_response())
    };
    Router::new()
        .route("/assets/kuota.css", file("text/css; charset=utf-8", STYLE))
        .route("/assets/kuota.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/assets/kuota.svg", file("image/svg+xml", ICON))
        // Browsers request it by themselves, and log an error in their console without it.
        .route("/favicon.ico", file("image/svg+xml", ICON))
}
