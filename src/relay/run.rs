//! Putting the relay together and keeping it going: the loops, the listener, and a stop that leaves nothing half done.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::config::{Config, Database, PostgresUrl, RelaySecrets, ServerTrust};
use super::console::{self, ConsoleParts};
use super::directory::{CipherSource, DirectoryEntries, DirectoryError, GatewayFactory, KeyCipher};
use super::health::{PRESENCE_EVERY, presence_once};
use super::http;
use super::notifications::decide_once;
use super::reconcile::reconcile_once;
use super::service::{Relay, RelayParts, RelayTimeouts};
use super::store::postgres::{PostgresSettings, ServerTls};
use super::store::{RelayStore, RelayStoreError};
use crate::clock::{Clock, SystemClock};
use crate::domain::units::{DAY_MS, Timestamp};
use crate::midtrans::{Gateway, MerchantAccess, Midtrans};
use crate::retry_log::RetryLog;
use crate::settings::Secret;
use crate::web::descriptors::within_limit;
use crate::web::serve::serve;

/// How long open requests may take to finish when the relay stops.
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// How often the store is read when nothing signals that something is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often old items are dropped.
const PRUNE_EVERY: Duration = Duration::from_hours(6);
/// How often the store is looked into for what a person should know.
const WATCH_EVERY: Duration = Duration::from_mins(1);
/// How long the feed and notifications are kept, in days.
const KEPT_DAYS: i64 = 400;

/// Why the relay did not start or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum RelayRunError {
    /// The port cannot be had.
    #[error("cannot listen on {what}: {source}; is another kuota-relay running?")]
    Listen {
        /// Which.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Merchants and sites cannot be read.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The store failed: what is on the disk is only known after opening it again.
    #[error("the relay's store stopped: {0}")]
    Store(String),
    /// A task that must not end did.
    #[error("a part of the relay ended: {0}")]
    Ended(String),
}

/// Where merchants and sites come from besides the database.
pub struct DirectorySources {
    /// The configuration's file, which may be read again meanwhile.
    pub file: watch::Receiver<Arc<DirectoryEntries>>,
    /// Opens the server keys of the database's merchants.
    pub cipher: CipherSource,
}

impl DirectorySources {
    /// The configuration as it is, and no key for those of the database.
    pub fn fixed(config: &Config, secrets: &RelaySecrets) -> Self {
        Self { file: DirectoryEntries::of_config(config, secrets).fixed(), cipher: Arc::new(KeyCipher::none) }
    }
}

/// Runs until `stop` ends or the store fails; with a console where there are parts for one.
pub async fn run(
    config: Config,
    sources: DirectorySources,
    store: Arc<dyn RelayStore>,
    console: Option<ConsoleParts>,
    stop: impl Future<Output = ()>,
) -> Result<(), RelayRunError> {
    let listen = |source| RelayRunError::Listen { what: config.listen.to_string(), source };
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let relay = assemble(&config, sources, store, Arc::new(SystemClock::new())).await?;
    let (stopper, stopped) = watch::channel(false);
    let mut driving = std::pin::pin!(drive_with_console(relay, listener, console, stopped));
    tokio::select! {
        ended = &mut driving => return ended,
        () = stop => {}
    }
    stopper.send_replace(true);
    driving.await
}

/// Puts a relay together as configured. Nothing runs and nothing listens yet.
pub async fn assemble(
    config: &Config,
    sources: DirectorySources,
    store: Arc<dyn RelayStore>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<Relay>, RelayRunError> {
    let public_url = config.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let server_connections = match &config.database {
        Database::Sqlite(_) => 0,
        Database::Postgres(_) => config.database_connections_max + 1,
    };
    let parts = RelayParts {
        store,
        clock,
        file: sources.file,
        cipher: sources.cipher,
        gateways: midtrans(),
        public_url,
        timeouts: RelayTimeouts::default(),
        connections_max: within_limit(config.connections_max, server_connections),
    };
    Ok(Relay::new(parts).await?)
}

/// Makes clients of Midtrans.
fn midtrans() -> GatewayFactory {
    Arc::new(|merchant, server_key| {
        let client = Midtrans::new(MerchantAccess {
            environment: merchant.environment,
            server_key,
            core_url: merchant.core_url.clone(),
            snap_url: merchant.snap_url.clone(),
        });
        client.map(|client| Arc::new(client) as Arc<dyn Gateway>)
    })
}

/// The database server of the configuration; `None` where a file is configured.
pub fn database_server(config: &Config, password: Option<&Secret>) -> Option<PostgresSettings> {
    let Database::Postgres(url) = &config.database else { return None };
    Some(server_settings(url, password, config.database_connections_max))
}

/// How to reach the database at an address.
pub fn server_settings(
    url: &PostgresUrl,
    password: Option<&Secret>,
    connections_max: usize,
) -> PostgresSettings {
    let mut server = url.server().clone();
    if let Some(password) = password {
        server.password(password.expose());
    }
    let tls = match url.tls() {
        None => ServerTls::Off,
        Some(ServerTrust::System) => ServerTls::Verified(None),
        Some(ServerTrust::File(file)) => ServerTls::Verified(Some(file.clone())),
    };
    PostgresSettings { server, tls, connections_max }
}

/// Serves `listener` and runs the loops until `stop` turns true or the store fails.
pub async fn drive(
    relay: Arc<Relay>,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
) -> Result<(), RelayRunError> {
    drive_with_console(relay, listener, None, stop).await
}

/// The same with a console. Whatever becomes of it, the relay goes on.
async fn drive_with_console(
    relay: Arc<Relay>,
    listener: TcpListener,
    console: Option<ConsoleParts>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), RelayRunError> {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "relay listens");
    }
    let (close, closing) = watch::channel(false);
    let console =
        console.map(|parts| tokio::spawn(console::listener::run(Arc::clone(&relay), parts, closing.clone())));
    let mut serving = tokio::spawn(serve(listener, http::router(&relay), http::limits(&relay), closing));
    let mut loops = JoinSet::new();
    loops.spawn(deciding(Arc::clone(&relay)));
    loops.spawn(reconciling(Arc::clone(&relay)));
    loops.spawn(pruning(Arc::clone(&relay)));
    loops.spawn(watching(Arc::clone(&relay)));
    loops.spawn(refreshing(Arc::clone(&relay)));
    loops.spawn(keep_presence(Arc::clone(&relay)));
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::debug!(%error, "no service manager to tell");
    }
    let failed = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => None,
        why = relay.store.failure() => Some(RelayRunError::Store(why)),
        ended = &mut serving => Some(RelayRunError::Ended(cause(ended))),
        Some(ended) = loops.join_next() => Some(RelayRunError::Ended(cause(ended))),
    };
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    relay.stopping.send_replace(true);
    close.send_replace(true);
    drain(serving, console).await;
    loops.shutdown().await;
    tracing::info!("stopped");
    failed.map_or(Ok(()), Err)
}

/// Gives open requests of both listeners time to end.
async fn drain(mut serving: JoinHandle<()>, mut console: Option<JoinHandle<()>>) {
    let ended = async {
        if !serving.is_finished() {
            let _ = (&mut serving).await;
        }
        if let Some(console) = &mut console {
            let _ = console.await;
        }
    };
    if timeout(DRAIN_MAX, ended).await.is_err() {
        tracing::warn!("requests still open after {DRAIN_MAX:?} are cut");
    }
    serving.abort();
    console.iter().for_each(JoinHandle::abort);
}

/// Why a task ended that never should.
fn cause<T>(ended: Result<T, JoinError>) -> String {
    ended.map_or_else(|error| error.to_string(), |_| "it returned".to_owned())
}

/// Decides notifications as they come. A turn does not wait for the one before: an order that the gateway is slow
/// about keeps no other waiting.
async fn deciding(relay: Arc<Relay>) {
    let mut turns = JoinSet::new();
    let mut retry_log = RetryLog::error("deciding notifications");
    loop {
        let turn = Arc::clone(&relay);
        turns.spawn(async move {
            let now = turn.now();
            decide_once(&turn, now).await
        });
        let look = sleep(LOOK_EVERY);
        tokio::pin!(look);
        loop {
            tokio::select! {
                () = relay.inbox.notified() => break,
                () = &mut look => break,
                Some(ended) = turns.join_next() => {
                    let result = ended.map_err(|error| RelayStoreError::Nonsense(error.to_string())).and_then(|r| r);
                    retry_log.record(result.map(drop));
                }
            }
        }
    }
}

/// Asks about orders as they become due. A turn does not wait for the one before: a merchant whose gateway is slow keeps
/// no other waiting.
async fn reconciling(relay: Arc<Relay>) {
    let mut turns = JoinSet::new();
    let mut retry_log = RetryLog::error("asking about orders");
    loop {
        let turn = Arc::clone(&relay);
        turns.spawn(async move {
            let now = turn.now();
            reconcile_once(&turn, now).await
        });
        let look = sleep(LOOK_EVERY);
        tokio::pin!(look);
        loop {
            tokio::select! {
                () = relay.due.notified() => break,
                () = &mut look => break,
                Some(ended) = turns.join_next() => {
                    let result = ended.map_err(|error| RelayStoreError::Nonsense(error.to_string())).and_then(|r| r);
                    retry_log.record(result.map(drop));
                }
            }
        }
    }
}

/// Takes changes of merchants and sites up as they come, from the configuration's file or from the database.
async fn refreshing(relay: Arc<Relay>) {
    let mut retry_log = RetryLog::error("reading merchants and sites");
    loop {
        relay.directory.changed().await;
        let refreshed = relay.directory.refresh().await;
        if refreshed.is_ok() {
            let (merchants, sites) = (relay.directory.merchants().len(), relay.directory.site_ids().len());
            tracing::info!(merchants, sites, "merchants and sites in force");
        } else {
            sleep(LOOK_EVERY).await;
        }
        retry_log.record(refreshed.map(drop));
    }
}

/// Writes down which sites called, and notices those that are silent.
async fn keep_presence(relay: Arc<Relay>) {
    let mut retry_log = RetryLog::error("writing down which sites called");
    loop {
        retry_log.record(presence_once(&relay, relay.now()).await.map(drop));
        sleep(PRESENCE_EVERY).await;
    }
}

async fn pruning(relay: Arc<Relay>) {
    let mut retry_log = RetryLog::error("dropping what is old");
    loop {
        let before = Timestamp(relay.now().0.saturating_sub(KEPT_DAYS * DAY_MS));
        let result = relay.store.prune(before).await;
        if let Ok(dropped @ 1..) = result {
            tracing::info!(dropped, "dropped what is older than {KEPT_DAYS} days");
        }
        retry_log.record(result.map(drop));
        sleep(PRUNE_EVERY).await;
    }
}

/// Looks into the store every now and then: feeds the service manager's watchdog, where there is one, and says when
/// there is news of orders that nobody here knows.
async fn watching(relay: Arc<Relay>) {
    let deadline = sd_notify::watchdog_enabled().filter(|deadline| !deadline.is_zero());
    let every = deadline.map_or(WATCH_EVERY, |deadline| (deadline / 2).min(WATCH_EVERY));
    let mut known = 0;
    loop {
        let counted = relay.store.counts().await;
        // A server that is away is not this process's fault: ending it would only cut the calls that wait.
        if counted.is_ok() || relay.store.outage().is_some() {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
        if let Ok(counts) = counted {
            if counts.strays > known {
                tracing::warn!(
                    notifications = counts.strays,
                    "notifications about orders that are not known here: made by another system on this account, or \
                     lost by restoring an older backup; they are kept until their order appears"
                );
            }
            known = counts.strays;
        }
        sleep(every).await;
    }
}
