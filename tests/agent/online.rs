//! Paying online: the agent over real sockets between a simulated router and a relay that may fail in every way. Each
//! payment is credited once, cash goes on whatever happens, and nothing is left open by accident.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod cash;
mod faults;
mod health;
mod orders;
mod restarts;

use axum::http::Method;
use kuota::domain::order::OnlineMethod;
use serde_json::{Value, json};

use crate::support::fake_relay::OnCancel;
use crate::support::payment_site::{PACKAGE_BYTES, PRICE_RP, PaymentSite};

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_answers_with_what_the_customer_needs_and_the_feed_credits_it_on_the_router() {
    let site = PaymentSite::start().await;
    let order = site.buy("qris").await.ok(201);
    assert_eq!(
        (&order["status"], &order["amount_rp"], &order["receipt"]),
        (&json!("pending"), &json!(PRICE_RP), &Value::Null)
    );
    assert!(order["qr_string"].as_str().is_some_and(|qr| qr.starts_with("00020101")), "{order}");
    let id = order["id"].as_str().unwrap();
    assert_eq!(
        order["expires_at"],
        json!(kuota::clock::rfc3339(site.relay.expires_at(id))),
        "what the relay says"
    );
    site.cycle_now().await.unwrap();
    assert_eq!((site.credited().await, site.list().as_deref()), (0, Some("klient_fup")), "a window to pay");

    site.relay.pay(id);
    site.pull().await;
    site.cycle_now().await.unwrap();
    assert_eq!((site.credited().await, site.list().as_deref()), (PACKAGE_BYTES, Some("klient_aktif")));
    let order = site.get(&format!("/orders/{id}")).await.ok(200);
    assert_eq!(
        (&order["status"], &order["receipt"], &order["flags"]),
        (&json!("paid"), &json!(1), &json!([]))
    );
    assert!(order["paid_at"].is_string(), "{order}");
    let lines = site.get(&format!("{}/statement", site.user)).await.ok(200);
    let line = &lines["items"][0];
    assert_eq!((&line["order_id"], &line["actor"]), (&json!(id), &json!("relay")), "{line}");
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_gives_its_own_means_and_each_call_ends_the_order_before() {
    let site = PaymentSite::start().await;
    for method in OnlineMethod::ALL {
        let order = site.buy(method.name()).await.ok(201);
        assert_eq!(order["method"], method.name());
        let given = |name: &str| !order[name].is_null();
        let expected = match method {
            OnlineMethod::Snap => given("redirect_url"),
            OnlineMethod::Gopay | OnlineMethod::Shopeepay => given("deeplink_url"),
            OnlineMethod::Qris => given("qr_string"),
            OnlineMethod::VaMandiri => order["va"]["biller_code"].is_string(),
            _ => order["va"]["number"].is_string() && order["va"]["biller_code"].is_null(),
        };
        assert!(expected, "{order}");
        assert_eq!(site.relay.open_orders(), [order["id"].as_str().unwrap()], "one open order, the last");
    }
    let methods = OnlineMethod::ALL.len();
    assert_eq!(site.orders("?status=cancelled").await.len(), methods - 1);
    assert_eq!(site.orders("?status=pending&method=va_mandiri&kind=purchase").await.len(), 1);
    assert_eq!(site.orders("?status=pending&method=cash").await, Vec::<String>::new());
    for query in ["?status=open", "?method=barter", "?kind=gift"] {
        site.get(&format!("/orders{query}")).await.status_in(&[422]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_methods_on_offer_are_taken_and_the_refusal_names_them() {
    let site =
        PaymentSite::with(|config| config.payment.methods = vec![OnlineMethod::Qris, OnlineMethod::VaBca])
            .await;
    let reply = site.buy("gopay").await;
    reply.invalid("method");
    assert!(reply.text.contains("qris, va_bca"), "{}", reply.text);
    site.buy("barter").await.invalid("method");
    assert_eq!((site.relay.count("open"), site.pending_orders().await), (0, 0));
    site.buy("va_bca").await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn debts_are_settled_online_whole_one_by_one_and_in_part() {
    let site = PaymentSite::start().await;
    let debt = json!({"amount": "1 GB", "price_rp": 50_000});
    let first = site.post(&format!("{}/debts", site.user), debt.clone()).await.ok(201)["id"].clone();
    site.post(&format!("{}/debts", site.user), debt).await.ok(201);
    let open = async |path: String, body: Value| -> String {
        let order = site.cashier_posts(&format!("{}{path}", site.user), body).await.ok(201);
        order["id"].as_str().unwrap().to_owned()
    };
    let id = open("/payments".into(), json!({"amount_rp": 25_000, "method": "gopay"})).await;
    site.relay.pay(&id);
    site.pull().await;
    let path = format!("/debts/{}/settlements", first.as_str().unwrap());
    let id = open(path.clone(), json!({"method": "va_bri", "expect_rp": 25_000})).await;
    site.relay.pay(&id);
    site.pull().await;
    let again = site.cashier_posts(&format!("{}{path}", site.user), json!({"method": "qris"})).await;
    again.status_in(&[409]);
    let other = json!({"method": "qris", "expect_rp": 1});
    site.cashier_posts(&format!("{}/settlements", site.user), other).await.problem(409, "quote_changed");
    let id = open("/settlements".into(), json!({"method": "snap"})).await;
    site.relay.pay(&id);
    site.pull().await;
    let user = site.customer().await;
    assert_eq!(user["total_debt_bytes"], 0, "{user}");
    let paid = site.get("/orders?status=paid").await.ok(200);
    let amounts: Vec<&Value> =
        paid["items"].as_array().unwrap().iter().map(|order| &order["amount_rp"]).collect();
    assert_eq!(amounts, [50_000, 25_000, 25_000]);
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_proves_paid_is_applied_and_another_refused() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.on_cancel(OnCancel::Paid);
    site.buy("gopay").await.problem(409, "order_paid");
    assert_eq!((site.credited().await, site.status(&id).await), (PACKAGE_BYTES, json!("paid")));
    assert_eq!((site.relay.count("open"), site.pending_orders().await), (1, 0), "nothing else was asked for");
    site.relay.on_cancel(OnCancel::Cancels);
    site.buy("gopay").await.ok(201);
    site.pull().await;
    assert_eq!(site.credited().await, PACKAGE_BYTES, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_gateway_does_not_call_off_keeps_its_place() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.on_cancel(OnCancel::Refuses);
    site.buy("gopay").await.problem(503, "order_open");
    assert_eq!(site.relay.open_orders(), [id.as_str()]);
    assert_eq!(site.status(&id).await, "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_order_and_another_body_a_conflict() {
    let site = PaymentSite::start().await;
    let buy = async |method: &str| site.buying(method).header("idempotency-key", "beli-1").send().await;
    let (first, again) = (buy("qris").await, buy("qris").await);
    assert_eq!((first.status, &first.text), (201, &again.text));
    buy("gopay").await.problem(409, "idempotency_conflict");
    assert_eq!(site.relay.count("open"), 1);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    site.relay.pay(&id);
    site.pull().await;
    assert_eq!(buy("qris").await.text, first.text, "remembered as it was answered");
    assert_eq!(site.credited().await, PACKAGE_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_calls_at_once_leave_one_order_open() {
    let site = PaymentSite::start().await;
    let (one, other) = tokio::join!(site.buy("qris"), site.buy("gopay"));
    for reply in [one, other] {
        reply.ok(201);
    }
    assert_eq!(site.relay.open_orders().len(), 1);
    assert_eq!(site.orders("?status=pending").await, site.relay.open_orders());
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_open_nothing_and_malformed_wishes_change_nothing() {
    let site = PaymentSite::start().await;
    let viewer = site.admin("budiman", "viewer").await;
    let body = json!({"package_id": site.package, "method": "qris"});
    let path = format!("{}/purchases", site.user);
    site.request(Method::POST, &path).bearer(&viewer).json(&body).send().await.problem(403, "role");
    let before = site.lines().await;
    for body in [
        json!({"package_id": site.package, "method": "qris", "expect_rp": -1}),
        json!({"package_id": site.package, "method": ["qris"]}),
        json!({"method": "qris"}),
        json!({"package_id": "x", "method": "qris"}),
    ] {
        site.cashier_posts(&path, body).await.status_in(&[400, 422]);
    }
    let unknown = json!({"package_id": uuid::Uuid::nil(), "method": "qris"});
    site.cashier_posts(&path, unknown).await.problem(404, "not_found");
    assert_eq!(site.lines().await, before);
    assert_eq!(site.relay.count("open"), 0);
}
