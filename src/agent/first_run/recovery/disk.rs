//! A copy on a disk that is plugged in. It is read where it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;

use super::places::{DISK, KEY, START};
use super::refusal::Refusal;
use super::state::{has_store, staging, turn};
use crate::agent::copies::DiskCopy;
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step_page::{Answer, FindingLine, StepPage, choice_field, refuse};
use crate::agent::first_run::texts::RecoveryWords;
use crate::ui::catalogue::fill;
use crate::ui::layout::see_other;

/// The value of a copy in the form. It is compared with those of the disks and never used as a path.
fn value(copy: &DiskCopy) -> String {
    copy.path.to_string_lossy().into_owned()
}

/// `GET /mulai/pulih/disk`.
pub(super) async fn show(State(run): State<Arc<FirstRun>>, claimant: Claimant) -> Answer {
    let locale = &claimant.page_request.locale;
    let words = RecoveryWords::of(locale.language);
    let page = StepPage::beside(&run, &claimant, words.on_disk, DISK).back(START).about(words.disk_text);
    let copies = run.machine.disks().copies();
    let Some(newest) = copies.first() else {
        let none = vec![FindingLine::bad(words.disk_empty)];
        return page.findings(none).submit(None).link(DISK, words.look_again).answer();
    };
    let rows: Vec<(String, String)> = copies
        .iter()
        .map(|copy| (value(copy), fill(words.disk_copy, &[&locale.moment(copy.at), &copy.disk, &copy.site])))
        .collect();
    let options: Vec<(&str, &str)> =
        rows.iter().map(|(value, text)| (value.as_str(), text.as_str())).collect();
    page.field(choice_field("copy", words.copy, &options, &value(newest))).answer()
}

/// `POST /mulai/pulih/disk`.
pub(super) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, RecoveryWords::of(sent.claimant.page_request.locale.language));
    if has_store(&run.config.data_dir) {
        return Ok(Refusal::HasStore.answer(form, words));
    }
    let typed = form.text("copy").unwrap_or_default();
    let copies = run.machine.disks().copies();
    let Some(copy) = copies.into_iter().find(|copy| value(copy) == typed) else {
        return Ok(refuse(form, BTreeMap::from([("copy", words.disk_gone.to_owned())])));
    };
    let Some(mut recovery) = turn(&run.recovery) else { return Ok(Refusal::Busy.answer(form, words)) };
    staging(&run.config.data_dir, &mut recovery);
    recovery.chosen = Some(copy.path);
    Ok(see_other(KEY))
}
