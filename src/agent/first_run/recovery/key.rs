//! The secret key of the kit. It opens the copy and is forgotten: it is on no disk, in no log and not in memory afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::extract::State;
use tokio::task::spawn_blocking;

use super::places::{CONFIRM, KEY, START};
use super::refusal::Refusal;
use super::state::{ReadyCopy, Turn, has_store, turn};
use crate::agent::copies::PreparedCopy;
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step_page::{Answer, StepPage, refuse, text_field};
use crate::agent::first_run::texts::RecoveryWords;
use crate::store::backup::BackupError;
use crate::store::packed::{self, CopyForm};
use crate::tools::age::Identity;
use crate::ui::field::FieldView;
use crate::ui::layout::see_other;
use crate::web::Problem;

/// `GET /mulai/pulih/kunci`.
pub(super) async fn show(State(run): State<Arc<FirstRun>>, claimant: Claimant) -> Answer {
    let words = RecoveryWords::of(claimant.page_request.locale.language);
    let page = StepPage::beside(&run, &claimant, words.key, KEY).back(START);
    let chosen = turn(&run.recovery).and_then(|recovery| recovery.chosen.clone());
    let Some(chosen) = chosen else {
        return page.about(words.not_chosen).submit(None).link(KEY, words.look_again).answer();
    };
    if packed::form_of(&chosen).is_ok_and(|form| form != CopyForm::Encrypted) {
        return page.about(words.key_not_needed).submit(Some(words.open)).answer();
    }
    let field = FieldView { hint: words.key_hint.to_owned(), ..text_field("secret", words.key_field, "") };
    page.about(words.key_text).field(field).submit(Some(words.open)).answer()
}

/// `POST /mulai/pulih/kunci`: opens the copy and proves it. The card has no store afterwards either.
pub(super) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, RecoveryWords::of(sent.claimant.page_request.locale.language));
    if has_store(&run.config.data_dir) {
        return Ok(Refusal::HasStore.answer(form, words));
    }
    let Some(recovery) = turn(&run.recovery) else { return Ok(Refusal::Busy.answer(form, words)) };
    let Some(chosen) = recovery.chosen.clone() else { return Ok(Refusal::NotChosen.answer(form, words)) };
    let is_encrypted = match packed::form_of(&chosen) {
        Ok(form) => form == CopyForm::Encrypted,
        Err(error) => return Ok(Refusal::of(&error).answer(form, words)),
    };
    let identity = Identity::parse(form.text("secret").unwrap_or_default());
    if is_encrypted && identity.is_none() {
        return Ok(refuse(form, BTreeMap::from([("secret", words.key_unfit.to_owned())])));
    }
    let identity = identity.filter(|_| is_encrypted);
    let data_dir = run.config.data_dir.clone();
    let work = spawn_blocking(move || open(recovery, &data_dir, &chosen, identity.as_ref()));
    match work.await.map_err(|_| Problem::internal())? {
        Ok(()) => Ok(see_other(CONFIRM)),
        Err(Refusal::WrongKey) => Ok(refuse(form, BTreeMap::from([("secret", words.wrong_key.to_owned())]))),
        Err(refusal) => Ok(refusal.answer(form, words)),
    }
}

fn open(
    mut recovery: Turn,
    data_dir: &Path,
    chosen: &Path,
    identity: Option<&Identity>,
) -> Result<(), Refusal> {
    // What was unpacked before has the same name, and is removed when it is forgotten.
    recovery.ready = None;
    let refused = |error: BackupError| Refusal::of(&error);
    let copy = PreparedCopy::prepare(data_dir, chosen, identity, &mut |_| {}).map_err(refused)?;
    let content = copy.inspect(&mut |_| {}).map_err(refused)?;
    if !content.has_owner {
        return Err(Refusal::NoOwner);
    }
    let settings = copy.settings().and_then(|read| {
        read.inspect_err(|error| tracing::warn!(error, "the settings of a copy cannot be read")).ok()
    });
    let has_settings = settings.is_some();
    let name = settings.and_then(|settings| Some(settings.values.get("name")?.as_str()?.to_owned()));
    recovery.ready = Some(ReadyCopy { copy, content, name, has_settings });
    Ok(())
}
