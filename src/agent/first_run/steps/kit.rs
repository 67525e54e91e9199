//! The recovery kit: the key without which no encrypted copy can be read. It is shown once.

use std::sync::Arc;

use axum::extract::State;

use crate::agent::copies::{make_kit, public_half};
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{Answer, StepPage, go_on};
use crate::ui::qr;
use crate::web::Problem;

/// Where the kit is made.
pub(in crate::agent::first_run) const MAKE: &str = "/mulai/kit/buat";

/// `GET /mulai/kit`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let page = StepPage::new(&run, &claimant, Step::Kit);
    let words = page.words;
    let page = page.about(words.kit_text);
    match public_half(&run.config.data_dir) {
        Some(_) => page.about(words.kit_there).other(MAKE, words.kit_again).submit(Some(words.next)),
        None => page.other(MAKE, words.kit_make).submit(Some(words.skip)),
    }
    .answer()
}

/// `POST /mulai/kit/buat`: makes a kit and shows its secret half, which is stored nowhere. No copy was made yet, so another kit
/// may replace this one.
pub(in crate::agent::first_run) async fn make(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let made = make_kit(&run.config.data_dir, &run.config.backup, true, run.clock.now());
    let kit = made.map_err(|error| Problem::unavailable("backup_failed", error.to_string()))?;
    let page = StepPage::new(&run, &sent.claimant, Step::Kit);
    let words = page.words;
    let picture = qr::svg(&kit.secret_text(), words.kit_key);
    page.about(words.kit_keep)
        .copy(words.kit_key, kit.secret_groups())
        .qr(picture)
        .submit(Some(words.kit_written))
        .answer()
}

/// `POST /mulai/kit`: the owner has it, or goes on without.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, _: StepForm) -> Answer {
    go_on(&run, Step::Kit, |_| ())
}
