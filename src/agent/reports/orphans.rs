//! Devices that the router has and the store has not, since this machine took the site over.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::agent::engine::ReadView;
use crate::domain::id::{Mac, UserId};
use crate::protocol::admin::page::{Cursor, List, PageQuery};
use crate::store::OrphanRecord;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrphanDevice {
    pub record: OrphanRecord,
    /// As firewall rules see it, while it is on the hotspot.
    pub address: Option<Ipv4Addr>,
    /// The customer whom its binding names, where the store knows that customer.
    pub customer: Option<(UserId, String)>,
}

impl OrphanDevice {
    pub fn mac(&self) -> Mac {
        self.record.orphan.mac
    }
}

/// A page of them, by MAC address.
pub(crate) fn orphans(look: &ReadView, page: PageQuery) -> List<OrphanDevice> {
    let number = |mac: Mac| i64::try_from(mac.to_u64()).unwrap_or(i64::MAX);
    let is_after =
        |record: &&OrphanRecord| page.after.is_none_or(|Cursor(after)| number(record.orphan.mac) > after);
    let records: Vec<&OrphanRecord> =
        look.orphans().filter(is_after).take(page.limit.rows().saturating_add(1)).collect();
    let macs: BTreeSet<Mac> = records.iter().map(|record| record.orphan.mac).collect();
    let hosts = look.host_table().rows_by_mac(|mac| macs.contains(mac));
    let device = |record: &OrphanRecord| {
        let named = look.who(Some(&record.orphan.owner), None, None);
        OrphanDevice {
            record: record.clone(),
            address: hosts.of(record.orphan.mac).iter().find_map(|row| row.seen_address()),
            customer: named.user.zip(named.name),
        }
    };
    List::of(records.into_iter().map(device).collect(), page.limit, |found| number(found.mac()))
}
