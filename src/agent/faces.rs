//! The admin listener: the API and the console with one gate.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use super::site::Site;
use super::{api, console};
use crate::agent::http::backup::COPY_MAX;
use crate::agent::http::state::AppState;
use crate::web::limits::RequestTimeout;
use crate::web::{Peer, Problem, host_names, limits, status_counts};

/// The admin API and the console's pages. Requests carry a [`Peer`] as an extension.
pub fn admin_router(site: Arc<Site>) -> Router {
    let answers = Arc::clone(&site.answers.admin);
    let defaults = console::page_defaults(&site);
    let app = AppState::new(site);
    let all = api::routes().merge(console::routes(defaults.clone())).with_state(Arc::clone(&app));
    // Inside of the limits: a refusal reaches a caller that has sent everything, and a body that is too large is refused first.
    let admitted = limits::answer_unknown(all).layer(from_fn_with_state(app, admit));
    let whole = limits::bound(admitted).layer(from_fn(allow_copying));
    status_counts::count_answers(
        whole.layer(from_fn_with_state(Arc::new(defaults), console::for_people)),
        answers,
    )
}

/// The same router for the control socket, called without a socket: commands use it while no daemon runs.
pub fn admin_router_for_socket(site: Arc<Site>) -> Router {
    admin_router(site).layer(Extension(Peer::Local))
}

/// A copy of the store takes longer than other requests may.
async fn allow_copying(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if [api::backup::PATH, console::backup::DOWNLOAD_PATH].contains(&path) {
        request.extensions_mut().insert(RequestTimeout(COPY_MAX));
    }
    next.run(request).await
}

/// Lets callers from allowed networks in who ask for a host of ours, and callers on the control socket.
async fn admit(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let is_allowed = match request.extensions().get::<Peer>() {
        Some(Peer::Local) => return next.run(request).await,
        Some(Peer::Network(address)) => app.site.config.may_manage(*address),
        None => false,
    };
    if !is_allowed {
        let detail = "calls from this address are not allowed (admin.allowed_networks)";
        return Problem::forbidden("network", detail).into_response();
    }
    if !app.host_names.are_asked(request.uri(), request.headers()) {
        return host_names::foreign_host().into_response();
    }
    next.run(request).await
}
