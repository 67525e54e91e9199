//! The pages of the steps, one file each.

mod finish;
mod name;
mod owner;
mod router;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get};

use super::state::FirstRun;
use super::step::Step;

/// Every step.
pub(super) fn routes() -> Router<Arc<FirstRun>> {
    Step::ALL.into_iter().fold(Router::new(), |all, step| all.route(step.path(), handlers(step)))
}

fn handlers(step: Step) -> MethodRouter<Arc<FirstRun>> {
    match step {
        Step::Name => get(name::show).post(name::save),
        Step::Owner => get(owner::show).post(owner::save),
        Step::Router => get(router::show).post(router::save),
        Step::Finish => get(finish::show).post(finish::save),
    }
}
