//! Drafts: requests in the making, applied to the memory whole or not at all.

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
use crate::domain::id::{DebtId, OrderId, PackageId, UserId};
use crate::domain::ledger::Entry;
use crate::domain::order::CashMethod;
use crate::domain::package::Package;
use crate::domain::policy::{self, Context, Decision, Event, Refusal};
use crate::domain::units::{Rupiah, day_number};
use crate::domain::validity::ValidityStep;
use crate::store::{
    AuditLine, CashMove, ClosingRecord, Cursor, DeviceRecord, EventRecord, OpeningRecord, OrderRecord,
    OutboxWork, PackageRecord, Undated, UserRecord,
};

/// A request in the making: reads fall through to the state, writes stay here until it is finished.
pub(super) struct Draft<'a> {
    pub state: &'a State,
    pub actor: &'a Actor,
    pub facts: Facts,
    pub policy: &'a Policy,
    packages: Vec<Package>,
    new_id: &'a mut (dyn FnMut() -> Uuid + Send),
    changes: Changes,
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
        Self { packages: state.packages_on_file(), state, actor, facts, policy, new_id, changes }
    }

    /// What was written so far, to go back to.
    pub fn checkpoint(&self) -> Changes {
        self.changes.clone()
    }

    /// Forgets what was written since.
    pub fn go_back(&mut self, checkpoint: Changes) {
        self.changes = checkpoint;
    }

    /// A name for something new.
    pub fn new_id(&mut self) -> Uuid {
        (self.new_id)()
    }

    /// The user as this draft leaves it.
    pub fn user(&self, no: u32) -> &UserRecord {
        self.changes.users.get(&no).unwrap_or_else(|| &self.state.users[&no])
    }

    /// Whether the draft knows a user with that key.
    pub fn has_user(&self, no: u32) -> bool {
        self.changes.users.contains_key(&no) || self.state.users.contains_key(&no)
    }

    /// Users on file, as this draft leaves them.
    pub fn users(&self) -> impl Iterator<Item = &UserRecord> {
        let unchanged = self.state.users.values().filter(|user| !self.changes.users.contains_key(&user.no));
        unchanged.chain(self.changes.users.values())
    }

    /// The key of a user on file.
    pub fn find_user(&self, id: UserId) -> Result<u32, EngineError> {
        let drafted = self.changes.users.values().find(|user| user.account.id == id).map(|user| user.no);
        drafted.or_else(|| self.state.by_id.get(&id).copied()).ok_or(EngineError::NotFound("user"))
    }

    /// The key of the last user that this draft enters.
    pub fn entered_user(&self) -> Option<u32> {
        self.changes.users.keys().last().copied().filter(|no| *no > self.state.user_no)
    }

    /// Keys of users on file whom this draft changes, themselves or their devices, other than the one it is about.
    pub fn others(&self, about: Option<u32>) -> BTreeSet<u32> {
        let owner = |work: &Work| match work {
            Work::Bind(device) | Work::Change(device) => Some(device.user_no),
            Work::Unbind(no) => self.state.devices.get(no).map(|device| device.user_no),
        };
        let owners = self.changes.devices.iter().filter_map(owner);
        let changed = owners.chain(self.changes.users.keys().copied());
        changed.filter(|no| Some(*no) != about && self.state.users.contains_key(no)).collect()
    }

    /// The key of the next user to be entered.
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

    /// The user as this draft leaves it, with its devices as the draft leaves them.
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

    /// Calls `f` with the surroundings of an event.
    pub fn with_context<T>(&self, f: impl FnOnce(&Context) -> T) -> T {
        f(&Context { policy: self.policy, packages: &self.packages, facts: self.facts })
    }

    /// Puts a user in place of the one on file, or beside them.
    pub fn put_user(&mut self, user: UserRecord) {
        self.changes.users.insert(user.no, user);
    }

    /// Puts a package in place of the one on file, or beside them.
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

    /// An order as this draft leaves it, if the draft or the memory has it.
    pub fn order(&self, id: &OrderId) -> Option<&OrderRecord> {
        let drafted = self.changes.orders.get(id).map(|open| &open.record);
        drafted.or_else(|| self.state.online.order(id))
    }

    /// Whether another order of this draft came of the same attempt.
    pub fn has_other_of(&self, request_id: &str, id: &OrderId) -> bool {
        let mut others =
            self.changes.orders.values().map(|open| &open.record).filter(|order| order.id != *id);
        others.any(|order| order.online.request_id.as_deref() == Some(request_id))
    }

    /// Lines that this draft writes for an order.
    pub fn entries_of(&self, order: &OrderId) -> impl Iterator<Item = &Entry> {
        let entries = self.changes.entries.iter().map(|(_, entry, _)| entry);
        entries.filter(move |entry| entry.order.as_ref() == Some(order))
    }

    /// Changes of a user's expiry and plan that this draft makes.
    pub fn validity_of(&self, user_no: u32) -> impl Iterator<Item = &ValidityStep> {
        self.changes.records.validity.iter().filter(move |(no, _)| *no == user_no).map(|(_, step)| step)
    }

    /// Online orders of a user that may still be paid, as this draft leaves them.
    pub fn open_orders(&self, user_no: u32) -> impl Iterator<Item = &OpenOrder> {
        let known = self.state.online.orders_of(user_no);
        let unchanged = known.filter(|open| !self.changes.orders.contains_key(&open.record.id));
        let is_open =
            move |open: &&OpenOrder| open.record.user_no == Some(user_no) && open.record.status.is_open();
        unchanged.chain(self.changes.orders.values().filter(is_open))
    }

    /// Attempts of a user whose outcome is not known, as this draft leaves them.
    pub fn openings(&self, user_no: u32) -> impl Iterator<Item = &OpeningRecord> {
        let known = self.state.online.openings_of(user_no);
        known.filter(|opening| !self.changes.records.openings_ended.contains(&opening.request_id))
    }

    /// An errand, unless the same is waiting already.
    pub fn put_errand(&mut self, work: OutboxWork) {
        let mut waiting = self.state.online.outbox.values().map(|outbox_item| &outbox_item.work);
        if !waiting.any(|other| *other == work) && !self.changes.outbox.contains(&work) {
            self.changes.outbox.push(work);
        }
    }

    /// The relay has it, or needs it no more.
    pub fn end_outbox_item(&mut self, no: u64) {
        self.changes.records.errands_done.insert(no);
    }

    /// An attempt whose outcome is not known.
    pub fn put_opening(&mut self, opening: OpeningRecord) {
        self.changes.records.openings.push(opening);
    }

    /// The outcome of an attempt is known.
    pub fn end_opening(&mut self, request_id: String) {
        self.changes.records.openings_ended.insert(request_id);
    }

    /// An event of the feed that is never applied again.
    pub fn put_applied(&mut self, event: String) {
        self.changes.records.applied.insert(event);
    }

    /// Whether this draft applies the event.
    pub fn applies(&self, event: &str) -> bool {
        self.changes.records.applied.contains(event)
    }

    /// How far the feed is applied.
    pub fn set_cursor(&mut self, cursor: Cursor) {
        self.changes.cursor = Some(cursor);
    }

    /// The answer that a repetition of this call gets.
    pub fn put_event(&mut self, event: EventRecord) {
        self.changes.records.event = Some(event);
    }

    /// Money of an order over this actor's counter.
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

    /// Of what is entered now this has no date where the clock is not trusted.
    pub fn put_undated(&mut self, what: Undated, id: String) {
        if !self.facts.clock_trusted && !self.changes.undated.contains(&(what, id.clone())) {
            self.changes.undated.push((what, id));
        }
    }

    /// A person gave it a date.
    pub fn put_dated(&mut self, what: Undated, id: String) {
        if self.state.undated.iter().any(|record| record.what == what && record.id == id) {
            self.changes.records.dated.push((what, id));
        }
    }

    pub fn put_closing(&mut self, closing: ClosingRecord) {
        self.put_undated(Undated::Closing, closing.no.to_string());
        self.changes.records.closing = Some(closing);
    }

    pub fn put_pin(&mut self, user_no: u32, hash: PinHash) {
        self.changes.records.pins.push((user_no, hash));
    }

    /// Remembers who entered an item that comes back from the store.
    pub fn put_granter(&mut self, debt: DebtId, by: String) {
        self.changes.granted_by.insert(debt, by);
    }

    pub fn work(&mut self, work: Work) {
        self.changes.devices.push(work);
    }

    /// What the world says for one user.
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

    /// One event of one user.
    pub fn step(&mut self, user_no: u32, event: &Event, event_id: &str) -> Result<Decision, Refusal> {
        let mut user = self.user(user_no).clone();
        let facts = self.facts_of(user_no);
        let ctx = Context { policy: self.policy, packages: &self.packages, facts };
        let decision = policy::step(&user.account, event, &ctx)?;
        let before = std::mem::replace(&mut user.account, decision.account.clone());
        if !before.access.is_same(&user.account.access) {
            user.access_at = self.facts.now;
        }
        self.changes.records.notices.extend(decision.effects.iter().map(|effect| notice(&user, effect)));
        let changed = user.account.items.iter().filter(|item| before.item(item.id) != Some(*item));
        self.changes.debts.extend(changed.cloned().map(|item| (user_no, item)));
        let entries = decision.entries.iter().cloned();
        self.changes.entries.extend(entries.map(|entry| (user_no, entry, event_id.to_owned())));
        let validity = decision.validity.iter().cloned();
        self.changes.records.validity.extend(validity.map(|step| (user_no, step)));
        self.put_user(user);
        self.open_window(user_no);
        Ok(decision)
    }

    /// Opens the window that a user stands in after this decision, if one is due.
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

    /// What an item costs by now, if anything on sale gives it a price.
    pub fn tariff_due(&self, item: &DebtItem) -> Option<Rupiah> {
        self.with_context(|ctx| ctx.tariff().due(item)).ok()
    }

    pub fn finish(self) -> Changes {
        self.changes
    }
}
