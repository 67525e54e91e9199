//! Where the copy is.

use std::sync::Arc;

use axum::extract::State;

use super::places::{BUCKET, DISK, RELAY, START, UPLOAD};
use super::refusal::Refusal;
use super::state::has_store;
use crate::agent::first_run::gate::Claimant;
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{Answer, FindingLine, StepPage};
use crate::agent::first_run::texts::RecoveryWords;

/// `GET /mulai/pulih`.
pub(super) async fn show(State(run): State<Arc<FirstRun>>, claimant: Claimant) -> Answer {
    let words = RecoveryWords::of(claimant.page_request.locale.language);
    let page = StepPage::beside(&run, &claimant, words.title, START)
        .submit(None)
        .back(Step::Name.path())
        .about(words.choose_text);
    if has_store(&run.config.data_dir) {
        return page.findings(vec![FindingLine::bad(Refusal::HasStore.text(words))]).answer();
    }
    page.link(RELAY, words.at_relay)
        .link(DISK, words.on_disk)
        .link(UPLOAD, words.in_file)
        .link(BUCKET, words.in_bucket)
        .answer()
}
