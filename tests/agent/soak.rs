//! A crowd for many cycles: memory stays flat and every byte is metered. `KUOTA_SOAK=full` is 1000 cycles at 10 000
//! hosts, best in release mode and alone; otherwise a small crowd for a while.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use crate::process_memory::memory_kib;
use crate::support::site::{SiteBuilder, TestSite};
use kuota::agent::engine::{Command, NewDevice};
use kuota::domain::id::{Mac, UserId};
use kuota::domain::units::Bytes;

/// How much there is of everything.
#[derive(Clone, Copy)]
struct Size {
    hosts: u32,
    /// Of them, with a user.
    bound: u32,
    cycles: u32,
}

const SMALL: Size = Size { hosts: 2_000, bound: 200, cycles: 60 };
const FULL: Size = Size { hosts: 10_000, bound: 2_000, cycles: 1_000 };

/// What memory may grow by from a quarter of the cycles to their end: caches of the store and of the allocator
/// settle late, a leak of one host table for each cycle would be a hundred times as much.
const GROWTH_MAX_KIB: u64 = 24 * 1024;
/// Usage of one device in one cycle.
const STEP_BYTES: u64 = 10_007;

fn mac(n: u32) -> Mac {
    let [_, a, b, c] = n.to_be_bytes();
    Mac([2, 0, 0, a, b, c])
}

fn address(n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 5, 0, 0).to_bits() + 1 + n)
}

/// Hosts on the air; the first of them with a user, and through.
async fn crowd(site: &TestSite, size: Size) -> Vec<UserId> {
    let mut users = Vec::new();
    for n in 0..size.bound {
        let user = site.add_customer(&format!("user {n}"), Bytes::gb(100)).await;
        // Not there yet: a bind reads the router, and an empty one is read fast.
        site.submit(Command::Bind(NewDevice::of(user, mac(n)))).await;
        users.push(user);
    }
    for n in 0..size.hosts {
        site.sim.host_connect(mac(n), address(n));
    }
    for _ in 0..3 {
        site.cycle().await.unwrap();
    }
    assert!((0..size.bound).all(|n| site.sim.has_access(mac(n))));
    users
}

/// A cycle's life: everyone bound moves, some rows are replaced, some devices come and go.
fn live(site: &TestSite, size: Size, cycle: u32) {
    // First: what the old row held was read by the cycle before.
    for n in 0..size.bound / 100 {
        site.sim.host_replace(mac((cycle * 7 + n * 13) % size.bound), 4_000);
    }
    for n in 0..size.bound {
        site.sim.traffic(mac(n), STEP_BYTES, u64::from(n));
    }
    for n in 0..(size.hosts - size.bound) / 100 {
        let stranger = size.bound + (cycle * 31 + n * 17) % (size.hosts - size.bound);
        site.sim.host_disconnect(mac(stranger));
        site.sim.host_connect(mac(stranger), address(stranger));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_flat_and_every_byte_is_metered_in_a_crowd() {
    let size = if std::env::var("KUOTA_SOAK").as_deref() == Ok("full") { FULL } else { SMALL };
    let site =
        SiteBuilder::new().router_client(|client| client.timeout = Duration::from_secs(30)).start().await;
    let users = crowd(&site, size).await;
    let (mut early, begun) = (0, Instant::now());
    for cycle in 1..=size.cycles {
        site.cycle().await.unwrap();
        live(&site, size, cycle);
        if cycle == size.cycles / 4 {
            early = memory_kib("self", "VmRSS");
        }
    }
    let (late, took) = (memory_kib("self", "VmRSS"), begun.elapsed());
    site.cycle().await.unwrap();
    println!(
        "{} cycles at {} hosts, {} of them bound: {:?} a cycle, {early} KiB at a quarter, {late} KiB at the end",
        size.cycles,
        size.hosts,
        size.bound,
        took / size.cycles
    );
    assert!(late.saturating_sub(early) <= GROWTH_MAX_KIB, "{early} KiB at a quarter, {late} KiB at the end");
    for (n, user) in (0..).zip(&users) {
        assert_eq!(site.used(*user).await, site.sim.moved_countable(mac(n)), "device {n}");
    }
    site.verify_ledger().await;
}
