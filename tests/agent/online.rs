//! Paying online: the agent over real sockets between a simulated router and a relay that may fail in every way. Each
//! payment is credited once, cash goes on whatever happens, and nothing is left open by accident.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod cash;
mod faults;
mod orders;
mod restarts;

use crate::relay;
use crate::shop;

use axum::http::Method;
use kuota::domain::order::OnlineMethod;
use serde_json::{Value, json};

use relay::OnCancel;
use shop::{PACKAGE_BYTES, PRICE_RP, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_answers_with_what_the_customer_needs_and_the_feed_credits_it_on_the_router() {
    let shop = Shop::open().await;
    let order = shop.buy("qris").await.ok(201);
    assert_eq!(
        (&order["status"], &order["amount_rp"], &order["receipt"]),
        (&json!("pending"), &json!(PRICE_RP), &Value::Null)
    );
    assert!(order["qr_string"].as_str().is_some_and(|qr| qr.starts_with("00020101")), "{order}");
    let id = order["id"].as_str().unwrap();
    assert_eq!(
        order["expires_at"],
        json!(kuota::clock::rfc3339(shop.relay.expires_at(id))),
        "what the relay says"
    );
    shop.cycle().await;
    assert_eq!((shop.credited().await, shop.list().as_deref()), (0, Some("klient_fup")), "a window to pay");

    shop.relay.pay(id);
    shop.pull().await;
    shop.cycle().await;
    assert_eq!((shop.credited().await, shop.list().as_deref()), (PACKAGE_BYTES, Some("klient_aktif")));
    let order = shop.desk.get(&format!("/orders/{id}")).await.ok(200);
    assert_eq!(
        (&order["status"], &order["receipt"], &order["flags"]),
        (&json!("paid"), &json!(1), &json!([]))
    );
    assert!(order["paid_at"].is_string(), "{order}");
    let lines = shop.desk.get(&format!("{}/statement", shop.user)).await.ok(200);
    let line = &lines["items"][0];
    assert_eq!((&line["order_id"], &line["actor"]), (&json!(id), &json!("relay")), "{line}");
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_gives_its_own_means_and_each_call_ends_the_order_before() {
    let shop = Shop::open().await;
    for method in OnlineMethod::ALL {
        let order = shop.buy(method.name()).await.ok(201);
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
        assert_eq!(shop.relay.open_orders(), [order["id"].as_str().unwrap()], "one open order, the last");
    }
    let methods = OnlineMethod::ALL.len();
    assert_eq!(shop.orders("?status=cancelled").await.len(), methods - 1);
    assert_eq!(shop.orders("?status=pending&method=va_mandiri&kind=purchase").await.len(), 1);
    assert_eq!(shop.orders("?status=pending&method=cash").await, Vec::<String>::new());
    for query in ["?status=open", "?method=barter", "?kind=gift"] {
        shop.desk.get(&format!("/orders{query}")).await.status_in(&[422]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_methods_on_offer_are_taken_and_the_refusal_names_them() {
    let shop =
        Shop::with(|config| config.payment.methods = vec![OnlineMethod::Qris, OnlineMethod::VaBca]).await;
    let reply = shop.buy("gopay").await;
    reply.invalid("method");
    assert!(reply.text.contains("qris, va_bca"), "{}", reply.text);
    shop.buy("barter").await.invalid("method");
    assert_eq!((shop.relay.count("open"), shop.openings().await), (0, 0));
    shop.buy("va_bca").await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn debts_are_settled_online_whole_one_by_one_and_in_part() {
    let shop = Shop::open().await;
    let debt = json!({"amount": "1 GB", "price_rp": 50_000});
    let first = shop.desk.post(&format!("{}/debts", shop.user), debt.clone()).await.ok(201)["id"].clone();
    shop.desk.post(&format!("{}/debts", shop.user), debt).await.ok(201);
    let open = async |path: String, body: Value| -> String {
        let order = shop.cashier_posts(&format!("{}{path}", shop.user), body).await.ok(201);
        order["id"].as_str().unwrap().to_owned()
    };
    let id = open("/payments".into(), json!({"amount_rp": 25_000, "method": "gopay"})).await;
    shop.relay.pay(&id);
    shop.pull().await;
    let path = format!("/debts/{}/settlements", first.as_str().unwrap());
    let id = open(path.clone(), json!({"method": "va_bri", "expect_rp": 25_000})).await;
    shop.relay.pay(&id);
    shop.pull().await;
    let again = shop.cashier_posts(&format!("{}{path}", shop.user), json!({"method": "qris"})).await;
    again.status_in(&[409]);
    let other = json!({"method": "qris", "expect_rp": 1});
    shop.cashier_posts(&format!("{}/settlements", shop.user), other).await.problem(409, "quote_changed");
    let id = open("/settlements".into(), json!({"method": "snap"})).await;
    shop.relay.pay(&id);
    shop.pull().await;
    let user = shop.user().await;
    assert_eq!(user["total_debt_bytes"], 0, "{user}");
    let paid = shop.desk.get("/orders?status=paid").await.ok(200);
    let amounts: Vec<&Value> =
        paid["items"].as_array().unwrap().iter().map(|order| &order["amount_rp"]).collect();
    assert_eq!(amounts, [50_000, 25_000, 25_000]);
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_proves_paid_is_applied_and_another_refused() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.on_cancel(OnCancel::Paid);
    shop.buy("gopay").await.problem(409, "order_paid");
    assert_eq!((shop.credited().await, shop.status(&id).await), (PACKAGE_BYTES, json!("paid")));
    assert_eq!((shop.relay.count("open"), shop.openings().await), (1, 0), "nothing else was asked for");
    shop.relay.on_cancel(OnCancel::Cancels);
    shop.buy("gopay").await.ok(201);
    shop.pull().await;
    assert_eq!(shop.credited().await, PACKAGE_BYTES, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_gateway_does_not_call_off_keeps_its_place() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.on_cancel(OnCancel::Refuses);
    shop.buy("gopay").await.problem(503, "order_open");
    assert_eq!(shop.relay.open_orders(), [id.as_str()]);
    assert_eq!(shop.status(&id).await, "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_order_and_another_body_a_conflict() {
    let shop = Shop::open().await;
    let buy = async |method: &str| shop.buying(method).header("idempotency-key", "beli-1").send().await;
    let (first, again) = (buy("qris").await, buy("qris").await);
    assert_eq!((first.status, &first.text), (201, &again.text));
    buy("gopay").await.problem(409, "idempotency_conflict");
    assert_eq!(shop.relay.count("open"), 1);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    shop.relay.pay(&id);
    shop.pull().await;
    assert_eq!(buy("qris").await.text, first.text, "remembered as it was answered");
    assert_eq!(shop.credited().await, PACKAGE_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_calls_at_once_leave_one_order_open() {
    let shop = Shop::open().await;
    let (one, other) = tokio::join!(shop.buy("qris"), shop.buy("gopay"));
    for reply in [one, other] {
        reply.ok(201);
    }
    assert_eq!(shop.relay.open_orders().len(), 1);
    assert_eq!(shop.orders("?status=pending").await, shop.relay.open_orders());
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_open_nothing_and_malformed_wishes_change_nothing() {
    let shop = Shop::open().await;
    let viewer = shop.desk.admin("budiman", "viewer").await;
    let body = json!({"package_id": shop.package, "method": "qris"});
    let path = format!("{}/purchases", shop.user);
    shop.desk.request(Method::POST, &path).bearer(&viewer).json(&body).send().await.problem(403, "role");
    let before = shop.desk.lines().await;
    for body in [
        json!({"package_id": shop.package, "method": "qris", "expect_rp": -1}),
        json!({"package_id": shop.package, "method": ["qris"]}),
        json!({"method": "qris"}),
        json!({"package_id": "x", "method": "qris"}),
    ] {
        shop.cashier_posts(&path, body).await.status_in(&[400, 422]);
    }
    let unknown = json!({"package_id": uuid::Uuid::nil(), "method": "qris"});
    shop.cashier_posts(&path, unknown).await.problem(404, "not_found");
    assert_eq!(shop.desk.lines().await, before);
    assert_eq!(shop.relay.count("open"), 0);
}
