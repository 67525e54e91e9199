//! What an open order does to access: a window to pay, and grace while the relay is silent.

use std::time::Duration;

use serde_json::{Value, json};

use crate::relay::OnCancel;
use crate::shop::{MAC, PACKAGE_BYTES, Shop};

const MIN: Duration = Duration::from_mins(1);

async fn rule(shop: &Shop, reason: &str) -> Value {
    let explained = shop.desk.get(&format!("{}/explain", shop.user)).await.ok(200);
    let rules = explained["rules"].as_array().unwrap();
    rules.iter().find(|rule| rule["reason"] == reason).unwrap_or_else(|| panic!("{explained}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_order_lets_a_stopped_customer_online_for_ten_minutes() {
    let shop = Shop::open().await;
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_habis"));
    let id = shop.order().await;
    shop.cycle().await;
    assert_eq!(
        (shop.list().as_deref(), shop.access().await),
        (Some("klient_fup"), ("fup".into(), json!("paying")))
    );
    let paying = rule(&shop, "paying").await;
    assert!(paying["decides"] == true && paying["numbers"].to_string().contains(&id), "{paying}");
    shop.pass(9 * MIN);
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_fup"));
    shop.pass(MIN);
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_habis"));
    shop.relay.pay(&id);
    shop.pull().await;
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_aktif"), "late, and paid all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_ends_with_its_order_and_with_its_thirty_megabytes() {
    let shop = Shop::open().await;
    let first = shop.order().await;
    shop.cycle().await;
    shop.cashier_posts(&format!("/orders/{first}/cancel"), json!({})).await.ok(200);
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_habis"));
    shop.order().await;
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_fup"));
    shop.desk.use_mb(MAC, 31).await;
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_habis"), "enough for any wallet");
    shop.order().await;
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_habis"), "two windows a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_can_be_switched_off() {
    let shop = Shop::with(|config| config.policy.pay_window = Duration::ZERO).await;
    shop.order().await;
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_habis"));
}

/// A customer whose debt item is overdue by tomorrow, with an order for it.
async fn about_to_be_blocked(grace: Duration) -> (Shop, String) {
    let shop = Shop::with(|config| {
        config.policy.offline_grace = grace;
        config.policy.pay_window = Duration::ZERO;
    })
    .await;
    let debt = json!({"amount": PACKAGE_BYTES, "price_rp": 100_000, "due_date": "2026-11-10"});
    shop.desk.post(&format!("{}/debts", shop.user), debt).await.ok(201);
    let settle = json!({"method": "va_bca"});
    let order = shop.cashier_posts(&format!("{}/settlements", shop.user), settle).await.ok(201);
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_aktif"));
    (shop, order["id"].as_str().unwrap().to_owned())
}

/// Hours pass until it is past midnight, with a daemon that tries the relay all the time.
async fn past_midnight(shop: &Shop, reached: bool) {
    for _ in 0..15 {
        shop.pass(Duration::from_hours(1));
        if reached {
            shop.pull().await;
        } else {
            shop.pull_fails().await;
        }
        shop.cycle().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_relay_holds_a_debt_block_off_while_an_order_waits() {
    let (shop, id) = about_to_be_blocked(Duration::from_hours(20)).await;
    shop.relay.up(false);
    past_midnight(&shop, false).await;
    assert_eq!(shop.list().as_deref(), Some("klient_aktif"));
    assert_eq!(shop.user().await["access"]["offline_grace"], true);
    // It was paid all along.
    shop.relay.pay(&id);
    shop.relay.up(true);
    shop.pull().await;
    shop.cycle().await;
    assert_eq!((shop.list().as_deref(), shop.status(&id).await), (Some("klient_aktif"), json!("paid")));
    assert_eq!(shop.user().await["access"]["offline_grace"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn grace_ends_with_its_time_and_when_the_relay_answers() {
    let (shop, _) = about_to_be_blocked(Duration::from_hours(20)).await;
    shop.relay.up(false);
    past_midnight(&shop, false).await;
    shop.pass(Duration::from_hours(6));
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_blocked"), "its time is over");

    let (shop, _) = about_to_be_blocked(Duration::from_hours(20)).await;
    shop.relay.up(false);
    past_midnight(&shop, false).await;
    shop.relay.up(true);
    shop.pull().await;
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_blocked"), "nobody has paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_grace_or_with_a_relay_that_answers_a_debt_blocks() {
    let (shop, _) = about_to_be_blocked(Duration::ZERO).await;
    shop.relay.up(false);
    past_midnight(&shop, false).await;
    assert_eq!(shop.list().as_deref(), Some("klient_blocked"));
    let (shop, _) = about_to_be_blocked(Duration::from_hours(20)).await;
    past_midnight(&shop, true).await;
    assert_eq!(shop.list().as_deref(), Some("klient_blocked"));
    shop.relay.on_cancel(OnCancel::Cancels);
}
