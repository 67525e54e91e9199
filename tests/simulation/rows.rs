//! The rows of the router against what must stand there.

use std::collections::BTreeMap;

use crate::auditor::{self, Claimed, Expected};
use crate::border::{binding_name, list_name};
use crate::hotspot::{Inside, Listed};

/// Everything that is wrong with the router's rows.
pub fn judge_rows(inside: &Inside, claims: &[Claimed]) -> Vec<String> {
    let hosts: Vec<_> =
        inside.on_air().into_iter().map(|(mac, at)| (mac.to_string(), at.to_string())).collect();
    let bound = inside.bindings.iter().filter(|row| !row.disabled);
    let bound = bound.filter_map(|row| Some((row.mac, row.address?)));
    let leased = inside.devices.iter().filter_map(|device| Some((device.mac, device.lease?)));
    let fallback: Vec<_> = bound.chain(leased).map(|(mac, at)| (mac.to_string(), at.to_string())).collect();
    let expected = auditor::expected(claims, &hosts, &fallback);
    let mut wrong = judge_lists(inside, &expected);
    wrong.extend(judge_bindings(inside, &expected));
    wrong
}

/// Each address stands in its list and in no other, by one row of ours, or by a row of others that leaves no room for
/// it.
fn judge_lists(inside: &Inside, expected: &Expected) -> Vec<String> {
    let mut rows: BTreeMap<String, Vec<&Listed>> = BTreeMap::new();
    for row in &inside.lists {
        rows.entry(row.address.to_string()).or_default().push(row);
    }
    let none = Vec::new();
    let addresses = expected.lists.keys().chain(rows.keys());
    addresses
        .filter(|address| {
            let list = expected.lists.get(*address);
            let here = rows.get(*address).unwrap_or(&none);
            let ours: Vec<_> = here.iter().filter(|row| row.ours).collect();
            let is_held = here.iter().any(|row| !row.ours && Some(&list_name(row.list)) == list);
            match ours.as_slice() {
                [] => list.is_some() && !is_held,
                [row] => row.disabled || row.dynamic || Some(&list_name(row.list)) != list,
                _ => true,
            }
        })
        .map(|address| {
            let (list, here) = (expected.lists.get(address), rows.get(address));
            format!("{address} must be in {list:?}; there are {here:?}")
        })
        .collect()
}

/// Each device has one binding of ours with its type, unless others bound it.
fn judge_bindings(inside: &Inside, expected: &Expected) -> Vec<String> {
    let mut rows: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in &inside.bindings {
        rows.entry(row.mac.to_string()).or_default().push(row);
    }
    let none = Vec::new();
    let macs = expected.bindings.keys().chain(rows.keys());
    macs.filter(|mac| {
        let kind = expected.bindings.get(*mac);
        let here = rows.get(*mac).unwrap_or(&none);
        let ours: Vec<_> = here.iter().filter(|row| row.ours).collect();
        match ours.as_slice() {
            [] => kind.is_some() && here.is_empty(),
            [row] => row.disabled || Some(&binding_name(row.kind)) != kind,
            _ => true,
        }
    })
    .map(|mac| format!("{mac} must be {:?}; there are {:?}", expected.bindings.get(mac), rows.get(mac)))
    .collect()
}
