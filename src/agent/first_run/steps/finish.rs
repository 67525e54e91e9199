//! The last page: trial or not, and the answers become settings.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde_json::Value;

use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::record::Stage;
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::{Step, missing};
use crate::agent::first_run::step_page::{Answer, StepPage, choice_field, refuse_whole, words_of};
use crate::agent::first_run::texts::StepWords;
use crate::ui::Frame;
use crate::ui::catalogue::fill;
use crate::ui::layout::html;

#[derive(Template)]
#[template(path = "first_run/finished.html")]
struct FinishedPage {
    frame: Frame,
    words: &'static StepWords,
}

fn names(steps: &[Step], words: &StepWords) -> String {
    steps.iter().map(|step| step.title(words)).collect::<Vec<_>>().join(", ")
}

/// `GET /mulai/selesai`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let page = StepPage::new(&run, &claimant, Step::Finish);
    let words = page.words;
    let missing = missing(&run.record());
    let page = page.about(words.finish_text);
    if !missing.is_empty() {
        return page.about(fill(words.missing, &[&names(&missing, words)])).submit(None).answer();
    }
    let options = [("dry-run", words.trial), ("on", words.activate)];
    page.field(choice_field("enforcement", words.finish, &options, "dry-run"))
        .submit(Some(words.finish))
        .answer()
}

/// `POST /mulai/selesai`: writes the desk's layer. The owner is entered into the store by the start that follows.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, words_of(&sent));
    let mut record = run.record();
    let missing = missing(&record);
    if !missing.is_empty() {
        return Ok(refuse_whole(form, "missing", fill(words.missing, &[&names(&missing, words)])));
    }
    let enforcement = if form.text("enforcement") == Some("on") { "on" } else { "dry-run" };
    record.answers.values.insert("policy.enforcement".to_owned(), Value::from(enforcement));
    let layer = FirstRun::layer(&record);
    if let Err(error) = run.loaded(&layer) {
        return Ok(refuse_whole(form, "answers", fill(words.refused, &[&error.to_string()])));
    }
    if let Err(error) = layer.write(&run.config.data_dir) {
        return Ok(refuse_whole(form, "not_saved", fill(words.refused, &[&error.to_string()])));
    }
    run.change(|kept| {
        kept.answers = record.answers;
        kept.stage = Stage::Entering;
    })?;
    run.finish();
    let page_request = &sent.claimant.page_request;
    html(&FinishedPage { frame: page_request.frame(words.finished), words })
}
