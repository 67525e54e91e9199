//! Cash while something is open online, and cash while the relay is away.

use std::time::Duration;

use kuota::agent::payments::CallTimeouts;
use kuota::store::OutboxWork;
use serde_json::json;

use crate::relay::{Fault, OnCancel};
use crate::shop::{PACKAGE_BYTES, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn cash_calls_the_open_order_off_first() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.buy("cash").await.ok(201);
    assert_eq!((shop.credited().await, shop.status(&id).await), (PACKAGE_BYTES, json!("cancelled")));
    assert!(shop.relay.open_orders().is_empty());
    assert!(shop.outbox().await.is_empty(), "nothing is left to be told");
    shop.pull().await;
    assert_eq!(shop.credited().await, PACKAGE_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cash_is_taken_for_an_order_that_proves_paid() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.on_cancel(OnCancel::Paid);
    shop.buy("cash").await.problem(409, "order_paid");
    assert_eq!((shop.credited().await, shop.status(&id).await), (PACKAGE_BYTES, json!("paid")));
    let sales = shop.desk.get("/reports/sales").await.ok(200);
    assert!(!sales.to_string().contains("\"cash\""), "no money lies in the drawer: {sales}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cash_is_taken_for_a_paid_order_even_when_the_feed_fails() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.on_cancel(OnCancel::Paid);
    shop.relay.fault("feed", Fault::Cut);
    shop.buy("cash").await.problem(409, "order_paid");
    assert_eq!((shop.credited().await, shop.status(&id).await), (0, json!("pending")));
    shop.relay.heal();
    shop.pull().await;
    assert_eq!((shop.credited().await, shop.status(&id).await), (PACKAGE_BYTES, json!("paid")));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_relay_cash_is_taken_and_the_order_called_off_later() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.up(false);
    shop.buy("cash").await.ok(201);
    assert_eq!((shop.credited().await, shop.status(&id).await), (PACKAGE_BYTES, json!("pending")));
    let work: Vec<OutboxWork> = shop.outbox().await.into_iter().map(|errand| errand.work).collect();
    assert!(matches!(work.as_slice(), [OutboxWork::Cancel { order }] if order.0 == id), "{work:?}");
    shop.run_outbox().await;
    assert_eq!(shop.outbox().await[0].attempts, 1, "it waits");
    shop.relay.up(true);
    shop.run_outbox().await;
    assert!(shop.outbox().await.is_empty());
    assert_eq!((shop.status(&id).await, shop.relay.open_orders().len()), (json!("cancelled"), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_and_an_order_that_was_paid_meanwhile_both_count() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.up(false);
    shop.buy("cash").await.ok(201);
    shop.relay.pay(&id);
    shop.relay.up(true);
    shop.run_outbox().await;
    shop.pull().await;
    assert_eq!((shop.credited().await, shop.status(&id).await), (2 * PACKAGE_BYTES, json!("paid")));
    assert!(shop.outbox().await.is_empty());
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_gateway_will_not_call_off_is_asked_for_again_and_again() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.on_cancel(OnCancel::Refuses);
    shop.buy("cash").await.ok(201);
    for attempts in 1..=3 {
        shop.run_outbox().await;
        assert_eq!(shop.outbox().await[0].attempts, attempts);
    }
    shop.relay.on_cancel(OnCancel::Cancels);
    shop.run_outbox().await;
    assert!(shop.outbox().await.is_empty());
    assert_eq!(shop.status(&id).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_hangs_holds_cash_up_for_as_long_as_a_cashier_waits() {
    let ms = Duration::from_millis;
    let timeouts = CallTimeouts { open: ms(800), cancel_order: ms(400), cash: ms(200), catch_up: ms(200) };
    let shop = Shop::patient(timeouts).await;
    let id = shop.order().await;
    shop.relay.fault("cancel", Fault::Hang);
    shop.buy("gopay").await.problem(503, "relay_unreachable");
    assert_eq!(shop.relay.open_orders(), [id.as_str()]);
    shop.buy("cash").await.ok(201);
    assert_eq!(shop.credited().await, PACKAGE_BYTES);
    shop.relay.heal();
    shop.run_outbox().await;
    assert_eq!(shop.status(&id).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_does_not_wait_for_somebody_who_just_asks_for_an_order() {
    let ms = Duration::from_millis;
    let timeouts = CallTimeouts { cash: ms(100), ..CallTimeouts::default() };
    let shop = Shop::patient(timeouts).await;
    shop.relay.fault("open", Fault::Hang);
    let asking = tokio::spawn(shop.buying("qris").send());
    shop.relay.called("open", 1).await;
    shop.buy("cash").await.ok(201);
    assert_eq!((shop.credited().await, shop.openings().await), (PACKAGE_BYTES, 0));
    shop.relay.heal();
    asking.await.unwrap().problem(503, "relay_unreachable");
    shop.run_outbox().await;
    assert_eq!((shop.relay.count("abandon"), shop.outbox().await.len()), (1, 0));
    assert!(shop.relay.open_orders().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_opens_after_its_user_paid_cash_does_not_stand() {
    let timeouts = CallTimeouts { cash: Duration::from_millis(100), ..CallTimeouts::default() };
    let shop = Shop::patient(timeouts).await;
    shop.relay.fault("open", Fault::Late);
    let asking = tokio::spawn(shop.buying("qris").send());
    shop.relay.called("open", 1).await;
    shop.buy("cash").await.ok(201);
    shop.relay.heal();
    asking.await.unwrap().problem(409, "order_superseded");
    shop.run_outbox().await;
    shop.pull().await;
    assert!(shop.relay.open_orders().is_empty() && shop.outbox().await.is_empty());
    assert_eq!((shop.credited().await, shop.orders("").await.len()), (PACKAGE_BYTES, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_somebody_waits_for_is_not_given_up_by_its_age() {
    let shop = Shop::open().await;
    shop.relay.fault("open", Fault::Late);
    let asking = tokio::spawn(shop.buying("qris").send());
    shop.relay.called("open", 1).await;
    // The wall clock was set while the relay was being asked.
    shop.run_outbox().await;
    assert_eq!((shop.openings().await, shop.outbox().await.len()), (1, 0));
    shop.relay.heal();
    asking.await.unwrap().ok(201);
    assert_eq!((shop.openings().await, shop.relay.open_orders().len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_cash_call_is_answered_without_asking_the_relay() {
    let shop = Shop::open().await;
    let buy = async || shop.buying("cash").header("idempotency-key", "tunai-1").send().await;
    let first = buy().await;
    first.ok(201);
    let id = shop.order().await;
    shop.relay.up(false);
    assert_eq!(buy().await.text, first.text);
    assert_eq!((shop.credited().await, shop.status(&id).await), (PACKAGE_BYTES, json!("pending")));
}
