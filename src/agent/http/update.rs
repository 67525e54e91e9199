//! Updates: what the updater reports, and asking for one. The daemon installs nothing: a unit of root watches for the file
//! that it makes.

use std::path::Path;

use super::state::AppState;
use crate::agent::engine::Actor;
use crate::protocol::admin::update::{UpdateReportView, UpdateView};
use crate::tools::whole_file;
use crate::web::Problem;

/// What the updater reports, in the data folder.
pub(crate) const REPORT_FILE: &str = "update.json";
/// Its presence in the data folder starts the updater (`kuota-update.path`).
pub(crate) const REQUEST_FILE: &str = "update-requested";
/// The longest report.
const REPORT_BYTES_MAX: u64 = 64 * 1024;

/// What the updater reported last, if it can be read.
pub(crate) fn report(data_dir: &Path) -> Option<UpdateReportView> {
    let text = whole_file::read(&data_dir.join(REPORT_FILE), REPORT_BYTES_MAX).ok()??;
    serde_json::from_str(&text).ok()
}

/// What is known of updates.
pub(crate) fn update_view(app: &AppState) -> UpdateView {
    let data_dir = &app.site.config.data_dir;
    UpdateView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        requested: data_dir.join(REQUEST_FILE).exists(),
        report: report(data_dir),
    }
}

/// Asks for an update, which begins within seconds.
pub(crate) async fn request_update(app: &AppState, actor: Actor) -> Result<UpdateView, Problem> {
    app.read(move |engine| Ok(engine.note(&actor, "update.request", "kuotad", String::new())?)).await?;
    let made = whole_file::replace(&app.site.config.data_dir.join(REQUEST_FILE), "", 0o644);
    made.map_err(|error| {
        Problem::unavailable("update_failed", format!("the updater could not be asked: {error}"))
    })?;
    Ok(update_view(app))
}
