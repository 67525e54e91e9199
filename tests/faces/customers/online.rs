//! Money that comes through the gateway, asked for at the desk.

use serde_json::json;

use crate::support::console_client::ConsoleClient;
use crate::support::payment_site::PaymentSite;
use crate::support::site::TestSite;

/// The customer owes as much as the package costs.
async fn owe(site: &TestSite) {
    let user = site.get("/users?q=budi").await.ok(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let debt = json!({"amount": "1 GB", "price_rp": 100_000});
    site.post(&format!("/users/{user}/debts"), debt).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_online_payment_is_opened_once_and_cash_says_that_it_calls_it_off() {
    let site = PaymentSite::start().await;
    let place = site.user.replace("/users/", "/pelanggan/");
    let sell = format!("{place}/lunasi");
    owe(&site).await;
    let browser = ConsoleClient::owner(&site).await;
    let shown = browser.fill(&sell, &[("method", "qris")]).await;
    shown.says("Pesanan online dibuka.").says("Diminta online Rp 100.000 (QRIS)").hides("Kuitansi");
    assert!(site.orders("").await.is_empty());

    let (one, two) = tokio::join!(browser.sure(&shown), browser.sure(&shown));
    assert_eq!((one.status, &one.to), (303, &two.to), "{}", one.words());
    let orders = site.orders("").await;
    assert_eq!(orders.len(), 1, "{orders:?}");
    let told = browser.open(&one.to).await;
    told.says("Sudah dilakukan: Lunasi semua").says("Menunggu pembayaran.");
    assert!(one.to.starts_with(&format!("/pembayaran/{}?", orders[0])), "{}", one.to);
    assert_eq!(site.customer().await["debt_items_mb"], "1024.00");

    let shown = browser.fill(&sell, &[("method", "cash")]).await;
    shown.says("Pembayaran online yang masih terbuka (Rp 100.000) akan dibatalkan.");
    let done = browser.sure(&shown).await;
    browser.open(&done.to).await.says("Kuitansi No. 1");
    assert_eq!(site.status(&orders[0]).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_online_methods_are_not_offered() {
    let site = TestSite::serving().await;
    let place = site.user("Budi").await.replace("/users/", "/pelanggan/");
    owe(&site).await;
    let browser = ConsoleClient::owner(&site).await;
    let page = browser.open(&format!("{place}/lunasi")).await;
    page.says("Tunai").hides("QRIS (online)").hides("GoPay");
    let mut fields = page.fields();
    fields.insert("method".into(), "qris".into());
    let shown = browser.post(&page.action(), &fields).await;
    let shown = browser.led_on(shown).await;
    let refused = browser.sure(&shown).await;
    refused.says("Pembayaran online sedang tidak tersedia.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_stops_when_the_customer_paid_online_since_it_was_shown() {
    let site = PaymentSite::start().await;
    let place = site.user.replace("/users/", "/pelanggan/");
    let sell = format!("{place}/lunasi");
    owe(&site).await;
    let browser = ConsoleClient::owner(&site).await;
    let order = site.order().await;
    let shown = browser.fill(&sell, &[("method", "cash")]).await;
    shown.says("akan dibatalkan").hides("baru saja membayar");
    // It settles and is applied between the two presses.
    site.relay.pay(&order);
    site.pull().await;
    let credited = site.credited().await;
    assert!(credited > 0);
    let refused = browser.sure(&shown).await;
    assert_eq!(refused.status, 409, "{}", refused.words());
    refused.says("ternyata sudah dibayar dan sudah diterapkan");
    assert_eq!(site.credited().await, credited, "nothing was booked");

    // Who is told and goes on takes it.
    let shown = browser.fill(&sell, &[("method", "cash")]).await;
    shown.says("baru saja membayar Rp 100.000 secara online (QRIS");
    assert_eq!(site.customer().await["debt_items_mb"], "1024.00");
    assert_eq!(browser.sure(&shown).await.status, 303);
    assert_eq!(site.customer().await["debt_items_mb"], "0.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_learn_of_an_online_payment_of_a_moment_before() {
    let site = PaymentSite::start().await;
    let path = format!("{}/purchases", site.user);
    let sale = |last_paid: Option<&str>| serde_json::json!({"package_id": site.package, "method": "cash", "last_paid": last_paid});
    let first = site.cashier_posts(&path, sale(Some("none"))).await.ok(201);
    assert!(first.get("paid_just_before").is_none());
    let order = site.order().await;
    site.relay.pay(&order);
    site.pull().await;
    let refused = site.cashier_posts(&path, sale(Some("none"))).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &"order_paid".into()));
    for last_paid in [Some(order.as_str()), None] {
        let sold = site.cashier_posts(&path, sale(last_paid)).await.ok(201);
        assert_eq!(sold["paid_just_before"], order, "{sold}");
    }
    site.clock.advance(std::time::Duration::from_mins(11));
    let sold = site.cashier_posts(&path, sale(None)).await.ok(201);
    assert!(sold.get("paid_just_before").is_none(), "{sold}");
    site.verify_ledger().await;
}
