//! `run` and `check-config`: the configuration judged, the site put together, signals obeyed.

use std::path::Path;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::api::Replaceable;
use super::output::{Output, say};
use super::{Failure, reload};
use crate::agent::config::{Config, Secrets};
use crate::agent::engine::{Notice, Notifier};
use crate::agent::payments::Relay;
use crate::agent::payments::client::RelayClient;
use crate::agent::router::site_plan::list_names;
use crate::agent::run;
use crate::agent::site::Site;
use crate::clock::SystemClock;
use crate::domain::access::Access;
use crate::routeros::client::{ClientConfig, Password, RouterClient};
use crate::settings::{Environment, Secret, SettingsError};

/// The configuration and what its files hold. The error names everything that is wrong with either.
pub(super) fn load_all(path: &Path, env: &Environment) -> Result<(Config, Secrets), SettingsError> {
    let config = Config::load(path, env)?;
    let secrets = config.load_secrets(env);
    let mut findings = config.router.client_tls().err().map(|error| error.findings).unwrap_or_default();
    match secrets {
        Ok(secrets) => {
            SettingsError::check(findings)?;
            Ok((config, secrets))
        }
        Err(error) => {
            findings.extend(error.findings);
            Err(SettingsError { findings })
        }
    }
}

/// `check-config`: what would take effect, or everything that is wrong.
pub(super) fn check_config(path: &Path, output: Output) -> Result<(), Failure> {
    let (config, _) = load_all(path, &Environment::process())?;
    if output.json {
        let tree = serde_json::to_value(&config).map_err(Failure::said)?;
        say(&format!("{tree:#}"))
    } else {
        say(&config.effective_toml())
    }
}

/// A client of the configured router; it connects when it is first asked for something. The error names the file of
/// authorities where that cannot be had.
pub(super) fn router_client(
    config: &Config,
    password: impl Fn() -> Secret + Send + Sync + 'static,
) -> Result<RouterClient, SettingsError> {
    let router = &config.router;
    let password = Password::reloadable(move || password().expose().to_owned());
    let lists = list_names(&router.lists);
    Ok(RouterClient::spawn(ClientConfig {
        tls: router.client_tls()?,
        timeout: router.timeout,
        lists,
        ..ClientConfig::new(router.address.to_string(), router.username.clone(), password)
    }))
}

/// A client of the configured relay, where there is one.
pub(super) fn relay_client(
    config: &Config,
    token: impl Fn() -> Secret + Send + Sync + 'static,
) -> Result<Option<Arc<dyn Relay>>, Failure> {
    let Some(relay) = &config.relay else { return Ok(None) };
    let client = RelayClient::new(relay.url.as_str(), token).map_err(Failure::said)?;
    Ok(Some(Arc::new(client)))
}

/// `run`: the daemon, until a signal or a failure ends it.
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
    let reload = reload::Reload { path: path.to_owned(), env, running: config, password, token };
    let obeying = tokio::spawn(obey(signals, Arc::clone(&site), reload, stop));
    let ended = run::run(site, listeners, stopped).await;
    obeying.abort();
    Ok(ended?)
}

/// The signals that a daemon knows.
pub(super) struct Signals {
    /// Ends the daemon.
    pub terminate: Signal,
    /// Ends it too, from a terminal.
    pub interrupt: Signal,
    /// Has it read its configuration again.
    pub hang_up: Signal,
}

impl Signals {
    /// From here on they no longer end the process by themselves.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

async fn obey(mut signals: Signals, site: Arc<Site>, mut reload: reload::Reload, stop: watch::Sender<bool>) {
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

/// Tells people by the log: one line for each turn of access.
pub(super) struct LogNotifier;

impl Notifier for LogNotifier {
    fn notify(&self, notice: &Notice) {
        match notice {
            Notice::AccessChanged { user, name, from, to } => tracing::info!(
                user.id = %user,
                user.name = %name,
                from = from.status.name(),
                to = to.status.name(),
                reason = reason(to),
                "access changed"
            ),
            Notice::OverageWarning { user, name } => {
                tracing::info!(user.id = %user, user.name = %name, "overage is near the debt limit");
            }
        }
    }
}

/// The stable name of an access's reason; empty for full access.
pub(super) fn reason(access: &Access) -> &'static str {
    access.reason.map_or("", |reason| reason.name())
}
