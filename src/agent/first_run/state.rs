//! What every page of the set-up holds.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, watch};

use super::machine::{Boot, Machine};
use super::record::Record;
use super::recovery::state::Recovery;
use super::script_link::ScriptLink;
use crate::agent::config::{Config, ConfigError, DeskLayer, LoadedConfig, Tls};
use crate::clock::Clock;
use crate::identity::Passwords;
use crate::settings::{Environment, Fingerprint, RouterAddress, Secret};
use crate::tools::rate_limit::RateLimit;
use crate::web::{HostNames, Problem};

/// Wrong codes that are answered at once ...
const CODES_AT_ONCE: u32 = 5;
/// ... and the pause between those after them, whoever sends them.
const CODE_PAUSE: Duration = Duration::from_mins(1);
/// Presses that are saved at once ...
const PRESSES_AT_ONCE: u32 = 6;
/// ... and the pause between those after them.
const PRESS_PAUSE: Duration = Duration::from_secs(30);

/// A log-in to the router that the owner typed, for looking at it. It is in memory only: the agent gets a user of its own.
#[derive(Clone)]
pub(super) struct RouterLogin {
    pub address: RouterAddress,
    pub tls: Tls,
    /// The one certificate that is accepted where `tls` is pinned.
    pub fingerprint: Option<Fingerprint>,
    pub username: String,
    pub password: Secret,
}

/// The running set-up.
pub(super) struct FirstRun {
    /// The configuration file.
    pub path: PathBuf,
    pub env: Environment,
    /// What counts without any answer.
    pub config: Config,
    pub machine: Machine,
    pub clock: Arc<dyn Clock>,
    pub passwords: Passwords,
    pub host_names: HostNames,
    /// The owner's own log-in to the router, once typed.
    pub login: AsyncMutex<Option<RouterLogin>>,
    /// A restore that is under way.
    pub recovery: Arc<AsyncMutex<Recovery>>,
    /// The port on which the pages are.
    pub port: u16,
    codes: Mutex<RateLimit>,
    presses: Mutex<RateLimit>,
    script: Mutex<ScriptLink>,
    record: Mutex<Kept>,
    finished: watch::Sender<bool>,
}

/// The record, and when it was last saved.
struct Kept {
    record: Record,
    saved_at: Duration,
}

impl FirstRun {
    pub fn new(
        path: PathBuf,
        env: Environment,
        config: Config,
        machine: Machine,
        record: Record,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let host_names = config.host_names();
        let saved_at = clock.uptime();
        Self {
            path,
            env,
            config,
            machine,
            clock,
            passwords: Passwords::default(),
            host_names,
            login: AsyncMutex::default(),
            recovery: Arc::default(),
            port: 0,
            presses: Mutex::new(RateLimit::every(PRESS_PAUSE, PRESSES_AT_ONCE)),
            script: Mutex::default(),
            codes: Mutex::new(RateLimit::every(CODE_PAUSE, CODES_AT_ONCE)),
            record: Mutex::new(Kept { record, saved_at }),
            finished: watch::Sender::new(false),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record as it is.
    pub fn record(&self) -> Record {
        self.kept().record.clone()
    }

    /// Changes the record and saves it. What cannot be saved is not changed. The file is short and nothing but the set-up
    /// runs, so the write may hold the thread.
    pub fn change<T>(&self, change: impl FnOnce(&mut Record) -> T) -> Result<T, Problem> {
        let mut kept = self.kept();
        let mut next = kept.record.clone();
        let out = change(&mut next);
        next.save(&self.config.data_dir).map_err(|error| {
            tracing::error!(%error, "the set-up could not be saved");
            Problem::unavailable("not_saved", format!("the answer could not be saved: {error}"))
        })?;
        *kept = Kept { record: next, saved_at: self.clock.uptime() };
        Ok(out)
    }

    /// The same for somebody who has proved nothing yet. A few such changes are saved at once; more of them would wear the
    /// card, and are saved with the time, seconds later.
    pub fn change_unproved<T>(&self, change: impl FnOnce(&mut Record) -> T) -> Result<T, Problem> {
        let now = self.clock.uptime();
        if self.presses.lock().unwrap_or_else(PoisonError::into_inner).take(now).is_ok() {
            return self.change(change);
        }
        Ok(change(&mut self.kept().record))
    }

    /// Counts the time, and saves it where it is due. A machine that does not name its boots gets no time at all.
    pub fn count_time(&self, boot: Option<&Boot>) {
        let now = self.clock.uptime();
        let mut kept = self.kept();
        let mut next = kept.record.clone();
        let is_news = match boot {
            Some(boot) => next.claiming.advance(boot, self.clock.now().0),
            None => false,
        };
        let is_due = next.claiming.needs_saves() && now >= kept.saved_at + next.claiming.save_pause();
        if !is_news && !is_due {
            kept.record = next;
            return;
        }
        match next.save(&self.config.data_dir) {
            Ok(()) => *kept = Kept { record: next, saved_at: now },
            // A power cut confirms nothing that is not saved: the state before stays.
            Err(error) => tracing::error!(%error, "the set-up's time could not be saved"),
        }
    }

    /// Takes one try of the code; an error is the time to wait.
    pub fn take_code_try(&self) -> Result<(), Duration> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).take(self.clock.uptime())
    }

    /// The address of the router's script.
    pub fn script_link(&self) -> MutexGuard<'_, ScriptLink> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration with this layer.
    pub fn loaded(&self, layer: &DeskLayer) -> Result<LoadedConfig, ConfigError> {
        let (text, name) = Config::text(&self.path)?;
        LoadedConfig::with(&text, &name, layer, &self.env)
    }

    /// The layer that a record makes.
    pub fn layer(record: &Record) -> DeskLayer {
        let mut layer = DeskLayer::default();
        layer.values.clone_from(&record.answers.values);
        if let Some(file) = &record.answers.router_password {
            layer.take_secret(ROUTER_PASSWORD, file);
        }
        layer
    }

    /// Ends the set-up: the daemon starts again, with an owner.
    pub fn finish(&self) {
        self.finished.send_replace(true);
    }

    /// Whether it ended.
    pub fn finished(&self) -> watch::Receiver<bool> {
        self.finished.subscribe()
    }
}

/// The name of the router's password among the secrets.
pub(super) const ROUTER_PASSWORD: &str = "router.password";
