//! One user for answers, with devices and their addresses.

use std::net::Ipv4Addr;

use super::state::State;
use crate::domain::id::Mac;
use crate::store::{DeviceRecord, Pending, UserRecord};

/// A device in the last reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The address seen by firewall rules.
    pub address: Option<Ipv4Addr>,
    /// Whether it is in the last reading.
    pub online: bool,
}

/// A consistent view of one user for answers.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The user.
    pub user: UserRecord,
    /// The user's devices with their addresses.
    pub devices: Vec<(DeviceRecord, Reached)>,
    /// A block for debt is delayed because an order cannot be checked.
    pub offline_grace: bool,
}

impl State {
    pub fn snapshot(&self, user: &UserRecord) -> Snapshot {
        let numbers = self.devices_of.get(&user.no).into_iter().flatten();
        let devices = numbers.filter_map(|no| self.devices.get(no));
        let devices = devices.map(|device| (device.clone(), self.reached(device.mac)));
        Snapshot { user: user.clone(), devices: devices.collect(), offline_grace: false }
    }

    /// The user's device seen longest ago. One never seen counts from its binding; one in the last reading comes
    /// last.
    pub fn oldest_device(&self, user_no: u32) -> Option<&DeviceRecord> {
        let devices = self.devices_of.get(&user_no)?.iter().filter_map(|no| self.devices.get(no));
        devices.min_by_key(|device| {
            let seen_at = device.seen_at.unwrap_or(device.bound_at).max(device.bound_at);
            (self.seen.contains_key(&device.mac), seen_at, device.no)
        })
    }

    /// Whether another user's device waits for the router to move to the user with that key.
    pub fn is_awaited(&self, user_no: u32) -> bool {
        self.devices.values().any(|device| device.pending == Some(Pending::Move(user_no)))
    }

    pub fn reached(&self, mac: Mac) -> Reached {
        let seen = self.seen.get(&mac);
        Reached { address: seen.copied().flatten(), online: seen.is_some() }
    }
}
