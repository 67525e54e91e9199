//! Money: the dashboard's figures, the review queue, refunds, the drawer, and reports.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::http::Method;
use kuota::domain::id::Mac;
use serde_json::json;

use crate::support::api_client::PASSWORD;
use crate::support::console_client::ConsoleClient;
use crate::support::payment_site::{PACKAGE_BYTES, PRICE_RP, PaymentSite};
use crate::support::site::TestSite;

const MAC: Mac = Mac([2, 0, 0, 0, 0, 9]);

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_shows_what_was_done() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    owner.open("/").await.says("Belum pernah ada cadangan.").says("Pembayaran online : Tidak dipakai");
    let (budi, sari) = (site.user("Budi").await, site.user("Sari").await);
    let package = site.package(10_240, 100_000).await;
    site.sim.host_connect(MAC, Ipv4Addr::new(10, 5, 50, 19));
    site.post(&format!("{budi}/devices"), json!({"mac": MAC.to_string()})).await.ok(201);
    let buy = |method: &str| json!({"package_id": package, "method": method});
    site.post(&format!("{budi}/purchases"), buy("cash")).await.ok(201);
    site.post(&format!("{budi}/purchases"), buy("transfer")).await.ok(201);
    site.post(&format!("{sari}/debts"), json!({"amount": "5 GB", "due_date": "2026-11-12"})).await.ok(201);
    site.post("/router/sync", json!({})).await.ok(200);
    site.use_mb(MAC, 1536).await;
    site.post("/users", json!({"name": "Tono", "approved": false})).await.ok(201);
    site.clock.advance(Duration::from_mins(1));
    site.post(&format!("{sari}/block"), json!({"reason": "nakal"})).await.ok(200);

    let page = owner.open("/").await;
    page.says("Pemakaian hari ini 1,50 GB")
        .says("Pemasukan hari ini Rp 200.000 Tunai Rp 100.000 Transfer Rp 100.000")
        .says("Pemasukan bulan ini Rp 200.000")
        .says("Total tagihan Rp 50.000 1 pelanggan, 5,00 GB")
        .says("Kesehatan sistem 1 hal perlu dilihat")
        .says("Menunggu Anda Cadangan terakhir: Perlu dilihat 1 pelanggan menunggu")
        .says("Sedang online 1 dari 1 perangkat di hotspot")
        .says("1 pelanggan menunggu persetujuan")
        .says("Router : Baik")
        .says("Sari Diblokir");
    assert!(
        page.html.contains("data-live=\"5\"") && page.html.contains("href=\"/pelanggan?status=blocked\"")
    );
    assert!(page.html.contains("10 Nov 2026: 1,50 GB") && page.html.contains("10 Nov 2026: Rp 200.000"));
    owner.open("/laporan/pemakaian").await.says("1,50 GB").says("Budi");
    owner.open("/laporan/tagihan").await.says("Sari").says("Rp 50.000");
    owner.open("/laporan/penagihan").await.says("Segera tempo Sari");
    let sales = owner.open("/laporan?from=2026-11-01&to=2026-11-30").await;
    sales
        .says("Pemasukan (setelah pengembalian) Rp 200.000 2 Pembayaran; Diterima Rp 200.000")
        .says("Tunai 1 Rp 100.000")
        .says("juragan 2 Rp 200.000");
    owner.open("/laporan?from=2026-11-30&to=2026-11-01").await.says("Rentang tanggal tidak bisa dipakai");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_not_trusted_is_told_and_vouched_for_by_the_owner_only() {
    let site = TestSite::serving().await;
    site.clock.set_wall(kuota::clock::parse_rfc3339("2028-01-01T00:00:00Z").unwrap());
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    let page = viewer.open("/").await;
    page.says("Jam mundur, melompat");
    assert!(!page.html.contains("/jam/pastikan"));
    assert_eq!(viewer.get("/jam/pastikan").await.status, 403);
    let owner = ConsoleClient::owner(&site).await;
    assert!(owner.open("/").await.html.contains("/jam/pastikan"));
    let shown = owner.open("/jam/pastikan").await;
    let done = owner.sure(&shown).await;
    owner.open(&done.to).await.says("Sudah dilakukan").says("Jam : Baik");
    assert_eq!(site.get("/status").await.ok(200)["clock"]["state"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_review_queue_stands_first_and_the_owner_decides_after_seeing_what_it_does() {
    let site = PaymentSite::start().await;
    let (first, second) = {
        let first = site.order().await;
        site.relay.pay_wrongly(&first);
        site.pull().await;
        let second = site.order().await;
        site.relay.pay_wrongly(&second);
        site.pull().await;
        (first, second)
    };
    let owner = ConsoleClient::owner(&site).await;
    owner.open("/").await.says("2 pembayaran perlu keputusan pemilik");
    owner.open("/pembayaran").await.says("Perlu keputusan pemilik").says("Jumlah yang dibayar berbeda.");
    let place = format!("/pembayaran/{first}");
    owner
        .open(&place)
        .await
        .says("Budi")
        .says("Bukukan")
        .says("Tutup tanpa membukukan")
        .hides("Cara pelanggan membayar");
    let cashier = ConsoleClient::of(&site, "kasir", "cashier").await;
    cashier.open(&place).await.hides("Bukukan");
    assert_eq!(cashier.get(&format!("{place}/bukukan")).await.status, 403);

    let shown = owner.fill(&format!("{place}/bukukan"), &[("reason", "sudah dicek")]).await;
    shown.says("Belum ada yang berubah").says("+10,00 GB");
    assert_eq!(site.credited().await, 0);
    let done = owner.sure(&shown).await;
    let again = owner.sure(&shown).await;
    assert_eq!((done.status, &done.to), (303, &again.to), "pressing twice is once");
    owner.open(&done.to).await.says("Sudah dilakukan").says("Lunas").says("Dibukukan oleh pemilik.");
    assert_eq!(site.credited().await, PACKAGE_BYTES);

    let place = format!("/pembayaran/{second}");
    owner.does(&format!("{place}/tutup"), &[("reason", "uang kembali")]).await.says("Dibatalkan");
    assert_eq!((site.credited().await, site.status(&second).await), (PACKAGE_BYTES, json!("cancelled")));
    owner.open("/pembayaran?status=review").await.says("Tidak ada.");
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_orders_are_asked_about_called_off_and_found() {
    let site = PaymentSite::start().await;
    let order = site.order().await;
    let cashier = ConsoleClient::of(&site, "kasir", "cashier").await;
    cashier.open("/pembayaran?status=open").await.says("Menunggu dibayar").says("QRIS");
    cashier.open(&format!("/pembayaran?q={}", &order[..order.len() - 1])).await.says("Rp 100.000");
    cashier.open("/pembayaran?q=tidak-ada").await.says("Tidak ada.");
    let place = format!("/pembayaran/{order}");
    let shown = cashier.open(&format!("{place}/tanya")).await;
    let asked = cashier.sure(&shown).await;
    cashier.open(&asked.to).await.says("Menunggu dibayar");
    let shown = cashier.open(&format!("{place}/batalkan")).await;
    let done = cashier.sure(&shown).await;
    cashier.open(&done.to).await.says("Sudah dilakukan: Batalkan").says("Dibatalkan");
    assert_eq!(site.status(&order).await, "cancelled");
    let refused = cashier.sure(&cashier.open(&format!("{place}/batalkan")).await).await;
    assert_eq!(refused.status, 409);

    site.relay.up(false);
    let other = cashier.sure(&cashier.open(&format!("{place}/tanya")).await).await;
    assert_eq!(other.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_says_what_it_undoes_and_leaves_the_drawer_which_is_closed_with_a_difference() {
    let site = PaymentSite::start().await;
    let owner = ConsoleClient::owner(&site).await;
    let purchase = json!({"package_id": site.package, "method": "cash"});
    let sold = site.post(&format!("{}/purchases", site.user), purchase.clone()).await.ok(201);
    site.post(&format!("{}/purchases", site.user), purchase).await.ok(201);
    owner.open("/kasir").await.says("Rp 200.000").says("2 struk, nomor 1 sampai 2");
    let place = format!("/pembayaran/{}", sold["id"].as_str().unwrap());
    let refund = format!("{place}/kembalikan");
    owner.open(&refund).await.says("Uang keluar dari laci Anda.").says("Rp 100.000");
    let more = owner.fill(&refund, &[("amount_rp", "100.001"), ("reason", "salah")]).await;
    assert_eq!(more.status, 409);
    let shown = owner.fill(&refund, &[("reason", "salah paket")]).await;
    shown.says("10,00 GB");
    let done = owner.sure(&shown).await;
    owner.open(&done.to).await.says("Dikembalikan").says("Rp 100.000");
    assert_eq!(site.customer().await["remaining_bytes"], PACKAGE_BYTES);
    assert!(!owner.open(&place).await.html.contains("/kembalikan"));
    owner.open("/pembayaran?status=refunded").await.says("Dikembalikan");
    owner.open("/pembayaran?q=2").await.says("Lunas");

    owner.open("/kasir").await.says("Tunai yang harus ada Rp 100.000").says("Tunai Rp 200.000 Rp 100.000");
    let silent = owner.fill("/kasir/tutup", &[("counted_rp", "100.500")]).await;
    silent.says("Lebih Rp 500").says("tulis sebabnya di Catatan");
    let other = ConsoleClient::of(&site, "lain", "cashier").await;
    let operator = ConsoleClient::of(&site, "mandor", "operator").await;
    operator
        .open("/kasir")
        .await
        .says("Laci kasir lain yang belum ditutup")
        .says("juragan")
        .says("Rp 100.000");
    other.open("/kasir").await.hides("Laci kasir lain");
    let shown = owner.fill("/kasir/tutup", &[("counted_rp", "99.000"), ("note", "kurang seribu")]).await;
    shown.says("Seharusnya").says("Rp 100.000").says("\u{2212}Rp 1.000");
    shown.says("Kurang Rp 1.000 Sebab yang ditulis: kurang seribu");
    owner.open("/kasir").await.says("Tidak ada.");
    let done = owner.sure(&shown).await;
    owner
        .open(&done.to)
        .await
        .says("Sudah dilakukan")
        .says("Tunai yang harus ada Rp 0")
        .says("\u{2212}Rp 1.000");
    let closing = owner.open("/kasir/1").await;
    closing.says("kurang seribu").says("Rp 99.000").says("\u{2212}Rp 1.000");
    assert!(closing.html.contains("data-print"));
    assert_eq!(other.get("/kasir/1").await.status, 404, "cashiers see their own closings");
    other.open("/kasir").await.hides("kurang").says("Tidak ada.");
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_online_refund_waits_for_the_gateway_and_is_told_so() {
    let site = PaymentSite::start().await;
    let order = site.order().await;
    site.relay.pay(&order);
    site.pull().await;
    let owner = ConsoleClient::owner(&site).await;
    let place = format!("/pembayaran/{order}");
    let half = (PRICE_RP / 2).to_string();
    owner
        .fill(&format!("{place}/kembalikan"), &[("amount_rp", &half), ("reason", "x")])
        .await
        .says("gerbang");
    let page = owner.does(&format!("{place}/kembalikan"), &[("amount_rp", &half), ("reason", "x")]).await;
    page.says("Pengembalian Rp 50.000 menunggu gerbang pembayaran");
    site.run_outbox().await;
    site.pull().await;
    owner.open(&place).await.says("Dikembalikan sebagian").hides("menunggu gerbang");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_for_spreadsheets_are_had_with_the_session_of_the_page() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let user = site.user("Budi").await;
    let package = site.package(1024, 10_000).await;
    site.post(&format!("{user}/purchases"), json!({"package_id": package, "method": "cash"})).await.ok(201);
    let body = format!("username=juragan&password={}", PASSWORD.replace(' ', "+"));
    let entered = site
        .call(Method::POST, "/masuk")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", &site.base)
        .body(body)
        .send()
        .await;
    let cookie = entered.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for (page, row) in [
        ("/laporan?from=2026-11-01&to=2026-11-30", "total,"),
        ("/laporan/tagihan", "total,"),
        ("/laporan/pemakaian", "total,"),
        ("/laporan/penagihan", "state,"),
    ] {
        let html = owner.open(page).await.html;
        let link = html.split("/api/v1/reports/").nth(1).unwrap().split('"').next().unwrap();
        let link = format!("/api/v1/reports/{}", link.replace("&#38;", "&"));
        let table = site.call(Method::GET, &link).header("cookie", &cookie).send().await;
        table.ok_text();
        assert!(table.kind.starts_with("text/csv") && table.text.contains(row), "{link}: {}", table.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_for_people_have_headings_gigabytes_and_local_time_and_run_nothing() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let budi = site.user("=Budi;").await;
    let package = site.package(1536, 50_000).await;
    site.post(&format!("{budi}/purchases"), json!({"package_id": package, "method": "cash"})).await.ok(201);
    let debt = json!({"amount": "5 GB", "price_rp": 20_000, "due_date": "2026-11-12", "advance": false, "note": "+x"});
    site.post(&format!("{budi}/debts"), debt).await.ok(201);
    site.sim.host_connect(MAC, Ipv4Addr::new(10, 5, 50, 19));
    site.post(&format!("{budi}/devices"), json!({"mac": MAC.to_string()})).await.ok(201);
    site.post("/router/sync", json!({})).await.ok(200);
    site.use_mb(MAC, 512).await;
    for (path, heading, row) in [
        (
            "/unduh/pelanggan",
            "Nama;Telepon;Nama login;Status;Sisa (GB);Terpakai (GB);Harus dibayar (Rp);Berlaku sampai;Terakhir terlihat;Terdaftar",
            "\"'=Budi;\";;;Aktif;\"1,00\";\"0,50\";20000;",
        ),
        (
            "/unduh/penjualan?from=2026-11-01&to=2026-11-30",
            "Waktu;Kuitansi;Pelanggan;Cara bayar;Kasir;Jumlah (Rp);Dikembalikan (Rp)",
            "2026-11-10 10:00;1;\"'=Budi;\";Tunai;",
        ),
        (
            "/unduh/tagihan",
            "Nama;Telepon;Tanggal tagihan;Jatuh tempo;Terlambat (hari);Tagihan (GB);Harus dibayar (Rp);Catatan;Catatan untuk pelanggan",
            ";2026-11-10;2026-11-12;0;\"5,00\";20000;'+x;",
        ),
        ("/unduh/pemakaian", "Tanggal;Pelanggan;Pemakaian (GB)", "2026-11-10;\"'=Budi;\";\"0,50\""),
        (
            "/unduh/penagihan",
            "Keadaan;Nama;Telepon;Jatuh tempo;Tagihan (GB);Harus dibayar (Rp)",
            "Segera jatuh tempo;\"'=Budi;\";;2026-11-12;\"5,00\";20000",
        ),
    ] {
        let reply = site.call(Method::GET, path).header("cookie", owner.cookie()).send().await;
        reply.ok_text();
        let table = &reply.text;
        assert!(table.starts_with(&format!("\u{feff}{heading}\r\n")), "{path}: {table}");
        assert!(table.contains(row), "{path}: {row} is not in {table}");
        // One kind of row: each has as many cells as the head.
        let name = reply.headers["content-disposition"].to_str().unwrap().to_owned();
        assert!(name.ends_with("-2026-11-10.csv\""), "{name}");
    }
    let machine = owner.open("/unduh/pelanggan?bentuk=mesin").await.html;
    assert!(machine.starts_with("user_id,name,phone,login,status,reason,remaining_bytes,"), "{machine}");
    assert_eq!(owner.get("/unduh/pelanggan?bentuk=x").await.status, 422);
    let english = owner.in_english().open("/unduh/pelanggan").await.html;
    assert!(english.contains("Left (GB)") && english.contains(";1.00;0.50;"), "{english}");
    let cashier = ConsoleClient::of(&site, "kasir", "cashier").await;
    assert_eq!(cashier.get("/unduh/pelanggan").await.status, 403);
    owner.open("/laporan/tagihan").await.says("Unduh untuk Excel").says("Cetak");
}
