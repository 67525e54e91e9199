//! The configuration as the desk shows and changes it.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::bounded::bounded;
use super::values::{Instant, present};
use crate::domain::id::UserId;

/// The most keys and secrets in one change.
const ITEMS_MAX: usize = 100;

/// `PATCH /settings`: keys that are not named stay.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ChangeSettings {
    /// Keys and their values.
    #[serde(deserialize_with = "bounded::<_, _, ITEMS_MAX>", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<SettingInput>,
    /// Secrets; with them, or with a key that decides where one is sent, the password has to be given.
    #[serde(deserialize_with = "bounded::<_, _, ITEMS_MAX>", skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretInput>,
    /// The password of the admin whose session this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The one-time code, where one is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
    /// The revision that was seen; another one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

/// A value of a key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(deny_unknown_fields)]
pub struct SettingInput {
    /// The full path of the key, such as `policy.debt_limit`.
    pub key: String,
    /// The value as text; items of a list are separated by commas. Null gives the key back to the file.
    #[serde(deserialize_with = "present")]
    #[cfg_attr(test, schemars(with = "super::schema_tests::TextOrNull"))]
    pub value: Option<String>,
}

/// A secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(deny_unknown_fields)]
pub struct SecretInput {
    /// Its name, such as `router.password`.
    pub name: String,
    /// The secret.
    pub value: String,
}

/// The query of `PATCH /settings`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SettingsQuery {
    /// Shows what would change and changes nothing.
    #[serde(deserialize_with = "yes_or_no")]
    pub dry_run: bool,
}

/// Reads a switch of a query, where every value is text.
fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Switch {
        Flag(bool),
        Text(String),
    }
    match Switch::deserialize(deserializer)? {
        Switch::Flag(is_on) => Ok(is_on),
        Switch::Text(text) => text.parse().map_err(|_| D::Error::custom("write true or false")),
    }
}

/// `GET /settings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Settings"))]
pub struct SettingsView {
    /// Changes with every change made at the desk.
    pub revision: String,
    /// Every key.
    pub items: Vec<SettingView>,
    /// What is wrong with the desk's own settings.
    pub faults: Vec<String>,
    /// Keys that are changed and wait for the next start.
    pub after_restart: Vec<String>,
    /// Since when the daemon runs.
    pub running_since: Instant,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Setting"))]
pub struct SettingView {
    /// Its full path.
    pub key: String,
    /// Its value as text; null in a section that is absent.
    pub value: Option<String>,
    /// The layer that sets it.
    #[cfg_attr(test, schemars(extend("enum" = ["default", "file", "desk", "environment"])))]
    pub origin: String,
    /// Whether it may be changed here.
    pub changeable: bool,
    /// The secret that has to be given with it, because the key decides where that secret is sent.
    pub secret: Option<String>,
    /// Whether a change takes effect at once, or at the next start.
    pub live: bool,
    /// The least value.
    pub min: Option<String>,
    /// The greatest value.
    pub max: Option<String>,
    /// The words it takes; empty where it takes others too.
    pub choices: Vec<String>,
    /// What it is for, Indonesian.
    pub meaning_id: String,
    /// The same, English.
    pub meaning_en: String,
}

/// What `PATCH /settings` changed, or would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ChangedSettings"))]
pub struct ChangedSettingsView {
    /// Whether nothing was changed, as it was only asked for.
    pub dry_run: bool,
    /// The revision after it.
    pub revision: String,
    /// Keys before and after.
    pub changes: Vec<ChangedSettingView>,
    /// Secrets that are replaced.
    pub secrets: Vec<String>,
    /// How many customers lose their access by it.
    pub blocked: u64,
    /// How many get it back.
    pub freed: u64,
    /// Customers whose access changes, the first hundred.
    pub people: Vec<ChangedAccessView>,
    /// Keys that wait for the next start.
    pub after_restart: Vec<String>,
}

/// A key before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct ChangedSettingView {
    /// Its full path.
    pub key: String,
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
    /// Whether it takes effect at once.
    pub live: bool,
}

/// A customer whose access changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct ChangedAccessView {
    /// Who.
    pub user_id: UserId,
    /// For people.
    pub name: String,
    /// The status before.
    pub from: String,
    /// The status after.
    pub to: String,
}
