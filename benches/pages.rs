//! How long the desk's pages take and how large they are with 10 000 users, 30 000 orders and 200 000 lines in the store:
//! each under 100 ms and 50 KB, searches under 50 ms. `cargo bench --bench pages`.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]

#[path = "pages/crowd.rs"]
mod crowd;
#[path = "../tests/support/of_site.rs"]
mod support;

use std::time::{Duration, Instant};

use support::console_client::ConsoleClient;
use support::site::TestSite;

/// How often each page is asked for, after a first time that warms it up.
const TIMES: usize = 15;
const PAGE_MAX: Duration = Duration::from_millis(100);
const SEARCH_MAX: Duration = Duration::from_millis(50);

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
    site.restart_after(crowd::fill).await;
    println!("filled and verified in {:.1} s", begun.elapsed().as_secs_f64());
    let owner = ConsoleClient::owner(&site).await;
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
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let (median, longest) = (times[TIMES / 2], times[TIMES - 1]);
        println!("{:>6.1} ms {:>6.1} ms {:>7}  {path}", ms(median), ms(longest), first.html.len());
        if median > max {
            slow.push(format!("{path}: {:.1} ms", ms(median)));
        }
    }
    assert!(slow.is_empty(), "too slow: {slow:?}");
}
