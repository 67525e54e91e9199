//! The report of the updater, for the terminal and, in a file of the data folder, for the daemon.

use std::io;
use std::path::Path;

use crate::agent::http::update::REPORT_FILE;
use crate::protocol::admin::update::{LastUpdateView, UpdateDecision, UpdateOutcome, UpdateReportView};
use crate::tools::whole_file;

/// Writes the report where the daemon reads it.
pub(super) fn save(report: &UpdateReportView, data_dir: &Path) -> io::Result<()> {
    whole_file::replace(&data_dir.join(REPORT_FILE), &serde_json::to_string_pretty(report)?, 0o644)
}

/// What was found.
pub(super) fn found(report: &UpdateReportView) -> String {
    let installed = &report.installed;
    let version = report.candidate.as_ref().map_or("", |candidate| candidate.version.as_str());
    match report.decision {
        UpdateDecision::UpToDate => format!("version {installed} is the latest"),
        UpdateDecision::Install => format!("version {installed} is installed; {version} would be installed"),
        UpdateDecision::TooYoung => format!(
            "version {installed} is installed; {version} came out less than three days ago and waits; kuotad update --now \
             takes it"
        ),
        UpdateDecision::CameBack => format!(
            "version {installed} is installed; {version} was tried and did not work, and is tried again a week after; kuotad \
             update --now tries it at once"
        ),
        UpdateDecision::Metered => format!(
            "version {installed} is installed; {version} waits for a connection that is not paid by what flows; kuotad \
             update --now takes it"
        ),
    }
}

/// How an update ended.
pub(super) fn ended(LastUpdateView { from, to, outcome, why, at: _ }: &LastUpdateView) -> String {
    let why = why.as_deref().unwrap_or("");
    match outcome {
        UpdateOutcome::Updated => format!("updated from {from} to {to}"),
        UpdateOutcome::CameBack => {
            format!("version {to} did not work ({why}); version {from} is back, and nothing was lost")
        }
        UpdateOutcome::Kept => {
            format!("version {to} does not work as {from} did ({why}), but it has taken changes and stays")
        }
    }
}
