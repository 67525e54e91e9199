//! Devices: binding, moving and unbinding. Earlier usage of a device belongs to its owner at that time.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::context::CommandContext;
use crate::agent::engine::changes::Work;
use crate::agent::engine::command::NewDevice;
use crate::agent::engine::done::Done;
use crate::agent::engine::error::{
    ADDRESS_SHARED, DEVICE_GONE, EngineError, conflict, no_reading, unread_row,
};
use crate::agent::engine::reading::Reading;
use crate::domain::id::{Mac, UserId};
use crate::domain::units::Timestamp;
use crate::domain::usage::{self, Counter, DeviceAt, HostTable, RowsByMac, Unknown};
use crate::store::{DeviceRecord, Pending};

/// What the request's reading says about the devices to be bound.
pub(super) struct DeviceRows<'a> {
    hosts: &'a HostTable,
    rows: RowsByMac<'a>,
    unknown: Unknown,
}

impl<'a> DeviceRows<'a> {
    /// Goes over the reading once for all of them.
    pub(super) fn of(reading: &'a Reading, macs: &BTreeSet<Mac>) -> Self {
        let hosts = reading.hosts.as_ref();
        Self { hosts, rows: hosts.rows_by_mac(|mac| macs.contains(mac)), unknown: Unknown::of(hosts) }
    }

    fn baseline(&self, mac: Mac) -> Vec<Counter> {
        usage::baseline(self.rows.of(mac).iter().copied(), self.hosts)
    }

    /// Whether the unreadable part of the reading may include a row of the device.
    fn lacks(&self, mac: Mac) -> bool {
        self.unknown.may_lack(mac, !self.rows.of(mac).is_empty())
    }
}

impl<'d> CommandContext<'d, '_> {
    /// The rows of devices in the reading that came with the request.
    pub(super) fn rows_of(&self, macs: &BTreeSet<Mac>) -> Option<DeviceRows<'d>> {
        self.reading.map(|reading| DeviceRows::of(reading, macs))
    }
}

impl CommandContext<'_, '_> {
    /// Binds a device; returns the user from whom it was moved.
    pub(super) fn bind(&mut self, no: u32, new: &NewDevice) -> Result<Option<UserId>, EngineError> {
        let rows = self.rows_of(&BTreeSet::from([new.mac]));
        self.bind_with(no, new, rows.as_ref())
    }

    /// The same with the rows of the device, among others; `None` without a reading.
    pub(super) fn bind_with(
        &mut self,
        no: u32,
        new: &NewDevice,
        rows: Option<&DeviceRows>,
    ) -> Result<Option<UserId>, EngineError> {
        let NewDevice { user, mac, label, replace_oldest, is_move, seen_at } = new;
        if let Some(address) = seen_at {
            self.check_asker(*mac, *address)?;
        }
        let held = self.draft.state.by_mac.get(mac).map(|no| self.draft.state.devices[no].clone());
        if let Some(device) = held.as_ref().filter(|device| device.user_no == no) {
            // Already bound here: the call repeats the binding, or cancels an unbinding.
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
        if self.draft.state.orphans.known.contains_key(mac) {
            self.draft.audit("device.orphan_bind", &user.to_string(), mac.to_string());
        }
        // A reading in which the device's row is unreadable is as good as none.
        let rows = rows.filter(|_| !self.is_unknown(*mac));
        match (held, rows) {
            (Some(old), None) => {
                // The old owner's last usage is unknown: the device waits for the router.
                self.draft.work(Work::Change(DeviceRecord { pending: Some(Pending::Move(no)), ..old }));
            }
            (held, rows) => {
                if let Some(old) = held {
                    self.draft.work(Work::Unbind(old.no));
                }
                let device = bound(no, new, rows, self.draft.facts.now);
                self.draft.work(Work::Bind(device));
            }
        }
        Ok(from)
    }

    /// A device that binds itself must be the only one that the router shows at its address. Only the reading of this
    /// request counts: an earlier one may show a device that has left.
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

    /// A device that was about to move stays with its owner: notes this for the user who was to get it.
    fn note_move_dropped(&mut self, device: &DeviceRecord) {
        let Some(Pending::Move(to)) = device.pending else { return };
        if self.draft.has_user(to) {
            let id = self.draft.user(to).account.id;
            self.draft.audit("device.unbind", &id.to_string(), format!("{} is not moved here", device.mac));
        }
    }

    /// Checks that the user may have one more device, or unbinds the one seen longest ago. The usage of that device
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

    /// Whether the reading that came with the request counted nothing for a bound device because one of its rows was
    /// unreadable.
    pub(super) fn is_unknown(&self, mac: Mac) -> bool {
        let (state, reading) = (&self.draft.state, self.reading);
        let device = state.by_mac.get(&mac).and_then(|no| state.devices.get(no));
        device
            .zip(reading)
            .is_some_and(|(device, reading)| Unknown::of(&reading.hosts).holds(mac, &device.counters))
    }

    /// Ends an orphan: its rows on the router are surplus from here on.
    pub(super) fn release_orphan(&mut self, mac: Mac) -> Result<Done, EngineError> {
        let found = self.draft.state.orphans.known.get(&mac).ok_or(EngineError::NotFound("orphan"))?;
        self.draft.audit("device.orphan_release", &mac.to_string(), found.orphan.owner.clone());
        self.draft.release_orphan(mac);
        Ok(Done::Finished)
    }

    pub(super) fn unbind(&mut self, user: UserId, mac: Mac) -> Result<Done, EngineError> {
        let no = self.draft.find_user(user)?;
        let device = self.draft.state.by_mac.get(&mac).map(|no| self.draft.state.devices[no].clone());
        let device =
            device.filter(|d| d.user_no == no).ok_or(EngineError::NotFound("device of this user"))?;
        self.draft.audit("device.unbind", &user.to_string(), mac.to_string());
        let is_counted = self.reading.is_some() && !self.is_unknown(mac);
        if is_counted || device.pending == Some(Pending::Baseline) {
            self.draft.work(Work::Unbind(device.no));
            return Ok(Done::Finished);
        }
        // The traffic since the last reading belongs to the owner: the device waits for the router.
        self.draft.work(Work::Change(DeviceRecord { pending: Some(Pending::Unbind), ..device }));
        Ok(Done::Waiting(self.user_view(no).into()))
    }
}

/// A newly bound device: bytes its rows counted before belong to no user.
fn bound(user_no: u32, new: &NewDevice, rows: Option<&DeviceRows>, now: Timestamp) -> DeviceRecord {
    DeviceRecord {
        no: 0,
        user_no,
        mac: new.mac,
        label: new.label.clone(),
        bound_at: now,
        seen_at: None,
        pending: rows.is_none_or(|rows| rows.lacks(new.mac)).then_some(Pending::Baseline),
        unbound_at: None,
        counters: rows.map(|rows| rows.baseline(new.mac)).unwrap_or_default(),
    }
}
