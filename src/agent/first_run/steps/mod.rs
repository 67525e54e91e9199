//! The pages of the steps, one file each.

mod checks;
mod device;
mod finish;
mod kit;
mod name;
mod network;
mod owner;
mod packages;
mod policy;
mod router;
mod script;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use super::state::FirstRun;
use super::step::Step;

/// Every step.
pub(super) fn routes() -> Router<Arc<FirstRun>> {
    let own = Router::new()
        .route(script::DOWNLOAD, get(script::download))
        .route(script::FETCH, get(script::fetch))
        .route(kit::MAKE, post(kit::make));
    Step::ALL.into_iter().fold(own, |all, step| all.route(step.path(), handlers(step)))
}

fn handlers(step: Step) -> MethodRouter<Arc<FirstRun>> {
    match step {
        Step::Name => get(name::show).post(name::save),
        Step::Owner => get(owner::show).post(owner::save),
        Step::Router => get(router::show).post(router::save),
        Step::Network => get(network::show).post(network::save),
        Step::Script => get(script::show).post(script::save),
        Step::Checks => get(checks::show).post(checks::save),
        Step::Policy => get(policy::show).post(policy::save),
        Step::Packages => get(packages::show).post(packages::save),
        Step::Device => get(device::show).post(device::save),
        Step::Kit => get(kit::show).post(kit::save),
        Step::Finish => get(finish::show).post(finish::save),
    }
}
