//! What a restored store charges: what flowed since the copy was made, and nothing from before it.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::support;

use std::path::{Path, PathBuf};

use kuota::agent::engine::Engine;
use kuota::domain::units::Bytes;
use kuota::store::backup;
use support::{World, mac};

/// Copies the world's store as it is.
async fn copy(world: &World) -> PathBuf {
    let target = world.dir.path().join("copy.db");
    let to = target.clone();
    let copy = move |engine: &mut Engine| {
        engine.flush().unwrap();
        engine.new_reader().unwrap().copy_to(&to, &mut |_| {}).unwrap();
    };
    world.site.engine().call(copy).await.unwrap();
    target
}

/// Puts a copy back and starts again on it.
async fn restore(world: World, copy: &Path) -> World {
    world
        .restarted(|data_dir| {
            backup::restore(data_dir, copy, "then", &mut |_| {}).unwrap();
        })
        .await
}

#[tokio::test]
async fn after_a_restore_what_flowed_since_the_copy_is_charged_once() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(1)).await;
    world.sim.traffic(mac(1), 1000, 0);
    world.cycle().await.unwrap();
    let copy = copy(&world).await;
    world.sim.traffic(mac(1), 200, 0);
    world.cycle().await.unwrap();
    assert_eq!(world.used(user).await, 1200);
    let world = restore(world, &copy).await;
    assert_eq!(world.used(user).await, 1000, "as the copy says");
    world.sim.traffic(mac(1), 30, 0);
    world.recover().await;
    assert_eq!(world.used(user).await, 1230, "the router's counters are the log of what came after");
    world.recover().await;
    assert_eq!(world.used(user).await, 1230);
    world.verify().await;
}

#[tokio::test]
async fn after_a_restore_a_router_that_rebooted_meanwhile_gives_its_new_counters_only() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(1)).await;
    world.sim.traffic(mac(1), 1000, 0);
    world.cycle().await.unwrap();
    let copy = copy(&world).await;
    world.sim.traffic(mac(1), 200, 0);
    world.cycle().await.unwrap();
    world.sim.reboot();
    world.sim.host_connect(mac(1), support::address(1));
    world.sim.traffic(mac(1), 5000, 0);
    let world = restore(world, &copy).await;
    world.recover().await;
    assert_eq!(world.used(user).await, 6000);
    world.verify().await;
}
