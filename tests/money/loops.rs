//! The daemon as it runs by itself: its own loops pull, send the outbox, meter and reconcile.

use std::time::{Duration, Instant};

use kuota::domain::order::OnlineMethod;
use kuota::domain::units::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::proxy::Wire;
use crate::site::TestSite;
use crate::system::{DEADLINE, FullSystem, LOOK};

async fn eventually(what: &str, done: impl AsyncFn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !done().await {
        assert!(Instant::now() < until, "never: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

async fn metrics(site: &TestSite) -> String {
    let mut stream = TcpStream::connect(site.base.trim_start_matches("http://")).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_payment_finds_its_way_by_the_daemons_own_loops_and_the_metrics_say_so() {
    let mut system = FullSystem::new().await;
    let (first, second) = (system.customer(1, Bytes::ZERO).await, system.customer(2, Bytes::ZERO).await);
    system.site.run_loops().await;
    let order = system.ordered(first, OnlineMethod::Qris).await;
    eventually("online to pay", async || system.list_of(1) == "klient_fup").await;
    system.gateway.pay(&order).unwrap();
    eventually("online", async || system.list_of(1) == "klient_aktif").await;

    let text = metrics(&system.site).await;
    for line in [
        "kuota_relay_up 1",
        "kuota_relay_state{state=\"ok\"} 1",
        "kuota_relay_failures_total 0",
        "kuota_relay_credits_total 1",
        "kuota_relay_errands 0",
        "kuota_online_openings 0",
        "# TYPE kuota_relay_pages counter",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }

    // Cut while somebody pays; the loops find back by themselves.
    let order = system.ordered(second, OnlineMethod::VaBca).await;
    system.uplink.set(Wire::Cut);
    system.gateway.pay(&order).unwrap();
    system.leap(Duration::from_secs(40));
    eventually("the relay is missed", async || {
        let text = metrics(&system.site).await;
        text.contains("kuota_relay_up 0") && text.contains("kuota_relay_state{state=\"down\"} 1")
    })
    .await;
    system.uplink.set(Wire::Whole);
    eventually("online", async || system.list_of(2) == "klient_aktif").await;
    system.site.end_loops().await;
    // A daemon that ended has closed its store; what it left is looked at by the next one.
    system.site.restart().await;
    assert_eq!(system.audit(&[]).await.credited, 2);
}

#[tokio::test]
async fn the_daemons_loop_reports_to_the_relay_how_it_is() {
    let mut system = FullSystem::new().await;
    system.customer(1, Bytes::ZERO).await;
    system.customer(2, Bytes::gb(1)).await;
    system.settle().await;
    system.site.run_loops().await;
    eventually("a report", async || system.presence().await.report.is_some()).await;
    let presence = system.presence().await;
    assert_eq!(presence.silent_since, None);
    let kept = presence.report.unwrap();
    let report = serde_json::to_value(&kept.report).unwrap();
    for (field, value) in [
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("router", json!("ok")),
        ("store", json!("ok")),
        ("is_dry_run", json!(false)),
        ("outbox", json!(0)),
        ("reviews", json!(0)),
        ("backup_age_s", Value::Null),
    ] {
        assert_eq!(report[field], value, "{field}: {report}");
    }
    for field in ["router_version", "cycle_age_s", "uptime_s", "entries", "store_bytes", "is_clock_trusted"] {
        assert!(!report[field].is_null(), "{field}: {report}");
    }
    let users = report["users"].as_object().unwrap();
    assert_eq!(users.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 2, "{report}");
    assert_eq!((&users["habis"], &users["active"]), (&json!(1), &json!(1)));
    assert!(!report.to_string().contains("Pelanggan"), "nothing of a customer: {report}");
    let ahead_ms = kept.clock_ahead_ms.unwrap();
    assert!(ahead_ms <= 0 && ahead_ms > -60_000, "one clock, and the time that the call took: {ahead_ms} ms");
    system.site.end_loops().await;
}
