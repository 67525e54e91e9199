//! Buying and settling from a phone: each method, each purpose, real browsers and the little windows of hotspots, and
//! the page that follows a payment to its end.

use serde_json::json;

use crate::support::fake_relay::{Fault, OnCancel};
use crate::support::payment_site::{PRICE_RP, PaymentSite};
use crate::support::portal_client::{CAPTIVE_ANDROID, CAPTIVE_IPHONE, CHROME, Page, PortalClient};

const MB: u64 = 1 << 20;
const WALLET: &str = "gojek://gopay/merchanttransfer?tref=1&amount=100000";

fn package_path(site: &PaymentSite) -> String {
    format!("/beli/{}", site.package.as_str().unwrap())
}

/// The order that a status page's address names.
fn order_of(path: &str) -> String {
    path.trim_start_matches("/payment/status/").split('?').next().unwrap().to_owned()
}

async fn debt(site: &PaymentSite, price_rp: u64) -> String {
    let debt = json!({"amount": 4096 * MB, "price_rp": price_rp, "note": format!("Pinjam {price_rp}"),
        "debt_date": "2026-10-01", "due_date": "2026-10-31"});
    let debt = site.post(&format!("{}/debts", site.user), debt).await.ok(201);
    debt["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_bought_by_qris_and_the_page_turns_to_success() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    phone
        .get("/beli")
        .await
        .ok()
        .says("Paket Rp 100.000 10,00 GB · 30 hari Bila dibayar hari ini, berlaku sampai 10 Des 2026 Beli");
    let chosen = phone.get(&package_path(&site)).await;
    chosen
        .ok()
        .says("QRIS")
        .says("GoPay")
        .says("ShopeePay")
        .says("BCA")
        .says("Mandiri")
        .says("Bayar Rp 100.000");

    let status = phone.pay(&package_path(&site), "qris").await.leads_to();
    let id = order_of(&status);
    site.cycle_now().await.unwrap();
    let page = phone.get(&status).await;
    page.ok()
        .says("Menunggu pembayaran")
        .says("Rp 100.000")
        .says("Sisa waktu: 15:00")
        .says("Saya sudah bayar");
    page.says("Ganti cara bayar")
        .says("Internet dibuka sampai 10.10 untuk membayar, sudah terpakai 0 MB dari 30 MB.")
        .says("Untuk Beli Paket Pelanggan")
        .says("pilih QRIS dari galeri");
    assert!(page.text.contains("<div class=\"qr\"><svg") && page.text.contains("data-live=\"3\""));
    assert!(page.text.contains("data-until=\"2026-11-10T03:15:00Z\""));
    assert!(page.text.contains("<noscript><meta http-equiv=\"refresh\""));
    phone.get("/").await.says("Internet dibuka 10 menit untuk membayar.").says("Lanjutkan pembayaran");

    site.relay.pay(&id);
    site.pull().await;
    let page = phone.get(&status).await;
    page.ok().says("Pembayaran diterima. Internet Anda aktif. Sisa 10,00 GB, sampai 10 Des 2026.");
    assert!(!page.text.contains("data-live") && !page.text.contains("http-equiv"));
    phone.get("/riwayat").await.says("Beli Paket").says("dibayar");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_method_shows_what_it_needs_and_wallets_open_by_themselves() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    site.relay.link_to(WALLET);
    let path = package_path(&site);
    assert_eq!(phone.pay(&path, "gopay").await.leads_to(), WALLET);
    site.relay.link_to("https://app.shopeepay.co.id/pay?x=1");
    assert_eq!(phone.pay(&path, "shopeepay").await.leads_to(), "https://app.shopeepay.co.id/pay?x=1");
    let open = phone.get("/").await;
    open.says("Pembayaran yang sedang berjalan").says("Rp 100.000 dengan ShopeePay");

    let va = phone.get(&phone.pay(&path, "va_bni").await.leads_to()).await;
    va.ok().says("Nomor virtual account BNI").says("Salin nomor VA");
    assert!(va.text.contains("data-copy=\"8277"), "{}", va.text);
    let bill = phone.get(&phone.pay(&path, "va_mandiri").await.leads_to()).await;
    bill.ok().says("biller code) 70012").says("bill key) 8277");
    assert_eq!(site.relay.open_orders().len(), 1, "each one called the one before off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_little_window_is_never_led_away_and_the_order_goes_on_in_a_real_browser() {
    let site =
        PaymentSite::with(|config| config.portal.public_url = "http://192.168.88.2:8081".parse().unwrap())
            .await;
    site.relay.link_to(WALLET);
    let real = PortalClient::of(&site).await;
    for agent in [Some(CAPTIVE_IPHONE), Some(CAPTIVE_ANDROID), None] {
        let window = PortalClient::at(&site).with_agent(agent);
        let status = window.pay(&package_path(&site), "gopay").await.leads_to();
        assert!(status.starts_with("/payment/status/"), "{status}");
        let page = window.get(&status).await;
        page.ok().says("Jendela ini tidak bisa membuka aplikasi").says("http://192.168.88.2:8081/b/");
        assert!(
            !page.text.contains("gojek:")
                || page.headers["content-security-policy"].to_str().unwrap().contains("gojek:")
        );
        assert!(!page.text.contains(WALLET) && !page.text.contains("href=\"gojek"), "no way out");

        let read = page.read();
        let code = read.split("/b/").nth(1).unwrap().split(' ').next().unwrap().to_lowercase();
        assert_eq!(real.get(&format!("/b/{code}")).await.leads_to(), status);
        let page = real.get(&status).await;
        page.ok().says("Buka GoPay");
        assert!(page.text.contains("href=\"gojek://gopay/merchanttransfer"));
    }
    let window = PortalClient::at(&site).with_agent(Some(CAPTIVE_IPHONE));
    let status = window.pay(&package_path(&site), "qris").await.leads_to();
    let page = window.get(&status).await;
    page.ok().says("Tangkap layar, buka aplikasi bank, lalu pilih QRIS dari galeri.").says("/b/");
    assert!(page.text.contains("<div class=\"qr\"><svg"));
    let inside = PortalClient::at(&site).with_agent(Some(CHROME));
    let inside = inside.with_header("x-requested-with", "com.google.android.captiveportallogin");
    let status = inside.pay(&package_path(&site), "gopay").await.leads_to();
    assert!(status.starts_with("/payment/status/"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn snap_goes_straight_to_the_gateway_but_not_from_a_little_window() {
    let site =
        PaymentSite::with(|config| config.payment.mode = kuota::agent::config::PaymentMode::Snap).await;
    let phone = PortalClient::of(&site).await;
    let snap = "https://app.sandbox.midtrans.com/snap/v4/redirection/abc";
    site.relay.link_to(snap);
    let path = package_path(&site);
    assert_eq!(phone.fill("/beli", &path, &[]).await.leads_to(), snap);
    debt(&site, 40_000).await;
    // The package is still open: it is asked whether it may go, by the button that was pressed at once too.
    for (action, typed) in [("/lunasi/semua", None), ("/lunasi/sebagian", Some(("rp", "10.000")))] {
        let asked = phone.fill("/lunasi", action, typed.as_slice()).await;
        assert_eq!(asked.status, 409, "{action}");
        asked.says("Pembayaran lain masih terbuka");
        assert_eq!(phone.post(action, &asked.form(action)).await.leads_to(), snap);
    }

    let window = PortalClient::at(&site).with_agent(Some(CAPTIVE_IPHONE));
    let asked = window.fill("/lunasi", "/lunasi/semua", &[]).await;
    let status = window.post("/lunasi/semua", &asked.form("/lunasi/semua")).await.leads_to();
    assert!(status.starts_with("/payment/status/"), "{status}");
    window.get(&status).await.says("/b/");
    phone.get(&status).await.says("Buka halaman pembayaran");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_one_item_or_a_part_is_settled() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let (first, second) = (debt(&site, 20_000).await, debt(&site, 30_000).await);
    let one = phone.get(&format!("/lunasi/{second}")).await;
    one.ok().says("Tagihan 1 Okt 2026").says("Bayar Rp 30.000");
    let status = phone.pay(&format!("/lunasi/{second}"), "qris").await.leads_to();
    site.relay.pay(&order_of(&status));
    site.pull().await;
    phone.get(&status).await.says("Pembayaran diterima. Internet dijeda sementara. Ada tagihan Rp 20.000.");
    let again = phone.get(&format!("/lunasi/{second}")).await;
    assert_eq!(again.status, 409);
    again.says("Tagihan ini sudah dibayar.");

    let status = phone.pay("/lunasi/sebagian?rp=5.000", "qris").await.leads_to();
    site.relay.pay(&order_of(&status));
    site.pull().await;
    phone.get("/lunasi").await.says("Rp 15.000");
    phone.get("/riwayat").await.says("Bayar sebagian").says("Bayar ini saja").says("Tagihan 1 Okt 2026");
    for (rp, text) in
        [("99.000", "Jumlah itu lebih dari tagihan Anda"), ("lima", "Tulis jumlah dalam rupiah")]
    {
        let page = phone.get(&format!("/lunasi/sebagian?rp={rp}")).await;
        assert!(page.status == 409 || page.status == 422, "{}", page.status);
        page.says(text);
    }

    let status = phone.pay("/lunasi/semua", "va_bca").await.leads_to();
    site.relay.pay(&order_of(&status));
    site.pull().await;
    phone.get(&status).await.says("Pembayaran diterima. Internet Anda aktif.");
    phone.get("/lunasi").await.says("Tidak ada tagihan.");
    let nothing = phone.get(&format!("/lunasi/{first}")).await;
    assert_eq!(nothing.status, 409);
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_changed_is_asked_again_and_a_button_pressed_twice_is_once() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let path = package_path(&site);
    let mut fields = phone.get(&path).await.form(&path);
    fields.insert("method".into(), "va_bca".into());
    site.patch(&format!("/packages/{}", site.package.as_str().unwrap()), json!({"price_rp": 120_000}))
        .await
        .ok(200);
    let again = phone.post(&path, &fields).await;
    assert_eq!(again.status, 409);
    again.says("Harganya berubah.").says("Bayar Rp 120.000");
    assert!(again.text.contains("value=\"va_bca\" checked"), "the method stays the one that was chosen");
    assert_eq!(again.text.matches(" checked").count(), 1);
    assert_eq!(site.relay.count("open"), 0);

    let mut fields = again.form(&path);
    fields.insert("method".into(), "qris".into());
    let (a, b) = tokio::join!(phone.post(&path, &fields), phone.post(&path, &fields));
    assert_eq!(a.leads_to(), b.leads_to());
    assert_eq!(site.relay.count("open"), 1);
    fields.remove("method");
    let unpicked = phone.post(&path, &fields).await;
    unpicked.says("Pilih salah satu cara bayar.");
    fields.insert("method".into(), "cash".into());
    phone.post(&path, &fields).await.says("Pilih salah satu cara bayar.");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_payment_is_replaced_only_by_who_was_told_and_agreed() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let path = package_path(&site);
    // A page from before anything was open.
    let mut early = phone.get(&path).await.form(&path);
    early.insert("method".into(), "va_bca".into());
    assert!(!early.contains_key("ganti"));
    let first = order_of(&phone.pay(&path, "qris").await.leads_to());

    let told = phone.get(&path).await;
    told.ok().says("Pembayaran lain masih terbuka").says("Rp 100.000 dengan QRIS").says("dibatalkan");
    told.says("Batalkan yang lama, bayar Rp 100.000").says("Lanjutkan pembayaran");
    let asked = phone.post(&path, &early).await;
    assert_eq!(asked.status, 409);
    asked.says("Masih ada pembayaran yang terbuka.").says("Batalkan yang lama, bayar Rp 100.000");
    assert_eq!((site.status(&first).await, site.relay.count("open")), (json!("pending"), 1));
    // Agreed to another one than the one that is open.
    early.insert("ganti".into(), "K1-0000".into());
    assert_eq!(phone.post(&path, &early).await.status, 409);

    let mut fields = asked.form(&path);
    assert_eq!(fields["ganti"], first);
    fields.insert("method".into(), "va_bca".into());
    let led = phone.post(&path, &fields).await.leads_to();
    assert_eq!((site.status(&first).await, site.relay.count("open")), (json!("cancelled"), 2));
    assert_eq!(phone.post(&path, &fields).await.leads_to(), led, "pressed twice is once");
    assert_eq!(site.relay.count("open"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_asked_about_changed_and_called_off() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let path = package_path(&site);
    let status = phone.pay(&path, "qris").await.leads_to();
    let id = order_of(&status);
    let press = async |what: &str| -> Page {
        phone.fill(&status, &format!("/payment/status/{id}/{what}"), &[]).await
    };
    let asked = press("cek").await.leads_to();
    phone.get(&asked).await.says("Belum ada pembayaran yang masuk.");
    assert_eq!(site.relay.count("refresh"), 1);
    site.relay.fault("refresh", Fault::Refused(503, "gateway_unreachable"));
    let asked = press("cek").await.leads_to();
    phone.get(&asked).await.says("Layanan pembayaran belum menjawab.").says_nothing_of("gateway");
    site.relay.heal();

    site.relay.on_cancel(OnCancel::Refuses);
    let busy = press("ganti").await;
    busy.says("Pembayaran sebelumnya belum bisa dibatalkan.");
    site.relay.on_cancel(OnCancel::Cancels);
    assert_eq!(press("ganti").await.leads_to(), path, "back to the choice");
    let page = phone.get(&status).await;
    page.ok().says("Pembayaran dibatalkan").says("Coba lagi");

    let status = phone.pay(&path, "va_bri").await.leads_to();
    let id = order_of(&status);
    let action = format!("/payment/status/{id}/batal");
    let led = phone.fill("/", &action, &[]).await.leads_to();
    phone
        .get(&led)
        .await
        .ok()
        .says("Pembayaran dibatalkan")
        .says("Tidak perlu membayar nomor atau kode yang lama.");
    assert!(site.relay.open_orders().is_empty());

    // It was paid a moment before it was called off.
    let status = phone.pay(&path, "qris").await.leads_to();
    let id = order_of(&status);
    site.relay.on_cancel(OnCancel::Paid);
    let led = phone.fill(&status, &format!("/payment/status/{id}/ganti"), &[]).await.leads_to();
    phone.get(&led).await.says("Pembayaran diterima.");
    assert_eq!(site.credited().await, crate::support::payment_site::PACKAGE_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_of_a_payment_says_what_to_do() {
    use kuota::domain::order::OrderState;
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let path = package_path(&site);
    for (state, text) in [
        (OrderState::Expired, "Waktu pembayaran habis"),
        (OrderState::Denied, "Pembayaran tidak berhasil"),
        (OrderState::Failed, "Pembayaran tidak berhasil"),
    ] {
        let status = phone.pay(&path, "qris").await.leads_to();
        site.relay.become_(&order_of(&status), state);
        site.pull().await;
        let page = phone.get(&status).await;
        page.ok().says(text).says("Coba lagi").says_nothing_of("Saya sudah bayar");
        assert!(page.text.contains(&format!("href=\"{path}\"")));
    }
    let status = phone.pay(&path, "qris").await.leads_to();
    site.relay.pay_wrongly(&order_of(&status));
    site.pull().await;
    phone.get(&status).await.says("sedang diperiksa pengelola");
    let status = phone.pay(&path, "qris").await.leads_to();
    let id = order_of(&status);
    site.relay.pay(&id);
    site.pull().await;
    site.relay.give_back(&id, "k1", PRICE_RP);
    site.pull().await;
    phone.get(&status).await.says("Uang dikembalikan");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_refuses_is_told_politely() {
    let site = PaymentSite::start().await;
    let phone = PortalClient::of(&site).await;
    let path = package_path(&site);
    for (fault, text) in [
        (Fault::Refused(503, "gateway_busy"), "Layanan pembayaran sedang bermasalah."),
        (Fault::Refused(409, "method_unavailable"), "Cara bayar ini sedang tidak tersedia."),
        (Fault::Refused(503, "never_heard_of"), "Tidak ada yang berubah."),
    ] {
        site.relay.fault("open", fault);
        let page = phone.pay(&path, "qris").await;
        assert!(page.status >= 400, "{}", page.status);
        page.says(text).says_nothing_of("relay").says_nothing_of("the ");
        site.relay.heal();
        site.run_outbox().await;
    }
}
