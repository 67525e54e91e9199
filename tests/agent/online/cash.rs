//! Cash while something is open online, and cash while the relay is away.

use std::time::Duration;

use kuota::agent::payments::CallTimeouts;
use kuota::store::OutboxWork;
use serde_json::json;

use crate::support::fake_relay::{Fault, OnCancel};
use crate::support::payment_site::{PACKAGE_BYTES, PaymentSite};

#[tokio::test(flavor = "multi_thread")]
async fn cash_calls_the_open_order_off_first() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.buy("cash").await.ok(201);
    assert_eq!((site.credited().await, site.status(&id).await), (PACKAGE_BYTES, json!("cancelled")));
    assert!(site.relay.open_orders().is_empty());
    assert!(site.outbox().await.is_empty(), "nothing is left to be told");
    site.pull().await;
    assert_eq!(site.credited().await, PACKAGE_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cash_is_taken_for_an_order_that_proves_paid() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.on_cancel(OnCancel::Paid);
    site.buy("cash").await.problem(409, "order_paid");
    assert_eq!((site.credited().await, site.status(&id).await), (PACKAGE_BYTES, json!("paid")));
    let sales = site.get("/reports/sales").await.ok(200);
    assert!(!sales.to_string().contains("\"cash\""), "no money lies in the drawer: {sales}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cash_is_taken_for_a_paid_order_even_when_the_feed_fails() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.on_cancel(OnCancel::Paid);
    site.relay.fault("feed", Fault::Cut);
    site.buy("cash").await.problem(409, "order_paid");
    assert_eq!((site.credited().await, site.status(&id).await), (0, json!("pending")));
    site.relay.heal();
    site.pull().await;
    assert_eq!((site.credited().await, site.status(&id).await), (PACKAGE_BYTES, json!("paid")));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_relay_cash_is_taken_and_the_order_called_off_later() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.up(false);
    site.buy("cash").await.ok(201);
    assert_eq!((site.credited().await, site.status(&id).await), (PACKAGE_BYTES, json!("pending")));
    let work: Vec<OutboxWork> = site.outbox().await.into_iter().map(|item| item.work).collect();
    assert!(matches!(work.as_slice(), [OutboxWork::Cancel { order }] if order.0 == id), "{work:?}");
    site.run_outbox().await;
    assert_eq!(site.outbox().await[0].attempts, 1, "it waits");
    site.relay.up(true);
    site.run_outbox().await;
    assert!(site.outbox().await.is_empty());
    assert_eq!((site.status(&id).await, site.relay.open_orders().len()), (json!("cancelled"), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_and_an_order_that_was_paid_meanwhile_both_count() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.up(false);
    site.buy("cash").await.ok(201);
    site.relay.pay(&id);
    site.relay.up(true);
    site.run_outbox().await;
    site.pull().await;
    assert_eq!((site.credited().await, site.status(&id).await), (2 * PACKAGE_BYTES, json!("paid")));
    assert!(site.outbox().await.is_empty());
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_gateway_will_not_call_off_is_asked_for_again_and_again() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.on_cancel(OnCancel::Refuses);
    site.buy("cash").await.ok(201);
    for attempts in 1..=3 {
        site.run_outbox().await;
        assert_eq!(site.outbox().await[0].attempts, attempts);
    }
    site.relay.on_cancel(OnCancel::Cancels);
    site.run_outbox().await;
    assert!(site.outbox().await.is_empty());
    assert_eq!(site.status(&id).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_hangs_holds_cash_up_for_as_long_as_a_cashier_waits() {
    let ms = Duration::from_millis;
    let timeouts = CallTimeouts { open: ms(800), cancel_order: ms(400), cash: ms(200), catch_up: ms(200) };
    let site = PaymentSite::with_timeouts(timeouts).await;
    let id = site.order().await;
    site.relay.fault("cancel", Fault::Hang);
    site.buy("gopay").await.problem(503, "relay_unreachable");
    assert_eq!(site.relay.open_orders(), [id.as_str()]);
    site.buy("cash").await.ok(201);
    assert_eq!(site.credited().await, PACKAGE_BYTES);
    site.relay.heal();
    site.run_outbox().await;
    assert_eq!(site.status(&id).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_does_not_wait_for_somebody_who_just_asks_for_an_order() {
    let ms = Duration::from_millis;
    let timeouts = CallTimeouts { cash: ms(100), ..CallTimeouts::default() };
    let site = PaymentSite::with_timeouts(timeouts).await;
    site.relay.fault("open", Fault::Hang);
    let asking = tokio::spawn(site.buying("qris").send());
    site.relay.called("open", 1).await;
    site.buy("cash").await.ok(201);
    assert_eq!((site.credited().await, site.pending_orders().await), (PACKAGE_BYTES, 0));
    site.relay.heal();
    asking.await.unwrap().problem(503, "relay_unreachable");
    site.run_outbox().await;
    assert_eq!((site.relay.count("abandon"), site.outbox().await.len()), (1, 0));
    assert!(site.relay.open_orders().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_opens_after_its_user_paid_cash_does_not_stand() {
    let timeouts = CallTimeouts { cash: Duration::from_millis(100), ..CallTimeouts::default() };
    let site = PaymentSite::with_timeouts(timeouts).await;
    site.relay.fault("open", Fault::Late);
    let asking = tokio::spawn(site.buying("qris").send());
    site.relay.called("open", 1).await;
    site.buy("cash").await.ok(201);
    site.relay.heal();
    asking.await.unwrap().problem(409, "order_superseded");
    site.run_outbox().await;
    site.pull().await;
    assert!(site.relay.open_orders().is_empty() && site.outbox().await.is_empty());
    assert_eq!((site.credited().await, site.orders("").await.len()), (PACKAGE_BYTES, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_somebody_waits_for_is_not_given_up_by_its_age() {
    let site = PaymentSite::start().await;
    site.relay.fault("open", Fault::Late);
    let asking = tokio::spawn(site.buying("qris").send());
    site.relay.called("open", 1).await;
    // The wall clock was set while the relay was being asked.
    site.run_outbox().await;
    assert_eq!((site.pending_orders().await, site.outbox().await.len()), (1, 0));
    site.relay.heal();
    asking.await.unwrap().ok(201);
    assert_eq!((site.pending_orders().await, site.relay.open_orders().len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_cash_call_is_answered_without_asking_the_relay() {
    let site = PaymentSite::start().await;
    let buy = async || site.buying("cash").header("idempotency-key", "tunai-1").send().await;
    let first = buy().await;
    first.ok(201);
    let id = site.order().await;
    site.relay.up(false);
    assert_eq!(buy().await.text, first.text);
    assert_eq!((site.credited().await, site.status(&id).await), (PACKAGE_BYTES, json!("pending")));
}
