//! Pages about customers, their debts, and packages.
//!
//! | file | what it is |
//! |---|---|
//! | `list` | customers, searched and filtered |
//! | `customer` | one customer with every action |
//! | `explain` | why a customer has this access, rule by rule |
//! | `usage` | usage by day, hour and device |
//! | `statement` | the ledger lines of a customer, to read and to print |
//! | `packages` | packages on sale |
//! | `debts` | debts by age, and whom to call |
//! | `receipt` | a receipt on paper |

pub(crate) mod customer;
pub(crate) mod debts;
pub(crate) mod explain;
pub(crate) mod list;
pub(crate) mod packages;
pub(crate) mod receipt;
pub(crate) mod statement;
pub(crate) mod usage;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::session::AdminSession;
use crate::agent::console::texts::people::People;
use crate::agent::http::state::AppState;
pub(crate) use receipt::debts_of;

/// Every page about people.
pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/pelanggan", get(list::show))
        .route("/pelanggan/{id}", get(customer::show))
        .route("/pelanggan/{id}/rekening", get(statement::show))
        .route("/paket", get(packages::show))
        .route("/tagihan", get(debts::show))
        .route("/kuitansi/{id}", get(receipt::show))
}

fn words(session: &AdminSession) -> &'static People {
    People::of(session.page_request.locale.language)
}
