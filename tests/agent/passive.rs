//! A restored store that was not taken over: it reads the router and changes nothing, there and in the ledger.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::json;
use tower::ServiceExt;

use crate::support::site::{LISTS, SiteBuilder, TestSite, mac};
use kuota::agent::engine::{Actor, Command, NewUser};
use kuota::agent::faces::admin_router_for_socket;
use kuota::domain::policy::Settings;
use kuota::domain::units::Bytes;
use kuota::store::backup::restore;
use kuota::store::passive::{make_passive, take_over};

fn new_user() -> Command {
    Command::AddUser(NewUser { name: "Siti".into(), phone: None, login: None, settings: Settings::default() })
}

#[tokio::test]
async fn a_passive_site_changes_neither_router_nor_ledger_until_it_is_taken_over() {
    let mut site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::mb(100)).await;
    let before = (site.listings(), site.bindings());
    site.restart_after(|data_dir: &Path| make_passive(data_dir, "restored").unwrap()).await;
    // The customer's quota runs out, which would move the address to another list.
    site.sim.traffic(mac(1), 200_000_000, 0);
    for _ in 0..3 {
        site.recover().await;
    }
    assert!(site.agent().cycle.is_dry_run());
    assert_eq!((site.listings(), site.bindings()), before, "the router is as it was");
    let refused = site.agent().submit(Actor::daemon(), new_user(), None).await.unwrap_err().to_string();
    assert!(refused.contains("take-over"), "{refused}");
    assert_eq!(site.engine(|engine| engine.unwritable().unwrap().code()).await, "site_passive");
    site.agent().copy_once().await.unwrap();
    assert!(!site.folder().join("backups").exists(), "the other machine's copies are the newer ones");
    assert!(take_over(site.folder()).unwrap());
    site.submit(new_user()).await;
    site.cycle().await.unwrap();
    site.cycle().await.unwrap();
    assert!(!site.agent().cycle.is_dry_run());
    assert_ne!((site.listings(), site.bindings()), before, "the router follows");
    assert_eq!(site.used(user).await, 200_000_000, "what flowed meanwhile is charged once");
    site.verify_ledger().await;
}

/// Another machine on the same router, restored from a copy of the site's data, which waits.
async fn restored_twin(site: &TestSite) -> TestSite {
    let copy = site.folder().join("copy.db");
    site.copy_store(&copy).await;
    let mut twin = SiteBuilder::new().router(site.sim.clone()).start().await;
    twin.restart_after(|data_dir| {
        restore(data_dir, &copy, "20261122T050000Z", &mut |_| {}).unwrap();
        make_passive(data_dir, "restored").unwrap();
    })
    .await;
    twin
}

/// The `.id` and the comment of the site's marker.
fn marker_row(site: &TestSite) -> (String, String) {
    let rows = site.sim.rows(LISTS);
    let row = rows.into_iter().find(|row| row["list"] == "kuota_pemilik").unwrap();
    (row[".id"].clone(), row["comment"].clone())
}

async fn take_over_by_command(site: &TestSite, sure: bool) -> Result<serde_json::Value, serde_json::Value> {
    let router = admin_router_for_socket(Arc::clone(site.agent()));
    let body = json!({"old_machine_is_off": sure}).to_string();
    let call = Request::post("/api/v1/take-over").header("content-type", "application/json");
    let answer = router.oneshot(call.body(Body::from(body)).unwrap()).await.unwrap();
    let is_done = answer.status().is_success();
    let text = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let value = serde_json::from_slice(&text).unwrap();
    if is_done { Ok(value) } else { Err(value) }
}

#[tokio::test]
async fn the_machine_before_is_fenced_by_the_router_and_changes_no_row_any_more() {
    let mut site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::mb(100)).await;
    assert_eq!(site.markers().len(), 1, "the first reconciling leaves a marker");
    let twin = restored_twin(&site).await;
    twin.recover().await;
    assert_eq!(site.engine(|engine| engine.unwritable().cloned()).await, None, "a passive twin stops nobody");
    let taken = take_over_by_command(&twin, false).await.unwrap();
    assert_eq!((&taken["taken_over"], &taken["instance"]), (&json!(true), &json!(2)));
    twin.cycle().await.unwrap();
    assert!(site.markers()[0].contains(" 2-") && site.markers().len() == 1, "{:?}", site.markers());
    // Both machines want another list now; only the one that has the site writes it.
    site.sim.traffic(mac(1), 200_000_000, 0);
    let before = (site.listings(), site.bindings());
    let enforced = site.recover().await;
    assert!(enforced.dry_run, "the old machine sees the marker before it writes");
    assert_eq!((site.listings(), site.bindings()), before, "and writes nothing");
    let why = site.engine(|engine| engine.unwritable().cloned().unwrap()).await;
    assert_eq!(why.code(), "site_fenced");
    assert!(
        why.to_string()
            .contains("another machine took this site over (instance 2, by the word of the router)"),
        "{why}"
    );
    let refused = site.agent().submit(Actor::daemon(), new_user(), None).await.unwrap_err().to_string();
    assert!(refused.contains("fenced"), "{refused}");
    site.restart().await;
    assert_eq!(
        site.engine(|engine| engine.unwritable().unwrap().code()).await,
        "site_fenced",
        "over a restart"
    );
    twin.recover().await;
    twin.cycle().await.unwrap();
    assert_ne!(
        (site.listings(), site.bindings()),
        before,
        "the router follows the machine that has the site"
    );
    assert_eq!(twin.used(user).await, 200_000_000);
    // The owner may have meant the other way round.
    let taken = take_over_by_command(&site, false).await.unwrap();
    assert_eq!(taken["instance"], json!(3));
    site.recover().await;
    twin.recover().await;
    assert_eq!(twin.engine(|engine| engine.unwritable().unwrap().code()).await, "site_fenced");
    assert_eq!(take_over_by_command(&site, false).await.unwrap()["taken_over"], json!(false));
    site.verify_ledger().await;
}

#[tokio::test]
async fn a_machine_that_lost_the_site_while_it_was_off_hands_nobody_over() {
    let mut site = TestSite::start().await;
    site.add_online_customer(1, Bytes::mb(100)).await;
    site.sim.hand_add("/ip/hotspot/user", &[("name", "budi"), ("limit-bytes-total", "1048576")]).unwrap();
    let twin = restored_twin(&site).await;
    take_over_by_command(&twin, false).await.unwrap();
    twin.recover().await;
    let file = site.folder().join("passive");
    for attempt in ["take", "return", "finish", "leave", "come back"] {
        // Just started, and nothing was read yet.
        site.restart_after(|_| drop(std::fs::remove_file(&file))).await;
        assert_eq!(site.engine(|engine| engine.unwritable().cloned()).await, None, "{attempt}");
        let (entries, writes) = (entries(&site).await, site.sim.stats().writes);
        let (cycle, actor, all) = (&site.agent().cycle, Actor::daemon(), BTreeSet::new());
        let refused = match attempt {
            "take" => cycle.take_accounts(&actor, &all).await.map(drop),
            "return" => cycle.return_accounts(&actor, &all).await.map(drop),
            "finish" => cycle.finish_handovers(&actor).await.map(drop),
            "leave" => cycle.leave(&actor).await.map(drop),
            _ => cycle.come_back(&actor).await.map(drop),
        };
        let why = refused.unwrap_err().to_string();
        assert!(why.contains("another machine took this site over"), "{attempt}: {why}");
        assert_eq!(self::entries(&site).await, entries, "{attempt}");
        assert_eq!(site.sim.stats().writes, writes, "{attempt} changes nothing on the router");
        assert!(!site.agent().cycle.has_left(), "{attempt}");
    }
}

/// Customers and lines of the ledger.
async fn entries(site: &TestSite) -> (usize, u64) {
    site.engine(|engine| (engine.read_view().users_len(), engine.read_view().entries())).await
}

#[tokio::test]
async fn a_marker_that_no_take_over_wrote_stops_nobody_and_is_replaced() {
    let site = TestSite::start().await;
    site.add_online_customer(1, Bytes::mb(100)).await;
    let right = site.markers();
    let (row, comment) = marker_row(&site);
    for wrong in ["4294967295-00000000", "99999999999999999999-00000000", "2000-00000000", "0-00000000", "x"]
    {
        let forged = comment.replace("1-00000000", wrong);
        site.sim.hand_set(LISTS, &row, &[("comment", &forged)]).unwrap();
        site.cycle().await.unwrap();
        assert_eq!(site.markers(), right, "{wrong}");
        assert_eq!(site.engine(|engine| engine.unwritable().cloned()).await, None, "{wrong}");
    }
    site.sim.hand_remove(LISTS, &row).unwrap();
    site.cycle().await.unwrap();
    assert_eq!(site.markers(), right, "one that was removed by hand is written again");
}

#[tokio::test]
async fn without_router_and_relay_the_old_machine_has_to_be_off() {
    let mut site = TestSite::start().await;
    site.add_online_customer(1, Bytes::mb(100)).await;
    site.restart_after(|data_dir: &Path| make_passive(data_dir, "restored").unwrap()).await;
    site.sim.stop().await;
    let refused = take_over_by_command(&site, false).await.unwrap_err();
    assert_eq!(refused["code"], json!("old_machine_unknown"));
    assert_eq!(site.engine(|engine| engine.unwritable().unwrap().code()).await, "site_passive");
    let taken = take_over_by_command(&site, true).await.unwrap();
    assert_eq!((&taken["instance"], &taken["router"]), (&json!(2), &json!(false)));
    assert_eq!(site.engine(|engine| engine.unwritable().cloned()).await, None);
}
