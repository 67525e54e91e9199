//! The engine's memory, and the two ways to change it: readings collected in place, and drafts of requests that are
//! applied whole or not at all ([`super::draft`]).

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use super::actor::Actor;
use super::changes::{Changes, Dirty, Records, Work};
use super::notice::{Notice, notice};
use super::open_orders::{Now, OpenOrder};
use super::reading::HOUR_MS;
use super::trust::Trust;
use super::undo::{Numbers, UndoMap};
use super::windows::OnlineState;
use crate::clock::{Clock, Zone};
use crate::domain::access::{self, Facts};
use crate::domain::account::Policy;
use crate::domain::debt::DebtItem;
use crate::domain::id::{DebtId, Mac, UserId};
use crate::domain::ledger::{Entry, Hash, Posted};
use crate::domain::listing::DeviceAccess;
use crate::domain::package::Package;
use crate::domain::policy::{self, Context, Decision, Event, Refusal, Split};
use crate::domain::units::{Timestamp, day_number};
use crate::domain::usage::HostTable;
use crate::store::{
    Batch, Chained, ClosedDay, DeviceRecord, HandoverRecord, Loaded, ORPHANS_DUE, OrphanRecord,
    PackageRecord, Store, StoreError, UndatedRecord, UserRecord,
};
use jiff::ToSpan;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// After the machine was off for longer, only this many days are closed; earlier ones have no usage.
const DAYS_CLOSED_MAX: i64 = 400;

/// The most former list names remembered.
const FORMER_LISTS_MAX: usize = 18;

/// The router and its clock at the last reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RouterClock {
    /// The router's uptime at the last reading.
    pub uptime_s: u64,
    /// The wall clock of this machine at that reading; for display only.
    pub read_at: Timestamp,
    /// The uptime of this machine at that reading.
    pub pi_uptime_s: u64,
    /// The boot of that uptime.
    pub boot_id: String,
    /// The identity of the router, if it ever reported one.
    #[serde(default)]
    pub identity: Option<String>,
    /// The last replacement of the router.
    #[serde(default)]
    pub change: Option<RouterChange>,
}

/// A replacement of the router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterChange {
    /// The identity of the old router.
    pub was: String,
    /// The identity of the new router.
    pub is: String,
    /// The first reading of the new router.
    pub since: Timestamp,
}

/// A single value that is kept as JSON; one that makes no sense is as good as none.
fn json<T: DeserializeOwned>(text: Option<&String>) -> Option<T> {
    serde_json::from_str(text?).ok()
}

/// Orphans in the engine's memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Orphans {
    /// By device: their access stays what it was.
    pub known: UndoMap<Mac, OrphanRecord>,
    /// Others are still to be looked for.
    pub due: bool,
    /// Devices that were unbound while they were: their rows are surplus, and no orphans'.
    pub unbound: BTreeSet<Mac>,
}

impl Orphans {
    /// As they are in the store.
    pub fn of(known: BTreeMap<Mac, OrphanRecord>, due: bool) -> Self {
        Self { known: known.into(), due, unbound: BTreeSet::new() }
    }
}

/// The engine's memory.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub users: UndoMap<u32, UserRecord>,
    pub devices: UndoMap<u32, DeviceRecord>,
    pub packages: UndoMap<u32, PackageRecord>,
    /// Those among them that are not hidden. Every change of `packages` ends with [`State::list_packages`].
    pub packages_on_file: Vec<Package>,
    pub by_id: UndoMap<UserId, u32>,
    pub by_mac: UndoMap<Mac, u32>,
    pub devices_of: UndoMap<u32, BTreeSet<u32>>,
    /// Who entered each open debt item.
    pub granted_by: UndoMap<DebtId, String>,
    pub hosts: Arc<HostTable>,
    /// Bound devices in that table, with the address seen by firewall rules.
    pub seen: BTreeMap<Mac, Option<Ipv4Addr>>,
    pub router: Option<RouterClock>,
    pub last_begun: Option<Duration>,
    /// The last commit, in time since boot.
    pub committed_at: Duration,
    pub trust: Trust,
    /// The wall clock at the last check: entries are written with it, whether it is right or not.
    pub wall: Timestamp,
    /// The boot of all times since boot.
    pub boot_id: String,
    /// Records entered while the clock was not trusted.
    pub undated: Vec<UndatedRecord>,
    /// The last local day whose usage was sealed, in days since 1970-01-01.
    pub sealed_day: Option<i64>,
    /// Every name that an address list of ours ever had, current ones first.
    pub lists: Vec<String>,
    /// Hotspot users that became customers, and the other way round.
    pub handovers: UndoMap<u32, HandoverRecord>,
    pub orphans: Orphans,
    /// The owner left: nothing is changed on the router.
    pub left: bool,
    /// Online payment.
    pub online: OnlineState,
    pub dirty: Dirty,
    /// What was gathered before the changes that may be taken back, while a draft is being committed: `dirty` has that
    /// draft's part alone then.
    pub gathered: Dirty,
    /// Single values before those changes.
    pub before: Option<Numbers>,
    pub chain_seq: u64,
    pub chain_hash: Hash,
    pub receipt_no: u64,
    pub user_no: u32,
    pub device_no: u32,
}

impl State {
    pub fn load(store: &Store, clock: &dyn Clock, zone: &Zone) -> Result<Self, StoreError> {
        let mut loaded: Loaded = store.load()?;
        let meta = |key: &str| loaded.meta.get(key);
        let router: Option<RouterClock> = json(meta("router"));
        let (orders, openings, outbox) = (loaded.open_orders, loaded.openings, loaded.outbox);
        let trust: Trust = json(meta("clock")).unwrap_or(Trust::first(clock));
        let now = if trust.believes(clock) { clock.now() } else { trust.reckon(clock) };
        let mut online = OnlineState::load(store, orders, openings, outbox, now, zone)?;
        online.cursor = json(meta("feed")).unwrap_or_default();
        let mut devices_of: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for device in loaded.devices.values_mut() {
            devices_of.entry(device.user_no).or_default().insert(device.no);
            // Rows on file mean that the last committed reading had the device.
            if !device.counters.is_empty() {
                device.seen_at = router.as_ref().map(|r| r.read_at).or(device.seen_at);
            }
        }
        let mut state = Self {
            online,
            by_id: loaded.users.values().map(|u| (u.account.id, u.no)).collect(),
            by_mac: loaded.devices.values().map(|d| (d.mac, d.no)).collect(),
            devices_of: devices_of.into(),
            granted_by: loaded.granted_by.into(),
            hosts: Arc::default(),
            seen: BTreeMap::new(),
            last_begun: None,
            committed_at: clock.uptime(),
            trust,
            wall: clock.now(),
            boot_id: clock.boot_id(),
            undated: loaded.undated,
            sealed_day: meta("sealed_day").and_then(|text| text.parse().ok()),
            lists: json(meta("lists")).unwrap_or_default(),
            left: meta("left").is_some_and(|text| text == "1"),
            handovers: loaded.handovers.into(),
            orphans: Orphans::of(loaded.orphans, meta(ORPHANS_DUE).is_some_and(|text| text == "1")),
            dirty: Dirty::default(),
            gathered: Dirty::default(),
            before: None,
            chain_seq: loaded.chain_seq,
            chain_hash: loaded.chain_hash,
            receipt_no: loaded.receipt_no,
            user_no: loaded.user_no,
            device_no: loaded.device_no,
            users: loaded.users.into(),
            devices: loaded.devices.into(),
            packages: loaded.packages.into(),
            packages_on_file: Vec::new(),
            router,
        };
        state.list_packages();
        tracing::info!(
            users = state.users.len(),
            devices = state.devices.len(),
            entries = state.chain_seq,
            boot = %clock.boot_id(),
            "store read"
        );
        Ok(state)
    }

    /// Sets the names of the address lists; returns their former names. A store without names was written by a
    /// version that did not store them, with the names in `assumed`.
    pub fn use_lists(&mut self, names: &[String], assumed: &[String]) -> Vec<String> {
        let is_new = self.users.is_empty() && self.chain_seq == 0;
        let known = if self.lists.is_empty() && !is_new { assumed } else { &self.lists };
        let former = known.iter().filter(|name| !names.contains(name)).take(FORMER_LISTS_MAX);
        let former: Vec<String> = former.cloned().collect();
        let lists = [names, &former].concat();
        if lists != self.lists {
            self.lists = lists;
            (self.dirty.lists, self.dirty.urgent) = (true, true);
        }
        former
    }

    /// After a change of packages.
    pub fn list_packages(&mut self) {
        let on_file = self.packages.values().filter(|record| !record.deleted);
        self.packages_on_file = on_file.map(|record| record.package.clone()).collect();
    }

    /// Applies one event to one user outside any request: the account changes in place. Returns where metered bytes went.
    pub fn step(
        &mut self,
        user_no: u32,
        event: &Event,
        facts: &Facts,
        policy: &Policy,
    ) -> Result<Split, Refusal> {
        let user = self.users.get_mut(&user_no).expect("devices and days belong to users on file");
        // Usage, seals and ticks need no price.
        let own = self
            .online
            .facts_of(user_no, &Now { facts, wall: self.wall, uptime: self.online.uptime, policy });
        let ctx = Context { policy, packages: &[], facts: own };
        let Decision { entries, validity, account, effects, split, surplus: _, nothing_owed: _ } =
            policy::step(&user.account, event, &ctx)?;
        let before = std::mem::replace(&mut user.account, account);
        if before.balance != user.account.balance || before.open_usage != user.account.open_usage {
            self.dirty.accounts.insert(user_no);
        }
        if before.access != user.account.access || before.waiting_days != user.account.waiting_days {
            // Every further cause is stored as well: with an untrusted clock after a restart none of them may end.
            self.dirty.users.insert(user_no);
        }
        if !before.access.is_same(&user.account.access) {
            user.access_at = facts.now;
        }
        self.dirty.records.notices.extend(effects.iter().map(|effect| notice(user, effect)));
        for entry in entries {
            self.post(user_no, entry, self.wall, Actor::DAEMON, "daemon");
        }
        self.dirty.records.validity.extend(validity.into_iter().map(|step| (user_no, step)));
        self.open_window(user_no, facts, policy);
        Ok(split)
    }

    /// Decides the access of every user again where time changed it.
    pub fn tick(&mut self, facts: &Facts, policy: &Policy) {
        let at = Now { facts, wall: self.wall, uptime: self.online.uptime, policy };
        let turned: Vec<u32> = self
            .users
            .values()
            .filter(|user| {
                let days_begin = facts.clock_trusted && user.account.waiting_days > 0;
                let own = || self.online.facts_of(user.no, &at);
                days_begin || access::decide(&user.account, policy, &own()) != user.account.access
            })
            .map(|user| user.no)
            .collect();
        for user_no in turned {
            if let Err(refusal) = self.step(user_no, &Event::Tick, facts, policy) {
                tracing::error!(%refusal, "time was refused");
            }
        }
    }

    /// Reopens a closed day after the clock went back over midnight: it is closed again at its real end. An untrusted
    /// clock is behind by less than a day, the largest step that is trusted.
    pub fn reopen_day(&mut self, facts: &Facts) {
        let today = day_number(facts.local.date);
        let is_reopened = |last: i64| last > today && (facts.clock_trusted || last - today == 1);
        if self.sealed_day.is_some_and(is_reopened) {
            self.sealed_day = Some(today);
        }
    }

    /// When a local midnight has passed: seals every open row, sums the hours of the days that ended, and drops
    /// hours older than `kept`.
    pub fn close_days(&mut self, zone: &Zone, facts: &Facts, policy: &Policy, kept: Duration) {
        let today = day_number(facts.local.date);
        let Some(last) = self.sealed_day.replace(today) else {
            // The very first day: nothing can be open from before.
            return;
        };
        if last >= today {
            return;
        }
        let open: Vec<u32> =
            self.users.values().filter(|u| !u.account.open_usage.is_zero()).map(|u| u.no).collect();
        for user_no in open {
            if let Err(refusal) = self.step(user_no, &Event::Sealed, facts, policy) {
                tracing::error!(%refusal, "sealing was refused");
            }
        }
        let hour = |date| zone.day_start(date).0.div_euclid(HOUR_MS);
        for back in 1..=(today - last).min(DAYS_CLOSED_MAX) {
            let day = facts.local.date.saturating_sub(back.days());
            let next = day.saturating_add(1.day());
            self.dirty.days.push(ClosedDay { day: today - back, hours: (hour(day), hour(next)) });
        }
        let kept_ms = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        self.dirty.hours_from = Some(facts.now.0.saturating_sub(kept_ms).div_euclid(HOUR_MS));
        self.dirty.urgent = true;
    }

    fn post(&mut self, user_no: u32, entry: Entry, at: Timestamp, actor: &str, event: &str) {
        let user = self.users[&user_no].account.id;
        let seq = self.chain_seq + 1;
        let posted = Posted { seq, user, at, actor: actor.to_owned(), event: event.to_owned(), entry };
        let hash = posted.link(&self.chain_hash);
        self.chain_seq = seq;
        self.chain_hash = hash;
        self.dirty.entries.push(Chained { posted, user_no, hash });
    }

    /// Binds a device and assigns its key.
    pub fn bind(&mut self, device: DeviceRecord) {
        self.device_no += 1;
        let device = DeviceRecord { no: self.device_no, ..device };
        self.by_mac.insert(device.mac, device.no);
        self.end_orphan(device.mac);
        self.devices_of.get_or_insert(device.user_no, BTreeSet::new()).insert(device.no);
        self.dirty.devices.insert(device.no);
        self.dirty.counters.insert(device.no);
        self.devices.insert(device.no, device);
    }

    /// Unbinds a device; its usage stays with the user.
    pub fn unbind(&mut self, no: u32, at: Timestamp) {
        let Some(device) = self.devices.remove(&no) else { return };
        self.by_mac.remove(&device.mac);
        if self.orphans.due {
            self.orphans.unbound.insert(device.mac);
        }
        if let Some(devices) = self.devices_of.get_mut(&device.user_no) {
            devices.remove(&no);
        }
        self.dirty.add_gone(no, device.counters.into_iter().map(|counter| counter.row));
        self.dirty.counters.remove(&no);
        self.dirty.devices.remove(&no);
        self.dirty.unbound.push(DeviceRecord {
            unbound_at: Some(at),
            pending: None,
            counters: Vec::new(),
            ..device
        });
    }

    /// Applies a finished draft.
    pub fn apply(&mut self, changes: Changes) {
        let Changes {
            users,
            packages,
            devices,
            debts,
            granted_by,
            orders,
            windows,
            outbox,
            cursor,
            undated,
            entries,
            handovers,
            orphans,
            left,
            records,
            actor,
            at,
            day,
        } = changes;
        for user in users.into_values() {
            self.put_user(user);
        }
        for (user_no, entry, event) in entries {
            self.post(user_no, entry, at, &actor, &event);
        }
        for (no, package) in packages {
            self.packages.insert(no, package);
            self.dirty.packages.insert(no);
            self.list_packages();
        }
        for work in devices {
            self.change_device(work, at);
        }
        for (user_no, item) in debts {
            let by = granted_by.get(&item.id).unwrap_or(&actor);
            self.granted_by.get_or_insert(item.id, by.clone());
            self.dirty.debts.insert(item.id, (user_no, item, by.clone()));
        }
        for open in orders.into_values() {
            self.put_order(open);
        }
        for (user_no, windows) in windows {
            (0..windows).for_each(|_| self.online.count_window(user_no, day));
        }
        for work in outbox {
            let outbox_item = self.online.put_outbox_item(work, at);
            self.dirty.outbox.insert(outbox_item.no, outbox_item);
        }
        if let Some(cursor) = cursor {
            self.online.cursor = cursor;
            self.dirty.cursor = true;
        }
        self.set_left(left);
        self.put_handovers(handovers);
        self.change_orphans(orphans);
        self.remember_undated(undated);
        self.apply_records(records);
    }

    fn put_user(&mut self, user: UserRecord) {
        let no = user.no;
        self.user_no = self.user_no.max(no);
        self.dirty.users.insert(no);
        self.dirty.accounts.insert(no);
        if user.deleted_at.is_some() {
            self.by_id.remove(&user.account.id);
        } else {
            self.by_id.insert(user.account.id, no);
        }
        self.users.insert(no, user);
    }

    fn change_device(&mut self, work: Work, at: Timestamp) {
        match work {
            Work::Bind(device) => self.bind(device),
            Work::Unbind(no) => self.unbind(no, at),
            Work::Change(device) => {
                self.dirty.devices.insert(device.no);
                self.devices.insert(device.no, device);
            }
        }
    }

    /// Adds or changes handovers; a new one gets its key.
    fn put_handovers(&mut self, handovers: Vec<HandoverRecord>) {
        for record in handovers {
            let last = self.handovers.keys().next_back().copied().unwrap_or_default();
            let no = if record.no == 0 { last + 1 } else { record.no };
            self.dirty.handovers.insert(no);
            self.handovers.insert(no, HandoverRecord { no, ..record });
        }
    }

    fn set_left(&mut self, left: Option<bool>) {
        self.dirty.left |= left.is_some();
        self.left = left.unwrap_or(self.left);
    }

    fn put_order(&mut self, open: OpenOrder) {
        let (opened, order) = (open.opened(), open.record);
        self.receipt_no = self.receipt_no.max(order.receipt_no.unwrap_or_default());
        self.online.put(order.clone(), opened);
        self.dirty.orders.push(order);
    }

    /// Applies records to the memory and queues them for the commit.
    fn apply_records(&mut self, records: Records) {
        let Records {
            openings,
            openings_ended,
            outbox_done,
            dated,
            // These are only written: their effects on the memory come with the draft's other changes.
            validity: _,
            applied: _,
            moves: _,
            closing: _,
            pins: _,
            event: _,
            audit: _,
            notices: _,
        } = &records;
        for opening in openings {
            self.online.pending_orders.insert(opening.request_id.clone(), opening.clone());
        }
        for request_id in openings_ended {
            self.online.pending_orders.remove(request_id);
        }
        for no in outbox_done {
            self.online.outbox.remove(no);
        }
        for (what, id) in dated {
            self.undated.retain(|record| record.what != *what || record.id != *id);
        }
        self.dirty.records.append(records);
    }

    /// Single values of a batch.
    fn meta(&self) -> BTreeMap<&'static str, String> {
        let mut meta = BTreeMap::from([
            ("chain_seq", self.chain_seq.to_string()),
            ("clock", serde_json::json!(self.trust).to_string()),
        ]);
        if let Some(day) = self.sealed_day {
            meta.insert("sealed_day", day.to_string());
        }
        if self.gathered.left || self.dirty.left {
            meta.insert("left", u8::from(self.left).to_string());
        }
        if self.gathered.orphans_due || self.dirty.orphans_due {
            meta.insert(ORPHANS_DUE, u8::from(self.orphans.due).to_string());
        }
        if self.gathered.lists || self.dirty.lists {
            meta.insert("lists", serde_json::json!(self.lists).to_string());
        }
        if self.online.cursor.epoch.is_some() {
            meta.insert("feed", serde_json::json!(self.online.cursor).to_string());
        }
        if let Some(router) = &self.router {
            meta.insert("router", serde_json::json!(router).to_string());
        }
        meta
    }

    /// Everything that must be written, as one batch.
    pub fn batch(&self, at: Timestamp) -> Batch<'_> {
        let mut batch = Batch { meta: self.meta(), at, ..Batch::default() };
        let (mut users, mut accounts, mut packages) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut bound, mut counters, mut windows) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut handovers, mut orphans) = (BTreeSet::new(), BTreeSet::new());
        for dirty in [&self.gathered, &self.dirty] {
            users.extend(&dirty.users);
            accounts.extend(&dirty.accounts);
            packages.extend(&dirty.packages);
            bound.extend(&dirty.devices);
            counters.extend(&dirty.counters);
            windows.extend(&dirty.windows);
            handovers.extend(&dirty.handovers);
            orphans.extend(&dirty.orphans);
            dirty.fill(&mut batch);
        }
        let of_users = |set: BTreeSet<u32>| set.iter().map(|no| &self.users[no]).collect();
        let of_devices =
            |set: BTreeSet<u32>| set.iter().filter_map(|no| self.devices.get(no)).collect::<Vec<_>>();
        let window = |id| Some((id, self.online.order(id)?.online.window?));
        batch.users = of_users(users);
        batch.accounts = of_users(accounts);
        batch.packages = packages.iter().map(|no| &self.packages[no]).collect();
        // A MAC must be free before it is bound again: those that were unbound come first.
        batch.devices.extend(of_devices(bound));
        batch.counters = of_devices(counters);
        batch.handovers = handovers.iter().map(|no| &self.handovers[no]).collect();
        batch.orphans = orphans.iter().filter_map(|mac| self.orphans.known.get(mac)).collect();
        batch.windows = windows.into_iter().filter_map(window).collect();
        batch
    }

    /// After the commit: drops written changes and closed history, and returns the notices.
    pub fn settle(&mut self) -> Vec<Notice> {
        self.keep_changes();
        let (mut notices, mut debts) = (Vec::new(), BTreeMap::new());
        for dirty in [std::mem::take(&mut self.gathered), std::mem::take(&mut self.dirty)] {
            for no in dirty.users {
                if self.users.get(&no).is_some_and(|user| user.deleted_at.is_some()) {
                    self.users.remove(&no);
                } else if let Some(user) = self.users.get_mut(&no) {
                    user.account.items.retain(DebtItem::is_open);
                }
            }
            debts.extend(dirty.debts);
            notices.extend(dirty.records.notices);
        }
        for (_, item, _) in debts.values().filter(|(_, item, _)| !item.is_open()) {
            self.granted_by.remove(&item.id);
        }
        notices
    }

    /// The access that every bound device should have on the router, and that every orphan keeps.
    pub fn device_access(&self) -> Vec<DeviceAccess> {
        let bound = self.devices.values().map(|device| {
            let user = &self.users[&device.user_no];
            let (list, binding) = user.account.access.on_router();
            DeviceAccess { mac: device.mac, list, binding, owner: user.account.id.to_string() }
        });
        bound.chain(self.orphans.known.values().map(|record| record.orphan.access())).collect()
    }
}
