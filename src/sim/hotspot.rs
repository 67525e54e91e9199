//! The hotspot's devices: host rows and their counters, log-ins, bindings, leases.

use std::net::Ipv4Addr;

use crate::domain::id::Mac;
use crate::domain::listing::BindingKind;

use super::client::Client;
use super::menus::{ACTIVE, ADDRESS_LIST, BINDING, COOKIE, HOST, HOTSPOT_USER, LEASE};
use super::table::{Row, show_id};
use super::value::Value;
use super::world::{Author, World};

/// Payload of a full packet.
const PACKET_BYTES: u64 = 1400;

/// What devices call themselves when they ask for an address; some say nothing.
const HOST_NAMES: [&str; 8] =
    ["Galaxy-A14", "Redmi-Note-12", "OPPO-A57", "vivo-Y16", "", "iPhone", "realme-C55", "LAPTOP-ASUS"];

fn host_name(mac: Mac) -> &'static str {
    HOST_NAMES[usize::from(mac.0[5]) % HOST_NAMES.len()]
}

impl World {
    /// A device connects: a host row, and a lease where the router leases. The row's `.id`.
    pub(super) fn connect(&mut self, mac: Mac, address: Ipv4Addr) -> String {
        if let Some(client) = self.clients.get(&mac)
            && client.connected
            && client.address == address
            && let Some(id) = self.host_row(mac)
        {
            return show_id(id);
        }
        self.disconnect(mac);
        self.release(mac, address);
        let fresh = Client { address, connected: true, row: None, authorized: false, moved: 0, countable: 0 };
        let client = self.clients.entry(mac).or_insert(fresh);
        client.address = address;
        client.connected = true;
        if self.config.leases {
            self.lease(mac, address);
        }
        show_id(self.appear(mac, address))
    }

    /// A device leaves: its host row and its log-in go, its lease stays.
    pub(super) fn disconnect(&mut self, mac: Mac) {
        let hosts = self.at(HOST);
        let rows: Vec<u64> = self.tables[hosts].find(&mac.to_string()).collect();
        if let Some(client) = self.clients.get_mut(&mac) {
            client.connected = false;
        }
        for id in rows {
            self.remove(hosts, id);
        }
    }

    /// The device's row is replaced by another that already counted so much. The log-in stays.
    pub(super) fn replace(&mut self, mac: Mac, bytes: u64) -> Option<String> {
        let client = self.clients.get(&mac).filter(|client| client.connected)?;
        let address = client.address;
        let old = self.host_row(mac);
        let id = self.appear(mac, address);
        if let Some(old) = old {
            self.remove(self.at(HOST), old);
        }
        self.count(mac, id, bytes, 0);
        Some(show_id(id))
    }

    /// Another row of a device that has one already.
    pub(super) fn second_row(&mut self, mac: Mac, address: Ipv4Addr, bytes: u64) -> Option<String> {
        let first = self.host_row(mac)?;
        let id = self.appear(mac, address);
        if let Some(client) = self.clients.get_mut(&mac) {
            client.row = Some(first);
        }
        self.count(mac, id, bytes, 0);
        Some(show_id(id))
    }

    /// Bytes flow. What did: nothing for a device that is away or wholly blocked.
    pub(super) fn traffic(&mut self, mac: Mac, down_bytes: u64, up_bytes: u64) -> u64 {
        let Some(client) = self.clients.get(&mac).filter(|client| client.connected) else { return 0 };
        let address = client.address;
        if self.binding(mac, Some(address)) == Some(BindingKind::Blocked) {
            return 0;
        }
        self.log_in_by_cookie(mac);
        let id = self.host_row(mac).unwrap_or_else(|| self.appear(mac, address));
        self.count(mac, id, down_bytes, up_bytes)
    }

    /// The device logs in or out.
    pub(super) fn authorize(&mut self, mac: Mac, authorized: bool) {
        let Some(client) = self.clients.get_mut(&mac).filter(|client| client.connected || !authorized) else {
            return;
        };
        client.authorized = authorized;
        let address = client.address;
        let active = self.at(ACTIVE);
        let sessions: Vec<u64> = self.tables[active].find(&mac.to_string()).collect();
        if authorized && sessions.is_empty() {
            let cells = [
                ("server", self.config.server.clone()),
                ("user", mac.to_string()),
                ("address", address.to_string()),
                ("mac-address", mac.to_string()),
                ("login-by", "http-chap".to_owned()),
            ];
            self.add_own(active, &cells);
        } else if !authorized {
            for id in sessions {
                self.remove(active, id);
            }
        }
        self.refresh(mac);
    }

    /// The device logs in by a hotspot user's name, which leaves a cookie. Whether the router lets it.
    pub(super) fn log_in(&mut self, mac: Mac, name: &str) -> bool {
        if !self.open_session(mac, name) {
            return false;
        }
        let cookies = self.at(COOKIE);
        let known: Vec<u64> = self.tables[cookies].find(&mac.to_string()).collect();
        for id in known {
            self.remove(cookies, id);
        }
        self.add_own(cookies, &[("user", name.to_owned()), ("mac-address", mac.to_string())]);
        true
    }

    /// A cookie logs its device in again.
    fn log_in_by_cookie(&mut self, mac: Mac) {
        let cookies = self.at(COOKIE);
        let column = self.tables[cookies].menu.column("user").expect("cookies have users");
        let id: Option<u64> = self.tables[cookies].find(&mac.to_string()).next();
        let user = id.and_then(|id| Some(self.tables[cookies].get(id)?.text(column)?.to_owned()));
        if let Some(user) = user.filter(|_| !self.clients.get(&mac).is_some_and(|client| client.authorized)) {
            self.open_session(mac, &user);
        }
    }

    /// A session of a hotspot user that is there, is on and has something left of its limit.
    fn open_session(&mut self, mac: Mac, name: &str) -> bool {
        let Some(user) = self.hotspot_user(name) else { return false };
        let users = &self.tables[self.at(HOTSPOT_USER)];
        let column = |name| users.menu.column(name).expect("the world names its own columns");
        let (disabled, limit) = (column("disabled"), column("limit-bytes-total"));
        let counters = [column("bytes-in"), column("bytes-out")];
        let Some(row) = users.get(user) else { return false };
        let number = |column: usize| match row.cells[column] {
            Some(Value::Number(number)) => number,
            _ => 0,
        };
        let used: u64 = counters.into_iter().map(number).sum();
        let is_spent = number(limit) > 0 && used >= number(limit);
        let client = self.clients.get_mut(&mac).filter(|client| client.connected);
        let Some(client) = client.filter(|_| !row.flag(disabled) && !is_spent) else { return false };
        client.authorized = true;
        let address = client.address;
        let cells = [
            ("server", self.config.server.clone()),
            ("user", name.to_owned()),
            ("address", address.to_string()),
            ("mac-address", mac.to_string()),
            ("login-by", "http-chap".to_owned()),
        ];
        self.add_own(self.at(ACTIVE), &cells);
        self.refresh(mac);
        true
    }

    /// The row of a hotspot user.
    fn hotspot_user(&self, name: &str) -> Option<u64> {
        self.tables[self.at(HOTSPOT_USER)].find(name).next()
    }

    /// Counters of the device's rows go back to zero; the rows live on.
    pub(super) fn reset_counters(&mut self, mac: Mac) {
        let hosts = self.at(HOST);
        for id in self.tables[hosts].find(&mac.to_string()).collect::<Vec<_>>() {
            for name in ["bytes-in", "bytes-out", "packets-in", "packets-out"] {
                self.put(hosts, id, name, Value::Number(0));
            }
        }
    }

    /// Whether the device's traffic passes: there, and authorized or bypassed.
    pub(super) fn has_access(&self, mac: Mac) -> bool {
        let Some(client) = self.clients.get(&mac).filter(|client| client.connected) else { return false };
        match self.binding(mac, Some(client.address)) {
            Some(BindingKind::Blocked) => false,
            Some(BindingKind::Bypassed) => true,
            Some(BindingKind::Regular) | None => client.authorized,
        }
    }

    /// Names of the lists with an enabled row of exactly this address, in order.
    pub(super) fn lists_of(&self, address: Ipv4Addr) -> Vec<String> {
        let table = &self.tables[self.at(ADDRESS_LIST)];
        let column = |name| table.menu.column(name).expect("the world names its own columns");
        let (list, disabled) = (column("list"), column("disabled"));
        let rows = table.find(&address.to_string()).collect::<Vec<_>>().into_iter();
        let mut lists: Vec<String> = rows
            .filter_map(|id| table.get(id))
            .filter(|row| !row.flag(disabled))
            .filter_map(|row| row.text(list).map(str::to_owned))
            .collect();
        lists.sort();
        lists
    }

    /// After a reboot nobody is there, unless devices come back by themselves.
    pub(super) fn clients_after_reboot(&mut self) {
        let mut back = Vec::new();
        for (mac, client) in &mut self.clients {
            if client.connected && self.config.clients_return {
                back.push((*mac, client.address));
            }
            *client = Client { connected: false, row: None, authorized: false, ..client.clone() };
        }
        for (mac, address) in back {
            self.connect(mac, address);
        }
    }

    /// The flags of hosts follow a binding that came, changed or went.
    pub(super) fn follow_binding(&mut self, at: usize, before: Option<&Row>, after: Option<u64>) {
        let mac = self.tables[at].menu.column("mac-address").expect("bindings name devices");
        let after = after.and_then(|id| self.tables[at].get(id));
        let rows: Vec<&Row> = before.into_iter().chain(after).collect();
        let named: Option<Vec<Mac>> = rows.iter().map(|row| row.text(mac)?.parse().ok()).collect();
        // A binding by address alone may be any device's.
        for mac in named.unwrap_or_else(|| self.clients.keys().copied().collect()) {
            self.refresh(mac);
        }
    }

    /// A host row that comes shows its flags; one that went takes the log-in with it. A hand that changes a row
    /// is left alone.
    pub(super) fn follow_host(&mut self, before: Option<&Row>, after: Option<u64>) {
        let hosts = self.at(HOST);
        let mac = |row: Option<&Row>| row_mac(hosts, self, row?);
        match (before, after.and_then(|id| self.tables[hosts].get(id))) {
            (None, row) => {
                if let Some(mac) = mac(row) {
                    self.refresh(mac);
                }
            }
            (before, None) => {
                if let Some(mac) = mac(before).filter(|mac| self.host_row(*mac).is_none()) {
                    self.authorize(mac, false);
                }
            }
            (Some(_), Some(_)) => {}
        }
    }

    /// A session that went leaves its device logged out.
    pub(super) fn follow_active(&mut self, before: Option<&Row>, after: Option<u64>) {
        let Some(mac) = before.and_then(|row| row_mac(self.at(ACTIVE), self, row)) else { return };
        if after.is_none() {
            if let Some(before) = before {
                self.add_up(before);
            }
            if let Some(client) = self.clients.get_mut(&mac) {
                client.authorized = false;
            }
            self.refresh(mac);
        }
    }

    /// What an ended session counted goes to its hotspot user, which the router does at this moment only.
    fn add_up(&mut self, session: &Row) {
        let (active, users) = (self.at(ACTIVE), self.at(HOTSPOT_USER));
        let column = |name| self.tables[active].menu.column(name).expect("the world names its own columns");
        let user = session.text(column("user")).and_then(|name| self.hotspot_user(name));
        let names = ["bytes-in", "bytes-out", "packets-in", "packets-out"];
        let counted = names.map(|name| match session.cells[column(name)] {
            Some(Value::Number(number)) => (name, number),
            _ => (name, 0),
        });
        for (name, number) in counted {
            if let Some(user) = user {
                self.raise(users, user, name, number);
            }
        }
    }

    /// The device's host row, where it still has one.
    fn host_row(&self, mac: Mac) -> Option<u64> {
        let id = self.clients.get(&mac)?.row?;
        self.tables[self.at(HOST)].get(id).map(|_| id)
    }

    fn appear(&mut self, mac: Mac, address: Ipv4Addr) -> u64 {
        let cells = [
            ("mac-address", mac.to_string()),
            ("address", address.to_string()),
            ("to-address", address.to_string()),
            ("server", self.config.server.clone()),
            ("DHCP", self.config.leases.to_string()),
        ];
        let id = self.add_own(self.at(HOST), &cells);
        if let Some(client) = self.clients.get_mut(&mac) {
            client.row = Some(id);
        }
        id
    }

    /// A device that moved gives its former lease back.
    fn release(&mut self, mac: Mac, address: Ipv4Addr) {
        let Some(former) = self.clients.get(&mac).map(|client| client.address).filter(|at| *at != address)
        else {
            return;
        };
        let leases = self.at(LEASE);
        let dynamic = self.tables[leases].menu.column("dynamic").expect("leases are dynamic or not");
        let of_device = |id: &u64| {
            let row = self.tables[leases].get(*id);
            row.is_some_and(|row| row.flag(dynamic) && row_mac(leases, self, row) == Some(mac))
        };
        let given: Vec<u64> = self.tables[leases].find(&former.to_string()).filter(of_device).collect();
        for id in given {
            self.remove(leases, id);
        }
    }

    fn lease(&mut self, mac: Mac, address: Ipv4Addr) {
        let (leases, now) = (self.at(LEASE), self.now());
        let known: Option<u64> = self.tables[leases].find(&address.to_string()).next();
        let id = known.unwrap_or_else(|| {
            let cells = [
                ("address", address.to_string()),
                ("server", self.config.server.clone()),
                ("dynamic", "true".to_owned()),
            ];
            self.add_own(leases, &cells)
        });
        let text = |text: &dyn ToString| Value::Text(text.to_string());
        let cells = [
            ("mac-address", text(&mac)),
            ("status", text(&"bound")),
            ("active-address", text(&address)),
            ("active-mac-address", text(&mac)),
            ("active-server", Value::Text(self.config.server.clone())),
            ("last-seen", Value::Since(now)),
            ("host-name", Value::Text(host_name(mac).to_owned())),
        ];
        for (name, value) in cells {
            self.put(leases, id, name, value);
        }
    }

    /// Counts bytes on a row and in the books.
    fn count(&mut self, mac: Mac, id: u64, down_bytes: u64, up_bytes: u64) -> u64 {
        let (hosts, active, now) = (self.at(HOST), self.at(ACTIVE), self.now());
        let session: Option<u64> = self.tables[active].find(&mac.to_string()).next();
        for (at, id) in [(hosts, Some(id)), (active, session)] {
            let Some(id) = id else { continue };
            let rows = [
                ("bytes-in", up_bytes),
                ("bytes-out", down_bytes),
                ("packets-in", up_bytes.div_ceil(PACKET_BYTES)),
                ("packets-out", down_bytes.div_ceil(PACKET_BYTES)),
            ];
            for (name, more) in rows {
                self.raise(at, id, name, more);
            }
            self.put(at, id, "idle-time", Value::Since(now));
        }
        let moved = down_bytes.saturating_add(up_bytes);
        let countable = if self.has_access(mac) { moved } else { 0 };
        if let Some(client) = self.clients.get_mut(&mac) {
            client.moved = client.moved.saturating_add(moved);
            client.countable = client.countable.saturating_add(countable);
        }
        moved
    }

    fn raise(&mut self, at: usize, id: u64, name: &str, more: u64) {
        let column = self.tables[at].menu.column(name).expect("the world names its own columns");
        if let Some(Some(Value::Number(number))) = self.tables[at].cell(id, column) {
            *number = number.saturating_add(more);
        }
    }

    /// Brings the flags of a device's host rows in line with its binding and its log-in.
    fn refresh(&mut self, mac: Mac) {
        let hosts = self.at(HOST);
        let column = self.tables[hosts].menu.column("address").expect("hosts have addresses");
        let logged_in = self.clients.get(&mac).is_some_and(|client| client.authorized);
        for id in self.tables[hosts].find(&mac.to_string()).collect::<Vec<_>>() {
            let address = self.tables[hosts].get(id).and_then(|row| row.text(column)?.parse().ok());
            let bypassed = self.binding(mac, address) == Some(BindingKind::Bypassed);
            self.put(hosts, id, "bypassed", Value::Flag(bypassed));
            self.put(hosts, id, "authorized", Value::Flag(logged_in && !bypassed));
        }
    }

    /// Type of the first enabled binding that fits a device; the order is that of the ids.
    fn binding(&self, mac: Mac, address: Option<Ipv4Addr>) -> Option<BindingKind> {
        let table = &self.tables[self.at(BINDING)];
        let column = |name| table.menu.column(name).expect("the world names its own columns");
        let (place, kind, disabled) = (column("address"), column("type"), column("disabled"));
        let fits = |row: &&Row| {
            let here = row.text(place).is_none_or(|text| address.is_some_and(|at| covers(text, at)));
            // Neither a device nor an address: fits nobody.
            here && !row.flag(disabled) && (row.text(place).is_some() || row_mac_is_set(row))
        };
        let first = |text: &str| -> Option<(u64, &Row)> {
            table.find(text).filter_map(|id| Some((id, table.get(id)?))).find(|(_, row)| fits(row))
        };
        let row = first(&mac.to_string()).into_iter().chain(first("")).min_by_key(|(id, _)| *id)?.1;
        Some(match row.text(kind) {
            Some("bypassed") => BindingKind::Bypassed,
            Some("blocked") => BindingKind::Blocked,
            _ => BindingKind::Regular,
        })
    }

    /// A row of the router's own making.
    fn add_own(&mut self, at: usize, cells: &[(&str, String)]) -> u64 {
        let cells: Vec<_> = cells.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
        self.add(at, &cells, Author::Router).expect("the router's own rows are sound")
    }
}

fn row_mac(at: usize, world: &World, row: &Row) -> Option<Mac> {
    row.text(world.tables[at].menu.column("mac-address")?)?.parse().ok()
}

/// Bindings print the device first.
fn row_mac_is_set(binding: &Row) -> bool {
    binding.text(0).is_some()
}

/// Whether an address, prefix or range holds an address.
fn covers(text: &str, address: Ipv4Addr) -> bool {
    let at = u32::from(address);
    let number = |text: &str| text.parse::<Ipv4Addr>().ok().map(u32::from);
    if let Some((first, last)) = text.split_once('-') {
        return number(first).is_some_and(|first| first <= at) && number(last).is_some_and(|last| at <= last);
    }
    let (network, bits) = text.split_once('/').unwrap_or((text, "32"));
    let bits = bits.parse::<u32>().unwrap_or(32).min(32);
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    number(network).is_some_and(|network| network & mask == at & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_prefixes_and_ranges() {
        let at = Ipv4Addr::new(10, 5, 0, 7);
        for text in ["10.5.0.7", "10.5.0.0/24", "0.0.0.0/0", "10.5.0.1-10.5.0.9"] {
            assert!(covers(text, at), "{text}");
        }
        for text in ["10.5.0.8", "10.5.1.0/24", "10.5.0.8-10.5.0.9", "nonsense"] {
            assert!(!covers(text, at), "{text}");
        }
    }
}
