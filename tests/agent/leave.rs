//! Leaving: every customer is a plain hotspot user afterwards, nothing of ours is on the router, and nothing comes back.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;

use crate::support::site::{TestSite, address, mac};
use kuota::agent::engine::{Actor, Command, UserChange};
use kuota::agent::router::adoption::AdoptionError;
use kuota::agent::router::leave::LeaveReport;
use kuota::domain::id::UserId;
use kuota::domain::policy::Settings;
use kuota::domain::units::{Bytes, Timestamp};
use kuota::sim::{Fault, When};

const USERS: &str = "/ip/hotspot/user";
const GB: u64 = 1 << 30;
const MENUS: [&str; 8] = [
    "/ip/hotspot/ip-binding",
    "/ip/firewall/filter",
    "/ip/firewall/nat",
    "/ip/firewall/mangle",
    "/ip/hotspot/walled-garden/ip",
    "/queue/tree",
    "/ip/firewall/address-list",
    "/ipv6/firewall/filter",
];

/// A site with a customer online, one who is blocked, and rows of ours and of others in many menus.
async fn started() -> (TestSite, UserId, UserId) {
    let site = TestSite::start().await;
    let online = site.add_online_customer(1, Bytes::gb(3)).await;
    let login = UserChange { login: Some(Some("ani".into())), ..UserChange::default() };
    site.submit(Command::ChangeUser(online, login)).await;
    let expires_at = Some(Some(Timestamp(1_796_058_000_000)));
    let days =
        UserChange { settings: Settings { expires_at, ..Settings::default() }, ..UserChange::default() };
    site.submit(Command::ChangeUser(online, days)).await;
    let blocked = site.add_customer("Budi Santoso", Bytes::gb(1)).await;
    site.submit(Command::Block(blocked, "tes".into())).await;
    site.sim.traffic(mac(1), GB, 0);
    for (menu, cells) in [
        ("/ip/firewall/filter", &[("chain", "forward"), ("comment", "kuota:10 bayar keluar")][..]),
        ("/ip/firewall/filter", &[("chain", "forward"), ("comment", "mine")]),
        ("/ip/firewall/nat", &[("chain", "srcnat"), ("comment", "kuota:10 portal")]),
        ("/ip/hotspot/walled-garden/ip", &[("comment", "kuota:buka x")]),
        (
            "/ip/firewall/address-list",
            &[("list", "kuota_klien"), ("address", "10.5.50.0/24"), ("comment", "kuota:k")],
        ),
        ("/queue/type", &[("name", "kuota_fup_up"), ("kind", "pcq")]),
        ("/queue/type", &[("name", "mine"), ("kind", "pcq")]),
        (USERS, &[("name", "Budi-Santoso"), ("comment", "somebody else's")]),
    ] {
        site.sim.hand_add(menu, cells).unwrap();
    }
    site.cycle().await.unwrap();
    (site, online, blocked)
}

async fn leave(site: &TestSite) -> Result<LeaveReport, AdoptionError> {
    site.agent().cycle.leave(&Actor::daemon()).await
}

fn row(site: &TestSite, name: &str) -> BTreeMap<String, String> {
    site.sim.rows(USERS).into_iter().find(|row| row["name"] == name).unwrap()
}

/// Comments and names of ours in every menu.
fn ours(site: &TestSite) -> Vec<String> {
    let comments = MENUS.iter().flat_map(|menu| site.sim.rows(menu));
    let comments = comments.filter_map(|row| row.get("comment").cloned());
    let names = site.sim.rows("/queue/type").into_iter().map(|row| row["name"].clone());
    comments.chain(names).filter(|text| text.starts_with("kuota")).collect()
}

fn assert_left(site: &TestSite) {
    assert_eq!(ours(site), Vec::<String>::new());
    let ani = row(site, "ani");
    assert_eq!(ani["limit-bytes-total"], (2 * GB).to_string());
    assert_eq!(ani["comment"], "2026-12-01 00:00:00");
    assert_eq!(ani["disabled"], "false");
    let budi = row(site, "Budi-Santoso-2");
    assert_eq!((budi["disabled"].as_str(), budi["limit-bytes-total"].as_str()), ("true", "1073741824"));
    assert_eq!(row(site, "Budi-Santoso")["comment"], "somebody else's");
    assert_eq!(site.sim.rows("/ip/firewall/filter").len(), 1, "rows of others stay");
}

#[tokio::test]
async fn everybody_is_a_hotspot_user_and_nothing_of_ours_comes_back() {
    let (mut site, online, _) = started().await;
    let writes = site.sim.stats().writes;
    let plan = site.agent().cycle.plan_leaving().await.unwrap();
    assert_eq!(
        plan.leavers.iter().map(|leaver| leaver.record.name.as_str()).collect::<Vec<_>>(),
        ["ani", "Budi-Santoso-2"]
    );
    assert!(plan.traces.len() > 5 && !plan.has_left);
    assert_eq!(site.sim.stats().writes, writes, "a plan changes nothing");
    let report = leave(&site).await.unwrap();
    assert_left(&site);
    let password = report.leavers[0].password.clone().unwrap();
    assert_eq!(row(&site, "ani")["password"], password);
    // Neither a cycle nor a restart rebuilds anything, and the pages say why.
    site.cycle().await.unwrap();
    site.restart().await;
    site.recover().await;
    assert_eq!(ours(&site), Vec::<String>::new());
    let warnings = site.agent().cycle.state().warnings;
    assert!(warnings.iter().any(|line| line.contains("the owner left")), "{warnings:?}");
    // Again it changes nothing, and prints the same password.
    let again = leave(&site).await.unwrap();
    assert_eq!(again.leavers[0].password.as_ref(), Some(&password));
    assert_left(&site);
    // The customer logs in as anybody does, and is still metered.
    assert!(site.sim.log_in(mac(1), "ani"));
    site.sim.traffic(mac(1), 5, 0);
    site.cycle().await.unwrap();
    assert_eq!(site.used(online).await, GB + 5);
    site.verify_ledger().await;
}

#[tokio::test]
async fn wherever_the_router_is_lost_the_same_call_finishes_it() {
    let paths = [
        "/ip/hotspot/user/print",
        "/ip/hotspot/user/add",
        "/ip/firewall/filter/print",
        "/ip/hotspot/ip-binding/remove",
        "/ip/firewall/address-list/remove",
        "/queue/type/remove",
    ];
    for path in paths {
        let (mut site, ..) = started().await;
        let id = site.sim.fault(Fault::LostReply, When::next(path));
        assert!(leave(&site).await.is_err(), "{path}");
        site.sim.clear_fault(id);
        site.restart().await;
        site.recover().await;
        leave(&site).await.unwrap();
        assert_left(&site);
    }
}

#[tokio::test]
async fn one_call_comes_back_to_where_it_was() {
    let (site, online, _) = started().await;
    leave(&site).await.unwrap();
    assert!(site.sim.log_in(mac(1), "ani"));
    site.agent().cycle.come_back(&Actor::daemon()).await.unwrap();
    assert_eq!(row(&site, "ani")["disabled"], "true");
    assert_eq!(site.bindings().len(), 1);
    assert!(site.sim.has_access(mac(1)) && site.sim.lists_of(address(1)) == ["klient_aktif"]);
    assert_eq!(site.account(online).await.balance.remaining(), Bytes(2 * GB));
    // And leaving again uses the hotspot users that are there.
    leave(&site).await.unwrap();
    assert_left(&site);
}
