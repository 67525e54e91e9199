//! Notifications at the door and afterwards, and orders that nobody tells about.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::sync::Arc;

use crate::support::relay_host::{KEY, TOKEN};
use crate::support::scripted_gateway::{Plan, unknown, unreachable};
use crate::support::test_relay::{OTHER_KEY, RelayOptions, SISTER, STRANGER, TestRelay, signature, wanted};
use axum::http::Method;
use kuota::domain::payment::GatewayStatus;
use kuota::domain::units::Rupiah;
use kuota::midtrans::GatewayError;
use kuota::relay::service::RelayTimeouts;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

#[tokio::test]
async fn only_the_right_address_and_signature_let_a_notification_in() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "qris").await;
    relay.gateway.settle(&id);
    let body = relay.gateway.notification(&id, KEY).to_string().into_bytes();
    let path = relay.service.notification_path("m1").unwrap();
    let (front, secret) = path.rsplit_once('/').unwrap();
    let longer = format!("{path}x");
    let of_nobody = format!("/midtrans/notification/m9/{secret}");
    for wrong in [&format!("{front}/wrong"), &longer, &of_nobody] {
        relay.call(Method::POST, wrong, None, Some(body.clone())).await.problem(404, "not_found");
    }
    // Signed rightly by another merchant's key, at that merchant's address: not this order.
    let theirs = relay.gateway.notification(&id, OTHER_KEY).to_string().into_bytes();
    assert_eq!(relay.notify_raw("m2", theirs.clone()).await.status, 200);
    relay.notify_raw("m1", theirs).await.problem(401, "unauthorized");
    relay.notify_raw("m1", b"{\"order_id\":".to_vec()).await.problem(400, "malformed");
    relay.notify_raw("m1", b"[]".to_vec()).await.problem(400, "malformed");
    relay.notify_raw("m1", Vec::new()).await.problem(400, "malformed");
    relay.notify_raw("m1", vec![b' '; 64 * 1024 + 1]).await.problem(413, "too_large");
    assert_eq!(relay.decide().await, 0);
    assert_eq!(relay.shown(&id).await, ("pending".into(), vec!["bad_signature".into()]));
    assert!(relay.other_gateway.log().is_empty());
    assert_eq!(relay.notify(&id).await.status, 200);
    assert_eq!(relay.decide().await, 1);
    assert_eq!(relay.shown(&id).await.0, "paid");
}

#[tokio::test]
async fn what_the_gateway_cannot_confirm_yet_waits_and_is_never_lost() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "qris").await;
    relay.gateway.settle(&id);
    relay.gateway.on_status([
        Plan::Fail(unknown()),
        Plan::Fail(GatewayError::SlowDown),
        Plan::Fail(unreachable()),
        Plan::Fail(GatewayError::Misconfigured { code: 401, message: "wrong key".into() }),
    ]);
    relay.notify(&id).await;
    assert_eq!(relay.decide().await, 1);
    assert_eq!(relay.decide().await, 0, "not before its time");
    for seconds in [1, 2, 5, 15] {
        assert_eq!(relay.shown(&id).await.0, "pending");
        relay.pass(seconds);
        assert_eq!(relay.decide().await, 1);
    }
    assert_eq!(relay.shown(&id).await, ("paid".into(), vec![]));
    // Again, the same: kept once, answered the same.
    assert_eq!(relay.notify(&id).await.status, 200);
    assert_eq!(relay.decide().await, 0);
    assert_eq!(relay.effects().await.iter().filter(|effect| *effect == "credit").count(), 1);
}

#[tokio::test]
async fn a_notification_about_what_the_gateway_does_not_know_is_doubted_after_a_while() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "qris").await;
    relay.gateway.settle(&id);
    let body = relay.gateway.notification(&id, KEY).to_string().into_bytes();
    relay.gateway.forget(&id);
    assert_eq!(relay.notify_raw("m1", body).await.status, 200);
    for seconds in [0, 2, 5, 15] {
        relay.pass(seconds);
        assert_eq!(relay.decide().await, 1);
        assert_eq!(relay.shown(&id).await, ("pending".into(), vec![]));
    }
    relay.pass(60);
    relay.decide().await;
    assert_eq!(relay.shown(&id).await, ("pending".into(), vec!["stale_or_forged".into()]));
    relay.pass(600);
    assert_eq!(relay.decide().await, 0);
}

#[tokio::test]
async fn a_claim_that_is_not_confirmed_is_asked_about_again_until_it_is() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "qris").await;
    relay.gateway.settle(&id);
    let body = relay.gateway.notification(&id, KEY).to_string().into_bytes();
    relay.gateway.set(&id, GatewayStatus::Pending);
    relay.notify_raw("m1", body).await;
    relay.decide().await;
    assert_eq!(relay.shown(&id).await, ("pending".into(), vec!["stale_or_forged".into()]));
    assert_eq!(relay.reconcile().await, 0);
    relay.pass(2);
    assert_eq!(relay.reconcile().await, 1);
    relay.gateway.settle(&id);
    relay.pass(5);
    assert_eq!(relay.reconcile().await, 1);
    assert_eq!(relay.shown(&id).await, ("paid".into(), vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_orders_are_decided_together_and_each_is_asked_about_once() {
    let relay = TestRelay::start().await;
    let mut ids = Vec::new();
    for n in 0..40 {
        ids.push(relay.opened(&format!("r-{n}"), "qris").await);
    }
    for id in &ids {
        relay.notify(id).await;
        relay.gateway.settle(id);
        relay.notify(id).await;
    }
    let asked = relay.gateway.count("status");
    assert_eq!(relay.decide().await, 80);
    assert_eq!(relay.gateway.count("status") - asked, 40);
    assert_eq!(relay.effects().await.iter().filter(|effect| *effect == "credit").count(), 40);
    let seqs: Vec<u64> = relay.feed().await.iter().map(|item| item["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_order_that_nobody_tells_about_is_asked_about_often_while_somebody_waits() {
    let relay = TestRelay::start_with(RelayOptions { notified: false, ..RelayOptions::default() }).await;
    let id = relay.opened("r-1", "qris").await;
    assert_eq!(relay.gateway.charges_seen()[0].notification_url, None);
    for _ in 0..5 {
        assert_eq!(relay.reconcile().await, 0);
        relay.pass(4);
        assert_eq!(relay.reconcile().await, 1);
    }
    relay.gateway.settle(&id);
    relay.pass(4);
    relay.reconcile().await;
    assert_eq!(relay.shown(&id).await.0, "paid");
}

#[tokio::test]
async fn notified_orders_are_asked_about_seldom_and_called_off_when_their_time_is_over() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "qris").await;
    let mut asked = Vec::new();
    for second in (10..=1500).step_by(10) {
        relay.pass(10);
        if relay.reconcile().await > 0 {
            asked.push(second);
        }
    }
    // The customer's time is over after 900 s, and five minutes later the order is called off.
    assert_eq!(asked, [30, 120, 600, 1200]);
    assert_eq!(relay.shown(&id).await.0, "cancelled");
    assert_eq!(relay.gateway.status_of(&id), Some(GatewayStatus::Cancel));
    relay.pass(86_400);
    assert_eq!(relay.reconcile().await, 1, "once more, a day later");
    relay.pass(86_400);
    assert_eq!(relay.reconcile().await, 0);
}

#[tokio::test]
async fn a_page_that_nobody_used_ends_a_day_after_its_time() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "snap").await;
    for _ in 0..30 {
        relay.pass(3600);
        relay.reconcile().await;
    }
    assert_eq!(relay.shown(&id).await.0, "expired");
}

#[tokio::test]
async fn a_customer_may_try_again_on_the_page_after_a_denial() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "snap").await;
    let mut first = relay.gateway.pending(&id, Rupiah(10_000));
    first.status = GatewayStatus::Deny;
    first.code = 202;
    relay.gateway.put(&id, first);
    relay.notify(&id).await;
    relay.decide().await;
    assert_eq!(relay.shown(&id).await.0, "denied");
    relay.gateway.alter(&id, |report| report.transaction = Some("second".into()));
    relay.gateway.settle(&id);
    relay.pass(3600);
    relay.reconcile().await;
    assert_eq!(relay.shown(&id).await, ("paid".into(), vec![]));
}

#[tokio::test]
async fn a_settlement_taken_back_within_minutes_is_noticed_without_a_notification() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "va_mandiri").await;
    relay.gateway.settle(&id);
    relay.notify(&id).await;
    relay.decide().await;
    relay.gateway.set(&id, GatewayStatus::Deny);
    relay.pass(5 * 60);
    assert_eq!(relay.reconcile().await, 1);
    assert_eq!(relay.shown(&id).await, ("reversed".into(), vec!["provider_reversal".into()]));
    assert_eq!(relay.effects().await.last().unwrap(), "reverse");
}

#[tokio::test]
async fn a_payment_after_an_order_was_called_off_waits_for_a_person() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "snap").await;
    relay.post(&format!("/v1/orders/{id}/cancel"), &serde_json::json!({})).await.ok(200);
    relay.gateway.put(&id, relay.gateway.pending(&id, Rupiah(10_000)));
    relay.gateway.settle(&id);
    relay.notify(&id).await;
    relay.decide().await;
    assert_eq!(relay.shown(&id).await, ("review".into(), vec!["paid_after_cancel".into()]));
    assert_eq!(relay.effects().await, ["status", "review"]);
}

#[tokio::test]
async fn while_the_gateway_is_down_orders_stay_due_and_are_asked_about_when_it_is_back() {
    let relay = TestRelay::start().await;
    for n in 0..6 {
        relay.opened(&format!("r-{n}"), "qris").await;
    }
    relay.gateway.on_status((0..5).map(|_| Plan::Fail(unreachable())));
    relay.pass(30);
    let first = relay.reconcile().await;
    assert!((5..=6).contains(&first), "{first}");
    let asked = relay.gateway.count("status");
    relay.pass(5);
    relay.reconcile().await;
    assert_eq!(relay.gateway.count("status"), asked, "it is left alone");
    relay.pass(30);
    relay.reconcile().await;
    assert!(relay.gateway.count("status") > asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_one_order_at_the_same_moment_all_counts() {
    let relay = Arc::new(TestRelay::start().await);
    for n in 0..40 {
        let id = relay.opened(&format!("r-{n}"), "qris").await;
        relay.gateway.settle(&id);
        let forged = relay.gateway.notification(&id, OTHER_KEY);
        let mut numbers = forged.clone();
        numbers["gross_amount"] = serde_json::json!(10_000);
        let mut at_once = JoinSet::new();
        for body in [forged, numbers] {
            let relay = Arc::clone(&relay);
            at_once.spawn(async move { relay.notify_raw("m1", body.to_string().into_bytes()).await.status });
        }
        let (asking, order) = (Arc::clone(&relay), id.clone());
        let path = format!("/v1/orders/{order}/refresh");
        at_once.spawn(async move { asking.post(&path, &serde_json::json!({})).await.status });
        let mut answers = at_once.join_all().await;
        answers.sort_unstable();
        assert_eq!(answers, [200, 400, 401]);
        let flags = vec!["bad_signature".to_owned(), "malformed".to_owned()];
        assert_eq!(relay.shown(&id).await, ("paid".into(), flags));
    }
}

#[tokio::test]
async fn waiting_sites_and_half_requests_keep_neither_the_gateway_nor_another_site_out() {
    let relay = TestRelay::start_with(RelayOptions { connections_max: 16, ..RelayOptions::default() }).await;
    let id = relay.opened("r-1", "qris").await;
    relay.gateway.settle(&id);
    let after = relay.feed().await.len();
    let path = format!("/v1/feed?after={after}&wait=50");
    // Three sites wait with all that the relay lets them, and one that never stops asking is turned away or replaced.
    let mut waiting = Vec::new();
    for token in [TOKEN, SISTER, STRANGER].into_iter().cycle().take(60) {
        waiting
            .push(relay.send(&format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n")).await);
    }
    let address = relay.service.notification_path("m1").unwrap();
    for _ in 0..100 {
        waiting.push(relay.send(&format!("POST {address} HTTP/1.1\r\nContent-Len")).await);
    }
    assert_eq!(relay.notify(&id).await.status, 200);
    assert_eq!(relay.decide().await, 1);
    assert_eq!(relay.shown(&id).await.0, "paid");
    relay.opened("r-2", "qris").await;
}

/// A body that the gateway signed, with whatever else is said in it.
fn signed(order: &str, code: &str, amount: &str, more: &str) -> Vec<u8> {
    let key = signature(order, code, amount, KEY);
    format!(
        "{{\"order_id\":\"{order}\",\"status_code\":\"{code}\",\"gross_amount\":\"{amount}\",\"signature_key\":\"{key}\"\
         {more}}}"
    )
    .into_bytes()
}

#[tokio::test]
async fn whatever_the_gateway_signed_is_kept() {
    let relay = TestRelay::start().await;
    let test = "payment_notif_test_G123456789_5dd80e13-105c-5d22-b2b6-cb684d9eebb0";
    assert_eq!(test.len(), 66);
    for order in [test, "", &"x".repeat(4000), "a/b ?#"] {
        let reply = relay.notify_raw("m1", signed(order, "200", "10000.00", "")).await;
        assert_eq!(reply.status, 200, "{order}: {}", reply.text);
    }
    assert_eq!(relay.store.counts().await.unwrap().strays, 4);
    assert_eq!(relay.decide().await, 0);
    let large = signed(test, "200", "10000.00", &format!(",\"x\":\"{}\"", "x".repeat(8 * 1024)));
    relay.notify_raw("m1", large).await.problem(413, "too_large");
}

#[tokio::test]
async fn one_body_padded_again_and_again_is_kept_a_few_times_and_hides_no_other() {
    let relay = TestRelay::start().await;
    let id = relay.opened("r-1", "qris").await;
    let padded = |n: usize| signed(&id, "201", "10000.00", &format!(",\"pad\":\"{n:06000}\""));
    for n in 0..200 {
        assert_eq!(relay.notify_raw("m1", padded(n)).await.status, 200);
    }
    assert_eq!(relay.store.counts().await.unwrap().inbox, 32);
    // While they are decided the customer pays: that one is not lost among them.
    relay.gateway.settle(&id);
    assert_eq!(relay.notify(&id).await.status, 200);
    for n in 200..220 {
        assert_eq!(relay.notify_raw("m1", padded(n)).await.status, 200);
    }
    assert!(relay.decide().await <= 32);
    assert_eq!(relay.shown(&id).await.0, "paid");
    assert_eq!(relay.store.counts().await.unwrap().inbox, 0);
    assert_eq!(relay.effects().await.iter().filter(|effect| *effect == "credit").count(), 1);
    // Of the decided ones so many stay as evidence. A database server's are counted by its store's own tests.
    let file = relay.folder.path().join("relay.db");
    if !file.exists() {
        return;
    }
    for n in 0..100 {
        assert_eq!(relay.notify_raw("m1", padded(1000 + n)).await.status, 200);
        relay.decide().await;
    }
    let file = rusqlite::Connection::open(file).unwrap();
    let kept: u32 = file.query_row("SELECT count(*) FROM bodies", [], |row| row.get(0)).unwrap();
    assert!(kept <= 32 + 64 + 1, "{kept}");
}

#[tokio::test]
async fn a_merchant_whose_gateway_is_slow_keeps_no_other_merchant_waiting() {
    let relay = Arc::new(
        TestRelay::start_with(RelayOptions { timeouts: patient(), ..RelayOptions::default() }).await,
    );
    let never = Arc::new(Semaphore::new(0));
    let mut slow = Vec::new();
    for n in 0..12 {
        slow.push(relay.opened(&format!("r-{n}"), "qris").await);
    }
    let open = wanted("s-1", "qris").to_string().into_bytes();
    let quick = relay.call(Method::POST, "/v1/orders", Some(STRANGER), Some(open)).await.ok(201);
    let quick = quick["order_id"].as_str().unwrap().to_owned();
    relay.gateway.on_status((0..100).map(|_| Plan::Wait(Arc::clone(&never))));
    for id in &slow {
        relay.notify(id).await;
    }
    let deciding = tokio::spawn({
        let relay = Arc::clone(&relay);
        async move { relay.decide().await }
    });
    while relay.gateway.count("status") < 8 {
        tokio::task::yield_now().await;
    }
    relay.other_gateway.settle(&quick);
    let body = relay.other_gateway.notification(&quick, OTHER_KEY).to_string().into_bytes();
    assert_eq!(relay.notify_raw("m2", body).await.status, 200);
    assert_eq!(relay.decide().await, 1, "the other merchant's, while the first one's are not answered");
    let state = relay.call(Method::GET, &format!("/v1/orders/{quick}"), Some(STRANGER), None).await.ok(200);
    assert_eq!(state["status"], "paid");
    assert!(!deciding.is_finished());
    deciding.abort();
}

/// Longer than any test takes: only what is told to go on does.
fn patient() -> RelayTimeouts {
    let hour = std::time::Duration::from_hours(1);
    RelayTimeouts { call: hour, ..RelayOptions::default().timeouts }
}
