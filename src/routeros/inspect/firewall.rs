//! Checks of the firewall: what becomes of stopped, slowed and paying customers' packets.

use std::net::{IpAddr, Ipv4Addr};

use super::finding::{CheckFinding, RUN_SCRIPT};
use super::tables::{ADDRESS_LIST, FILTER, MANGLE, NAT, PrintedRow, QUEUE_TREE, QUEUE_TYPE, Tables, field};
use super::walk::{Fate, Packet, walk};
use crate::domain::listing::List;
use crate::routeros::setup::{CLIENT_LIST, PAYMENT_LIST, PORTAL_LIST, STOPPED, SitePlan};

/// Addresses that nobody has, for hosts of which only the list matters.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
const PAYMENT_HOST: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);

pub(super) fn check(tables: &Tables, plan: &SitePlan) -> Vec<CheckFinding> {
    let Some(site) = Ends::of(tables, plan) else {
        let remedy = "write the networks of customers' devices in portal.client_networks";
        return vec![CheckFinding::warn(
            "firewall.clients",
            "no IPv4 network of customers is configured",
            remedy,
        )];
    };
    let mut out = Vec::new();
    if tables.get(FILTER).is_some() {
        let rules: Vec<&PrintedRow> = tables.enabled(FILTER).collect();
        out.push(rejects(&rules, &site, plan));
        out.push(payment(&rules, &site, plan));
        out.push(portal(&rules, &site, plan));
        out.extend(plan.desk_port.map(|port| desk(&rules, &site, plan, port)));
        out.extend(fasttrack(&rules, &site, plan));
    }
    if tables.get(NAT).is_some() {
        out.push(masquerade(&tables.enabled(NAT).collect::<Vec<_>>(), &site, plan));
    }
    if tables.get(MANGLE).is_some() && tables.get(QUEUE_TREE).is_some() && tables.get(QUEUE_TYPE).is_some() {
        out.push(reduced_speed(tables, plan));
    }
    out
}

/// The two ends of the packets that are tried.
struct Ends<'a> {
    client: Ipv4Addr,
    portal: Ipv4Addr,
    /// Lists of networks that hold the client.
    client_lists: Vec<&'a str>,
}

impl<'a> Ends<'a> {
    fn of(tables: &'a Tables, plan: &SitePlan) -> Option<Self> {
        let network = plan
            .client_networks
            .iter()
            .find_map(|network| network.split('/').next()?.parse::<Ipv4Addr>().ok())?;
        let client = Ipv4Addr::from(u32::from(network).saturating_add(9));
        let holds = |row: &&PrintedRow| super::walk::network(field(row, "address"), client) == Some(true);
        let status = List::ALL.map(|list| plan.lists.name(list).to_owned());
        let client_lists = tables
            .enabled(ADDRESS_LIST)
            .filter(holds)
            .map(|row| field(row, "list"))
            .filter(|name| !status.iter().any(|list| list == name))
            .collect();
        let portal = plan.portal_host.parse().unwrap_or(Ipv4Addr::new(203, 0, 113, 81));
        Some(Self { client, portal, client_lists })
    }

    /// A packet of a client with this access, to somewhere that is on these lists.
    fn sent_by_client<'b>(
        &'b self,
        list: &'b str,
        to: Ipv4Addr,
        on: &[&'b str],
        state: &'b str,
    ) -> Packet<'b> {
        let mut src_lists = self.client_lists.clone();
        src_lists.push(list);
        let dst_lists = on.to_vec();
        Packet { src: self.client, dst: to, src_lists, dst_lists, state, src_port: None, dst_port: None }
    }
}

/// The same packet the other way round.
fn back<'a>(packet: &Packet<'a>) -> Packet<'a> {
    Packet {
        src: packet.dst,
        dst: packet.src,
        src_lists: packet.dst_lists.clone(),
        dst_lists: packet.src_lists.clone(),
        src_port: packet.dst_port,
        dst_port: packet.src_port,
        ..packet.clone()
    }
}

/// What a rule is called by people.
fn called(rule: Option<&PrintedRow>) -> String {
    let Some(rule) = rule else { return "the end of the chain".to_owned() };
    let shown = ["action", "src-address-list", "dst-address-list", "connection-state", "comment"];
    let cell = |name: &&str| match field(rule, name) {
        "" => None,
        text => Some(format!("{name}={text:.60}")),
    };
    shown.iter().filter_map(cell).collect::<Vec<_>>().join(" ")
}

fn rejects(rules: &[&PrintedRow], site: &Ends<'_>, plan: &SitePlan) -> CheckFinding {
    const ID: &str = "firewall.reject";
    let has_rule = |name: &str, side: &str| {
        let stops = |rule: &&&PrintedRow| matches!(field(rule, "action"), "reject" | "drop" | "tarpit");
        rules.iter().filter(stops).any(|rule| field(rule, side) == name)
    };
    for list in STOPPED {
        let name = plan.lists.name(list);
        for side in ["src-address-list", "dst-address-list"] {
            for state in ["new", "established"] {
                let out = site.sent_by_client(name, ELSEWHERE, &[], state);
                let packet = if side == "src-address-list" { out } else { back(&out) };
                let fate = walk(rules, "forward", &packet);
                if fate.is_stopped() {
                    continue;
                }
                if !has_rule(name, side) {
                    let text =
                        format!("no enabled rule rejects {side}={name}: stopped customers stay online");
                    return CheckFinding::fail(ID, text, RUN_SCRIPT);
                }
                let before = fate.perhaps("accept").or(fate.rule);
                let text = format!(
                    "packets of {name} ({side}, {state}) pass before they are rejected: {}",
                    called(before)
                );
                return CheckFinding::fail(
                    "firewall.order",
                    text,
                    format!("move that rule below ours, or {RUN_SCRIPT}"),
                );
            }
        }
    }
    CheckFinding::ok(
        ID,
        "stopped customers are rejected, to and from them, before anything lets them through",
    )
}

/// Whether a packet surely passes: it is accepted or reaches the end, and nothing may stop it before.
fn passes(fate: &Fate<'_>) -> bool {
    let stopped = ["reject", "drop", "tarpit"].iter().any(|action| fate.perhaps(action).is_some());
    !stopped && !matches!(fate.end, Some("reject" | "drop" | "tarpit"))
}

fn payment(rules: &[&PrintedRow], site: &Ends<'_>, plan: &SitePlan) -> CheckFinding {
    const ID: &str = "firewall.payment";
    let found = |text: String, remedy: &str| {
        if plan.online_payment {
            CheckFinding::fail(ID, text, remedy)
        } else {
            CheckFinding::warn(ID, text, remedy)
        }
    };
    for list in STOPPED {
        let open = site.sent_by_client(plan.lists.name(list), PAYMENT_HOST, &[PAYMENT_LIST], "new");
        let out = Packet { dst_port: Some(443), ..open };
        for packet in [out.clone(), back(&Packet { state: "established", ..out })] {
            let fate = walk(rules, "forward", &packet);
            if !passes(&fate) {
                let name = plan.lists.name(list);
                let text = format!(
                    "customers of {name} cannot reach the payment hosts of {PAYMENT_LIST}, or get no answer: {}",
                    called(fate.rule)
                );
                return found(text, RUN_SCRIPT);
            }
        }
    }
    CheckFinding::ok(ID, "payment hosts can be reached by stopped customers")
}

fn portal(rules: &[&PrintedRow], site: &Ends<'_>, plan: &SitePlan) -> CheckFinding {
    const ID: &str = "firewall.portal";
    let port = Some(plan.portal_port);
    for list in STOPPED {
        let name = plan.lists.name(list);
        let out = Packet { dst_port: port, ..site.sent_by_client(name, site.portal, &[PORTAL_LIST], "new") };
        for packet in [out.clone(), back(&Packet { state: "established", ..out })] {
            let fate = walk(rules, "forward", &packet);
            if !passes(&fate) {
                let text = format!("customers of {name} cannot reach the portal: {}", called(fate.rule));
                return CheckFinding::fail(ID, text, RUN_SCRIPT);
            }
        }
    }
    CheckFinding::ok(ID, "the portal can be reached by stopped customers")
}

/// Whether customers are kept from the owner's pages. A device among them that is named as a manager's is not.
fn desk(rules: &[&PrintedRow], site: &Ends<'_>, plan: &SitePlan, port: u16) -> CheckFinding {
    const ID: &str = "firewall.desk";
    if plan.managers.iter().any(|network| super::walk::network(network, site.client) == Some(true)) {
        let text = "admin.allowed_networks names the customers' network, so every customer reaches the owner's log-in";
        let remedy =
            "name single devices there instead, such as \"10.5.50.7\", and run router-setup's script again";
        return CheckFinding::warn(ID, text, remedy);
    }
    let agent = match plan.agent {
        Some(IpAddr::V4(address)) => address,
        Some(IpAddr::V6(_)) | None => site.portal,
    };
    let active = site.sent_by_client(plan.lists.name(List::Active), agent, &[PORTAL_LIST], "new");
    let fate = walk(rules, "forward", &Packet { dst_port: Some(port), ..active });
    if fate.is_stopped() {
        return CheckFinding::ok(ID, format!("customers do not reach the owner's pages at port {port}"));
    }
    let text = format!(
        "the router lets customers reach port {port} of the owner's pages: {}; the agent refuses them by itself",
        called(fate.perhaps("accept").or(fate.rule))
    );
    CheckFinding::warn(ID, text, RUN_SCRIPT)
}

fn fasttrack(rules: &[&PrintedRow], site: &Ends<'_>, plan: &SitePlan) -> Vec<CheckFinding> {
    let tracked = |list: List| {
        let out = site.sent_by_client(plan.lists.name(list), ELSEWHERE, &[], "established");
        [back(&out), out].iter().find_map(|packet| {
            let fate = walk(rules, "forward", packet);
            let sure = fate.rule.filter(|_| fate.end == Some("fasttrack-connection"));
            fate.perhaps("fasttrack-connection").or(sure).map(|rule| called(Some(rule)))
        })
    };
    let remedy = "put the rules \"sambungan\" of \"kuotad router-setup\" above it, or give it src-address-list and \
                  dst-address-list \"!kuota_klien\"";
    let check = |id: &'static str, list: List, ok: &str, bad: &str| match tracked(list) {
        None => CheckFinding::ok(id, ok),
        Some(rule) => CheckFinding::fail(id, format!("{bad}: {rule}"), remedy),
    };
    vec![
        check(
            "fasttrack",
            List::Active,
            "customers are not fasttracked",
            "customers are fasttracked, so their usage is counted too low",
        ),
        check(
            "fup.fasttrack",
            List::Fup,
            "slowed customers are not fasttracked",
            "slowed customers are fasttracked past their queue",
        ),
    ]
}

fn masquerade(rules: &[&PrintedRow], site: &Ends<'_>, plan: &SitePlan) -> CheckFinding {
    const ID: &str = "nat.portal";
    let active = plan.lists.name(List::Active);
    let to_portal = site.sent_by_client(active, site.portal, &[PORTAL_LIST], "new");
    let packet = Packet { dst_port: Some(plan.portal_port), ..to_portal };
    let fate = walk(rules, "srcnat", &packet);
    if matches!(fate.end, Some("masquerade" | "src-nat" | "netmap" | "same")) {
        let text = format!("the portal sees the router's address for every customer: {}", called(fate.rule));
        let remedy = format!("give that rule the out-interface of the uplink, or {RUN_SCRIPT}");
        return CheckFinding::fail(ID, text, remedy);
    }
    CheckFinding::ok(ID, format!("customers of {CLIENT_LIST} reach the portal with their own address"))
}

/// Bits per second of `1M`, `512k` and `1000000`.
fn rate(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(['k', 'K', 'M', 'G']);
    let factor = match &text[digits.len()..] {
        "" => 1,
        "k" | "K" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

fn reduced_speed(tables: &Tables, plan: &SitePlan) -> CheckFinding {
    let fup = plan.lists.name(List::Fup);
    let sides = [
        ("src-address-list", "src-address", &plan.fup_up, "upload"),
        ("dst-address-list", "dst-address", &plan.fup_down, "download"),
    ];
    for (list, classifier, wanted, what) in sides {
        let marks = |row: &&PrintedRow| field(row, "action") == "mark-packet" && field(row, list) == fup;
        let Some(mark) = tables.enabled(MANGLE).find(marks).map(|row| field(row, "new-packet-mark")) else {
            let text = format!("no enabled mangle rule marks {what} of {fup}: reduced speed is full speed");
            return CheckFinding::fail("fup.mark", text, RUN_SCRIPT);
        };
        let in_queue = |row: &&PrintedRow| field(row, "packet-mark").split(',').any(|m| m == mark);
        let Some(queue) = tables.enabled(QUEUE_TREE).find(in_queue) else {
            let text =
                format!("no enabled queue takes the mark {mark}: {what} at reduced speed is full speed");
            return CheckFinding::fail("fup.queue", text, RUN_SCRIPT);
        };
        let kind = tables.enabled(QUEUE_TYPE).find(|row| field(row, "name") == field(queue, "queue"));
        let found = kind.map_or("", |kind| field(kind, "pcq-rate"));
        let shared =
            kind.is_none_or(|kind| !field(kind, "pcq-classifier").split(',').any(|c| c == classifier));
        if rate(found) != rate(wanted) || shared {
            let found = if found.is_empty() { "no rate" } else { found };
            let text = format!("{what} at reduced speed has {found} and not {wanted} for each address");
            return CheckFinding::fail("fup.queue", text, RUN_SCRIPT);
        }
    }
    CheckFinding::ok(
        "fup.queue",
        format!("reduced speed is {} up and {} down for each address", plan.fup_up, plan.fup_down),
    )
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn rates_are_the_same_however_they_are_written() {
        assert_eq!(rate("1M"), rate("1000000"));
        assert_eq!(rate("512k"), Some(512_000));
        assert_eq!((rate(""), rate("1m"), rate("M")), (None, None, None));
    }
}
