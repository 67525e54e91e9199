//! The menus that the checks read, and their rows as printed.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::routeros::words;

/// One row as printed.
pub(crate) type PrintedRow = BTreeMap<String, String>;

/// A field as printed; empty where the row lacks it.
pub(super) fn field<'a>(row: &'a PrintedRow, name: &str) -> &'a str {
    row.get(name).map_or("", String::as_str)
}

pub(super) fn flag(row: &PrintedRow, name: &str) -> bool {
    words::boolean(field(row, name)).unwrap_or(false)
}

pub(super) fn is_enabled(row: &PrintedRow) -> bool {
    !flag(row, "disabled") && !flag(row, "invalid")
}

pub(super) const USER: &str = "/user/print";
pub(super) const GROUP: &str = "/user/group/print";
pub(super) const SERVICE: &str = "/ip/service/print";
pub(super) const HOTSPOT: &str = "/ip/hotspot/print";
pub(super) const GARDEN: &str = "/ip/hotspot/walled-garden/ip/print";
pub(super) const BINDING: &str = "/ip/hotspot/ip-binding/print";
pub(crate) const ADDRESS_LIST: &str = "/ip/firewall/address-list/print";
pub(super) const FILTER: &str = "/ip/firewall/filter/print";
pub(super) const NAT: &str = "/ip/firewall/nat/print";
pub(super) const MANGLE: &str = "/ip/firewall/mangle/print";
pub(super) const QUEUE_TYPE: &str = "/queue/type/print";
pub(super) const QUEUE_TREE: &str = "/queue/tree/print";
pub(super) const CLOCK: &str = "/system/clock/print";
pub(super) const HOSTS: &str = "/ip/hotspot/host/print";
pub(super) const DEVICE_MODE: &str = "/system/device-mode/print";
pub(super) const LICENSE: &str = "/system/license/print";
pub(super) const RESOURCE: &str = "/system/resource/print";
/// Not among [`MENUS`]: only the set-up asks for it.
pub(crate) const ADDRESS: &str = "/ip/address/print";
pub(super) const IPV6: &str = "/ipv6/firewall/filter/print";

const RULE: &str = "chain,action,jump-target,protocol,src-address,dst-address,src-address-list,dst-address-list,\
                    src-mac-address,src-port,dst-port,in-interface,out-interface,in-interface-list,\
                    out-interface-list,connection-state,connection-mark,packet-mark,routing-mark,hotspot,limit,\
                    new-packet-mark,dynamic,disabled,invalid,comment";

/// What is read, and which columns.
pub(crate) const MENUS: [(&str, &str); 18] = [
    (USER, "name,group,address,disabled"),
    (GROUP, "name,policy"),
    (SERVICE, "name,port,address,certificate,disabled,invalid"),
    (HOTSPOT, "name,interface,disabled,invalid"),
    (GARDEN, "action,dst-address,dst-address-list,dst-host,dst-port,protocol,disabled"),
    (BINDING, "address,to-address,type,disabled"),
    (ADDRESS_LIST, "list,address,timeout,dynamic,disabled,comment"),
    (FILTER, RULE),
    (NAT, RULE),
    (MANGLE, RULE),
    (QUEUE_TYPE, "name,kind,pcq-rate,pcq-classifier"),
    (QUEUE_TREE, "name,parent,packet-mark,queue,disabled,invalid"),
    (CLOCK, "date,time,gmt-offset,time-zone-name"),
    (HOSTS, "authorized,bypassed"),
    (DEVICE_MODE, "mode,hotspot"),
    (LICENSE, "nlevel,level"),
    (RESOURCE, "board-name,write-sect-total,write-sect-since-reboot,bad-blocks"),
    (IPV6, "chain,action,in-interface,out-interface,src-address,dst-address,disabled"),
];

/// What the menus print.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub(crate) rows: BTreeMap<&'static str, Vec<PrintedRow>>,
    /// Menus that could not be read, with the router's words.
    pub(crate) missing: Vec<(&'static str, String)>,
}

impl Tables {
    /// The rows of a menu; `None` where it could not be read.
    pub(super) fn get(&self, menu: &str) -> Option<&[PrintedRow]> {
        self.rows.get(menu).map(Vec::as_slice)
    }

    /// The zone of the router's clock, by name and by distance from UTC; `None` where it could not be read.
    pub fn zone(&self) -> Option<(&str, &str)> {
        let row = self.get(CLOCK)?.first()?;
        Some((field(row, "time-zone-name"), field(row, "gmt-offset")))
    }

    /// Enabled rows that are not made by the router itself.
    pub(super) fn enabled(&self, menu: &str) -> impl Iterator<Item = &PrintedRow> {
        let rows = self.get(menu).unwrap_or_default().iter();
        rows.filter(|row| is_enabled(row) && !flag(row, "dynamic"))
    }
}

/// The networks of addresses on the interfaces of hotspot servers.
pub(crate) fn networks_of(tables: &Tables, addresses: &[PrintedRow]) -> Vec<String> {
    let interfaces: Vec<&str> = tables.enabled(HOTSPOT).map(|row| field(row, "interface")).collect();
    let ours =
        addresses.iter().filter(|row| is_enabled(row) && interfaces.contains(&field(row, "interface")));
    let network = |row: &PrintedRow| {
        let (_, prefix) = field(row, "address").split_once('/')?;
        let (network, prefix) = (field(row, "network").parse::<Ipv4Addr>().ok()?, prefix.parse::<u8>().ok()?);
        (prefix <= 32).then(|| format!("{network}/{prefix}"))
    };
    let mut out: Vec<String> = ours.filter_map(network).collect();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_in_the_networks_of_interfaces_with_a_hotspot_server() {
        let row = |cells: &[(&str, &str)]| -> PrintedRow {
            cells.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let mut tables = Tables::default();
        let servers = [
            row(&[("name", "h1"), ("interface", "bridge-hs")]),
            row(&[("name", "h2"), ("interface", "ether9"), ("disabled", "true")]),
        ];
        tables.rows.insert(HOTSPOT, servers.to_vec());
        let address = |address: &str, network: &str, interface: &str| {
            row(&[("address", address), ("network", network), ("interface", interface)])
        };
        let rows = [
            address("10.5.50.1/24", "10.5.50.0", "bridge-hs"),
            address("192.168.88.1/24", "192.168.88.0", "bridge"),
            address("10.9.0.1/24", "10.9.0.0", "ether9"),
            address("10.6.0.1", "10.6.0.0", "bridge-hs"),
            address("10.7.0.1/99", "10.7.0.0", "bridge-hs"),
            address("10.8.0.1/24", "x", "bridge-hs"),
        ];
        assert_eq!(networks_of(&tables, &rows), ["10.5.50.0/24"]);
        assert_eq!(networks_of(&Tables::default(), &rows), Vec::<String>::new());
    }
}
