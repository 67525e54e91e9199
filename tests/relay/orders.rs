//! What a site can do at the relay, over HTTP, with a gateway that goes wrong in every way it can.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::relay_host::{METHODS, TOKEN};
use crate::support::scripted_gateway::{Plan, rejected, unknown, unreachable};
use crate::support::test_relay::{RelayOptions, SISTER, STRANGER, TestRelay, wanted};
use axum::http::Method;
use kuota::domain::payment::{GatewayReport, GatewayStatus};
use kuota::domain::units::Rupiah;
use kuota::midtrans::GatewayError;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn every_method_opens_once_and_says_how_to_pay() {
    let relay = TestRelay::start().await;
    for method in METHODS {
        let order = relay.open(method, method).await.ok(201);
        let means = ["redirect_url", "deeplink_url", "qr_string", "va"].map(|name| !order[name].is_null());
        assert_eq!(means.iter().filter(|known| **known).count(), 1, "{order}");
        let state = if method == "snap" { "created" } else { "pending" };
        assert_eq!((&order["status"], &order["request_id"]), (&json!(state), &json!(method)));
        assert_eq!(relay.open(method, method).await.ok(201), order, "the same request is the same order");
    }
    assert_eq!(relay.gateway.count("charge"), METHODS.len());
    let seen = relay.gateway.charges_seen();
    let url = seen[0].notification_url.as_deref().unwrap();
    assert!(url.starts_with("https://relay.example/midtrans/notification/m1/"), "{url}");
    assert!(seen.iter().all(|charge| charge.order.len() <= 36));
}

#[tokio::test]
async fn a_memo_comes_back_to_the_byte_and_another_body_is_a_conflict() {
    let relay = TestRelay::start().await;
    let body =
        wanted("r-1", "qris").to_string().replace("{\"user\":\"0\",\"v\":1}", "{ \"user\":  \"\\u0041\" }");
    let sent = relay.call(Method::POST, "/v1/orders", Some(TOKEN), Some(body.into_bytes())).await;
    assert!(sent.ok(201).is_object() && sent.text.contains("{ \"user\":  \"\\u0041\" }"), "{}", sent.text);
    relay.open("r-1", "qris").await.problem(409, "request_conflict");
    relay.open("r-1", "gopay").await.problem(409, "request_conflict");
    assert_eq!(relay.gateway.count("charge"), 1);
}

#[tokio::test]
async fn what_is_not_right_is_named_and_nothing_is_charged() {
    let relay = TestRelay::start().await;
    let rows = [
        ("request_id", json!("a b")),
        ("amount_rp", json!(0)),
        ("amount_rp", json!(-1)),
        ("amount_rp", json!(9_999)),
        ("method", json!("cash")),
        ("items", json!([])),
        ("expires_in_s", json!(5)),
        ("memo", json!("x".repeat(4097))),
        ("return_url", json!("x")),
        ("surprise", json!(1)),
    ];
    for (field, value) in rows {
        let mut body = wanted("r-1", "qris");
        body[field] = value;
        relay.post("/v1/orders", &body).await.problem(422, "invalid");
    }
    let broken = relay.call(Method::POST, "/v1/orders", Some(TOKEN), Some(b"{".to_vec())).await;
    broken.problem(400, "malformed");
    let large = vec![b' '; 2 << 20];
    relay.call(Method::POST, "/v1/orders", Some(TOKEN), Some(large)).await.problem(413, "too_large");
    assert!(relay.gateway.log().is_empty());
}

/// A charge that goes wrong, and what must come of it.
struct Row {
    what: &'static str,
    method: &'static str,
    charge: Vec<Plan>,
    status: Vec<Plan>,
    cancel: Vec<Plan>,
    recalls: bool,
    /// Status and code of the answer; 201 has none.
    answer: (u16, &'static str),
    /// State, flags and calls afterwards.
    ends: (&'static str, &'static [&'static str], &'static [&'static str]),
}

impl Default for Row {
    fn default() -> Self {
        Self {
            what: "",
            method: "qris",
            charge: Vec::new(),
            status: Vec::new(),
            cancel: Vec::new(),
            recalls: false,
            answer: (201, ""),
            ends: ("pending", &[], &["charge"]),
        }
    }
}

fn misconfigured() -> GatewayError {
    GatewayError::Misconfigured { code: 401, message: "wrong key".into() }
}

fn refusals() -> Vec<Row> {
    vec![
        Row {
            what: "one failed connection is tried again",
            charge: vec![Plan::Fail(unreachable())],
            ends: ("pending", &[], &["charge", "charge"]),
            ..Row::default()
        },
        Row {
            what: "two are too many",
            charge: vec![Plan::Fail(unreachable()), Plan::Fail(unreachable())],
            answer: (503, "gateway_unreachable"),
            ends: ("failed", &[], &["charge", "charge"]),
            ..Row::default()
        },
        Row {
            what: "a refusal ends it",
            charge: vec![Plan::Fail(rejected(400))],
            answer: (502, "gateway_refused"),
            ends: ("failed", &[], &["charge"]),
            ..Row::default()
        },
        Row {
            what: "a method that is off has its own code",
            charge: vec![Plan::Fail(rejected(402))],
            answer: (502, "method_unavailable"),
            ends: ("failed", &[], &["charge"]),
            ..Row::default()
        },
        Row {
            what: "a wrong key is ours to mend",
            charge: vec![Plan::Fail(misconfigured())],
            answer: (502, "gateway_misconfigured"),
            ends: ("failed", &[], &["charge"]),
            ..Row::default()
        },
        Row {
            what: "slowing down helps",
            charge: vec![Plan::Fail(GatewayError::SlowDown), Plan::Fail(GatewayError::SlowDown)],
            ends: ("pending", &[], &["charge", "charge", "charge"]),
            ..Row::default()
        },
        Row {
            what: "slowing down does not help",
            charge: (0..5).map(|_| Plan::Fail(GatewayError::SlowDown)).collect(),
            answer: (503, "gateway_busy"),
            ends: ("failed", &[], &["charge", "charge", "charge", "charge", "charge"]),
            ..Row::default()
        },
    ]
}

fn ambiguities() -> Vec<Row> {
    vec![
        Row {
            what: "a lost answer is had again with the same key",
            charge: vec![Plan::Lose(unknown())],
            ends: ("pending", &[], &["charge", "charge"]),
            ..Row::default()
        },
        Row {
            what: "a lost request is made again with the same key",
            charge: vec![Plan::Fail(unknown())],
            ends: ("pending", &[], &["charge", "charge"]),
            ..Row::default()
        },
        Row {
            what: "Permata is not repeated but found, with its number",
            method: "va_permata",
            charge: vec![Plan::Lose(unknown())],
            recalls: true,
            ends: ("pending", &[], &["charge", "status"]),
            ..Row::default()
        },
        Row {
            what: "an orphan without means is called off",
            charge: vec![Plan::Lose(unknown()), Plan::Fail(unknown())],
            answer: (504, "gateway_unknown"),
            ends: ("cancelled", &[], &["charge", "charge", "status", "cancel"]),
            ..Row::default()
        },
        Row {
            what: "an orphan that cannot be called off yet is called off later",
            charge: vec![Plan::Lose(unknown()), Plan::Fail(unknown())],
            cancel: vec![Plan::Fail(unreachable())],
            answer: (504, "gateway_unknown"),
            ends: ("pending", &[], &["charge", "charge", "status", "cancel"]),
            ..Row::default()
        },
        Row {
            what: "the gateway never saw it: opened once more",
            charge: vec![Plan::Fail(unknown()), Plan::Fail(unknown())],
            ends: ("pending", &[], &["charge", "charge", "status", "status", "status", "charge"]),
            ..Row::default()
        },
        Row {
            what: "the gateway never saw it, nor the second time: nobody knows",
            method: "va_permata",
            charge: vec![Plan::Fail(unknown()), Plan::Fail(unknown())],
            answer: (504, "gateway_unknown"),
            ends: (
                "created",
                &["charge_unknown"],
                &["charge", "status", "status", "status", "charge", "status", "status", "status"],
            ),
            ..Row::default()
        },
        Row {
            what: "not even asking works",
            method: "va_permata",
            charge: vec![Plan::Lose(unknown())],
            status: (0..3).map(|_| Plan::Fail(rejected(500))).collect(),
            answer: (504, "gateway_unknown"),
            ends: ("created", &["charge_unknown"], &["charge", "status", "status", "status"]),
            ..Row::default()
        },
        Row {
            what: "refused at the second try and unknown to the gateway: refused",
            charge: vec![Plan::Fail(unknown()), Plan::Fail(rejected(400))],
            answer: (502, "gateway_refused"),
            ends: ("failed", &[], &["charge", "charge", "status", "status", "status"]),
            ..Row::default()
        },
        Row {
            what: "known to the gateway already: found and taken over",
            method: "va_bca",
            charge: vec![Plan::Lose(GatewayError::Duplicate("taken".into()))],
            recalls: true,
            ends: ("pending", &[], &["charge", "status"]),
            ..Row::default()
        },
        Row {
            what: "an answer without means",
            charge: vec![Plan::WithoutMeans],
            answer: (504, "gateway_unknown"),
            ends: ("cancelled", &[], &["charge", "cancel"]),
            ..Row::default()
        },
        Row {
            what: "denied at once",
            charge: vec![Plan::Alter(|report| report.status = GatewayStatus::Deny)],
            ends: ("denied", &[], &["charge"]),
            ..Row::default()
        },
    ]
}

fn mismatches() -> Vec<Row> {
    let ends =
        |flag: &'static [&'static str]| ("failed", flag, &["charge", "cancel"] as &'static [&'static str]);
    let answer = (502, "gateway_mismatch");
    vec![
        Row {
            what: "another amount",
            charge: vec![Plan::Alter(|report| report.amount = Some(Rupiah(1)))],
            answer,
            ends: ends(&["amount_mismatch"]),
            ..Row::default()
        },
        Row {
            what: "another currency",
            charge: vec![Plan::Alter(|report| report.currency = Some("USD".into()))],
            answer,
            ends: ends(&["currency_mismatch"]),
            ..Row::default()
        },
        Row {
            what: "another merchant",
            charge: vec![Plan::Alter(|report| report.merchant = Some("G9".into()))],
            answer,
            ends: ends(&["merchant_mismatch"]),
            ..Row::default()
        },
        Row {
            what: "another order",
            charge: vec![Plan::Alter(|report| report.order = Some("somebody-elses".into()))],
            answer,
            ends: ends(&["order_mismatch"]),
            ..Row::default()
        },
        Row {
            what: "another amount, which cannot be called off now",
            charge: vec![Plan::Alter(|report| report.amount = Some(Rupiah(1)))],
            cancel: vec![Plan::Fail(unknown())],
            answer,
            ends: ("created", &["amount_mismatch"], &["charge", "cancel"]),
            ..Row::default()
        },
        Row {
            what: "another amount, paid before it could be called off",
            charge: vec![Plan::Alter(|report| {
                report.amount = Some(Rupiah(1));
                report.status = GatewayStatus::Settlement;
                report.code = 200;
            })],
            answer: (201, ""),
            ends: ("review", &["amount_mismatch"], &["charge", "cancel", "status"]),
            ..Row::default()
        },
    ]
}

async fn judge(row: Row) {
    let what = row.what;
    let relay = TestRelay::start().await;
    relay.gateway.recalls.store(row.recalls, Ordering::Relaxed);
    relay.gateway.on_charge(row.charge);
    relay.gateway.on_status(row.status);
    relay.gateway.on_cancel(row.cancel);
    let reply = relay.open("r-1", row.method).await;
    match row.answer {
        (201, _) => drop(reply.ok(201)),
        (status, code) => drop(reply.problem(status, code)),
    }
    let (state, flags, calls) = row.ends;
    assert_eq!(relay.gateway.log(), calls, "{what}");
    let id = &relay.gateway.charges_seen()[0].order;
    assert_eq!(
        relay.shown(id).await,
        (state.to_owned(), flags.iter().map(ToString::to_string).collect()),
        "{what}"
    );
    assert!(!relay.effects().await.contains(&"credit".to_owned()), "{what}");
}

#[tokio::test]
async fn every_outcome_of_a_charge_is_answered_for_what_it_is() {
    for row in refusals().into_iter().chain(ambiguities()).chain(mismatches()) {
        judge(row).await;
    }
}

#[tokio::test]
async fn the_same_request_resumes_what_was_not_finished() {
    let relay = TestRelay::start().await;
    // The gateway never heard of it: the same request is one charge all the same.
    relay.gateway.on_charge([Plan::Fail(unreachable()), Plan::Fail(unreachable())]);
    relay.open("r-1", "qris").await.problem(503, "gateway_unreachable");
    let order = relay.open("r-1", "qris").await.ok(201);
    assert_eq!(order["status"], "pending");
    // Nobody knew, and then the key gives the lost answer back.
    relay.gateway.on_charge([Plan::Lose(unknown()), Plan::Fail(unknown())]);
    relay.gateway.on_status((0..3).map(|_| Plan::Fail(unknown())));
    relay.open("r-2", "qris").await.problem(504, "gateway_unknown");
    relay.pass(10);
    let order = relay.open("r-2", "qris").await.ok(201);
    assert_eq!((&order["status"], &order["flags"]), (&json!("pending"), &json!([])));
    assert_eq!(relay.gateway.orders().len(), 2);
}

#[tokio::test]
async fn many_of_the_same_request_at_once_are_one_charge() {
    let relay = Arc::new(TestRelay::start().await);
    let permits = Arc::new(Semaphore::new(0));
    relay.gateway.on_charge([Plan::Wait(Arc::clone(&permits))]);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let relay = Arc::clone(&relay);
        calls.spawn(async move { relay.open("r-1", "qris").await });
    }
    while relay.gateway.count("charge") == 0 {
        tokio::task::yield_now().await;
    }
    permits.add_permits(8);
    let replies = calls.join_all().await;
    let first = replies[0].ok(201);
    assert!(replies.iter().all(|reply| reply.ok(201) == first));
    assert_eq!(relay.gateway.count("charge"), 1);
}

#[tokio::test]
async fn a_settlement_during_the_charge_is_credited_and_the_means_are_kept() {
    let relay = Arc::new(TestRelay::start().await);
    let permits = Arc::new(Semaphore::new(0));
    relay.gateway.on_charge([Plan::Wait(Arc::clone(&permits))]);
    let opening = tokio::spawn({
        let relay = Arc::clone(&relay);
        async move { relay.open("r-1", "qris").await }
    });
    while relay.gateway.count("charge") == 0 {
        tokio::task::yield_now().await;
    }
    let id = relay.gateway.charges_seen()[0].order.clone();
    let mut paid = relay.gateway.pending(&id, Rupiah(10_000));
    paid.status = GatewayStatus::Settlement;
    paid.code = 200;
    relay.gateway.put(&id, paid);
    assert_eq!(relay.notify(&id).await.status, 200);
    relay.decide().await;
    assert_eq!(relay.shown(&id).await.0, "paid");
    // The charge's own answer comes late and says pending, as it was when it was made.
    relay.gateway.forget(&id);
    permits.add_permits(1);
    let order = opening.await.unwrap().ok(201);
    assert_eq!(order["status"], "paid");
    assert!(order["qr_string"].is_string());
    assert_eq!(relay.effects().await, ["credit"]);
}

#[tokio::test]
async fn a_charge_known_by_its_notification_only_is_not_handed_out_without_means() {
    let relay = Arc::new(TestRelay::start().await);
    let permits = Arc::new(Semaphore::new(0));
    relay.gateway.on_charge([Plan::Lose(unknown()), Plan::Wait(Arc::clone(&permits))]);
    let opening = tokio::spawn({
        let relay = Arc::clone(&relay);
        async move { relay.open("r-1", "qris").await }
    });
    while relay.gateway.count("charge") < 2 {
        tokio::task::yield_now().await;
    }
    let id = relay.gateway.orders()[0].clone();
    relay.notify(&id).await;
    relay.decide().await;
    assert_eq!(relay.shown(&id).await.0, "pending");
    relay.gateway.on_status((0..3).map(|_| Plan::Fail(rejected(500))));
    opening.await.unwrap().problem(504, "gateway_unknown");
    assert_eq!(relay.shown(&id).await.0, "cancelled");
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_leave_the_charge_half_done() {
    let relay = TestRelay::start().await;
    let permits = Arc::new(Semaphore::new(0));
    relay.gateway.on_charge([Plan::Wait(Arc::clone(&permits))]);
    let left = timeout(Duration::from_millis(200), relay.open("r-1", "qris")).await;
    assert!(left.is_err());
    permits.add_permits(1);
    let order = relay.open("r-1", "qris").await.ok(201);
    assert_eq!(order["status"], "pending");
    assert_eq!(relay.gateway.orders().len(), 1);
}

#[tokio::test]
async fn the_account_is_learned_from_the_first_charge_and_then_held_to() {
    let relay = TestRelay::start_with(RelayOptions { account: None, ..RelayOptions::default() }).await;
    relay.opened("r-1", "qris").await;
    assert_eq!(relay.store.merchant_id("m1").await.unwrap().as_deref(), Some("G000000001"));
    relay.gateway.on_charge([Plan::Alter(|report| report.merchant = Some("G9".into()))]);
    relay.open("r-2", "qris").await.problem(502, "gateway_mismatch");
}

#[tokio::test]
async fn without_an_answer_many_times_in_a_row_the_gateway_is_left_alone() {
    let relay = TestRelay::start().await;
    relay.gateway.on_charge((0..10).map(|_| Plan::Fail(unreachable())));
    for n in 0..3 {
        relay.open(&format!("r-{n}"), "qris").await.problem(503, "gateway_unreachable");
    }
    assert_eq!(relay.gateway.count("charge"), 5, "after the fifth nobody asks any more");
    relay.open("r-3", "qris").await.problem(503, "gateway_unreachable");
    assert_eq!(relay.gateway.count("charge"), 5);
    assert_eq!(relay.get("/healthz").await.ok(200)["gateway"], "down");
    relay.pass(10);
    relay.open("r-4", "qris").await.problem(503, "gateway_unreachable");
    assert_eq!(relay.gateway.count("charge"), 6, "one probe");
    relay.pass(19);
    relay.open("r-5", "qris").await.problem(503, "gateway_unreachable");
    assert_eq!(relay.gateway.count("charge"), 6, "twice as long");
    relay.gateway.on_charge_no_more();
    relay.pass(1);
    relay.opened("r-6", "qris").await;
    assert_eq!(relay.get("/healthz").await.ok(200)["gateway"], "ok");
    // What was refused meanwhile may be asked for again.
    relay.opened("r-3", "qris").await;
}

#[tokio::test]
async fn refusals_never_open_the_breaker() {
    let relay = TestRelay::start().await;
    let plans = [rejected(400), misconfigured(), rejected(402), rejected(400), rejected(404), rejected(400)];
    let count = plans.len();
    relay.gateway.on_charge(plans.into_iter().map(Plan::Fail));
    for n in 0..count {
        assert_eq!(relay.open(&format!("r-{n}"), "qris").await.status, 502);
    }
    relay.opened("r-last", "qris").await;
}

#[tokio::test]
async fn an_order_is_called_off_at_the_gateway_and_a_paid_one_is_told_as_paid() {
    let relay = TestRelay::start().await;
    let cancel = async |id: &str| relay.post(&format!("/v1/orders/{id}/cancel"), &json!({})).await;
    let id = relay.opened("r-1", "qris").await;
    assert_eq!(cancel(&id).await.ok(200)["status"], "cancelled");
    assert_eq!(cancel(&id).await.ok(200)["status"], "cancelled");
    assert_eq!(relay.gateway.count("cancel"), 1);
    let paid = relay.opened("r-2", "qris").await;
    relay.gateway.settle(&paid);
    assert_eq!(cancel(&paid).await.ok(200)["status"], "paid");
    let page = relay.opened("r-3", "snap").await;
    assert_eq!(cancel(&page).await.ok(200)["status"], "cancelled", "nobody picked a method yet");
    let deaf = relay.opened("r-4", "qris").await;
    relay.gateway.on_cancel([
        Plan::Fail(unreachable()),
        Plan::Fail(GatewayError::SlowDown),
        Plan::Fail(rejected(400)),
    ]);
    cancel(&deaf).await.problem(503, "gateway_unreachable");
    cancel(&deaf).await.problem(503, "gateway_busy");
    cancel(&deaf).await.problem(409, "not_cancelled");
    assert_eq!(relay.shown(&deaf).await.0, "pending");
    cancel("nobodys").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_refund_is_sent_once_and_comes_back_by_the_feed() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "qris").await;
    let refund = async |key: &str, amount_rp: u64| {
        let body = json!({"refund_key": key, "amount_rp": amount_rp, "reason": "salah beli"});
        relay.post(&format!("/v1/orders/{id}/refund"), &body).await
    };
    refund("k1", 1000).await.problem(409, "not_paid");
    relay.gateway.settle(&id);
    relay.notify(&id).await;
    relay.decide().await;
    refund("k1", 10_001).await.problem(422, "invalid");
    relay.gateway.on_refund([Plan::Fail(rejected(412)), Plan::Fail(unreachable())]);
    refund("k1", 3000).await.problem(409, "refund_refused");
    refund("k1", 3000).await.problem(503, "gateway_unreachable");
    refund("k1", 3000).await.ok(200);
    assert_eq!(relay.reconcile().await, 1, "it is asked about at once");
    refund("k1", 3000).await.ok(200);
    assert_eq!(relay.gateway.count("refund"), 3, "the same key is one refund");
    refund("k2", 7000).await.ok(200);
    relay.reconcile().await;
    let feed = relay.feed().await;
    let told: Vec<(&str, u64)> = feed
        .iter()
        .map(|item| (item["effect"].as_str().unwrap(), item["refunded_rp"].as_u64().unwrap()))
        .filter(|(effect, _)| *effect != "status")
        .collect();
    assert_eq!(told, [("credit", 0), ("reverse", 3000), ("reverse", 10_000)]);
    assert_eq!(relay.order(&id).await["status"], "refunded");
}

#[tokio::test]
async fn a_lost_order_is_taken_over_from_its_site_and_credited_when_paid() {
    let relay = TestRelay::start().await;
    let elsewhere = TestRelay::start().await;
    let id = elsewhere.opened("r-1", "qris").await;
    let mut paid = relay.gateway.pending(&id, Rupiah(10_000));
    paid.status = GatewayStatus::Settlement;
    paid.code = 200;
    relay.gateway.put(&id, paid);
    // Its notification came before.
    assert_eq!(relay.notify(&id).await.status, 200);
    assert_eq!(relay.decide().await, 0);
    let body = json!({"request_id": "r-1", "method": "qris", "amount_rp": 10_000, "memo": {"v": 1}});
    let adopt = async |id: &str, token: &str, body: &Value| {
        let body = Some(body.to_string().into_bytes());
        relay.call(Method::POST, &format!("/v1/orders/{id}/adopt"), Some(token), body).await
    };
    adopt(&id, SISTER, &body).await.problem(404, "not_found");
    adopt(&id, STRANGER, &body).await.problem(404, "not_found");
    adopt("made-up", TOKEN, &body).await.problem(404, "not_found");
    let order = adopt(&id, TOKEN, &body).await.ok(200);
    assert_eq!((&order["status"], &order["memo"]), (&json!("paid"), &json!({"v": 1})));
    assert_eq!(adopt(&id, TOKEN, &body).await.ok(200)["status"], "paid");
    relay.decide().await;
    assert_eq!(relay.effects().await.iter().filter(|effect| *effect == "credit").count(), 1);
    let other = json!({"request_id": "r-1", "method": "qris", "amount_rp": 10_001});
    adopt(&id, TOKEN, &other).await.problem(409, "request_conflict");
    // An open one, whose means only the site knows, is not called off for that.
    let open = elsewhere.opened("r-2", "qris").await;
    relay.gateway.put(&open, relay.gateway.pending(&open, Rupiah(10_000)));
    let body = json!({"request_id": "r-2", "method": "qris", "amount_rp": 10_000});
    assert_eq!(adopt(&open, TOKEN, &body).await.ok(200)["status"], "pending");
    relay.pass(3600);
    relay.reconcile().await;
    assert_eq!(relay.gateway.status_of(&open), Some(GatewayStatus::Pending));
}

#[tokio::test]
async fn a_request_given_up_is_called_off_and_never_opened_again() {
    let relay = TestRelay::start().await;
    let give_up =
        async |request: &str| relay.post(&format!("/v1/requests/{request}/abandon"), &json!({})).await;
    assert_eq!(give_up("r-1").await.ok(200)["order"], Value::Null);
    relay.open("r-1", "qris").await.problem(409, "request_abandoned");
    assert!(relay.gateway.log().is_empty());
    let id = relay.opened("r-2", "qris").await;
    assert_eq!(give_up("r-2").await.ok(200)["order"]["order_id"], json!(id));
    relay.gateway.on_cancel([Plan::Fail(unreachable())]);
    relay.reconcile().await;
    assert_eq!(relay.shown(&id).await.0, "pending");
    relay.pass(10);
    relay.reconcile().await;
    assert_eq!(relay.shown(&id).await.0, "cancelled");
    relay.open("r-2", "qris").await.problem(409, "request_abandoned");
    // Paid before it could be called off: credited.
    let paid = relay.opened("r-3", "qris").await;
    give_up("r-3").await.ok(200);
    relay.gateway.settle(&paid);
    relay.reconcile().await;
    assert_eq!(relay.shown(&paid).await, ("paid".into(), vec![]));
    give_up("bad%20id").await.problem(422, "invalid");
}

#[tokio::test]
async fn a_charge_that_nobody_knew_of_is_followed_to_its_end() {
    for (paid, state) in [(true, "paid"), (false, "cancelled")] {
        let relay = TestRelay::start().await;
        relay.gateway.on_charge([Plan::Lose(unknown()), Plan::Fail(unknown())]);
        relay.gateway.on_status((0..3).map(|_| Plan::Fail(unknown())));
        relay.open("r-1", "qris").await.problem(504, "gateway_unknown");
        let id = relay.gateway.orders()[0].clone();
        if paid {
            relay.gateway.settle(&id);
        }
        for seconds in [60, 60, 60] {
            relay.pass(seconds);
            relay.reconcile().await;
        }
        assert_eq!(relay.shown(&id).await, (state.into(), vec![]));
    }
    // The gateway never had it: it ends as failed, and money that comes all the same is credited.
    let relay = TestRelay::start().await;
    relay.gateway.on_charge((0..4).map(|_| Plan::Fail(unknown())));
    relay.open("r-1", "qris").await.problem(504, "gateway_unknown");
    let id = relay.gateway.charges_seen()[0].order.clone();
    for _ in 0..20 {
        relay.pass(60);
        relay.reconcile().await;
    }
    assert_eq!(relay.shown(&id).await.0, "failed");
    relay.gateway.put(&id, relay.gateway.pending(&id, Rupiah(10_000)));
    relay.gateway.settle(&id);
    relay.notify(&id).await;
    relay.decide().await;
    assert_eq!(relay.shown(&id).await, ("paid".into(), vec!["late_settlement".into()]));
}

#[tokio::test]
async fn sites_see_their_own_and_nobody_sees_anything_without_a_token() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "qris").await;
    let body = json!({"refund_key": "k", "amount_rp": 1, "reason": "x"}).to_string().into_bytes();
    let calls = [
        (Method::GET, format!("/v1/orders/{id}"), None),
        (Method::POST, format!("/v1/orders/{id}/cancel"), None),
        (Method::POST, format!("/v1/orders/{id}/refresh"), None),
        (Method::POST, format!("/v1/orders/{id}/refund"), Some(body)),
    ];
    for (method, path, body) in calls {
        for token in [SISTER, STRANGER] {
            let reply = relay.call(method.clone(), &path, Some(token), body.clone()).await;
            reply.problem(404, "not_found");
        }
        for token in [None, Some(""), Some("token-of-site-9"), Some(&*"x".repeat(5000))] {
            let reply = relay.call(method.clone(), &path, token, body.clone()).await;
            reply.problem(401, "unauthorized");
        }
    }
    for token in [SISTER, STRANGER] {
        let page = relay.call(Method::GET, "/v1/feed", Some(token), None).await.ok(200);
        assert_eq!((&page["items"], &page["next"]), (&json!([]), &json!(0)));
    }
    assert_eq!(relay.gateway.log(), ["charge"]);
    assert!(relay.other_gateway.log().is_empty());
    // The same request id of another site is another order.
    let body = wanted("r-1", "gopay").to_string().into_bytes();
    let theirs = relay.call(Method::POST, "/v1/orders", Some(STRANGER), Some(body)).await.ok(201);
    assert_ne!(theirs["order_id"], json!(id));
    assert_eq!(relay.other_gateway.count("charge"), 1);
    relay.get("/v1/orders/a%2Fb").await.problem(404, "not_found");
    relay.get("/v2/orders").await.problem(404, "not_found");
}

#[tokio::test]
async fn too_many_calls_of_one_site_wait_and_others_do_not() {
    let relay = TestRelay::start().await;
    let mut refused = None;
    for _ in 0..1100 {
        let reply = relay.get("/v1/feed").await;
        if reply.status != 200 {
            refused = Some(reply);
            break;
        }
    }
    refused.expect("so many at once are not let in").problem(429, "too_many_attempts");
    relay.call(Method::GET, "/v1/feed", Some(SISTER), None).await.ok(200);
    relay.pass(1);
    relay.get("/v1/feed").await.ok(200);
}

#[tokio::test]
async fn the_feed_waits_wakes_pages_and_notices_a_cursor_from_the_future() {
    let relay = Arc::new(TestRelay::start().await);
    let empty = relay.get("/v1/feed?after=&wait=0").await.ok(200);
    assert_eq!((&empty["items"], &empty["next"], &empty["has_more"]), (&json!([]), &json!(0), &json!(false)));
    let waiting = tokio::spawn({
        let relay = Arc::clone(&relay);
        async move { relay.get("/v1/feed?after=0&wait=55").await.ok(200) }
    });
    let id = relay.opened("r-1", "qris").await;
    let page = timeout(SOON, waiting).await.expect("it is woken").unwrap();
    assert_eq!((&page["items"][0]["order_id"], &page["next"]), (&json!(id), &json!(1)));
    assert_eq!(page["items"][0]["memo"], json!({"v": 1, "user": "0"}));
    relay.opened("r-2", "qris").await;
    let first = relay.get("/v1/feed?after=0&limit=1").await.ok(200);
    assert_eq!((&first["next"], &first["has_more"]), (&json!(1), &json!(true)));
    let second = relay.get("/v1/feed?after=1&limit=1").await.ok(200);
    assert_eq!((&second["next"], &second["has_more"]), (&json!(2), &json!(false)));
    let ahead = timeout(SOON, relay.get("/v1/feed?after=99&wait=55")).await.expect("at once").ok(200);
    assert_eq!((&ahead["items"], &ahead["next"]), (&json!([]), &json!(2)));
    assert_eq!(ahead["epoch"], first["epoch"]);
    for query in ["after=x", "after=-1", "limit=0", "wait=1.5", "more=1"] {
        relay.get(&format!("/v1/feed?{query}")).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn the_relay_says_how_it_is() {
    let relay = TestRelay::start().await;
    relay.opened("r-1", "qris").await;
    let plain = async |path: &str| relay.call(Method::GET, path, None, None).await;
    assert_eq!(plain("/api/ping").await.ok(200)["status"], "ok");
    let health = plain("/healthz").await.ok(200);
    assert_eq!(
        (&health["status"], &health["inbox"], &health["gateway"]),
        (&json!("ok"), &json!(0), &json!("ok"))
    );
    let metrics = plain("/metrics").await;
    for line in [
        "kuota_relay_open_orders 1",
        "kuota_relay_gateway_calls_total{operation=\"charge\",outcome=\"ok\"} 1",
        "kuota_relay_notifications_total{outcome=\"bad_signature\"} 0",
        "kuota_relay_inbox_lag_seconds 0",
        "kuota_relay_reviews 0",
        "kuota_relay_unknown_charges 0",
        "kuota_relay_gateway_slow_downs_total 0",
    ] {
        assert!(metrics.text.contains(line), "{line}\n{}", metrics.text);
    }
}

#[tokio::test]
async fn a_charge_or_a_cancel_that_says_paid_is_asked_about_before_anything_is_credited() {
    let settled = |report: &mut GatewayReport| {
        report.status = GatewayStatus::Settlement;
        report.code = 200;
    };
    let open = |report: &mut GatewayReport| {
        report.status = GatewayStatus::Pending;
        report.code = 201;
    };
    let relay = TestRelay::start().await;
    relay.gateway.on_charge([Plan::Alter(settled)]);
    // The gateway says pending when it is asked: that counts.
    relay.gateway.on_status([Plan::Alter(open)]);
    let id = relay.opened("r-1", "qris").await;
    assert!(relay.gateway.count("status") >= 1);
    assert_eq!(relay.shown(&id).await.0, "pending");
    assert!(!relay.effects().await.contains(&"credit".to_owned()));
    relay.gateway.set(&id, GatewayStatus::Pending);
    // It does not answer: nothing is credited and nothing called off, and it is asked again.
    relay.gateway.on_charge([Plan::Alter(settled)]);
    relay.gateway.on_status([Plan::Fail(unreachable())]);
    let other = relay.opened("r-2", "qris").await;
    assert!(!relay.effects().await.contains(&"credit".to_owned()));
    assert_eq!(relay.gateway.count("cancel"), 0);
    relay.gateway.settle(&other);
    relay.pass(1);
    relay.reconcile().await;
    assert_eq!(relay.shown(&other).await.0, "paid");
    // The answer to a cancel is no answer about money either.
    relay.gateway.on_cancel([Plan::Alter(settled)]);
    let before = relay.gateway.count("status");
    relay.post(&format!("/v1/orders/{id}/cancel"), &json!({})).await;
    assert!(relay.gateway.count("status") > before);
    assert_eq!(relay.effects().await.iter().filter(|effect| *effect == "credit").count(), 1);
}

#[tokio::test]
async fn a_memo_that_is_nested_too_deep_is_refused_and_named() {
    let relay = TestRelay::start().await;
    for depth in [65, 1001, 1500] {
        let memo = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let body = wanted("r-1", "qris").to_string().replace("{\"user\":\"0\",\"v\":1}", &memo);
        assert!(body.contains(&memo), "{body}");
        let reply = relay.call(Method::POST, "/v1/orders", Some(TOKEN), Some(body.into_bytes())).await;
        reply.problem(422, "invalid");
        assert_eq!(reply.json()["errors"][0]["field"], "memo");
    }
    assert_eq!(relay.gateway.count("charge"), 0);
}
