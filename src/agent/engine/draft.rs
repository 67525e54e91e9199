//! Drafts: the changes of one request, applied to the state whole or not at all.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::actor::Actor;
use super::changes::{Changes, Work};
use super::command::PinHash;
use super::error::EngineError;
use super::notice::notice;
use super::open_orders::{Now, OpenOrder};
use super::snapshot::Snapshot;
use super::state::State;
use crate::domain::access::{self, Facts, Reason};
use crate::domain::account::Policy;
use crate::domain::debt::DebtItem;
use crate::domain::drawer::Move;
use crate::domain::id::{DebtId, Mac, OrderId, PackageId, UserId};
use crate::domain::ledger::Entry;
use crate::domain::order::CashMethod;
use crate::domain::policy::{self, Context, Decision, Event, Refusal};
use crate::domain::units::{Rupiah, day_number};
use crate::domain::validity::ValidityStep;
use crate::store::{
    AuditLine, CashMove, ClosingRecord, Cursor, DeviceRecord, EventRecord, HandoverRecord, OpeningRecord,
    OrderRecord, OrphanRecord, OutboxWork, PackageRecord, Undated, UserRecord,
};

/// The changes of one request: reads fall through to the state, writes stay here until the draft is finished.
pub(super) struct Draft<'a> {
    pub state: &'a State,
    pub actor: &'a Actor,
    pub facts: Facts,
    pub policy: &'a Policy,
    new_id: &'a mut (dyn FnMut() -> Uuid + Send),
    changes: Changes,
}

/// What a payment covered that was no longer owed.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotOwed {
    /// Some of the money.
    pub surplus: bool,
    /// A line without bytes: its money gave nothing.
    pub nothing: bool,
}

impl<'a> Draft<'a> {
    pub fn new(
        state: &'a State,
        actor: &'a Actor,
        facts: Facts,
        policy: &'a Policy,
        new_id: &'a mut (dyn FnMut() -> Uuid + Send),
    ) -> Self {
        let (at, day) = (state.wall, day_number(facts.local.date));
        let changes = Changes { actor: actor.name.clone(), at, day, ..Changes::default() };
        Self { state, actor, facts, policy, new_id, changes }
    }

    /// The changes made so far, for `go_back`.
    pub fn checkpoint(&self) -> Changes {
        self.changes.clone()
    }

    /// Restores the changes of a checkpoint.
    pub fn go_back(&mut self, checkpoint: Changes) {
        self.changes = checkpoint;
    }

    /// Makes an id for a new object.
    pub fn new_id(&mut self) -> Uuid {
        (self.new_id)()
    }

    /// The user after this draft.
    pub fn user(&self, no: u32) -> &UserRecord {
        self.changes.users.get(&no).unwrap_or_else(|| &self.state.users[&no])
    }

    /// Whether the draft has a user with that key.
    pub fn has_user(&self, no: u32) -> bool {
        self.changes.users.contains_key(&no) || self.state.users.contains_key(&no)
    }

    /// Existing users after this draft.
    pub fn users(&self) -> impl Iterator<Item = &UserRecord> {
        let unchanged = self.state.users.values().filter(|user| !self.changes.users.contains_key(&user.no));
        unchanged.chain(self.changes.users.values())
    }

    /// The key of an existing user.
    pub fn find_user(&self, id: UserId) -> Result<u32, EngineError> {
        let drafted = self.changes.users.values().find(|user| user.account.id == id).map(|user| user.no);
        drafted.or_else(|| self.state.by_id.get(&id).copied()).ok_or(EngineError::NotFound("user"))
    }

    /// The key of the last user created by this draft.
    pub fn entered_user(&self) -> Option<u32> {
        self.changes.users.keys().last().copied().filter(|no| *no > self.state.user_no)
    }

    /// Keys of existing users, other than the subject of the draft, that it changes: themselves or their devices.
    pub fn others(&self, about: Option<u32>) -> BTreeSet<u32> {
        let owner = |work: &Work| match work {
            Work::Bind(device) | Work::Change(device) => Some(device.user_no),
            Work::Unbind(no) => self.state.devices.get(no).map(|device| device.user_no),
        };
        let owners = self.changes.devices.iter().filter_map(owner);
        let changed = owners.chain(self.changes.users.keys().copied());
        changed.filter(|no| Some(*no) != about && self.state.users.contains_key(no)).collect()
    }

    /// The key for the next new user.
    pub fn next_user_no(&self) -> u32 {
        let drafted = self.changes.users.keys().last().copied().unwrap_or_default();
        self.state.user_no.max(drafted) + 1
    }

    /// The number of the next receipt.
    pub fn next_receipt(&self) -> u64 {
        let drafted = self.changes.orders.values().filter_map(|order| order.record.receipt_no).max();
        self.state.receipt_no.max(drafted.unwrap_or_default()) + 1
    }

    /// The package with that id, hidden ones left out.
    pub fn find_package(&self, id: PackageId) -> Result<&PackageRecord, EngineError> {
        self.state
            .packages
            .values()
            .find(|p| p.package.id == id && !p.deleted)
            .ok_or(EngineError::NotFound("package"))
    }

    /// The user and its devices after this draft.
    pub fn snapshot(&self, no: u32) -> Snapshot {
        let user = self.user(no);
        let mut snapshot = self.state.snapshot(user);
        snapshot.offline_grace = access::is_held_off(&user.account, self.policy, &self.facts_of(no));
        let offline = |device: &DeviceRecord| self.state.reached(device.mac);
        for work in &self.changes.devices {
            match work {
                Work::Bind(device) if device.user_no != no => {}
                Work::Bind(device) => snapshot.devices.push((device.clone(), offline(device))),
                Work::Unbind(unbound) => snapshot.devices.retain(|(device, _)| device.no != *unbound),
                Work::Change(changed) => {
                    for (device, _) in snapshot.devices.iter_mut().filter(|(d, _)| d.no == changed.no) {
                        *device = changed.clone();
                    }
                }
            }
        }
        snapshot
    }

    /// Calls `f` with the context of an event.
    pub fn with_context<T>(&self, f: impl FnOnce(&Context) -> T) -> T {
        f(&Context { policy: self.policy, packages: &self.state.packages_on_file, facts: self.facts })
    }

    /// Replaces or adds a user.
    pub fn put_user(&mut self, user: UserRecord) {
        self.changes.users.insert(user.no, user);
    }

    /// Replaces or adds a package.
    pub fn put_package(&mut self, package: PackageRecord) {
        self.changes.packages.insert(package.no, package);
    }

    pub fn put_order(&mut self, order: OrderRecord) {
        if order.created_at == self.state.wall || order.paid_at == Some(self.state.wall) {
            self.put_undated(Undated::Order, order.id.0.clone());
        }
        let known = self.state.online.open_order(&order.id);
        let open = OpenOrder::drafted(order, known, self.state.wall, self.state.online.uptime);
        self.changes.orders.insert(open.record.id.clone(), open);
    }

    /// An order after this draft, if the draft or the memory has it.
    pub fn order(&self, id: &OrderId) -> Option<&OrderRecord> {
        let drafted = self.changes.orders.get(id).map(|open| &open.record);
        drafted.or_else(|| self.state.online.order(id))
    }

    /// Whether this draft has another order of the same attempt.
    pub fn has_other_of(&self, request_id: &str, id: &OrderId) -> bool {
        let mut others =
            self.changes.orders.values().map(|open| &open.record).filter(|order| order.id != *id);
        others.any(|order| order.online.request_id.as_deref() == Some(request_id))
    }

    /// Ledger entries that this draft writes for an order.
    pub fn entries_of(&self, order: &OrderId) -> impl Iterator<Item = &Entry> {
        let entries = self.changes.entries.iter().map(|(_, entry, _)| entry);
        entries.filter(move |entry| entry.order.as_ref() == Some(order))
    }

    /// Ledger entries that this draft writes for a user.
    pub fn entries_of_user(&self, user_no: u32) -> impl Iterator<Item = &Entry> {
        let entries = self.changes.entries.iter().filter(move |(no, _, _)| *no == user_no);
        entries.map(|(_, entry, _)| entry)
    }

    /// Changes of a user's expiry and plan that this draft makes.
    pub fn validity_of(&self, user_no: u32) -> impl Iterator<Item = &ValidityStep> {
        self.changes.records.validity.iter().filter(move |(no, _)| *no == user_no).map(|(_, step)| step)
    }

    /// Online orders of a user that can still be paid, after this draft.
    pub fn open_orders(&self, user_no: u32) -> impl Iterator<Item = &OpenOrder> {
        let known = self.state.online.orders_of(user_no);
        let unchanged = known.filter(|open| !self.changes.orders.contains_key(&open.record.id));
        let is_open =
            move |open: &&OpenOrder| open.record.user_no == Some(user_no) && open.record.status.is_open();
        unchanged.chain(self.changes.orders.values().filter(is_open))
    }

    /// Attempts of a user whose outcome is not known, after this draft.
    pub fn pending_orders(&self, user_no: u32) -> impl Iterator<Item = &OpeningRecord> {
        let known = self.state.online.openings_of(user_no);
        known.filter(|opening| !self.changes.records.openings_ended.contains(&opening.request_id))
    }

    /// Adds an outbox item, unless the same work is pending.
    pub fn put_outbox_item(&mut self, work: OutboxWork) {
        let mut waiting = self.state.online.outbox.values().map(|outbox_item| &outbox_item.work);
        if !waiting.any(|other| *other == work) && !self.changes.outbox.contains(&work) {
            self.changes.outbox.push(work);
        }
    }

    /// Removes an outbox item that is delivered or no longer needed.
    pub fn end_outbox_item(&mut self, no: u64) {
        self.changes.records.outbox_done.insert(no);
    }

    /// Adds an attempt whose outcome is not known.
    pub fn put_opening(&mut self, opening: OpeningRecord) {
        self.changes.records.openings.push(opening);
    }

    /// Removes an attempt whose outcome is known.
    pub fn end_pending_order(&mut self, request_id: String) {
        self.changes.records.openings_ended.insert(request_id);
    }

    /// Marks an event of the feed as applied.
    pub fn put_applied(&mut self, event: String) {
        self.changes.records.applied.insert(event);
    }

    /// Whether this draft applies the event.
    pub fn applies(&self, event: &str) -> bool {
        self.changes.records.applied.contains(event)
    }

    /// Sets the position up to which the feed is applied.
    pub fn set_cursor(&mut self, cursor: Cursor) {
        self.changes.cursor = Some(cursor);
    }

    /// Stores the answer for repetitions of this call.
    pub fn put_event(&mut self, event: EventRecord) {
        self.changes.records.event = Some(event);
    }

    /// Records cash of an order in this actor's drawer.
    pub fn put_move(&mut self, order: &OrderRecord, method: CashMethod, kind: Move, amount: Rupiah) {
        self.put_undated(Undated::Order, order.id.0.clone());
        self.changes.records.moves.push(CashMove {
            at: self.state.wall,
            cashier: self.actor.name.clone(),
            order: order.id.clone(),
            method,
            kind,
            amount,
            receipt_no: order.receipt_no.expect("orders over the counter are born with a receipt"),
        });
    }

    /// Marks a record as undated, if the clock is not trusted.
    pub fn put_undated(&mut self, what: Undated, id: String) {
        if !self.facts.clock_trusted && !self.changes.undated.contains(&(what, id.clone())) {
            self.changes.undated.push((what, id));
        }
    }

    /// Marks a record as dated by an admin.
    pub fn put_dated(&mut self, what: Undated, id: String) {
        if self.state.undated.iter().any(|record| record.what == what && record.id == id) {
            self.changes.records.dated.push((what, id));
        }
    }

    pub fn put_closing(&mut self, closing: ClosingRecord) {
        self.put_undated(Undated::Closing, closing.no.to_string());
        self.changes.records.closing = Some(closing);
    }

    /// Notes that the owner left, or came back.
    pub fn set_left(&mut self, left: bool) {
        self.changes.left = Some(left);
    }

    /// Adds or changes a handover.
    pub fn put_handover(&mut self, record: HandoverRecord) {
        self.changes.handovers.push(record);
    }

    /// Adds orphans; `due` says whether others are still to be looked for.
    pub fn put_orphans(&mut self, found: Vec<OrphanRecord>, due: bool) {
        self.changes.orphans.found.extend(found);
        self.changes.orphans.due = Some(due);
    }

    /// Ends an orphan without an owner.
    pub fn release_orphan(&mut self, mac: Mac) {
        self.changes.orphans.released.push(mac);
    }

    pub fn put_pin(&mut self, user_no: u32, hash: PinHash) {
        self.changes.records.pins.push((user_no, hash));
    }

    /// Records who entered an item that is loaded back from the store.
    pub fn put_granter(&mut self, debt: DebtId, by: String) {
        self.changes.granted_by.insert(debt, by);
    }

    pub fn work(&mut self, work: Work) {
        self.changes.devices.push(work);
    }

    /// The facts for one user.
    pub fn facts_of(&self, user_no: u32) -> Facts {
        let at = self.now();
        at.narrowed(self.open_orders(user_no), self.windows_today(user_no, at.day()))
    }

    fn now(&self) -> Now<'_> {
        let (wall, uptime) = (self.state.wall, self.state.online.uptime);
        Now { facts: &self.facts, wall, uptime, policy: self.policy }
    }

    fn windows_today(&self, user_no: u32, day: i64) -> u32 {
        let drafted = self.changes.windows.get(&user_no).copied().unwrap_or_default();
        self.state.online.windows_on(user_no, day) + drafted
    }

    /// Applies one event to one user.
    pub fn step(&mut self, user_no: u32, event: &Event, event_id: &str) -> Result<NotOwed, Refusal> {
        let facts = self.facts_of(user_no);
        let ctx = Context { policy: self.policy, packages: &self.state.packages_on_file, facts };
        let decision = policy::step(&self.user(user_no).account, event, &ctx)?;
        let Decision { entries, validity, account, effects, split: _, surplus, nothing_owed } = decision;
        let changes = &mut self.changes;
        let user = changes.users.entry(user_no).or_insert_with(|| self.state.users[&user_no].clone());
        let before = std::mem::replace(&mut user.account, account);
        if !before.access.is_same(&user.account.access) {
            user.access_at = self.facts.now;
        }
        changes.records.notices.extend(effects.iter().map(|effect| notice(user, effect)));
        let changed = user.account.items.iter().filter(|item| before.item(item.id) != Some(*item));
        changes.debts.extend(changed.cloned().map(|item| (user_no, item)));
        changes.entries.extend(entries.into_iter().map(|entry| (user_no, entry, event_id.to_owned())));
        changes.records.validity.extend(validity.into_iter().map(|step| (user_no, step)));
        self.open_window(user_no);
        Ok(NotOwed { surplus, nothing: nothing_owed })
    }

    /// Opens the user's pay window after this decision, if one is due.
    fn open_window(&mut self, user_no: u32) {
        if self.user(user_no).account.access.reason != Some(Reason::Paying) {
            return;
        }
        let at = self.now();
        let due = at.window_due(self.open_orders(user_no), self.windows_today(user_no, at.day()));
        let Some(mut order) = due.map(|open| open.record.clone()) else { return };
        order.online.window = Some(at.window());
        *self.changes.windows.entry(user_no).or_default() += 1;
        self.put_order(order);
    }

    pub fn audit(&mut self, action: &str, target: &str, detail: String) {
        self.changes.records.audit.push(AuditLine {
            at: self.state.wall,
            actor: self.actor.name.clone(),
            role: self.actor.role.name().to_owned(),
            source: self.actor.source.clone(),
            action: action.to_owned(),
            target: target.to_owned(),
            detail,
        });
    }

    /// The current price of an item, if anything on sale gives it one.
    pub fn tariff_due(&self, item: &DebtItem) -> Option<Rupiah> {
        self.with_context(|ctx| ctx.tariff().due(item)).ok()
    }

    pub fn finish(self) -> Changes {
        self.changes
    }
}
