//! A form of one change: its page, what becomes of what was sent, and where its result is shown. A form without fields asks whether
//! to go on.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use uuid::Uuid;

use super::session::OperatorSession;
use super::state::{ConsoleState, PageAnswer};
use super::texts::{ConsoleWords, say};
use crate::ui::desk::Layout;
use crate::ui::field::FieldView;
use crate::ui::flash::{Claim, Flash};
use crate::ui::form::KEY;
use crate::ui::layout::{page_with, see_other};
use crate::ui::refused::Refused;
use crate::ui::{Form, Frame};
use crate::web::Problem;

/// Longest key of a form; ours are shorter.
const KEY_CHARS_MAX: usize = 64;

/// A form of one change.
pub(super) struct ActionForm {
    /// What it does.
    pub title: String,
    /// The path of its tab.
    pub part: &'static str,
    /// Its address, which both shows and takes it.
    pub path: String,
    /// Where somebody goes who does not want it.
    pub home: String,
    /// What it does, in sentences.
    pub about: String,
    /// Its fields; none: it asks whether to go on.
    pub fields: Vec<FieldView>,
    /// The name of its button.
    pub button: &'static str,
    /// Whether it takes something away.
    pub is_grave: bool,
}

#[derive(Template)]
#[template(path = "relay/action.html")]
struct ActionPage<'a> {
    frame: Frame,
    layout: Layout,
    w: &'static ConsoleWords,
    form: &'a ActionForm,
    fields: Vec<FieldView>,
    complaint: Option<String>,
    key: String,
}

/// What was done, and the page that shows it.
pub(super) struct ActionDone {
    /// The page.
    pub home: String,
    /// What it says.
    pub told: Flash,
}

impl ActionDone {
    /// A sentence on a page.
    pub fn new(home: impl Into<String>, text: String) -> Self {
        Self { home: home.into(), told: Flash { text, ..Flash::default() } }
    }

    /// The same with something that is shown this once.
    #[must_use]
    pub fn with_secret(mut self, name: &str, value: &str) -> Self {
        self.told.secret = Some((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with another sentence, where there is one.
    #[must_use]
    pub fn with_line(mut self, line: Option<&str>) -> Self {
        self.told.lines.extend(line.map(str::to_owned));
        self
    }
}

impl ActionForm {
    /// The page of the form, with why it was refused where it was.
    pub fn show(&self, session: &OperatorSession) -> PageAnswer {
        match session.page_request.refused.clone() {
            Some(refused) => Ok(refused.shown_by(self.page(session, Some(&refused))?)),
            None => self.page(session, None),
        }
    }

    /// What becomes of a form that was sent: it is done once, however often it is pressed.
    pub async fn submit(
        &self,
        state: &ConsoleState,
        session: &OperatorSession,
        form: &Form,
        work: impl Future<Output = Result<ActionDone, Problem>> + Send,
    ) -> PageAnswer {
        let key = form.text(KEY).filter(|key| is_key(key)).map_or_else(new_key, str::to_owned);
        match state.flash.claim(&session.token, &key) {
            Claim::First => {}
            Claim::Done(at) => return Ok(see_other(&at)),
            Claim::Running => {
                return self.refuse(session, form, Problem::conflict("deed_running", "this is being done"));
            }
        }
        match work.await {
            Ok(ActionDone { home, told }) => {
                Ok(see_other(&state.flash.tell(&session.token, &key, &home, told)))
            }
            Err(problem) => {
                state.flash.drop_claim(&session.token, &key);
                self.refuse(session, form, problem)
            }
        }
    }

    fn refuse(&self, session: &OperatorSession, form: &Form, problem: Problem) -> PageAnswer {
        let is_shown_here = problem.status().is_client_error()
            && !matches!(
                problem.status(),
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND
            );
        if !is_shown_here {
            return Err(problem);
        }
        let refused = Refused::of(problem, form);
        let page = self.page(session, Some(&refused))?;
        Ok(refused.answered_by(page))
    }

    fn page(&self, session: &OperatorSession, refused: Option<&Refused>) -> PageAnswer {
        let w = session.words();
        let problem = refused.map(|refused| &refused.problem);
        let errors = problem.map(Problem::errors).unwrap_or_default();
        let error_of: BTreeMap<&str, &str> =
            errors.iter().map(|error| (error.field.as_str(), error.message.as_str())).collect();
        let fields: Vec<FieldView> = self
            .fields
            .iter()
            .map(|field| {
                let error = error_of.get(field.name).map(|message| say::field_error(w, field.name, message));
                let typed = refused.and_then(|refused| refused.form.text(field.name));
                filled(FieldView { error, ..field.clone() }, typed).described()
            })
            .collect();
        let is_said = fields.iter().any(|field| field.error.is_some());
        let complaint = problem.filter(|_| !is_said);
        let complaint = complaint.map(|problem| say::refusal(session.locale().language, problem));
        let (frame, layout) = session.layout(self.title.clone(), self.part);
        let status = problem.map_or(StatusCode::OK, Problem::status);
        page_with(status, &ActionPage { frame, layout, w, form: self, fields, complaint, key: new_key() })
    }
}

/// A field with what was typed before.
fn filled(field: FieldView, typed: Option<&str>) -> FieldView {
    let Some(typed) = typed else { return field };
    if field.is_tick {
        return FieldView { is_on: typed != "no", ..field };
    }
    let choose = |(value, name, _): (String, String, bool)| {
        let is_chosen = value == typed;
        (value, name, is_chosen)
    };
    let options = field.options.into_iter().map(choose).collect();
    FieldView { value: typed.to_owned(), options, ..field }
}

fn new_key() -> String {
    Uuid::new_v4().to_string()
}

/// Keys are made by our own pages; anything else is none.
fn is_key(text: &str) -> bool {
    text.len() <= KEY_CHARS_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A text field.
pub(super) fn text_field(name: &'static str, label: &'static str, hint: &str) -> FieldView {
    FieldView {
        name,
        label,
        kind: "text",
        autocomplete: "off",
        is_required: true,
        hint: hint.to_owned(),
        ..FieldView::default()
    }
}

/// A text field that may be empty.
pub(super) fn optional_field(name: &'static str, label: &'static str, hint: &str) -> FieldView {
    FieldView { is_required: false, ..text_field(name, label, hint) }
}

/// A choice; the first one is chosen.
pub(super) fn choice_field(
    name: &'static str,
    label: &'static str,
    hint: &str,
    options: Vec<(String, String)>,
) -> FieldView {
    let chosen = |(at, (value, name)): (usize, (String, String))| (value, name, at == 0);
    let options = options.into_iter().enumerate().map(chosen).collect();
    FieldView { is_choice: true, options, ..text_field(name, label, hint) }
}

/// The operator's own password, asked once more.
pub(super) fn own_password(w: &ConsoleWords) -> FieldView {
    let field = text_field("password", w.own_password, "");
    FieldView { kind: "password", autocomplete: "current-password", ..field }
}

/// A one-time code, asked once more.
pub(super) fn own_code(w: &ConsoleWords) -> FieldView {
    let field = text_field("otp", w.own_code, w.own_code_hint);
    FieldView { inputmode: "numeric", autocomplete: "one-time-code", ..field }
}

/// A password that is to be.
pub(super) fn new_password(w: &ConsoleWords) -> FieldView {
    let field = text_field("new_password", w.new_password, w.new_password_hint);
    FieldView { kind: "password", autocomplete: "new-password", ..field }
}

/// The text of a field, as a form sends it.
pub(super) fn typed(form: &Form, name: &str) -> String {
    form.text(name).unwrap_or_default().to_owned()
}
