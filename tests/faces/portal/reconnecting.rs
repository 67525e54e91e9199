//! What reconnects a stopped customer, said before and after paying: the bill, a package, or both; and a receipt that
//! says nothing of its customer to others.

use std::time::Duration;

use serde_json::json;

use crate::support::payment_site::{MAC, PaymentSite};
use crate::support::portal_client::{Page, PortalClient};

const MB: u64 = 1 << 20;
const BILL_IS_NOT_ENOUGH: &str = "Membayar tagihan saja belum menyambungkan internet";

/// A customer whose quota is used up, with a few megabytes beyond it.
async fn used_up() -> (PaymentSite, PortalClient) {
    let site = PaymentSite::start().await;
    let body = json!({"amount": 100 * MB, "days": 30, "reason": "tes"});
    site.post(&format!("{}/credits", site.user), body).await.ok(201);
    site.cycle_now().await.unwrap();
    site.use_mb(MAC, 103).await;
    let phone = PortalClient::of(&site).await;
    (site, phone)
}

fn package_path(site: &PaymentSite) -> String {
    format!("/beli/{}", site.package.as_str().unwrap())
}

fn order_of(path: &str) -> String {
    path.trim_start_matches("/payment/status/").split('?').next().unwrap().to_owned()
}

/// The first button of a page that stands out.
fn primary(page: &Page) -> String {
    let rest = page.text.split("class=\"button primary\" href=\"").nth(1).unwrap_or_default();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_beyond_the_quota_is_announced_and_the_package_comes_first() {
    let site = PaymentSite::start().await;
    let body = json!({"amount": 100 * MB, "days": 30, "reason": "tes"});
    site.post(&format!("{}/credits", site.user), body).await.ok(201);
    site.cycle_now().await.unwrap();
    let phone = PortalClient::of(&site).await;
    let warning = "menjadi tagihan mulai Rp 10.000, dibulatkan ke atas per Rp 10.000";
    phone.get("/").await.ok().says_nothing_of(warning);
    site.use_mb(MAC, 95).await;
    phone.get("/").await.ok().says(warning);

    site.use_mb(MAC, 8).await;
    let home = phone.get("/").await;
    home.ok().says("Kuota Anda habis. Silakan beli paket").says("Ada tagihan Rp 10.000.");
    home.says(BILL_IS_NOT_ENOUGH).says("Paket sekaligus menutup pemakaian lebih: 3,00 MB dipotong");
    assert_eq!(primary(&home), "/beli");
    phone.get("/lunasi").await.ok().says(BILL_IS_NOT_ENOUGH).says(warning);
    phone.get("/policy/habis").await.ok().says(BILL_IS_NOT_ENOUGH);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bill_alone_is_announced_not_to_reconnect_and_then_offers_what_does() {
    let (site, phone) = used_up().await;
    let chosen = phone.get("/lunasi/semua").await;
    chosen.ok().says("Pembayaran ini belum menyambungkan internet.").says("Untuk tersambung, beli paket.");
    chosen.says("internet dibuka 10 menit, paling banyak 30 MB").says("tetap dihitung");

    let status = phone.pay("/lunasi/semua", "qris").await.leads_to();
    site.relay.pay(&order_of(&status));
    site.pull().await;
    let page = phone.get(&status).await;
    page.ok().says("Pembayaran diterima. Kuota Anda habis. Silakan beli paket untuk tersambung lagi.");
    assert_eq!(primary(&page), "/beli");
    assert!(page.text.contains("notice warn") && !page.text.contains("notice good"), "no bad news in green");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_says_until_when_and_that_a_second_one_adds_no_days() {
    let (site, phone) = used_up().await;
    let path = package_path(&site);
    let chosen = phone.get(&path).await;
    chosen.ok().says("30 hari").says("tetap berlaku sampai 10 Des 2026");
    chosen.says_nothing_of("belum menyambungkan");
    site.pass(Duration::from_hours(48));
    site.cycle_now().await.unwrap();
    phone.get(&path).await.ok().says("Bila dibayar hari ini, berlaku sampai 12 Des 2026");
    phone.get("/beli").await.ok().says("berlaku sampai 12 Des 2026");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_payment_says_that_it_does_not_reconnect_and_leads_to_the_rest() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let debt = json!({"amount": 4096 * MB, "price_rp": 50_000, "advance": true,
        "debt_date": "2026-10-01", "due_date": "2026-10-31"});
    site.post(&format!("{}/debts", site.user), debt).await.ok(201);
    let home = phone.get("/").await;
    home.says("Internet dijeda sementara.");
    let part = phone.get("/lunasi/sebagian?rp=20.000").await;
    part.ok().says("Pembayaran ini belum menyambungkan internet.").says("sisa tagihan Rp 30.00");
    let status = phone.pay("/lunasi/sebagian?rp=20.000", "qris").await.leads_to();
    phone.get("/lunasi").await.ok().says("Pembayaran yang sedang berjalan");
    site.relay.pay(&order_of(&status));
    site.pull().await;
    let page = phone.get(&status).await;
    page.ok().says("Pembayaran diterima. Internet dijeda sementara. Ada tagihan Rp 30.00");
    assert_eq!(primary(&page), "/lunasi");
}

#[tokio::test(flavor = "multi_thread")]
async fn internet_that_was_opened_to_pay_and_is_used_up_is_said_to_be_closed() {
    let (site, phone) = used_up().await;
    let status = phone.pay(&package_path(&site), "qris").await.leads_to();
    site.cycle_now().await.unwrap();
    phone.get(&status).await.ok().says("Internet dibuka sampai");
    phone.get("/").await.ok().says("Internet dibuka sampai");
    site.use_mb(MAC, 31).await;
    let page = phone.get(&status).await;
    page.ok().says("Internet untuk pembayaran ini tidak terbuka. Bayar dengan data seluler");
    page.says_nothing_of("Internet dibuka sampai");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_says_what_and_when_and_nothing_of_today_to_others() {
    let (site, phone) = used_up().await;
    let status = phone.pay("/lunasi/semua", "qris").await.leads_to();
    site.relay.pay(&order_of(&status));
    site.pull().await;
    let other = PortalClient::at(&site).from([127, 0, 0, 77].into());
    let receipt = other.get(&status).await;
    receipt.ok().says("Pembayaran diterima.").says("Untuk Bayar semua tagihan").says("Dibayar 10 Nov 2026");
    receipt.says_nothing_of("Kuota Anda").says_nothing_of("tagihan Rp").says_nothing_of("Beli paket");
    phone.get(&status).await.ok().says("Kuota Anda habis");
    site.pass(Duration::from_hours(2));
    site.cycle_now().await.unwrap();
    phone.get(&status).await.ok().says("Dibayar 10 Nov 2026").says_nothing_of("Kuota Anda habis");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statement_says_what_is_not_recorded_yet() {
    let site = PaymentSite::start().await;
    let body = json!({"amount": 100 * MB, "days": 30, "reason": "tes"});
    site.post(&format!("{}/credits", site.user), body).await.ok(201);
    site.cycle_now().await.unwrap();
    let phone = PortalClient::of(&site).await;
    phone.get("/riwayat?lihat=mutasi").await.ok().says("+100 MB").says_nothing_of("tercatat");
    site.use_mb(MAC, 40).await;
    phone.get("/riwayat?lihat=mutasi").await.ok().says("tercatat").says("−40 MB").says("+100 MB");
}
