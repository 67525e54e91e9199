//! Devices that were bound after the copy from which a site is restored: they stay on the router as they are until somebody
//! decides.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::support::site::{BINDINGS, LISTS, SiteBuilder, TestSite, address, mac, pair};
use kuota::agent::engine::{Actor, Command};
use kuota::domain::id::Mac;
use kuota::domain::units::Bytes;
use kuota::sim::ConnectionMode;
use kuota::store::FILE;
use kuota::store::backup::restore;
use kuota::store::passive::make_passive;

/// A site with one customer in the copy and three of after it: with quota, without, and with quota but not there now. The machine
/// that has the copy waits; the one before is off.
async fn restored() -> (TestSite, Vec<(String, String)>, Vec<(String, String)>) {
    let site = TestSite::start().await;
    site.add_online_customer(1, Bytes::gb(1)).await;
    let copy = site.folder().join("copy.db");
    site.copy_store(&copy).await;
    site.add_online_customer(2, Bytes::gb(1)).await;
    site.add_online_customer(3, Bytes::ZERO).await;
    site.add_online_customer(4, Bytes::gb(1)).await;
    site.sim.host_disconnect(mac(4));
    site.cycle().await.unwrap();
    let mut twin = SiteBuilder::new().router(site.sim.clone()).start().await;
    twin.restart_after(|data_dir: &Path| {
        make_passive(data_dir, "restored").unwrap();
        restore(data_dir, &copy, "20261122T050000Z", &mut |_| {}).unwrap();
    })
    .await;
    let rows = (site.listings(), site.bindings());
    (twin, rows.0, rows.1)
}

async fn take_over(site: &TestSite) {
    site.engine(|engine| {
        let next = engine.instance().next(7);
        engine.take_site_over(&Actor::daemon(), next).unwrap();
    })
    .await;
}

async fn orphans(site: &TestSite) -> Vec<Mac> {
    site.engine(|engine| engine.read_view().orphans().map(|found| found.orphan.mac).collect()).await
}

#[tokio::test]
async fn what_was_bound_after_the_copy_stays_as_it_was_and_follows_its_device() {
    let (mut site, listings, bindings) = restored().await;
    let planned = site.agent().cycle.plan().await.unwrap();
    assert_eq!(planned.edits, [], "and is no difference while the machine waits");
    take_over(&site).await;
    site.recover().await;
    assert_eq!((site.listings(), site.bindings()), (listings, bindings.clone()));
    assert_eq!(orphans(&site).await, [mac(2), mac(3), mac(4)]);
    // Another address, and a router that lost its rows.
    site.sim.host_disconnect(mac(2));
    site.sim.host_connect(mac(2), address(22));
    for menu in [LISTS, BINDINGS] {
        for row in site.sim.rows(menu) {
            site.sim.hand_remove(menu, &row[".id"]).unwrap();
        }
    }
    site.restart().await;
    site.recover().await;
    site.cycle().await.unwrap();
    assert_eq!(site.bindings(), bindings);
    assert!(site.listings().contains(&pair(address(22), "klient_aktif")), "{:?}", site.listings());
    // A device that is unbound afterwards goes as ever.
    let user = site.engine(|engine| engine.read_view().user_with(mac(1)).unwrap().account.id).await;
    site.submit(Command::Unbind { user, mac: mac(1) }).await;
    site.cycle().await.unwrap();
    assert!(!site.bindings().iter().any(|(device, _)| *device == mac(1).to_string()));
    assert_eq!(orphans(&site).await.len(), 3);
    site.verify_ledger().await;
}

#[tokio::test]
async fn an_orphan_that_is_bound_is_metered_and_one_that_is_released_goes() {
    let (site, ..) = restored().await;
    take_over(&site).await;
    site.recover().await;
    site.sim.traffic(mac(2), 40_000_000, 0);
    site.cycle().await.unwrap();
    let user = site.add_customer("Siti", Bytes::gb(1)).await;
    site.submit(Command::Bind(kuota::agent::engine::NewDevice::of(user, mac(2)))).await;
    site.sim.traffic(mac(2), 5_000_000, 0);
    site.cycle().await.unwrap();
    assert_eq!(site.used(user).await, 5_000_000, "what flowed before is nobody's");
    site.submit(Command::ReleaseOrphan(mac(3))).await;
    site.cycle().await.unwrap();
    let left: Vec<String> = site.bindings().into_iter().map(|(device, _)| device).collect();
    assert_eq!(left, [mac(1), mac(2), mac(4)].map(|device| device.to_string()));
    assert_eq!(orphans(&site).await, [mac(4)]);
    site.verify_ledger().await;
}

#[tokio::test]
async fn nothing_is_removed_before_the_orphans_are_on_file() {
    let (site, listings, bindings) = restored().await;
    site.recover().await;
    take_over(&site).await;
    let mut other = Connection::open(site.folder().join(FILE)).unwrap();
    let held = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let enforced = site.recover().await;
    assert!(!enforced.dry_run);
    assert_eq!((site.listings(), site.bindings()), (listings.clone(), bindings.clone()));
    assert_eq!(orphans(&site).await, []);
    drop(held);
    // The store is tried again after a pause in real time.
    while orphans(&site).await.is_empty() {
        site.cycle().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!((site.listings(), site.bindings()), (listings, bindings));
    assert_eq!(orphans(&site).await, [mac(2), mac(3), mac(4)]);
}

#[tokio::test]
async fn a_router_that_was_away_at_the_take_over_is_searched_when_it_answers() {
    let (mut site, listings, bindings) = restored().await;
    site.sim.connections(ConnectionMode::Refuse).await;
    site.sim.cut_sessions();
    take_over(&site).await;
    site.restart().await;
    assert!(site.cycle().await.is_err());
    site.sim.connections(ConnectionMode::Accept).await;
    site.recover().await;
    assert_eq!((site.listings(), site.bindings()), (listings, bindings));
    assert_eq!(orphans(&site).await.len(), 3);
}

#[tokio::test]
async fn without_a_take_over_a_row_of_ours_that_nobody_has_is_removed_as_ever() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.submit(Command::Unbind { user, mac: mac(1) }).await;
    site.cycle().await.unwrap();
    assert_eq!((site.bindings(), site.listings()), (vec![], vec![]));
    assert_eq!(orphans(&site).await, []);
}
