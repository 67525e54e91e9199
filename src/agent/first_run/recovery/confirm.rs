//! What is in the copy, and the restore.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use tokio::task::spawn_blocking;

use super::places::{CONFIRM, KEY};
use super::refusal::Refusal;
use super::state::{ReadyCopy, Recovery, Turn, has_store, remove_left, turn};
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::record::{Answers, Stage};
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step_page::{Answer, StepPage};
use crate::agent::first_run::texts::RecoveryWords;
use crate::store::backup;
use crate::ui::layout::{html, see_other};
use crate::ui::{Frame, Locale};
use crate::web::Problem;

#[derive(Template)]
#[template(path = "first_run/restored.html")]
struct RestoredPage {
    frame: Frame,
    words: &'static RecoveryWords,
}

/// What a copy has, each with its name.
fn facts(ready: &ReadyCopy, words: &RecoveryWords, locale: &Locale) -> Vec<(String, String)> {
    let content = &ready.content;
    let up_to = ready.copy.applied.at.max(content.last_at);
    let pairs = [
        (words.site, ready.name.clone()),
        (words.up_to, up_to.map(|at| locale.moment(at))),
        (words.customers, Some(locale.count(content.verified.accounts))),
        (words.debts, Some(locale.count(content.verified.debts))),
        (words.entries, Some(locale.count(content.verified.entries))),
        (words.receipts, Some(locale.count(content.verified.receipts))),
    ];
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// `GET /mulai/pulih/periksa`.
pub(super) async fn show(State(run): State<Arc<FirstRun>>, claimant: Claimant) -> Answer {
    let locale = &claimant.page_request.locale;
    let words = RecoveryWords::of(locale.language);
    let page = StepPage::beside(&run, &claimant, words.confirm, CONFIRM).back(KEY);
    let Some(recovery) = turn(&run.recovery) else {
        return page.about(words.busy).submit(None).link(CONFIRM, words.look_again).answer();
    };
    let Some(ready) = &recovery.ready else { return Ok(see_other(KEY)) };
    let settings = if ready.has_settings { words.with_settings } else { words.without_settings };
    page.facts(facts(ready, words, locale))
        .about(words.confirm_text)
        .about(settings)
        .submit(Some(words.restore))
        .answer()
}

/// `POST /mulai/pulih/periksa`: the copy becomes the store, and the set-up ends. It goes on when the browser is gone.
pub(super) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, page_request) = (&sent.form, &sent.claimant.page_request);
    let words = RecoveryWords::of(page_request.locale.language);
    if has_store(&run.config.data_dir) {
        return Ok(Refusal::HasStore.answer(form, words));
    }
    let Some(recovery) = turn(&run.recovery) else { return Ok(Refusal::Busy.answer(form, words)) };
    let work = tokio::spawn(restore(Arc::clone(&run), recovery));
    match work.await.map_err(|_| Problem::internal())? {
        Ok(()) => html(&RestoredPage { frame: page_request.frame(words.restored), words }),
        Err(refusal) => Ok(refusal.answer(form, words)),
    }
}

async fn restore(run: Arc<FirstRun>, mut recovery: Turn) -> Result<(), Refusal> {
    let ready = recovery.ready.take().ok_or(Refusal::NotChosen)?;
    let now = run.clock.now();
    let stamp = backup::stamp(now);
    let work = spawn_blocking(move || ready.copy.restore(&stamp, false, &mut |_| {}));
    let done = work.await.map_err(|_| Refusal::Card)?.map_err(|error| Refusal::of(&error))?;
    let address = run.record().claiming.claim.map(|claim| claim.address);
    tracing::warn!(?address, settings = ?done.settings, entries = done.restored.verified.entries, "a copy was restored on this machine");
    // The store has an owner: without this the next start finds that, too.
    let closed = run.change(|record| {
        record.stage = Stage::Done;
        record.answers = Answers::default();
        record.restored_at_ms = Some(now.0);
    });
    if closed.is_err() {
        tracing::warn!("first-run.json could not be closed");
    }
    *recovery = Recovery::default();
    remove_left(&run.config.data_dir);
    run.finish();
    Ok(())
}
