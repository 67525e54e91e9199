//! Each payment host as a blocked device sees it: on the list that the rules let through, found by the router's DNS, and
//! answered through the forward chain.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::finding::CheckFinding;
use super::firewall::{Ends, PAYMENT_HOST, back, called, passes};
use super::tables::{ADDRESS_LIST, PrintedRow, Tables, field, flag};
use super::texts;
use super::walk::{Packet, walk};
use crate::domain::listing::List;
use crate::routeros::setup::{GATEWAY_HOSTS, PAYMENT_LIST, SitePlan, WALLET_HOSTS};

const ID: &str = "payment.hosts";

/// What keeps a blocked device from a host. Hosts with the same obstacle are one finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum HostObstacle {
    /// The list does not name it.
    Unlisted,
    /// The router found addresses of other names and none of this one.
    Unresolved,
    /// A rule stops the request or the answer.
    Stopped(String),
}

/// A finding for all hosts that a blocked device reaches, and one for each obstacle. A host of the gateway that is out of
/// reach is a fault where customers pay online, anything else a risk.
pub(super) fn check(
    tables: &Tables,
    rules: &[&PrintedRow],
    site: &Ends<'_>,
    plan: &SitePlan,
) -> Vec<CheckFinding> {
    let Some(rows) = tables.get(ADDRESS_LIST) else { return Vec::new() };
    let listed: Vec<&PrintedRow> =
        rows.iter().filter(|row| field(row, "list") == PAYMENT_LIST && !flag(row, "disabled")).collect();
    let mut reached = Vec::new();
    let mut obstacles: BTreeMap<(bool, HostObstacle), Vec<&str>> = BTreeMap::new();
    for (is_gateway, hosts) in [(true, &GATEWAY_HOSTS[..]), (false, &WALLET_HOSTS[..])] {
        for host in hosts {
            match obstacle(host, &listed, rules, site, plan) {
                None => reached.push(*host),
                Some(obstacle) => obstacles.entry((is_gateway, obstacle)).or_default().push(host),
            }
        }
    }
    let found = (!reached.is_empty())
        .then(|| CheckFinding::ok(ID, texts::hosts_reached(reached.len(), reached.join(", "))));
    let judge = |((is_gateway, obstacle), hosts): ((bool, HostObstacle), Vec<&str>)| {
        let hosts = hosts.join(", ");
        let (found, remedy) = match obstacle {
            HostObstacle::Unlisted => (texts::hosts_unlisted(PAYMENT_LIST, hosts), texts::run_script()),
            HostObstacle::Unresolved => (texts::hosts_unresolved(hosts), texts::mend_dns()),
            HostObstacle::Stopped(rule) => (texts::hosts_stopped(rule, hosts), texts::run_script()),
        };
        if is_gateway && plan.online_payment {
            CheckFinding::fail(ID, found, remedy)
        } else {
            CheckFinding::warn(ID, found, remedy)
        }
    };
    found.into_iter().chain(obstacles.into_iter().map(judge)).collect()
}

/// What keeps a blocked device from the host. The router adds the addresses of a listed name as dynamic rows with that
/// name in their comment; where it shows none at all, nothing is known of its DNS.
fn obstacle(
    host: &str,
    listed: &[&PrintedRow],
    rules: &[&PrintedRow],
    site: &Ends<'_>,
    plan: &SitePlan,
) -> Option<HostObstacle> {
    if !listed.iter().any(|row| !flag(row, "dynamic") && field(row, "address") == host) {
        return Some(HostObstacle::Unlisted);
    }
    let is_found = |row: &&&PrintedRow| flag(row, "dynamic");
    let of_host = listed.iter().filter(is_found).filter(|row| field(row, "comment") == host);
    let addresses: Vec<Ipv4Addr> = of_host.filter_map(|row| field(row, "address").parse().ok()).collect();
    let shows_names = listed.iter().filter(is_found).any(|row| !field(row, "comment").is_empty());
    if addresses.is_empty() && shows_names {
        return Some(HostObstacle::Unresolved);
    }
    let tried = if addresses.is_empty() { vec![PAYMENT_HOST] } else { addresses };
    let blocked = plan.lists.name(List::Blocked);
    tried.into_iter().find_map(|address| {
        let open = site.sent_by_client(blocked, address, &[PAYMENT_LIST], "new");
        let out = Packet { dst_port: Some(443), ..open };
        let answer = back(&Packet { state: "established", ..out.clone() });
        [out, answer].iter().find_map(|packet| {
            let fate = walk(rules, "forward", packet);
            (!passes(&fate)).then(|| HostObstacle::Stopped(called(fate.rule)))
        })
    })
}
