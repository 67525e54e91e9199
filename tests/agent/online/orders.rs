//! What people may do about online orders that exist: look, call off, ask, give back, decide.

use axum::http::Method;
use kuota::domain::order::OrderState;
use serde_json::json;

use crate::support::fake_relay::{Fault, OnCancel};
use crate::support::payment_site::{PACKAGE_BYTES, PRICE_RP, PaymentSite};

#[tokio::test(flavor = "multi_thread")]
async fn a_cashier_calls_an_order_off() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    let path = format!("/orders/{id}/cancel");
    let order = site.cashier_posts(&path, json!({})).await.ok(200);
    assert_eq!(order["status"], "cancelled");
    assert!(site.relay.open_orders().is_empty());
    site.cashier_posts(&path, json!({})).await.problem(409, "not_open");
    site.cashier_posts("/orders/K1-9999/cancel", json!({})).await.problem(404, "not_found");
    let cash = site.buy("cash").await.ok(201);
    for call in ["cancel", "refresh"] {
        let path = format!("/orders/{}/{call}", cash["id"].as_str().unwrap());
        site.cashier_posts(&path, json!({})).await.problem(409, "not_online");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calling_off_says_when_it_was_paid_or_could_not_be_done() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    let path = format!("/orders/{id}/cancel");
    site.relay.on_cancel(OnCancel::Refuses);
    site.cashier_posts(&path, json!({})).await.problem(503, "order_open");
    site.relay.up(false);
    site.cashier_posts(&path, json!({})).await.problem(503, "relay_unreachable");
    assert_eq!(site.status(&id).await, "pending");
    site.relay.up(true);
    site.relay.on_cancel(OnCancel::Paid);
    site.cashier_posts(&path, json!({})).await.problem(409, "order_paid");
    assert_eq!((site.status(&id).await, site.credited().await), (json!("paid"), PACKAGE_BYTES));
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshing_applies_what_the_gateway_says() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    let path = format!("/orders/{id}/refresh");
    assert_eq!(site.cashier_posts(&path, json!({})).await.ok(200)["status"], "pending");
    site.relay.pay(&id);
    assert_eq!(site.cashier_posts(&path, json!({})).await.ok(200)["status"], "paid");
    assert_eq!(site.credited().await, PACKAGE_BYTES);
    let second = site.order().await;
    site.relay.become_(&second, OrderState::Expired);
    let path = format!("/orders/{second}/refresh");
    assert_eq!(site.cashier_posts(&path, json!({})).await.ok(200)["status"], "expired");
    site.relay.up(false);
    site.cashier_posts(&path, json!({})).await.problem(503, "relay_unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_by_the_gateway_and_quota_with_it() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.pay(&id);
    site.pull().await;
    let path = format!("/orders/{id}/refund");
    let part = json!({"amount_rp": PRICE_RP / 4, "reason": "salah paket"});
    site.cashier_posts(&path, part.clone()).await.problem(403, "role");
    let order = site.post(&path, part).await.ok(200);
    assert_eq!((&order["status"], &order["refunded_rp"]), (&json!("paid"), &json!(0)), "asked, not done");
    assert_eq!(site.credited().await, PACKAGE_BYTES);
    site.relay.fault("refund", Fault::Cut);
    site.run_outbox().await;
    assert_eq!(site.outbox().await.len(), 1, "it waits for the relay");
    site.relay.heal();
    site.run_outbox().await;
    site.pull().await;
    let order = site.get(&format!("/orders/{id}")).await.ok(200);
    assert_eq!(
        (&order["status"], &order["refunded_rp"]),
        (&json!("partially_refunded"), &json!(PRICE_RP / 4))
    );
    assert_eq!(site.customer().await["remaining_bytes"], PACKAGE_BYTES / 4 * 3);
    let more = json!({"amount_rp": PRICE_RP, "reason": "semua"});
    site.post(&path, more).await.status_in(&[409]);
    site.post(&path, json!({"reason": "semua"})).await.ok(200);
    site.run_outbox().await;
    site.pull().await;
    assert_eq!(
        (site.status(&id).await, site.customer().await["remaining_bytes"].clone()),
        (json!("refunded"), json!(0))
    );
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_answer_was_lost_is_made_once() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.pay(&id);
    site.pull().await;
    let body = json!({"amount_rp": PRICE_RP / 2, "reason": "salah"});
    let path = format!("/orders/{id}/refund");
    let refund = async || {
        let call = site.request(Method::POST, &path).bearer(&site.owner);
        call.header("idempotency-key", "kembali-1").json(&body).send().await.ok(200)
    };
    refund().await;
    refund().await;
    site.relay.fault("refund", Fault::AnswerLost);
    site.run_outbox().await;
    site.relay.heal();
    site.run_outbox().await;
    site.pull().await;
    assert!(site.outbox().await.is_empty());
    assert_eq!(site.relay.order(&id).refunded_rp, PRICE_RP / 2);
    assert_eq!(site.customer().await["remaining_bytes"], PACKAGE_BYTES / 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_the_gateway_refuses_is_given_up_and_the_audit_says_why() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.pay(&id);
    site.pull().await;
    site.post(&format!("/orders/{id}/refund"), json!({"reason": "salah"})).await.ok(200);
    site.relay.fault("refund", Fault::Refused(409, "refund_refused"));
    site.run_outbox().await;
    assert!(site.outbox().await.is_empty());
    let audit = site.get("/audit").await.ok(200);
    let refused =
        audit["items"].as_array().unwrap().iter().find(|line| line["action"] == "order.refund_refused");
    assert!(refused.is_some_and(|line| line["target"] == json!(id)), "{audit}");
    assert_eq!((site.status(&id).await, site.credited().await), (json!("paid"), PACKAGE_BYTES));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_ends_a_review() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    let path = format!("/orders/{id}/review");
    let credit = json!({"decision": "credit", "reason": "sudah dicek"});
    site.post(&path, credit.clone()).await.problem(409, "not_in_review");
    site.relay.pay_wrongly(&id);
    site.pull().await;
    assert_eq!(
        (site.status(&id).await, site.flags(&id).await),
        (json!("review"), json!(["amount_mismatch"]))
    );
    assert_eq!((site.credited().await, site.orders("?status=review").await), (0, vec![id.clone()]));
    site.cashier_posts(&path, credit.clone()).await.problem(403, "role");
    for body in [json!({"decision": "forgive", "reason": "x"}), json!({"decision": "credit"}), json!({})] {
        site.post(&path, body).await.status_in(&[422]);
    }
    let order = site.post(&path, credit.clone()).await.ok(200);
    assert_eq!(order["status"], "paid");
    assert_eq!(site.credited().await, PACKAGE_BYTES);
    site.post(&path, credit).await.problem(409, "not_in_review");
    site.relay.tell_all_again();
    site.relay.pay(&id);
    site.pull().await;
    assert_eq!(site.credited().await, PACKAGE_BYTES, "the owner's decision stands");
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_review_credits_nothing() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.pay_wrongly(&id);
    site.pull().await;
    let dismiss = json!({"decision": "dismiss", "reason": "uang kembali"});
    let order = site.post(&format!("/orders/{id}/review"), dismiss).await.ok(200);
    assert_eq!((&order["status"], site.credited().await), (&json!("cancelled"), 0));
    assert!(order["flags"].as_array().unwrap().contains(&json!("dismissed")), "{order}");
}
