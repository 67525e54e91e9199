//! What the router should hold, what it holds, and the edits between them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::id::Mac;
use super::instance::MarkerRow;
use super::usage::{HostTable, RowId, UnreadRow};

/// Rows whose comment starts with this are ours. No other row is ever changed or removed.
pub const TAG: &str = "kuota:";

/// One of the six address lists, in order of precedence: where two devices claim one address, the larger wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Full access.
    Active,
    /// Reduced speed.
    Fup,
    /// Quota used up.
    Habis,
    /// Days are over.
    Expired,
    /// Not approved, or deactivated.
    Inactive,
    /// Blocked for debt or by an admin.
    Blocked,
}

impl List {
    /// Every list, in order of precedence.
    pub const ALL: [Self; 6] =
        [Self::Active, Self::Fup, Self::Habis, Self::Expired, Self::Inactive, Self::Blocked];

    /// The stable name in store and API, whatever the list is called on the router.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Fup => "fup",
            Self::Habis => "habis",
            Self::Expired => "expired",
            Self::Inactive => "inactive",
            Self::Blocked => "blocked",
        }
    }

    /// The list with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.name() == name)
    }
}

/// Type of an ip-binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BindingKind {
    /// The hotspot treats the device as any other: portal and walled garden.
    Regular,
    /// No log-in needed.
    Bypassed,
    /// No access at all, not even to the portal.
    Blocked,
}

impl BindingKind {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::Regular, Self::Bypassed, Self::Blocked];

    /// The stable name, which is the router's own.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Bypassed => "bypassed",
            Self::Blocked => "blocked",
        }
    }

    /// The type with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One row of an address list: of one of our six, or with our tag in a list that was one of them under an earlier
/// configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    /// The row's `.id`.
    pub row: RowId,
    /// The list; `None` for a former one.
    pub list: Option<List>,
    /// The address, where the row names a single one.
    pub address: Option<Ipv4Addr>,
    /// The row carries our tag.
    pub ours: bool,
    /// What the comment says after our tag: whose address it is, or was. Empty without the tag.
    pub owner: String,
    /// The row lives in memory only and would not outlive a reboot.
    pub dynamic: bool,
    /// The row is switched off.
    pub disabled: bool,
}

/// One ip-binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingRow {
    /// The row's `.id`.
    pub row: RowId,
    /// The device, where the row names one.
    pub mac: Option<Mac>,
    /// The address the firewall sees, where the row names one.
    pub address: Option<Ipv4Addr>,
    /// Its type.
    pub kind: BindingKind,
    /// The row carries our tag.
    pub ours: bool,
    /// What the comment says after our tag: whose device it is. Empty without the tag.
    pub owner: String,
    /// The row is switched off.
    pub disabled: bool,
}

/// One DHCP lease in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The device.
    pub mac: Mac,
    /// Its address.
    pub address: Ipv4Addr,
}

/// The router's side of access, as read: our six lists, all bindings, all leases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessRows {
    /// Rows of our lists, foreign ones among them.
    pub listings: Vec<ListRow>,
    /// Every binding.
    pub bindings: Vec<BindingRow>,
    /// Every lease.
    pub leases: Vec<Lease>,
    /// Rows that say which machine has the site.
    pub markers: Vec<MarkerRow>,
    /// Rows that could not be read.
    pub unread: UnreadAccess,
}

/// Rows of the access menus that could not be read. Each is unknown by itself: what it may be about is left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadAccess {
    /// Of our lists.
    pub listings: Vec<UnreadRow>,
    /// Of the bindings.
    pub bindings: Vec<UnreadRow>,
    /// Of the leases.
    pub leases: Vec<UnreadRow>,
}

/// What one bound device should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAccess {
    /// The device.
    pub mac: Mac,
    /// The list its address belongs in.
    pub list: List,
    /// The type of its binding.
    pub binding: BindingKind,
    /// What the comment says after the tag: whose device it is.
    pub owner: String,
}

/// The state the router should be in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desired {
    /// Address to list and owner.
    pub listings: BTreeMap<Ipv4Addr, (List, String)>,
    /// Device to binding type and owner.
    pub bindings: BTreeMap<Mac, (BindingKind, String)>,
    /// Addresses that a row without a readable device holds: whose they are is unknown.
    pub unknown: BTreeSet<Ipv4Addr>,
    /// Owners of devices that may be at an address which could not be read: their rows are not surplus.
    pub unplaced: BTreeSet<String>,
}

/// One command that brings the router closer to the desired state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// Add an address to a list, as a static row with our tag.
    AddListing {
        /// The list.
        list: List,
        /// The address.
        address: Ipv4Addr,
        /// Whose address it is.
        owner: String,
    },
    /// Move our row to another list: one write, and the address is in exactly one list throughout.
    MoveListing {
        /// The row.
        row: RowId,
        /// The list it moves to.
        list: List,
        /// For people: the address.
        address: Ipv4Addr,
    },
    /// Switch our row on again.
    EnableListing {
        /// The row.
        row: RowId,
        /// For people: the address.
        address: Ipv4Addr,
    },
    /// Remove our row.
    RemoveListing {
        /// The row.
        row: RowId,
        /// For people: the address, where the row names one.
        address: Option<Ipv4Addr>,
    },
    /// Add a binding with our tag.
    AddBinding {
        /// The device.
        mac: Mac,
        /// Its type.
        kind: BindingKind,
        /// Whose device it is.
        owner: String,
    },
    /// Give our binding another type and switch it on.
    SetBinding {
        /// The row.
        row: RowId,
        /// Its type.
        kind: BindingKind,
        /// For people: the device.
        mac: Mac,
    },
    /// Remove our binding.
    RemoveBinding {
        /// The row.
        row: RowId,
        /// For people: the device, where the row names one.
        mac: Option<Mac>,
    },
}

/// Where each device is: in the host table, else where its binding puts it, else where DHCP does. An address that
/// the host table shows under another device is not this one's.
pub fn addresses(
    devices: &[DeviceAccess],
    hosts: &HostTable,
    observed: &AccessRows,
) -> BTreeMap<Mac, BTreeSet<Ipv4Addr>> {
    // Most rows are of devices that nobody here owns: of those only the address counts.
    let ours: BTreeSet<Mac> = devices.iter().map(|device| device.mac).collect();
    let mut by_mac: BTreeMap<Mac, BTreeSet<Ipv4Addr>> = BTreeMap::new();
    let mut taken: Vec<Ipv4Addr> = Vec::with_capacity(hosts.rows.len());
    // A row whose counters make no sense still shows where its device is.
    let read = hosts.rows.iter().map(|host| (host.mac, host.seen_address()));
    let unread = hosts.unread.iter().filter_map(|row| Some((row.mac?, row.address)));
    for (mac, address) in read.chain(unread) {
        if let Some(address) = address {
            taken.push(address);
            if ours.contains(&mac) {
                by_mac.entry(mac).or_default().insert(address);
            }
        }
    }
    taken.sort_unstable();
    let mut fallback: BTreeMap<Mac, Ipv4Addr> = BTreeMap::new();
    let bound = observed.bindings.iter().filter(|b| !b.disabled).filter_map(|b| Some((b.mac?, b.address?)));
    let leased = observed.leases.iter().map(|l| (l.mac, l.address));
    for (mac, address) in bound.chain(leased).filter(|(mac, _)| ours.contains(mac)) {
        fallback.entry(mac).or_insert(address);
    }
    devices
        .iter()
        .filter_map(|device| {
            let seen = by_mac.get(&device.mac).cloned();
            let known = seen.or_else(|| {
                let address = fallback.get(&device.mac)?;
                taken.binary_search(address).is_err().then(|| BTreeSet::from([*address]))
            })?;
            Some((device.mac, known))
        })
        .collect()
}

/// The desired state, from what every bound device should have and from where the devices are.
pub fn desired(devices: &[DeviceAccess], hosts: &HostTable, observed: &AccessRows) -> Desired {
    let addresses = addresses(devices, hosts, observed);
    let mut out = Desired::default();
    for device in devices {
        out.bindings.insert(device.mac, (device.binding, device.owner.clone()));
        for address in addresses.get(&device.mac).into_iter().flatten() {
            let claim = (device.list, device.owner.clone());
            match out.listings.get_mut(address) {
                Some(held) if held.0 >= claim.0 => {}
                Some(held) => *held = claim,
                None => {
                    out.listings.insert(*address, claim);
                }
            }
        }
    }
    out.unknown = hosts.unread.iter().filter(|row| row.mac.is_none()).filter_map(|row| row.address).collect();
    out.unplaced = unplaced(devices, hosts, observed);
    out
}

/// Owners of devices that no readable row places, while a row that could not be read may be theirs.
fn unplaced(devices: &[DeviceAccess], hosts: &HostTable, observed: &AccessRows) -> BTreeSet<String> {
    let unread = || hosts.unread.iter().chain(&observed.unread.leases).filter(|row| row.address.is_none());
    let may_be_any = unread().any(|row| row.mac.is_none());
    let hidden: BTreeSet<Mac> = unread().filter_map(|row| row.mac).collect();
    if !may_be_any && hidden.is_empty() {
        return BTreeSet::new();
    }
    let seen: BTreeSet<Mac> =
        hosts.rows.iter().filter(|row| row.seen_address().is_some()).map(|row| row.mac).collect();
    let is_unplaced = |mac: &Mac| !seen.contains(mac) && (may_be_any || hidden.contains(mac));
    devices.iter().filter(|device| is_unplaced(&device.mac)).map(|device| device.owner.clone()).collect()
}

/// The edits from `observed` to `desired`. Empty when they agree; rows without our tag are never named in one.
pub fn plan(desired: &Desired, observed: &AccessRows) -> Vec<Edit> {
    let mut edits = plan_bindings(desired, observed);
    edits.extend(plan_listings(desired, observed));
    // Removals first: another row of the same address may block an addition or a move.
    edits.sort_by_key(|edit| !matches!(edit, Edit::RemoveListing { .. } | Edit::RemoveBinding { .. }));
    edits
}

fn plan_listings(desired: &Desired, observed: &AccessRows) -> Vec<Edit> {
    let mut edits = Vec::new();
    let left_alone: BTreeSet<Ipv4Addr> = observed
        .unread
        .listings
        .iter()
        .filter_map(|row| row.address)
        .chain(desired.unknown.clone())
        .collect();
    let is_known = |row: &&ListRow| row.address.is_none_or(|address| !left_alone.contains(&address));
    let (ours, foreign): (Vec<&ListRow>, Vec<&ListRow>) =
        observed.listings.iter().filter(is_known).partition(|r| r.ours);
    let mut by_address: BTreeMap<Ipv4Addr, Vec<&ListRow>> = BTreeMap::new();
    for row in ours {
        match row.address {
            // A row in memory would be gone after a reboot, and a row without an address guards nobody.
            Some(address) if !row.dynamic => by_address.entry(address).or_default().push(row),
            address => edits.push(Edit::RemoveListing { row: row.row.clone(), address }),
        }
    }
    // The router takes one row for each list and address, whatever state that row is in.
    let is_taken = |list: List, address: Ipv4Addr| {
        foreign.iter().any(|r| r.list == Some(list) && r.address == Some(address))
    };
    for (address, (list, owner)) in
        desired.listings.iter().filter(|(address, _)| !left_alone.contains(address))
    {
        let mut rows = by_address.remove(address).unwrap_or_default();
        // The row that is right already stays; every other one is in the way.
        rows.sort_by_key(|row| (row.list != Some(*list), row.disabled));
        match rows.split_first() {
            None if is_taken(*list, *address) => {}
            None => edits.push(Edit::AddListing { list: *list, address: *address, owner: owner.clone() }),
            Some((row, surplus)) => {
                for row in surplus {
                    edits.push(Edit::RemoveListing { row: row.row.clone(), address: Some(*address) });
                }
                if row.list != Some(*list) && is_taken(*list, *address) {
                    // A foreign row says it already, or is named by `conflicts` where it is switched off; the router
                    // would refuse ours. Left where it is, ours would keep access that is over.
                    edits.push(Edit::RemoveListing { row: row.row.clone(), address: Some(*address) });
                    continue;
                }
                if row.list != Some(*list) {
                    let row = row.row.clone();
                    edits.push(Edit::MoveListing { row, list: *list, address: *address });
                }
                if row.disabled {
                    edits.push(Edit::EnableListing { row: row.row.clone(), address: *address });
                }
            }
        }
    }
    for (address, rows) in by_address {
        for row in rows.into_iter().filter(|row| !desired.unplaced.contains(&row.owner)) {
            edits.push(Edit::RemoveListing { row: row.row.clone(), address: Some(address) });
        }
    }
    edits
}

fn plan_bindings(desired: &Desired, observed: &AccessRows) -> Vec<Edit> {
    let mut edits = Vec::new();
    let left_alone: BTreeSet<Mac> = observed.unread.bindings.iter().filter_map(|row| row.mac).collect();
    let is_known = |row: &&BindingRow| row.mac.is_none_or(|mac| !left_alone.contains(&mac));
    let (ours, foreign): (Vec<&BindingRow>, Vec<&BindingRow>) =
        observed.bindings.iter().filter(is_known).partition(|r| r.ours);
    let mut by_mac: BTreeMap<Mac, Vec<&BindingRow>> = BTreeMap::new();
    for row in ours {
        match row.mac {
            Some(mac) => by_mac.entry(mac).or_default().push(row),
            None => edits.push(Edit::RemoveBinding { row: row.row.clone(), mac: None }),
        }
    }
    for (mac, (kind, owner)) in desired.bindings.iter().filter(|(mac, _)| !left_alone.contains(mac)) {
        let rows = by_mac.remove(mac).unwrap_or_default();
        match rows.split_first() {
            // The router holds one binding per device: a foreign one stays, and `conflicts` names it.
            None if foreign.iter().any(|r| r.mac == Some(*mac)) => {}
            None => edits.push(Edit::AddBinding { mac: *mac, kind: *kind, owner: owner.clone() }),
            Some((row, surplus)) => {
                for row in surplus {
                    edits.push(Edit::RemoveBinding { row: row.row.clone(), mac: Some(*mac) });
                }
                if row.kind != *kind || row.disabled {
                    edits.push(Edit::SetBinding { row: row.row.clone(), kind: *kind, mac: *mac });
                }
            }
        }
    }
    for (mac, rows) in by_mac {
        for row in rows {
            edits.push(Edit::RemoveBinding { row: row.row.clone(), mac: Some(mac) });
        }
    }
    edits
}

/// A foreign row that keeps the router from the desired state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// A binding of our device has another type than it should, or is switched off.
    Binding {
        /// The device.
        mac: Mac,
        /// The type it should have.
        kind: BindingKind,
        /// Whose device it is.
        owner: String,
    },
    /// The address is in a list by a foreign row, in addition to the list it belongs in.
    Listed {
        /// The address.
        address: Ipv4Addr,
        /// The list of the foreign row.
        list: List,
        /// Whose address it is.
        owner: String,
    },
    /// In the list the address belongs in, a row of others is switched off, and the router takes no second one.
    SwitchedOff {
        /// The address.
        address: Ipv4Addr,
        /// The list it belongs in.
        list: List,
        /// Whose address it is.
        owner: String,
    },
}

/// Foreign rows that keep the router from the desired state. They are the operator's to change: we only name them.
pub fn conflicts(desired: &Desired, observed: &AccessRows) -> Vec<Conflict> {
    let bindings = observed.bindings.iter().filter(|row| !row.ours).filter_map(|row| {
        let mac = row.mac?;
        let (kind, owner) = desired.bindings.get(&mac)?;
        let differs = row.kind != *kind || row.disabled;
        differs.then(|| Conflict::Binding { mac, kind: *kind, owner: owner.clone() })
    });
    let listings = observed.listings.iter().filter(|row| !row.ours).filter_map(|row| {
        let (address, list) = (row.address?, row.list?);
        let (wanted, owner) = desired.listings.get(&address)?;
        match (list == *wanted, row.disabled) {
            (false, false) => Some(Conflict::Listed { address, list, owner: owner.clone() }),
            (true, true) => Some(Conflict::SwitchedOff { address, list, owner: owner.clone() }),
            (true, false) | (false, true) => None,
        }
    });
    bindings.chain(listings).collect()
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
