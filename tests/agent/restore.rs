//! What a restored store charges: what flowed since the copy was made, and nothing from before it.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};

use crate::support::site::{TestSite, address, mac};
use kuota::domain::units::Bytes;
use kuota::store::backup;

/// A copy of the store as it is.
async fn copy(site: &TestSite) -> PathBuf {
    let target = site.folder().join("copy.db");
    site.copy_store(&target).await;
    target
}

/// Puts a copy back and starts again on it.
async fn restore(site: &mut TestSite, copy: &Path) {
    let restore = |data_dir: &Path| {
        backup::restore(data_dir, copy, "then", &mut |_| {}).unwrap();
    };
    site.restart_after(restore).await;
}

#[tokio::test]
async fn after_a_restore_what_flowed_since_the_copy_is_charged_once() {
    let mut site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.traffic(mac(1), 1000, 0);
    site.cycle().await.unwrap();
    let copy = copy(&site).await;
    site.sim.traffic(mac(1), 200, 0);
    site.cycle().await.unwrap();
    assert_eq!(site.used(user).await, 1200);
    restore(&mut site, &copy).await;
    assert_eq!(site.used(user).await, 1000, "as the copy says");
    site.sim.traffic(mac(1), 30, 0);
    site.recover().await;
    assert_eq!(site.used(user).await, 1230, "the router's counters are the log of what came after");
    site.recover().await;
    assert_eq!(site.used(user).await, 1230);
    site.verify_ledger().await;
}

#[tokio::test]
async fn after_a_restore_a_router_that_rebooted_meanwhile_gives_its_new_counters_only() {
    let mut site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.traffic(mac(1), 1000, 0);
    site.cycle().await.unwrap();
    let copy = copy(&site).await;
    site.sim.traffic(mac(1), 200, 0);
    site.cycle().await.unwrap();
    site.sim.reboot();
    site.sim.host_connect(mac(1), address(1));
    site.sim.traffic(mac(1), 5000, 0);
    restore(&mut site, &copy).await;
    site.recover().await;
    assert_eq!(site.used(user).await, 6000);
    site.verify_ledger().await;
}
