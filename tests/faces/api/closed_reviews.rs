//! Orders whose review the owner decided, asked about again: nothing is credited twice, and the decision stays.

use serde_json::{Value, json};

use crate::support::payment_site::PaymentSite;

/// How the relay comes to report the order again after the decision.
const REPORTS: [&str; 5] = ["nothing new", "paid after all", "told again", "restored", "restored and paid"];

/// An order with money of another amount, whose review was decided.
async fn decided(site: &PaymentSite, decision: &str) -> String {
    let order = site.order().await;
    site.relay.pay_wrongly(&order);
    site.pull().await;
    assert_eq!(site.status(&order).await, "review");
    let body = json!({"decision": decision, "reason": "uji"});
    site.post(&format!("/orders/{order}/review"), body).await.ok(200);
    order
}

/// What the books say of the order, and what the customer has.
async fn books(site: &PaymentSite, order: &str) -> (Value, Value, u64) {
    let view = site.get(&format!("/orders/{order}")).await.ok(200);
    (view["status"].clone(), view["receipt"].clone(), site.credited().await)
}

fn report(site: &PaymentSite, order: &str, how: &str) {
    match how {
        "nothing new" => {}
        "paid after all" => site.relay.pay(order),
        "told again" => site.relay.tell_all_again(),
        "restored" => site.relay.lose_everything(),
        "restored and paid" => {
            site.relay.pay(order);
            site.relay.tell_all_again();
        }
        other => panic!("no case for {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_about_an_order_whose_review_is_closed_credits_nothing_and_overturns_nothing() {
    for (decision, status, credits) in [("credit", "paid", 1), ("dismiss", "cancelled", 0)] {
        for how in REPORTS {
            let site = PaymentSite::start().await;
            let order = decided(&site, decision).await;
            let before = books(&site, &order).await;
            assert_eq!(
                (&before.0, before.2),
                (&json!(status), credits * crate::support::payment_site::PACKAGE_BYTES),
                "{how}"
            );
            report(&site, &order, how);
            for _ in 0..2 {
                site.post(&format!("/orders/{order}/refresh"), json!({})).await.ok(200);
                site.pull().await;
                assert_eq!(books(&site, &order).await, before, "{decision}, {how}");
            }
            site.verify_ledger().await;
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
    let site = PaymentSite::start().await;
    let order = site.order().await;
    site.relay.pay(&order);
    site.relay.speak(under_another_id);
    site.pull().await;
    let double = format!("{order}-x");
    assert_eq!((site.status(&order).await, site.status(&double).await), (json!("paid"), json!("review")));
    let credited = site.credited().await;
    assert_eq!(credited, crate::support::payment_site::PACKAGE_BYTES, "one payment, one credit");
    let body = json!({"decision": "dismiss", "reason": "dua kali"});
    site.post(&format!("/orders/{double}/review"), body).await.ok(200);
    let before = books(&site, &double).await;
    site.relay.tell_all_again();
    for id in [&order, &double] {
        // The relay does not know the other id, and may say so.
        site.post(&format!("/orders/{id}/refresh"), json!({})).await;
        site.pull().await;
    }
    assert_eq!(books(&site, &double).await, before);
    assert_eq!((site.status(&order).await, site.credited().await), (json!("paid"), credited));
    site.verify_ledger().await;
}
