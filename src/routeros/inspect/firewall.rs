//! Checks of the firewall: what becomes of stopped, slowed and paying customers' packets.

use std::net::{IpAddr, Ipv4Addr};

use super::finding::CheckFinding;
use super::payment_hosts;
use super::tables::{ADDRESS_LIST, FILTER, MANGLE, NAT, PrintedRow, QUEUE_TREE, QUEUE_TYPE, Tables, field};
use super::texts;
use super::walk::{Fate, Packet, walk};
use crate::domain::listing::List;
use crate::routeros::setup::{CLIENT_LIST, PAYMENT_LIST, PORTAL_LIST, STOPPED, SitePlan};
use crate::ui::message::Message;

/// Addresses that nobody has, for hosts of which only the list matters.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
pub(super) const PAYMENT_HOST: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);

pub(super) fn check(tables: &Tables, plan: &SitePlan) -> Vec<CheckFinding> {
    let Some(site) = Ends::of(tables, plan) else {
        let remedy = texts::write_networks();
        return vec![CheckFinding::warn("firewall.clients", texts::no_networks(), remedy)];
    };
    let mut out = Vec::new();
    if tables.get(FILTER).is_some() {
        let rules: Vec<&PrintedRow> = tables.enabled(FILTER).collect();
        out.push(rejects(&rules, &site, plan));
        out.push(payment(&rules, &site, plan));
        out.extend(payment_hosts::check(tables, &rules, &site, plan));
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
pub(super) struct Ends<'a> {
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
    pub(super) fn sent_by_client<'b>(
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
pub(super) fn back<'a>(packet: &Packet<'a>) -> Packet<'a> {
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
pub(super) fn called(rule: Option<&PrintedRow>) -> String {
    let Some(rule) = rule else { return "action=accept (default)".to_owned() };
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
                    let found = texts::reject_missing(side, name);
                    return CheckFinding::fail(ID, found, texts::run_script());
                }
                let before = called(fate.perhaps("accept").or(fate.rule));
                let found = texts::passes_before_reject(name, side, state, before);
                return CheckFinding::fail("firewall.order", found, texts::move_rule());
            }
        }
    }
    CheckFinding::ok(ID, texts::stopped_are_rejected())
}

/// Whether a packet surely passes: it is accepted or reaches the end, and nothing may stop it before.
pub(super) fn passes(fate: &Fate<'_>) -> bool {
    let stopped = ["reject", "drop", "tarpit"].iter().any(|action| fate.perhaps(action).is_some());
    !stopped && !matches!(fate.end, Some("reject" | "drop" | "tarpit"))
}

fn payment(rules: &[&PrintedRow], site: &Ends<'_>, plan: &SitePlan) -> CheckFinding {
    const ID: &str = "firewall.payment";
    let judge = if plan.online_payment { CheckFinding::fail } else { CheckFinding::warn };
    for list in STOPPED {
        let open = site.sent_by_client(plan.lists.name(list), PAYMENT_HOST, &[PAYMENT_LIST], "new");
        let out = Packet { dst_port: Some(443), ..open };
        for packet in [out.clone(), back(&Packet { state: "established", ..out })] {
            let fate = walk(rules, "forward", &packet);
            if !passes(&fate) {
                let name = plan.lists.name(list);
                let found = texts::payment_closed(name, PAYMENT_LIST, called(fate.rule));
                return judge(ID, found, texts::run_script());
            }
        }
    }
    CheckFinding::ok(ID, texts::payment_open())
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
                let found = texts::portal_closed(name, called(fate.rule));
                return CheckFinding::fail(ID, found, texts::run_script());
            }
        }
    }
    CheckFinding::ok(ID, texts::portal_open())
}

/// Whether customers are kept from the owner's pages. A device among them that is named as a manager's is not.
fn desk(rules: &[&PrintedRow], site: &Ends<'_>, plan: &SitePlan, port: u16) -> CheckFinding {
    const ID: &str = "firewall.desk";
    if plan.managers.iter().any(|network| super::walk::network(network, site.client) == Some(true)) {
        return CheckFinding::warn(ID, texts::desk_named(), texts::name_devices());
    }
    let agent = match plan.agent {
        Some(IpAddr::V4(address)) => address,
        Some(IpAddr::V6(_)) | None => site.portal,
    };
    let active = site.sent_by_client(plan.lists.name(List::Active), agent, &[PORTAL_LIST], "new");
    let fate = walk(rules, "forward", &Packet { dst_port: Some(port), ..active });
    if fate.is_stopped() {
        return CheckFinding::ok(ID, texts::desk_closed(port));
    }
    let rule = called(fate.perhaps("accept").or(fate.rule));
    CheckFinding::warn(ID, texts::desk_open(port, rule), texts::run_script())
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
    let judge = |id: &'static str, list: List, ok: Message, bad: fn(String) -> Message| match tracked(list) {
        None => CheckFinding::ok(id, ok),
        Some(rule) => CheckFinding::fail(id, bad(rule), texts::except_clients()),
    };
    let (free, slowed_free) = (texts::not_fasttracked(), texts::slowed_not_fasttracked());
    vec![
        judge("fasttrack", List::Active, free, texts::fasttracked),
        judge("fup.fasttrack", List::Fup, slowed_free, texts::slowed_fasttracked),
    ]
}

fn masquerade(rules: &[&PrintedRow], site: &Ends<'_>, plan: &SitePlan) -> CheckFinding {
    const ID: &str = "nat.portal";
    let active = plan.lists.name(List::Active);
    let to_portal = site.sent_by_client(active, site.portal, &[PORTAL_LIST], "new");
    let packet = Packet { dst_port: Some(plan.portal_port), ..to_portal };
    let fate = walk(rules, "srcnat", &packet);
    if matches!(fate.end, Some("masquerade" | "src-nat" | "netmap" | "same")) {
        let found = texts::portal_masqueraded(called(fate.rule));
        return CheckFinding::fail(ID, found, texts::bind_masquerade());
    }
    CheckFinding::ok(ID, texts::portal_sees_clients(CLIENT_LIST))
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
            return CheckFinding::fail("fup.mark", texts::fup_unmarked(what, fup), texts::run_script());
        };
        let in_queue = |row: &&PrintedRow| field(row, "packet-mark").split(',').any(|m| m == mark);
        let Some(queue) = tables.enabled(QUEUE_TREE).find(in_queue) else {
            return CheckFinding::fail("fup.queue", texts::fup_unqueued(mark, what), texts::run_script());
        };
        let kind = tables.enabled(QUEUE_TYPE).find(|row| field(row, "name") == field(queue, "queue"));
        let found = kind.map_or("", |kind| field(kind, "pcq-rate"));
        let shared =
            kind.is_none_or(|kind| !field(kind, "pcq-classifier").split(',').any(|c| c == classifier));
        if rate(found) != rate(wanted) || shared {
            let found = match found {
                "" => texts::fup_without_rate(what, wanted),
                found => texts::fup_rate_differs(what, found, wanted),
            };
            return CheckFinding::fail("fup.queue", found, texts::run_script());
        }
    }
    CheckFinding::ok("fup.queue", texts::fup_fits(&plan.fup_up, &plan.fup_down))
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
