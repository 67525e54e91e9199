//! A relay that is away, refuses, loses answers, is restored from a copy, or is no relay at all.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use crate::relay::Fault;
use crate::shop::{PACKAGE_BYTES, Shop, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_relay_leaves_nothing_open() {
    let shop = Shop::open().await;
    shop.relay.up(false);
    let problem = shop.buy("qris").await.problem(503, "relay_unreachable");
    assert!(!problem.to_string().contains("token"), "{problem}");
    assert_eq!((shop.orders("").await.len(), shop.openings().await), (0, 0));
    shop.relay.up(true);
    shop.run_outbox().await;
    assert_eq!((shop.relay.count("abandon"), shop.outbox().await.len()), (1, 0), "told to forget it");
    shop.order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_nothing_can_be_paid_online_and_status_says_off() {
    let desk = crate::desk::Desk::start().await;
    let (user, package) = (desk.user("Budi").await, desk.package(1024, 10_000).await);
    let body = json!({"package_id": package, "method": "qris"});
    desk.post(&format!("{user}/purchases"), body).await.problem(503, "relay_unreachable");
    assert_eq!(desk.get("/status").await.ok(200)["relay"]["state"], "off");
    let metrics = desk.request(Method::GET, "/metrics").send().await;
    assert!(metrics.text.contains("kuota_relay_state{state=\"off\"} 1"), "{}", metrics.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_answer_was_lost_is_given_up_and_its_money_counts_all_the_same() {
    let shop = Shop::open().await;
    shop.relay.fault("open", Fault::AnswerLost);
    shop.buy("qris").await.problem(503, "relay_unreachable");
    let orphan = shop.relay.open_orders().remove(0);
    assert_eq!((shop.orders("").await.len(), shop.openings().await), (0, 0));
    // The customer's wallet has it open already and pays before the relay hears that it was given up.
    shop.relay.pay(&orphan);
    shop.relay.heal();
    shop.run_outbox().await;
    shop.pull().await;
    assert_eq!((shop.credited().await, shop.status(&orphan).await), (PACKAGE_BYTES, json!("paid")));
    assert_eq!(shop.flags(&orphan).await, json!(["rebuilt"]));
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_call_failed_begins_anew_and_one_order_is_left() {
    let shop = Shop::open().await;
    let buy = async || shop.buying("qris").header("idempotency-key", "beli-1").send().await;
    shop.relay.fault("open", Fault::AnswerLost);
    buy().await.problem(503, "relay_unreachable");
    shop.relay.heal();
    let order = buy().await.ok(201);
    assert_eq!(buy().await.ok(201), order);
    shop.run_outbox().await;
    shop.pull().await;
    assert_eq!(shop.relay.open_orders(), [order["id"].as_str().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_keep_their_codes_and_leave_nothing_open() {
    let shop = Shop::open().await;
    for (status, code) in [
        (502, "gateway_refused"),
        (502, "gateway_misconfigured"),
        (503, "gateway_unreachable"),
        (504, "gateway_unknown"),
        (409, "request_abandoned"),
    ] {
        shop.relay.fault("open", Fault::Refused(status, code));
        shop.buy("va_bca").await.problem(status, code);
        assert_eq!((shop.orders("").await.len(), shop.openings().await), (0, 0), "{code}");
    }
    // What is none of ours to understand is the relay's fault, not the caller's.
    for (status, code) in [(422, "invalid"), (429, "too_many_calls"), (418, "teapot")] {
        shop.relay.fault("open", Fault::Refused(status, code));
        shop.buy("va_bca").await.problem(502, "relay_refused");
    }
    shop.relay.fault("open", Fault::Proxy);
    shop.buy("va_bca").await.problem(503, "relay_unreachable");
    shop.relay.heal();
    shop.run_outbox().await;
    assert!(shop.outbox().await.is_empty() && shop.relay.open_orders().is_empty());
    shop.buy("va_bca").await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_of_another_amount_does_not_stand() {
    let shop = Shop::open().await;
    shop.relay.overcharge(1);
    shop.buy("qris").await.problem(502, "gateway_mismatch");
    assert_eq!((shop.orders("").await.len(), shop.openings().await), (0, 0));
    shop.run_outbox().await;
    assert!(shop.relay.open_orders().is_empty(), "it is called off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_named_and_a_better_one_taken_at_the_next_call() {
    let shop = Shop::open().await;
    shop.relay.change_token("token-of-somebody-else");
    let problem = shop.buy("qris").await.problem(503, "relay_unreachable");
    assert!(problem["detail"].as_str().unwrap().contains("relay.site"), "{problem}");
    let state = shop.relay_state().await;
    assert!(state["last_error"].as_str().unwrap().contains("token"), "{state}");
    assert!(!state.to_string().contains(crate::relay::TOKEN), "no secret is told: {state}");
    "token-of-somebody-else".clone_into(&mut shop.token.lock().unwrap());
    shop.buy("qris").await.ok(201);
    assert_eq!(shop.relay_state().await["state"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_and_metrics_tell_a_relay_that_is_well_away_or_ill() {
    let shop = Shop::open().await;
    assert_eq!(shop.relay_state().await["state"], "down", "nobody has asked it yet");
    let id = shop.order().await;
    shop.pull().await;
    let state = shop.relay_state().await;
    assert_eq!((&state["state"], &state["last_error"]), (&json!("ok"), &json!(null)), "{state}");
    shop.relay.fault("feed", Fault::Refused(503, "store_unavailable"));
    shop.pull_fails().await;
    assert_eq!(shop.relay_state().await["state"], "degraded", "it answers, but not with the feed");
    shop.relay.heal();
    shop.relay.up(false);
    shop.pull_fails().await;
    shop.pass(Duration::from_secs(31));
    assert_eq!(shop.relay_state().await["state"], "down");
    shop.relay.up(true);
    shop.relay.pay(&id);
    shop.pull().await;
    assert_eq!(shop.relay_state().await["state"], "ok");
    shop.relay.up(false);
    shop.buy("qris").await.problem(503, "relay_unreachable");
    let metrics = shop.desk.request(Method::GET, "/metrics").send().await.text;
    for line in [
        "kuota_relay_state{state=\"degraded\"} 1",
        "kuota_relay_credits_total 1",
        "kuota_relay_items_total 1",
        "kuota_relay_failures_total 3",
        "kuota_online_orders_open 0",
        "kuota_online_openings 0",
        "kuota_relay_errands 1",
        "kuota_orders_in_review 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_feed_from_another_store_credits_nobody_twice() {
    let shop = Shop::open().await;
    let paid = shop.order().await;
    shop.relay.pay(&paid);
    shop.pull().await;
    let open = shop.order().await;
    for _ in 0..2 {
        shop.relay.tell_all_again();
        shop.pull().await;
        shop.run_outbox().await;
    }
    assert_eq!((shop.credited().await, shop.status(&open).await), (PACKAGE_BYTES, json!("pending")));
    assert!(shop.outbox().await.is_empty());
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_lost_its_store_gets_recent_orders_back_and_credits_none_twice() {
    let shop = Shop::open().await;
    let paid = shop.order().await;
    shop.relay.pay(&paid);
    shop.pull().await;
    let open = shop.order().await;
    shop.relay.lose_everything();
    shop.pull().await;
    shop.run_outbox().await;
    assert!(shop.relay.has(&open) && shop.relay.has(&paid), "money of a recent order may still go back");
    let adopted = shop.relay.order(&open);
    assert_eq!(adopted.amount_rp, crate::shop::PRICE_RP);
    for id in [&paid, &open] {
        shop.relay.pay(id);
    }
    shop.pull().await;
    assert_eq!((shop.credited().await, shop.status(&open).await), (2 * PACKAGE_BYTES, json!("paid")));
    let order = shop.desk.get(&format!("/orders/{open}")).await.ok(200);
    assert!(order["qr_string"].is_string(), "how to pay is not forgotten: {order}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_relay_is_asked_once_however_many_errands_wait() {
    let shop = Shop::open().await;
    for _ in 0..4 {
        let id = shop.order().await;
        shop.relay.pay(&id);
        shop.pull().await;
    }
    shop.relay.lose_everything();
    shop.pull().await;
    shop.relay.fault("order", Fault::Cut);
    shop.run_outbox().await;
    assert_eq!((shop.outbox().await.len(), shop.relay.count("order")), (4, 1));
    shop.relay.heal();
    shop.run_outbox().await;
    assert_eq!((shop.outbox().await.len(), shop.relay.count("adopt")), (0, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_relay_lost_is_handed_back_before_it_is_called_off() {
    let shop = Shop::open().await;
    let lost = shop.order().await;
    shop.relay.lose_everything();
    shop.buy("cash").await.ok(201);
    assert_eq!((shop.relay.count("adopt"), shop.status(&lost).await), (1, json!("cancelled")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_uplink_costs_nobody_anything() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.up(false);
    // The customer pays by a phone of their own, in the first hour.
    shop.relay.pay(&id);
    for hour in 0..24 {
        shop.pull_fails().await;
        shop.desk.site().payments.outbox_once().await.unwrap();
        shop.desk.use_mb(crate::shop::MAC, 10).await;
        shop.cycle().await;
        if hour == 12 {
            shop.buy("cash").await.ok(201);
        }
        shop.buy("qris").await.problem(503, "relay_unreachable");
        shop.pass(Duration::from_hours(1));
    }
    assert_eq!(shop.relay_state().await["state"], "down");
    shop.relay.up(true);
    shop.pull().await;
    shop.run_outbox().await;
    shop.pull().await;
    assert_eq!((shop.credited().await, shop.status(&id).await), (2 * PACKAGE_BYTES, json!("paid")));
    assert!(shop.outbox().await.is_empty() && shop.relay.open_orders().is_empty());
    assert_eq!((shop.openings().await, shop.orders("").await.len()), (0, 2));
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_daemon_puts_whoever_paid_online_by_itself() {
    let shop = Shop::daemon().await;
    let id = shop.order().await;
    shop.relay.pay(&id);
    until("the customer is online", async || shop.list().as_deref() == Some("klient_aktif")).await;
    assert_eq!(shop.credited().await, PACKAGE_BYTES);

    // The uplink breaks under the hanging call, and is found again without anybody's help.
    let second = shop.order().await;
    shop.relay.up(false);
    until("it is noticed", async || shop.relay_state().await["state"] != "ok").await;
    shop.buy("cash").await.ok(201);
    shop.relay.up(true);
    // An errand that failed while the uplink was down is due again by the clock, which only the test moves.
    until("the order is called off", async || {
        shop.pass(Duration::from_secs(1));
        shop.status(&second).await == "cancelled" && shop.outbox().await.is_empty()
    })
    .await;
    assert_eq!(shop.credited().await, 2 * PACKAGE_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_newer_relay_wait_in_review_stop_nobody_and_are_no_silence() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.pull().await;
    shop.relay.pay(&order);
    shop.relay.speak(|page| {
        for item in page["items"].as_array_mut().unwrap() {
            item["flags"] = json!(["of_tomorrow"]);
        }
        let items = page["items"].as_array_mut().unwrap();
        items.push(json!({"seq": "?", "what": "is this"}));
    });
    shop.pull().await;
    assert_eq!(
        (shop.status(&order).await, shop.flags(&order).await),
        (json!("review"), json!(["unreadable"]))
    );
    assert_eq!(shop.orders("").await.len(), 2, "what names no order has a row, too");
    assert_eq!((shop.credited().await, &shop.relay_state().await["state"]), (0, &json!("ok")));
    let audit = shop.desk.get("/audit").await.ok(200).to_string();
    assert!(audit.contains("of_tomorrow") && audit.contains("is this"), "{audit}");
    // A page that is none at all is an error of a relay that is there.
    shop.relay.speak(|page| page["epoch"] = json!(7));
    shop.pull_fails().await;
    assert_eq!(shop.relay_state().await["state"], "degraded");
    shop.relay.speak(|_| {});
    shop.pull().await;
    let review = json!({"decision": "credit", "reason": "dicek"});
    shop.desk.post(&format!("/orders/{order}/review"), review).await.ok(200);
    assert_eq!((shop.credited().await, &shop.relay_state().await["state"]), (PACKAGE_BYTES, &json!("ok")));
    shop.verify().await;
}
