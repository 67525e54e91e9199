//! Changes of the configuration while the daemon runs: after a signal, and by an owner at the desk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;
use tokio::task::spawn_blocking;

use super::config::files::{ConfigFiles, FilesTurn};
use super::config::{
    self, Config, ConfigError, DeskChange, DeskLayer, LoadedConfig, Origin, Secrets, TakesEffect,
};
use super::engine::{AccessUnder, Actor, EngineError, EngineGone, ReadView};
use super::site::Site;
use crate::domain::account::Policy;
use crate::settings::{Finding, Secret};
use crate::tools::digest;

/// Why nothing was reloaded.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A file is bad.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
}

/// Reads the configuration again and applies the changes that can take effect; others are logged. A bad file changes
/// nothing, which is logged.
pub async fn reload(site: &Site) {
    let Some(files) = &site.files else { return };
    let mut turn = files.turn().await;
    let done = match files.read() {
        Ok((loaded, secrets)) => apply(site, &mut turn, loaded, secrets).await.map_err(ReloadError::from),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(changes) => tracing::info!(changes, "configuration reloaded"),
        Err(ReloadError::Config(error)) => error.log_reload(),
        Err(ReloadError::Gone(error)) => tracing::error!(%error, "nothing was reloaded"),
    }
}

/// Applies what was read. Returns how many keys changed.
async fn apply(
    site: &Site,
    turn: &mut FilesTurn<'_>,
    loaded: LoadedConfig,
    secrets: Secrets,
) -> Result<usize, EngineGone> {
    let config = &loaded.config;
    site.reload(config).await?;
    // A secret goes to the host it was given for: another host counts from the next start on, and so does its secret.
    let is_same_router = log_in(&site.config) == log_in(config);
    if is_same_router && turn.files.password.replace(secrets.router_password) {
        tracing::info!(key = "router.password_file", "another router password from the next log-in on");
    }
    if let (Some(held), Some(token)) = (&turn.files.token, secrets.relay_token)
        && site.config.relay.as_ref().map(|relay| &relay.url) == config.relay.as_ref().map(|relay| &relay.url)
        && held.replace(token)
    {
        tracing::info!(key = "relay.token_file", "another relay token from the next call on");
    }
    let changes = changes(&turn.files.last().config, config);
    for (key, from, to) in &changes {
        match config::key(key).map(|known| known.effect) {
            Some(TakesEffect::AtReload) => tracing::info!(key, from, to, "setting changed"),
            Some(TakesEffect::AtStart) | None => {
                tracing::warn!(key, from, to, "setting changed; it takes effect at the next start");
            }
        }
    }
    turn.keep(loaded);
    Ok(changes.len())
}

/// What decides who gets the router's password.
fn log_in(config: &Config) -> impl PartialEq + '_ {
    let router = &config.router;
    (&router.address, router.tls, &router.tls_fingerprint, &router.tls_ca_file, &router.username)
}

/// Keys that wait for the next start.
pub fn after_restart(site: &Site, config: &Config) -> Vec<String> {
    let waits = |key: &str| config::key(key).is_some_and(|known| known.effect == TakesEffect::AtStart);
    changes(&site.config, config).into_iter().map(|(key, ..)| key).filter(|key| waits(key)).collect()
}

/// The longest value that the desk stores.
pub const VALUE_CHARS_MAX: usize = 500;
/// The most items in a list that it stores.
const ITEMS_MAX: usize = 50;

/// What an owner wants changed.
#[derive(Clone, Debug, Default)]
pub struct SettingsEdit {
    /// Values by the full path of their key. A text is read like a variable of the environment; nothing gives the key back
    /// to the file.
    pub values: BTreeMap<String, Option<Value>>,
    /// Secrets by name.
    pub secrets: BTreeMap<String, Secret>,
    /// The revision that the owner saw, so that nothing is lost that another owner changed meanwhile.
    pub revision: Option<String>,
}

impl SettingsEdit {
    /// Whether the owner has to prove again who that is: a secret, or a key that decides where a secret is sent, is part of
    /// it.
    pub fn needs_proof(&self) -> bool {
        !self.secrets.is_empty() || self.values.keys().any(|key| secret_of(key).is_some())
    }
}

/// The secret that is sent where this key says.
pub fn secret_of(key: &str) -> Option<&'static str> {
    match config::key(key)?.desk {
        DeskChange::WithSecret(name) => Some(name),
        DeskChange::FileOnly | DeskChange::SetUp | DeskChange::Free => None,
    }
}

/// A key before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedKey {
    /// Its full path.
    pub key: String,
    /// Its value at present.
    pub from: String,
    /// Its value after.
    pub to: String,
    /// When that takes effect.
    pub effect: TakesEffect,
}

/// What a change does, or would do.
#[derive(Clone, Debug)]
pub struct SettingsOutcome {
    /// Keys that change.
    pub changes: Vec<ChangedKey>,
    /// Secrets that are replaced, by name.
    pub secrets: Vec<String>,
    /// Customers whose access changes.
    pub people: Vec<AccessUnder>,
    /// The revision of the settings after it.
    pub revision: String,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// This process has no files to change.
    #[error("only the running daemon changes settings")]
    NoFiles,
    /// The file of the configuration is bad.
    #[error("the configuration file is bad: {0}")]
    BadFile(ConfigError),
    /// A value is refused.
    #[error("{0}")]
    Invalid(ConfigError),
    /// The environment sets a key.
    #[error("{0} is set by the environment of the service, which wins: change it there")]
    SetByEnvironment(String),
    /// A systemd credential is a secret.
    #[error("{0} is a systemd credential, which wins: change it there")]
    IsCredential(String),
    /// A key decides where a secret is sent, and the secret was not given.
    #[error("{key} decides where {secret} is sent: give {secret} for that host in the same request")]
    SecretNeeded {
        /// The key.
        key: String,
        /// The name of the secret.
        secret: &'static str,
    },
    /// Somebody else changed the settings.
    #[error("the settings were changed meanwhile: read them again")]
    ChangedMeanwhile,
    /// The disk takes no file.
    #[error("the settings could not be written: {0}")]
    Unwritable(#[from] io::Error),
    /// The change could not be noted.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
}

/// A change that may be made.
struct Planned {
    layer: DeskLayer,
    next: LoadedConfig,
    changes: Vec<ChangedKey>,
}

/// The revision of what the desk stored.
pub fn revision(loaded: &LoadedConfig) -> String {
    data_encoding::HEXLOWER.encode(&digest::of_parts([loaded.desk.text()])[..8])
}

/// What a change would do, seen by the engine's memory. Changes nothing.
pub fn preview(site: &Site, view: &ReadView, edit: &SettingsEdit) -> Result<SettingsOutcome, SettingsError> {
    let planned = plan(files(site)?, edit)?;
    let policy = policy_then(site, &planned);
    Ok(outcome(site, edit, &planned, view.access_under(&policy)))
}

/// Makes a change: it is noted, written, and applied as far as it can take effect now. The caller has made sure that `actor`
/// is an owner, who proved it again where [`SettingsEdit::needs_proof`].
pub async fn change(site: &Site, actor: Actor, edit: SettingsEdit) -> Result<SettingsOutcome, SettingsError> {
    let files = files(site)?;
    let mut turn = files.turn().await;
    let mut planned = plan(files, &edit)?;
    let policy = policy_then(site, &planned);
    let people = site.engine().call(move |engine| engine.read_view().access_under(&policy)).await?;
    let mut outcome = outcome(site, &edit, &planned, people);
    if outcome.changes.is_empty() && edit.secrets.is_empty() && files.last().faults.is_empty() {
        return Ok(outcome);
    }
    let detail = audit_detail(&outcome);
    let noted = actor.clone();
    site.engine().call(move |engine| engine.note(&noted, "settings.change", "", detail)).await??;
    let data_dir = planned.next.config.data_dir.clone();
    let written = spawn_blocking(move || {
        for (name, secret) in &edit.secrets {
            planned.layer.store_secret(&data_dir, name, secret)?;
        }
        planned.layer.write(&data_dir)
    });
    if let Err(error) = written.await.map_err(io::Error::other).flatten() {
        let why = error.to_string();
        site.engine().call(move |engine| engine.note(&actor, "settings.change_failed", "", why)).await??;
        return Err(error.into());
    }
    let (loaded, secrets) = files.read().map_err(SettingsError::BadFile)?;
    apply(site, &mut turn, loaded, secrets).await?;
    outcome.revision = revision(&files.last());
    site.cycle.wake();
    Ok(outcome)
}

fn files(site: &Site) -> Result<&ConfigFiles, SettingsError> {
    site.files.as_ref().ok_or(SettingsError::NoFiles)
}

/// Checks a change against what is in the files at this moment.
fn plan(files: &ConfigFiles, edit: &SettingsEdit) -> Result<Planned, SettingsError> {
    let (now, _) = files.read().map_err(SettingsError::BadFile)?;
    if edit.revision.as_ref().is_some_and(|seen| *seen != revision(&now)) {
        return Err(SettingsError::ChangedMeanwhile);
    }
    let mut layer = now.desk.clone();
    let types = Config::types();
    let mut findings = Vec::new();
    for (key, value) in &edit.values {
        let changeable = config::key(key)
            .is_some_and(|known| !matches!(known.desk, DeskChange::FileOnly | DeskChange::SetUp));
        if !changeable {
            findings.push(Finding::new(key, "cannot be changed at the desk"));
        } else if now.origin(key) == Origin::Environment {
            return Err(SettingsError::SetByEnvironment(key.clone()));
        } else if let Some(why) = value.as_ref().and_then(|value| unfit(key, value)) {
            findings.push(Finding::new(key, why));
        } else if let Some(value) = value {
            layer.values.insert(key.clone(), typed(types.get(key), value));
        } else {
            layer.values.remove(key);
        }
    }
    for (name, secret) in &edit.secrets {
        if files.is_credential(name) {
            return Err(SettingsError::IsCredential(name.clone()));
        }
        findings.extend(unfit_secret(name, secret));
    }
    if !findings.is_empty() {
        return Err(SettingsError::Invalid(ConfigError { findings }));
    }
    let next = files.with(&layer).and_then(|next| next.config.router.client_tls().map(|_| next));
    let next = next.map_err(SettingsError::Invalid)?;
    settle(&now, next, layer, edit)
}

/// The change in the notation of the file, with the secrets that it needs.
fn settle(
    now: &LoadedConfig,
    next: LoadedConfig,
    mut layer: DeskLayer,
    edit: &SettingsEdit,
) -> Result<Planned, SettingsError> {
    let values = next.config.values();
    for (key, stored) in layer.values.iter_mut().filter(|(key, _)| edit.values.contains_key(*key)) {
        if let Some(value) = values.get(key) {
            stored.clone_from(value);
        }
    }
    let mut changed = Vec::new();
    for (key, from, to) in changes(&now.config, &next.config) {
        let effect = config::key(&key).map_or(TakesEffect::AtStart, |known| known.effect);
        match secret_of(&key).filter(|name| !edit.secrets.contains_key(*name)) {
            // What only the file changed is not this change's.
            Some(secret) if edit.values.contains_key(&key) => {
                return Err(SettingsError::SecretNeeded { key, secret });
            }
            _ => changed.push(ChangedKey { key, from, to, effect }),
        }
    }
    Ok(Planned { layer, next, changes: changed })
}

/// What is wrong with a value before its key is asked.
fn unfit(key: &str, value: &Value) -> Option<&'static str> {
    let bad = |text: &str| text.chars().count() > VALUE_CHARS_MAX || text.chars().any(char::is_control);
    let is_bad = match value {
        Value::String(text) if key == "name" && text.trim().is_empty() => {
            return Some("is empty: write what customers call the hotspot");
        }
        Value::String(text) => bad(text),
        Value::Array(items) => {
            items.len() > ITEMS_MAX || !items.iter().all(|item| item.as_str().is_some_and(|text| !bad(text)))
        }
        Value::Bool(_) | Value::Number(_) => false,
        Value::Null | Value::Object(_) => true,
    };
    is_bad.then_some(
        "is too long, holds control characters, or is neither a text, a number, a switch nor a list of texts",
    )
}

fn unfit_secret(name: &str, secret: &Secret) -> Option<Finding> {
    let field = format!("secrets.{name}");
    if !is_secret(name) {
        return Some(Finding::new(&field, "is no secret of this program"));
    }
    let text = secret.expose();
    let is_bad = text.trim().is_empty() || text.len() > VALUE_CHARS_MAX || text.chars().any(char::is_control);
    is_bad.then(|| Finding::new(&field, "is empty, too long, or more than one line"))
}

/// Whether a key decides where a secret of this name is sent.
fn is_secret(name: &str) -> bool {
    let mut keys = config::sections().into_iter().flat_map(|section| section.keys);
    keys.any(|key| secret_of(key.path) == Some(name))
}

/// A text of a form as a value of the type that the key has. What does not fit stays a text, and the key says so.
fn typed(like: Option<&Value>, value: &Value) -> Value {
    let Value::String(text) = value else { return value.clone() };
    let text = text.trim();
    match like {
        Some(Value::Bool(_)) => text.parse().map_or_else(|_| value.clone(), Value::Bool),
        Some(Value::Number(_)) => text.parse::<i64>().map_or_else(|_| value.clone(), Value::from),
        Some(Value::Array(_)) => {
            let items = text.split([',', ' ']).filter(|item| !item.is_empty());
            Value::from(items.collect::<Vec<_>>())
        }
        _ => Value::from(text),
    }
}

/// The rules once the change is in force.
fn policy_then(site: &Site, planned: &Planned) -> Policy {
    let mut then = site.in_force();
    then.take_live(&planned.next.config);
    then.policy()
}

fn outcome(site: &Site, edit: &SettingsEdit, planned: &Planned, people: Vec<AccessUnder>) -> SettingsOutcome {
    SettingsOutcome {
        changes: planned.changes.clone(),
        secrets: edit.secrets.keys().cloned().collect(),
        people,
        revision: site.files.as_ref().map(|files| revision(&files.last())).unwrap_or_default(),
    }
}

fn audit_detail(outcome: &SettingsOutcome) -> String {
    let keys = outcome
        .changes
        .iter()
        .map(|ChangedKey { key, from, to, effect: _ }| format!("{key}: {from} -> {to}"));
    let secrets = outcome.secrets.iter().map(|name| format!("{name}: replaced"));
    let all: Vec<String> = keys.chain(secrets).collect();
    if all.is_empty() { "repaired".to_owned() } else { all.join(", ") }
}

/// Every key whose value differs, with both values.
fn changes(old: &Config, new: &Config) -> Vec<(String, String, String)> {
    let (old, new) = (old.keys(), new.keys());
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let value = |tree: &BTreeMap<String, String>, name: &String| tree.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| (name.clone(), value(&old, name), value(&new, name)))
        .filter(|(_, old, new)| old != new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::Bytes;

    #[test]
    fn changed_keys_are_named_with_both_values() {
        let old = Config::default();
        let mut new = old.clone();
        new.policy.debt_limit = Bytes::gb(1);
        new.portal.contact = "0812".to_owned();
        let found = changes(&old, &new);
        let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["policy.debt_limit", "portal.contact"]);
        assert_eq!(changes(&old, &old), []);
    }
}
