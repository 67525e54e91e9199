//! The owner: name and password. Only the password's hash is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde_json::Value;

use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::record::OwnerAnswer;
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{Answer, StepPage, go_on, refuse, text_field, words_of};
use crate::protocol::admin::values::{AdminName, Password};
use crate::ui::field::FieldView;

fn password_field(name: &'static str, label: &'static str, hint: &str) -> FieldView {
    let (kind, autocomplete) = ("password", "new-password");
    FieldView { kind, autocomplete, hint: hint.to_owned(), ..text_field(name, label, "") }
}

/// `GET /mulai/pemilik`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let page = StepPage::new(&run, &claimant, Step::Owner);
    let words = page.words;
    let owner = run.record().answers.owner.map_or_else(|| "pemilik".to_owned(), |owner| owner.name);
    let name = FieldView { autocomplete: "username", ..text_field("owner", words.owner_name, owner) };
    page.about(words.owner_text)
        .field(name)
        .field(password_field("password", words.password, words.password_hint))
        .field(password_field("new_password", words.again, ""))
        .answer()
}

/// `POST /mulai/pemilik`.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, words_of(&sent));
    let value = |name: &str| Value::from(form.text(name).unwrap_or_default());
    let name = serde_json::from_value::<AdminName>(value("owner"));
    let password = serde_json::from_value::<Password>(value("password"));
    let mut errors = BTreeMap::new();
    if name.is_err() {
        errors.insert("owner", words.owner_name_unfit.to_owned());
    }
    if password.is_err() {
        errors.insert("password", words.password_unfit.to_owned());
    } else if form.text("password") != form.text("new_password") {
        errors.insert("new_password", words.differs.to_owned());
    }
    let (Ok(AdminName(name)), Ok(Password(password)), true) = (name, password, errors.is_empty()) else {
        return Ok(refuse(form, errors));
    };
    let password_hash = run.passwords.hash(password).await?;
    go_on(&run, Step::Owner, |record| record.answers.owner = Some(OwnerAnswer { name, password_hash }))
}
