//! `run` and `check-config`: check the configuration, open the store, handle signals.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::store::open_for_relay;
use crate::cli::daemon::Signals;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, complain, say};
use crate::relay;
use crate::relay::config::{Config, RelaySecrets};
use crate::settings::{Environment, SettingsError};

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
    let reload =
        RelayReload { path: path.to_owned(), env, running: config.clone(), secrets: secrets.clone() };
    let obeying = tokio::spawn(obey(signals, reload, stop));
    let ended = relay::run::run(config, secrets, store, async move {
        // The signal handler ends only after a signal.
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    let ended = ended.await;
    obeying.abort();
    Ok(ended?)
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

/// SIGHUP: reloads keys and tokens, so that they can be changed during operation. All other keys wait for a restart,
/// and a bad file changes nothing.
struct RelayReload {
    path: PathBuf,
    env: Environment,
    running: Config,
    secrets: RelaySecrets,
}

impl RelayReload {
    fn once(&mut self) {
        let (config, secrets) = match load_all(&self.path, &self.env) {
            Ok(read) => read,
            Err(error) => return error.log_reload(),
        };
        if names(&config) != names(&self.running) {
            tracing::error!(
                "merchants or sites were added or removed: nothing was reloaded; restart the relay"
            );
            return;
        }
        let differs = self.secrets.replace(&secrets);
        if without_files(&config) != without_files(&self.running) {
            tracing::warn!(
                "keys other than secrets changed in the configuration: restart the relay for them"
            );
        }
        tracing::info!(changed = differs, "secrets were read again");
    }
}

/// Merchants and their sites, to which the secrets belong.
fn names(config: &Config) -> BTreeSet<(&str, &str)> {
    let sites = config.merchant.iter().flat_map(|merchant| {
        let sites = merchant.site.iter().map(|site| site.id.as_str());
        sites.chain(std::iter::once("")).map(|site| (merchant.id.as_str(), site))
    });
    sites.collect()
}

/// The configuration without the names of secret files, which a reload replaces.
fn without_files(config: &Config) -> Config {
    let mut config = config.clone();
    for merchant in &mut config.merchant {
        merchant.server_key_file = PathBuf::new();
        merchant.previous_key_files = Vec::new();
        for site in &mut merchant.site {
            site.token_sha256_file = PathBuf::new();
        }
    }
    config
}
