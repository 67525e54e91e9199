//! What the daemon does, as plain calls: meter once, enforce once, submit a request. The loops, the admin API
//! and tests all come in here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, Notify};

use super::engine::{
    Action, Actor, EngineError, EngineGone, EngineHandle, Key, Outcome, Preview, Reading, Request,
    RouterChange,
};
use super::link::{Link, RelayError};
use crate::clock::{Clock, rfc3339};
use crate::domain::listing::{self, Edit};
use crate::domain::units::Timestamp;
use crate::domain::usage::HostTable;
use crate::routeros::{EditOutcome, Router, RouterError};

/// How old a reading of the hosts may be for reconciling between two polls.
const HOSTS_AGE_MAX: Duration = Duration::from_secs(30);
/// Without a success for this long, a link that fails is `down`.
const DOWN_AFTER_MS: i64 = 30_000;
/// How long another router than before is worth a warning.
const CHANGE_SHOWN_MS: i64 = 24 * 3_600_000;

/// Why a call of the service failed.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The request was not done.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
    /// The router could not be asked.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// The relay could not be asked, or it or the gateway said no.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// There is no relay.
    #[error("no relay is configured, so nothing can be paid online; take cash, transfer or qris_static")]
    NoRelay,
}

/// What reconciling found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enforced {
    /// The difference, in the order it is sent.
    pub edits: Vec<Edit>,
    /// What became of each edit; empty in a dry run.
    pub outcomes: Vec<EditOutcome>,
    /// Foreign rows in the way.
    pub conflicts: Vec<String>,
    /// Only looked.
    pub dry_run: bool,
}

/// The state of one link, for status pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkState {
    /// The last attempt that succeeded.
    pub last_success: Option<Timestamp>,
    /// The last failure, while it is newer than the last success.
    pub last_error: Option<String>,
    /// Since when the present state holds.
    pub since: Option<Timestamp>,
    /// Reachable, but with errors: refused edits, foreign rows in the way, a menu that is missing.
    pub warnings: Vec<String>,
}

impl LinkState {
    /// `ok`, `degraded` or `down`, at `now`.
    pub fn name(&self, now: Timestamp) -> &'static str {
        let recent = self.last_success.is_some_and(|at| now.0 - at.0 < DOWN_AFTER_MS);
        match (&self.last_error, recent) {
            (Some(_), false) => "down",
            (Some(_), true) => "degraded",
            (None, _) if !self.warnings.is_empty() => "degraded",
            (None, _) if self.last_success.is_none() => "down",
            (None, _) => "ok",
        }
    }

    pub(super) fn succeeded(&mut self, now: Timestamp) {
        if self.last_error.take().is_some() || self.last_success.is_none() {
            self.since = Some(now);
        }
        self.last_success = Some(now);
    }

    pub(super) fn failed(&mut self, now: Timestamp, error: &str) {
        if self.last_error.is_none() {
            self.since = Some(now);
        }
        self.last_error = Some(error.to_owned());
    }
}

/// Another router than before, while it is news.
fn change_warning(change: &RouterChange, now: Timestamp) -> Option<String> {
    let RouterChange { was, is, since } = change;
    let shown = now.0.saturating_sub(since.0) < CHANGE_SHOWN_MS;
    shown.then(|| format!("router changed: was {was}, is {is} since {}", rfc3339(*since)))
}

/// Figures of the cycle, for status and metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CycleFigures {
    /// Cycles that metered.
    pub metered: u64,
    /// Cycles that failed to read.
    pub failed: u64,
    /// Edits sent.
    pub edits: u64,
    /// Rows in the last host table.
    pub hosts: u64,
    /// How long the last host table took, in milliseconds.
    pub read_ms: u64,
}

#[derive(Default)]
struct Health {
    router: LinkState,
    figures: CycleFigures,
}

/// The daemon's doings.
pub struct Service {
    engine: EngineHandle,
    router: Arc<dyn Router>,
    link: Option<Link>,
    clock: Arc<dyn Clock>,
    dry_run: AtomicBool,
    /// Held from the start of a reading until it is counted: readings are counted in the order they were made.
    reading: AsyncMutex<()>,
    /// Held while reconciling: two plans at once would send the same adds twice.
    reconciling: AsyncMutex<()>,
    nudge: Notify,
    started_at: Timestamp,
    health: Mutex<Health>,
}

impl Service {
    /// Ready to be called; no loop runs yet.
    pub fn new(
        engine: EngineHandle,
        router: Arc<dyn Router>,
        link: Option<Link>,
        clock: Arc<dyn Clock>,
        dry_run: bool,
    ) -> Self {
        let started_at = clock.now();
        Self {
            engine,
            router,
            link,
            clock,
            dry_run: AtomicBool::new(dry_run),
            reading: AsyncMutex::new(()),
            reconciling: AsyncMutex::new(()),
            nudge: Notify::new(),
            health: Mutex::new(Health::default()),
            started_at,
        }
    }

    /// The engine, for looking.
    pub fn engine(&self) -> &EngineHandle {
        &self.engine
    }

    /// Whether the router is only looked at.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run.load(Ordering::Relaxed)
    }

    /// From the next cycle on the router is only looked at, or changed again.
    pub fn set_dry_run(&self, dry_run: bool) {
        self.dry_run.store(dry_run, Ordering::Relaxed);
    }

    /// The router's warnings and counters, without asking it.
    pub fn router(&self) -> &dyn Router {
        self.router.as_ref()
    }

    /// Reads the router once and counts the reading. A failed read counts nothing; time passes all the same.
    pub async fn meter_once(&self) -> Result<bool, ServiceError> {
        let gate = self.reading.lock().await;
        let read = self.read_hosts().await;
        let turned = match &read {
            Ok(reading) => {
                let reading = reading.clone();
                self.engine.call(move |engine| engine.meter(&reading)).await??
            }
            Err(_) => self.engine.call(super::engine::Engine::pass_time).await??,
        };
        drop(gate);
        if turned {
            self.nudge();
        }
        read?;
        Ok(turned)
    }

    async fn read_hosts(&self) -> Result<Reading, RouterError> {
        let begun = self.clock.uptime();
        let read = self.router.read_hosts().await;
        let took = self.clock.uptime().saturating_sub(begun);
        let now = self.clock.now();
        self.with_health(|health| match &read {
            Ok(hosts) => {
                health.router.succeeded(now);
                health.figures.metered += 1;
                health.figures.hosts = hosts.rows.len() as u64;
                health.figures.read_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            }
            Err(error) => {
                health.router.failed(now, &error.to_string());
                health.figures.failed += 1;
            }
        });
        Ok(Reading { hosts: Arc::new(read?), begun })
    }

    /// Does what is asked. Binding, unbinding and resetting read the router first, so that every byte goes to
    /// whom it belonged at that moment.
    pub async fn submit(
        &self,
        actor: Actor,
        action: Action,
        key: Option<Key>,
    ) -> Result<Outcome, ServiceError> {
        let gate = match &action {
            Action::Import { users, findings }
                if findings.is_empty() && users.iter().any(|user| !user.devices.is_empty()) =>
            {
                Some(self.reading.lock().await)
            }
            Action::Bind { .. }
            | Action::Unbind { .. }
            | Action::Reset { .. }
            | Action::Register { mac: Some(_), .. } => Some(self.reading.lock().await),
            _ => None,
        };
        let (reading, failure) = match gate {
            None => (None, None),
            Some(_) => match self.read_hosts().await {
                Ok(reading) => (Some(reading), None),
                Err(error) => (None, Some(error)),
            },
        };
        let request = Request { actor, action, key, reading };
        let outcome = self.engine.call(move |engine| engine.submit(request)).await?;
        drop(gate);
        let outcome = outcome.map_err(|error| match (error, failure) {
            (EngineError::RouterNeeded(_), Some(why)) => EngineError::RouterNeeded(why.to_string()),
            (error, _) => error,
        })?;
        self.nudge();
        if let Some(link) = &self.link {
            link.wake_errands();
        }
        Ok(outcome)
    }

    /// What an action would do now, by the last reading of the router. Changes nothing and asks nobody.
    pub async fn preview(&self, actor: Actor, action: Action) -> Result<Preview, ServiceError> {
        let request = Request { actor, action, key: None, reading: None };
        Ok(self.engine.call(move |engine| engine.preview(request)).await??)
    }

    /// What reconciling would change now. Changes nothing.
    pub async fn plan(&self) -> Result<Enforced, ServiceError> {
        let _turn = self.reconciling.lock().await;
        self.compare().await
    }

    /// Compares the router with what access wants and sends the difference. Nothing is sent on a failed read.
    pub async fn enforce_once(&self) -> Result<Enforced, ServiceError> {
        let _turn = self.reconciling.lock().await;
        let mut found = self.compare().await?;
        let dry_run = self.is_dry_run();
        if dry_run || found.edits.is_empty() {
            found.dry_run = dry_run;
            return Ok(found);
        }
        found.outcomes = self.router.apply(&found.edits).await?;
        let refused: Vec<String> = found
            .edits
            .iter()
            .zip(&found.outcomes)
            .filter_map(|(edit, outcome)| match outcome {
                EditOutcome::Refused(why) => Some(format!("{edit:?}: {why}")),
                EditOutcome::Done | EditOutcome::AlreadySo => None,
            })
            .collect();
        for why in &refused {
            tracing::warn!(why, "the router refused an edit");
        }
        self.with_health(|health| {
            health.figures.edits += found.edits.len() as u64;
            health.router.warnings.extend(refused);
        });
        Ok(found)
    }

    async fn compare(&self) -> Result<Enforced, ServiceError> {
        let hosts = self.recent_hosts().await?;
        let observed = self.router.read_access().await?;
        let known = |engine: &mut super::engine::Engine| (engine.desired(), engine.router_change());
        let (devices, change) = self.engine.call(known).await?;
        let desired = listing::desired(&devices, &hosts, &observed);
        let conflicts = listing::conflicts(&desired, &observed);
        let mut warnings = self.router.health().warnings;
        warnings.extend(change.and_then(|change| change_warning(&change, self.clock.now())));
        warnings.extend(conflicts.iter().cloned());
        self.with_health(|health| health.router.warnings = warnings);
        Ok(Enforced { edits: listing::plan(&desired, &observed), conflicts, ..Enforced::default() })
    }

    /// The last host table, or a fresh one when it is too old to say where devices are.
    async fn recent_hosts(&self) -> Result<Arc<HostTable>, ServiceError> {
        let last = |engine: &mut super::engine::Engine| (engine.hosts(), engine.hosts_age());
        let (table, age) = self.engine.call(last).await?;
        if age.is_some_and(|age| age <= HOSTS_AGE_MAX) {
            return Ok(table);
        }
        let gate = self.reading.lock().await;
        let reading = self.read_hosts().await?;
        let table = Arc::clone(&reading.hosts);
        self.engine.call(move |engine| engine.meter(&reading)).await??;
        drop(gate);
        Ok(table)
    }

    /// Something changed what the router should hold: reconcile now.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// The link to the relay; an error where there is none.
    pub fn link(&self) -> Result<&Link, ServiceError> {
        self.link.as_ref().ok_or(ServiceError::NoRelay)
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Time since boot.
    pub fn uptime(&self) -> Duration {
        self.clock.uptime()
    }

    /// Waits until something changed what the router should hold.
    pub async fn nudged(&self) {
        self.nudge.notified().await;
    }

    /// The router link's state.
    pub fn router_state(&self) -> LinkState {
        self.with_health(|health| {
            let since = health.router.since.or(Some(self.started_at));
            LinkState { since, ..health.router.clone() }
        })
    }

    /// Figures of the cycle.
    pub fn figures(&self) -> CycleFigures {
        self.with_health(|health| health.figures)
    }

    fn with_health<T>(&self, f: impl FnOnce(&mut Health) -> T) -> T {
        f(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
