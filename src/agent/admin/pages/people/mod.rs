//! Customers, what they owe, and what they can buy.
//!
//! | file | what it is |
//! |---|---|
//! | `list` | customers, searched and filtered |
//! | `one` | one customer: everything at a glance, and every deed |
//! | `why` | why a customer has this access, rule by rule |
//! | `usage` | what was used, by day, hour and device |
//! | `statement` | the ledger's lines of a customer, to read and to print |
//! | `packages` | what is on sale |
//! | `debts` | what is owed by age, and whom to call |
//! | `receipt` | a payment on paper |

mod debts;
mod list;
mod one;
mod packages;
mod receipt;
mod statement;
mod usage;
mod why;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::super::desk::Desk;
use super::seat::Seat;
use super::words::people::People;
pub(super) use receipt::debts_of;

/// Every page about people.
pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/pelanggan", get(list::show))
        .route("/pelanggan/{id}", get(one::show))
        .route("/pelanggan/{id}/rekening", get(statement::show))
        .route("/paket", get(packages::show))
        .route("/tagihan", get(debts::show))
        .route("/kuitansi/{id}", get(receipt::show))
}

fn words(seat: &Seat) -> &'static People {
    People::of(seat.visit.locale.language)
}
