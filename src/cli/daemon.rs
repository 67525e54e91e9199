//! `run` and `check-config`: check the configuration, assemble the site, handle signals.

use std::path::Path;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::api::Replaceable;
use super::assemble::{LogNotifier, load_all, relay_client, router_client};
use super::failure::Failure;
use super::output::{Output, say};
use super::reload::ConfigReload;
use crate::agent::run;
use crate::agent::site::Site;
use crate::clock::SystemClock;
use crate::settings::Environment;

/// `check-config`: prints the effective configuration, or every error in it.
pub(super) fn check_config(path: &Path, output: Output) -> Result<(), Failure> {
    let (config, _) = load_all(path, &Environment::process())?;
    if output.json {
        let tree = serde_json::to_value(&config).map_err(Failure::said)?;
        say(&format!("{tree:#}"))
    } else {
        say(&config.effective_toml())
    }
}

/// `run`: runs the daemon until a signal or a failure stops it.
pub(super) async fn run(path: &Path) -> Result<(), Failure> {
    let env = Environment::process();
    let (config, secrets) = load_all(path, &env)?;
    let signals = Signals::catch().map_err(|e| Failure::said(format!("signals cannot be caught: {e}")))?;
    tracing::info!(config = %path.display(), data_dir = %config.data_dir.display(), "starting");
    let password = Replaceable::new(secrets.router_password);
    let held = password.clone();
    let router = Arc::new(router_client(&config, move || held.get())?);
    let token = secrets.relay_token.map(Replaceable::new);
    let relay = match token.clone() {
        Some(held) => relay_client(&config, move || held.get())?,
        None => None,
    };
    let clock = Arc::new(SystemClock::new());
    let site = Arc::new(Site::assemble(config.clone(), router, relay, clock, Arc::new(LogNotifier))?);
    let listeners = run::listen(&site).await?;
    let (stop, stopped) = watch::channel(false);
    let reload = ConfigReload { path: path.to_owned(), env, running: config, password, token };
    let obeying = tokio::spawn(obey(signals, Arc::clone(&site), reload, stop));
    let ended = run::run(site, listeners, stopped).await;
    obeying.abort();
    Ok(ended?)
}

/// The signals that a daemon handles.
pub(super) struct Signals {
    /// Stops the daemon.
    pub terminate: Signal,
    /// Stops it too, from a terminal.
    pub interrupt: Signal,
    /// Reloads the configuration.
    pub hang_up: Signal,
}

impl Signals {
    /// Catches the signals: from here on they no longer end the process by themselves.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

async fn obey(mut signals: Signals, site: Arc<Site>, mut reload: ConfigReload, stop: watch::Sender<bool>) {
    loop {
        let name = tokio::select! {
            _ = signals.terminate.recv() => "SIGTERM",
            _ = signals.interrupt.recv() => "SIGINT",
            _ = signals.hang_up.recv() => {
                reload.once(&site).await;
                continue;
            }
        };
        tracing::info!(signal = name, "stopping");
        stop.send_replace(true);
        return;
    }
}
