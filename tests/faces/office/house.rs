//! The house: the router, the audit, admins and their tokens, settings, copies and the proof of the ledger.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::http::Method;
use kuota::agent::config::Enforcement;
use kuota::domain::id::Mac;
use kuota::domain::units::Bytes;
use kuota::settings::Environment;
use serde_json::json;

use crate::support::api_client::PASSWORD;
use crate::support::console_client::{ConsoleClient, Fields};
use crate::support::site::{SiteBuilder, TestSite};

const MAC: Mac = Mac([2, 0, 0, 0, 0, 7]);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 5, 50, 17);

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_is_shown_with_its_reasons_and_sent_by_an_operator() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    site.sim.host_connect(MAC, ADDRESS);
    site.post(&format!("{user}/devices"), json!({"mac": MAC.to_string()})).await.ok(201);
    site.post(&format!("{user}/credits"), json!({"amount": "5 GB", "reason": "hadiah"})).await.ok(201);
    site.agent().cycle.meter_once().await.unwrap();
    let operator = ConsoleClient::of(&site, "operator", "operator").await;
    let page = operator.open("/router").await;
    page.says("10.5.50.17 masuk daftar klient_aktif Budi Aktif")
        .says("ikatan bypassed")
        .says("Router diatur otomatis.");
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    viewer.open("/router").await.hides("Samakan sekarang");
    assert_eq!(viewer.get("/router/samakan").await.status, 403);
    let shown = operator.open("/router/samakan").await;
    let done = operator.sure(&shown).await;
    operator.open(&done.to).await.says("perubahan dikirim ke router").says("Router sudah sesuai.");
    let lists = site.sim.rows("/ip/firewall/address-list");
    assert!(lists.iter().any(|row| row.get("address") == Some(&ADDRESS.to_string())));

    site.agent().cycle.set_dry_run(true);
    site.post(&format!("{user}/block"), json!({"reason": "nakal"})).await.ok(200);
    operator.open("/router").await.says("Uji coba").says("masuk daftar klient_blocked Budi Diblokir");
    let done = operator.sure(&operator.open("/router/samakan").await).await;
    operator.open(&done.to).await.says("perubahan tidak dikirim").says("klient_blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_is_away_is_told_and_not_taken_for_in_step() {
    let site = TestSite::serving().await;
    site.sim.connections(kuota::sim::ConnectionMode::Refuse).await;
    site.clock.advance(Duration::from_mins(1));
    assert!(site.agent().cycle.meter_once().await.is_err());
    let owner = ConsoleClient::owner(&site).await;
    owner.open("/router").await.says("Router tidak dapat dibaca sekarang").says("Terputus");
    owner.open("/").await.says("Router tidak menjawab. Periksa listrik");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_searched_and_never_markup() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let user = site.user("Budi").await;
    let reason = "<script>alert(1)</script>";
    site.post(&format!("{user}/block"), json!({"reason": reason})).await.ok(200);
    let page = owner.open("/catatan").await;
    assert!(!page.html.contains("<script>alert"));
    page.says(reason).says("user.block").says("admin.login");
    owner.open("/catatan?q=alert").await.says(reason).hides("admin.login");
    owner.open("/catatan?pelaku=local").await.says("admin.add").hides("user.block");
    owner.open("/catatan?q=tidak-ada").await.says("Tidak ada.");
    for n in 0..60 {
        site.user(&format!("U{n}")).await;
    }
    let first = owner.open("/catatan?q=user.add").await;
    first.says("U59").hides("U5 ");
    let (before, _) = first.html.split_once("\" rel=\"next\"").unwrap();
    let next = before.rsplit('"').next().unwrap().replace("&#38;", "&");
    owner.open(&next).await.says("U5").says("Terbaru");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_read_in_sentences_filtered_and_taken_home() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let (budi, sari) = (site.user("Budi Wijaya").await, site.user("Sari").await);
    let package = site.package(1024, 50_000).await;
    let cashier = ConsoleClient::of(&site, "siti", "cashier").await;
    assert!(package.is_string());
    cashier.sells(&budi, &[]).await;
    site.post(&format!("{sari}/block"), json!({"reason": "=nakal;"})).await.ok(200);

    let page = owner.open("/catatan").await;
    page.says("siti menerima Rp 50.000 tunai dari Budi Wijaya , kuitansi 1").says("siti masuk");
    page.says("menghentikan internet Sari");
    assert!(
        page.html
            .contains(&format!("<a href=\"{}\">Budi Wijaya</a>", budi.replace("/users/", "/pelanggan/")))
    );
    assert!(page.html.contains("<code>order.paid</code>"), "the code stays");
    owner.in_english().open("/catatan").await.says("siti took Rp 50.000 (cash) from Budi Wijaya");

    for (query, there, not_there) in [
        ("pelaku=siti", "menerima", "menghentikan"),
        ("pelanggan=wijaya", "menerima", "menghentikan"),
        ("pelanggan=nobody", "Tidak ada.", "menerima"),
        ("jenis=pembayaran", "menerima", "siti masuk"),
        ("jenis=pengelola", "siti masuk", "menerima"),
        ("dari=2026-11-10&sampai=2026-11-10", "menerima", "Tidak ada."),
        ("dari=2026-11-11", "Tidak ada.", "menerima"),
        ("sampai=2026-11-09", "Tidak ada.", "menerima"),
    ] {
        owner.open(&format!("/catatan?{query}")).await.says(there).hides(not_there);
    }
    assert_eq!(owner.get("/catatan?jenis=x").await.status, 422);
    assert_eq!(owner.get("/catatan?dari=x").await.status, 422);
    let id = sari.rsplit('/').next().unwrap();
    owner.open(&sari.replace("/users/", "/pelanggan/")).await.says("Catatan tentang pelanggan ini");
    owner.open(&format!("/catatan?pelanggan={id}")).await.says("menghentikan").hides("menerima");

    let table = owner.open("/unduh/catatan?jenis=pembayaran").await.html;
    assert!(table.starts_with("\u{feff}Waktu;Kejadian;Kode;Rincian;Dari\r\n"), "{table}");
    assert!(
        table.contains("2026-11-10 10:00;\"siti menerima Rp 50.000 tunai dari Budi Wijaya, kuitansi 1\";"),
        "{table}"
    );
    let table = owner.open("/unduh/catatan?bentuk=mesin&jenis=pelanggan").await.html;
    assert!(
        table.starts_with("at,actor,role,source,action,target,detail\r\n2026-11-10T03:00:00Z,"),
        "{table}"
    );
    assert!(table.contains(",user.block,") && table.contains("\"'=nakal;\""), "{table}");
    assert_eq!(cashier.get("/unduh/catatan").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_and_tokens_are_made_and_removed_and_a_token_is_shown_once() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let new = [("name", "siti"), ("role", "cashier"), ("password", "rahasia sekali")];
    let shown = owner.fill("/pengelola/baru", &new).await;
    shown.says("Belum ada yang berubah").says("siti");
    assert!(!shown.html.contains("rahasia sekali"), "the page that asks does not hold the password");
    let done = owner.sure(&shown).await;
    owner.open(&done.to).await.says("Sudah dilakukan").says("siti Kasir Tidak");
    let taken = owner.sure(&owner.fill("/pengelola/baru", &new).await).await;
    assert_eq!(taken.status, 409);
    let bad = owner.fill("/pengelola/baru", &[("name", "a b"), ("role", "cashier"), ("password", "x")]).await;
    assert_eq!(bad.status, 422);
    let entered = site
        .request(Method::POST, "/login")
        .json(&json!({"username": "siti", "password": "rahasia sekali"}))
        .send()
        .await;
    entered.ok(200);

    let made = owner.does("/pengelola/siti/token", &[("role", "viewer")]).await;
    let token =
        made.html.split("<span class=\"number\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(site.request(Method::GET, "/me").bearer(&token).send().await.ok(200)["role"], "viewer");
    let page = owner.open("/pengelola").await;
    page.hides(&token);
    let remove = page.html.split("href=\"/pengelola/siti/token/").nth(1).unwrap().split('"').next().unwrap();
    let shown = owner.open(&format!("/pengelola/siti/token/{remove}")).await;
    let done = owner.sure(&shown).await;
    assert_eq!(done.status, 303, "{}", done.words());
    site.request(Method::GET, "/me").bearer(&token).send().await.problem(401, "unauthorized");

    let done = owner.sure(&owner.open("/pengelola/siti/hapus").await).await;
    owner.open(&done.to).await.hides("siti Kasir");
    let last = owner.sure(&owner.open("/pengelola/juragan/hapus").await).await;
    assert_eq!(last.status, 409, "the last owner stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_turns_a_lost_second_factor_off() {
    let site = TestSite::serving().await;
    let siti = site.admin("siti", "operator").await;
    let owner = ConsoleClient::owner(&site).await;
    assert!(!owner.open("/pengelola").await.html.contains("/siti/dua-langkah"));
    crate::office::entrance::second_factor(&site, &siti).await;
    owner.open("/pengelola").await.says("siti Operator Ya");
    let done = owner.sure(&owner.open("/pengelola/siti/dua-langkah").await).await;
    owner.open(&done.to).await.says("siti Operator Tidak");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_after_a_preview_and_log_ins_only_with_password_and_secret() {
    let env = Environment::from([("KUOTA__POLICY__MAX_DEVICES_PER_USER", "4")]);
    let site = SiteBuilder::new().with_files(env).listening().start().await.with_owner().await;
    let owner = ConsoleClient::owner(&site).await;
    site.user("Budi").await;
    owner.open("/pengaturan").await.says("Ubah pengaturan").hides("Menunggu mulai ulang");
    let quota = owner.open("/pengaturan/kuota").await;
    quota.says("policy.max_devices_per_user ditentukan oleh lingkungan");
    let mut fields = quota.fields();
    fields.insert("policy.fup_threshold".to_owned(), "1 GB".to_owned());
    let sent = owner.post(&quota.action(), &fields).await;
    let shown = owner.open(&sent.to).await;
    shown.says("policy.fup_threshold: 3 GB \u{2192} 1 GB");
    assert_eq!(site.agent().in_force().policy.fup_threshold, Bytes::gb(3), "nothing has changed yet");
    let done = owner.sure(&shown).await;
    owner.open(&done.to).await.says("Sudah dilakukan");
    assert_eq!(site.agent().in_force().policy.fup_threshold, Bytes::gb(1));
    owner.open("/pengaturan").await.says("policy.fup_threshold 1 GB").says("meja ini");

    let form = owner.open("/pengaturan/router").await;
    let mut fields = form.fields();
    fields.insert("router.address".to_owned(), "10.9.9.9:8728".to_owned());
    for (password, secret) in
        [("", ""), (PASSWORD, ""), ("tebakan", "rahasia-baru"), (PASSWORD, "rahasia-baru")]
    {
        fields.insert("password".to_owned(), password.to_owned());
        fields.insert("secret".to_owned(), secret.to_owned());
        let mut page = owner.post(&form.action(), &fields).await;
        if page.status == 303 {
            page = owner.open(&page.to).await;
        }
        if page.html.contains("Belum ada yang berubah") {
            page.hides("rahasia-baru").hides("tebakan");
            page = owner.sure(&page).await;
        }
        let is_changed =
            site.agent().files.as_ref().unwrap().last().config.router.address.to_string() == "10.9.9.9:8728";
        assert_eq!(
            is_changed,
            secret == "rahasia-baru" && password == PASSWORD,
            "{password} {secret}: {}",
            page.words()
        );
    }
    owner.open("/pengaturan").await.says("Menunggu mulai ulang: router.address").hides("rahasia-baru");
    let restart = owner.open("/pengaturan/mulai-ulang").await;
    assert!(!*site.agent().restart_wanted().borrow());
    owner.sure(&restart).await;
    assert!(*site.agent().restart_wanted().borrow());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_those_in_force_and_secrets_are_not_among_them() {
    let site = TestSite::serving_with(|config| config.portal.contact = "0812 <i>Pak</i> Budi".into()).await;
    let owner = ConsoleClient::owner(&site).await;
    let page = owner.open("/pengaturan").await;
    page.says("portal.contact 0812 <i>Pak</i> Budi")
        .says("Saat kuota habis, internet berhenti.")
        .hides("rahasia sekali");
    page.says("policy.enforcement ya, router diubah (on)").says("klient_aktif");
    let mut config = site.agent().config.clone();
    config.policy.enforcement = Enforcement::DryRun;
    config.policy.max_devices_per_user = 7;
    site.agent().reload(&config).await.unwrap();
    owner
        .open("/pengaturan")
        .await
        .says("policy.enforcement belum, hanya dilihat (dry-run)")
        .says("paling banyak 7 perangkat");
    owner.in_english().open("/pengaturan").await.says("A customer has at most 7 devices.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_downloaded_and_the_ledger_is_proven_by_pages() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let page = owner.open("/cadangan").await;
    page.says("Belum pernah ada cadangan.").says("kuotad restore");
    let token =
        page.html.split("name=\"_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = Fields::from([("_token".into(), token.clone())]);
    let proven = owner.post("/cadangan/periksa", &fields).await;
    owner.led_on(proven).await.says("Buku besar cocok: 0 baris");
    let copy = site
        .call(Method::POST, "/cadangan/unduh")
        .header("cookie", owner.cookie())
        .header("origin", &site.base)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("_token={token}"))
        .bytes()
        .await;
    assert!(copy.starts_with(b"SQLite format 3"));
    let told = async || owner.open("/cadangan").await.words().contains("Dibuat 0 detik yang lalu.");
    crate::support::payment_site::until("the copy is noted", told).await;
    let operator = ConsoleClient::of(&site, "operator", "operator").await;
    operator.open("/cadangan").await.hides("Buat dan unduh cadangan");
    assert_eq!(operator.post("/cadangan/unduh", &fields).await.status, 403);
}
