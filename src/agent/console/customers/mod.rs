//! Customers, what they owe, and what they can buy.
//!
//! | file | what it is |
//! |---|---|
//! | `list` | customers, searched and filtered |
//! | `customer` | one customer: everything at a glance, and every action |
//! | `next_steps` | what a customer's page offers to do, and in which order |
//! | `explain` | why a customer has this access, rule by rule |
//! | `usage` | what was used, by day, hour and device |
//! | `statement` | the ledger's lines of a customer, to read and to print |
//! | `packages` | what is on sale |
//! | `debts`, `remind` | who owes something, by age; that they were reminded |
//! | `receipt` | a payment on paper |

pub(crate) mod customer;
pub(crate) mod debts;
pub(crate) mod explain;
pub(crate) mod list;
mod next_steps;
pub(crate) mod packages;
pub(crate) mod receipt;
pub(crate) mod remind;
pub(crate) mod statement;
pub(crate) mod statement_print;
pub(crate) mod usage;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::agent::http::state::AppState;

/// Every page about people.
pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/pelanggan", get(list::show))
        .route("/pelanggan/{id}", get(customer::show))
        .route("/pelanggan/{id}/rekening", get(statement::show))
        .route("/pelanggan/{id}/rekening/cetak", get(statement_print::show))
        .route("/paket", get(packages::show))
        .route("/tagihan", get(debts::show))
        .route("/tagihan/ingatkan", get(remind::show).post(remind::note))
        .route("/kuitansi/{id}", get(receipt::show))
}
