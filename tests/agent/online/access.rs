//! What an open order does to access: a window to pay, and grace while the relay is silent.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::fake_relay::OnCancel;
use crate::support::payment_site::{MAC, PACKAGE_BYTES, PaymentSite};

const MIN: Duration = Duration::from_mins(1);

async fn rule(site: &PaymentSite, reason: &str) -> Value {
    let explained = site.get(&format!("{}/explain", site.user)).await.ok(200);
    let rules = explained["rules"].as_array().unwrap();
    rules.iter().find(|rule| rule["reason"] == reason).unwrap_or_else(|| panic!("{explained}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_order_lets_a_stopped_customer_online_for_ten_minutes() {
    let site = PaymentSite::start().await;
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_habis"));
    let id = site.order().await;
    site.cycle_now().await.unwrap();
    assert_eq!(
        (site.list().as_deref(), site.access().await),
        (Some("klient_fup"), ("fup".into(), json!("paying")))
    );
    let paying = rule(&site, "paying").await;
    assert!(paying["decides"] == true && paying["numbers"].to_string().contains(&id), "{paying}");
    site.pass(9 * MIN);
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_fup"));
    site.pass(MIN);
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_habis"));
    site.relay.pay(&id);
    site.pull().await;
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_aktif"), "late, and paid all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_ends_with_its_order_and_with_its_thirty_megabytes() {
    let site = PaymentSite::start().await;
    let first = site.order().await;
    site.cycle_now().await.unwrap();
    site.cashier_posts(&format!("/orders/{first}/cancel"), json!({})).await.ok(200);
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_habis"));
    site.order().await;
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_fup"));
    site.use_mb(MAC, 31).await;
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_habis"), "enough for any wallet");
    site.order().await;
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_habis"), "two windows a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_can_be_switched_off() {
    let site = PaymentSite::with(|config| config.policy.pay_window = Duration::ZERO).await;
    site.order().await;
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_habis"));
}

/// A customer whose debt item is overdue by tomorrow, with an order for it.
async fn about_to_be_blocked(grace: Duration) -> (PaymentSite, String) {
    let site = PaymentSite::with(|config| {
        config.policy.offline_grace = grace;
        config.policy.pay_window = Duration::ZERO;
    })
    .await;
    let debt = json!({"amount": PACKAGE_BYTES, "price_rp": 100_000, "due_date": "2026-11-10"});
    site.post(&format!("{}/debts", site.user), debt).await.ok(201);
    let settle = json!({"method": "va_bca"});
    let order = site.cashier_posts(&format!("{}/settlements", site.user), settle).await.ok(201);
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_aktif"));
    (site, order["id"].as_str().unwrap().to_owned())
}

/// Hours pass until it is past midnight, with a daemon that tries the relay all the time.
async fn past_midnight(site: &PaymentSite, reached: bool) {
    for _ in 0..15 {
        site.pass(Duration::from_hours(1));
        if reached {
            site.pull().await;
        } else {
            site.pull_fails().await;
        }
        site.cycle_now().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_relay_holds_a_debt_block_off_while_an_order_waits() {
    let (site, id) = about_to_be_blocked(Duration::from_hours(20)).await;
    site.relay.up(false);
    past_midnight(&site, false).await;
    assert_eq!(site.list().as_deref(), Some("klient_aktif"));
    assert_eq!(site.customer().await["access"]["offline_grace"], true);
    // It was paid all along.
    site.relay.pay(&id);
    site.relay.up(true);
    site.pull().await;
    site.cycle_now().await.unwrap();
    assert_eq!((site.list().as_deref(), site.status(&id).await), (Some("klient_aktif"), json!("paid")));
    assert_eq!(site.customer().await["access"]["offline_grace"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn grace_ends_with_its_time_and_when_the_relay_answers() {
    let (site, _) = about_to_be_blocked(Duration::from_hours(20)).await;
    site.relay.up(false);
    past_midnight(&site, false).await;
    site.pass(Duration::from_hours(6));
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_blocked"), "its time is over");

    let (site, _) = about_to_be_blocked(Duration::from_hours(20)).await;
    site.relay.up(false);
    past_midnight(&site, false).await;
    site.relay.up(true);
    site.pull().await;
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_blocked"), "nobody has paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_grace_or_with_a_relay_that_answers_a_debt_blocks() {
    let (site, _) = about_to_be_blocked(Duration::ZERO).await;
    site.relay.up(false);
    past_midnight(&site, false).await;
    assert_eq!(site.list().as_deref(), Some("klient_blocked"));
    let (site, _) = about_to_be_blocked(Duration::from_hours(20)).await;
    past_midnight(&site, true).await;
    assert_eq!(site.list().as_deref(), Some("klient_blocked"));
    site.relay.on_cancel(OnCancel::Cancels);
}
