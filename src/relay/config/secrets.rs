//! What the configuration's files hold: server keys, the hashes of the sites' tokens, the database's password.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use data_encoding::HEXLOWER_PERMISSIVE;

use super::{Config, Database, GatewayEnvironment, MerchantConfig};
use crate::midtrans::ServerKey;
use crate::settings::{Environment, Finding, Secret, SecretSource, SettingsError};

/// Readable by everybody on the machine.
const OTHERS_READ: u32 = 0o004;

/// The keys of one merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantKeys {
    /// For calls, and accepted in signatures.
    pub server_key: Secret,
    /// Accepted in signatures only.
    pub previous_keys: Vec<Secret>,
}

/// SHA-256 of each site's token, by site.
pub type SiteTokens = BTreeMap<String, [u8; 32]>;

/// What the files hold at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelaySecrets {
    merchants: BTreeMap<String, MerchantKeys>,
    tokens: SiteTokens,
}

impl RelaySecrets {
    /// Secrets that were read.
    pub fn new(merchants: BTreeMap<String, MerchantKeys>, tokens: SiteTokens) -> Self {
        Self { merchants, tokens }
    }

    /// The keys of a merchant.
    pub fn merchant(&self, id: &str) -> Option<&MerchantKeys> {
        self.merchants.get(id)
    }

    /// SHA-256 of a site's token.
    pub fn token(&self, site: &str) -> Option<[u8; 32]> {
        self.tokens.get(site).copied()
    }
}

impl Config {
    /// Reads the secrets that this configuration needs, from systemd credentials or files. The error names every
    /// one that cannot be had or cannot be right.
    pub fn load_secrets(&self, env: &Environment) -> Result<RelaySecrets, SettingsError> {
        let (mut merchants, mut tokens) = (BTreeMap::new(), SiteTokens::new());
        let mut findings = Vec::new();
        for (i, merchant) in self.merchant.iter().enumerate() {
            match merchant_keys(i, merchant, env) {
                Ok(keys) => drop(merchants.insert(merchant.id.clone(), keys)),
                Err(more) => findings.extend(more),
            }
            for (j, site) in merchant.site.iter().enumerate() {
                let key = format!("merchant.{i}.site.{j}.token_sha256_file");
                let name = format!("{}.token_sha256", site.id);
                let hash = read(&key, &name, &site.token_sha256_file, env).and_then(|text| hash(&key, &text));
                match hash {
                    Ok(hash) => findings.extend(take_token(&key, &site.id, hash, &mut tokens)),
                    Err(finding) => findings.push(finding),
                }
            }
        }
        SettingsError::check(findings)?;
        Ok(RelaySecrets::new(merchants, tokens))
    }

    /// The password for the database, where it needs one.
    pub fn load_database_password(&self, env: &Environment) -> Result<Option<Secret>, SettingsError> {
        const NAME: &str = "database_password";
        let file = &self.database_password_file;
        let is_wanted = is_passed(NAME, env) || !file.as_os_str().is_empty();
        if !matches!(self.database, Database::Postgres(_)) || !is_wanted {
            return Ok(None);
        }
        let read = read("database_password_file", NAME, file, env);
        read.map(Some).map_err(|finding| SettingsError { findings: vec![finding] })
    }

    /// The encryption key of the database's merchants, where there is one.
    pub fn load_encryption_key(&self, env: &Environment) -> Result<Option<Secret>, Finding> {
        const NAME: &str = "encryption_key";
        let file = &self.encryption_key_file;
        let is_there = is_passed(NAME, env) || file.try_exists().unwrap_or(true);
        is_there.then(|| read("encryption_key_file", NAME, file, env)).transpose()
    }

    /// Keys that look like those of the other world, where an address of our own makes them possible.
    pub fn key_warnings(&self, secrets: &RelaySecrets) -> Vec<Finding> {
        let doubt = |(i, merchant): (usize, &MerchantConfig)| {
            let key = format!("merchant.{i}.server_key_file");
            wrong_world(&key, merchant, &secrets.merchant(&merchant.id)?.server_key)
        };
        self.merchant.iter().enumerate().filter_map(doubt).collect()
    }

    /// Files with server keys that everybody on this machine can read.
    pub(super) fn readable_secrets(&self) -> Vec<Finding> {
        let is_open = |file: &Path| {
            std::fs::metadata(file).is_ok_and(|meta| meta.permissions().mode() & OTHERS_READ != 0)
        };
        let mut out = Vec::new();
        let own = [
            ("database_password_file", &self.database_password_file),
            ("encryption_key_file", &self.encryption_key_file),
        ];
        for (key, file) in own.into_iter().filter(|(_, file)| is_open(file)) {
            let reason =
                format!("{} can be read by everybody on this machine: chmod 0600 it", file.display());
            out.push(Finding::new(key, reason));
        }
        for (i, merchant) in self.merchant.iter().enumerate() {
            let previous = merchant.previous_key_files.iter().enumerate();
            let previous = previous.map(|(j, file)| (format!("previous_key_files.{j}"), file));
            let own = std::iter::once(("server_key_file".to_owned(), &merchant.server_key_file));
            for (key, file) in own.chain(previous).filter(|(_, file)| is_open(file)) {
                let reason =
                    format!("{} can be read by everybody on this machine: chmod 0600 it", file.display());
                out.push(Finding::new(&format!("merchant.{i}.{key}"), reason));
            }
        }
        out
    }
}

/// Whether systemd passes a credential of this name.
fn is_passed(name: &str, env: &Environment) -> bool {
    let folder = env.get("CREDENTIALS_DIRECTORY");
    folder.is_some_and(|folder| !folder.is_empty() && Path::new(folder).join(name).exists())
}

/// Reads one secret; findings name the configuration's key.
fn read(key: &str, name: &str, file: &Path, env: &Environment) -> Result<Secret, Finding> {
    SecretSource { name, file, stored: None }
        .read(env)
        .map_err(|finding| Finding { key: key.to_owned(), ..finding })
}

fn merchant_keys(
    i: usize,
    merchant: &MerchantConfig,
    env: &Environment,
) -> Result<MerchantKeys, Vec<Finding>> {
    let mut findings = Vec::new();
    let key = format!("merchant.{i}.server_key_file");
    let name = format!("{}.server_key", merchant.id);
    let server_key = read(&key, &name, &merchant.server_key_file, env);
    let wrong = server_key.as_ref().ok().and_then(|secret| wrong_world(&key, merchant, secret));
    // At another address than the gateway's, any key is accepted.
    if let Some(finding) = wrong.filter(|_| merchant.core_url.is_none()) {
        findings.push(finding);
    }
    let mut previous_keys = Vec::new();
    for (j, file) in merchant.previous_key_files.iter().enumerate() {
        let key = format!("merchant.{i}.previous_key_files.{j}");
        match read(&key, &format!("{}.previous_key.{j}", merchant.id), file, env) {
            Ok(secret) => previous_keys.push(secret),
            Err(finding) => findings.push(finding),
        }
    }
    match server_key {
        Ok(server_key) if findings.is_empty() => Ok(MerchantKeys { server_key, previous_keys }),
        Ok(_) => Err(findings),
        Err(finding) => {
            findings.insert(0, finding);
            Err(findings)
        }
    }
}

/// A key that can only belong to the other world.
fn wrong_world(key: &str, merchant: &MerchantConfig, secret: &Secret) -> Option<Finding> {
    let why = key_fault(merchant.environment, secret)?;
    Some(Finding::new(key, format!("{why}: write the other key into the file, or change environment")))
}

/// What shows that a server key belongs to another of the gateway's worlds than it is for, for people.
pub fn key_fault(environment: GatewayEnvironment, server_key: &Secret) -> Option<String> {
    let world = ServerKey::new(server_key.expose()).world().filter(|world| *world != environment)?;
    let looks = match world {
        GatewayEnvironment::Sandbox => "the sandbox",
        GatewayEnvironment::Production => "production",
    };
    Some(format!("holds a key of {looks}, but environment is \"{}\"", environment.name()))
}

/// The SHA-256 of a token from its 64 hexadecimal digits.
pub fn token_hash(text: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn hash(key: &str, text: &Secret) -> Result<[u8; 32], Finding> {
    token_hash(text.expose()).ok_or_else(|| {
        Finding::new(
            key,
            "holds no SHA-256: write its 64 hexadecimal digits; \"kuota-relay site-token\" makes a token and prints \
             them",
        )
    })
}

/// A token says which site calls, so that two sites cannot have the same.
fn take_token(key: &str, site: &str, hash: [u8; 32], tokens: &mut SiteTokens) -> Option<Finding> {
    let other = tokens.iter().find(|(_, stored)| **stored == hash).map(|(other, _)| other.clone());
    tokens.insert(site.to_owned(), hash);
    let reason = |other| {
        format!("holds the same token as site {other}: make another one with \"kuota-relay site-token\"")
    };
    other.map(|other| Finding::new(key, reason(other)))
}
