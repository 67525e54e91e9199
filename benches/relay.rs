//! The relay as its operator runs it: one process on a file, one and two on a PostgreSQL server, and their callers in
//! this process. Commits are flushed to the disk as in production.
//!
//! `cargo bench --bench relay`. `RELAY_ON=file,one,two` chooses; `RELAY_ORDERS=5000000 RELAY_SITES=10000` fills the
//! tables first; `RELAY_POLLS`, `RELAY_SECONDS` and `RELAY_NOTIFICATIONS` choose other loads.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on ends")]
#![allow(dead_code, reason = "the tests use more of it")]

#[path = "../tests/support/postgres.rs"]
mod postgres;
#[path = "../tests/support/process_memory.rs"]
mod process_memory;
#[path = "../tests/support/program.rs"]
mod program;
#[path = "relay/setup.rs"]
mod setup;
#[path = "relay/wire.rs"]
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kuota::web::descriptors::within_limit;
use process_memory::memory_kib;
use setup::{
    Place, RelayProcess, SECRET, add_sites, gateway, grow, notification, open_orders, order, start, token,
};
use tokio::task::JoinSet;
use wire::Wire;

/// Callers that deliver notifications at the same time.
const CALLERS: usize = 64;
/// Sites that poll while notifications come.
const POLLING: usize = 1000;
/// Notifications a second meanwhile.
const RATE: u32 = 200;
/// Settlements whose way to a waiting call is timed.
const WAKES: usize = 200;

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

struct Load {
    sites: usize,
    old_orders: usize,
    polls: usize,
    seconds: usize,
    notifications: usize,
}

impl Load {
    /// The newest number of each site's feed before.
    fn last_seq(&self) -> usize {
        self.old_orders / self.sites
    }
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |permille: usize| times[(times.len() - 1) * permille / 1000].as_secs_f64() * 1000.0;
    format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", at(500), at(990), at(1000))
}

fn rate(count: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64()
}

/// Seconds of processor time that the processes have used.
fn cpu_s(relays: &[RelayProcess]) -> f64 {
    let of = |relay: &RelayProcess| {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", relay.process.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    };
    relays.iter().map(of).sum()
}

async fn deliver(wire: &mut Wire, order: &str, one: usize) {
    let head = format!("POST /midtrans/notification/m1/{SECRET}");
    wire.send(&head, &notification(order, one)).await;
    let (status, body) = wire.answer().await;
    assert_eq!(status, 200, "{body}");
}

/// Notifications about orders that are not known: kept, and nothing more.
async fn stored(relays: &[RelayProcess], load: &Load) {
    let (count, begun, cpu) = (load.notifications, Instant::now(), cpu_s(relays));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let address = relays[caller % relays.len()].address.clone();
        callers.spawn(async move {
            let (mut wire, mut times) = (Wire::to(&address).await, Vec::new());
            for n in (caller..count).step_by(CALLERS) {
                let at = Instant::now();
                deliver(&mut wire, &format!("unknown-{n}-x"), n).await;
                times.push(at.elapsed());
            }
            times
        });
    }
    let times: Vec<Duration> = callers.join_all().await.concat();
    let took = begun.elapsed();
    let each_ms = (cpu_s(relays) - cpu) * 1000.0 / f64::from(u32::try_from(count).unwrap());
    println!(
        "  notifications stored     {:.0} a second, {}, {each_ms:.2} ms of processor time each",
        rate(count, took),
        spread(times)
    );
}

/// Memory with so many calls that wait and nothing that happens.
async fn idle_polls(relays: &[RelayProcess], load: &Load) {
    let resident = || -> Vec<u64> {
        relays.iter().map(|relay| memory_kib(&relay.process.id().to_string(), "VmRSS") / 1024).collect()
    };
    let before = resident();
    let mut polls = Vec::new();
    for n in 0..load.polls {
        let mut wire = Wire::to(&relays[n % relays.len()].address).await;
        let head = format!("GET /v1/feed?after={}&wait=30", load.last_seq());
        wire.send_as(&token(n % load.sites), &head).await;
        polls.push(wire);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (cpu, waited) = (cpu_s(relays), Duration::from_secs(5));
    tokio::time::sleep(waited).await;
    let load_percent = (cpu_s(relays) - cpu) / waited.as_secs_f64() * 100.0;
    println!(
        "  {} idle long polls    {:?} MiB resident ({before:?} before), {load_percent:.1} % of a processor",
        load.polls,
        resident()
    );
    for mut poll in polls {
        let (status, body) = poll.answer().await;
        assert_eq!(status, 200, "{body}");
    }
}

/// From a notification at one process to the answer of a call that waits at the other.
async fn wakes(relays: &[RelayProcess], load: &Load, orders: std::ops::Range<usize>) {
    let (here, there) = (relays.first().unwrap(), relays.last().unwrap());
    let mut gateway = Wire::to(&here.address).await;
    let mut times = Vec::new();
    let mut waiting = Wire::to(&there.address).await;
    for n in orders {
        let known = order(n, load.sites);
        let number: usize = known.site.trim_start_matches("site-").parse().unwrap();
        let head = format!("GET /v1/feed?after={}&wait=30", load.last_seq());
        waiting.send_as(&token(number), &head).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        let at = Instant::now();
        deliver(&mut gateway, &known.id, n).await;
        let (status, body) = waiting.answer().await;
        assert!(status == 200 && body.contains("\"credit\""), "{status}: {body}");
        times.push(at.elapsed());
    }
    println!("  settlement to the call   {}", spread(times));
}

/// Sites that poll while notifications of theirs come at a steady pace.
async fn steady(relays: &[RelayProcess], load: &Load, orders: std::ops::Range<usize>) {
    let credits = Arc::new(AtomicU64::new(0));
    let mut polling = JoinSet::new();
    for n in 0..POLLING.min(load.sites) {
        let (address, credits) = (relays[n % relays.len()].address.clone(), Arc::clone(&credits));
        let mut after = load.last_seq();
        polling.spawn(async move {
            let mut wire = Wire::to(&address).await;
            loop {
                wire.send_as(&token(n), &format!("GET /v1/feed?after={after}&wait=30")).await;
                let (status, body) = wire.answer().await;
                assert_eq!(status, 200, "{body}");
                let page: serde_json::Value = serde_json::from_str(&body).unwrap();
                let items = page["items"].as_array().unwrap();
                let paid = items.iter().filter(|item| item["effect"] == "credit").count();
                credits.fetch_add(paid as u64, Ordering::Relaxed);
                after = usize::try_from(page["next"].as_u64().unwrap()).unwrap();
            }
        });
    }
    let (begun, cpu) = (Instant::now(), cpu_s(relays));
    let mut callers = JoinSet::new();
    let (first, count) = (orders.start, orders.len());
    for caller in 0..CALLERS {
        let address = relays[caller % relays.len()].address.clone();
        let sites = load.sites;
        callers.spawn(async move {
            let (mut wire, mut times) = (Wire::to(&address).await, Vec::new());
            for n in (caller..count).step_by(CALLERS) {
                let due =
                    begun + Duration::from_secs_f64(f64::from(u32::try_from(n).unwrap()) / f64::from(RATE));
                tokio::time::sleep_until(due.into()).await;
                deliver(&mut wire, &order(first + n, sites.min(POLLING)).id, n).await;
                // From when it was due: a relay that falls behind is not let off.
                times.push(due.elapsed());
            }
            times
        });
    }
    let times: Vec<Duration> = callers.join_all().await.concat();
    let took = begun.elapsed();
    while credits.load(Ordering::Relaxed) < count as u64 {
        assert!(
            begun.elapsed() < took + Duration::from_secs(30),
            "{} of {count} credits",
            credits.load(Ordering::Relaxed)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    polling.abort_all();
    println!(
        "  {} sites poll, {:.0} a second for {:.0} s: {}; all {count} credits delivered {:.1} s after the last, {:.0} % of a processor",
        POLLING.min(load.sites),
        rate(count, took),
        took.as_secs_f64(),
        spread(times),
        begun.elapsed().saturating_sub(took).as_secs_f64(),
        (cpu_s(relays) - cpu) / took.as_secs_f64() * 100.0,
    );
}

async fn measure(name: &str, place: &Place<'_>, processes: usize, load: &Load) {
    println!("{name}");
    drop(place.store().await);
    add_sites(place, load.sites);
    if load.old_orders > 0 {
        let begun = Instant::now();
        grow(place, load.old_orders, load.sites).await;
        println!("  {} orders made in {:.0} s", load.old_orders, begun.elapsed().as_secs_f64());
        for (what, bytes, rows) in place.sizes() {
            println!("  {what}: {} MB, {} bytes a row", bytes / 1_000_000, bytes / rows.max(1));
        }
    }
    let store = place.store().await;
    assert_eq!(store.merchant_secret("m1", SECRET).await.unwrap(), SECRET);
    let steady_orders = WAKES..WAKES + RATE as usize * load.seconds;
    open_orders(&store, 0..WAKES, load.sites).await;
    open_orders(&store, steady_orders.clone(), load.sites.min(POLLING)).await;
    drop(store);
    let gateway = gateway().await;
    let begun = Instant::now();
    let relays: Vec<RelayProcess> = (0..processes).map(|_| start(place, &gateway)).collect();
    println!("  {} started in {:.0} ms", processes, begun.elapsed().as_secs_f64() * 1000.0);
    idle_polls(&relays, load).await;
    wakes(&relays, load, 0..WAKES.min(load.sites)).await;
    stored(&relays, load).await;
    if load.seconds > 0 {
        steady(&relays, load, steady_orders).await;
    }
    for relay in relays {
        relay.process.stop();
    }
}

#[tokio::main]
async fn main() {
    let load = Load {
        sites: number("RELAY_SITES", 2500),
        old_orders: number("RELAY_ORDERS", 0),
        polls: number("RELAY_POLLS", 10_000),
        seconds: number("RELAY_SECONDS", 60),
        notifications: number("RELAY_NOTIFICATIONS", 20_000),
    };
    within_limit(load.polls + 1000, 0);
    println!("{} sites, {} orders in the tables", load.sites, load.old_orders);
    let on = std::env::var("RELAY_ON").unwrap_or_else(|_| "file,one,two".to_owned());
    for on in on.split(',') {
        let dir = tempfile::tempdir().unwrap();
        let server;
        let (name, place, processes) = match on {
            "file" => ("SQLite, one process", Place::File(dir.path().join("relay.db")), 1),
            "one" | "two" => {
                let options = ["fsync=on", "full_page_writes=on", "max_wal_size=2GB", "shared_buffers=256MB"];
                server = postgres::Server::start_with(&options, &[]);
                let processes = if on == "one" { 1 } else { 2 };
                let name = if on == "one" { "PostgreSQL, one process" } else { "PostgreSQL, two processes" };
                (name, Place::Server(server.database()), processes)
            }
            other => panic!("RELAY_ON lists file, one and two, not {other}"),
        };
        measure(name, &place, processes, &load).await;
    }
}
