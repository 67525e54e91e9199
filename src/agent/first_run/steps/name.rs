//! The hotspot's name, the language of its pages, its zone, and how customers reach the owner.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde_json::Value;

use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::recovery::places::START;
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{
    Answer, StepPage, choice_field, go_on, refuse, text_field, words_of,
};
use crate::ui::language::Language;

/// Zones of Indonesia, as clocks name them.
const ZONES: [(&str, &str); 3] = [
    ("Asia/Jakarta", "WIB (Jakarta)"),
    ("Asia/Makassar", "WITA (Makassar)"),
    ("Asia/Jayapura", "WIT (Jayapura)"),
];
const LANGUAGES: [(&str, &str); 2] = [("id", "Bahasa Indonesia"), ("en", "English")];
/// The longest name or contact.
const CHARS_MAX: usize = 100;

/// `GET /mulai/nama`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let values = run.record().answers.values;
    let text = |key: &str| values.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let page = StepPage::new(&run, &claimant, Step::Name);
    let words = page.words;
    let language = match claimant.page_request.locale.language {
        Language::Indonesian => "id",
        Language::English => "en",
    };
    let language = values.get("language").and_then(Value::as_str).unwrap_or(language).to_owned();
    let zone = values.get("timezone").and_then(Value::as_str).unwrap_or(ZONES[0].0).to_owned();
    let mut contact = text_field("contact", words.contact, text("portal.contact"));
    contact.is_required = false;
    page.about(words.name_text)
        .link(START, words.have_kit)
        .field(text_field("name", words.site_name, text("name")))
        .field(choice_field("language", words.language, &LANGUAGES, &language))
        .field(choice_field("timezone", words.zone, &ZONES, &zone))
        .field(contact)
        .answer()
}

/// `POST /mulai/nama`.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let form = &sent.form;
    let one_of = |name: &str, all: &[(&str, &str)]| {
        let typed = form.text(name).unwrap_or_default();
        all.iter().find(|(value, _)| *value == typed).map_or(all[0].0, |(value, _)| *value).to_owned()
    };
    let (language, zone) = (one_of("language", &LANGUAGES), one_of("timezone", &ZONES));
    let bounded =
        |name: &str| -> String { form.text(name).unwrap_or_default().chars().take(CHARS_MAX).collect() };
    let (name, contact) = (bounded("name"), bounded("contact"));
    let is_bad = |text: &str| text.chars().any(char::is_control);
    if name.is_empty() || is_bad(&name) || is_bad(&contact) {
        return Ok(refuse(form, BTreeMap::from([("name", words_of(&sent).name_empty.to_owned())])));
    }
    go_on(&run, Step::Name, |record| {
        let pairs = [("name", name), ("language", language), ("timezone", zone), ("portal.contact", contact)];
        record.answers.values.extend(pairs.map(|(key, text)| (key.to_owned(), Value::from(text))));
    })
}
