//! What can be asked of the engine, and how each is done on a draft: find, check, step, answer.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use jiff::civil::Date;
use serde::Serialize;

use super::audit_detail;
use super::counter::{PinHash, check_due};
use super::draft::{Draft, Work};
use super::import::{ImportedUser, RowFinding};
use super::names::Names;
use super::online::Purpose;
use super::readings::Reading;
use super::review::ReviewDecision;
use super::views::{self, DebtView, OrderView, PackageView, UserView};
use super::{EngineError, Outcome, Request};
use crate::domain::account::Account;
use crate::domain::debt::{DebtItem, DebtStatus};
use crate::domain::drawer::Move;
use crate::domain::id::{DebtId, Mac, OrderId, PackageId, UserId};
use crate::domain::login;
use crate::domain::order::{CashMethod, Flag, Method, OrderState};
use crate::domain::package::Package;
use crate::domain::policy::{DebtGrant, Event, Grant, Refusal, Reset, Settings};
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::domain::usage::{self, DeviceAt, Unknown};
use crate::store::{DeviceRecord, OrderRecord, PackageRecord, Pending, Reader, Undated, UserRecord};

/// The code of the refusal for an address that more than one device has.
pub const ADDRESS_SHARED: &str = "address_shared";
/// The code of the refusal for a device that is no longer where it asks from.
pub const DEVICE_GONE: &str = "device_gone";

/// A payment of so short a time ago is news to whoever takes money of the same user.
pub const JUST_PAID_MS: i64 = 10 * 60 * 1000;

/// The refusal for an online order that is paid already.
pub fn order_paid(order: &OrderId) -> EngineError {
    let message = format!("order {order} was paid meanwhile: look at the account and the order again");
    EngineError::Conflict { code: "order_paid", message }
}

/// One change, in domain types; amounts are bounded by who made it.
#[derive(Clone, Debug)]
pub enum Action {
    /// Enter a user.
    AddUser(NewUser),
    /// Enter many users with their devices, all or none.
    Import {
        /// The users whose rows could be read.
        users: Vec<ImportedUser>,
        /// What is wrong with the other rows; any refuses the whole.
        findings: Vec<RowFinding>,
    },
    /// Enter somebody who asks for it on the portal and is not approved yet.
    Register {
        /// Name for people.
        name: String,
        /// Phone, unique.
        phone: String,
        /// What the user logs in with.
        pin: PinHash,
        /// The device that asks, to be bound as [`Action::Bind`] does.
        mac: Option<Mac>,
        /// Where it asks from, as in [`NewDevice::seen_at`].
        seen_at: Option<Ipv4Addr>,
    },
    /// Change a user's names or settings.
    ChangeUser(UserId, UserChange),
    /// Hide a user that owes nothing and has no devices; history stays.
    DeleteUser(UserId),
    /// Bind a device, or move it here from another user.
    Bind(NewDevice),
    /// Unbind a device.
    Unbind {
        /// The owner.
        user: UserId,
        /// The device.
        mac: Mac,
    },
    /// Give quota.
    Grant(UserId, Grant),
    /// Take quota, correcting a mistake.
    Debit {
        /// Whose.
        user: UserId,
        /// How much.
        amount: Bytes,
        /// Why.
        reason: String,
    },
    /// Enter a debt item.
    AddDebt(UserId, DebtTerms),
    /// Move a debt item's due date, or its note.
    ChangeDebt(UserId, DebtId, DebtChange),
    /// Forgive what is left of a debt item.
    WriteOff {
        /// Whose.
        user: UserId,
        /// Which.
        debt: DebtId,
        /// Why.
        reason: String,
    },
    /// Give money of an order back: over the counter from the drawer of whoever asks, else through the gateway.
    Refund {
        /// Which.
        order: OrderId,
        /// How much; all that is left of it when not given.
        amount: Option<Rupiah>,
        /// Why.
        reason: String,
    },
    /// End the review of an online order.
    Review {
        /// Which.
        order: OrderId,
        /// How.
        decision: ReviewDecision,
        /// Why.
        reason: String,
    },
    /// Count the drawer of whoever asks.
    CloseDrawer {
        /// The cash that is there.
        counted: Rupiah,
        /// For people.
        note: String,
    },
    /// Give a user another portal PIN.
    SetPin(UserId, PinHash),
    /// Sell a package for money in hand.
    Buy(UserId, PackageId, Tender),
    /// Take money for everything owed.
    SettleAll(UserId, Tender),
    /// Take money for one debt item.
    SettleItem(UserId, DebtId, Tender),
    /// Take money for part of the debt items.
    PayPart(UserId, Rupiah, Tender),
    /// Begin a new period.
    Reset {
        /// Whose.
        user: UserId,
        /// Quota granted as debt.
        debt: Option<Bytes>,
        /// Quota given.
        credit: Option<Bytes>,
        /// Days given.
        days: Option<u32>,
        /// Whether to end an admin's block.
        unblock: Option<bool>,
        /// Why.
        reason: String,
    },
    /// Block a user.
    Block(UserId, String),
    /// End an admin's block.
    Unblock(UserId, String),
    /// Put a package on sale.
    AddPackage(NewPackage),
    /// Change a package; what was sold stays as it was sold.
    ChangePackage(PackageId, PackageChange),
    /// Take a package off for good.
    DeletePackage(PackageId),
}

impl Action {
    /// The user on file whom it names; `None` for a new one, and where it names an order, a package or the drawer.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::ChangeUser(user, _)
            | Self::DeleteUser(user)
            | Self::Bind(NewDevice { user, .. })
            | Self::Unbind { user, .. }
            | Self::Grant(user, _)
            | Self::Debit { user, .. }
            | Self::AddDebt(user, _)
            | Self::ChangeDebt(user, ..)
            | Self::WriteOff { user, .. }
            | Self::SetPin(user, _)
            | Self::Buy(user, ..)
            | Self::SettleAll(user, _)
            | Self::SettleItem(user, ..)
            | Self::PayPart(user, ..)
            | Self::Reset { user, .. }
            | Self::Block(user, _)
            | Self::Unblock(user, _) => Some(*user),
            Self::AddUser(_)
            | Self::Import { .. }
            | Self::Register { .. }
            | Self::Refund { .. }
            | Self::Review { .. }
            | Self::CloseDrawer { .. }
            | Self::AddPackage(_)
            | Self::ChangePackage(..)
            | Self::DeletePackage(_) => None,
        }
    }
}

/// A user to be entered.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Name for people.
    pub name: String,
    /// Phone, unique.
    pub phone: Option<String>,
    /// Log-in name, unique.
    pub login: Option<String>,
    /// Settings from the start; `approved` is on unless told otherwise.
    pub settings: Settings,
}

/// A device to be bound.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// The owner.
    pub user: UserId,
    /// The device.
    pub mac: Mac,
    /// Name for people.
    pub label: String,
    /// Of a user with as many devices as allowed, unbind the one seen longest ago instead of refusing. That needs a
    /// reading of the router.
    pub replace_oldest: bool,
    /// Take it from the user who has it. Without this a device of somebody else is refused
    /// ([`EngineError::DeviceTaken`]).
    pub is_move: bool,
    /// The address that the device itself asks from. The router must see this device there, and no other, by the
    /// reading that comes with the request: else a stranger's device would be bound.
    pub seen_at: Option<Ipv4Addr>,
}

impl NewDevice {
    /// The device as an admin binds it: without a label, in nobody's place.
    pub fn of(user: UserId, mac: Mac) -> Self {
        Self { user, mac, label: String::new(), replace_oldest: false, is_move: false, seen_at: None }
    }
}

/// Changes of a user; `None` leaves a value, inner `None` removes it.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// Name for people.
    pub name: Option<String>,
    /// Phone, unique.
    pub phone: Option<Option<String>>,
    /// Log-in name, unique.
    pub login: Option<Option<String>>,
    /// Settings.
    pub settings: Settings,
}

/// A debt item to be entered.
#[derive(Clone, Debug)]
pub struct DebtTerms {
    /// How much, or the package given on credit.
    pub what: Result<Bytes, PackageId>,
    /// Whether the quota or plan is given now.
    pub advance: bool,
    /// The day it counts from; today when not given.
    pub debt_date: Option<Date>,
    /// The last day to pay; by the site's rule when not given.
    pub due_date: Option<Date>,
    /// Its own price.
    pub price: Option<Rupiah>,
    /// For people.
    pub note: String,
}

/// Changes of a debt item; `None` leaves a value.
#[derive(Clone, Debug, Default)]
pub struct DebtChange {
    /// The last day to pay.
    pub due_date: Option<Date>,
    /// For people.
    pub note: Option<String>,
}

/// How money was taken.
#[derive(Clone, Debug)]
pub struct Tender {
    /// How.
    pub method: CashMethod,
    /// The cashier's note of it.
    pub reference: Option<String>,
    /// The price the payer was told; another by now is refused.
    pub expect: Option<Rupiah>,
    /// The user's last online order that was paid, as whoever takes the money was shown it; another by now is
    /// refused (`order_paid`). `None` asks nothing.
    #[allow(clippy::option_option, reason = "not asked, nothing paid before and a payment say three things")]
    pub last_paid: Option<Option<OrderId>>,
}

/// A package to be put on sale.
#[derive(Clone, Debug)]
pub struct NewPackage {
    /// Name for people.
    pub name: String,
    /// Quota; `None` is unlimited.
    pub quota: Option<Bytes>,
    /// Days it is valid.
    pub days: u32,
    /// Its price.
    pub price: Rupiah,
    /// Whether it is on sale at once.
    pub active: bool,
}

/// Changes of a package; `None` leaves a value.
#[derive(Clone, Debug, Default)]
pub struct PackageChange {
    /// Name for people.
    pub name: Option<String>,
    /// Quota; inner `None` is unlimited.
    pub quota: Option<Option<Bytes>>,
    /// Days it is valid.
    pub days: Option<u32>,
    /// Its price.
    pub price: Option<Rupiah>,
    /// Whether it is on sale.
    pub active: Option<bool>,
}

/// Does what the request asks on the draft.
pub(super) fn perform(draft: &mut Draft, reader: &Reader, request: &Request) -> Result<Outcome, EngineError> {
    let event = request.key.as_ref().map_or_else(|| draft.new_id().to_string(), |key| key.id.clone());
    let mut act = Act { reading: request.reading.as_ref(), ..Act::new(draft, reader, event) };
    match &request.action {
        Action::AddUser(user) => {
            let no = act.enter(user, "user.add")?;
            Ok(act.user_view(no, 201))
        }
        Action::Import { users, findings } => act.import(users, findings),
        Action::Register { name, phone, pin, mac, seen_at } => {
            let device = mac.map(|mac| (mac, *seen_at));
            act.register(name, phone, pin, device)
        }
        Action::ChangeUser(user, change) => act.change_user(*user, change),
        Action::DeleteUser(user) => act.delete_user(*user),
        Action::Bind(device) => {
            let no = act.draft.find_user(device.user)?;
            let moved_from = act.bind(no, device)?;
            let view = UserView::of(&act.draft.snapshot(no), act.draft.policy);
            Ok(done(201, &UserView { moved_from, ..view }))
        }
        Action::Unbind { user, mac } => act.unbind(*user, *mac),
        Action::Grant(user, grant) => {
            let detail = format!("{} {}", grant.amount, grant.reason);
            act.plain(*user, &Event::Granted(grant.clone()), "user.grant", detail, 201)
        }
        Action::Debit { user, amount, reason } => {
            let event = Event::Debited { amount: *amount, reason: reason.clone() };
            act.plain(*user, &event, "user.debit", format!("{amount} {reason}"), 201)
        }
        Action::AddDebt(user, terms) => act.add_debt(*user, terms),
        Action::ChangeDebt(user, debt, change) => act.change_debt(*user, *debt, change),
        Action::WriteOff { user, debt, reason } => act.write_off(*user, *debt, reason),
        Action::Refund { order, amount, reason } => act.refund(order, *amount, reason),
        Action::Review { order, decision, reason } => act.review(order, *decision, reason),
        Action::CloseDrawer { counted, note } => act.close_drawer(*counted, note),
        Action::SetPin(user, hash) => act.set_pin(*user, hash),
        Action::Buy(user, package, tender) => act.take(*user, &Purpose::Buy(*package), tender),
        Action::SettleAll(user, tender) => act.take(*user, &Purpose::SettleAll, tender),
        Action::SettleItem(user, debt, tender) => act.take(*user, &Purpose::SettleItem(*debt), tender),
        Action::PayPart(user, amount, tender) => act.take(*user, &Purpose::PayPart(*amount), tender),
        Action::Reset { user, debt, credit, days, unblock, reason } => {
            let debt = debt.map(|amount| act.new_item(Some(amount), reason));
            let reset =
                Reset { debt, credit: *credit, days: *days, unblock: *unblock, reason: reason.clone() };
            act.reset(*user, reset)
        }
        Action::Block(user, reason) => {
            let event = Event::Blocked { reason: reason.clone() };
            act.plain(*user, &event, "user.block", reason.clone(), 200)
        }
        Action::Unblock(user, reason) => {
            act.plain(*user, &Event::Unblocked, "user.unblock", reason.clone(), 200)
        }
        Action::AddPackage(package) => Ok(act.add_package(package)),
        Action::ChangePackage(id, change) => act.change_package(*id, change),
        Action::DeletePackage(id) => act.delete_package(*id),
    }
}

/// A request being done.
pub(super) struct Act<'d, 'a> {
    pub draft: &'d mut Draft<'a>,
    pub reader: &'d Reader,
    /// The name of the event that lines are written for.
    pub event: String,
    reading: Option<&'d Reading>,
}

pub(super) fn done(status: u16, view: &impl Serialize) -> Outcome {
    Outcome { status, body: serde_json::to_string(view).expect("views are plain data") }
}

pub(super) fn conflict(code: &'static str, message: &str) -> EngineError {
    EngineError::Conflict { code, message: message.to_owned() }
}

/// Whether a row of the device may have been there that the reading could not read.
fn lacks(reading: &Reading, mac: Mac) -> bool {
    let hosts = &reading.hosts;
    Unknown::of(hosts).may_lack(mac, hosts.rows.iter().any(|row| row.mac == mac))
}

fn unread_row(mac: Mac) -> EngineError {
    EngineError::RouterNeeded(format!(
        "the row of {mac} in /ip/hotspot/host cannot be read; remove that row on the router, it comes back by itself"
    ))
}

fn no_reading() -> EngineError {
    EngineError::RouterNeeded("no reading came with the request".into())
}

impl<'d, 'a> Act<'d, 'a> {
    /// A request without a reading of its own.
    pub fn new(draft: &'d mut Draft<'a>, reader: &'d Reader, event: String) -> Self {
        Self { draft, reader, event, reading: None }
    }
}

impl Act<'_, '_> {
    fn user_view(&self, no: u32, status: u16) -> Outcome {
        let snapshot = self.draft.snapshot(no);
        done(status, &views::UserView::of(&snapshot, self.draft.policy))
    }

    /// One event of one user, with its audit line, answered with the user.
    fn plain(
        &mut self,
        user: UserId,
        event: &Event,
        action: &str,
        detail: String,
        status: u16,
    ) -> Result<Outcome, EngineError> {
        let no = self.draft.find_user(user)?;
        self.draft.step(no, event, &self.event)?;
        self.draft.audit(action, &user.to_string(), detail);
        Ok(self.user_view(no, status))
    }

    /// Enters a user; answers with its key.
    fn enter(&mut self, new: &NewUser, action: &str) -> Result<u32, EngineError> {
        let names = Names::read(new.phone.as_deref(), new.login.as_deref())?;
        names.check_free(&self.draft.holders(None))?;
        Ok(self.enter_with(new, names, action)?)
    }

    /// Enters a user whose number and log-in name are free.
    pub(super) fn enter_with(&mut self, new: &NewUser, names: Names, action: &str) -> Result<u32, Refusal> {
        let no = self.draft.next_user_no();
        let id = UserId(self.draft.new_id());
        let settings =
            Settings { approved: Some(new.settings.approved.unwrap_or(true)), ..new.settings.clone() };
        self.draft.put_user(UserRecord {
            no,
            name: new.name.clone(),
            phone_e164: names.phone.as_ref().map(|phone| phone.e164.clone()),
            phone: names.phone.map(|phone| phone.typed),
            login_key: names.login.as_deref().map(login::key),
            login: names.login,
            created_at: self.draft.facts.now,
            deleted_at: None,
            access_at: self.draft.facts.now,
            account: Account::fresh(id, true),
        });
        self.draft.step(no, &Event::Changed(settings), &self.event)?;
        self.draft.audit(action, &id.to_string(), new.name.clone());
        Ok(no)
    }

    fn register(
        &mut self,
        name: &str,
        phone: &str,
        pin: &PinHash,
        device: Option<(Mac, Option<Ipv4Addr>)>,
    ) -> Result<Outcome, EngineError> {
        let settings = Settings { approved: Some(false), ..Settings::default() };
        let (name, phone) = (name.trim().to_owned(), Some(phone.to_owned()));
        if name.is_empty() {
            return Err(EngineError::Invalid { field: "name", message: "is needed".into() });
        }
        let no = self.enter(&NewUser { name, phone, login: None, settings }, "user.register")?;
        self.draft.put_pin(no, pin.clone());
        if let Some((mac, seen_at)) = device {
            let user = self.draft.user(no).account.id;
            self.bind(no, &NewDevice { seen_at, ..NewDevice::of(user, mac) })?;
        }
        Ok(self.user_view(no, 201))
    }

    fn change_user(&mut self, id: UserId, change: &UserChange) -> Result<Outcome, EngineError> {
        let no = self.draft.find_user(id)?;
        let before = self.draft.user(no).clone();
        let mut user = before.clone();
        // What stands as it was is nobody's mistake of now, even where it could not be entered today.
        let phone = change.phone.as_ref().filter(|phone| **phone != user.phone);
        let login = change.login.as_ref().filter(|login| **login != user.login);
        let names =
            Names::read(phone.and_then(|phone| phone.as_deref()), login.and_then(|login| login.as_deref()))?;
        names.check_free(&self.draft.holders(Some(no)))?;
        user.name = change.name.clone().unwrap_or(user.name);
        if phone.is_some() {
            user.phone_e164 = names.phone.as_ref().map(|phone| phone.e164.clone());
            user.phone = names.phone.map(|phone| phone.typed);
        }
        if login.is_some() {
            user.login_key = names.login.as_deref().map(login::key);
            user.login = names.login;
        }
        self.draft.put_user(user);
        self.draft.step(no, &Event::Changed(change.settings.clone()), &self.event)?;
        let detail = audit_detail::of_user(&before, self.draft.user(no));
        self.draft.audit("user.change", &id.to_string(), detail);
        Ok(self.user_view(no, 200))
    }

    fn delete_user(&mut self, id: UserId) -> Result<Outcome, EngineError> {
        let no = self.draft.find_user(id)?;
        let mut user = self.draft.user(no).clone();
        if !user.account.total_debt().is_zero() || !user.account.open_items().is_empty() {
            return Err(conflict("user_owes", "the user still owes; settle first"));
        }
        if self.draft.state.devices_of.get(&no).is_some_and(|devices| !devices.is_empty()) {
            return Err(conflict("user_has_devices", "the user still has devices; unbind them first"));
        }
        if self.draft.state.is_awaited(no) {
            return Err(conflict(
                "user_has_devices",
                "a device is about to move to the user; unbind it from its owner or bind it elsewhere first",
            ));
        }
        if self.draft.open_orders(no).next().is_some() || self.draft.openings(no).next().is_some() {
            return Err(conflict("user_pays", "the user has an online order open; cancel it first"));
        }
        self.draft.step(no, &Event::Sealed, &self.event)?;
        user.account = self.draft.user(no).account.clone();
        user.deleted_at = Some(self.draft.facts.now);
        self.draft.put_user(user);
        self.draft.audit("user.delete", &id.to_string(), String::new());
        Ok(Outcome { status: 204, body: String::new() })
    }

    /// Binds a device; answers with the user from whom it is moved.
    pub(super) fn bind(&mut self, no: u32, new: &NewDevice) -> Result<Option<UserId>, EngineError> {
        let NewDevice { user, mac, label, replace_oldest, is_move, seen_at } = new;
        if let Some(address) = seen_at {
            self.check_asker(*mac, *address)?;
        }
        let held = self.draft.state.by_mac.get(mac).map(|no| self.draft.state.devices[no].clone());
        if let Some(device) = held.as_ref().filter(|device| device.user_no == no) {
            // Bound here already: the call says it again, or takes an unbinding back.
            let pending = device.pending.filter(|p| *p == Pending::Baseline);
            self.note_move_dropped(device);
            self.draft.work(Work::Change(DeviceRecord { label: label.clone(), pending, ..device.clone() }));
            return Ok(None);
        }
        if let Some(device) = held.as_ref().filter(|_| !is_move) {
            return Err(self.taken(device));
        }
        self.make_room(no, *replace_oldest)?;
        let from = held.as_ref().map(|old| self.draft.user(old.user_no).account.id);
        let moved = from.map(|from| format!(" moved from {from}")).unwrap_or_default();
        self.draft.audit("device.bind", &user.to_string(), format!("{mac} {label}{moved}"));
        if let (Some(old), Some(from)) = (&held, from) {
            self.draft.audit("device.unbind", &from.to_string(), format!("{mac} moved to {user}"));
            self.note_move_dropped(old);
        }
        // A reading in which the device's row could not be read says as little about it as none.
        let reading = self.reading.filter(|_| !self.is_unknown(*mac));
        match (held, reading) {
            (Some(old), None) => {
                // The old owner's last bytes are not known: the device waits for the router.
                self.draft.work(Work::Change(DeviceRecord { pending: Some(Pending::Move(no)), ..old }));
            }
            (held, reading) => {
                if let Some(old) = held {
                    self.draft.work(Work::Unbind(old.no));
                }
                let device = bound(no, new, reading, self.draft.facts.now);
                self.draft.work(Work::Bind(device));
            }
        }
        Ok(from)
    }

    /// A device that asks for itself must be the only one that the router sees at its address, by the reading of
    /// this request: an earlier one may show somebody who has left.
    fn check_asker(&self, mac: Mac, address: Ipv4Addr) -> Result<(), EngineError> {
        match self.draft.state.hosts.device_at(address) {
            DeviceAt::One(there) if there == mac => Ok(()),
            DeviceAt::Shared => {
                Err(conflict(ADDRESS_SHARED, "the router sees more than one device at this address"))
            }
            DeviceAt::One(_) | DeviceAt::Nobody => {
                Err(conflict(DEVICE_GONE, "the router sees this device at another address; try again"))
            }
        }
    }

    fn taken(&self, device: &DeviceRecord) -> EngineError {
        let owner = self.draft.user(device.user_no);
        EngineError::DeviceTaken { mac: device.mac, owner: owner.account.id, name: owner.name.clone() }
    }

    /// Somebody to whom a device was about to move does not get it.
    fn note_move_dropped(&mut self, device: &DeviceRecord) {
        let Some(Pending::Move(to)) = device.pending else { return };
        if self.draft.has_user(to) {
            let id = self.draft.user(to).account.id;
            self.draft.audit("device.unbind", &id.to_string(), format!("{} is not moved here", device.mac));
        }
    }

    /// One more device of the user must be allowed, or take the place of the one seen longest ago. What that one used
    /// is in the reading that came with the request, and was counted before.
    fn make_room(&mut self, no: u32, replace_oldest: bool) -> Result<(), EngineError> {
        let owned = self.draft.state.devices_of.get(&no).map_or(0, BTreeSet::len);
        if owned < self.draft.policy.max_devices_per_user as usize {
            return Ok(());
        }
        let oldest = self.draft.state.oldest_device(no).filter(|_| replace_oldest);
        let Some((device_no, mac)) = oldest.map(|device| (device.no, device.mac)) else {
            return Err(conflict(
                "too_many_devices",
                "the user has as many devices as allowed; unbind one first",
            ));
        };
        if self.reading.is_none() {
            return Err(no_reading());
        }
        if self.is_unknown(mac) {
            return Err(unread_row(mac));
        }
        let user = self.draft.user(no).account.id;
        self.draft.audit("device.unbind", &user.to_string(), mac.to_string());
        self.draft.work(Work::Unbind(device_no));
        Ok(())
    }

    /// Whether the reading that came with the request counted nothing for a bound device, because a row of it could
    /// not be read.
    fn is_unknown(&self, mac: Mac) -> bool {
        let (state, reading) = (&self.draft.state, self.reading);
        let device = state.by_mac.get(&mac).and_then(|no| state.devices.get(no));
        device
            .zip(reading)
            .is_some_and(|(device, reading)| Unknown::of(&reading.hosts).holds(mac, &device.counters))
    }

    fn unbind(&mut self, user: UserId, mac: Mac) -> Result<Outcome, EngineError> {
        let no = self.draft.find_user(user)?;
        let device = self.draft.state.by_mac.get(&mac).map(|no| self.draft.state.devices[no].clone());
        let device =
            device.filter(|d| d.user_no == no).ok_or(EngineError::NotFound("device of this user"))?;
        self.draft.audit("device.unbind", &user.to_string(), mac.to_string());
        let is_counted = self.reading.is_some() && !self.is_unknown(mac);
        if is_counted || device.pending == Some(Pending::Baseline) {
            self.draft.work(Work::Unbind(device.no));
            return Ok(Outcome { status: 204, body: String::new() });
        }
        // What flowed since the last reading is the owner's: the device waits for the router.
        self.draft.work(Work::Change(DeviceRecord { pending: Some(Pending::Unbind), ..device }));
        Ok(Outcome { status: 202, body: self.user_view(no, 202).body })
    }

    fn new_item(&mut self, amount: Option<Bytes>, note: &str) -> DebtItem {
        let today = self.draft.facts.local.date;
        DebtItem {
            id: DebtId(self.draft.new_id()),
            amount,
            paid: Bytes::ZERO,
            price: None,
            paid_rp: Rupiah::ZERO,
            debt_date: today,
            due_date: self.draft.policy.debt_due.date(today),
            note: note.to_owned(),
            created_at: self.draft.facts.now,
            status: DebtStatus::Open,
        }
    }

    fn add_debt(&mut self, user: UserId, terms: &DebtTerms) -> Result<Outcome, EngineError> {
        let no = self.draft.find_user(user)?;
        let package = match &terms.what {
            Ok(_) => None,
            Err(id) => Some(self.draft.find_package(*id)?.package.clone()),
        };
        if package.as_ref().is_some_and(|p| !p.active) {
            return Err(Refusal::NotOnSale.into());
        }
        let amount = match &terms.what {
            Ok(amount) => Some(*amount),
            Err(_) => package.as_ref().and_then(|p| p.quota),
        };
        let mut item = self.new_item(amount, &terms.note);
        let today = item.debt_date;
        item.debt_date = terms.debt_date.unwrap_or(today);
        // A debt entered for an earlier day is not late the moment it is entered.
        let counts_from = item.debt_date.max(today);
        item.due_date = terms.due_date.unwrap_or_else(|| self.draft.policy.debt_due.date(counts_from));
        item.price = terms.price.or(package.as_ref().map(|p| p.price));
        check_due(&item)?;
        self.check_cashier_credit(&item, terms.price)?;
        if terms.debt_date.is_none() {
            self.draft.put_undated(Undated::DebtDate, item.id.to_string());
        }
        if terms.due_date.is_none() {
            self.draft.put_undated(Undated::DueDate, item.id.to_string());
        }
        let view = DebtView::of(&item, self.draft.tariff_due(&item));
        let grant = DebtGrant { item, advance: terms.advance, days: package.map(|p| p.days) };
        self.draft.step(no, &Event::DebtGranted(grant), &self.event)?;
        let detail = format!("{} {}", view.id, amount.unwrap_or_default());
        self.draft.audit("debt.add", &user.to_string(), detail);
        Ok(done(201, &view))
    }

    /// Money in hand: the order is born paid, gets the next receipt, and its quote is applied, all in one commit.
    fn take(&mut self, user: UserId, purpose: &Purpose, tender: &Tender) -> Result<Outcome, EngineError> {
        let no = self.draft.find_user(user)?;
        let (kind, quote) = self.priced(no, purpose)?;
        let total = quote.total();
        if tender.expect.is_some_and(|expected| expected != total) {
            return Err(Refusal::QuoteChanged(total).into());
        }
        let last_paid = self.reader.last_paid_online(no)?;
        if let Some(seen) = &tender.last_paid
            && let Some(order) = last_paid.as_ref().filter(|order| Some(&order.id) != seen.as_ref())
        {
            return Err(order_paid(&order.id));
        }
        self.call_off(no);
        let id = OrderId(self.draft.new_id().to_string());
        let paid = Event::Paid { order: id.clone(), quote: quote.clone() };
        let decision = self.draft.step(no, &paid, &self.event)?;
        let order = OrderRecord {
            status: OrderState::Paid,
            flags: decision.surplus.then_some(Flag::Surplus).into_iter().collect(),
            reference: tender.reference.clone(),
            receipt_no: Some(self.draft.next_receipt()),
            cashier: Some(self.draft.actor.name.clone()),
            created_at: self.draft.state.wall,
            paid_at: Some(self.draft.state.wall),
            ..OrderRecord::created(id, Some(no), kind, Method::Cash(tender.method), quote)
        };
        let mut view = OrderView::of(&order, Some(user));
        view.paid_just_before = last_paid.filter(|order| self.is_recent(order)).map(|order| order.id);
        self.draft.audit("order.paid", &user.to_string(), format!("{} {} {total}", order.id, kind.name()));
        self.draft.put_move(&order, tender.method, Move::Taken, total);
        self.draft.put_order(order);
        Ok(done(201, &view))
    }

    /// Whether an order was paid so short a time ago that whoever pays may not know of it.
    fn is_recent(&self, order: &OrderRecord) -> bool {
        order.paid_at.is_some_and(|at| self.draft.state.wall.0.saturating_sub(at.0) < JUST_PAID_MS)
    }

    fn reset(&mut self, user: UserId, reset: Reset) -> Result<Outcome, EngineError> {
        if self.reading.is_none() {
            return Err(no_reading());
        }
        let no = self.draft.find_user(user)?;
        let owned = self.draft.state.devices_of.get(&no).into_iter().flatten();
        let mut macs =
            owned.filter_map(|device| self.draft.state.devices.get(device)).map(|device| device.mac);
        if let Some(mac) = macs.find(|mac| self.is_unknown(*mac)) {
            return Err(unread_row(mac));
        }
        let detail = audit_detail::of_reset(&reset);
        for what in [Undated::DebtDate, Undated::DueDate] {
            if let Some(item) = &reset.debt {
                self.draft.put_undated(what, item.id.to_string());
            }
        }
        let decision = self.draft.step(no, &Event::Reset(reset), &self.event)?;
        self.draft.audit("user.reset", &user.to_string(), detail);
        let snapshot = self.draft.snapshot(no);
        Ok(done(200, &views::ResetView::of(&snapshot, self.draft.policy, &decision.entries)))
    }

    fn add_package(&mut self, new: &NewPackage) -> Outcome {
        let package = Package {
            id: PackageId(self.draft.new_id()),
            name: new.name.clone(),
            quota: new.quota,
            days: new.days,
            price: new.price,
            active: new.active,
        };
        let no = self.draft.state.packages.keys().last().map_or(1, |no| no + 1);
        let view = PackageView::of(&package);
        self.draft.audit("package.add", &package.id.to_string(), package.name.clone());
        self.draft.put_package(PackageRecord { no, deleted: false, package });
        done(201, &view)
    }

    fn change_package(&mut self, id: PackageId, change: &PackageChange) -> Result<Outcome, EngineError> {
        let mut record = self.draft.find_package(id)?.clone();
        let package = &mut record.package;
        package.name = change.name.clone().unwrap_or(std::mem::take(&mut package.name));
        package.quota = change.quota.unwrap_or(package.quota);
        package.days = change.days.unwrap_or(package.days);
        package.price = change.price.unwrap_or(package.price);
        package.active = change.active.unwrap_or(package.active);
        let view = PackageView::of(package);
        let detail = audit_detail::of_package(&self.draft.find_package(id)?.package, &record.package);
        self.draft.audit("package.change", &id.to_string(), detail);
        self.draft.put_package(record);
        Ok(done(200, &view))
    }

    fn delete_package(&mut self, id: PackageId) -> Result<Outcome, EngineError> {
        let record = self.draft.find_package(id)?.clone();
        self.draft.audit("package.delete", &id.to_string(), record.package.name.clone());
        self.draft.put_package(PackageRecord { deleted: true, ..record });
        Ok(Outcome { status: 204, body: String::new() })
    }
}

/// A device as it is bound: what its rows had counted before is nobody's.
fn bound(user_no: u32, new: &NewDevice, reading: Option<&Reading>, now: Timestamp) -> DeviceRecord {
    let rows = |reading: &Reading| {
        let hosts = &reading.hosts;
        usage::baseline(hosts.rows.iter().filter(|row| row.mac == new.mac), hosts)
    };
    DeviceRecord {
        no: 0,
        user_no,
        mac: new.mac,
        label: new.label.clone(),
        bound_at: now,
        seen_at: None,
        pending: reading.is_none_or(|reading| lacks(reading, new.mac)).then_some(Pending::Baseline),
        unbound_at: None,
        counters: reading.map(rows).unwrap_or_default(),
    }
}
