//! The office: how things are, money that came in, the drawer, the router, reports, and what is on record.
//!
//! | file | what it is |
//! |---|---|
//! | `dashboard` | how things are, on one page; `figures` counts it |
//! | `payments`, `payment` | orders, the review queue, one order |
//! | `drawer` | the cashier's drawer and its closings |
//! | `router` | the router as it should be against what it is |
//! | `reports` | sales, debts, usage and collection over a span |
//! | `audit` | who did what |
//! | `account` | one's own account |
//! | `admins` | who may sit here, and tokens for programs |
//! | `settings` | the configuration in force; `keys` says what each is for |
//! | `backup` | copies, and the proof of the ledger |
//! | `deeds`, `payment_deeds` | what can be done here |
//! | `names`, `words` | how things are called, and every other text |

mod account;
mod admins;
mod audit;
mod backup;
mod dashboard;
mod deeds;
mod drawer;
mod figures;
mod names;
mod payment;
mod payment_deeds;
mod payments;
mod reports;
mod router;
mod settings;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::super::backup::PAGE_PATH;
use super::super::desk::Desk;
use super::seat::Seat;
use words::Office;

/// Every page of the office.
pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/", get(dashboard::show))
        .route("/pembayaran", get(payments::show))
        .route("/pembayaran/{id}", get(payment::show))
        .route("/kasir", get(drawer::show))
        .route("/kasir/{no}", get(drawer::closing))
        .route("/router", get(router::show))
        .route("/laporan", get(reports::sales))
        .route("/laporan/tagihan", get(reports::debts))
        .route("/laporan/pemakaian", get(reports::usage))
        .route("/laporan/penagihan", get(reports::collection))
        .route("/catatan", get(audit::show))
        .route("/pengelola", get(admins::show))
        .route("/pengaturan", get(settings::show))
        .route("/cadangan", get(backup::show))
        .route("/cadangan/periksa", post(backup::verify))
        .route(PAGE_PATH, post(backup::download))
        .route("/saya", get(account::show))
        .route("/saya/dua-langkah", post(account::begin))
        .route("/saya/dua-langkah/pastikan", post(account::confirm))
        .route("/saya/dua-langkah/matikan", post(account::end))
        .route("/saya/sesi", post(account::end_sessions))
        .merge(deeds::routes())
}

/// The office's texts for whoever sits there.
fn words(seat: &Seat) -> &'static Office {
    Office::of(seat.visit.locale.language)
}

/// Rupiah that may be below zero: `-Rp 1.000`.
fn signed(amount_rp: i64) -> String {
    let sign = if amount_rp < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", crate::domain::units::Rupiah(amount_rp.unsigned_abs()))
}
