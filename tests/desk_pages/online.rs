//! Money that comes through the gateway, asked for at the desk.

use crate::browser::Browser;
use crate::shop::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn an_online_payment_is_opened_once_and_cash_says_that_it_calls_it_off() {
    let shop = Shop::open().await;
    let place = shop.user.replace("/users/", "/pelanggan/");
    let sell = format!("{place}/jual");
    let browser = Browser::owner(&shop.desk).await;
    let shown = browser.fill(&sell, &[("method", "qris")]).await;
    shown.says("Pesanan online dibuka.").says("Diminta online Rp 100.000 (QRIS)").hides("Kuitansi");
    assert!(shop.orders("").await.is_empty());

    let (one, two) = tokio::join!(browser.sure(&shown), browser.sure(&shown));
    assert_eq!((one.status, &one.to), (303, &two.to), "{}", one.words());
    let orders = shop.orders("").await;
    assert_eq!(orders.len(), 1, "{orders:?}");
    let told = browser.open(&one.to).await;
    told.says("Sudah dilakukan: Jual paket").says("Menunggu pembayaran.");
    assert!(one.to.starts_with(&format!("/pembayaran/{}?", orders[0])), "{}", one.to);
    assert_eq!(shop.credited().await, 0);

    let shown = browser.fill(&sell, &[("method", "cash")]).await;
    shown.says("Pembayaran online yang masih terbuka (Rp 100.000) akan dibatalkan.");
    let done = browser.sure(&shown).await;
    browser.open(&done.to).await.says("Kuitansi No. 1");
    assert_eq!(shop.status(&orders[0]).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_online_methods_are_not_offered() {
    let desk = crate::desk::Desk::start().await;
    let place = desk.user("Budi").await.replace("/users/", "/pelanggan/");
    desk.package(1024, 10_000).await;
    let browser = Browser::owner(&desk).await;
    let page = browser.open(&format!("{place}/jual")).await;
    page.says("Tunai").hides("QRIS (online)").hides("GoPay");
    let mut fields = page.fields();
    fields.insert("method".into(), "qris".into());
    let shown = browser.post(&page.action(), &fields).await;
    let shown = browser.led_on(shown).await;
    let refused = browser.sure(&shown).await;
    refused.says("Pembayaran online sedang tidak tersedia.");
}
