//! Routes of the console's pages about the site: dashboard, payments, drawer, router, reports, audit, account,
//! admins, settings and backup.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::session::AdminSession;
use crate::agent::console::texts::office::Office;
use crate::agent::http::state::AppState;

/// Every page of the office.
pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/", get(super::dashboard::show))
        .route("/pembayaran", get(super::payments::show))
        .route("/pembayaran/{id}", get(super::payment::show))
        .route("/kasir", get(super::drawer::show))
        .route("/kasir/{no}", get(super::drawer::closing))
        .route("/router", get(super::router::show))
        .route("/laporan", get(super::reports::sales))
        .route("/laporan/tagihan", get(super::reports::debts))
        .route("/laporan/pemakaian", get(super::reports::usage))
        .route("/laporan/penagihan", get(super::reports::collection))
        .route("/catatan", get(super::audit::show))
        .route("/pengelola", get(super::admins::show))
        .route("/pengaturan", get(super::settings::show))
        .route("/cadangan", get(super::backup::show))
        .route("/cadangan/periksa", post(super::backup::verify))
        .route(super::backup::DOWNLOAD_PATH, post(super::backup::download))
        .route("/saya", get(super::account::show))
        .route("/saya/dua-langkah", post(super::account::begin))
        .route("/saya/dua-langkah/pastikan", post(super::account::confirm))
        .route("/saya/dua-langkah/matikan", post(super::account::end))
        .route("/saya/sesi", post(super::account::end_sessions))
        .merge(crate::agent::console::actions::office::routes())
}

/// The office's texts for whoever sits there.
pub(crate) fn words(session: &AdminSession) -> &'static Office {
    Office::of(session.page_request.locale.language)
}

/// Rupiah that may be below zero: `-Rp 1.000`.
pub(crate) fn signed(amount_rp: i64) -> String {
    let sign = if amount_rp < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", crate::domain::units::Rupiah(amount_rp.unsigned_abs()))
}
