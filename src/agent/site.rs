//! What the daemon does, as plain calls: meter once, enforce once, submit a request. The loops, the admin API
//! and tests all come in here.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, Notify};

use super::config::Language;
use super::engine::{
    Actor, Command, EngineError, EngineGone, EngineHandle, Key, Outcome, Preview, Reading, Request,
    RouterChange, Who,
};
use super::payments::{Link, RelayError};
use crate::agent::router::edit_backoff::{EditBackoff, RefusedEdit};
use crate::agent::router::fault_log;
use crate::agent::router::fault_log::FaultLog;
use crate::agent::router::faults::{Menu, RouterFault};
use crate::clock::Clock;
use crate::domain::id::Mac;
use crate::domain::listing::{self, AccessRows, Conflict, Desired, Edit};
use crate::domain::units::Timestamp;
use crate::domain::usage::{HostTable, UnreadRow};
use crate::routeros::lists::ListNames;
use crate::routeros::{EditOutcome, Router, RouterError};

/// How old a reading of the hosts may be for reconciling between two polls.
const HOSTS_AGE_MAX: Duration = Duration::from_secs(30);
/// Without a success for this long, a link that fails is `down`.
const DOWN_AFTER_MS: i64 = 30_000;
/// Warnings of a router that are shown one by one.
const WARNINGS_MAX: usize = 20;
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
    /// The difference, in the order it is sent, without what waits.
    pub edits: Vec<Edit>,
    /// What became of each edit; empty in a dry run.
    pub outcomes: Vec<EditOutcome>,
    /// The part of the difference that was not sent, because the router refused it a short while ago.
    pub waiting: Vec<Edit>,
    /// Foreign rows in the way, in the operator's words.
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
    /// What the last comparison found; refusals are told apart.
    faults: Vec<RouterFault>,
    refused: Vec<(RefusedEdit, Who)>,
    figures: CycleFigures,
}

/// What reconciling remembers from one turn to the next.
#[derive(Default)]
struct Turns {
    backoff: EditBackoff,
    refused_log: FaultLog<Edit>,
    unread_log: FaultLog<(Menu, String)>,
}

/// What one comparison of the router with what access wants came to.
struct Difference {
    edits: Vec<Edit>,
    desired: Desired,
    observed: AccessRows,
    faults: Vec<RouterFault>,
}

/// What is known of a row whose owner is to be named.
#[derive(Clone, Debug, Default)]
struct About {
    owner: Option<String>,
    mac: Option<Mac>,
    address: Option<Ipv4Addr>,
}

impl About {
    fn of_unread(row: &UnreadRow) -> Self {
        Self { owner: None, mac: row.mac, address: row.address }
    }

    fn of_conflict(conflict: &Conflict) -> Self {
        match conflict {
            Conflict::Binding { mac, owner, .. } => {
                Self { owner: Some(owner.clone()), mac: Some(*mac), address: None }
            }
            Conflict::Listed { address, owner, .. } | Conflict::SwitchedOff { address, owner, .. } => {
                Self { owner: Some(owner.clone()), mac: None, address: Some(*address) }
            }
        }
    }
}

impl Difference {
    /// What is known of the row that an edit changes.
    fn about(&self, edit: &Edit) -> About {
        let at = |address: &Ipv4Addr| {
            let owner = self.desired.listings.get(address).map(|(_, owner)| owner.clone());
            About { owner, mac: None, address: Some(*address) }
        };
        match edit {
            Edit::AddListing { address, .. }
            | Edit::MoveListing { address, .. }
            | Edit::EnableListing { address, .. } => at(address),
            Edit::RemoveListing { row, address } => {
                // The address may be another one's by now: whose row it was is what its comment says.
                let found = self.observed.listings.iter().find(|listing| listing.row == *row);
                About { owner: found.map(|listing| listing.owner.clone()), mac: None, address: *address }
            }
            Edit::AddBinding { mac, .. } | Edit::SetBinding { mac, .. } => {
                let owner = self.desired.bindings.get(mac).map(|(_, owner)| owner.clone());
                About { owner, mac: Some(*mac), address: None }
            }
            Edit::RemoveBinding { mac, .. } => About { owner: None, mac: *mac, address: None },
        }
    }
}

/// What an unreadable row is known by while it lasts: its text may change at every reading.
fn key_of(row: &UnreadRow) -> String {
    let mac = row.mac.map(|mac| mac.to_string());
    mac.or_else(|| row.row.as_ref().map(|row| row.0.clone())).unwrap_or_default()
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
    reconciling: AsyncMutex<Turns>,
    lists: ListNames,
    wake: Notify,
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
            reconciling: AsyncMutex::default(),
            lists: ListNames::default(),
            wake: Notify::new(),
            health: Mutex::new(Health::default()),
            started_at,
        }
    }

    /// The same with other names of the address lists.
    #[must_use]
    pub fn with_lists(self, lists: ListNames) -> Self {
        Self { lists, ..self }
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
            self.wake();
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
        action: Command,
        key: Option<Key>,
    ) -> Result<Outcome, ServiceError> {
        let gate = match &action {
            Command::Import { users, findings }
                if findings.is_empty() && users.iter().any(|user| !user.devices.is_empty()) =>
            {
                Some(self.reading.lock().await)
            }
            Command::Bind(_)
            | Command::Unbind { .. }
            | Command::Reset { .. }
            | Command::Register { mac: Some(_), .. } => Some(self.reading.lock().await),
            Command::AddUser(_)
            | Command::Import { .. }
            | Command::Register { mac: None, .. }
            | Command::ChangeUser(..)
            | Command::DeleteUser(_)
            | Command::Grant(..)
            | Command::Debit { .. }
            | Command::AddDebt(..)
            | Command::ChangeDebt(..)
            | Command::WriteOff { .. }
            | Command::Refund { .. }
            | Command::Review { .. }
            | Command::CloseDrawer { .. }
            | Command::SetPin(..)
            | Command::Buy(..)
            | Command::SettleAll(..)
            | Command::SettleItem(..)
            | Command::PayPart(..)
            | Command::Block(..)
            | Command::Unblock(..)
            | Command::AddPackage(_)
            | Command::ChangePackage(..)
            | Command::DeletePackage(_) => None,
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
        self.wake();
        if let Some(link) = &self.link {
            link.wake_outbox();
        }
        Ok(outcome)
    }

    /// What an action would do now, by the last reading of the router. Changes nothing and asks nobody.
    pub async fn preview(&self, actor: Actor, action: Command) -> Result<Preview, ServiceError> {
        let request = Request { actor, action, key: None, reading: None };
        Ok(self.engine.call(move |engine| engine.preview(request)).await??)
    }

    /// What reconciling would change now. Changes nothing.
    pub async fn plan(&self) -> Result<Enforced, ServiceError> {
        let _turn = self.reconciling.lock().await;
        let found = self.compare().await?;
        Ok(Enforced { conflicts: self.conflicts(&found), edits: found.edits, ..Enforced::default() })
    }

    /// Compares the router with what access wants and sends the difference, except for edits that it refused a short
    /// while ago. Nothing is sent on a failed read.
    pub async fn enforce_once(&self) -> Result<Enforced, ServiceError> {
        self.enforce(false).await
    }

    /// The same because a person asks for it: nothing waits.
    pub async fn enforce_now(&self) -> Result<Enforced, ServiceError> {
        self.enforce(true).await
    }

    async fn enforce(&self, all: bool) -> Result<Enforced, ServiceError> {
        let mut turns = self.reconciling.lock().await;
        let mut found = self.compare().await?;
        let conflicts = self.conflicts(&found);
        self.log_unread(&mut turns, &found);
        if self.is_dry_run() {
            self.with_health(|health| health.refused.clear());
            return Ok(Enforced { edits: found.edits, conflicts, dry_run: true, ..Enforced::default() });
        }
        turns.backoff.follow(&found.edits, self.router.health().session);
        let now = self.clock.uptime();
        let (edits, waiting): (Vec<Edit>, Vec<Edit>) = std::mem::take(&mut found.edits)
            .into_iter()
            .partition(|edit| all || turns.backoff.is_due(edit, now));
        let outcomes = if edits.is_empty() { Vec::new() } else { self.router.apply(&edits).await? };
        let (now, at) = (self.clock.uptime(), self.clock.now());
        for (edit, outcome) in edits.iter().zip(&outcomes) {
            turns.backoff.note(edit, outcome, now, at);
        }
        self.with_health(|health| health.figures.edits += edits.len() as u64);
        self.tell_refused(&mut turns, &found).await?;
        Ok(Enforced { edits, outcomes, waiting, conflicts, dry_run: false })
    }

    /// The foreign rows in the way, in the operator's words.
    fn conflicts(&self, found: &Difference) -> Vec<String> {
        let is_conflict = |fault: &&RouterFault| matches!(fault, RouterFault::Conflict(..));
        found.faults.iter().filter(is_conflict).map(|fault| self.in_english(fault)).collect()
    }

    fn in_english(&self, fault: &RouterFault) -> String {
        fault.text(Language::English, &self.lists)
    }

    /// Notes which edits the router refuses, and logs those that it begins or ceases to refuse.
    async fn tell_refused(&self, turns: &mut Turns, found: &Difference) -> Result<(), ServiceError> {
        let refused: Vec<RefusedEdit> = turns.backoff.refused().cloned().collect();
        let about: Vec<About> = refused.iter().map(|refused| found.about(&refused.edit)).collect();
        let refused: Vec<(RefusedEdit, Who)> = refused.into_iter().zip(self.who(about).await?).collect();
        let lasting = refused.iter().map(|(refused, who)| {
            let text = self.in_english(&RouterFault::Refused(refused.clone(), who.clone()));
            (refused.edit.clone(), text)
        });
        let news = turns.refused_log.turn(self.clock.uptime(), lasting);
        news.log("an edit is refused", "an edit is refused no more; recovered from");
        self.with_health(|health| health.refused = refused);
        Ok(())
    }

    fn log_unread(&self, turns: &mut Turns, found: &Difference) {
        let lasting = found.faults.iter().filter_map(|fault| match fault {
            RouterFault::Unread(menu, row, _) => Some(((*menu, key_of(row)), self.in_english(fault))),
            RouterFault::Noticed(_)
            | RouterFault::Changed(_)
            | RouterFault::Conflict(..)
            | RouterFault::Refused(..) => None,
        });
        let news = turns.unread_log.turn(self.clock.uptime(), lasting);
        news.log("a row of the router is skipped", "a row of the router is skipped no more; recovered from");
    }

    /// Whom rows are about. The engine is asked only where there are some.
    async fn who(&self, about: Vec<About>) -> Result<Vec<Who>, ServiceError> {
        if about.is_empty() {
            return Ok(Vec::new());
        }
        let name = move |engine: &mut super::engine::Engine| {
            let look = engine.look();
            about.iter().map(|about| look.who(about.owner.as_deref(), about.mac, about.address)).collect()
        };
        Ok(self.engine.call(name).await?)
    }

    async fn compare(&self) -> Result<Difference, ServiceError> {
        let hosts = self.recent_hosts().await?;
        let observed = self.router.read_access().await?;
        let known = |engine: &mut super::engine::Engine| (engine.desired(), engine.router_change());
        let (devices, change) = self.engine.call(known).await?;
        let desired = listing::desired(&devices, &hosts, &observed);
        let now = self.clock.now();
        let is_news = |change: &RouterChange| now.0.saturating_sub(change.since.0) < CHANGE_SHOWN_MS;
        let mut faults: Vec<RouterFault> =
            self.router.health().warnings.into_iter().map(RouterFault::Noticed).collect();
        faults.extend(change.filter(is_news).map(RouterFault::Changed));
        faults.extend(self.faults_of_rows(&hosts, &observed, &desired).await?);
        self.with_health(|health| health.faults.clone_from(&faults));
        let edits = listing::plan(&desired, &observed);
        Ok(Difference { edits, desired, observed, faults })
    }

    /// Rows that cannot be read, and foreign ones in the way.
    async fn faults_of_rows(
        &self,
        hosts: &HostTable,
        observed: &AccessRows,
        desired: &Desired,
    ) -> Result<Vec<RouterFault>, ServiceError> {
        let unread = [
            (Menu::Hosts, &hosts.unread),
            (Menu::Lists, &observed.unread.listings),
            (Menu::Bindings, &observed.unread.bindings),
            (Menu::Leases, &observed.unread.leases),
        ];
        let unread: Vec<(Menu, UnreadRow)> =
            unread.iter().flat_map(|(menu, rows)| rows.iter().map(|row| (*menu, row.clone()))).collect();
        let conflicts = listing::conflicts(desired, observed);
        let about = unread.iter().map(|(_, row)| About::of_unread(row));
        let about = about.chain(conflicts.iter().map(About::of_conflict)).collect();
        let mut who = self.who(about).await?.into_iter();
        let mut next = || who.next().unwrap_or_default();
        let mut out: Vec<RouterFault> =
            unread.into_iter().map(|(menu, row)| RouterFault::Unread(menu, row, next())).collect();
        out.extend(conflicts.into_iter().map(|conflict| RouterFault::Conflict(conflict, next())));
        Ok(out)
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
    pub fn wake(&self) {
        self.wake.notify_one();
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
        self.wake.notified().await;
    }

    /// The router link's state.
    pub fn router_state(&self) -> LinkState {
        let lines = self.router_faults().iter().map(|fault| self.in_english(fault)).collect();
        let warnings = fault_log::shorten(lines, WARNINGS_MAX);
        self.with_health(|health| {
            let since = health.router.since.or(Some(self.started_at));
            LinkState { since, warnings, ..health.router.clone() }
        })
    }

    /// What is not as it should be on the router, refusals first.
    pub fn router_faults(&self) -> Vec<RouterFault> {
        self.with_health(|health| {
            let refused = health.refused.iter().cloned();
            let refused = refused.map(|(refused, who)| RouterFault::Refused(refused, who));
            refused.chain(health.faults.iter().cloned()).collect()
        })
    }

    /// What the address lists are called.
    pub fn lists(&self) -> &ListNames {
        &self.lists
    }

    /// Figures of the cycle.
    pub fn figures(&self) -> CycleFigures {
        self.with_health(|health| health.figures)
    }

    fn with_health<T>(&self, f: impl FnOnce(&mut Health) -> T) -> T {
        f(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
