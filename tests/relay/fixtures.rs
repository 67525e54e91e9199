//! The notification sequences that the product is judged by, through real HTTP: decided one by one, and all at once.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use crate::support::test_relay::{RelayOptions, START, TestRelay, words};
use kuota::domain::order::{Flag, OnlineMethod, OrderState};
use kuota::domain::payment::{Fraud, GatewayReport, GatewayStatus, Standing};
use kuota::domain::units::{Rupiah, Timestamp};
use kuota::protocol::relay::{OrderItem, PaymentMeans};
use kuota::relay::store::{OpenedOrder, StoredOrder, Updated};
use serde_json::Value;

fn cases() -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../fixtures/midtrans_notifications.json")).unwrap();
    all["cases"].as_array().unwrap().clone()
}

/// Whether notifications are decided as they come, or all after the last one came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    OneByOne,
    AllAtOnce,
}

fn row(case: &Value) -> StoredOrder {
    let order = &case["order"];
    let mut standing = Standing::created();
    match order["state"].as_str().unwrap() {
        "charge_unknown" => drop(standing.flags.insert(Flag::ChargeUnknown)),
        "absent-at-delivery" => {}
        "cancelled" => standing = standing.closed(OrderState::Cancelled).standing,
        state => standing.state = OrderState::from_name(state).unwrap(),
    }
    StoredOrder {
        id: order["order_id"].as_str().unwrap().into(),
        merchant: "m1".into(),
        site: "site-1".into(),
        request_id: "r-1".into(),
        request_hash: [7; 32],
        method: OnlineMethod::Qris,
        amount: Rupiah(order["amount"].as_u64().unwrap()),
        items: vec![OrderItem { name: "10 GB".into(), price_rp: 10_000, quantity: 1 }],
        memo: None,
        return_url: None,
        standing,
        means: PaymentMeans { qr_string: Some("0002".into()), ..PaymentMeans::default() },
        abandoned: false,
        created_at: START,
        expires_at: Timestamp(START.0 + 900_000),
        paid_at: None,
        asked: 0,
        ask_at: None,
        version: 0,
    }
}

/// What a status query answers, by a notification's words.
fn report(body: &Value) -> GatewayReport {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let money = |value: &Value| {
        let text = value.as_str()?;
        text.strip_suffix(".00").unwrap_or(text).parse().ok().map(Rupiah)
    };
    let refunds = body["refunds"].as_array().cloned().unwrap_or_default();
    let original = &body["metadata"]["extra_info"]["gross_amount_info"]["original_amount"];
    GatewayReport {
        order: text("order_id"),
        transaction: text("transaction_id"),
        status: GatewayStatus::from_name(&text("transaction_status").unwrap()).unwrap(),
        code: text("status_code").unwrap().parse().unwrap(),
        fraud: text("fraud_status").map(|word| Fraud::from_name(&word).unwrap_or(Fraud::Deny)),
        amount: money(&body["gross_amount"]),
        original_amount: money(original),
        currency: text("currency"),
        merchant: text("merchant_id"),
        refunds: refunds
            .iter()
            .map(|one| {
                (one["refund_key"].as_str().unwrap().to_owned(), money(&one["refund_amount"]).unwrap())
            })
            .collect(),
        refunded: money(&body["refund_amount"]),
        paid_at: None,
        expires_at: None,
    }
}

fn rank(status: GatewayStatus) -> u8 {
    use GatewayStatus::{
        Authorize, Cancel, Capture, Chargeback, Deny, Expire, Failure, PartialChargeback, PartialRefund,
        Pending, Refund, Settlement,
    };
    match status {
        Pending | Authorize => 1,
        Deny | Cancel | Expire | Failure => 2,
        Capture | Settlement => 3,
        PartialRefund | PartialChargeback => 4,
        Refund | Chargeback => 5,
    }
}

/// Plays one case; what is wrong with it.
async fn play(case: &Value, pace: Pace) -> Vec<String> {
    let fee_imposition = case["order"]["fee_imposition_allowed"] == true;
    let relay = TestRelay::start_with(RelayOptions { fee_imposition, ..RelayOptions::default() }).await;
    let row = row(case);
    let is_late = case["order"]["state"] == "absent-at-delivery";
    if !is_late {
        assert!(matches!(relay.store.open(&row).await.unwrap(), OpenedOrder::New));
        if row.standing != Standing::created() {
            assert_eq!(relay.store.update(&row, &[], &[], START).await.unwrap(), Updated::Done);
        }
    }
    let mut wrong = Vec::new();
    let bodies = case["notifications"].as_array().unwrap();
    let mut known: Option<GatewayReport> = None;
    for (i, body) in bodies.iter().enumerate() {
        let reply = relay.notify_raw("m1", body.to_string().into_bytes()).await;
        let expected = &case["expected"]["http_reply"][i];
        if *expected != u64::from(reply.status) {
            wrong.push(format!("reply {i}: {} instead of {expected}", reply.status));
        }
        if reply.status == 200 {
            let told = report(body);
            if known.as_ref().is_none_or(|known| rank(told.status) >= rank(known.status)) {
                known = Some(told);
            }
            relay.gateway.put(&row.id, known.clone().unwrap());
        }
        let is_last = i + 1 == bodies.len();
        if let (true, Some(status)) = (is_last, case["get_status_at_end"]["transaction_status"].as_str()) {
            let of_last = bodies.iter().rev().find(|body| body["transaction_status"] == status);
            match of_last {
                Some(body) => relay.gateway.put(&row.id, report(body)),
                None => relay.gateway.set(&row.id, GatewayStatus::from_name(status).unwrap()),
            }
        }
        if pace == Pace::OneByOne {
            relay.decide().await;
        }
    }
    if is_late {
        assert_eq!(relay.decide().await, 0, "there is nothing to decide about an order that nobody knows");
        assert!(matches!(relay.store.open(&row).await.unwrap(), OpenedOrder::New));
    }
    relay.decide().await;
    // Whatever a doubt was left about is asked again, and nothing changes any more.
    for seconds in [2, 5, 15, 60, 3600] {
        relay.pass(seconds);
        relay.decide().await;
    }
    let order = relay.order(&row.id).await;
    let expected = &case["expected"];
    if order["status"] != expected["final_state"] {
        wrong.push(format!("state {} instead of {}", order["status"], expected["final_state"]));
    }
    if words(&order["flags"]) != words(&expected["flags"]) {
        wrong.push(format!("flags {} instead of {}", order["flags"], expected["flags"]));
    }
    let credits = net_credits(&relay.feed().await, row.amount.0);
    if credits != expected["credits"].as_i64().unwrap() {
        wrong.push(format!("{credits} net credits instead of {}", expected["credits"]));
    }
    wrong
}

/// Credits less whole reversals.
fn net_credits(feed: &[Value], amount: u64) -> i64 {
    let count = |effect: &str| feed.iter().filter(|item| item["effect"] == effect).count();
    assert!(count("credit") <= 1, "credited twice: {feed:?}");
    let reversed: u64 = feed
        .iter()
        .filter(|item| item["effect"] == "reverse")
        .map(|item| item["amount_rp"].as_u64().unwrap())
        .sum();
    i64::try_from(count("credit")).unwrap() - i64::from(reversed >= amount)
}

async fn play_all(pace: Pace) {
    let mut wrong = Vec::new();
    let cases = cases();
    assert_eq!(cases.len(), 22);
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        wrong.extend(play(case, pace).await.into_iter().map(|what| format!("{id}: {what}")));
    }
    assert!(wrong.is_empty(), "{pace:?}:\n  {}", wrong.join("\n  "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sequence_ends_as_written_when_each_is_decided_before_the_next() {
    play_all(Pace::OneByOne).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sequence_ends_as_written_when_all_come_before_the_first_is_decided() {
    play_all(Pace::AllAtOnce).await;
}
