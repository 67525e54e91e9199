//! What the relay's store takes: a file, and a PostgreSQL server with one and with two processes' stores on it. Commits
//! are flushed to the disk as in production.
//!
//! `cargo bench --bench relay_store` (`RELAY_STORE_ORDERS=500` for fewer).
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

#[path = "../tests/support/postgres.rs"]
mod postgres;

use std::sync::Arc;
use std::time::{Duration, Instant};

use kuota::domain::order::{OnlineMethod, OrderState};
use kuota::domain::payment::Standing;
use kuota::domain::units::{Rupiah, Timestamp};
use kuota::protocol::relay::{FeedEffect, PaymentMeans, credit_event};
use kuota::relay::store::postgres::{PostgresSettings, PostgresStore, ServerTls};
use kuota::relay::store::sqlite::SqliteStore;
use kuota::relay::store::{FeedEvent, NewNotification, OpenedOrder, RelayStore, StoredOrder, Updated};
use tokio::task::JoinSet;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
/// Callers at the same time, and sites that the orders are spread over.
const CALLERS: usize = 64;
const SITES: usize = 50;
/// Settlements whose way to the waiting call is timed.
const WAKES: usize = 300;

fn orders() -> usize {
    std::env::var("RELAY_STORE_ORDERS").map_or(5000, |text| text.parse().unwrap())
}

fn order(n: usize) -> StoredOrder {
    StoredOrder {
        id: format!("K1-{n}-x"),
        merchant: "m1".to_owned(),
        site: format!("site-{}", n % SITES),
        request_id: format!("request-{n}"),
        request_hash: [7; 32],
        method: OnlineMethod::Qris,
        amount: Rupiah(50_000),
        items: Vec::new(),
        memo: None,
        return_url: None,
        standing: Standing::created(),
        means: PaymentMeans::default(),
        abandoned: false,
        created_at: NOW,
        expires_at: Timestamp(NOW.0 + 900_000),
        paid_at: None,
        asked: 0,
        ask_at: Some(Timestamp(NOW.0 + 30_000)),
        version: 0,
    }
}

fn credit(order: &StoredOrder) -> FeedEvent {
    FeedEvent { event_id: credit_event(&order.id), effect: FeedEffect::Credit, amount: order.amount }
}

async fn open(store: Arc<dyn RelayStore>, n: usize) {
    assert!(matches!(store.open(&order(n)).await.unwrap(), OpenedOrder::New));
}

async fn receive(store: Arc<dyn RelayStore>, n: usize) {
    let body = format!("{{\"order_id\":\"{n}\",\"padding\":\"{}\"}}", "x".repeat(1000));
    let kept =
        NewNotification { merchant: "m1".to_owned(), order: order(n).id, body: body.into_bytes(), at: NOW };
    assert!(store.receive(&kept).await.unwrap());
}

async fn settle(store: Arc<dyn RelayStore>, n: usize) {
    let mut order = order(n);
    (order.standing.state, order.standing.credited) = (OrderState::Paid, true);
    let events = [credit(&order)];
    assert_eq!(store.update(&order, &events, &[], NOW).await.unwrap(), Updated::Done);
}

/// Does `work` for every order, the callers spread over the stores; prints how fast.
async fn run<F, W>(what: &str, stores: &[Arc<dyn RelayStore>], work: F)
where
    F: Fn(Arc<dyn RelayStore>, usize) -> W + Copy + Send + 'static,
    W: Future<Output = ()> + Send,
{
    let (count, begun) = (orders(), Instant::now());
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let store = Arc::clone(&stores[caller % stores.len()]);
        callers.spawn(async move {
            let mut times = Vec::new();
            for n in (caller..count).step_by(CALLERS) {
                let at = Instant::now();
                work(Arc::clone(&store), n).await;
                times.push(at.elapsed());
            }
            times
        });
    }
    let times: Vec<Duration> = callers.join_all().await.concat();
    let per_second = f64::from(u32::try_from(count).unwrap()) / begun.elapsed().as_secs_f64();
    println!("  {what:<22} {per_second:>8.0} a second, {}", spread(times));
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |permille: usize| times[(times.len() - 1) * permille / 1000].as_secs_f64() * 1000.0;
    format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", at(500), at(990), at(1000))
}

/// How long a settlement in one process takes to wake a call that waits in another.
async fn wakes(store: &Arc<dyn RelayStore>, other: &Arc<dyn RelayStore>) {
    let mut times = Vec::new();
    let mut waiting = order(orders() + 1);
    assert!(matches!(store.open(&waiting).await.unwrap(), OpenedOrder::New));
    for n in 0..WAKES {
        let fed = other.fed(&waiting.site);
        let event = FeedEvent { event_id: n.to_string(), effect: FeedEffect::Status, amount: waiting.amount };
        assert_eq!(store.update(&waiting, &[event], &[], NOW).await.unwrap(), Updated::Done);
        waiting.version += 1;
        let at = Instant::now();
        fed.await;
        times.push(at.elapsed());
    }
    println!("  {:<22} {}", "wake of another's call", spread(times));
}

async fn measure(name: &str, stores: &[Arc<dyn RelayStore>]) {
    println!("{name}");
    run("orders opened", stores, open).await;
    run("notifications kept", stores, receive).await;
    run("settlements", stores, settle).await;
    wakes(stores.first().unwrap(), stores.last().unwrap()).await;
}

async fn connect(url: &str) -> Arc<dyn RelayStore> {
    let server = url.parse().unwrap();
    let settings = PostgresSettings { server, tls: ServerTls::Off, connections_max: 16 };
    Arc::new(PostgresStore::connect(&settings).await.unwrap())
}

#[tokio::main]
async fn main() {
    println!("{} orders, {CALLERS} callers, {SITES} sites", orders());
    let dir = tempfile::tempdir().unwrap();
    let file: Arc<dyn RelayStore> = Arc::new(SqliteStore::open(&dir.path().join("relay.db")).unwrap());
    measure("SQLite", &[file]).await;
    let server = postgres::Server::start_with(&["fsync=on", "full_page_writes=on", "max_wal_size=1GB"], &[]);
    for processes in [1, 2] {
        let url = server.database().url();
        let mut stores = Vec::new();
        for _ in 0..processes {
            stores.push(connect(&url).await);
        }
        measure(&format!("PostgreSQL, {processes} process(es)"), &stores).await;
    }
}
