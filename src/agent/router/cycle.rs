//! The router cycle: reads the router and meters, compares the router with what access wants and sends the
//! difference. Each is a plain call, driven by a loop, a face or a test.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, MutexGuard, Notify};

use super::device_names::{DeviceNames, NamesByMac};
use super::edit_backoff::{EditBackoff, RefusedEdit};
use super::fault_log::{self, FaultLog};
use super::faults::{Menu, RouterFault};
use super::marker::MarkerTurn;
use super::progress::HandoverProgress;
use crate::agent::engine::{Engine, EngineError, EngineGone, EngineHandle, Reading, RouterChange, Who};
use crate::agent::health::{CycleFigures, LinkState};
use crate::clock::Clock;
use crate::domain::id::Mac;
use crate::domain::instance::{self, Instance, SiteMark};
use crate::domain::listing::{self, AccessRows, Conflict, Desired, DeviceAccess, Edit};
use crate::domain::orphans::{Orphan, orphans};
use crate::domain::units::Timestamp;
use crate::domain::usage::{HostTable, SharedAddress, UnreadRow};
use crate::routeros::lists::ListNames;
use crate::routeros::{EditOutcome, Router, RouterError};
use crate::store::{Fence, FencedBy, StoreError, Unwritable};
use crate::ui::language::Language;

/// How old a reading of the hosts may be for reconciling between two polls.
const HOSTS_AGE_MAX: Duration = Duration::from_secs(30);
/// Warnings of a router that are shown one by one.
const WARNINGS_MAX: usize = 20;
/// Addresses of more than one device that are named.
const SHARED_MAX: usize = 20;
/// What status and desk say once the owner left.
const LEFT: &str = "the owner left this site (kuotad leave): nothing is changed on the router; kuotad leave --undo comes back";
/// How long another router than before is worth a warning.
const CHANGE_SHOWN_MS: i64 = 24 * 3_600_000;

/// Why the router was not read or not brought to what access wants.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// The engine refused the reading.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
    /// The router could not be asked.
    #[error(transparent)]
    Router(#[from] RouterError),
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

#[derive(Default)]
struct Health {
    router: LinkState,
    /// What the last comparison found, without refusals.
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
    shared_log: FaultLog<Ipv4Addr>,
    marker: MarkerTurn,
}

/// What one comparison of the router with what access wants came to.
pub(super) struct Difference {
    edits: Vec<Edit>,
    pub(super) desired: Desired,
    pub(super) observed: AccessRows,
    /// What the marker has to say.
    pub(super) mark: SiteMark,
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

    fn of_device(mac: Mac) -> Self {
        Self { owner: None, mac: Some(mac), address: None }
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
                // The address may have moved since: the comment says whose row it was.
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

/// Metering and reconciling of one router.
pub struct RouterCycle {
    pub(super) engine: EngineHandle,
    pub(super) router: Arc<dyn Router>,
    clock: Arc<dyn Clock>,
    dry_run: AtomicBool,
    /// The owner left: the router is only looked at, whatever is configured.
    left: AtomicBool,
    /// Held from the start of a reading until it is counted: readings are counted in the order they were made.
    reading: AsyncMutex<()>,
    /// Held while reconciling: two plans at once would send the same adds twice.
    reconciling: AsyncMutex<Turns>,
    /// Held while customers are handed over between the router and the store.
    pub(super) handing_over: AsyncMutex<()>,
    /// How far the present step of a handover is on the router.
    pub handover_progress: HandoverProgress,
    lists: ListNames,
    wake: Arc<Notify>,
    started_at: Timestamp,
    health: Mutex<Health>,
    names: DeviceNames,
}

/// The right to read the router and to have the reading counted before any other.
pub struct ReadingTurn<'a> {
    cycle: &'a RouterCycle,
    _turn: MutexGuard<'a, ()>,
}

impl ReadingTurn<'_> {
    /// Reads the hosts. The holder of the turn passes the reading to the engine.
    pub async fn read(&self) -> Result<Reading, RouterError> {
        self.cycle.read_hosts().await
    }
}

impl RouterCycle {
    /// Ready to be called; no loop runs yet. In a dry run the router is only looked at.
    pub fn new(
        engine: EngineHandle,
        router: Arc<dyn Router>,
        clock: Arc<dyn Clock>,
        lists: ListNames,
        dry_run: bool,
    ) -> Self {
        let started_at = clock.now();
        Self {
            engine,
            router,
            clock,
            dry_run: AtomicBool::new(dry_run),
            left: AtomicBool::new(false),
            reading: AsyncMutex::new(()),
            reconciling: AsyncMutex::default(),
            handing_over: AsyncMutex::default(),
            handover_progress: HandoverProgress::default(),
            lists,
            wake: Arc::new(Notify::new()),
            health: Mutex::new(Health::default()),
            names: DeviceNames::default(),
            started_at,
        }
    }

    /// Whether the router is only looked at.
    pub fn is_dry_run(&self) -> bool {
        self.is_configured_dry()
            || self.has_left()
            || self.engine.unwritable().is_some_and(|why| why.is_passive())
    }

    /// Whether the configuration says so.
    pub(super) fn is_configured_dry(&self) -> bool {
        self.dry_run.load(Ordering::Relaxed)
    }

    /// Whether the owner left.
    pub fn has_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    /// The owner left, or came back. The store says so, too.
    pub fn set_left(&self, left: bool) {
        self.left.store(left, Ordering::Relaxed);
    }

    /// From the next cycle on the router is only looked at, or changed again.
    pub fn set_dry_run(&self, dry_run: bool) {
        self.dry_run.store(dry_run, Ordering::Relaxed);
    }

    /// The router's warnings and counters, without asking it.
    pub fn router(&self) -> &dyn Router {
        self.router.as_ref()
    }

    /// The names that devices gave themselves, at most a minute old where the router answers.
    pub async fn device_names(&self) -> NamesByMac {
        self.names.read(self.router(), self.clock.uptime()).await
    }

    /// The same as they were last read, without asking the router.
    pub fn device_names_known(&self) -> NamesByMac {
        self.names.known()
    }

    /// Reads the router once and counts the reading. A failed read counts nothing; time passes all the same.
    pub async fn meter_once(&self) -> Result<bool, CycleError> {
        let turn = self.reading_turn().await;
        let read = turn.read().await;
        let turned = match &read {
            Ok(reading) => {
                let reading = reading.clone();
                self.engine.call(move |engine| engine.meter(&reading)).await??
            }
            Err(_) => self.engine.call(Engine::pass_time).await??,
        };
        drop(turn);
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

    /// Waits for the turn to read the router.
    pub async fn reading_turn(&self) -> ReadingTurn<'_> {
        ReadingTurn { cycle: self, _turn: self.reading.lock().await }
    }

    /// The machine that has the site by the router's marker; `None` without a believable one.
    pub async fn marked_instance(&self) -> Result<Option<Instance>, CycleError> {
        let observed = self.router.read_access().await?;
        let mark = self.engine.call(|engine| engine.site_mark()).await?;
        Ok(instance::marked(&mark, &observed.markers))
    }

    /// Stops this machine where the router's marker says that another one has the site.
    async fn fence_by(&self, mark: &SiteMark, observed: &AccessRows) -> Result<(), CycleError> {
        if let Some(instance) = instance::fence(mark, &observed.markers) {
            self.engine.call(move |engine| engine.fence(Fence { instance, by: FencedBy::Router })).await?;
        }
        Ok(())
    }

    /// Reads the marker before anything else than a cycle changes the router: a machine that was just started may have lost the
    /// site while it was off. An error where it has not the site.
    pub(super) async fn check_has_site(&self) -> Result<(), CycleError> {
        let observed = self.router.read_access().await?;
        let mark = self.engine.call(|engine| engine.site_mark()).await?;
        self.fence_by(&mark, &observed).await?;
        self.check_not_passive()
    }

    /// An error while this machine has not the site, by what is known.
    pub(super) fn check_not_passive(&self) -> Result<(), CycleError> {
        match self.engine.unwritable().filter(Unwritable::is_passive) {
            Some(why) => Err(EngineError::from(StoreError::from(why)).into()),
            None => Ok(()),
        }
    }

    /// What reconciling would change now. Changes nothing.
    pub async fn plan(&self) -> Result<Enforced, CycleError> {
        let _turn = self.reconciling.lock().await;
        let found = self.compare().await?;
        Ok(Enforced { conflicts: self.conflicts(&found), edits: found.edits, ..Enforced::default() })
    }

    /// Compares the router with what access wants and sends the difference, except for edits that it refused a short
    /// while ago. Nothing is sent on a failed read.
    pub async fn enforce_once(&self) -> Result<Enforced, CycleError> {
        self.enforce(false).await
    }

    /// The same because a person asks for it: nothing waits.
    pub async fn enforce_now(&self) -> Result<Enforced, CycleError> {
        self.enforce(true).await
    }

    async fn enforce(&self, all: bool) -> Result<Enforced, CycleError> {
        let mut turns = self.reconciling.lock().await;
        // A machine that takes the site over while this compares has not looked for orphans: the next turn does.
        let was_dry_run = self.is_dry_run();
        let mut found = self.compare().await?;
        let conflicts = self.conflicts(&found);
        self.log_rows(&mut turns, &found);
        if was_dry_run || self.is_dry_run() {
            self.with_health(|health| health.refused.clear());
            return Ok(Enforced { edits: found.edits, conflicts, dry_run: true, ..Enforced::default() });
        }
        turns.backoff.follow(&found.edits, self.router.health().session);
        let now = self.clock.uptime();
        let (edits, waiting): (Vec<Edit>, Vec<Edit>) = std::mem::take(&mut found.edits)
            .into_iter()
            .partition(|edit| all || turns.backoff.is_due(edit, now));
        // First: the machine before this one has to stop before its rows change.
        turns.marker.write(self.router.as_ref(), &found, now).await?;
        let outcomes = if edits.is_empty() { Vec::new() } else { self.router.apply(&edits).await? };
        let (now, at) = (self.clock.uptime(), self.clock.now());
        for (edit, outcome) in edits.iter().zip(&outcomes) {
            turns.backoff.note(edit, outcome, now, at);
        }
        self.with_health(|health| health.figures.edits += edits.len() as u64);
        self.log_refused(&mut turns, &found).await?;
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
    async fn log_refused(&self, turns: &mut Turns, found: &Difference) -> Result<(), CycleError> {
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

    /// Logs rows that begin or cease to be skipped, and addresses that begin or cease to be shared.
    fn log_rows(&self, turns: &mut Turns, found: &Difference) {
        let lasting = found.faults.iter().filter_map(|fault| match fault {
            RouterFault::Unread(menu, row, _) => Some(((*menu, key_of(row)), self.in_english(fault))),
            RouterFault::Noticed(_)
            | RouterFault::Changed(_)
            | RouterFault::Conflict(..)
            | RouterFault::Refused(..)
            | RouterFault::Shared(..) => None,
        });
        let news = turns.unread_log.turn(self.clock.uptime(), lasting);
        news.log("a row of the router is skipped", "a row of the router is skipped no more; recovered from");
        let lasting = found.faults.iter().filter_map(|fault| match fault {
            RouterFault::Shared(address, _) => Some((*address, self.in_english(fault))),
            RouterFault::Noticed(_)
            | RouterFault::Changed(_)
            | RouterFault::Conflict(..)
            | RouterFault::Refused(..)
            | RouterFault::Unread(..) => None,
        });
        let news = turns.shared_log.turn(self.clock.uptime(), lasting);
        news.log("an address is nobody's", "an address is shared no more; recovered from");
    }

    /// Whom rows are about. The engine is asked only where there are some.
    async fn who(&self, about: Vec<About>) -> Result<Vec<Who>, CycleError> {
        if about.is_empty() {
            return Ok(Vec::new());
        }
        let name = move |engine: &mut Engine| {
            let look = engine.read_view();
            about.iter().map(|about| look.who(about.owner.as_deref(), about.mac, about.address)).collect()
        };
        Ok(self.engine.call(name).await?)
    }

    async fn compare(&self) -> Result<Difference, CycleError> {
        let hosts = self.recent_hosts().await?;
        let observed = self.router.read_access().await?;
        let known = |engine: &mut Engine| {
            (engine.desired(), engine.are_orphans_due(), engine.router_change(), engine.site_mark())
        };
        let (mut devices, are_orphans_due, change, mark) = self.engine.call(known).await?;
        self.fence_by(&mark, &observed).await?;
        if are_orphans_due {
            devices = self.with_orphans(devices, &hosts, &observed).await?;
        }
        let desired = listing::desired(&devices, &hosts, &observed);
        let now = self.clock.now();
        let is_news = |change: &RouterChange| now.0.saturating_sub(change.since.0) < CHANGE_SHOWN_MS;
        let mut faults: Vec<RouterFault> =
            self.router.health().warnings.into_iter().map(RouterFault::Noticed).collect();
        faults.extend(self.has_left().then(|| RouterFault::Noticed(LEFT.to_owned())));
        faults.extend(change.filter(is_news).map(RouterFault::Changed));
        faults.extend(self.faults_of_rows(&hosts, &observed, &desired).await?);
        self.with_health(|health| health.faults.clone_from(&faults));
        let edits = listing::plan(&desired, &observed);
        Ok(Difference { edits, desired, observed, mark, faults })
    }

    /// What devices should have, with those that the router has and the store has not. They are on file before anything is
    /// sent; while nothing can be written they stay all the same.
    async fn with_orphans(
        &self,
        mut devices: Vec<DeviceAccess>,
        hosts: &HostTable,
        observed: &AccessRows,
    ) -> Result<Vec<DeviceAccess>, CycleError> {
        let found = orphans(&devices, hosts, observed);
        let is_complete = observed.unread.bindings.is_empty();
        let recorded = {
            let found = found.clone();
            let record = move |engine: &mut Engine| {
                engine.record_orphans(found, is_complete).map(|()| engine.desired())
            };
            self.engine.call(record).await?
        };
        Ok(recorded.unwrap_or_else(|error| {
            tracing::debug!(%error, orphans = found.len(), "devices that the store does not know stay until it can be written");
            devices.extend(found.iter().map(Orphan::access));
            devices
        }))
    }

    /// Rows that cannot be read, foreign ones in the way, and addresses of more than one device.
    async fn faults_of_rows(
        &self,
        hosts: &HostTable,
        observed: &AccessRows,
        desired: &Desired,
    ) -> Result<Vec<RouterFault>, CycleError> {
        let unread = [
            (Menu::Hosts, &hosts.unread),
            (Menu::Lists, &observed.unread.listings),
            (Menu::Bindings, &observed.unread.bindings),
            (Menu::Leases, &observed.unread.leases),
        ];
        let unread: Vec<(Menu, UnreadRow)> =
            unread.iter().flat_map(|(menu, rows)| rows.iter().map(|row| (*menu, row.clone()))).collect();
        let conflicts = listing::conflicts(desired, observed);
        let mut shared = hosts.shared_addresses();
        shared.truncate(SHARED_MAX);
        let about = unread.iter().map(|(_, row)| About::of_unread(row));
        let about = about.chain(conflicts.iter().map(About::of_conflict));
        let devices = shared.iter().flat_map(|shared| shared.macs.iter().map(|mac| About::of_device(*mac)));
        let about = about.chain(devices).collect();
        let mut who = self.who(about).await?.into_iter();
        let mut next = || who.next().unwrap_or_default();
        let mut out: Vec<RouterFault> =
            unread.into_iter().map(|(menu, row)| RouterFault::Unread(menu, row, next())).collect();
        out.extend(conflicts.into_iter().map(|conflict| RouterFault::Conflict(conflict, next())));
        out.extend(shared.into_iter().map(|SharedAddress { address, macs }| {
            RouterFault::Shared(address, macs.iter().map(|_| next()).collect())
        }));
        Ok(out)
    }

    /// The last host table, or a fresh one when it is too old to say where devices are.
    async fn recent_hosts(&self) -> Result<Arc<HostTable>, CycleError> {
        let last = |engine: &mut Engine| (engine.hosts(), engine.hosts_age());
        let (table, age) = self.engine.call(last).await?;
        if age.is_some_and(|age| age <= HOSTS_AGE_MAX) {
            return Ok(table);
        }
        let turn = self.reading_turn().await;
        let reading = turn.read().await?;
        let table = Arc::clone(&reading.hosts);
        self.engine.call(move |engine| engine.meter(&reading)).await??;
        drop(turn);
        Ok(table)
    }

    /// Something changed what the router should hold: reconcile now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// What [`Self::wake`] notifies, for parts that change access but do not know the router.
    pub fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Waits until something changed what the router should hold.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// The router link's state.
    pub fn state(&self) -> LinkState {
        let lines = self.faults().iter().map(|fault| self.in_english(fault)).collect();
        let warnings = fault_log::shorten(lines, WARNINGS_MAX);
        self.with_health(|health| {
            let since = health.router.since.or(Some(self.started_at));
            LinkState { since, warnings, ..health.router.clone() }
        })
    }

    /// What is not as it should be on the router, refusals first.
    pub fn faults(&self) -> Vec<RouterFault> {
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
