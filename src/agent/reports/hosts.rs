//! Devices that the router shows on the hotspot, with their owners.

use std::net::{IpAddr, Ipv4Addr};

use crate::agent::engine::ReadView;
use crate::domain::id::{Mac, UserId};
use crate::domain::search;
use crate::domain::units::{Bytes, Timestamp};
use crate::domain::usage::HostRow;

/// A device in the last reading. Several rows of one device are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HotspotDevice {
    pub mac: Mac,
    /// As firewall rules see it.
    pub address: Option<Ipv4Addr>,
    /// Since when the router shows it; unknown before the first reading.
    pub since: Option<Timestamp>,
    /// What its rows counted, also before it was bound.
    pub bytes: Bytes,
    /// The customer and what the device is called there.
    pub owner: Option<DeviceOwner>,
    /// It has access on the router from before the store was restored, and no owner.
    pub is_orphan: bool,
}

/// Whose device it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceOwner {
    pub id: UserId,
    pub name: String,
    pub label: String,
}

/// Which devices are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DevicesWanted {
    /// Only devices of nobody.
    pub is_ownerless: bool,
    /// Only the devices after this one.
    pub after: Option<Mac>,
}

/// The devices on the hotspot, by their addresses.
pub(crate) fn devices<'a>(
    look: &'a ReadView,
    wanted: DevicesWanted,
) -> impl Iterator<Item = HotspotDevice> + 'a {
    let is_wanted = move |mac: &Mac| {
        wanted.after.is_none_or(|after| *mac > after) && !(wanted.is_ownerless && look.device(*mac).is_some())
    };
    let rows = look.host_table().rows_by_mac(is_wanted);
    let devices: Vec<HotspotDevice> = rows.devices().map(|(mac, rows)| device(look, mac, rows)).collect();
    devices.into_iter()
}

/// One device on the hotspot.
pub(crate) fn device_on_hotspot(look: &ReadView, mac: Mac) -> Option<HotspotDevice> {
    let rows = look.host_table().rows_by_mac(|found| *found == mac);
    let rows = rows.of(mac);
    (!rows.is_empty()).then(|| device(look, mac, rows))
}

fn device(look: &ReadView, mac: Mac, rows: &[&HostRow]) -> HotspotDevice {
    let age_s = rows.iter().map(|row| row.uptime_s).max().unwrap_or_default();
    let age_ms = i64::try_from(age_s.saturating_mul(1000)).unwrap_or(i64::MAX);
    let owner = look.device(mac).and_then(|device| {
        let user = look.user_no(device.user_no)?;
        Some(DeviceOwner { id: user.account.id, name: user.name.clone(), label: device.label.clone() })
    });
    HotspotDevice {
        mac,
        address: rows.iter().find_map(|row| row.seen_address()),
        since: look.hosts_read_at().map(|at| Timestamp(at.0.saturating_sub(age_ms))),
        bytes: rows.iter().fold(Bytes::ZERO, |sum, row| sum.plus(Bytes(row.bytes))),
        owner,
        is_orphan: look.orphan(mac).is_some(),
    }
}

/// How many devices the router shows, and how many of them are nobody's.
pub(crate) fn count(look: &ReadView) -> (usize, usize) {
    let (mut all, mut ownerless) = (0, 0);
    let rows = look.host_table().rows_by_mac(|_| true);
    for (mac, _) in rows.devices() {
        all += 1;
        ownerless += usize::from(look.device(mac).is_none());
    }
    (all, ownerless)
}

impl HotspotDevice {
    /// Whether a search hits its address, its MAC or the name that it gave itself.
    pub fn fits(&self, query: &search::Query, name: Option<&str>) -> bool {
        query.fits(&search::Candidate {
            name: name.unwrap_or_default(),
            phone: None,
            phone_e164: None,
            login: self.owner.as_ref().map(|owner| owner.name.as_str()),
            devices: std::iter::once((self.mac, self.address.map(IpAddr::V4))),
        })
    }
}
