//! The engine, the only writer of the store. Readings, commands and time become events here, pass through
//! [`policy::step`], and are committed in one transaction before any caller is answered.
//!
//! The engine's memory is ahead of the store only by the readings collected since the last commit. The router's
//! counters are the log of those readings, so a crash loses nothing.

mod actor;
mod audit_detail;
mod changes;
mod checkout;
mod command;
mod commands;
mod done;
mod draft;
mod error;
mod feed;
mod handle;
mod handover;
mod handovers;
mod instance;
mod leaving;
mod memo;
mod metering;
mod names;
mod notice;
mod odd;
mod online;
mod open_orders;
mod orphans;
mod preview;
mod proof;
mod read_view;
mod reading;
mod request;
mod snapshot;
mod state;
mod trust;
mod undated;
mod undo;
mod views;
mod windows;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

pub use actor::{Actor, Key};
pub use checkout::{Checkout, FeedApplied, OpenOne, OpenView, PaymentRequest, PendingOrder, Replaces};
pub use command::{
    Command, CounterCustomer, CounterSale, DebtChange, DebtTerms, ImportedDebt, ImportedDevice, ImportedUser,
    JUST_PAID_MS, NewDevice, NewPackage, NewUser, PackageChange, PinHash, Purpose, ReviewDecision, Tender,
    UserChange,
};
pub use done::{Done, View};
pub use error::{ADDRESS_SHARED, DEVICE_GONE, EngineError, OPEN_PAYMENT, RowFinding, order_paid};
pub use handle::{EngineGone, EngineHandle};
pub use handover::{Adoptee, Handover, Leaver};
pub use notice::{Notice, Notifier};
pub use open_orders::WINDOW_BYTES_MAX;
pub use read_view::{AccessUnder, ReadView, SharedName, Who, WindowView};
pub use reading::Reading;
pub use request::{Preview, Request};
pub use snapshot::{Reached, Snapshot};
pub use state::RouterChange;
pub use trust::ClockDoubt;

use crate::clock::{Clock, Zone};
use crate::domain::access::Facts;
use crate::domain::account::Policy;
use crate::domain::listing::DeviceAccess;
use crate::domain::units::Timestamp;
use crate::domain::usage::HostTable;
use crate::store::{
    AuditLine, Reader, Role, SecretKind, SiteSecret, Store, StoreError, StoreStats, StoreTimes, Unwritable,
};
pub use crate::store::{Cursor, OutboxItem, OutboxWork};
use changes::Changes;
use commands::CommandContext;
use draft::Draft;
use notice::Silence;
use state::State;

/// The most audit lines that wait for a store that cannot be written.
const NOTES_HELD_MAX: usize = 256;

/// The parts of an engine.
pub struct Parts {
    /// The open store.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The site's zone.
    pub zone: Zone,
    /// The site's policy.
    pub policy: Policy,
    /// Whether the wall clock is always trusted.
    pub trust_clock: bool,
    /// The longest time for which readings are collected before they are committed.
    pub commit_interval: Duration,
    /// How long hourly usage is kept; daily usage is kept for good.
    pub usage_kept: Duration,
    /// Receives notices.
    pub notifier: Arc<dyn Notifier>,
    /// Makes ids for new objects.
    pub new_id: Box<dyn FnMut() -> Uuid + Send>,
}

/// The only writer of the store. See the module.
pub struct Engine {
    /// Closed before the store, so that the store is the last connection and merges the WAL into the file.
    reader: Reader,
    parts: Parts,
    state: State,
    access_changes: u64,
    /// Set by a failed commit: the content of the card is unknown, so every later call fails.
    failed: Option<String>,
}

impl Engine {
    /// Reads the store into memory.
    pub fn open(parts: Parts) -> Result<Self, StoreError> {
        let reader = parts.store.reader()?;
        let state = State::load(&parts.store, parts.clock.as_ref(), &parts.zone)?;
        Ok(Self { parts, reader, state, access_changes: 0, failed: None })
    }

    /// Default parts with the store in that folder.
    pub fn parts(data_dir: &Path, clock: Arc<dyn Clock>, zone: Zone) -> Result<Parts, StoreError> {
        Ok(Parts {
            store: Store::open(data_dir)?,
            clock,
            zone,
            policy: Policy::default(),
            trust_clock: false,
            commit_interval: Duration::from_mins(1),
            usage_kept: Duration::from_hours(24 * 90),
            notifier: Arc::new(Silence),
            new_id: Box::new(Uuid::new_v4),
        })
    }

    /// Drops all uncommitted changes and reads the store again, as after a panic in the middle of a request.
    pub fn reload(&mut self) -> Result<(), StoreError> {
        self.state = State::load(&self.parts.store, self.parts.clock.as_ref(), &self.parts.zone)?;
        Ok(())
    }

    /// The reason why the engine stopped, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_deref().or(self.parts.store.broken())
    }

    /// The reason why nothing can be changed at present, if any. Readings are still counted, and access follows them.
    pub fn unwritable(&self) -> Option<&Unwritable> {
        self.parts.store.unwritable()
    }

    /// Stops the engine after a failed read of the store, as after a failed commit: the next start opens the store
    /// and proves it again. Tables known to be damaged were proved already.
    pub fn read_failed(&mut self, why: &str) {
        if matches!(self.unwritable(), Some(Unwritable::Damaged(_))) || self.failed.is_some() {
            return;
        }
        let why = self.parts.store.explain_failure(why);
        tracing::error!(error = why, "the store cannot be read; stopping so that it is opened again");
        self.failed = Some(why);
    }

    /// Commits what is collected and closes the store: every later call fails.
    pub fn close(&mut self) -> Result<(), EngineError> {
        let flushed = self.flush().and_then(|()| Ok(self.parts.store.write_held_logins()?));
        self.failed.get_or_insert_with(|| "closed".to_owned());
        flushed
    }

    /// Executes `request`, commits it, and answers. Everything but usage changes only here.
    pub fn submit(&mut self, request: Request) -> Result<Done, EngineError> {
        self.begin()?;
        if let Some(done) = self.answered(request.key.as_ref())? {
            return Ok(done);
        }
        if let Some(reading) = &request.reading {
            self.absorb(reading);
        }
        let facts = self.facts();
        let mut draft =
            Draft::new(&self.state, &request.actor, facts, &self.parts.policy, &mut self.parts.new_id);
        let done = match commands::perform(&mut draft, &self.reader, &request) {
            Ok(done) => done,
            Err(error) => return Err(self.note_error(error)),
        };
        if let Some(key) = request.key {
            draft.put_event(done.remembered(key.id, key.content_hash));
        }
        let changes = draft.finish();
        self.take_over(changes)?;
        Ok(done)
    }

    /// The start of each call: fails if the engine has stopped, and checks the clock.
    fn begin(&mut self) -> Result<(), EngineError> {
        self.check_alive()?;
        let doubted = self.doubted_time();
        self.state.trust.look(self.parts.clock.as_ref());
        self.move_sessions(doubted)?;
        self.state.online.uptime = self.parts.clock.uptime();
        self.state.wall = self.parts.clock.now();
        self.state.boot_id = self.parts.clock.boot_id();
        self.date_what_waited()
    }

    /// Since when the wall clock is not trusted; `None` while it is.
    pub fn clock_doubt(&self) -> Option<ClockDoubt> {
        (!self.is_clock_trusted()).then(|| self.state.trust.doubt(self.parts.clock.as_ref()))
    }

    /// The time that sessions go by while the wall clock is not trusted; `None` while it is.
    fn doubted_time(&self) -> Option<Timestamp> {
        let (trust, clock) = (&self.state.trust, self.parts.clock.as_ref());
        // The last check may be older than a jump, and a clock that is synchronized by now was doubted until here.
        let is_doubted = !self.parts.trust_clock && (trust.is_doubted() || !trust.believes(clock));
        is_doubted.then(|| trust.reckon(clock))
    }

    /// Once the clock is trusted again, what is left of each session stays what it was by the time before.
    fn move_sessions(&mut self, doubted: Option<Timestamp>) -> Result<(), EngineError> {
        let Some(doubted) = doubted.filter(|_| self.is_clock_trusted()) else { return Ok(()) };
        let by_ms = self.parts.clock.now().0.saturating_sub(doubted.0);
        if by_ms == 0 {
            return Ok(());
        }
        passing(self.parts.store.move_sessions(by_ms).map_err(EngineError::from))
    }

    /// Whether the wall clock may start a block.
    fn is_clock_trusted(&self) -> bool {
        self.parts.trust_clock || self.state.trust.believes(self.parts.clock.as_ref())
    }

    /// Runs `work` on a draft for `actor`; entries are written for the event with that name. The state does not
    /// change.
    fn draft<T>(
        &mut self,
        actor: &Actor,
        event: &str,
        work: impl FnOnce(&mut CommandContext) -> Result<T, EngineError>,
    ) -> Result<(T, Changes), EngineError> {
        self.draft_at(actor, event, None, work)
    }

    /// The same with a reading that was made for it and is counted already.
    fn draft_at<T>(
        &mut self,
        actor: &Actor,
        event: &str,
        reading: Option<&Reading>,
        work: impl FnOnce(&mut CommandContext) -> Result<T, EngineError>,
    ) -> Result<(T, Changes), EngineError> {
        let facts = self.facts();
        let mut draft = Draft::new(&self.state, actor, facts, &self.parts.policy, &mut self.parts.new_id);
        let context = CommandContext::new(&mut draft, &self.reader, event.to_owned());
        match work(&mut CommandContext { reading, ..context }) {
            Ok(done) => Ok((done, draft.finish())),
            Err(error) => Err(self.note_error(error)),
        }
    }

    /// A store that cannot be read counts as failed, like one that cannot be written.
    fn note_error(&mut self, error: EngineError) -> EngineError {
        if let EngineError::Store(store) = &error
            && store.is_fatal()
        {
            self.read_failed(&store.to_string());
        }
        error
    }

    /// Applies a draft to the state and commits it; restores the state if the store cannot be written.
    fn take_over(&mut self, changes: Changes) -> Result<(), EngineError> {
        self.recover()?;
        self.state.begin_changes();
        self.state.apply(changes);
        let done = self.commit();
        if done.is_err() {
            self.state.undo_changes();
        }
        done
    }

    /// Retries writing if the store could not be written.
    fn recover(&mut self) -> Result<(), EngineError> {
        if self.unwritable().is_none() {
            return Ok(());
        }
        let is_read_only = self.parts.store.is_read_only();
        if is_read_only {
            self.reader = Reader::closed()?;
        }
        let recovered = self.parts.store.recover();
        if is_read_only {
            self.reader = self.parts.store.reader()?;
        }
        Ok(recovered?)
    }

    /// The stored answer to a call with that key.
    pub fn answered(&self, key: Option<&Key>) -> Result<Option<Done>, EngineError> {
        let Some(key) = key else { return Ok(None) };
        match self.reader.event(&key.id)? {
            None => Ok(None),
            Some(event) if event.content_hash == key.content_hash => {
                Done::of_record(&event).map(Some).ok_or_else(error::unreadable_answer)
            }
            Some(_) => Err(error::idempotency_conflict()),
        }
    }

    /// Counts a complete reading. Commits when any user's access changed, or when the collected readings are older
    /// than the commit interval. Returns whether access changed.
    pub fn meter(&mut self, reading: &Reading) -> Result<bool, EngineError> {
        self.begin()?;
        self.absorb(reading);
        self.pass_time()
    }

    /// Processes time without a reading: expiry, due dates and local midnight do not wait for the router.
    pub fn pass_time(&mut self) -> Result<bool, EngineError> {
        self.begin()?;
        let facts = self.facts();
        let uptime = self.parts.clock.uptime();
        self.state.tick(&facts, &self.parts.policy);
        self.state.reopen_day(&facts);
        if facts.clock_trusted {
            self.state.close_days(&self.parts.zone, &facts, &self.parts.policy, self.parts.usage_kept);
        }
        let turned = self.state.dirty.turned();
        let gathered = !self.state.dirty.is_empty();
        let due = gathered && uptime.saturating_sub(self.state.committed_at) >= self.parts.commit_interval;
        if self.unwritable().is_some() {
            passing(self.recover())?;
        }
        if self.unwritable().is_none() {
            passing(self.parts.store.write_held_logins().map_err(EngineError::from))?;
        }
        if turned || due || self.state.dirty.urgent {
            // The router follows memory, which is right; the card is written when it can be.
            passing(self.commit())?;
        }
        Ok(turned)
    }

    /// Commits the collected readings.
    pub fn flush(&mut self) -> Result<(), EngineError> {
        self.check_alive()?;
        if self.state.dirty.is_empty() { Ok(()) } else { self.commit() }
    }

    fn absorb(&mut self, reading: &Reading) {
        let facts = self.facts();
        let now = metering::Moment {
            facts,
            uptime: self.parts.clock.uptime(),
            boot_id: self.parts.clock.boot_id(),
        };
        metering::absorb(&mut self.state, reading, &now, &self.parts.policy);
    }

    /// Commits in one transaction with one fsync, then sends the notices.
    fn commit(&mut self) -> Result<(), EngineError> {
        let now = self.parts.clock.now();
        let written = {
            let batch = self.state.batch(now);
            self.parts.store.commit(&batch)
        };
        if let Err(error) = written {
            if !matches!(error, StoreError::Unwritable(_)) {
                let why = self.parts.store.broken().map_or_else(|| error.to_string(), str::to_owned);
                tracing::error!(error = why, "the store failed; stopping so that it is opened again");
                self.failed = Some(why);
            }
            return Err(error.into());
        }
        self.state.committed_at = self.parts.clock.uptime();
        for notice in self.state.settle() {
            self.access_changes += u64::from(matches!(notice, Notice::AccessChanged { .. }));
            self.parts.notifier.notify(&notice);
        }
        Ok(())
    }

    /// An admin confirms the wall clock: blocks may start again.
    pub fn confirm_clock(&mut self) -> Result<(), EngineError> {
        self.check_alive()?;
        self.recover()?;
        let before = self.state.trust.clone();
        let doubted = self.doubted_time();
        self.state.trust.confirm(self.parts.clock.as_ref());
        self.pass_time()?;
        if let Err(error) = self.commit() {
            self.state.trust = before;
            return Err(error);
        }
        self.move_sessions(doubted)
    }

    fn check_alive(&self) -> Result<(), EngineError> {
        match self.failure() {
            None => Ok(()),
            Some(why) => Err(StoreError::Stopped(why.to_owned()).into()),
        }
    }

    /// The facts at present, not narrowed to one user.
    pub fn facts(&self) -> Facts {
        let is_trusted = self.is_clock_trusted();
        let clock = self.parts.clock.as_ref();
        let now = if is_trusted { clock.now() } else { self.state.trust.reckon(clock) };
        Facts {
            now,
            local: self.parts.zone.local(now),
            clock_trusted: is_trusted,
            paying: false,
            grace: self.state.online.has_grace(self.parts.clock.uptime(), &self.parts.policy),
        }
    }

    /// Replaces the site's policy on a reload; access follows at the next tick.
    pub fn set_policy(&mut self, policy: Policy, commit_interval: Duration) {
        self.parts.policy = policy;
        self.parts.commit_interval = commit_interval;
    }

    /// Read access to the state, uncommitted readings included. Commits nothing.
    pub fn read_view(&self) -> ReadView<'_> {
        let uptime = self.parts.clock.uptime();
        let (policy, zone) = (&self.parts.policy, &self.parts.zone);
        ReadView { state: &self.state, policy, zone, facts: self.facts(), uptime }
    }

    /// A connection for reading history.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// A new connection for reading history, for work too long for this thread.
    pub fn new_reader(&self) -> Result<Reader, StoreError> {
        self.parts.store.reader()
    }

    /// Writes an audit line for something that is no event of a user, such as a log-in.
    pub fn note(
        &mut self,
        actor: &Actor,
        action: &str,
        target: &str,
        detail: String,
    ) -> Result<(), EngineError> {
        self.begin()?;
        let ((), changes) = self.draft(actor, "", |act| {
            act.draft.audit(action, target, detail);
            Ok(())
        })?;
        self.take_over(changes)
    }

    /// Writes such a line, or keeps it until the store can be written, for actions that must work on a full disk.
    /// Lines beyond `NOTES_HELD_MAX` go only to the daemon's log.
    pub fn note_when_possible(
        &mut self,
        actor: &Actor,
        action: &str,
        target: &str,
        detail: String,
    ) -> Result<(), EngineError> {
        let noted = self.note(actor, action, target, detail.clone());
        let Err(EngineError::Store(StoreError::Unwritable(_))) = noted else { return noted };
        if self.state.dirty.records.audit.len() >= NOTES_HELD_MAX {
            tracing::warn!(actor = actor.name, action, target, "the audit cannot take this line");
            return Ok(());
        }
        self.state.dirty.records.audit.push(AuditLine {
            at: self.state.wall,
            actor: actor.name.clone(),
            role: actor.role.name().to_owned(),
            source: actor.source.clone(),
            action: action.to_owned(),
            target: target.to_owned(),
            detail,
        });
        Ok(())
    }

    /// The owner and role of a valid secret: a stored one, or a session that could not be stored.
    pub fn secret(&self, hash: &[u8; 32], kind: SecretKind) -> Result<Option<(String, Role)>, StoreError> {
        let now = self.reckoned();
        if kind == SecretKind::Session {
            let held = self.parts.store.held_session(hash, now);
            if held.is_some() || self.parts.store.is_ended(hash) {
                return Ok(held);
            }
        }
        self.reader.secret(hash, kind, now)
    }

    /// The number of valid sessions of an admin.
    pub fn sessions(&self, admin: &str) -> Result<u64, StoreError> {
        Ok(self.reader.sessions(admin, self.reckoned())? + self.parts.store.held_sessions(admin))
    }

    /// The store, for admins and tokens, which are not part of the engine's state.
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.parts.store
    }

    /// The site's signing secret.
    pub fn site_secret(&self) -> &SiteSecret {
        self.parts.store.site_secret()
    }

    /// Counts of the store's work since it was opened.
    pub fn store_stats(&self) -> StoreStats {
        self.parts.store.stats()
    }

    /// When the store's present state began, and when it was last written.
    pub fn store_times(&self) -> StoreTimes {
        self.parts.store.times()
    }

    /// How many times any user's access changed since the start.
    pub fn access_changes(&self) -> u64 {
        self.access_changes
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The time that log-ins, tickets and one-time codes go by: the wall clock while it is trusted, else the last
    /// trusted time and what passed since on the monotonic clock. A clock that jumps by years ends no session and
    /// makes none valid again.
    pub fn reckoned(&self) -> Timestamp {
        self.facts().now
    }

    /// The site's zone.
    pub fn zone(&self) -> &Zone {
        &self.parts.zone
    }

    /// The age of the last reading of the hosts, if there was one since the start.
    pub fn hosts_age(&self) -> Option<Duration> {
        self.state.last_begun.map(|begun| self.parts.clock.uptime().saturating_sub(begun))
    }

    /// The last replacement of the router, if there was one.
    pub fn router_change(&self) -> Option<RouterChange> {
        self.state.router.as_ref().and_then(|router| router.change.clone())
    }

    /// Sets the names of the address lists, in the configuration and by default; returns their former names. Both are
    /// committed with the next reading.
    pub fn use_lists(&mut self, names: &[String], default_names: &[String]) -> Vec<String> {
        self.state.use_lists(names, default_names)
    }

    /// The access that every bound device should have on the router.
    pub fn desired(&self) -> Vec<DeviceAccess> {
        self.state.device_access()
    }

    /// The hosts of the last reading.
    pub fn hosts(&self) -> Arc<HostTable> {
        Arc::clone(&self.state.hosts)
    }
}

/// Ignores an error that does not stop the counting of readings: the store cannot be written at present.
fn passing(done: Result<(), EngineError>) -> Result<(), EngineError> {
    match done {
        Err(EngineError::Store(StoreError::Unwritable(_))) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
