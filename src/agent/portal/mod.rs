//! What customers see on the LAN: how much is left, until when, what is owed and why, and what to do. Who asks is
//! told by the router's host table, never by the query.

mod home;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::pages::{Visit, assets, frame};
use super::run::Site;
use crate::web::{Problem, limits, tally};

/// What a handler answers.
type Answer = Result<axum::response::Response, Problem>;

/// The portal's pages. Requests carry a [`crate::web::Peer`] as an extension.
pub fn router(site: Arc<Site>) -> Router {
    let answers = Arc::clone(&site.answers.portal);
    let pages =
        Router::new().route("/", get(home::show)).route("/tentang", get(about)).merge(assets::routes());
    let house = site.house();
    tally::counted(limits::surround(frame::around(pages.with_state(site), house)), answers)
}

async fn about(State(site): State<Arc<Site>>, visit: Visit) -> Answer {
    frame::about(&visit, &site.config.source_url)
}
