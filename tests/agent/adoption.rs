//! Adoption of a live router and its way back, with every interruption: no byte is lost or charged twice, and what was not
//! adopted goes on working.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::{BTreeMap, BTreeSet};

use crate::support::site::{SiteBuilder, TestSite, address, mac};
use kuota::agent::config::Enforcement;
use kuota::agent::engine::{Actor, Command};
use kuota::agent::router::adoption::{AccountReport, AdoptionError, AdoptionReport};
use kuota::domain::adoption::{HandoverState, Verdict};
use kuota::domain::id::UserId;
use kuota::domain::policy::Grant;
use kuota::domain::units::{Bytes, Timestamp};
use kuota::sim::{Fault, Rights, When};

const USERS: &str = "/ip/hotspot/user";
const ACTIVE: &str = "/ip/hotspot/active";
const COOKIES: &str = "/ip/hotspot/cookie";
const GB: u64 = 1 << 30;
const MB: u64 = 1 << 20;

/// A hotspot with three customers of a panel, a voucher and the user of trials. `budi` and `citra` are online.
fn furnish(site: &TestSite) {
    let rows: [&[(&str, &str)]; 5] = [
        &[("name", "default-trial"), ("comment", "counters and limits for trial users")],
        &[("name", "budi"), ("limit-bytes-total", "10737418240"), ("comment", "nov/28/2026 13:05:00")],
        &[("name", "citra"), ("comment", "2026-12-01 00:00:00")],
        &[("name", "dewi"), ("limit-bytes-total", "1048576")],
        &[("name", "xk3f9"), ("limit-bytes-total", "1073741824"), ("comment", "vc-123-11.28.26-")],
    ];
    for row in rows {
        site.sim.hand_add(USERS, row).unwrap();
    }
    for (n, name) in [(1, "budi"), (2, "citra")] {
        site.sim.host_connect(mac(n), address(n));
        assert!(site.sim.log_in(mac(n), name));
    }
    // One session of budi has ended, and one lasts.
    site.sim.traffic(mac(1), 3 * GB, GB);
    site.sim.set_authorized(mac(1), false);
    assert!(site.sim.log_in(mac(1), "budi"));
    site.sim.traffic(mac(1), GB, 0);
    site.sim.traffic(mac(2), 500 * MB, 0);
}

async fn started() -> TestSite {
    let site = TestSite::start().await;
    furnish(&site);
    site
}

async fn observe(site: &TestSite) -> BTreeMap<String, AccountReport> {
    by_name(site.agent().cycle.observe_accounts(&Actor::daemon()).await.unwrap())
}

fn by_name(report: AdoptionReport) -> BTreeMap<String, AccountReport> {
    report.accounts.into_iter().map(|report| (report.candidate.name.clone(), report)).collect()
}

async fn take(site: &TestSite, only: &[&str]) -> Result<AdoptionReport, AdoptionError> {
    let only = only.iter().map(|name| (*name).to_owned()).collect();
    site.agent().cycle.take_accounts(&Actor::daemon(), &only).await
}

async fn undo(site: &TestSite) -> Result<AdoptionReport, AdoptionError> {
    site.agent().cycle.return_accounts(&Actor::daemon(), &BTreeSet::new()).await
}

/// The customer that a hotspot user became.
async fn customer(site: &TestSite, name: &str) -> Option<UserId> {
    let handovers = site.engine(|engine| engine.handovers(|state| state != HandoverState::Returned)).await;
    handovers.iter().rev().find(|handover| handover.record.name == name)?.user
}

/// The cell of a hotspot user.
fn cell(site: &TestSite, name: &str, column: &str) -> String {
    let rows = site.sim.rows(USERS);
    let row = rows.iter().find(|row| row["name"] == name).unwrap();
    row.get(column).cloned().unwrap_or_default()
}

fn named(site: &TestSite, menu: &str) -> Vec<String> {
    let mut names: Vec<String> = site.sim.rows(menu).iter().map(|row| row["user"].clone()).collect();
    names.sort();
    names
}

/// `budi` is a customer with exactly what the router left, and only his hotspot user is off.
async fn assert_budi_is_taken(site: &TestSite, used: u64) {
    let user = customer(site, "budi").await.unwrap();
    site.cycle().await.unwrap();
    let account = site.account(user).await;
    assert_eq!(account.balance.remaining(), Bytes(10 * GB - used));
    assert_eq!(account.expires_at, Some(Timestamp(1_795_845_900_000)), "13:05 in Jakarta");
    assert_eq!(cell(site, "budi", "disabled"), "true");
    assert_eq!(cell(site, "citra", "disabled"), "false");
    assert!(!named(site, ACTIVE).contains(&"budi".to_owned()));
    assert!(!named(site, COOKIES).contains(&"budi".to_owned()));
    assert!(site.sim.has_access(mac(1)), "the binding lets him in");
    site.verify_ledger().await;
}

#[tokio::test]
async fn observing_reports_every_hotspot_user_and_changes_nothing() {
    let site = started().await;
    let writes = site.sim.stats().writes;
    let found = observe(&site).await;
    let remaining = |name: &str| found[name].candidate.remaining();
    assert_eq!(remaining("budi"), Some(Bytes(5 * GB)));
    assert_eq!(remaining("citra"), None);
    assert_eq!(found["citra"].expires_at, Some(Timestamp(1_796_058_000_000)));
    let code = |name: &str| match &found[name].candidate.verdict {
        Verdict::Refused(obstacles) => obstacles[0].code(),
        Verdict::Adoptable => "adoptable",
        Verdict::Voucher => "voucher",
        Verdict::Adopted => "adopted",
    };
    let codes = ["default-trial", "budi", "citra", "dewi", "xk3f9"].map(code);
    assert_eq!(codes, ["built_in", "adoptable", "adoptable", "no_device", "voucher"]);
    assert_eq!(site.sim.stats().writes, writes);
    assert_eq!(site.engine(|engine| engine.read_view().users_len()).await, 0);
}

#[tokio::test]
async fn a_taken_customer_has_what_was_left_and_the_others_go_on_working() {
    let site = started().await;
    take(&site, &["budi"]).await.unwrap();
    assert_budi_is_taken(&site, 5 * GB).await;
    assert_eq!(named(&site, ACTIVE), ["citra"]);
    assert!(site.sim.has_access(mac(2)));
    // What he uses from here on is metered once.
    site.sim.traffic(mac(1), 7, 0);
    assert_budi_is_taken(&site, 5 * GB + 7).await;
    let again = take(&site, &["budi"]).await.unwrap();
    assert_eq!(again.done, Vec::<String>::new());
    assert_eq!(observe(&site).await["budi"].candidate.verdict, Verdict::Adopted);
    assert_eq!(site.engine(|engine| engine.read_view().users_len()).await, 1);
}

#[tokio::test]
async fn without_names_all_that_can_be_are_taken() {
    let site = started().await;
    let report = take(&site, &[]).await.unwrap();
    assert_eq!(report.done, ["budi", "citra"]);
    let citra = customer(&site, "citra").await.unwrap();
    let account = site.account(citra).await;
    assert!(account.unlimited && account.expires_at == Some(Timestamp(1_796_058_000_000)));
    for name in ["default-trial", "dewi", "xk3f9"] {
        assert_eq!(cell(&site, name, "disabled"), "false");
    }
}

#[tokio::test]
async fn wherever_the_router_is_lost_the_same_call_finishes_it_and_no_byte_is_charged_twice() {
    let paths = [
        "/ip/hotspot/user/print",
        "/ip/hotspot/active/print",
        "/ip/hotspot/host/print",
        "/ip/hotspot/ip-binding/add",
        "/ip/firewall/address-list/add",
        "/ip/hotspot/user/set",
        "/ip/hotspot/cookie/remove",
        "/ip/hotspot/active/remove",
    ];
    for path in paths {
        for (nth, fault) in [(1, Fault::LostReply), (1, Fault::CutAfterBytes(0)), (2, Fault::LostReply)] {
            let mut site = started().await;
            let id = site.sim.fault(fault.clone(), When::nth(path, nth));
            let cut = take(&site, &["budi"]).await;
            // What flows while it is half done is metered, once.
            site.sim.traffic(mac(1), 11, 0);
            site.sim.clear_fault(id);
            if cut.is_err() {
                // A process that was killed knows what is on file, and nothing else.
                site.restart().await;
                site.recover().await;
                take(&site, &["budi"]).await.unwrap();
            }
            assert_budi_is_taken(&site, 5 * GB + 11).await;
            assert_eq!(site.engine(|engine| engine.read_view().users_len()).await, 1, "{path} {fault:?}");
        }
    }
}

#[tokio::test]
async fn nothing_is_taken_in_a_dry_run_without_rights_or_by_a_name_that_cannot_be() {
    let dry = SiteBuilder::new().config(|config| config.policy.enforcement = Enforcement::DryRun);
    let dry = dry.start().await;
    furnish(&dry);
    let code = |done: Result<AdoptionReport, AdoptionError>| match done {
        Err(AdoptionError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(take(&dry, &[]).await), "dry_run");
    let site = started().await;
    assert_eq!(code(take(&site, &["nobody"]).await), "unknown_account");
    assert_eq!(code(take(&site, &["budi", "dewi"]).await), "not_adoptable");
    assert_eq!(code(take(&site, &["xk3f9"]).await), "not_adoptable");
    assert_eq!(site.engine(|engine| engine.read_view().users_len()).await, 0);
    // Without rights to write, the router lets nobody in by a binding, so no session ends either.
    site.sim.change_rights(Rights::ReadOnly);
    assert!(matches!(take(&site, &["budi"]).await, Err(AdoptionError::Unfinished { left: 1, .. })));
    assert_eq!(cell(&site, "budi", "disabled"), "false");
    assert!(site.sim.has_access(mac(1)));
    site.sim.change_rights(Rights::ReadWrite);
    take(&site, &["budi"]).await.unwrap();
    assert_budi_is_taken(&site, 5 * GB).await;
}

#[tokio::test]
async fn a_name_that_a_customer_has_already_stays_a_hotspot_user() {
    let site = started().await;
    site.add_device(site.add_customer("Budi", Bytes::gb(1)).await, 1).await;
    let found = observe(&site).await;
    let Verdict::Refused(obstacles) = &found["budi"].candidate.verdict else { panic!("{found:?}") };
    assert!(obstacles[0].to_string().contains("belongs to Budi already"), "{obstacles:?}");
}

#[tokio::test]
async fn the_way_back_sets_what_is_left_and_keeps_the_customer_in_the_ledger() {
    let mut site = started().await;
    take(&site, &["budi"]).await.unwrap();
    let user = customer(&site, "budi").await.unwrap();
    site.sim.traffic(mac(1), 2 * GB, 0);
    for path in ["/ip/hotspot/user/print", "/ip/hotspot/user/reset-counters", "/ip/hotspot/user/set"] {
        site.sim.fault(Fault::LostReply, When::next(path));
        let _ = undo(&site).await;
        site.sim.clear_faults();
        site.restart().await;
        site.recover().await;
    }
    let _ = undo(&site).await.unwrap();
    let left = cell(&site, "budi", "limit-bytes-total").parse::<u64>().unwrap();
    let counted: u64 =
        ["bytes-in", "bytes-out"].iter().map(|name| cell(&site, "budi", name).parse::<u64>().unwrap()).sum();
    assert_eq!(left - counted, 3 * GB);
    assert_eq!(cell(&site, "budi", "disabled"), "false");
    assert_eq!(site.bindings(), []);
    let account = site.account(user).await;
    assert!(!account.active && account.balance.remaining() == Bytes(3 * GB));
    assert!(site.sim.log_in(mac(1), "budi"));
    // And taken again, as a customer of its own.
    take(&site, &["budi"]).await.unwrap();
    let again = customer(&site, "budi").await.unwrap();
    assert_ne!(again, user);
    assert_eq!(site.account(again).await.balance.remaining(), Bytes(3 * GB));
    site.verify_ledger().await;
}

#[tokio::test]
async fn there_is_no_way_back_once_something_was_given() {
    let site = started().await;
    take(&site, &["budi", "citra"]).await.unwrap();
    let user = customer(&site, "budi").await.unwrap();
    let grant = Grant { amount: Bytes::gb(1), days: None, reason: "tes".into() };
    site.submit(Command::Grant(user, grant)).await;
    let Err(AdoptionError::Refused { code, message }) = undo(&site).await else { panic!() };
    assert_eq!(code, "money_moved");
    assert!(message.contains("budi bought, was given or paid something since"), "{message}");
    assert_eq!(cell(&site, "citra", "disabled"), "true", "all or none");
}
