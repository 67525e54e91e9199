//! The two pages of a form action: the form and the preview.

use askama::Template;
use axum::response::Response;
use uuid::Uuid;

use super::form_spec::{EXPECT, Field, FormSpec, Kind, LAST_PAID};
use super::preview::Shown;
use crate::agent::console::menu::part;
use crate::agent::console::session::AdminSession;
use crate::agent::console::texts::counter::CounterWords;
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::http::errors::DEVICE_TAKEN;
use crate::protocol::admin::money::NONE_PAID;
use crate::ui::address::{parameter, path_of_ours};
use crate::ui::desk::Layout;
use crate::ui::field::FieldView;
use crate::ui::flash::EDITED;
use crate::ui::layout::page_with;
use crate::ui::refused::Refused;
use crate::ui::{Form, Frame, html};
use crate::web::Problem;

/// The parameter that shows what something typed before would do; it names the press.
pub(crate) const SHOWN: &str = "lihat";
/// The parameter that says where to go afterwards, when that is not the deed's own place.
const TOWARDS: &str = "ke";

/// The pages of one form action for the admin of the session.
pub(crate) struct Of<'a> {
    pub session: &'a AdminSession,
    pub title: &'static str,
    pub about: String,
    /// Where to go afterwards.
    pub home: String,
    /// The page's own address, which says where to go afterwards.
    address: String,
    spec: FormSpec,
}

#[derive(Template)]
#[template(path = "console/form.html")]
struct FormPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    about: String,
    /// Where its form goes. Said in full: a dialog shows this page at another address.
    action: String,
    home: String,
    notes: Vec<String>,
    fields: Vec<FieldView>,
    complaint: Option<String>,
}

#[derive(Template)]
#[template(path = "console/confirm.html")]
struct ConfirmPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    about: String,
    /// Where its form goes. Said in full: a dialog shows this page at another address.
    action: String,
    home: String,
    shown: Shown,
    /// What was typed, and the price that was shown.
    typed: Vec<(&'static str, String)>,
    key: String,
    is_grave: bool,
    /// What its button says.
    yes: String,
    /// The form with what was typed, where there is one to go back to.
    edit: Option<String>,
}

fn field_view(field: &Field, error: Option<String>) -> FieldView {
    let (kind, inputmode) = match field.kind {
        Kind::Phone => ("tel", "tel"),
        Kind::Rupiah | Kind::Number => ("text", "numeric"),
        Kind::Date => ("date", ""),
        Kind::Password => ("password", ""),
        Kind::Text | Kind::Login | Kind::Mac | Kind::Amount | Kind::Tick | Kind::Choice(_) => ("text", ""),
    };
    let options = match &field.kind {
        Kind::Choice(options) => options.as_slice(),
        Kind::Text
        | Kind::Phone
        | Kind::Login
        | Kind::Mac
        | Kind::Amount
        | Kind::Rupiah
        | Kind::Number
        | Kind::Date
        | Kind::Tick
        | Kind::Password => &[],
    };
    let options = options.iter().map(|(value, name)| (value.clone(), name.clone(), *value == field.value));
    FieldView {
        name: field.name,
        label: field.label,
        kind,
        inputmode,
        autocomplete: "off",
        is_required: field.is_required,
        is_choice: matches!(field.kind, Kind::Choice(_)),
        is_tick: matches!(field.kind, Kind::Tick),
        is_on: field.value == "yes",
        value: if kind == "password" { String::new() } else { field.value.clone() },
        options: options.collect(),
        hint: field.hint.clone(),
        error,
        ..FieldView::default()
    }
    .described()
}

impl<'a> Of<'a> {
    pub fn new(session: &'a AdminSession, title: &'static str, spec: FormSpec) -> Self {
        let towards = parameter(&session.page_request.uri, TOWARDS).map(path_of_ours);
        let path = session.page_request.uri.path();
        let address = towards.as_ref().map_or_else(|| path.to_owned(), |to| format!("{path}?{TOWARDS}={to}"));
        let (about, home) = (spec.about.clone(), towards.unwrap_or_else(|| spec.home.clone()));
        Self { session, title, about, home, address, spec }
    }

    /// The page's own address; what was typed before it is asked for by this parameter and key.
    pub fn address(&self, typed: Option<(&str, &str)>) -> String {
        let and = if self.address.contains('?') { '&' } else { '?' };
        typed.map_or_else(|| self.address.clone(), |(name, key)| format!("{}{and}{name}={key}", self.address))
    }

    /// What of a form is asked here.
    pub fn typed(&self, form: &Form) -> Form {
        let filled = self.spec.filled(form);
        Form(filled.fields.into_iter().map(|field| (field.name.to_owned(), field.value)).collect())
    }

    pub fn words(&self) -> &'static People {
        People::of(self.session.page_request.locale.language)
    }

    fn around(&self) -> (Frame, Layout) {
        self.session.layout(self.title, part(&self.spec.home))
    }

    /// The form with the present values, or with what was typed.
    pub fn form(&self, typed: Option<&Form>) -> Result<Response, Problem> {
        let spec = typed.map_or_else(|| self.spec.clone(), |form| self.spec.filled(form));
        html(&self.form_page(&spec, None))
    }

    fn form_page(&self, spec: &FormSpec, problem: Option<&Problem>) -> FormPage {
        let words = self.words();
        let language = self.session.page_request.locale.language;
        let complaints = problem.map(|problem| spec.complaints(problem, language)).unwrap_or_default();
        let complaint = problem.map(|problem| {
            let named: Vec<String> = spec
                .fields
                .iter()
                .filter_map(|field| complaints.get(field.name).map(|why| format!("{}: {why}", field.label)))
                .collect();
            if let Some(owner) = problem.member("owner_name").filter(|_| problem.code() == DEVICE_TAKEN) {
                say::with(words.device_taken, &[owner])
            } else if named.is_empty() {
                say::refusal(language, problem)
            } else {
                named.join(" ")
            }
        });
        let (frame, layout) = self.around();
        FormPage {
            frame,
            layout,
            words,
            about: self.about.clone(),
            action: self.address(None),
            home: self.home.clone(),
            notes: spec.notes.clone(),
            fields: spec
                .fields
                .iter()
                .filter(|field| is_asked(field, problem))
                .map(|field| field_view(field, complaints.get(field.name).cloned()))
                .collect(),
            complaint,
        }
    }

    /// The form again with the reason; what is no matter of the form stays a problem.
    pub fn refused(&self, typed: &Form, problem: Problem) -> Result<Response, Problem> {
        if !matches!(problem.status().as_u16(), 400 | 409 | 422 | 502 | 503) {
            return Err(problem);
        }
        let page = page_with(problem.status(), &self.form_page(&self.spec.filled(typed), Some(&problem)))?;
        Ok(Refused::of(problem, &self.typed(typed)).answered_by(page))
    }

    /// What would happen, and the button that does it; `key` names the press when what was typed is kept by it.
    pub fn confirm(
        &self,
        form: &Form,
        shown: Shown,
        is_grave: bool,
        key: Option<&str>,
    ) -> Result<Response, Problem> {
        let filled = self.spec.filled(form);
        // Passwords stay with the press that is kept, and are nowhere in a page.
        let shown_again = filled.fields.iter().filter(|field| !matches!(field.kind, Kind::Password));
        let mut typed: Vec<(&'static str, String)> =
            shown_again.map(|field| (field.name, field.value.clone())).collect();
        if let Some(price) = shown.price.filter(|_| self.spec.is_priced) {
            typed.push((EXPECT, price.0.to_string()));
        }
        if let Some(paid) = shown.last_paid.as_ref().filter(|_| self.spec.takes_money) {
            let id = paid.as_ref().map_or_else(|| NONE_PAID.to_owned(), |id| id.0.clone());
            typed.push((LAST_PAID, id));
        }
        let taken = shown.price.filter(|_| self.spec.receives).map(|price| price.to_string());
        let counter = CounterWords::of(self.session.page_request.locale.language);
        let yes =
            taken.map_or_else(|| self.words().yes.to_owned(), |price| say::with(counter.take, &[&price]));
        let (frame, layout) = self.around();
        html(&ConfirmPage {
            yes,
            frame,
            layout,
            words: self.words(),
            about: self.about.clone(),
            action: self.address(None),
            home: self.home.clone(),
            shown,
            edit: key.filter(|_| !filled.fields.is_empty()).map(|key| self.address(Some((EDITED, key)))),
            typed,
            key: key.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned),
            is_grave,
        })
    }
}

/// Whether a field is drawn: one that waits for a refusal stays once it is decided.
fn is_asked(field: &Field, problem: Option<&Problem>) -> bool {
    let Some(code) = field.only_after else { return true };
    field.value == "yes" || problem.is_some_and(|problem| problem.code() == code)
}
