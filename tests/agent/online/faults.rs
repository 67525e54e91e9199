//! A relay that is away, refuses, loses answers, is restored from a copy, or is no relay at all.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use crate::support::fake_relay::Fault;
use crate::support::payment_site::{PACKAGE_BYTES, PaymentSite, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_relay_leaves_nothing_open() {
    let site = PaymentSite::start().await;
    site.relay.up(false);
    let problem = site.buy("qris").await.problem(503, "relay_unreachable");
    assert!(!problem.to_string().contains("token"), "{problem}");
    assert_eq!((site.orders("").await.len(), site.pending_orders().await), (0, 0));
    site.relay.up(true);
    site.run_outbox().await;
    assert_eq!((site.relay.count("abandon"), site.outbox().await.len()), (1, 0), "told to forget it");
    site.order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_nothing_can_be_paid_online_and_status_says_off() {
    let site = crate::support::site::TestSite::serving().await;
    let (user, package) = (site.user("Budi").await, site.package(1024, 10_000).await);
    let body = json!({"package_id": package, "method": "qris"});
    site.post(&format!("{user}/purchases"), body).await.problem(503, "relay_unreachable");
    assert_eq!(site.get("/status").await.ok(200)["relay"]["state"], "off");
    let metrics = site.request(Method::GET, "/metrics").send().await;
    assert!(metrics.text.contains("kuota_relay_state{state=\"off\"} 1"), "{}", metrics.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_answer_was_lost_is_given_up_and_its_money_counts_all_the_same() {
    let site = PaymentSite::start().await;
    site.relay.fault("open", Fault::AnswerLost);
    site.buy("qris").await.problem(503, "relay_unreachable");
    let orphan = site.relay.open_orders().remove(0);
    assert_eq!((site.orders("").await.len(), site.pending_orders().await), (0, 0));
    // The customer's wallet has it open already and pays before the relay hears that it was given up.
    site.relay.pay(&orphan);
    site.relay.heal();
    site.run_outbox().await;
    site.pull().await;
    assert_eq!((site.credited().await, site.status(&orphan).await), (PACKAGE_BYTES, json!("paid")));
    assert_eq!(site.flags(&orphan).await, json!(["rebuilt"]));
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_call_failed_begins_anew_and_one_order_is_left() {
    let site = PaymentSite::start().await;
    let buy = async || site.buying("qris").header("idempotency-key", "beli-1").send().await;
    site.relay.fault("open", Fault::AnswerLost);
    buy().await.problem(503, "relay_unreachable");
    site.relay.heal();
    let order = buy().await.ok(201);
    assert_eq!(buy().await.ok(201), order);
    site.run_outbox().await;
    site.pull().await;
    assert_eq!(site.relay.open_orders(), [order["id"].as_str().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_keep_their_codes_and_leave_nothing_open() {
    let site = PaymentSite::start().await;
    for (status, code) in [
        (502, "gateway_refused"),
        (502, "gateway_misconfigured"),
        (503, "gateway_unreachable"),
        (504, "gateway_unknown"),
        (409, "request_abandoned"),
    ] {
        site.relay.fault("open", Fault::Refused(status, code));
        site.buy("va_bca").await.problem(status, code);
        assert_eq!((site.orders("").await.len(), site.pending_orders().await), (0, 0), "{code}");
    }
    // What is none of ours to understand is the relay's fault, not the caller's.
    for (status, code) in [(422, "invalid"), (429, "too_many_calls"), (418, "teapot")] {
        site.relay.fault("open", Fault::Refused(status, code));
        site.buy("va_bca").await.problem(502, "relay_refused");
    }
    site.relay.fault("open", Fault::Proxy);
    site.buy("va_bca").await.problem(503, "relay_unreachable");
    site.relay.heal();
    site.run_outbox().await;
    assert!(site.outbox().await.is_empty() && site.relay.open_orders().is_empty());
    site.buy("va_bca").await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_of_another_amount_does_not_stand() {
    let site = PaymentSite::start().await;
    site.relay.overcharge(1);
    site.buy("qris").await.problem(502, "gateway_mismatch");
    assert_eq!((site.orders("").await.len(), site.pending_orders().await), (0, 0));
    site.run_outbox().await;
    assert!(site.relay.open_orders().is_empty(), "it is called off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_named_and_a_better_one_taken_at_the_next_call() {
    let site = PaymentSite::start().await;
    site.relay.change_token("token-of-somebody-else");
    let problem = site.buy("qris").await.problem(503, "relay_unreachable");
    assert!(problem["detail"].as_str().unwrap().contains("relay.site"), "{problem}");
    let state = site.relay_state().await;
    assert!(state["last_error"].as_str().unwrap().contains("token"), "{state}");
    assert!(!state.to_string().contains(crate::support::fake_relay::TOKEN), "no secret is told: {state}");
    "token-of-somebody-else".clone_into(&mut site.token.lock().unwrap());
    site.buy("qris").await.ok(201);
    assert_eq!(site.relay_state().await["state"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_and_metrics_tell_a_relay_that_is_well_away_or_ill() {
    let site = PaymentSite::start().await;
    assert_eq!(site.relay_state().await["state"], "down", "nobody has asked it yet");
    let id = site.order().await;
    site.pull().await;
    let state = site.relay_state().await;
    assert_eq!((&state["state"], &state["last_error"]), (&json!("ok"), &json!(null)), "{state}");
    site.relay.fault("feed", Fault::Refused(503, "store_unavailable"));
    site.pull_fails().await;
    assert_eq!(site.relay_state().await["state"], "degraded", "it answers, but not with the feed");
    site.relay.heal();
    site.relay.up(false);
    site.pull_fails().await;
    site.pass(Duration::from_secs(31));
    assert_eq!(site.relay_state().await["state"], "down");
    site.relay.up(true);
    site.relay.pay(&id);
    site.pull().await;
    assert_eq!(site.relay_state().await["state"], "ok");
    site.relay.up(false);
    site.buy("qris").await.problem(503, "relay_unreachable");
    let metrics = site.request(Method::GET, "/metrics").send().await.text;
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
    let site = PaymentSite::start().await;
    let paid = site.order().await;
    site.relay.pay(&paid);
    site.pull().await;
    let open = site.order().await;
    for _ in 0..2 {
        site.relay.tell_all_again();
        site.pull().await;
        site.run_outbox().await;
    }
    assert_eq!((site.credited().await, site.status(&open).await), (PACKAGE_BYTES, json!("pending")));
    assert!(site.outbox().await.is_empty());
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_lost_its_store_gets_recent_orders_back_and_credits_none_twice() {
    let site = PaymentSite::start().await;
    let paid = site.order().await;
    site.relay.pay(&paid);
    site.pull().await;
    let open = site.order().await;
    site.relay.lose_everything();
    site.pull().await;
    site.run_outbox().await;
    assert!(site.relay.has(&open) && site.relay.has(&paid), "money of a recent order may still go back");
    let adopted = site.relay.order(&open);
    assert_eq!(adopted.amount_rp, crate::support::payment_site::PRICE_RP);
    for id in [&paid, &open] {
        site.relay.pay(id);
    }
    site.pull().await;
    assert_eq!((site.credited().await, site.status(&open).await), (2 * PACKAGE_BYTES, json!("paid")));
    let order = site.get(&format!("/orders/{open}")).await.ok(200);
    assert!(order["qr_string"].is_string(), "how to pay is not forgotten: {order}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_relay_is_asked_once_however_many_outbox_items_wait() {
    let site = PaymentSite::start().await;
    for _ in 0..4 {
        let id = site.order().await;
        site.relay.pay(&id);
        site.pull().await;
    }
    site.relay.lose_everything();
    site.pull().await;
    site.relay.fault("order", Fault::Cut);
    site.run_outbox().await;
    assert_eq!((site.outbox().await.len(), site.relay.count("order")), (4, 1));
    site.relay.heal();
    site.run_outbox().await;
    assert_eq!((site.outbox().await.len(), site.relay.count("adopt")), (0, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_relay_lost_is_handed_back_before_it_is_called_off() {
    let site = PaymentSite::start().await;
    let lost = site.order().await;
    site.relay.lose_everything();
    site.buy("cash").await.ok(201);
    assert_eq!((site.relay.count("adopt"), site.status(&lost).await), (1, json!("cancelled")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_uplink_costs_nobody_anything() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.up(false);
    // The customer pays by a phone of their own, in the first hour.
    site.relay.pay(&id);
    for hour in 0..24 {
        site.pull_fails().await;
        site.agent().payments.outbox_once().await.unwrap();
        site.use_mb(crate::support::payment_site::MAC, 10).await;
        site.cycle_now().await.unwrap();
        if hour == 12 {
            site.buy("cash").await.ok(201);
        }
        site.buy("qris").await.problem(503, "relay_unreachable");
        site.pass(Duration::from_hours(1));
    }
    assert_eq!(site.relay_state().await["state"], "down");
    site.relay.up(true);
    site.pull().await;
    site.run_outbox().await;
    site.pull().await;
    assert_eq!((site.credited().await, site.status(&id).await), (2 * PACKAGE_BYTES, json!("paid")));
    assert!(site.outbox().await.is_empty() && site.relay.open_orders().is_empty());
    assert_eq!((site.pending_orders().await, site.orders("").await.len()), (0, 2));
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_daemon_puts_whoever_paid_online_by_itself() {
    let site = PaymentSite::looping().await;
    let id = site.order().await;
    site.relay.pay(&id);
    until("the customer is online", async || site.list().as_deref() == Some("klient_aktif")).await;
    assert_eq!(site.credited().await, PACKAGE_BYTES);

    // The uplink breaks under the hanging call, and is found again without anybody's help.
    let second = site.order().await;
    site.relay.up(false);
    until("it is noticed", async || site.relay_state().await["state"] != "ok").await;
    site.buy("cash").await.ok(201);
    site.relay.up(true);
    // An outbox item that failed while the uplink was down is due again by the clock, which only the test moves.
    until("the order is called off", async || {
        site.pass(Duration::from_secs(1));
        site.status(&second).await == "cancelled" && site.outbox().await.is_empty()
    })
    .await;
    assert_eq!(site.credited().await, 2 * PACKAGE_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_newer_relay_wait_in_review_stop_nobody_and_are_no_silence() {
    let site = PaymentSite::start().await;
    let order = site.order().await;
    site.pull().await;
    site.relay.pay(&order);
    site.relay.speak(|page| {
        for item in page["items"].as_array_mut().unwrap() {
            item["flags"] = json!(["of_tomorrow"]);
        }
        let items = page["items"].as_array_mut().unwrap();
        items.push(json!({"seq": "?", "what": "is this"}));
    });
    site.pull().await;
    assert_eq!(
        (site.status(&order).await, site.flags(&order).await),
        (json!("review"), json!(["unreadable"]))
    );
    assert_eq!(site.orders("").await.len(), 2, "what names no order has a row, too");
    assert_eq!((site.credited().await, &site.relay_state().await["state"]), (0, &json!("ok")));
    let audit = site.get("/audit").await.ok(200).to_string();
    assert!(audit.contains("of_tomorrow") && audit.contains("is this"), "{audit}");
    // A page that is none at all is an error of a relay that is there.
    site.relay.speak(|page| page["epoch"] = json!(7));
    site.pull_fails().await;
    assert_eq!(site.relay_state().await["state"], "degraded");
    site.relay.speak(|_| {});
    site.pull().await;
    let review = json!({"decision": "credit", "reason": "dicek"});
    site.post(&format!("/orders/{order}/review"), review).await.ok(200);
    assert_eq!((site.credited().await, &site.relay_state().await["state"]), (PACKAGE_BYTES, &json!("ok")));
    site.verify_ledger().await;
}
