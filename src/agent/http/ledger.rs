//! The proof that the ledger is whole.

use axum::http::StatusCode;

use super::state::AppState;
use crate::store::{Broken, ProofThreads, Reader, Verified};
use crate::web::Problem;

/// Walks the whole ledger on a connection of its own, so that nobody waits for it.
pub(crate) async fn proof(app: &AppState) -> Result<Verified, Problem> {
    let _turn = app.verifying.lock().await;
    let reader: Reader = app.read(|engine| Ok(engine.new_reader()?)).await?;
    let walk = move || match reader.verify_by(ProofThreads::Half) {
        Err(Broken::Store(error)) => Err(error),
        walked => Ok(walked),
    };
    app.read_history(walk).await?.map_err(|broken| {
        tracing::error!(%broken, "the ledger does not add up");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "ledger_broken", broken.to_string())
    })
}
