//! The admin listener: the API and the console with one gate.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use super::site::Site;
use super::{api, console};
use crate::agent::http::backup::COPY_MAX;
use crate::agent::http::commands::import;
use crate::agent::http::state::AppState;
use crate::ui::desk::{DeskPages, for_people};
use crate::web::limits::{BodyLimit, RequestTimeout};
use crate::web::{Peer, Problem, host_names, limits, status_counts};

/// The admin API and the console's pages. Requests carry a [`Peer`] as an extension.
pub fn admin_router(site: Arc<Site>) -> Router {
    admin_router_of(AppState::new(site))
}

/// The same for a state that others look at, too.
pub(crate) fn admin_router_of(app: Arc<AppState>) -> Router {
    let answers = Arc::clone(&app.site.answers.admin);
    let defaults = console::page_defaults(&app);
    let all = api::routes().merge(console::routes(defaults.clone())).with_state(Arc::clone(&app));
    // Inside of the limits: a refusal reaches a caller that has sent everything, and a body that is too large is refused first.
    let admitted = limits::answer_unknown(all).layer(from_fn_with_state(Arc::clone(&app), admit));
    let pages = DeskPages { defaults, calls: "/api/" };
    let whole = limits::bound(admitted).layer(from_fn_with_state(app, widen_limits));
    status_counts::count_answers(whole.layer(from_fn_with_state(Arc::new(pages), for_people)), answers)
}

/// The same router for the control socket, called without a socket: commands use it while no daemon runs.
pub fn admin_router_for_socket(site: Arc<Site>) -> Router {
    admin_router(site).layer(Extension(Peer::Local))
}

/// A copy of the store takes longer than other requests may, and so does a change of the router for each customer; an import takes longer and has a larger body.
async fn widen_limits(State(app): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_copy = [api::backup::PATH, console::backup::DOWNLOAD_PATH].contains(&path);
    // A body is read before its caller is judged: callers of other networks fill no more memory with it.
    let is_import = path == api::users::IMPORT_PATH && is_from_allowed_network(&app, &request);
    if api::adoption::PATHS.contains(&path) || api::leave::PATHS.contains(&path) {
        request.extensions_mut().insert(RequestTimeout(api::adoption::HANDOVER_MAX));
    }
    if is_copy {
        request.extensions_mut().insert(RequestTimeout(COPY_MAX));
    }
    if is_import {
        request.extensions_mut().insert(BodyLimit(import::BODY_BYTES_MAX));
        request.extensions_mut().insert(RequestTimeout(import::IMPORT_MAX));
    }
    next.run(request).await
}

fn is_from_allowed_network(app: &AppState, request: &Request) -> bool {
    match request.extensions().get::<Peer>() {
        Some(Peer::Local) => true,
        Some(Peer::Network(address)) => app.site.config.may_manage(*address),
        None => false,
    }
}

/// Lets callers from allowed networks in who ask for a host of ours, and callers on the control socket.
async fn admit(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    if let Some(Peer::Local) = request.extensions().get::<Peer>() {
        return next.run(request).await;
    }
    if !is_from_allowed_network(&app, &request) {
        let detail = "calls from this address are not allowed (admin.allowed_networks)";
        return Problem::forbidden("network", detail).into_response();
    }
    if !app.host_names.are_asked(request.uri(), request.headers()) {
        return host_names::foreign_host("admin.hosts").into_response();
    }
    next.run(request).await
}
