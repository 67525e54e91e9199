//! The daemon as it runs by itself: its own loops pull, run errands, meter and reconcile.

use std::time::{Duration, Instant};

use kuota::domain::order::OnlineMethod;
use kuota::domain::units::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::proxy::Wire;
use crate::town::{DEADLINE, LOOK, Running, Setup, Town, on_free_ports};

async fn eventually(what: &str, done: impl AsyncFn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !done().await {
        assert!(Instant::now() < until, "never: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

async fn metrics(daemon: &Running) -> String {
    let mut stream = TcpStream::connect(daemon.admin).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_payment_finds_its_way_by_the_daemons_own_loops_and_the_metrics_say_so() {
    let mut town = Town::with(Setup { agent: on_free_ports, ..Setup::default() }).await;
    let (first, second) = (town.customer(1, Bytes::ZERO).await, town.customer(2, Bytes::ZERO).await);
    let daemon = town.run_agent().await;
    let order = town.ordered(first, OnlineMethod::Qris).await;
    eventually("online to pay", async || town.list_of(1) == "klient_fup").await;
    town.gateway.pay(&order).unwrap();
    eventually("online", async || town.list_of(1) == "klient_aktif").await;

    let text = metrics(&daemon).await;
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
    let order = town.ordered(second, OnlineMethod::VaBca).await;
    town.uplink.set(Wire::Cut);
    town.gateway.pay(&order).unwrap();
    town.leap(Duration::from_secs(40));
    eventually("the relay is missed", async || {
        let text = metrics(&daemon).await;
        text.contains("kuota_relay_up 0") && text.contains("kuota_relay_state{state=\"down\"} 1")
    })
    .await;
    town.uplink.set(Wire::Whole);
    eventually("online", async || town.list_of(2) == "klient_aktif").await;
    daemon.end().await;
    // A daemon that ended has closed its store; what it left is looked at by the next one.
    town.restart_agent(|_| {}).await;
    assert_eq!(town.audit(&[]).await.credited, 2);
}
