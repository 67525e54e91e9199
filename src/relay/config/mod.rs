//! The configuration of `kuota-relay`: one tree whose sections are the tables of the TOML file.
//!
//! Defaults < file < environment (`KUOTA_RELAY__KEY`). Each key is one row of `config/tree.rs`. `config/relay.toml` has
//! every key with its default and comment. Secrets are not part of the tree: it names files, and [`Config::load_secrets`] reads them.

mod database;
mod secrets;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

pub use database::{Database, PostgresUrl, ServerTrust};
pub use secrets::{MerchantKeys, RelaySecrets, SiteTokens, key_fault, token_hash};
pub use tree::{Config, ConsoleConfig, MerchantConfig, SiteConfig};

pub use crate::midtrans::GatewayEnvironment;
use crate::settings::{self, Environment, Finding, HttpUrl, Section, SectionKeys, SettingsError, Sources};

/// Variables that begin with this are settings.
pub const ENV_PREFIX: &str = "KUOTA_RELAY__";
/// The longest id of a merchant or a site.
const ID_CHARS_MAX: usize = 64;
/// The longest merchant id of the gateway.
const MERCHANT_ID_CHARS_MAX: usize = 64;

/// Every table of the file with its keys, in the order of the shipped file.
pub fn sections() -> Vec<SectionKeys> {
    let mut out = Vec::new();
    Config::describe(&mut out);
    out
}

impl Config {
    /// Reads the file over the defaults and the environment over both. The error holds every mistake found; a
    /// missing file is one.
    pub fn load(path: &Path, env: &Environment) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let reason = format!("cannot read the configuration: {error}; name another with --config");
            let origin = path.display().to_string();
            SettingsError { findings: vec![Finding::unreadable("", reason, origin, &error)] }
        })?;
        Self::parse(&text, &path.display().to_string(), env)
    }

    /// Like [`Config::load`], from the file's text; `name` is what findings call it.
    pub fn parse(text: &str, name: &str, env: &Environment) -> Result<Self, SettingsError> {
        let sources = Sources { file: text, file_name: name, desk: None, env, env_prefix: ENV_PREFIX };
        let defaults = Self::default();
        let config = settings::read(&defaults, &defaults, sources)?.tree;
        SettingsError::check(config.findings())?;
        Ok(config)
    }

    /// The configuration in effect as TOML that reads back to an equal one. It names secret files; what they hold
    /// is not in it.
    pub fn effective_toml(&self) -> String {
        settings::to_toml(self)
    }

    /// The merchant of that name.
    pub fn merchant(&self, id: &str) -> Option<&MerchantConfig> {
        self.merchant.iter().find(|merchant| merchant.id == id)
    }

    /// The merchant that a site's customers pay.
    pub fn merchant_of_site(&self, site: &str) -> Option<&MerchantConfig> {
        self.merchant.iter().find(|merchant| merchant.site.iter().any(|own| own.id == site))
    }

    /// What works and deserves a second look, such as addresses on which secrets travel in clear.
    pub fn warnings(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        let mut clear = |key: String, url: Option<&HttpUrl>, what: &str| {
            if let Some(url) = url.filter(|url| !url.is_https() && !url.is_loopback()) {
                out.push(Finding::new(&key, format!("{url} is not encrypted: {what}; use https")));
            }
        };
        clear("public_url".to_owned(), self.public_url.as_ref(), "notifications and tokens travel in clear");
        for (i, merchant) in self.merchant.iter().enumerate() {
            let what = "the server key travels in clear";
            clear(format!("merchant.{i}.core_url"), merchant.core_url.as_ref(), what);
            clear(format!("merchant.{i}.snap_url"), merchant.snap_url.as_ref(), what);
        }
        if let Database::Postgres(url) = &self.database
            && url.is_in_clear()
        {
            let reason =
                "is not encrypted: the password and every payment travel in clear; use sslmode=verify-full";
            out.push(Finding::new("database", reason));
        }
        for (i, merchant) in self.merchant.iter().enumerate().filter(|(_, m)| m.site.is_empty()) {
            let reason = format!(
                "merchant {} has no site here; sites of the database may still pay into it",
                merchant.id
            );
            out.push(Finding::new(&format!("merchant.{i}.site"), reason));
        }
        out.extend(self.readable_secrets());
        out
    }

    /// Rules between keys.
    fn findings(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        self.check_ranges("", &mut out);
        let (mut merchants, mut sites) = (BTreeMap::new(), BTreeMap::new());
        for (i, merchant) in self.merchant.iter().enumerate() {
            let at = |key: &str| format!("merchant.{i}.{key}");
            out.extend(check_id(at("id"), &merchant.id, &mut merchants));
            out.extend(check_file(&at("server_key_file"), &merchant.server_key_file));
            for (j, file) in merchant.previous_key_files.iter().enumerate() {
                out.extend(check_file(&at(&format!("previous_key_files.{j}")), file));
            }
            out.extend(account_fault(&merchant.merchant_id).map(|why| Finding::new(&at("merchant_id"), why)));
            for (j, site) in merchant.site.iter().enumerate() {
                out.extend(check_id(at(&format!("site.{j}.id")), &site.id, &mut sites));
                out.extend(check_file(&at(&format!("site.{j}.token_sha256_file")), &site.token_sha256_file));
            }
        }
        out
    }
}

/// Why a text cannot be the id of a merchant or a site, for people. Ids are part of addresses and of names of credentials.
pub fn id_fault(id: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_id = (1..=ID_CHARS_MAX).contains(&id.len()) && id.chars().all(plain) && !id.starts_with('.');
    (!is_id).then(|| {
        format!(
            "{id:?} is no id: write 1 to {ID_CHARS_MAX} letters, digits and - _ . such as \"site-1\", not beginning \
             with a point"
        )
    })
}

/// Why a text cannot be the gateway's id of a merchant, for people.
pub fn account_fault(account: &str) -> Option<&'static str> {
    let is_account = account.len() <= MERCHANT_ID_CHARS_MAX && account.chars().all(|c| c.is_ascii_graphic());
    (!is_account)
        .then_some("is no merchant id: write it as the gateway's dashboard shows it, or leave it empty")
}

/// Each id means one thing.
fn check_id<'a>(key: String, id: &'a str, seen: &mut BTreeMap<&'a str, String>) -> Option<Finding> {
    if let Some(reason) = id_fault(id) {
        return Some(Finding::new(&key, reason));
    }
    if let Some(first) = seen.get(id) {
        return Some(Finding::new(&key, format!("{id:?} is taken by {first}: give each an id of its own")));
    }
    seen.insert(id, key);
    None
}

fn check_file(key: &str, file: &Path) -> Option<Finding> {
    let is_name = file.to_str().is_some_and(|name| !name.trim().is_empty() && !name.contains('\0'));
    (!is_name).then(|| Finding::new(key, "is empty: write the name of a file"))
}

#[cfg(test)]
#[path = "../config_tests.rs"]
mod tests;
