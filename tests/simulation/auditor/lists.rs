//! Which address belongs in which list of the router, and which type each device's binding has.

use std::collections::{BTreeMap, BTreeSet};

/// What one bound device should have.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub mac: String,
    pub list: &'static str,
    pub binding: &'static str,
}

/// The lists, the weightiest last: where two devices claim one address, the weightier wins.
const WEIGHTS: [&str; 6] = ["aktif", "fup", "habis", "expired", "inactive", "blocked"];

/// What must stand on the router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    pub lists: BTreeMap<String, &'static str>,
    pub bindings: BTreeMap<String, &'static str>,
}

/// Where devices are: rows of the host table with the address that firewall rules see, then what bindings and leases
/// say, in this order.
pub fn expected(claims: &[Claimed], hosts: &[(String, String)], fallback: &[(String, String)]) -> Expected {
    let taken: BTreeSet<&String> = hosts.iter().map(|(_, address)| address).collect();
    let mut all = Expected::default();
    for claim in claims {
        all.bindings.insert(claim.mac.clone(), claim.binding);
        let mut here: Vec<&String> =
            hosts.iter().filter(|(mac, _)| *mac == claim.mac).map(|(_, address)| address).collect();
        if here.is_empty() {
            let known = fallback.iter().find(|(mac, _)| *mac == claim.mac).map(|(_, address)| address);
            // What the host table shows under another device is not this one's.
            here.extend(known.filter(|address| !taken.contains(address)));
        }
        for address in here {
            let held = all.lists.entry(address.clone()).or_insert(claim.list);
            if weight(claim.list) > weight(held) {
                *held = claim.list;
            }
        }
    }
    all
}

fn weight(list: &str) -> Option<usize> {
    WEIGHTS.iter().position(|one| *one == list)
}
