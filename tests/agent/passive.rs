//! A restored store that was not taken over: it reads the router and changes nothing, there and in the ledger.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;

use crate::support::site::{TestSite, mac};
use kuota::agent::engine::{Actor, Command, NewUser};
use kuota::domain::policy::Settings;
use kuota::domain::units::Bytes;
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
