//! What the configuration's files hold: server keys, the hashes of the sites' tokens, the database's password.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::HEXLOWER_PERMISSIVE;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

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

#[derive(Clone, PartialEq, Eq)]
struct HeldSecret {
    merchants: BTreeMap<String, MerchantKeys>,
    tokens: SiteTokens,
}

/// The secrets in force. Clones share them, so that replacing them in one place replaces them everywhere.
#[derive(Clone)]
pub struct RelaySecrets(Arc<RwLock<Arc<HeldSecret>>>);

impl fmt::Debug for RelaySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.held();
        f.debug_struct("Secrets")
            .field("merchants", &held.merchants.keys())
            .field("sites", &held.tokens.keys())
            .finish()
    }
}

impl RelaySecrets {
    /// Secrets that were read.
    pub fn new(merchants: BTreeMap<String, MerchantKeys>, tokens: SiteTokens) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(HeldSecret { merchants, tokens }))))
    }

    /// The keys of a merchant, as they are at this moment.
    pub fn merchant(&self, id: &str) -> Option<MerchantKeys> {
        self.held().merchants.get(id).cloned()
    }

    /// The site whose token this is.
    pub fn site_of(&self, token: &str) -> Option<String> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let held = self.held();
        // Every site is compared: the time it takes reveals nothing.
        let matching =
            held.tokens.iter().fold(
                None,
                |found, (site, stored)| {
                    if bool::from(stored.ct_eq(&hash)) { Some(site) } else { found }
                },
            );
        matching.cloned()
    }

    /// Replaces the secrets by those of `other`; returns whether they differ.
    pub fn replace(&self, other: &Self) -> bool {
        let fresh = other.held();
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let differs = **held != *fresh;
        *held = fresh;
        differs
    }

    fn held(&self) -> Arc<HeldSecret> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
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
        let is_passed = env
            .get("CREDENTIALS_DIRECTORY")
            .is_some_and(|folder| !folder.is_empty() && Path::new(folder).join(NAME).exists());
        let file = &self.database_password_file;
        let is_wanted = is_passed || !file.as_os_str().is_empty();
        if !matches!(self.database, Database::Postgres(_)) || !is_wanted {
            return Ok(None);
        }
        let read = read("database_password_file", NAME, file, env);
        read.map(Some).map_err(|finding| SettingsError { findings: vec![finding] })
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
        if is_open(&self.database_password_file) {
            let file = self.database_password_file.display();
            let reason = format!("{file} can be read by everybody on this machine: chmod 0600 it");
            out.push(Finding::new("database_password_file", reason));
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

/// Reads one secret; findings name the configuration's key.
fn read(key: &str, name: &str, file: &Path, env: &Environment) -> Result<Secret, Finding> {
    SecretSource { name, file }.read(env).map_err(|finding| Finding { key: key.to_owned(), ..finding })
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
    let world = ServerKey::new(secret.expose()).world().filter(|world| *world != merchant.environment)?;
    let looks = match world {
        GatewayEnvironment::Sandbox => "the sandbox",
        GatewayEnvironment::Production => "production",
    };
    let other = world.name();
    let reason = format!(
        "holds a key of {looks}, but environment is \"{}\": write the other key into the file, or \"{other}\" there",
        merchant.environment.name()
    );
    Some(Finding::new(key, reason))
}

fn hash(key: &str, text: &Secret) -> Result<[u8; 32], Finding> {
    let refused = || {
        Finding::new(
            key,
            "holds no SHA-256: write its 64 hexadecimal digits; \"kuota-relay site-token\" makes a token and prints \
             them",
        )
    };
    let bytes = HEXLOWER_PERMISSIVE.decode(text.expose().as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(refused)
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
