//! The counter: who is served, what is sold, how it is paid.
//!
//! | file | what it is |
//! |---|---|
//! | `who` | customers to serve, and devices of nobody |
//! | `offers` | what a customer can pay for now, each with what comes of it |
//! | `sale` | one customer: a button for everything that can be paid, and its press |

mod offers;
pub(crate) mod sale;
pub(crate) mod who;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::agent::http::state::AppState;

/// The counter's pages.
pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/jual", get(who::show)).route("/jual/{id}", get(sale::show).post(sale::submit))
}
