//! The page of a step: text, fields, buttons. What a step refused is shown in its fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::gate::{Claimant, StepForm};
use super::state::FirstRun;
use super::step::Step;
use super::texts::{ClaimWords, StepWords};
use crate::agent::doctor::Level;
use crate::domain::units::Timestamp;
use crate::routeros::inspect::CheckFinding;
use crate::ui::catalogue::fill;
use crate::ui::field::FieldView;
use crate::ui::language::Language;
use crate::ui::layout::{page_with, see_other};
use crate::ui::refused::Refused;
use crate::ui::{Form, Frame};
use crate::web::Problem;

/// What a handler answers.
pub(super) type Answer = Result<Response, Problem>;

/// A button of its own besides the one that sends the fields.
pub(super) struct OtherForm {
    /// Where it goes.
    pub action: &'static str,
    pub label: &'static str,
}

/// A result of a check: its tone, its text and what to do.
pub(super) struct FindingLine {
    /// `good`, `warn` or `bad`.
    pub tone: &'static str,
    pub text: String,
    pub remedy: String,
}

impl FindingLine {
    /// A finding of the doctor.
    pub fn of(finding: &CheckFinding, language: Language) -> Self {
        let tone = match finding.level {
            Level::Ok => "good",
            Level::Warn => "warn",
            Level::Fail => "bad",
        };
        Self {
            tone,
            text: finding.text(language).to_owned(),
            remedy: finding.remedy_text(language).to_owned(),
        }
    }

    /// What could not be read.
    pub fn bad(text: impl Into<String>) -> Self {
        Self { tone: "bad", text: text.into(), remedy: String::new() }
    }
}

#[derive(Template)]
#[template(path = "first_run/step.html")]
pub(super) struct StepPage {
    pub frame: Frame,
    pub words: &'static StepWords,
    /// "Step 1 of 9"; empty beside the steps.
    progress: String,
    about: Vec<String>,
    complaint: Option<String>,
    facts: Vec<(String, String)>,
    findings: Vec<FindingLine>,
    /// Texts to copy, each with what it is.
    texts: Vec<(String, String)>,
    qr: Option<String>,
    /// Addresses of their own, each with its name.
    links: Vec<(&'static str, &'static str)>,
    fields: Vec<FieldView>,
    /// Where the fields go, and the button.
    action: &'static str,
    submit: Option<&'static str>,
    token: String,
    other: Vec<OtherForm>,
    back: Option<&'static str>,
    /// Who claimed the machine.
    claimed: String,
    refused: Option<Arc<Refused>>,
}

impl StepPage {
    /// An empty page of a step, with a button that goes on.
    pub fn new(run: &FirstRun, claimant: &Claimant, step: Step) -> Self {
        let Claimant { page_request, token } = claimant;
        let words = StepWords::of(page_request.locale.language);
        let total = Step::ALL.len().to_string();
        let claim = run.record().claiming.claim;
        let claimed = claim.map(|claim| {
            let w = ClaimWords::of(page_request.locale.language);
            let how = claim.proof.text(w);
            let at = page_request.locale.moment(Timestamp(claim.at_ms));
            fill(w.claimed_mine, &[&at, &claim.address.to_string(), how])
        });
        Self {
            frame: page_request.frame(step.title(words)),
            words,
            progress: fill(words.step, &[&step.number().to_string(), &total]),
            about: Vec::new(),
            complaint: None,
            facts: Vec::new(),
            findings: Vec::new(),
            texts: Vec::new(),
            qr: None,
            links: Vec::new(),
            fields: Vec::new(),
            action: step.path(),
            submit: Some(words.next),
            token: token.clone(),
            other: Vec::new(),
            back: step.before().map(Step::path),
            claimed: claimed.unwrap_or_default(),
            refused: page_request.refused.clone(),
        }
    }

    /// An empty page that is no step, with a button that goes on.
    pub fn beside(run: &FirstRun, claimant: &Claimant, title: &'static str, action: &'static str) -> Self {
        let frame = claimant.page_request.frame(title);
        Self { frame, progress: String::new(), action, ..Self::new(run, claimant, Step::Name) }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn about(mut self, text: impl Into<String>) -> Self {
        self.about.push(text.into());
        self
    }

    /// Adds a field. What was typed before and why it was refused win over its value.
    #[must_use]
    pub fn field(mut self, mut field: FieldView) -> Self {
        if let Some(refused) = &self.refused {
            if let Some(typed) = refused.form.text(field.name) {
                if field.is_tick {
                    field.is_on = typed != "no";
                } else if field.is_choice {
                    for (value, _, is_chosen) in &mut field.options {
                        *is_chosen = value == typed;
                    }
                } else {
                    typed.clone_into(&mut field.value);
                }
            }
            let errors = refused.problem.errors();
            let own = errors.iter().find(|error| error.field == field.name);
            field.error = own.map(|error| error.message.clone());
        }
        self.fields.push(field.described());
        self
    }

    /// Adds facts, each with its name.
    #[must_use]
    pub fn facts(self, facts: Vec<(String, String)>) -> Self {
        Self { facts, ..self }
    }

    /// Adds results of checks.
    #[must_use]
    pub fn findings(self, findings: Vec<FindingLine>) -> Self {
        Self { findings, ..self }
    }

    /// Adds a text with a button that copies it.
    #[must_use]
    pub fn copy(mut self, name: &str, text: String) -> Self {
        self.texts.push((name.to_owned(), text));
        self
    }

    /// Adds a QR code.
    #[must_use]
    pub fn qr(self, picture: Option<String>) -> Self {
        Self { qr: picture, ..self }
    }

    /// Adds a link that looks like a button.
    #[must_use]
    pub fn link(mut self, path: &'static str, name: &'static str) -> Self {
        self.links.push((path, name));
        self
    }

    /// Leads back to another page.
    #[must_use]
    pub fn back(self, path: &'static str) -> Self {
        Self { back: Some(path), ..self }
    }

    /// The button that sends the fields; none for a page without them.
    #[must_use]
    pub fn submit(self, label: Option<&'static str>) -> Self {
        Self { submit: label, ..self }
    }

    /// Adds a button of its own.
    #[must_use]
    pub fn other(mut self, action: &'static str, label: &'static str) -> Self {
        self.other.push(OtherForm { action, label });
        self
    }

    /// A refusal that belongs to no field is shown above them.
    pub fn answer(mut self) -> Answer {
        let mut status = StatusCode::OK;
        if let Some(refused) = self.refused.take() {
            status = refused.problem.status();
            let is_shown = self.fields.iter().any(|field| field.error.is_some());
            self.complaint = (!is_shown).then(|| refused.problem.detail().to_owned());
        }
        page_with(status, &self)
    }
}

/// A text field.
pub(super) fn text_field(name: &'static str, label: &'static str, value: impl Into<String>) -> FieldView {
    let (kind, autocomplete) = ("text", "off");
    FieldView {
        name,
        label,
        kind,
        autocomplete,
        is_required: true,
        value: value.into(),
        ..FieldView::default()
    }
}

/// A choice between values with names.
pub(super) fn choice_field(
    name: &'static str,
    label: &'static str,
    options: &[(&str, &str)],
    chosen: &str,
) -> FieldView {
    let options =
        options.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned(), *value == chosen));
    FieldView {
        name,
        label,
        is_choice: true,
        is_required: true,
        options: options.collect(),
        ..FieldView::default()
    }
}

/// Answers that one or more fields cannot be used.
pub(super) fn refuse(form: &Form, errors: BTreeMap<&'static str, String>) -> Response {
    let first = errors.iter().next();
    let problem =
        first.map_or_else(Problem::internal, |(field, message)| Problem::invalid(*field, message.as_str()));
    let errors = errors
        .into_iter()
        .map(|(field, message)| crate::web::FieldError { field: field.to_owned(), message });
    let problem = problem.with_errors(errors.collect());
    Refused::of(problem.clone(), form).answered_by(problem.into_response())
}

/// Answers that the step cannot be done for a reason outside of its fields.
pub(super) fn refuse_whole(form: &Form, code: &'static str, message: impl Into<String>) -> Response {
    let problem = Problem::conflict(code, message);
    Refused::of(problem.clone(), form).answered_by(problem.into_response())
}

/// Notes the step and leads to the next one.
pub(super) fn go_on(run: &FirstRun, step: Step, change: impl FnOnce(&mut super::record::Record)) -> Answer {
    run.change(|record| {
        change(record);
        step.note(record);
    })?;
    Ok(see_other(step.after().path()))
}

/// The texts in the reader's language.
pub(super) fn words_of(form: &StepForm) -> &'static StepWords {
    StepWords::of(form.claimant.page_request.locale.language)
}
