//! Checks of everything but the firewall: who may log in, the hotspot, the lists, the clock.

use std::net::IpAddr;

use super::finding::CheckFinding;
use super::tables::{
    ADDRESS_LIST, BINDING, CLOCK, FILTER, GARDEN, GROUP, HOTSPOT, IPV6, PrintedRow, SERVICE, Tables, USER,
    field, flag, is_enabled,
};
use super::texts;
use super::walk::network;
use crate::domain::listing::{List, TAG};
use crate::routeros::setup::{GATEWAY_HOSTS, PAYMENT_LIST, PORTAL_LIST, SitePlan, WALLET_HOSTS, quoted};

/// By how much the two clocks may differ.
const CLOCKS_APART_MS_MAX: i64 = 5 * 60_000;
/// Policies that the agent needs; any other is more than that.
const POLICIES: [&str; 3] = ["api", "read", "write"];

pub(super) fn check(tables: &Tables, plan: &SitePlan, now_ms: i64) -> Vec<CheckFinding> {
    let checks = [
        rights(tables, plan),
        user_address(tables, plan),
        service_address(tables, plan),
        certificate(tables, plan),
        hotspot(tables),
        walled_garden(tables, plan),
        binding(tables, plan),
        foreign_rows(tables, plan),
        dynamic_rows(tables, plan),
        hotspot_ipv6(tables),
        router_clock(tables, now_ms),
    ];
    checks.into_iter().flatten().collect()
}

fn user<'a>(tables: &'a Tables, plan: &SitePlan) -> Option<&'a PrintedRow> {
    tables.get(USER)?.iter().find(|row| field(row, "name") == plan.username)
}

fn rights(tables: &Tables, plan: &SitePlan) -> Option<CheckFinding> {
    const ID: &str = "router.rights";
    let group = field(user(tables, plan)?, "group");
    let row = tables.get(GROUP)?.iter().find(|row| field(row, "name") == group)?;
    let policies: Vec<&str> =
        field(row, "policy").split(',').filter(|p| !p.is_empty() && !p.starts_with('!')).collect();
    if let Some(lacking) = POLICIES.iter().find(|policy| !policies.contains(policy)) {
        let remedy = texts::set_policies(quoted(group));
        return Some(CheckFinding::fail(ID, texts::policy_lacking(group, lacking), remedy));
    }
    let more: Vec<&str> = policies.into_iter().filter(|policy| !POLICIES.contains(policy)).collect();
    if more.is_empty() {
        return Some(CheckFinding::ok(ID, texts::policies_fit(&plan.username)));
    }
    let found = texts::policies_too_many(group, more.join(", "));
    Some(CheckFinding::warn(ID, found, texts::own_group()))
}

/// The address as text, for commands in remedies.
fn agent(plan: &SitePlan) -> String {
    plan.agent.map_or_else(|| "ADDRESS-OF-THE-AGENT".to_owned(), |agent| agent.to_string())
}

fn user_address(tables: &Tables, plan: &SitePlan) -> Option<CheckFinding> {
    const ID: &str = "router.user-address";
    let row = user(tables, plan)?;
    let (name, address) = (&plan.username, field(row, "address"));
    if !address.is_empty() {
        return Some(CheckFinding::ok(ID, texts::user_bound(name, address)));
    }
    let remedy = texts::bind_user(quoted(name), agent(plan));
    Some(CheckFinding::warn(ID, texts::user_from_anywhere(name), remedy))
}

fn service_address(tables: &Tables, plan: &SitePlan) -> Option<CheckFinding> {
    const ID: &str = "router.service-address";
    let rows = tables.get(SERVICE)?.iter();
    let open = |row: &&PrintedRow| {
        matches!(field(row, "name"), "api" | "api-ssl")
            && !flag(row, "disabled")
            && field(row, "address").is_empty()
    };
    Some(match rows.map(|row| (row, field(row, "name"))).find(|(row, _)| open(row)) {
        None => CheckFinding::ok(ID, texts::service_bound()),
        Some((_, name)) => {
            let remedy = texts::bind_service(name, agent(plan));
            CheckFinding::warn(ID, texts::service_for_anybody(name), remedy)
        }
    })
}

fn certificate(tables: &Tables, plan: &SitePlan) -> Option<CheckFinding> {
    const ID: &str = "router.certificate";
    let row = tables.get(SERVICE)?.iter().find(|row| field(row, "name") == "api-ssl");
    if !plan.tls {
        return Some(CheckFinding::warn(ID, texts::password_in_clear(), texts::use_tls()));
    }
    let certificate = row.map_or("", |row| field(row, "certificate"));
    if row.is_none_or(|row| flag(row, "disabled")) || matches!(certificate, "" | "none") {
        return Some(CheckFinding::fail(ID, texts::no_certificate(), texts::make_certificate()));
    }
    Some(CheckFinding::ok(ID, texts::certificate(certificate)))
}

fn hotspot(tables: &Tables) -> Option<CheckFinding> {
    const ID: &str = "hotspot.server";
    let rows = tables.get(HOTSPOT)?;
    let remedy = texts::set_up_hotspot();
    Some(match rows.iter().find(|row| !flag(row, "disabled")) {
        Some(row) if is_enabled(row) => {
            CheckFinding::ok(ID, texts::hotspot_runs(field(row, "name"), field(row, "interface")))
        }
        Some(row) => CheckFinding::fail(ID, texts::hotspot_invalid(field(row, "name")), remedy),
        None => CheckFinding::fail(ID, texts::hotspot_missing(), remedy),
    })
}

fn walled_garden(tables: &Tables, plan: &SitePlan) -> Option<CheckFinding> {
    const ID: &str = "hotspot.walled-garden";
    tables.get(GARDEN)?;
    let opens = |host: &str, list: &str| {
        let address = host.parse().ok();
        tables.enabled(GARDEN).filter(|row| matches!(field(row, "action"), "" | "accept")).any(|row| {
            let in_list = field(row, "dst-address-list") == list;
            let is_host = field(row, "dst-host") == host;
            let holds =
                address.is_some_and(|address| network(field(row, "dst-address"), address) == Some(true));
            in_list || is_host || holds
        })
    };
    if !opens(&plan.portal_host, PORTAL_LIST) {
        let found = texts::portal_not_in_garden(&plan.portal_host);
        return Some(CheckFinding::fail(ID, found, texts::run_script()));
    }
    let closed = |hosts: &[&str]| -> Vec<String> {
        hosts.iter().filter(|host| !opens(host, PAYMENT_LIST)).map(|host| (*host).to_owned()).collect()
    };
    let (gateway, wallets) = (closed(&GATEWAY_HOSTS), closed(&WALLET_HOSTS));
    Some(if !gateway.is_empty() && plan.online_payment {
        let found = texts::gateway_not_in_garden(gateway.join(", "));
        CheckFinding::fail(ID, found, texts::run_script())
    } else if !gateway.is_empty() || !wallets.is_empty() {
        let found = texts::hosts_not_in_garden([gateway, wallets].concat().join(", "));
        CheckFinding::warn(ID, found, texts::run_script())
    } else {
        CheckFinding::ok(ID, texts::garden_fits())
    })
}

fn binding(tables: &Tables, plan: &SitePlan) -> Option<CheckFinding> {
    const ID: &str = "hotspot.agent";
    let Some(IpAddr::V4(agent)) = plan.agent else {
        return Some(CheckFinding::ok(ID, texts::agent_unknown()));
    };
    if !plan.client_networks.iter().any(|text| network(text, agent) == Some(true)) {
        return Some(CheckFinding::ok(ID, texts::agent_apart(agent)));
    }
    tables.get(BINDING)?;
    let bypassed = tables.enabled(BINDING).any(|row| {
        let here =
            ["address", "to-address"].iter().any(|name| network(field(row, name), agent) == Some(true));
        here && field(row, "type") == "bypassed"
    });
    Some(if bypassed {
        CheckFinding::ok(ID, texts::agent_bypassed(agent))
    } else {
        CheckFinding::warn(ID, texts::agent_among_customers(agent), texts::bypass_agent(agent))
    })
}

/// Rows of the six lists.
fn listed<'a>(tables: &'a Tables, plan: &'a SitePlan) -> impl Iterator<Item = &'a PrintedRow> {
    let rows = tables.get(ADDRESS_LIST).unwrap_or_default().iter();
    rows.filter(|row| List::ALL.iter().any(|list| plan.lists.name(*list) == field(row, "list")))
}

fn is_dynamic(row: &PrintedRow) -> bool {
    flag(row, "dynamic") || !matches!(field(row, "timeout"), "" | "never")
}

/// Some rows by name: the first few are enough to look for.
fn names<'a>(rows: impl Iterator<Item = &'a PrintedRow>) -> Option<String> {
    let rows: Vec<String> =
        rows.map(|row| format!("{}/{}", field(row, "list"), field(row, "address"))).collect();
    let more = if rows.len() > 5 { ", ..." } else { "" };
    (!rows.is_empty()).then(|| format!("{} ({}{more})", rows.len(), rows[..rows.len().min(5)].join(", ")))
}

fn foreign_rows(tables: &Tables, plan: &SitePlan) -> Option<CheckFinding> {
    const ID: &str = "lists.foreign";
    tables.get(ADDRESS_LIST)?;
    let foreign =
        listed(tables, plan).filter(|row| !is_dynamic(row) && !field(row, "comment").starts_with(TAG));
    Some(match names(foreign) {
        None => CheckFinding::ok(ID, texts::lists_ours()),
        Some(rows) => CheckFinding::warn(ID, texts::lists_foreign(rows), texts::remove_foreign()),
    })
}

fn dynamic_rows(tables: &Tables, plan: &SitePlan) -> Option<CheckFinding> {
    const ID: &str = "lists.dynamic";
    tables.get(ADDRESS_LIST)?;
    Some(match names(listed(tables, plan).filter(|row| is_dynamic(row))) {
        None => CheckFinding::ok(ID, texts::lists_static()),
        Some(rows) => CheckFinding::warn(ID, texts::lists_dynamic(rows), texts::find_adder()),
    })
}

fn hotspot_ipv6(tables: &Tables) -> Option<CheckFinding> {
    const ID: &str = "hotspot.ipv6";
    tables.get(FILTER)?;
    let Some(rules) = tables.get(IPV6) else {
        return Some(CheckFinding::ok(ID, texts::ipv6_missing()));
    };
    let drops = |interface: &str| {
        rules.iter().any(|row| {
            let stops = is_enabled(row) && matches!(field(row, "action"), "drop" | "reject");
            let here = matches!(field(row, "in-interface"), "") || field(row, "in-interface") == interface;
            let all = ["out-interface", "src-address", "dst-address"]
                .iter()
                .all(|name| field(row, name).is_empty());
            stops && here && all && field(row, "chain") == "forward"
        })
    };
    let open = tables.enabled(HOTSPOT).map(|row| field(row, "interface")).find(|interface| !drops(interface));
    Some(match open {
        None => CheckFinding::ok(ID, texts::ipv6_closed()),
        Some(interface) => CheckFinding::warn(ID, texts::ipv6_open(interface), texts::close_ipv6(interface)),
    })
}

/// Milliseconds since 1970 of the router's date, time of day and distance from UTC.
fn wall_ms(date: &str, time: &str, offset: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let iso = if let Some((month, rest)) = date.split_once('/') {
        let (day, year) = rest.split_once('/')?;
        let month = MONTHS.iter().position(|name| *name == month)? + 1;
        format!("{year}-{month:02}-{day}")
    } else {
        date.to_owned()
    };
    let offset = if offset.is_empty() { "+00:00" } else { offset };
    let at: jiff::Timestamp = format!("{iso}T{time}{offset}").parse().ok()?;
    Some(at.as_millisecond())
}

fn router_clock(tables: &Tables, now_ms: i64) -> Option<CheckFinding> {
    const ID: &str = "clock.router";
    let row = tables.get(CLOCK)?.first()?;
    let remedy = texts::set_clock();
    let (date, time) = (field(row, "date"), field(row, "time"));
    Some(match wall_ms(date, time, field(row, "gmt-offset")) {
        None => CheckFinding::warn(ID, texts::clock_unreadable(format!("{date} {time}")), remedy),
        Some(ms) if (ms - now_ms).abs() > CLOCKS_APART_MS_MAX => {
            CheckFinding::warn(ID, texts::clock_apart((ms - now_ms) / 60_000), remedy)
        }
        Some(_) => CheckFinding::ok(ID, texts::clock_agrees()),
    })
}

#[cfg(test)]
mod tests {
    use super::wall_ms;

    #[test]
    fn the_routers_clock_is_read_in_both_forms() {
        let noon = Some(1_795_323_600_000);
        assert_eq!(wall_ms("2026-11-22", "12:00:00", "+07:00"), wall_ms("nov/22/2026", "05:00:00", "+00:00"));
        assert_eq!(wall_ms("2026-11-22", "05:00:00", ""), noon);
        for (date, time, offset) in [("", "", ""), ("2026-13-01", "00:00:00", ""), ("x/1/2026", "1", "2")] {
            assert_eq!(wall_ms(date, time, offset), None);
        }
    }
}
