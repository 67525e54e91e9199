//! The configuration as owners read and change it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::sessions::prove_again;
use super::state::AppState;
use crate::agent::config::{self, DeskChange, Key, LoadedConfig, Origin, TakesEffect};
use crate::agent::engine::{AccessUnder, Actor, Engine};
use crate::agent::settings::{
    ChangedKey, SettingsEdit, SettingsError, SettingsOutcome, after_restart, change, preview, revision,
    secret_of,
};
use crate::agent::site::Site;
use crate::domain::access::Status;
use crate::protocol::admin::settings::{
    ChangeSettings, ChangedAccessView, ChangedSettingView, ChangedSettingsView, SecretInput, SettingInput,
    SettingView, SettingsView,
};
use crate::protocol::admin::values::Instant;
use crate::settings::{Finding, Secret};
use crate::web::finish::finish;
use crate::web::problem::FieldError;
use crate::web::{Peer, Problem};

/// Customers who are named in a preview.
const PEOPLE_MAX: usize = 100;

/// Who changes settings, and how that was proved.
pub(crate) struct SettingsCaller {
    /// The admin.
    pub actor: Actor,
    /// Where from.
    pub peer: Peer,
    /// Whether it is a session of a browser, and not a token or the control socket.
    pub is_session: bool,
}

impl SettingsCaller {
    /// The caller of the API.
    pub fn new(actor: Actor, peer: Peer, headers: &HeaderMap) -> Self {
        let is_session = peer != Peer::Local && !headers.contains_key(AUTHORIZATION);
        Self { actor, peer, is_session }
    }

    /// Whether a command on this machine calls.
    pub fn is_local(&self) -> bool {
        self.peer == Peer::Local
    }
}

impl From<SettingsError> for Problem {
    fn from(error: SettingsError) -> Self {
        let text = error.to_string();
        match error {
            SettingsError::NoFiles => Self::conflict("settings_unavailable", text),
            SettingsError::BadFile(_) => Self::conflict("bad_configuration", text),
            SettingsError::Invalid(findings) => invalid(findings.findings),
            SettingsError::SetByEnvironment(_) => Self::conflict("set_by_environment", text),
            SettingsError::IsCredential(_) => Self::conflict("is_credential", text),
            SettingsError::SecretNeeded { secret, .. } => Self::invalid(format!("secrets.{secret}"), text),
            SettingsError::ChangedMeanwhile => Self::conflict("changed_meanwhile", text),
            SettingsError::Unwritable(_) => Self::unavailable("settings_unwritable", text),
            SettingsError::Engine(error) => error.into(),
            SettingsError::Gone(error) => error.into(),
        }
    }
}

fn invalid(findings: Vec<Finding>) -> Problem {
    let detail = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let errors = findings.into_iter().map(|finding| {
        let is_secret = finding.key.starts_with("secrets.");
        let field = if is_secret { finding.key } else { format!("values.{}", finding.key) };
        FieldError { field, message: finding.reason }
    });
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).with_errors(errors.collect())
}

/// What a request wants changed.
fn edit_of(asked: &ChangeSettings) -> SettingsEdit {
    let value = |item: &SettingInput| (item.key.clone(), item.value.clone().map(Value::String));
    let secret = |item: &SecretInput| (item.name.clone(), Secret::new(item.value.clone()));
    SettingsEdit {
        values: asked.values.iter().map(value).collect(),
        secrets: asked.secrets.iter().map(secret).collect(),
        revision: asked.revision.clone(),
    }
}

/// What a change would do. Changes nothing, and asks for no password.
pub(crate) fn preview_settings(
    site: &Site,
    engine: &Engine,
    asked: &ChangeSettings,
) -> Result<SettingsOutcome, Problem> {
    Ok(preview(site, &engine.read_view(), &edit_of(asked))?)
}

/// Makes a change. A session alone, or a token, changes no key that decides where a secret is sent.
pub(crate) async fn change_settings(
    app: &AppState,
    caller: SettingsCaller,
    asked: ChangeSettings,
) -> Result<SettingsOutcome, Problem> {
    let edit = edit_of(&asked);
    let ChangeSettings { password, otp, .. } = asked;
    if edit.needs_proof() {
        if !caller.is_session {
            let detail = "a key that decides where a secret is sent is changed by an owner's own session, with the password";
            return Err(Problem::forbidden("session_needed", detail));
        }
        prove_again(app, caller.peer, &caller.actor, password, otp).await?;
    }
    let site = Arc::clone(&app.site);
    Ok(finish(async move { change(&site, caller.actor, edit).await }).await??)
}

/// The configuration as the files have it at this moment.
pub(crate) fn settings_view(app: &AppState) -> SettingsView {
    let (loaded, revision) = match &app.site.files {
        Some(files) => (files.last(), revision(&files.last())),
        None => (Arc::new(LoadedConfig::plain(app.site.in_force())), String::new()),
    };
    let can_change = app.site.files.is_some();
    let values = loaded.config.keys();
    let items = config::sections().into_iter().flat_map(|section| section.keys);
    SettingsView {
        revision,
        items: items.map(|key| setting(key, &values, &loaded, can_change)).collect(),
        faults: loaded.faults.iter().map(ToString::to_string).collect(),
        after_restart: after_restart(&app.site, &loaded.config),
        running_since: Instant(app.since),
    }
}

fn setting(
    key: &Key,
    values: &BTreeMap<String, String>,
    loaded: &LoadedConfig,
    can_change: bool,
) -> SettingView {
    let origin = loaded.origin(key.path);
    let is_the_desks = match key.desk {
        DeskChange::Free | DeskChange::WithSecret(_) => true,
        DeskChange::FileOnly | DeskChange::SetUp => false,
    };
    let range = key.range.map(|range| range());
    SettingView {
        key: key.path.to_owned(),
        value: values.get(key.path).map(|value| plain(value)),
        origin: origin.name().to_owned(),
        changeable: can_change && is_the_desks && origin != Origin::Environment,
        secret: secret_of(key.path).map(str::to_owned),
        live: key.effect == TakesEffect::AtReload,
        min: range.as_ref().map(|[min, _]| min.clone()),
        max: range.map(|[_, max]| max),
        choices: config::choices(key.path).iter().map(|word| (*word).to_owned()).collect(),
        meaning_id: key.indonesian.to_owned(),
        meaning_en: key.english.to_owned(),
    }
}

/// A list as people write it.
fn plain(value: &str) -> String {
    match serde_json::from_str::<Vec<String>>(value) {
        Ok(items) if value.starts_with('[') => items.join(", "),
        _ => value.to_owned(),
    }
}

/// Whether a status lets a customer use the internet.
fn is_online(status: Status) -> bool {
    match status {
        Status::Active | Status::Fup | Status::Unlimited => true,
        Status::Habis | Status::Expired | Status::Inactive | Status::Blocked => false,
    }
}

/// How many customers lose and get back their access.
pub(crate) fn blocked_and_freed(people: &[AccessUnder]) -> (u64, u64) {
    let count = |is: fn(bool, bool) -> bool| {
        let which = people.iter().filter(|one| is(is_online(one.before.status), is_online(one.after.status)));
        u64::try_from(which.count()).unwrap_or(u64::MAX)
    };
    (count(|before, after| before && !after), count(|before, after| !before && after))
}

/// A change as the API answers it.
pub(crate) fn outcome_view(app: &AppState, outcome: SettingsOutcome, dry_run: bool) -> ChangedSettingsView {
    let waiting = match &app.site.files {
        Some(files) => after_restart(&app.site, &files.last().config),
        None => Vec::new(),
    };
    let (blocked, freed) = blocked_and_freed(&outcome.people);
    let changed = |ChangedKey { key, from, to, effect }| ChangedSettingView {
        key,
        from,
        to,
        live: effect == TakesEffect::AtReload,
    };
    let person = |one: AccessUnder| ChangedAccessView {
        user_id: one.user,
        name: one.name,
        from: one.before.status.name().to_owned(),
        to: one.after.status.name().to_owned(),
    };
    ChangedSettingsView {
        dry_run,
        revision: outcome.revision,
        changes: outcome.changes.into_iter().map(changed).collect(),
        secrets: outcome.secrets,
        blocked,
        freed,
        people: outcome.people.into_iter().take(PEOPLE_MAX).map(person).collect(),
        after_restart: waiting,
    }
}
