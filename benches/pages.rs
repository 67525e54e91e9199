//! How long the pages take and how large they are with 10 000 users, 30 000 orders and 200 000 lines in the store: each
//! under 100 ms and 50 KB, searches under 50 ms; and the pages that are opened most by 16 connections at once.
//! `cargo bench --bench pages`; `PAGES_YEARS=5` has an order of everybody every month, a line every day and a closed drawer of so many years:
//! 19 million lines, 5 GB below the folder for temporary files.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]

#[path = "pages/crowd.rs"]
mod crowd;
#[path = "../tests/support/of_site.rs"]
mod support;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crowd::Extent;
use support::console_client::ConsoleClient;
use support::portal_client::PortalClient;
use support::site::TestSite;
use tokio::task::JoinSet;

/// How often each page is asked for, after a first time that warms it up.
const TIMES: usize = 15;
const PAGE_MAX: Duration = Duration::from_millis(100);
const SEARCH_MAX: Duration = Duration::from_millis(50);
const USERS: u32 = 10_000;
const CONNECTIONS: u32 = 16;
/// Pages that each connection opens, one after the other.
const ROUNDS: u32 = 60;

/// Pages and searches of the desk.
fn paths() -> Vec<(String, Duration)> {
    let user = crowd::user_id(4321);
    let order = crowd::order_id(12_345);
    let pages = [
        "/".to_owned(),
        "/pelanggan".to_owned(),
        "/pelanggan?status=blocked".to_owned(),
        format!("/pelanggan/{user}"),
        format!("/pelanggan/{user}/rekening"),
        "/pelanggan?urut=tagihan&arah=turun".to_owned(),
        "/pelanggan?urut=nama&hal=150".to_owned(),
        "/pelanggan?urut=terlihat".to_owned(),
        "/tagihan".to_owned(),
        "/jual".to_owned(),
        format!("/jual/{user}"),
        "/tagihan?urut=jumlah&hal=3".to_owned(),
        format!("/tagihan/ingatkan?siapa={user}"),
        "/paket".to_owned(),
        "/pembayaran".to_owned(),
        "/pembayaran?status=review".to_owned(),
        "/pembayaran?status=open".to_owned(),
        "/pembayaran?status=refunded".to_owned(),
        format!("/pembayaran/{order}"),
        format!("/pembayaran/{order}/kembalikan"),
        format!("/kuitansi/{order}"),
        "/kasir".to_owned(),
        "/laporan".to_owned(),
        "/laporan?from=2026-01-01&to=2026-12-31".to_owned(),
        "/laporan/tagihan".to_owned(),
        "/laporan/bulan".to_owned(),
        "/laporan/pemakaian".to_owned(),
        "/laporan/penagihan".to_owned(),
        "/router".to_owned(),
        "/perangkat".to_owned(),
        "/perangkat?pemilik=semua".to_owned(),
        "/perangkat/sebelum-pemulihan".to_owned(),
        "/catatan".to_owned(),
        "/catatan?jenis=pembayaran".to_owned(),
        "/catatan?pelanggan=Pelanggan+4321".to_owned(),
        "/pengelola".to_owned(),
        "/pengaturan".to_owned(),
        "/cadangan".to_owned(),
        "/saya".to_owned(),
    ];
    let searches = [
        "/pelanggan?q=Pelanggan+4321".to_owned(),
        "/pelanggan?q=0812".to_owned(),
        format!("/pembayaran?q={}", &order[..9]),
        "/pembayaran?q=12345".to_owned(),
        "/catatan?q=tidak-ada".to_owned(),
        "/catatan?pelaku=siti".to_owned(),
    ];
    let pages = pages.into_iter().map(|path| (path, PAGE_MAX));
    pages.chain(searches.into_iter().map(|path| (path, SEARCH_MAX))).collect()
}

#[tokio::main]
async fn main() {
    let begun = Instant::now();
    let mut site = TestSite::serving().await;
    let extent = match std::env::var("PAGES_YEARS") {
        Ok(years) => Extent::years(USERS, years.parse().unwrap()),
        Err(_) => Extent::months(USERS),
    };
    site.restart_after(|folder| crowd::fill(folder, extent)).await;
    println!("filled and verified in {:.1} s", begun.elapsed().as_secs_f64());
    let slow = one_by_one(&ConsoleClient::owner(&site).await).await;
    all_at_once(Arc::new(site)).await;
    assert!(slow.is_empty(), "too slow: {slow:?}");
}

/// Each page by itself. Returns those that are too slow.
async fn one_by_one(owner: &ConsoleClient<'_>) -> Vec<String> {
    let mut slow = Vec::new();
    println!("{:>9} {:>9} {:>7}  page", "median", "longest", "bytes");
    for (path, max) in paths() {
        let first = owner.get(&path).await;
        assert_eq!(first.status, 200, "{path}: {}", first.words());
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            owner.get(&path).await;
            times.push(begun.elapsed());
        }
        times.sort();
        let (median, longest) = (times[TIMES / 2], times[TIMES - 1]);
        println!("{:>6.1} ms {:>6.1} ms {:>7}  {path}", ms(median), ms(longest), first.html.len());
        if median > max {
            slow.push(format!("{path}: {:.1} ms", ms(median)));
        }
    }
    slow
}

/// Sixteen connections, each opening one page after the other without a pause. Clients and daemon share the processors.
async fn all_at_once(site: Arc<TestSite>) {
    site.sim.host_connect(crowd::mac(4321), Ipv4Addr::LOCALHOST);
    site.agent().cycle.meter_once().await.unwrap();
    // One log-in for all: sixteen at a time would be refused.
    let cookie: Arc<str> = ConsoleClient::owner(&site).await.cookie().into();
    let begun = Instant::now();
    let mut connections: JoinSet<_> = (0..CONNECTIONS)
        .map(|connection| open_pages(Arc::clone(&site), Arc::clone(&cookie), connection))
        .collect();
    let mut opened = Vec::new();
    while let Some(pages) = connections.join_next().await {
        opened.extend(pages.unwrap());
    }
    let taken = begun.elapsed();
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for (page, time) in opened {
        times.entry(page).or_default().push(time);
    }
    let calls = CONNECTIONS * ROUNDS;
    println!(
        "{CONNECTIONS} connections at once, {calls} pages: {:.0} pages a second",
        f64::from(calls) / taken.as_secs_f64()
    );
    println!("{:>9} {:>9}  page", "median", "p99");
    for (page, mut times) in times {
        times.sort();
        let (median, late) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!("{:>6.1} ms {:>6.1} ms  {page}", ms(median), ms(late));
    }
}

/// What one connection opens, with the time of each page.
async fn open_pages(site: Arc<TestSite>, cookie: Arc<str>, connection: u32) -> Vec<(&'static str, Duration)> {
    let owner = ConsoleClient::window(&site, &cookie);
    let phone = PortalClient::at(&site);
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let no = connection * ROUNDS + round + 1;
        let begun = Instant::now();
        let page = match (connection + round) % 5 {
            0 => (owner.open("/").await, "dashboard").1,
            1 => (owner.open("/pelanggan").await, "list of customers").1,
            2 => (owner.open(&format!("/pelanggan?q=Pelanggan+{no}")).await, "search for a customer").1,
            3 => (owner.open(&format!("/pelanggan/{}", crowd::user_id(no))).await, "page of a customer").1,
            _ => {
                phone.get("/").await.ok();
                "portal, home"
            }
        };
        times.push((page, begun.elapsed()));
    }
    times
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
