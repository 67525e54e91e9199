//! What customers read: what holds in the exact words of the house, what is owed, why, and what was.

use std::time::Duration;

use serde_json::json;

use crate::support::payment_site::{MAC, PaymentSite};
use crate::support::portal_client::{PortalClient, move_to_this_machine};

const MB: u64 = 1 << 20;

/// A grant of quota, counted by a poll.
async fn give(site: &PaymentSite, mb: u64, days: Option<u32>) {
    let body = json!({"amount": mb * MB, "days": days, "reason": "tes"});
    site.post(&format!("{}/credits", site.user), body).await.ok(201);
    site.cycle_now().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_status_has_its_sentence() {
    let site = PaymentSite::with(|config| config.portal.contact = "0812-3456-7890".into()).await;
    let phone = PortalClient::of(&site).await;
    let home = async || phone.get("/").await;
    home().await.ok().says("Kuota Anda habis. Silakan beli paket untuk tersambung lagi.").says("Beli paket");

    give(&site, 8704, Some(12)).await;
    home().await.says("Internet Anda aktif. Sisa 8,50 GB, sampai 22 Nov 2026.");
    site.use_mb(MAC, 8704 - 2150).await;
    let page = home().await;
    page.says("Kecepatan dikurangi. Sisa 2,10 GB. Tambah paket agar kencang lagi.");
    page.says("Kuota periode ini 8,50 GB Terpakai 6,40 GB Sisa kuota 2,10 GB").says("perangkat ini");
    assert!(page.text.contains("2,10 GB dari 8,50 GB sejak pengisian terakhir"));
    assert!(page.text.contains("<progress") && page.text.contains("value=\"2150\" max=\"8704\""));

    site.pass(Duration::from_hours(13 * 24));
    site.cycle_now().await.unwrap();
    home().await.says("Masa aktif berakhir. Silakan perpanjang.");
    site.patch(&site.user, json!({"active": false})).await.ok(200);
    home().await.says("Akun belum aktif. Mohon tunggu persetujuan, atau hubungi kami.");
    site.post(&format!("{}/block", site.user), json!({"reason": "rahasia pemilik"})).await.ok(200);
    let page = home().await;
    page.says("Internet dihentikan pengelola. Hubungi kami.").says("Hubungi pengelola");
    page.says_nothing_of("rahasia pemilik").says_nothing_of("hutang");
    assert!(page.text.contains("https://wa.me/6281234567890"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debt_says_how_much_and_why_and_what_to_do() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    for (note, price) in [("Pinjam <b>Mei</b>", 25_000), ("Pinjam Juni", 15_000)] {
        let debt = json!({"amount": 5 * 1024 * MB, "price_rp": price, "note": note,
            "debt_date": "2026-10-01", "due_date": "2026-10-31"});
        site.post(&format!("{}/debts", site.user), debt).await.ok(201);
    }
    let page = phone.get("/").await;
    page.says("Internet dijeda sementara. Ada tagihan Rp 40.000. Setelah dibayar, tersambung otomatis.");
    page.says("Bayar tagihan")
        .says("Tagihan 1 Okt 2026")
        .says("lewat jatuh tempo 31 Okt 2026")
        .says("Rp 15.000");

    let bill = phone.get("/lunasi").await;
    bill.ok()
        .says("Bayar semua")
        .says("Bayar ini saja")
        .says("Bayar sebagian")
        .says("paling banyak Rp 40.000");
    let why = phone.get("/policy/blocked").await;
    why.ok().says("Tagihan 1 Okt 2026 Lewat jatuh tempo 31 Okt 2026").says("Rp 40.000").says("Bayar tagihan");
    phone.get("/policy/fup").await.ok().says("Aturan ini sedang tidak berlaku untuk Anda.");
    phone.get("/policy/active").await.says("Halaman tidak ditemukan");

    // What would be refused is told before anything is chosen.
    let wares = phone.get("/beli").await;
    wares.ok().says("Ada tagihan yang lewat jatuh tempo. Silakan bayar tagihan dulu.").says("Bayar tagihan");
    let path = format!("/beli/{}", site.package.as_str().unwrap());
    let refused = phone.get(&path).await;
    assert_eq!(refused.status, 409);
    refused.says("Ada tagihan yang lewat jatuh tempo. Silakan bayar tagihan dulu.").says("Bayar tagihan");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_policy_page_has_the_numbers_of_the_asking_customer() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    phone.get("/policy/habis").await.ok().says("Kuota periode ini 0 MB").says("Beli paket");
    give(&site, 1024, Some(1)).await;
    // The last megabytes before the router follows become overage.
    site.use_mb(MAC, 1024 + 600).await;
    let page = phone.get("/policy/blocked").await;
    page.ok().says("Pemakaian lebih 500 MB").says("Batas 500 MB").says("Rp 10.000");
    site.pass(Duration::from_hours(48));
    site.cycle_now().await.unwrap();
    phone.get("/policy/expired").await.ok().says("Berakhir 11 Nov 2026 10.00 WIB").says("Sisa kuota 0 MB");
    site.patch(&site.user, json!({"approved": false})).await.ok(200);
    phone.get("/policy/inactive").await.ok().says("Disetujui belum");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_device_reads_the_rules_in_general_and_where_to_log_in() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::at(&site);
    phone.get("/").await.ok().says("Perangkat ini belum terdaftar").says("Masuk");
    for (path, text) in [
        ("/policy/blocked", "batas (500 MB)"),
        ("/policy/fup", "sisa kuota 3,00 GB atau kurang"),
        ("/policy/habis", "Beli paket untuk tersambung lagi"),
        ("/policy/expired", "berlaku sekian hari"),
        ("/policy/inactive", "disetujui pengelola"),
    ] {
        phone.get(path).await.ok().says(text);
    }
    for path in ["/beli", "/lunasi", "/riwayat", "/lunasi/semua"] {
        assert_eq!(phone.get(path).await.leads_to(), "/", "{path}");
    }
    // Whom a page is for is never told by the query.
    let id = site.user.trim_start_matches("/users/");
    phone.get(&format!("/?user={id}&mac={MAC}&ip=10.5.50.11")).await.says("Perangkat ini belum terdaftar");
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_and_history_are_read_in_peoples_words() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    phone.get("/riwayat").await.ok().says("Belum ada apa-apa di sini.");
    let purchase = json!({"package_id": site.package, "method": "cash"});
    site.cashier_posts(&format!("{}/purchases", site.user), purchase).await.ok(201);
    site.cycle_now().await.unwrap();
    site.use_mb(MAC, 300).await;
    phone.get("/riwayat").await.ok().says("Beli Paket").says("Rp 100.000").says("tunai").says("dibayar");
    phone.get("/riwayat?lihat=mutasi").await.ok().says("Beli paket: Paket").says("+10,00 GB");
    let usage = phone.get("/riwayat?lihat=pemakaian").await;
    usage.ok().says("Pemakaian 30 hari terakhir").says(&format!("{MAC} 300 MB")).says("10 Nov 2026 300 MB");
    let home = phone.get("/").await;
    assert!(home.text.contains("<figure class=\"plot\"") && home.text.contains("10 Nov 2026: 300 MB"));
    phone.get("/riwayat?lihat=apa").await.says("Isian tidak dapat dibaca");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_histories_come_in_pages_and_stay_small() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    for _ in 0..60 {
        site.post(&format!("{}/purchases", site.user), json!({"package_id": site.package, "method": "cash"}))
            .await
            .ok(201);
    }
    for part in ["bayar", "mutasi"] {
        let first = phone.get(&format!("/riwayat?lihat={part}")).await;
        let older = first.ok().text.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
        let older = older.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        let last = phone.get(&older).await;
        last.ok();
        assert_eq!(first.text.matches("Rp 100.000").count(), 50, "{part}");
        assert_eq!(last.text.matches("Rp 100.000").count(), 10, "{part}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_speaks_both_languages_and_has_its_headers() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let chosen = phone.get("/beli?bahasa=en").await;
    assert_eq!(chosen.leads_to(), "/beli");
    let english = PortalClient::at(&site).with_header("cookie", "kuota_lang=en");
    english.get("/").await.says("Your quota is used up. Please buy a package to be online again.");
    let package = format!("/beli/{}", site.package.as_str().unwrap());
    let paths = [
        "/",
        "/beli",
        &package,
        "/lunasi",
        "/riwayat",
        "/riwayat?lihat=mutasi",
        "/riwayat?lihat=pemakaian",
        "/policy/habis",
        "/tentang",
        "/nothing-here",
        "/payment/status/unknown",
    ];
    for path in paths {
        for (visitor, lang) in [(&phone, "id"), (&english, "en")] {
            let page = visitor.get(path).await;
            assert!(page.text.contains(&format!("<html lang=\"{lang}\">")), "{path}: {}", page.text);
            assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
            let header = |name: &str| page.headers[name].to_str().unwrap();
            let policy = header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
            assert!(
                policy.contains("form-action 'self' gojek: shopeeid: https://*.midtrans.com"),
                "{policy}"
            );
            assert_eq!(header("x-frame-options"), "DENY", "{path}");
            assert_eq!(header("referrer-policy"), "same-origin");
            assert_eq!(header("cache-control"), "no-store");
            assert!(header("permissions-policy").contains("camera=()"));
            assert!(!page.text.contains(" style=") && !page.text.contains("onclick"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_down_is_told_with_since_when_and_cash_is_offered() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    site.pull().await;
    site.relay.up(false);
    site.pull_fails().await;
    site.pass(Duration::from_secs(40));
    site.pull_fails().await;
    let path = format!("/beli/{}", site.package.as_str().unwrap());
    for path in ["/", "/beli", &path] {
        phone
            .get(path)
            .await
            .ok()
            .says("terputus sejak 10 Nov 2026 10.00 WIB")
            .says("bayar tunai ke pengelola");
    }
    let refused = phone.pay(&path, "qris").await;
    assert_eq!(refused.status, 503);
    refused
        .says("Layanan pembayaran sedang tidak terhubung. Tidak ada yang ditagihkan.")
        .says_nothing_of("relay");

    site.sim.cut_sessions();
    site.sim.change_password("lain");
    site.agent().cycle.meter_once().await.unwrap_err();
    site.pass(Duration::from_secs(40));
    site.agent().cycle.meter_once().await.unwrap_err();
    phone.get("/").await.says("Angka di halaman ini terakhir diperbarui 10 Nov 2026 10.00 WIB.");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_people_typed_are_never_markup() {
    let site = PaymentSite::start().await;
    let evil = "<script>alert(1)</script>\"'>";
    site.patch(&site.user, json!({"name": evil})).await.ok(200);
    let package = json!({"name": evil, "quota": 1024 * MB, "days": 1, "price_rp": 5000});
    site.post("/packages", package).await.ok(201);
    site.post(&format!("{}/devices", site.user), json!({"mac": MAC.to_string(), "label": evil})).await;
    move_to_this_machine(&site).await;
    let phone = PortalClient::at(&site);
    for path in ["/", "/beli", "/riwayat", "/lunasi"] {
        let page = phone.get(path).await;
        assert!(!page.text.contains("<script>alert"), "{path}");
    }
    phone.get("/").await.says("alert(1)");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_the_home_page_add_up_with_corrections_and_beyond_the_quota() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    give(&site, 15 * 1024, Some(30)).await;
    site.use_mb(MAC, 92).await;
    let page = phone.get("/").await;
    page.says("Kuota periode ini 15,00 GB Terpakai 0,09 GB (92 MB) Sisa kuota 14,91 GB");
    page.says_nothing_of("Dikoreksi");
    let correction = json!({"amount": 61 * MB, "reason": "rahasia pemilik"});
    site.post(&format!("{}/debits", site.user), correction).await.ok(201);
    let page = phone.get("/").await;
    page.says("Terpakai 0,09 GB (92 MB) Dikoreksi atau dikembalikan 0,06 GB (61 MB) Sisa kuota 14,85 GB");
    page.says_nothing_of("rahasia");
    // A second purchase does not hide what was used before it.
    give(&site, 1024, None).await;
    phone
        .get("/")
        .await
        .says("Kuota periode ini 16,00 GB Terpakai 0,09 GB (92 MB)")
        .says("Sisa kuota 15,85 GB");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owners_notes_are_on_no_page_of_the_customer() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let debt = json!({"amount": 5 * 1024 * MB, "price_rp": 25_000, "note": "Rahasia utang rokok",
        "debt_date": "2026-11-01", "due_date": "2026-12-31"});
    let debt = site.post(&format!("{}/debts", site.user), debt).await.ok(201);
    let item = format!("/lunasi/{}", debt["id"].as_str().unwrap());
    let pages = [
        "/",
        "/lunasi",
        "/lunasi/semua",
        &item,
        "/lunasi/sebagian?rp=10.000",
        "/riwayat",
        "/riwayat?lihat=mutasi",
        "/policy/blocked",
        "/policy/habis",
    ];
    for path in pages {
        let page = phone.get(path).await;
        assert!(!page.ok().text.contains("Rahasia"), "{path}");
    }
    phone.get(&item).await.says("Tagihan 1 Nov 2026");
    phone.get("/riwayat?lihat=mutasi").await.says("Keterangan Kuota Jumlah").says_nothing_of("Sisa kuota");
    let status = phone.pay(&item, "qris").await.leads_to();
    let order = status.trim_start_matches("/payment/status/").split('?').next().unwrap();
    assert!(!phone.get(&status).await.ok().text.contains("Rahasia"));
    let asked = site.relay.asked();
    assert!(asked.contains("Tagihan") && !asked.contains("Rahasia"), "{asked}");
    site.relay.pay(order);
    site.pull().await;
    let paid = site.get(&format!("/orders/{order}")).await.ok(200);
    assert_eq!(paid["lines"][0]["name"], "2026-11-01");
    for path in ["/", "/riwayat", "/riwayat?lihat=mutasi", &status] {
        assert!(!phone.get(path).await.ok().text.contains("Rahasia"), "{path}");
    }
}
