//! Bindings of ours whose device the store does not know: after a restore, devices that were bound after the copy was made.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::id::Mac;
use super::listing::{self, AccessRows, BindingKind, BindingRow, DeviceAccess, List};
use super::text::visible;
use super::usage::HostTable;

/// Characters kept of a comment, which anybody with the router may have written.
const OWNER_CHARS_MAX: usize = 60;

/// A device that the router has by a binding of ours and the store does not have: its access stays what it was until
/// somebody binds or releases it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// The device.
    pub mac: Mac,
    /// What the comment says after our tag: whose device it was.
    pub owner: String,
    /// The list that its address was in.
    pub list: List,
    /// The type of its binding.
    pub binding: BindingKind,
}

impl Orphan {
    /// The same as part of what the router should hold.
    pub fn access(&self) -> DeviceAccess {
        let Self { mac, owner, list, binding } = self;
        DeviceAccess { mac: *mac, list: *list, binding: *binding, owner: owner.clone() }
    }
}

/// The bindings of ours whose device is none of `devices`, by device. What cannot be read is not among them.
pub fn orphans(devices: &[DeviceAccess], hosts: &HostTable, observed: &AccessRows) -> Vec<Orphan> {
    let known: BTreeSet<Mac> = devices.iter().map(|device| device.mac).collect();
    let mut rows: BTreeMap<Mac, &BindingRow> = BTreeMap::new();
    for row in observed.bindings.iter().filter(|row| row.ours) {
        let Some(mac) = row.mac.filter(|mac| !known.contains(mac)) else { continue };
        // A row that is switched off gives nothing that another one of the same device gives.
        let held = rows.entry(mac).or_insert(row);
        if held.disabled && !row.disabled {
            *held = row;
        }
    }
    let mut found: Vec<Orphan> = rows.into_iter().map(|(mac, row)| by_binding(mac, row)).collect();
    let macs: Vec<DeviceAccess> = found.iter().map(Orphan::access).collect();
    let addresses = listing::addresses(&macs, hosts, observed);
    for orphan in &mut found {
        let at = addresses.get(&orphan.mac);
        orphan.list = at.and_then(|at| listed(at, observed)).unwrap_or(orphan.list);
    }
    found
}

/// What a binding alone says. One that is switched off lets nobody in, and keeps nobody out of the portal.
fn by_binding(mac: Mac, row: &BindingRow) -> Orphan {
    let binding = if row.disabled { BindingKind::Regular } else { row.kind };
    let list = match binding {
        BindingKind::Bypassed => List::Active,
        BindingKind::Regular => List::Habis,
        BindingKind::Blocked => List::Blocked,
    };
    let owner = visible(&row.owner).chars().take(OWNER_CHARS_MAX).collect();
    Orphan { mac, owner, list, binding }
}

/// The list in which rows of ours have one of the addresses; of several the one that wins on the router.
fn listed(at: &BTreeSet<Ipv4Addr>, observed: &AccessRows) -> Option<List> {
    let rows = observed.listings.iter().filter(|row| row.ours && !row.disabled);
    rows.filter(|row| row.address.is_some_and(|address| at.contains(&address)))
        .filter_map(|row| row.list)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::listing::{Edit, Lease, ListRow};
    use crate::domain::usage::{HostRow, RowId, UnreadRow};

    fn mac(n: u8) -> Mac {
        Mac([2, 0, 0, 0, 0, n])
    }

    fn ip(n: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 5, 50, n)
    }

    fn binding(n: u8, kind: BindingKind) -> BindingRow {
        let row = RowId(format!("*B{n}"));
        let owner = format!("u{n}");
        BindingRow { row, mac: Some(mac(n)), address: None, kind, ours: true, owner, disabled: false }
    }

    fn listing(n: u8, list: List) -> ListRow {
        ListRow {
            row: RowId(format!("*L{n}")),
            list: Some(list),
            address: Some(ip(n)),
            ours: true,
            owner: format!("u{n}"),
            dynamic: false,
            disabled: false,
        }
    }

    fn here(n: u8) -> HostRow {
        HostRow {
            mac: mac(n),
            row: RowId(format!("*{n}")),
            address: Some(ip(n)),
            to_address: None,
            uptime_s: 1,
            bytes: 0,
            counts: true,
        }
    }

    fn orphan(n: u8, list: List, binding: BindingKind) -> Orphan {
        Orphan { mac: mac(n), owner: format!("u{n}"), list, binding }
    }

    #[test]
    fn an_orphan_is_what_the_rows_of_its_device_say() {
        let foreign = BindingRow { ours: false, owner: String::new(), ..binding(6, BindingKind::Bypassed) };
        let off = BindingRow { disabled: true, ..binding(5, BindingKind::Bypassed) };
        let nameless = BindingRow { mac: None, ..binding(7, BindingKind::Bypassed) };
        let observed = AccessRows {
            bindings: vec![
                binding(1, BindingKind::Bypassed),
                binding(2, BindingKind::Bypassed),
                binding(3, BindingKind::Regular),
                binding(4, BindingKind::Blocked),
                off.clone(),
                foreign,
                nameless,
                binding(8, BindingKind::Regular),
            ],
            listings: vec![listing(2, List::Fup), listing(3, List::Expired), listing(8, List::Blocked)],
            leases: vec![Lease { mac: mac(8), address: ip(8) }],
            ..AccessRows::default()
        };
        let hosts = HostTable { rows: vec![here(2), here(3), here(4)], ..HostTable::default() };
        let known = [orphan(1, List::Active, BindingKind::Bypassed).access()];
        let found = orphans(&known, &hosts, &observed);
        let expected = [
            orphan(2, List::Fup, BindingKind::Bypassed),
            orphan(3, List::Expired, BindingKind::Regular),
            orphan(4, List::Blocked, BindingKind::Blocked),
            orphan(5, List::Habis, BindingKind::Regular),
            orphan(8, List::Blocked, BindingKind::Regular),
        ];
        assert_eq!(found, expected);
        // A row that is on says more than one of the same device that is off.
        let twice = AccessRows {
            bindings: vec![off, BindingRow { row: RowId("*C".into()), ..binding(5, BindingKind::Bypassed) }],
            ..AccessRows::default()
        };
        let found = orphans(&[], &HostTable::default(), &twice);
        assert_eq!(found, [orphan(5, List::Active, BindingKind::Bypassed)]);
    }

    #[test]
    fn what_cannot_be_read_is_no_orphan_and_stays() {
        let unread = UnreadRow { row: None, mac: Some(mac(1)), address: None, what: "type=x".into() };
        let mut observed = AccessRows::default();
        observed.unread.bindings.push(unread);
        assert_eq!(orphans(&[], &HostTable::default(), &observed), []);
    }

    #[test]
    fn an_orphan_in_the_desired_state_changes_nothing_and_without_it_its_rows_go() {
        let observed = AccessRows {
            bindings: vec![binding(1, BindingKind::Bypassed)],
            listings: vec![listing(1, List::Fup)],
            ..AccessRows::default()
        };
        let hosts = HostTable { rows: vec![here(1)], ..HostTable::default() };
        let kept: Vec<DeviceAccess> = orphans(&[], &hosts, &observed).iter().map(Orphan::access).collect();
        let plan = |devices: &[DeviceAccess]| {
            listing::plan(&listing::desired(devices, &hosts, &observed), &observed)
        };
        assert_eq!(plan(&kept), []);
        let removed = plan(&[]);
        assert_eq!(removed.len(), 2);
        assert!(removed.iter().all(|e| matches!(e, Edit::RemoveBinding { .. } | Edit::RemoveListing { .. })));
    }
}
