//! `run` and `check-config`: check the configuration, assemble the site, handle signals.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::assemble::{LogNotifier, relay_client, router_client};
use super::failure::Failure;
use super::output::{Output, complain, say};
use crate::agent::config::files::ConfigFiles;
use crate::agent::config::{LoadedConfig, Origin};
use crate::agent::first_run::machine::Machine;
use crate::agent::first_run::serve::{Unclaimed, serve};
use crate::agent::first_run::settle::{restored, settle};
use crate::agent::run;
use crate::agent::settings;
use crate::agent::site::Site;
use crate::clock::SystemClock;
use crate::settings::Environment;

/// From the press of the button for a restart to the end of the daemon.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// How long the store may take to close before the daemon is started again inside the process.
const CLOSE_MAX: Duration = Duration::from_secs(10);

async fn is_restart_wanted(restart: &mut watch::Receiver<bool>) -> bool {
    restart.wait_for(|wanted| *wanted).await.is_ok()
}

/// `check-config`: prints the effective configuration with the layer of each key, or every error in it.
pub(super) fn check_config(path: &Path, output: Output) -> Result<(), Failure> {
    let (loaded, _) = LoadedConfig::load_all(path, &Environment::process())?;
    for fault in &loaded.faults {
        complain(&format!("settings.toml: {fault}"));
    }
    if output.json {
        let tree = serde_json::to_value(&loaded.config).map_err(Failure::said)?;
        say(&format!("{tree:#}"))
    } else {
        say(&with_origins(&loaded))
    }
}

/// The effective configuration as TOML, with a comment on every key that is not the default.
fn with_origins(loaded: &LoadedConfig) -> String {
    let mut section = "";
    let printed = loaded.config.effective_toml();
    let lines = printed.lines().map(|line| {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        }
        let key = line.split_once(" = ").map(|(key, _)| key);
        let path =
            key.map(|key| if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") });
        match path.map(|path| loaded.origin(&path)) {
            None | Some(Origin::Default) => format!("{line}\n"),
            Some(origin) => format!("{line} # {}\n", origin.name()),
        }
    });
    lines.collect()
}

/// `run`: runs the daemon until a signal or a failure stops it. An owner who asks for a restart gets one inside the process,
/// with everything read again: so it needs no service manager.
pub(super) async fn run(path: &Path, machine: &Path) -> Result<(), Failure> {
    while run_once(path, machine).await? {
        tracing::info!("starting again, as an owner asked for");
    }
    Ok(())
}

/// Serves the set-up in the browser while the machine has no owner. Returns whether the daemon is to be started again.
async fn wait_for_owner(unclaimed: Unclaimed, machine: &Path) -> Result<bool, Failure> {
    let mut signals =
        Signals::catch().map_err(|e| Failure::said(format!("signals cannot be caught: {e}")))?;
    let (stop, stopped) = watch::channel(false);
    let obeying = tokio::spawn(async move {
        let name = loop {
            tokio::select! {
                _ = signals.terminate.recv() => break "SIGTERM",
                _ = signals.interrupt.recv() => break "SIGINT",
                // There is nothing to reload: no rule is in force.
                _ = signals.hang_up.recv() => {}
            }
        };
        tracing::info!(signal = name, "stopping");
        stop.send_replace(true);
    });
    let served = serve(unclaimed, Machine::new(machine), Arc::new(SystemClock::new()), stopped).await;
    obeying.abort();
    served.map_err(|error| Failure::said(format!("the set-up in the browser cannot be served: {error}")))
}

/// Runs the daemon once. Returns whether it is to be started again.
async fn run_once(path: &Path, machine: &Path) -> Result<bool, Failure> {
    let env = Environment::process();
    if let Some(unclaimed) = Unclaimed::find(path, &env) {
        return wait_for_owner(unclaimed, machine).await;
    }
    let (loaded, secrets) = LoadedConfig::load_all(path, &env)?;
    let signals = Signals::catch().map_err(|e| Failure::said(format!("signals cannot be caught: {e}")))?;
    let config = loaded.config.clone();
    tracing::info!(config = %path.display(), data_dir = %config.data_dir.display(), "starting");
    let files = ConfigFiles::new(path, env, loaded, secrets);
    let held = files.password.clone();
    let router = Arc::new(router_client(&config, move || held.get())?);
    let relay = match files.token.clone() {
        Some(held) => relay_client(&config, move || held.get())?,
        None => None,
    };
    let clock = Arc::new(SystemClock::new());
    let mut site = Site::assemble(config, router, relay, clock, Arc::new(LogNotifier))?;
    site.files = Some(files);
    site.restored = restored(&site.config.data_dir);
    settle(&site).await.map_err(Failure::said)?;
    let site = Arc::new(site);
    let listeners = run::listen(&site).await?;
    let (stop, stopped) = watch::channel(false);
    let (restart, engine) = (site.restart_wanted(), site.engine().clone());
    let obeying = tokio::spawn(obey(signals, Arc::clone(&site), stop));
    let ended = run::run(site, listeners, stopped).await;
    obeying.abort();
    ended?;
    let is_again = *restart.borrow();
    if is_again {
        // The store is locked until the engine is gone.
        let _ = obeying.await;
        if tokio::time::timeout(CLOSE_MAX, engine.closed()).await.is_err() {
            return Err(Failure::said(
                "the store is still in use; the service manager starts the daemon again",
            ));
        }
    }
    Ok(is_again)
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

async fn obey(mut signals: Signals, site: Arc<Site>, stop: watch::Sender<bool>) {
    let mut restart = site.restart_wanted();
    loop {
        let name = tokio::select! {
            _ = signals.terminate.recv() => "SIGTERM",
            _ = signals.interrupt.recv() => "SIGINT",
            true = is_restart_wanted(&mut restart) => {
                // The page that says so is sent first.
                tokio::time::sleep(RESTART_PAUSE).await;
                "restart"
            }
            _ = signals.hang_up.recv() => {
                settings::reload(&site).await;
                continue;
            }
        };
        tracing::info!(signal = name, "stopping");
        stop.send_replace(true);
        return;
    }
}
