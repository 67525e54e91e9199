//! What the pages show: order and counts, hostile reports, money by day, orders in pages, both languages.

use std::time::Duration;

use axum::http::Method;
use kuota::clock::Clock;
use kuota::domain::payment::GatewayStatus;
use kuota::domain::role::Role;
use kuota::protocol::health::HealthReport;
use kuota::relay::presence_once;
use kuota::relay::store::DirectoryChange;
use kuota::relay::store::directory::{SiteEntry, SiteState};
use kuota::relay::store::operators::LogAuthor;
use kuota::relay::store::presence::{SiteReport, SiteSighting};
use serde_json::json;

use super::browser::TestConsole;
use crate::support::relay_host::TOKEN;
use crate::support::test_relay::{SISTER, START, STRANGER};

impl TestConsole {
    async fn report(&self, token: &str, body: &serde_json::Value) {
        let body = Some(body.to_string().into_bytes());
        self.relay.call(Method::POST, "/v1/health", Some(token), body).await.ok(200);
    }

    async fn look_for(&self, minutes: u64, calling: &[&str]) {
        for _ in 0..minutes * 4 {
            self.relay.clock.advance(Duration::from_secs(15));
            for token in calling {
                self.relay.call(Method::GET, "/v1/feed?after=0", Some(token), None).await.ok(200);
            }
            presence_once(&self.relay.service, self.relay.clock.now()).await.unwrap();
        }
    }

    /// An order that is paid.
    async fn paid(&self, request: &str) {
        let id = self.relay.opened(request, "qris").await;
        self.relay.gateway.set(&id, GatewayStatus::Settlement);
        self.relay.notify(&id).await.ok(200);
        self.relay.decide().await;
    }
}

/// Names of the sites of a page, in its order.
fn sites(html: &str) -> Vec<String> {
    let rows = html.split("<th scope=\"row\"><a href=\"/lokasi/").skip(1);
    rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_sites_come_first_then_those_behind_then_by_name() {
    let console = TestConsole::start().await;
    let mut budi = console.logged_in("budi", Role::Viewer).await;
    let page = budi.open("/").await;
    assert_eq!(sites(&page.html), ["site-1", "site-2", "site-3"]);
    page.says("Belum pernah 3").says("Diam 0").says("3 dari 3 lokasi").hides("Tambah lokasi");

    console.report(STRANGER, &json!({"version": "0.1.0"})).await;
    console.report(SISTER, &json!({"router": "ok", "store": "ok", "clock_ms": 1})).await;
    console.look_for(1, &[TOKEN]).await;
    console.paid("r1").await;
    // Site 3 becomes silent, site 1 does not fetch its feed, site 2 has another clock than the relay.
    console.look_for(6, &[SISTER, TOKEN]).await;
    let mut budi = console.browser();
    let page = budi.log_in("budi", super::browser::PASSWORD).await;
    let page = budi.send_code(&page, &console.code()).await;
    assert_eq!(sites(&page.html), ["site-3", "site-1", "site-2"]);
    page.says("Diam 1").says("Perlu dilihat 2").says("Belum pernah 0").says("Rp 10.000").says("Dibayar: 1");
    for (chip, expected) in [
        ("diam", &["site-3"][..]),
        ("perlu-dilihat", &["site-1", "site-2"]),
        ("nonaktif", &[]),
        ("belum-pernah", &[]),
        ("apa-saja", &["site-3", "site-1", "site-2"]),
    ] {
        assert_eq!(sites(&budi.open(&format!("/?tampil={chip}")).await.html), expected, "{chip}");
    }
    for (q, expected) in [("SITE-2", &["site-2"][..]), ("m2", &["site-3"]), ("%3Cb%3E", &[])] {
        assert_eq!(sites(&budi.open(&format!("/?q={q}")).await.html), expected, "{q}");
    }
    let site = budi.open("/lokasi/site-3").await;
    site.says("Diam sejak").says("Versi 0.1.0");
    budi.open("/lokasi/site-2").await.says("terlambat").says("tersambung");
    assert_eq!(budi.get("/lokasi/nowhere").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_report_is_text_and_nothing_else() {
    let console = TestConsole::start().await;
    let hostile = "<script>alert(1)</script>\"'><img src=x>\u{202e}&";
    let report = json!({
        "version": hostile, "router": hostile, "router_version": hostile, "store": hostile,
        "entries": 9_007_199_254_740_991_u64, "store_bytes": 9_007_199_254_740_991_u64, "uptime_s": 9_007_199_254_740_991_u64,
        "users": {"active": 9_007_199_254_740_991_u64, "habis": 0}, "is_dry_run": true, "clock_ms": 9_007_199_254_740_991_u64,
    });
    console.report(TOKEN, &report).await;
    let mut budi = console.logged_in("budi", Role::Viewer).await;
    let whole = "<script>alert(1)</script>\"'><img src=x>&";
    for (path, said) in [("/", "<script>aler\u{2026}"), ("/lokasi/site-1", whole)] {
        let page = budi.open(path).await;
        assert!(!page.html.contains("<script>alert") && !page.html.contains("<img"), "{path}");
        assert!(!page.html.contains('\u{202e}'), "{path}");
        page.says(said);
        let scripts = page.html.matches("<script").count();
        assert_eq!(scripts, 1, "our own");
    }
    budi.open("/lokasi/site-1").await.says("aktif 9.007.199.254.740.991, habis 0").says("Hanya mengamati ya");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_shows_its_money_by_day_and_its_orders_in_pages() {
    let console = TestConsole::start().await;
    console.paid("yesterday").await;
    console.relay.clock.advance(Duration::from_hours(24));
    for n in 0..51 {
        console.relay.opened(&format!("r{n}"), "qris").await;
        console.relay.pass(1);
    }
    console.paid("today").await;
    let mut budi = console.logged_in("budi", Role::Viewer).await;
    let page = budi.open("/lokasi/site-1").await;
    page.says("Per hari menurut WIB")
        .says("2 Mar 2026 1 Rp 10.000")
        .says("1 Mar 2026 1 Rp 10.000")
        .says("28 Feb 2026 0");
    page.says("Pendapatan hari ini Rp 10.000 (Dibayar: 1)").says("Terbuka 51");
    assert_eq!(page.html.matches("<th scope=\"row\" class=\"mono\">").count(), 50);
    let older =
        page.html.split("<a class=\"button slim\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let older = budi.open(older).await;
    assert_eq!(older.html.matches("<th scope=\"row\" class=\"mono\">").count(), 3);
    older.says("Terbaru").says("Dibayar");
    assert_eq!(budi.get("/lokasi/site-1?sebelum=x").await.status, 422);
    budi.open("/lokasi/site-2").await.says("belum punya pesanan");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_in_both_languages() {
    let console = TestConsole::start().await;
    console.paid("r1").await;
    console.report(TOKEN, &json!({"version": "0.1.0", "router": "ok", "users": {"active": 3}})).await;
    let mut budi = console.logged_in("budi", Role::Owner).await;
    let mut english = console.browser();
    english.cookies.clone_from(&budi.cookies);
    english.in_english();
    for (path, id, en) in [
        ("/", "Perlu dilihat", "To look at"),
        ("/lokasi/site-1", "Laporan agen", "The agent's report"),
        ("/tambah-lokasi", "Nama lokasi", "Name of the site"),
        ("/lokasi/site-1/nonaktifkan", "ditolak", "are refused"),
        ("/merchant", "Kunci lama", "Previous keys"),
        ("/merchant/tambah", "Kunci server", "Server key"),
        ("/merchant/m1/ganti-kunci", "kunci baru", "the new key"),
        ("/akun", "terpasang", "set up"),
        ("/akun/tambah", "Pengamat", "Viewer"),
        ("/akun/siti/hapus", "tidak bisa masuk lagi", "may log in no more"),
        ("/catatan", "Setiap masuk", "Every log-in"),
        ("/saya", "Pemilik", "Owner"),
        ("/saya/kata-sandi", "Kata sandi Anda", "Your password"),
        ("/tentang", "perangkat lunak bebas", "free software"),
    ] {
        budi.open(path).await.says(id).hides(en);
        english.open(path).await.says(en).hides(id);
    }
    let page = budi.get("/tidak-ada").await;
    assert_eq!(page.status, 404);
    page.says("Halaman tidak ditemukan").says("Merchant");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_sites_with_the_longest_reports_are_no_large_page() {
    let console = TestConsole::start().await;
    let report: HealthReport = serde_json::from_value(json!({
        "version": "<".repeat(64), "router": "<".repeat(64), "store": "<".repeat(64), "clock_ms": 1,
    }))
    .unwrap();
    let (by, now) = (LogAuthor::command(START), console.relay.clock.now());
    let mut sightings = Vec::new();
    for n in 0..60_u8 {
        let id = format!("a-site-with-a-name-{n:02}");
        let state = SiteState::Enabled;
        let entry = SiteEntry { id: id.clone(), merchant: "m1".into(), token_sha256: Some([n; 32]), state };
        console.relay.store.change_directory(&DirectoryChange::AddSite(entry), &by).await.unwrap().unwrap();
        let report = SiteReport { report: report.clone(), at: now, clock_ahead_ms: Some(-1_000_000) };
        sightings.push(SiteSighting {
            site: id,
            last_seen_at: now,
            report: Some(report),
            feed_after: Some(0),
        });
    }
    console.relay.store.note_sightings(&sightings, now).await.unwrap();
    let mut budi = console.logged_in("budi", Role::Owner).await;
    // No page of a test is larger than 50 KB.
    let page = budi.open("/").await;
    assert_eq!(sites(&page.html).len(), 50);
    page.says("63 dari 63 lokasi").says("Perlu dilihat 60");
    let next = page.html.split(" rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = budi.open(next.split('"').next().unwrap()).await;
    assert_eq!(sites(&next.html).len(), 13);
}
