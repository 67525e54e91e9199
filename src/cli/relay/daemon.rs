//! `run` and `check-config`: check the configuration, open the store, handle signals.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use super::store::open_for_relay;
use crate::cli::daemon::Signals;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, complain, say};
use crate::relay;
use crate::relay::config::{Config, MerchantConfig, RelaySecrets};
use crate::relay::console::ConsoleParts;
use crate::relay::directory::{CipherSource, DirectoryEntries, KeyCipher};
use crate::relay::run::DirectorySources;
use crate::settings::{Environment, HttpUrl, SettingsError};

/// Loads the configuration and its secrets.
fn load_all(path: &Path, env: &Environment) -> Result<(Config, RelaySecrets), SettingsError> {
    let config = Config::load(path, env)?;
    let secrets = config.load_secrets(env)?;
    Ok((config, secrets))
}

/// `check-config`: prints the effective configuration, or every error in it.
pub(super) fn check_config(path: &Path, env: &Environment, output: Output) -> Result<(), Failure> {
    let (config, secrets) = load_all(path, env)?;
    config.load_database_password(env)?;
    for warning in config.warnings().into_iter().chain(config.key_warnings(&secrets)) {
        complain(&format!("warning: {warning}"));
    }
    if output.json {
        let tree = serde_json::to_value(&config).map_err(Failure::said)?;
        say(&format!("{tree:#}"))
    } else {
        say(&config.effective_toml())
    }
}

/// `run`: runs the relay until a signal or a failure stops it.
pub(super) async fn run(path: &Path, env: Environment) -> Result<(), Failure> {
    let (config, secrets) = load_all(path, &env)?;
    let signals = Signals::catch().map_err(|e| Failure::said(format!("signals cannot be caught: {e}")))?;
    tracing::info!(config = %path.display(), database = %config.database, "starting");
    for warning in config.warnings().into_iter().chain(config.key_warnings(&secrets)) {
        tracing::warn!("{warning}");
    }
    let store = open_for_relay(&config, &env).await?;
    let (stop, mut stopped) = watch::channel(false);
    KeyCipher::load(&config, &env).map_err(|finding| SettingsError { findings: vec![finding] })?;
    let cipher = cipher_of(config.clone(), env.clone());
    let (sender, file) = watch::channel(Arc::new(DirectoryEntries::of_config(&config, &secrets)));
    let listed = (config.merchant.clone(), secrets);
    let reload = RelayReload {
        path: path.to_owned(),
        env: env.clone(),
        running: config.clone(),
        listed,
        file: sender,
    };
    let obeying = tokio::spawn(obey(signals, reload, stop));
    let console = Some(console_of(&config, env));
    let ended = relay::run::run(config, DirectorySources { file, cipher }, store, console, async move {
        // The signal handler ends only after a signal.
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    let ended = ended.await;
    obeying.abort();
    Ok(ended?)
}

/// Reads the encryption key at each change of the database's merchants.
fn cipher_of(config: Config, env: Environment) -> CipherSource {
    Arc::new(move || {
        KeyCipher::load(&config, &env).unwrap_or_else(|finding| {
            tracing::error!("{finding}");
            KeyCipher::none()
        })
    })
}

/// The console as configured. The first merchant that is added there makes the encryption key, as the command does.
fn console_of(config: &Config, env: Environment) -> ConsoleParts {
    let sealing_config = config.clone();
    ConsoleParts {
        config: config.console.clone(),
        public_host: config.public_url.as_ref().map(HttpUrl::host),
        sealing: Arc::new(move || {
            KeyCipher::load_or_create(&sealing_config, &env).map_err(|finding| finding.to_string())
        }),
    }
}

async fn obey(mut signals: Signals, mut reload: RelayReload, stop: watch::Sender<bool>) {
    loop {
        let name = tokio::select! {
            _ = signals.terminate.recv() => "SIGTERM",
            _ = signals.interrupt.recv() => "SIGINT",
            _ = signals.hang_up.recv() => {
                reload.once();
                continue;
            }
        };
        tracing::info!(signal = name, "stopping");
        stop.send_replace(true);
        return;
    }
}

/// SIGHUP: reloads merchants, sites and secrets, so that they can be changed during operation. All other keys wait for a
/// restart, and a bad file changes nothing.
struct RelayReload {
    path: PathBuf,
    env: Environment,
    running: Config,
    /// What was read last.
    listed: (Vec<MerchantConfig>, RelaySecrets),
    file: watch::Sender<Arc<DirectoryEntries>>,
}

impl RelayReload {
    fn once(&mut self) {
        let (config, secrets) = match load_all(&self.path, &self.env) {
            Ok(read) => read,
            Err(error) => return error.log_reload(),
        };
        if without_merchants(&config) != without_merchants(&self.running) {
            tracing::warn!(
                "keys outside [[merchant]] changed in the configuration: restart the relay for them"
            );
        }
        self.file.send_replace(Arc::new(DirectoryEntries::of_config(&config, &secrets)));
        let listed = (config.merchant, secrets);
        tracing::info!(changed = listed != self.listed, "merchants, sites and secrets were read again");
        self.listed = listed;
    }
}

fn without_merchants(config: &Config) -> Config {
    Config { merchant: Vec::new(), ..config.clone() }
}
