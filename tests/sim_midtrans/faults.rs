//! Faults of calls, seen by who calls.

use std::time::Duration;

use kuota::sim::midtrans::{
    ConnectionMode, GatewayFault, MidtransSim, Options, SimClock, SimOperation, Strikes, TransactionStatus,
    Trouble,
};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, PATIENCE, options, qris, start};

/// Who hangs longer hangs for ever.
const SHORT: Duration = Duration::from_millis(300);
const NOBODY: &str = "http://127.0.0.1:9/n";

/// Charges once while a fault is planted. The answer, `None` when the call hangs, and whether it was carried out.
async fn charge_with(trouble: Trouble) -> (Option<Result<Answer, String>>, bool) {
    let hangs = matches!(trouble, Trouble::Hang | Trouble::HangAfter);
    let carried_out = trouble == Trouble::HangAfter;
    let sim = start().await;
    sim.plant(GatewayFault::on(SimOperation::Charge, trouble));
    let timeouts = if hangs { SHORT } else { PATIENCE };
    let answer = tokio::time::timeout(timeouts, Caller::new(&sim).charge("o", NOBODY)).await.ok();
    if carried_out {
        charged(&sim).await;
    }
    let charged = sim.find("o").is_some();
    let unanswered = !matches!(answer, Some(Ok(_)));
    assert_eq!(sim.calls()[0].status.is_none(), unanswered, "the log tells what was answered");
    (answer, charged)
}

/// Waits until the gateway knows the order.
async fn charged(sim: &MidtransSim) {
    let there = async {
        while sim.find("o").is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, there).await.expect("it is carried out");
}

#[tokio::test]
async fn calls_go_unanswered_before_or_after_they_are_carried_out() {
    let rows = [
        (Trouble::Hang, true, false),
        (Trouble::HangAfter, true, true),
        (Trouble::Reset, false, false),
        (Trouble::ResetAfter, false, true),
        (Trouble::HalfAnswer, false, true),
    ];
    for (trouble, hangs, charged) in rows {
        let (answer, carried_out) = charge_with(trouble.clone()).await;
        assert_eq!(carried_out, charged, "{trouble:?}");
        match answer {
            None => assert!(hangs, "{trouble:?}"),
            Some(answer) => assert!(!hangs && answer.is_err(), "{trouble:?}: {answer:?}"),
        }
    }
}

#[tokio::test]
async fn a_reset_is_seen_as_a_reset() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let sim = start().await;
    sim.plant(GatewayFault::everywhere(Trouble::Reset));
    let address = sim.core_url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    stream.write_all(b"GET /v2/o/status HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let error = stream.read(&mut [0; 64]).await.expect_err("no answer");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn wrong_answers_come_as_they_were_planted() {
    let refuse = |http, code| Trouble::Refuse { http, code, message: "down".to_owned() };
    // HTTP status, code in the body, whether it was carried out.
    let rows = [
        (Trouble::Html(502), 502, "", false),
        (Trouble::HtmlAfter(503), 503, "", true),
        (refuse(500, 500), 500, "500", false),
        (refuse(200, 402), 200, "402", false),
        (Trouble::RefuseAfter { http: 500, code: 900 }, 500, "900", true),
        (Trouble::RateLimited, 429, "429", false),
        (Trouble::KeyRunning, 202, "202", false),
        (Trouble::Edge404, 404, "", false),
    ];
    for (trouble, http, code, charged) in rows {
        let (answer, carried_out) = charge_with(trouble.clone()).await;
        let answer = answer.expect("in time").expect("an answer");
        assert_eq!((answer.http, answer.code(), carried_out), (http, code, charged), "{trouble:?}");
        let is_json = !matches!(trouble, Trouble::Html(_) | Trouble::HtmlAfter(_));
        assert_eq!(!answer.body.is_null(), is_json, "{}", answer.text);
    }
}

#[tokio::test]
async fn an_answer_can_speak_of_something_else() {
    for (name, value) in [
        ("gross_amount", json!("9000.00")),
        ("currency", json!("USD")),
        ("merchant_id", json!("G999")),
        ("order_id", json!("other")),
        ("status_code", json!(201)),
    ] {
        let (answer, charged) = charge_with(Trouble::Field(name.to_owned(), value.clone())).await;
        let answer = answer.expect("in time").expect("an answer");
        assert_eq!((&answer.body[name], charged), (&value, true));
    }
    let (answer, _) = charge_with(Trouble::WithoutField("transaction_id".to_owned())).await;
    assert_eq!(answer.expect("in time").expect("an answer").body["transaction_id"], Value::Null);
}

#[tokio::test]
async fn an_error_can_come_as_http_200() {
    let sim = start().await;
    let caller = Caller::new(&sim);
    let fault = sim.plant(GatewayFault::everywhere(Trouble::ErrorInOk));
    let answer = caller.status("nothing").await;
    assert_eq!((answer.http, answer.code()), (200, "404"));
    sim.heal(fault);
    assert_eq!(caller.status("nothing").await.http, 404);
}

#[tokio::test]
async fn a_slow_call_keeps_its_key_running_and_outlives_its_caller() {
    let sim = start().await;
    let caller = Caller::new(&sim);
    sim.plant(GatewayFault::on(SimOperation::Charge, Trouble::Delay(10 * SHORT)).when(Strikes::First(1)));
    let keyed = |caller: Caller| async move {
        caller.call("POST", "/v2/charge", &[("idempotency-key", "k")], &qris("o")).await
    };
    assert!(tokio::time::timeout(SHORT, keyed(caller.clone())).await.is_err(), "the caller gives up");
    assert_eq!(keyed(caller.clone()).await.expect("an answer").http, 202);
    charged(&sim).await;
    // The key is answered in the same breath as the order is entered, or just after.
    while keyed(caller.clone()).await.expect("an answer").http == 202 {}
    let first = keyed(caller.clone()).await.expect("an answer");
    assert_eq!(first.code(), "201");
    assert_eq!(keyed(caller).await, Ok(first));
    assert_eq!(sim.orders().len(), 1);
    assert!(sim.calls().iter().all(|call| call.idempotency_key.as_deref() == Some("k")));
}

#[tokio::test]
async fn a_late_answer_was_carried_out_long_before() {
    let sim = start().await;
    sim.plant(GatewayFault::on(SimOperation::Charge, Trouble::DelayAnswer(10 * SHORT)));
    let caller = Caller::new(&sim);
    let call = tokio::spawn({
        let caller = caller.clone();
        async move { caller.charge("o", NOBODY).await }
    });
    charged(&sim).await;
    assert!(!call.is_finished());
    assert_eq!(call.await.expect("no panic").expect("an answer").code(), "201");
}

#[tokio::test]
async fn the_status_can_lag_behind_the_charge() {
    let options = Options { clock: SimClock::Virtual, ..options() };
    let sim = MidtransSim::start(options).await.expect("a free port");
    let caller = Caller::new(&sim);
    sim.plant(GatewayFault::on(SimOperation::Charge, Trouble::StatusLag(Duration::from_secs(10))));
    assert_eq!(caller.charge("o", NOBODY).await.expect("charged").code(), "201");
    assert_eq!(caller.status("o").await.code(), "404");
    assert_eq!(caller.charge("o", NOBODY).await.expect("answered").code(), "406");
    sim.advance(Duration::from_secs(10));
    assert_eq!(caller.status("o").await.code(), "201");
}

#[tokio::test]
async fn nobody_may_listen_for_a_while() {
    let sim = start().await;
    let caller = Caller::new(&sim);
    caller.charge("o", NOBODY).await.expect("charged");
    let address = sim.core_url().replace("http://", "");
    sim.connections(ConnectionMode::Refuse).await;
    let error = tokio::net::TcpStream::connect(&address).await.expect_err("nobody listens");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(caller.charge("p", NOBODY).await.is_err());
    sim.connections(ConnectionMode::Hang).await;
    assert!(tokio::time::timeout(SHORT, caller.charge("p", NOBODY)).await.is_err());
    sim.connections(ConnectionMode::Accept).await;
    assert_eq!(caller.status("o").await.code(), "201");
    assert_eq!(sim.orders().len(), 1);
}

#[tokio::test]
async fn a_stopped_gateway_refuses_and_its_books_stay() {
    let sim = start().await;
    let caller = Caller::new(&sim);
    caller.charge("o", NOBODY).await.expect("charged");
    sim.stop().await;
    sim.connections(ConnectionMode::Accept).await;
    assert!(caller.charge("p", NOBODY).await.is_err());
    assert_eq!(sim.find("o").expect("it is there").status, TransactionStatus::Pending);
    let address = sim.core_url().replace("http://", "");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let dropped = start().await;
    let address = dropped.core_url().replace("http://", "");
    drop(dropped);
    let gone = async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("nobody listens any more");
}
