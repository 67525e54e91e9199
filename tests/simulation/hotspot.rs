//! A router in memory behind the product's port: devices on the air, the rows that they have, lists and bindings, and
//! everything that befalls a router - reboots, replaced rows, lost replies, refusals, hands.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kuota::domain::id::Mac;
use kuota::domain::listing::{AccessRows, BindingKind, BindingRow, Edit, Lease, List, ListRow};
use kuota::domain::usage::{HostRow, HostTable, RowId};
use kuota::routeros::{EditOutcome, Router, RouterError, RouterFuture, RouterHealth};

use crate::auditor::{Reading, Row};

/// A device that a customer carries.
#[derive(Clone, Debug)]
pub struct Device {
    pub mac: Mac,
    /// Where it is on the air.
    pub address: Option<Ipv4Addr>,
    /// The address that the router translates it to.
    pub translated: Option<Ipv4Addr>,
    /// Logged in by hand at the hotspot's page.
    pub logged_in: bool,
    pub lease: Option<Ipv4Addr>,
    row: Option<Life>,
}

impl Device {
    pub fn new(mac: Mac) -> Self {
        Self { mac, address: None, translated: None, logged_in: false, lease: None, row: None }
    }
}

/// One life of a row of the host table.
#[derive(Clone, Debug)]
struct Life {
    /// Never the same twice.
    number: u64,
    name: u64,
    born_s: u64,
    bytes: u64,
}

/// A row of a list or a binding as the router holds it: a static one outlives a reboot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    pub name: u64,
    pub list: List,
    pub address: Ipv4Addr,
    pub ours: bool,
    pub dynamic: bool,
    pub disabled: bool,
}

/// A row of the bindings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    pub name: u64,
    pub mac: Mac,
    pub address: Option<Ipv4Addr>,
    pub kind: BindingKind,
    pub ours: bool,
    pub disabled: bool,
}

/// What goes wrong with the next edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// So many are done, and of the last the reply is lost.
    LosesReplyAfter(usize),
    /// Each is refused.
    Refuses,
}

/// Everything there is.
#[derive(Debug, Default)]
pub struct Inside {
    pub devices: Vec<Device>,
    pub lists: Vec<Listed>,
    pub bindings: Vec<Bound>,
    /// No connection can be made.
    pub is_down: bool,
    pub trouble: Option<Trouble>,
    serial: u32,
    boots: u64,
    uptime_ms: u64,
    lives: u64,
    next_host: u64,
    next_row: u64,
    /// Readings that were handed out, as they truly were.
    readings: Vec<Reading>,
}

/// The router. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Hotspot(Arc<Mutex<Inside>>);

impl Hotspot {
    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// Time passes; whoever is on the air has a row.
    pub fn pass(&mut self, ms: u64) {
        self.uptime_ms += ms;
        let now_s = self.uptime_ms / 1000;
        for device in &mut self.devices {
            match (device.address, &device.row) {
                (Some(_), None) => {
                    self.lives += 1;
                    self.next_host += 1;
                    let (number, name) = (self.lives, self.next_host);
                    device.row = Some(Life { number, name, born_s: now_s, bytes: 0 });
                }
                (None, Some(_)) => device.row = None,
                _ => {}
            }
        }
    }

    /// Traffic of one device, if anything lets it through; answers whether it flowed.
    pub fn flow(&mut self, at: usize, bytes: u64) -> bool {
        let kind = self.binding_of(self.devices[at].mac);
        let Some(row) = self.devices[at].row.as_mut() else { return false };
        if kind == BindingKind::Blocked {
            return false;
        }
        row.bytes += bytes;
        true
    }

    /// Whether traffic of a device is somebody's usage.
    pub fn counts(&self, device: &Device) -> bool {
        device.logged_in || self.binding_of(device.mac) == BindingKind::Bypassed
    }

    fn binding_of(&self, mac: Mac) -> BindingKind {
        let bound = self.bindings.iter().find(|bound| bound.mac == mac && !bound.disabled);
        bound.map_or(BindingKind::Regular, |bound| bound.kind)
    }

    /// Names begin anew. Rows of two boots never begin at the same age of the router: an agent that went back to a copy
    /// from before both its own boot and the router's could not tell them apart, and nothing could help it.
    pub fn reboot(&mut self) {
        self.boots += 1;
        self.uptime_ms = 20_000 + 7_000 * self.boots;
        self.next_host = 0;
        self.lists.retain(|row| !row.dynamic);
        self.devices.iter_mut().for_each(|device| device.row = None);
    }

    /// Another router takes its place, with the same rows on file.
    pub fn replace(&mut self) {
        self.serial += 1;
        self.reboot();
        self.uptime_ms = 90_000_000;
    }

    /// The row of a device goes and another takes its place, which may have counted more already.
    pub fn replace_row(&mut self, at: usize, bytes: u64) {
        self.devices[at].row = None;
        self.pass(0);
        if let Some(row) = &mut self.devices[at].row {
            row.bytes = bytes;
        }
    }

    /// Somebody resets the counter of a row, which lives on.
    pub fn reset_counter(&mut self, at: usize) {
        if let Some(row) = &mut self.devices[at].row {
            row.bytes = 0;
        }
    }

    pub fn add_list_row(&mut self, list: List, address: Ipv4Addr, ours: bool, dynamic: bool) {
        self.next_row += 1;
        let row = Listed { name: self.next_row, list, address, ours, dynamic, disabled: false };
        self.lists.push(row);
    }

    pub fn add_binding(&mut self, mac: Mac, kind: BindingKind, ours: bool) {
        self.next_row += 1;
        self.bindings.push(Bound { name: self.next_row, mac, address: None, kind, ours, disabled: false });
    }

    /// Rows of others: nobody but their operator may change them.
    pub fn foreign(&self) -> (BTreeSet<Listed>, BTreeSet<Bound>) {
        let lists = self.lists.iter().filter(|row| !row.ours).cloned().collect();
        (lists, self.bindings.iter().filter(|row| !row.ours).cloned().collect())
    }

    /// Where devices are seen on the air, by the address that firewall rules see.
    pub fn on_air(&self) -> Vec<(Mac, Ipv4Addr)> {
        let seen = |device: &Device| Some((device.mac, device.translated.or(device.address)?));
        self.devices.iter().filter(|device| device.row.is_some()).filter_map(seen).collect()
    }

    pub fn take_readings(&mut self) -> Vec<Reading> {
        std::mem::take(&mut self.readings)
    }

    fn identity(&self) -> String {
        format!("serial number {}", self.serial)
    }

    /// The host table as it truly is; `None` while the router cannot be read.
    pub fn truth(&self) -> Option<Reading> {
        let row = |device: &Device| {
            let life = device.row.as_ref()?;
            Some(Row {
                mac: device.mac.to_string(),
                life: life.number,
                name: format!("*{:X}", life.name),
                bytes: life.bytes,
                counts: self.counts(device),
            })
        };
        let rows = self.devices.iter().filter_map(row).collect();
        (!self.is_down).then(|| Reading { router: self.identity(), rows })
    }

    fn host_table(&mut self) -> HostTable {
        let uptime_s = self.uptime_ms / 1000;
        let row = |device: &Device| {
            let life = device.row.as_ref()?;
            Some(HostRow {
                mac: device.mac,
                row: RowId(format!("*{:X}", life.name)),
                address: device.address,
                to_address: device.translated,
                uptime_s: uptime_s - life.born_s,
                bytes: life.bytes,
                counts: self.counts(device),
            })
        };
        let rows = self.devices.iter().filter_map(row).collect();
        let truth = self.truth();
        self.readings.extend(truth);
        HostTable { uptime_s, rows, identity: Some(self.identity()), ..HostTable::default() }
    }

    fn access_rows(&self) -> AccessRows {
        let id = |name: u64| RowId(format!("*{name:X}"));
        let listing = |row: &Listed| ListRow {
            row: id(row.name),
            list: Some(row.list),
            address: Some(row.address),
            ours: row.ours,
            owner: String::new(),
            dynamic: row.dynamic,
            disabled: row.disabled,
        };
        let binding = |row: &Bound| BindingRow {
            row: id(row.name),
            mac: Some(row.mac),
            address: row.address,
            kind: row.kind,
            ours: row.ours,
            owner: String::new(),
            disabled: row.disabled,
        };
        let leases =
            self.devices.iter().filter_map(|device| Some(Lease { mac: device.mac, address: device.lease? }));
        AccessRows {
            listings: self.lists.iter().map(listing).collect(),
            bindings: self.bindings.iter().map(binding).collect(),
            leases: leases.collect(),
            ..AccessRows::default()
        }
    }

    fn edit(&mut self, edit: &Edit) -> EditOutcome {
        let is = |name: u64, row: &RowId| u64::from_str_radix(&row.0[1..], 16) == Ok(name);
        match edit {
            Edit::AddListing { list, address, .. } => {
                if self.is_listed(*list, *address) {
                    return EditOutcome::AlreadySo;
                }
                self.add_list_row(*list, *address, true, false);
            }
            Edit::MoveListing { row, list, address } => {
                if self.is_listed(*list, *address) {
                    return EditOutcome::Refused("failure: already have such entry".to_owned());
                }
                let Some(found) = self.lists.iter_mut().find(|one| is(one.name, row)) else {
                    return EditOutcome::AlreadySo;
                };
                found.list = *list;
            }
            Edit::EnableListing { row, .. } => {
                self.lists.iter_mut().filter(|one| is(one.name, row)).for_each(|one| one.disabled = false);
            }
            Edit::RemoveListing { row, .. } => self.lists.retain(|one| !is(one.name, row)),
            Edit::AddBinding { mac, kind, .. } => {
                if self.bindings.iter().any(|one| one.mac == *mac) {
                    return EditOutcome::AlreadySo;
                }
                self.add_binding(*mac, *kind, true);
            }
            Edit::SetBinding { row, kind, .. } => {
                for one in self.bindings.iter_mut().filter(|one| is(one.name, row)) {
                    (one.kind, one.disabled) = (*kind, false);
                }
            }
            Edit::RemoveBinding { row, .. } => self.bindings.retain(|one| !is(one.name, row)),
        }
        EditOutcome::Done
    }

    fn is_listed(&self, list: List, address: Ipv4Addr) -> bool {
        self.lists.iter().any(|row| row.list == list && row.address == address)
    }

    fn apply(&mut self, edits: &[Edit]) -> Result<Vec<EditOutcome>, RouterError> {
        match self.trouble.take() {
            None => Ok(edits.iter().map(|edit| self.edit(edit)).collect()),
            Some(Trouble::Refuses) => {
                Ok(edits.iter().map(|_| EditOutcome::Refused("failure: not now".to_owned())).collect())
            }
            Some(Trouble::LosesReplyAfter(done)) => {
                edits.iter().take(done).for_each(|edit| drop(self.edit(edit)));
                Err(lost())
            }
        }
    }
}

fn lost() -> RouterError {
    RouterError::Lost("no reply".to_owned())
}

impl Router for Hotspot {
    fn read_hosts(&self) -> RouterFuture<'_, Result<HostTable, RouterError>> {
        Box::pin(async move {
            let mut inside = self.inside();
            if inside.is_down { Err(lost()) } else { Ok(inside.host_table()) }
        })
    }

    fn read_access(&self) -> RouterFuture<'_, Result<AccessRows, RouterError>> {
        Box::pin(async move {
            let inside = self.inside();
            if inside.is_down { Err(lost()) } else { Ok(inside.access_rows()) }
        })
    }

    fn apply<'a>(&'a self, edits: &'a [Edit]) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>> {
        Box::pin(async move {
            let mut inside = self.inside();
            if inside.is_down { Err(lost()) } else { inside.apply(edits) }
        })
    }

    fn health(&self) -> RouterHealth {
        RouterHealth::default()
    }
}
