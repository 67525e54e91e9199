//! The console's API: what programs of the operators ask for, as JSON, by the rules of the pages.
//!
//! | file | what it is |
//! |---|---|
//! | `login` | a log-in, which answers a token, and its end |
//! | `sites`, `orders` | sites with how they are; a site's orders |
//! | `merchants` | accounts at the gateway |
//! | `openapi` | the description |

mod login;
mod merchants;
pub mod openapi;
mod orders;
mod sites;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};

use super::state::ConsoleState;

/// Every call of the API.
pub(super) fn routes() -> Router<Arc<ConsoleState>> {
    Router::new()
        .route("/v1/admin/openapi.json", get(openapi::document))
        .route("/v1/admin/login", post(login::log_in))
        .route("/v1/admin/logout", post(login::log_out))
        .route("/v1/admin/me", get(login::me))
        .route("/v1/admin/sites", get(sites::list).post(sites::add))
        .route("/v1/admin/sites/{id}", get(sites::show))
        .route("/v1/admin/sites/{id}", delete(sites::remove))
        .route("/v1/admin/sites/{id}/enable", post(sites::enable))
        .route("/v1/admin/sites/{id}/disable", post(sites::disable))
        .route("/v1/admin/sites/{id}/rotate-token", post(sites::rotate_token))
        .route("/v1/admin/orders", get(orders::list))
        .route("/v1/admin/merchants", get(merchants::list).post(merchants::add))
        .route("/v1/admin/merchants/{id}/rotate-key", post(merchants::rotate_key))
}
