//! Read access to the engine's memory, for answers and pages.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::open_orders::{Now, OpenOrder, WINDOW_BYTES_MAX};
use super::snapshot::Snapshot;
use super::state::State;
use crate::clock::Zone;
use crate::domain::access::{self, Access, Facts};
use crate::domain::account::Policy;
use crate::domain::id::{Mac, OrderId, UserId};
use crate::domain::package::Package;
use crate::domain::policy::{self, Context, Event};
use crate::domain::units::{Bytes, Timestamp};
use crate::domain::usage::{DeviceAt, HostTable, Restart};
use crate::domain::{login, phone};
use crate::store::reports::UserUsage;
use crate::store::{DeviceRecord, OrphanRecord, UsageKey, UsageRow, UserRecord};

/// A pay window, for answers and pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowView {
    /// The order for which it was opened.
    pub order: OrderId,
    /// When it was opened.
    pub since: Timestamp,
    /// Bytes used since.
    pub used: Bytes,
    /// The most bytes it allows.
    pub limit: Bytes,
}

/// A user whose access another policy would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUnder {
    /// The user.
    pub user: UserId,
    /// For people.
    pub name: String,
    /// The access at present.
    pub before: Access,
    /// The access under the other policy.
    pub after: Access,
}

/// The known subjects of a row of the router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The customer.
    pub user: Option<UserId>,
    /// The customer's name.
    pub name: Option<String>,
    /// The device.
    pub mac: Option<Mac>,
    /// Its address.
    pub address: Option<Ipv4Addr>,
}

/// Read access to the engine's memory, for answers and pages.
#[derive(Clone, Copy)]
pub struct ReadView<'a> {
    pub(super) state: &'a State,
    /// The site's policy.
    pub policy: &'a Policy,
    /// The site's zone.
    pub zone: &'a Zone,
    /// The facts, not narrowed to one user.
    pub facts: Facts,
    /// Time since boot.
    pub(super) uptime: Duration,
}

impl ReadView<'_> {
    /// Calls `f` with the context in which events would be decided.
    pub fn with_context<T>(&self, f: impl FnOnce(&Context) -> T) -> T {
        f(&Context { policy: self.policy, packages: &self.state.packages_on_file, facts: self.facts })
    }

    /// The user with that id.
    pub fn user(&self, id: UserId) -> Option<Snapshot> {
        self.state.by_id.get(&id).map(|no| self.snapshot(&self.state.users[no]))
    }

    /// The owner of the only device at that address in the last reading.
    pub fn user_at(&self, address: Ipv4Addr) -> Option<Snapshot> {
        match self.device_at(address) {
            DeviceAt::One(mac) => self.user_with(mac).map(|user| self.snapshot(user)),
            DeviceAt::Nobody | DeviceAt::Shared => None,
        }
    }

    /// The device at that address in the last reading, bound or not.
    pub fn device_at(&self, address: Ipv4Addr) -> DeviceAt {
        self.state.hosts.device_at(address)
    }

    /// The hosts of the last reading.
    pub fn host_table(&self) -> &HostTable {
        &self.state.hosts
    }

    /// When the hosts were read.
    pub fn hosts_read_at(&self) -> Option<Timestamp> {
        self.state.router.as_ref().map(|router| router.read_at)
    }

    /// Devices that the router has and the store has not, by MAC address.
    pub fn orphans(&self) -> impl Iterator<Item = &OrphanRecord> {
        self.state.orphans.known.values()
    }

    /// The device among them.
    pub fn orphan(&self, mac: Mac) -> Option<&OrphanRecord> {
        self.state.orphans.known.get(&mac)
    }

    /// A bound device.
    pub fn device(&self, mac: Mac) -> Option<&DeviceRecord> {
        self.state.devices.get(self.state.by_mac.get(&mac)?)
    }

    /// Users, those entered last first.
    pub fn users_newest(&self) -> impl Iterator<Item = &UserRecord> {
        self.state.users.iter().rev().map(|(_, user)| user)
    }

    /// The device that makes room when the user with that key binds one too many: see [`super::command::Action::Bind`].
    pub fn oldest_device(&self, user_no: u32) -> Option<&DeviceRecord> {
        self.state.oldest_device(user_no)
    }

    /// Users in the order of creation, after the one with key `after`.
    pub fn users_after(&self, after: u32) -> impl Iterator<Item = &UserRecord> {
        self.state.users.range(after + 1..).map(|(_, user)| user)
    }

    /// The user with that key.
    pub fn user_no(&self, no: u32) -> Option<&UserRecord> {
        self.state.users.get(&no)
    }

    /// Customers who share a phone or log-in name with an older customer, as earlier versions allowed. They log in
    /// with it only as stored, until one of the two is changed.
    pub fn shared_names(&self) -> Vec<SharedName> {
        let users = || self.state.users.values();
        let holder_of = |is_held: &dyn Fn(&UserRecord) -> bool| users().find(|user| is_held(user));
        let shared = |what, value: String, holder: &UserRecord, user: &UserRecord| SharedName {
            what,
            value,
            kept_by: (holder.account.id, holder.name.clone()),
            user: (user.account.id, user.name.clone()),
        };
        let mut found = Vec::new();
        for user in users() {
            let phone = user.phone.as_deref().filter(|_| user.phone_e164.is_none()).and_then(phone::e164);
            if let Some(value) = phone
                && let Some(holder) = holder_of(&|other| other.phone_e164.as_ref() == Some(&value))
            {
                found.push(shared("phone", value, holder, user));
            }
            let login = user.login.as_deref().filter(|_| user.login_key.is_none()).map(login::key);
            if let Some(value) = login
                && let Some(holder) = holder_of(&|other| other.login_key.as_ref() == Some(&value))
            {
                found.push(shared("login", value, holder, user));
            }
        }
        found
    }

    /// The number of entries in the ledger.
    pub fn entries(&self) -> u64 {
        self.state.chain_seq
    }

    /// The number of users.
    pub fn users_len(&self) -> usize {
        self.state.users.len()
    }

    /// The user with its devices and their addresses.
    pub fn snapshot(&self, user: &UserRecord) -> Snapshot {
        let facts = self.facts_of(user.no);
        let offline_grace = access::is_held_off(&user.account, self.policy, &facts);
        Snapshot { offline_grace, ..self.state.snapshot(user) }
    }

    /// The facts for the user with that key, on which access is decided.
    pub fn facts_of(&self, user_no: u32) -> Facts {
        let at = Now { facts: &self.facts, wall: self.state.wall, uptime: self.uptime, policy: self.policy };
        self.state.online.facts_of(user_no, &at)
    }

    /// Whose access another policy would change at the next tick, by the same step that a tick makes. Nothing is changed.
    pub fn access_under(&self, policy: &Policy) -> Vec<AccessUnder> {
        let grace = self.state.online.has_grace(self.uptime, policy);
        let facts = Facts { grace, ..self.facts };
        let at = Now { facts: &facts, wall: self.state.wall, uptime: self.uptime, policy };
        let change = |user: &UserRecord| {
            let ctx = Context { policy, packages: &[], facts: self.state.online.facts_of(user.no, &at) };
            let after = policy::step(&user.account, &Event::Tick, &ctx).ok()?.account.access;
            let before = user.account.access.clone();
            let changed = AccessUnder { user: user.account.id, name: user.name.clone(), before, after };
            (!changed.before.is_same(&changed.after)).then_some(changed)
        };
        self.state.users.values().filter(|user| user.deleted_at.is_none()).filter_map(change).collect()
    }

    /// The pay windows of a user's open orders.
    pub fn windows(&self, user_no: u32) -> Vec<WindowView> {
        let view = |open: &OpenOrder| {
            let window = open.record.online.window?;
            let order = open.record.id.clone();
            Some(WindowView { order, since: window.at, used: window.used, limit: WINDOW_BYTES_MAX })
        };
        self.state.online.orders_of(user_no).filter_map(view).collect()
    }

    /// The owner of a bound device.
    pub fn user_with(&self, mac: Mac) -> Option<&UserRecord> {
        let device = self.state.devices.get(self.state.by_mac.get(&mac)?)?;
        self.state.users.get(&device.user_no)
    }

    /// The user and device of a row of the router, found by the owner in its comment, the MAC or the address.
    pub fn who(&self, owner: Option<&str>, mac: Option<Mac>, address: Option<Ipv4Addr>) -> Who {
        let owner = owner.and_then(|id| id.parse().ok()).and_then(|id: UserId| self.state.by_id.get(&id));
        let named = owner.and_then(|no| self.state.users.get(no));
        let holder = || {
            let at = |wanted: Ipv4Addr| self.state.seen.iter().find(|(_, seen)| **seen == Some(wanted));
            address.and_then(at).map(|(mac, _)| *mac)
        };
        let mac = mac.or_else(holder);
        let user = named.or_else(|| self.user_with(mac?));
        let address = address.or_else(|| self.state.reached(mac?).address);
        Who { user: user.map(|user| user.account.id), name: user.map(|user| user.name.clone()), mac, address }
    }

    /// How many users have a device in the last reading.
    pub fn users_online(&self) -> u64 {
        let device = |mac: &Mac| self.state.devices.get(self.state.by_mac.get(mac)?);
        let owners: BTreeSet<u32> =
            self.state.seen.keys().filter_map(device).map(|device| device.user_no).collect();
        owners.len() as u64
    }

    /// Whether a device of the user with that key is in the last reading, and when one was seen last.
    pub fn last_seen(&self, user_no: u32) -> (bool, Option<Timestamp>) {
        let numbers = self.state.devices_of.get(&user_no).into_iter().flatten();
        let devices = numbers.filter_map(|no| self.state.devices.get(no));
        devices.fold((false, None), |(is_online, seen_at), device| {
            (is_online || self.state.reached(device.mac).online, seen_at.max(device.seen_at))
        })
    }

    /// Existing packages, in the order of creation.
    pub fn packages(&self) -> Vec<Package> {
        self.state.packages_on_file.clone()
    }

    /// The id of the user with that key.
    pub fn user_id(&self, no: u32) -> Option<UserId> {
        self.state.users.get(&no).map(|user| user.account.id)
    }

    /// Devices bound to the user with that key.
    pub fn macs(&self, user_no: u32) -> impl Iterator<Item = Mac> + Clone {
        let numbers = self.state.devices_of.get(&user_no).into_iter().flatten();
        numbers.filter_map(|no| self.state.devices.get(no)).map(|device| device.mac)
    }

    /// The address of a device in the last reading.
    pub fn address_of(&self, mac: Mac) -> Option<IpAddr> {
        self.state.reached(mac).address.map(IpAddr::V4)
    }

    /// A user's counted but uncommitted usage, in `from..to` hours since 1970-01-01 UTC.
    pub fn gathered_usage(&self, user_no: u32, from: i64, to: i64) -> Vec<UsageRow> {
        let wanted = |key: &UsageKey| key.user_no == user_no && (from..to).contains(&key.hour);
        let rows = self.state.dirty.usage.iter().filter(|(key, _)| wanted(key));
        rows.filter_map(|(key, sum)| {
            let mac = self.state.devices.get(&key.device_no)?.mac;
            Some(UsageRow { slot: key.hour, mac, bytes: sum.bytes, unenforced: sum.unenforced })
        })
        .collect()
    }

    /// All users' counted but uncommitted usage, in `from..to` hours since 1970-01-01 UTC.
    pub fn gathered_of_all(&self, from: i64, to: i64) -> Vec<UserUsage> {
        let rows = self.state.dirty.usage.iter().filter(|(key, _)| (from..to).contains(&key.hour));
        rows.map(|(key, sum)| UserUsage { hour: key.hour, user_no: key.user_no, sum: *sum }).collect()
    }

    /// The first local day whose usage is kept by the hour only, in days since 1970-01-01; `None` before any ended.
    pub fn open_day(&self) -> Option<i64> {
        self.state.sealed_day
    }

    /// Detected but uncommitted counter restarts of a user's devices.
    pub fn gathered_restarts(&self, user_no: u32) -> Vec<(Timestamp, Mac, Restart)> {
        let of_user = |no: &u32| self.state.devices.get(no).filter(|device| device.user_no == user_no);
        let restarts = self.state.dirty.restarts.iter();
        restarts.filter_map(|(at, no, restart)| Some((*at, of_user(no)?.mac, restart.clone()))).collect()
    }
}

/// A phone or log-in name that two customers share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedName {
    /// `phone` or `login`.
    pub what: &'static str,
    /// Its normal form.
    pub value: String,
    /// The older customer, who keeps it.
    pub kept_by: (UserId, String),
    /// The younger one.
    pub user: (UserId, String),
}
