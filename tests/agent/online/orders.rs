//! What people may do about online orders that exist: look, call off, ask, give back, decide.

use axum::http::Method;
use kuota::domain::order::OrderState;
use serde_json::json;

use crate::relay::{Fault, OnCancel};
use crate::shop::{PACKAGE_BYTES, PRICE_RP, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn a_cashier_calls_an_order_off() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    let path = format!("/orders/{id}/cancel");
    let order = shop.cashier_posts(&path, json!({})).await.ok(200);
    assert_eq!(order["status"], "cancelled");
    assert!(shop.relay.open_orders().is_empty());
    shop.cashier_posts(&path, json!({})).await.problem(409, "not_open");
    shop.cashier_posts("/orders/K1-9999/cancel", json!({})).await.problem(404, "not_found");
    let cash = shop.buy("cash").await.ok(201);
    for call in ["cancel", "refresh"] {
        let path = format!("/orders/{}/{call}", cash["id"].as_str().unwrap());
        shop.cashier_posts(&path, json!({})).await.problem(409, "not_online");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calling_off_says_when_it_was_paid_or_could_not_be_done() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    let path = format!("/orders/{id}/cancel");
    shop.relay.on_cancel(OnCancel::Refuses);
    shop.cashier_posts(&path, json!({})).await.problem(503, "order_open");
    shop.relay.up(false);
    shop.cashier_posts(&path, json!({})).await.problem(503, "relay_unreachable");
    assert_eq!(shop.status(&id).await, "pending");
    shop.relay.up(true);
    shop.relay.on_cancel(OnCancel::Paid);
    shop.cashier_posts(&path, json!({})).await.problem(409, "order_paid");
    assert_eq!((shop.status(&id).await, shop.credited().await), (json!("paid"), PACKAGE_BYTES));
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshing_applies_what_the_gateway_says() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    let path = format!("/orders/{id}/refresh");
    assert_eq!(shop.cashier_posts(&path, json!({})).await.ok(200)["status"], "pending");
    shop.relay.pay(&id);
    assert_eq!(shop.cashier_posts(&path, json!({})).await.ok(200)["status"], "paid");
    assert_eq!(shop.credited().await, PACKAGE_BYTES);
    let second = shop.order().await;
    shop.relay.become_(&second, OrderState::Expired);
    let path = format!("/orders/{second}/refresh");
    assert_eq!(shop.cashier_posts(&path, json!({})).await.ok(200)["status"], "expired");
    shop.relay.up(false);
    shop.cashier_posts(&path, json!({})).await.problem(503, "relay_unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_by_the_gateway_and_quota_with_it() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.pay(&id);
    shop.pull().await;
    let path = format!("/orders/{id}/refund");
    let part = json!({"amount_rp": PRICE_RP / 4, "reason": "salah paket"});
    shop.cashier_posts(&path, part.clone()).await.problem(403, "role");
    let order = shop.desk.post(&path, part).await.ok(200);
    assert_eq!((&order["status"], &order["refunded_rp"]), (&json!("paid"), &json!(0)), "asked, not done");
    assert_eq!(shop.credited().await, PACKAGE_BYTES);
    shop.relay.fault("refund", Fault::Cut);
    shop.run_outbox().await;
    assert_eq!(shop.outbox().await.len(), 1, "it waits for the relay");
    shop.relay.heal();
    shop.run_outbox().await;
    shop.pull().await;
    let order = shop.desk.get(&format!("/orders/{id}")).await.ok(200);
    assert_eq!(
        (&order["status"], &order["refunded_rp"]),
        (&json!("partially_refunded"), &json!(PRICE_RP / 4))
    );
    assert_eq!(shop.user().await["remaining_bytes"], PACKAGE_BYTES / 4 * 3);
    let more = json!({"amount_rp": PRICE_RP, "reason": "semua"});
    shop.desk.post(&path, more).await.status_in(&[409]);
    shop.desk.post(&path, json!({"reason": "semua"})).await.ok(200);
    shop.run_outbox().await;
    shop.pull().await;
    assert_eq!(
        (shop.status(&id).await, shop.user().await["remaining_bytes"].clone()),
        (json!("refunded"), json!(0))
    );
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_answer_was_lost_is_made_once() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.pay(&id);
    shop.pull().await;
    let body = json!({"amount_rp": PRICE_RP / 2, "reason": "salah"});
    let path = format!("/orders/{id}/refund");
    let refund = async || {
        let call = shop.desk.request(Method::POST, &path).bearer(&shop.desk.owner);
        call.header("idempotency-key", "kembali-1").json(&body).send().await.ok(200)
    };
    refund().await;
    refund().await;
    shop.relay.fault("refund", Fault::AnswerLost);
    shop.run_outbox().await;
    shop.relay.heal();
    shop.run_outbox().await;
    shop.pull().await;
    assert!(shop.outbox().await.is_empty());
    assert_eq!(shop.relay.order(&id).refunded_rp, PRICE_RP / 2);
    assert_eq!(shop.user().await["remaining_bytes"], PACKAGE_BYTES / 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_the_gateway_refuses_is_given_up_and_the_audit_says_why() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.pay(&id);
    shop.pull().await;
    shop.desk.post(&format!("/orders/{id}/refund"), json!({"reason": "salah"})).await.ok(200);
    shop.relay.fault("refund", Fault::Refused(409, "refund_refused"));
    shop.run_outbox().await;
    assert!(shop.outbox().await.is_empty());
    let audit = shop.desk.get("/audit").await.ok(200);
    let refused =
        audit["items"].as_array().unwrap().iter().find(|line| line["action"] == "order.refund_refused");
    assert!(refused.is_some_and(|line| line["target"] == json!(id)), "{audit}");
    assert_eq!((shop.status(&id).await, shop.credited().await), (json!("paid"), PACKAGE_BYTES));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_ends_a_review() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    let path = format!("/orders/{id}/review");
    let credit = json!({"decision": "credit", "reason": "sudah dicek"});
    shop.desk.post(&path, credit.clone()).await.problem(409, "not_in_review");
    shop.relay.pay_wrongly(&id);
    shop.pull().await;
    assert_eq!(
        (shop.status(&id).await, shop.flags(&id).await),
        (json!("review"), json!(["amount_mismatch"]))
    );
    assert_eq!((shop.credited().await, shop.orders("?status=review").await), (0, vec![id.clone()]));
    shop.cashier_posts(&path, credit.clone()).await.problem(403, "role");
    for body in [json!({"decision": "forgive", "reason": "x"}), json!({"decision": "credit"}), json!({})] {
        shop.desk.post(&path, body).await.status_in(&[422]);
    }
    let order = shop.desk.post(&path, credit.clone()).await.ok(200);
    assert_eq!(order["status"], "paid");
    assert_eq!(shop.credited().await, PACKAGE_BYTES);
    shop.desk.post(&path, credit).await.problem(409, "not_in_review");
    shop.relay.tell_all_again();
    shop.relay.pay(&id);
    shop.pull().await;
    assert_eq!(shop.credited().await, PACKAGE_BYTES, "the owner's decision stands");
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_review_credits_nothing() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.pay_wrongly(&id);
    shop.pull().await;
    let dismiss = json!({"decision": "dismiss", "reason": "uang kembali"});
    let order = shop.desk.post(&format!("/orders/{id}/review"), dismiss).await.ok(200);
    assert_eq!((&order["status"], shop.credited().await), (&json!("cancelled"), 0));
    assert!(order["flags"].as_array().unwrap().contains(&json!("dismissed")), "{order}");
}
