//! Orders whose review the owner decided, asked about again: nothing is credited twice, and the decision stays.

use serde_json::{Value, json};

use crate::shop::Shop;

/// How the relay comes to report the order again after the decision.
const REPORTS: [&str; 5] = ["nothing new", "paid after all", "told again", "restored", "restored and paid"];

/// An order with money of another amount, whose review was decided.
async fn decided(shop: &Shop, decision: &str) -> String {
    let order = shop.order().await;
    shop.relay.pay_wrongly(&order);
    shop.pull().await;
    assert_eq!(shop.status(&order).await, "review");
    let body = json!({"decision": decision, "reason": "uji"});
    shop.desk.post(&format!("/orders/{order}/review"), body).await.ok(200);
    order
}

/// What the books say of the order, and what the customer has.
async fn books(shop: &Shop, order: &str) -> (Value, Value, u64) {
    let view = shop.desk.get(&format!("/orders/{order}")).await.ok(200);
    (view["status"].clone(), view["receipt"].clone(), shop.credited().await)
}

fn report(shop: &Shop, order: &str, how: &str) {
    match how {
        "nothing new" => {}
        "paid after all" => shop.relay.pay(order),
        "told again" => shop.relay.tell_all_again(),
        "restored" => shop.relay.lose_everything(),
        "restored and paid" => {
            shop.relay.pay(order);
            shop.relay.tell_all_again();
        }
        other => panic!("no case for {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_about_an_order_whose_review_is_closed_credits_nothing_and_overturns_nothing() {
    for (decision, status, credits) in [("credit", "paid", 1), ("dismiss", "cancelled", 0)] {
        for how in REPORTS {
            let shop = Shop::open().await;
            let order = decided(&shop, decision).await;
            let before = books(&shop, &order).await;
            assert_eq!(
                (&before.0, before.2),
                (&json!(status), credits * crate::shop::PACKAGE_BYTES),
                "{how}"
            );
            report(&shop, &order, how);
            for _ in 0..2 {
                shop.desk.post(&format!("/orders/{order}/refresh"), json!({})).await.ok(200);
                shop.pull().await;
                assert_eq!(books(&shop, &order).await, before, "{decision}, {how}");
            }
            shop.verify().await;
        }
    }
}

/// A page of the feed that reports its orders again under another id, as one more order of the same attempt.
fn under_another_id(page: &mut Value) {
    let items = page["items"].as_array_mut().unwrap();
    let doubles: Vec<Value> = items
        .iter()
        .map(|item| {
            let order = format!("{}-x", item["order_id"].as_str().unwrap());
            let event = format!("{}-x", item["event_id"].as_str().unwrap());
            let mut double = item.clone();
            double["order_id"] = order.into();
            double["event_id"] = event.into();
            double
        })
        .collect();
    items.extend(doubles);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_decided_under_another_id_of_the_same_payment_stays_decided() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.relay.pay(&order);
    shop.relay.speak(under_another_id);
    shop.pull().await;
    let double = format!("{order}-x");
    assert_eq!((shop.status(&order).await, shop.status(&double).await), (json!("paid"), json!("review")));
    let credited = shop.credited().await;
    assert_eq!(credited, crate::shop::PACKAGE_BYTES, "one payment, one credit");
    let body = json!({"decision": "dismiss", "reason": "dua kali"});
    shop.desk.post(&format!("/orders/{double}/review"), body).await.ok(200);
    let before = books(&shop, &double).await;
    shop.relay.tell_all_again();
    for id in [&order, &double] {
        // The relay does not know the other id, and may say so.
        shop.desk.post(&format!("/orders/{id}/refresh"), json!({})).await;
        shop.pull().await;
    }
    assert_eq!(books(&shop, &double).await, before);
    assert_eq!((shop.status(&order).await, shop.credited().await), (json!("paid"), credited));
    shop.verify().await;
}
