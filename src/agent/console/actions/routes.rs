//! The two pages of every action of a table.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::action::FormAction;
use super::subject::{About, Subject};
use super::submit;
use crate::agent::console::session::{AdminSession, Filled};
use crate::agent::http::state::AppState;

/// The pages of every action of a table, below `place`.
pub(crate) fn routes<S: Subject>(place: &str, actions: &'static [FormAction<S>]) -> Router<Arc<AppState>> {
    actions.iter().fold(Router::new(), |router, action| {
        let show =
            async move |State(app): State<Arc<AppState>>, session: AdminSession, About(subject): About<S>| {
                submit::show(action, &app, &session, subject).await
            };
        let submit =
            async move |State(app): State<Arc<AppState>>, About(subject): About<S>, filled: Filled| {
                submit::submit(action, &app, filled, subject).await
            };
        router.route(&format!("{place}/{}", action.segment), get(show).post(submit))
    })
}
