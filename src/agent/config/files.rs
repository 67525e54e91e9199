//! The files of a running daemon's configuration, which a reload reads again and the desk changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as Lock, PoisonError};

use tokio::sync::{Mutex, MutexGuard};

use super::{Config, ConfigError, DeskLayer, LoadedConfig, Secrets};
use crate::settings::{Environment, Finding, Replaceable, Secret, credential_file};

/// Where the configuration of a running daemon comes from, and the secrets in use.
pub struct ConfigFiles {
    path: PathBuf,
    env: Environment,
    /// The router's password.
    pub password: Replaceable,
    /// The site's token at the relay, where the daemon was started with a relay.
    pub token: Option<Replaceable>,
    last: Lock<Arc<LoadedConfig>>,
    turn: Mutex<()>,
}

/// Whether a configuration decides nothing: every key that it has is the default, as in the file that the package brings.
/// That of an earlier version, which lacks some keys, is one too.
pub fn is_default(file: &Path) -> bool {
    let read =
        Config::text(file).and_then(|(text, name)| Config::parse(&text, &name, &Environment::default()));
    read.is_ok_and(|config| config == Config::default())
}

impl LoadedConfig {
    /// Reads a configuration with its secrets and its file of authorities. The error lists every mistake in any of them.
    ///
    /// While the desk's layer cannot be used, the secrets that it names may be out of reach: the daemon starts without
    /// them, so that the owner can repair the layer at the desk.
    pub fn load_all(path: &Path, env: &Environment) -> Result<(Self, Secrets), ConfigError> {
        let loaded = Config::load_layered(path, env)?;
        let config = &loaded.config;
        let mut findings = config.router.client_tls().err().map(|error| error.findings).unwrap_or_default();
        let secrets = match config.load_secrets(env) {
            Ok(secrets) => secrets,
            Err(error) if !loaded.faults.is_empty() && !error.is_machine_fault() => {
                tracing::error!(%error, "started without secrets, as the desk's settings cannot be used");
                let relay_token = config.relay.as_ref().map(|_| Secret::new(""));
                Secrets { router_password: Secret::new(""), relay_token }
            }
            Err(error) => {
                findings.extend(error.findings);
                return Err(ConfigError { findings });
            }
        };
        ConfigError::check(findings)?;
        Ok((loaded, secrets))
    }
}

impl ConfigFiles {
    /// The files that a daemon was started with. Logs what is wrong with the desk's layer.
    pub fn new(path: &Path, env: Environment, loaded: LoadedConfig, secrets: Secrets) -> Self {
        log_faults(&loaded.faults);
        Self {
            path: path.to_owned(),
            env,
            password: Replaceable::new(secrets.router_password),
            token: secrets.relay_token.map(Replaceable::new),
            last: Lock::new(Arc::new(loaded)),
            turn: Mutex::new(()),
        }
    }

    /// The configuration as last read.
    pub fn last(&self) -> Arc<LoadedConfig> {
        Arc::clone(&self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is wrong with the desk's layer.
    pub fn faults(&self) -> Vec<Finding> {
        self.last().faults.clone()
    }

    /// Reads everything again.
    pub fn read(&self) -> Result<(LoadedConfig, Secrets), ConfigError> {
        LoadedConfig::load_all(&self.path, &self.env)
    }

    /// What would count with another layer of the desk. Errors are those of every layer.
    pub fn with(&self, layer: &DeskLayer) -> Result<LoadedConfig, ConfigError> {
        let (text, name) = Config::text(&self.path)?;
        LoadedConfig::with(&text, &name, layer, &self.env)
    }

    /// Whether a secret comes from the service manager, which the desk cannot replace.
    pub fn is_credential(&self, secret: &str) -> bool {
        credential_file(secret, &self.env).is_some()
    }

    /// Waits for the turn to read and change the files: one at a time.
    pub async fn turn(&self) -> FilesTurn<'_> {
        FilesTurn { files: self, _turn: self.turn.lock().await }
    }
}

fn log_faults(faults: &[Finding]) {
    for fault in faults {
        tracing::error!(%fault, "the desk's settings cannot be used as they are");
    }
}

/// The exclusive right to change the files of the configuration.
pub struct FilesTurn<'a> {
    /// The files.
    pub files: &'a ConfigFiles,
    _turn: MutexGuard<'a, ()>,
}

impl FilesTurn<'_> {
    /// Remembers what was read and is in force from here on.
    pub fn keep(&mut self, loaded: LoadedConfig) {
        log_faults(&loaded.faults);
        *self.files.last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
    }
}
