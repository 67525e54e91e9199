//! How long a paying customer waits: from the gateway's notification to the row on the router's address list, through
//! the whole product on loopback, each part with its own loops. `cargo bench --bench notification`.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]
#![allow(dead_code, reason = "the tests use more of it")]

#[path = "../tests/money/audit.rs"]
mod audit;
#[path = "../tests/money/proxy.rs"]
mod proxy;
#[path = "../tests/support/relay_host.rs"]
mod relay_host;
#[path = "../tests/support/site.rs"]
mod site;
#[path = "../tests/money/system.rs"]
mod system;

use std::sync::Arc;
use std::time::{Duration, Instant};

use kuota::domain::order::OnlineMethod;
use kuota::domain::units::Bytes;
use system::{DEADLINE, FullSystem};

/// Customers who pay, one after the other.
const ALONE: u8 = 200;
/// Customers who pay at the same moment.
const TOGETHER: u8 = 50;
/// Between two of those who pay one after the other. The relay takes 50 calls a second from one site, and a payment is
/// two of them.
const PAUSE: Duration = Duration::from_millis(60);
/// Between two looks at the list.
const LOOK: Duration = Duration::from_micros(200);

/// Waits until a device is let through; how long that took.
async fn listed(system: &FullSystem, n: u8, begun: Instant) -> Duration {
    while system.list_of(n) != "klient_aktif" {
        assert!(begun.elapsed() < DEADLINE, "customer {n} paid and is not online");
        tokio::time::sleep(LOOK).await;
    }
    begun.elapsed()
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let share =
        |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    println!(
        "{what}: {} payments, p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        times.len(),
        share(50),
        share(90),
        share(99),
        share(100)
    );
}

#[tokio::main]
async fn main() {
    let mut system = FullSystem::new().await;
    let mut orders = Vec::new();
    for n in 1..=ALONE + TOGETHER {
        let user = system.customer(n, Bytes::ZERO).await;
        orders.push((n, user));
    }
    system.site.run_loops().await;
    let system = Arc::new(system);
    // More orders than a site opens in so short a time.
    system.hasten(20);
    let mut waiting = Vec::new();
    for (n, user) in orders {
        waiting.push((n, system.ordered(user, OnlineMethod::VaBca).await));
    }
    system.hasten(1);
    let (alone, together) = waiting.split_at(usize::from(ALONE));
    let mut times = Vec::new();
    for (n, order) in alone {
        let begun = Instant::now();
        system.gateway.pay(order).unwrap();
        times.push(listed(&system, *n, begun).await);
        tokio::time::sleep(PAUSE).await;
    }
    tell("one after the other", times);
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (n, order) in together {
        system.gateway.pay(order).unwrap();
        let (system, n) = (Arc::clone(&system), *n);
        tasks.spawn(async move { listed(&system, n, begun).await });
    }
    tell("at the same moment", tasks.join_all().await);
    let mut system = Arc::into_inner(system).expect("all customers are done");
    system.site.end_loops().await;
    system.site.restart().await;
    let sums = system.audit(&[]).await;
    println!("{sums:?}");
    assert_eq!(sums.credited, u64::from(ALONE) + u64::from(TOGETHER));
}
