//! The admin API: the owner's desk as JSON, on the LAN and on the control socket.
//!
//! A handler is a few plain awaits in order: who calls (a parameter), where, what; then the engine. Requests
//! are types of `protocol::admin`, the `requests` of each area make them commands, errors become problems in `errors`.

pub(crate) mod admins;
pub(crate) mod backup;
pub(crate) mod closings;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod ledger;
pub(crate) mod login;
pub(crate) mod metrics;
pub(crate) mod money;
pub mod openapi;
pub(crate) mod orders;
pub(crate) mod packages;
pub(crate) mod reports;
pub(crate) mod router;
pub(crate) mod second_factor;
pub(crate) mod status;
pub(super) mod usage;
pub(crate) mod users;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::site::Site;
use crate::agent::http::state::AppState;
use crate::web::{Peer, Problem, host_names, limits, status_counts};

/// Every call of the admin API. Requests carry a [`Peer`] as an extension.
pub fn router(site: Arc<Site>) -> Router {
    let answers = Arc::clone(&site.answers.admin);
    let house = Arc::new(super::console::house(&site));
    let app = AppState::new(site);
    let api = Router::new()
        .merge(status::routes())
        .merge(crate::agent::http::caller::routes())
        .merge(users::routes())
        .merge(money::routes())
        .merge(packages::routes())
        .merge(orders::routes())
        .merge(closings::routes())
        .merge(ledger::routes())
        .merge(usage::routes())
        .merge(explain::routes())
        .merge(router::routes())
        .merge(admins::routes())
        .merge(backup::routes())
        .merge(export::routes())
        .merge(metrics::routes())
        .merge(reports::routes())
        .merge(openapi::routes());
    let all = Router::new()
        .nest("/api/v1", api)
        .route("/api/ping", get(status::ping))
        .route("/healthz", get(status::healthz))
        .merge(metrics::routes())
        .merge(super::console::routes(&app))
        .with_state(Arc::clone(&app));
    // Inside of the limits: a refusal finds a caller that has sent all, and a body that is too large is told so first.
    let admitted = limits::answer_unknown(all).layer(from_fn_with_state(app, admit));
    let whole = limits::bound(admitted).layer(from_fn(backup::timeouts));
    status_counts::count_answers(whole.layer(from_fn_with_state(house, super::console::for_people)), answers)
}

/// The same for whoever may use the control socket, with no socket between: commands use it while no daemon runs.
pub fn router_for_socket(site: Arc<Site>) -> Router {
    router(site).layer(Extension(Peer::Local))
}

/// Lets callers from allowed networks in who ask for a host of ours, and whoever may use the socket.
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
