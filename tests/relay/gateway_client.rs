//! The gateway client over real sockets: what it sends, and what it makes of servers that break down, answer halves,
//! hide errors or say nothing at all.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kuota::domain::order::OnlineMethod;
use kuota::domain::payment::GatewayStatus;
use kuota::domain::units::Rupiah;
use kuota::midtrans::{
    Charge, Gateway, GatewayEnvironment, GatewayError, MerchantAccess, Midtrans, ServerKey,
};
use kuota::protocol::relay::OrderItem;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const KEY: &str = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";
/// The key and a colon in base64.
const CREDENTIALS: &str = "U0ItTWlkLXNlcnZlci1URVNUS0VZYWFhYWFhYWFhYWFhYWFhOg==";
/// Far more than any answer of these tests takes.
const PATIENCE: Duration = Duration::from_mins(1);
const UUID: &str = "2b0b3a52-7a1b-4d3e-9a0f-000000000001";

/// What the server does with one request that it has read to its end.
#[derive(Clone)]
enum Act {
    /// Sends these bytes and keeps the connection.
    Say(Vec<u8>),
    /// Sends these bytes and closes.
    SayAndClose(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Sends these bytes, then nothing, forever.
    SayAndHang(Vec<u8>),
}

/// A request as it came.
#[derive(Clone, Debug)]
struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server that plays its acts in order, one for each request, and answers no more when they are used up.
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    async fn playing(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let acts = Arc::new(Mutex::new(acts.into_iter().collect::<Vec<_>>().into_iter()));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&log), Arc::clone(&acts)));
            }
        });
        Self { url, seen }
    }

    fn gateway(&self) -> Midtrans {
        gateway(&self.url)
    }

    fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

async fn converse(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Request>>>,
    acts: Arc<Mutex<std::vec::IntoIter<Act>>>,
) {
    while let Some(request) = read_request(&mut stream).await {
        log.lock().unwrap().push(request);
        let act = acts.lock().unwrap().next();
        match act {
            Some(Act::Say(bytes)) => stream.write_all(&bytes).await.unwrap(),
            Some(Act::SayAndClose(bytes)) => {
                let _gone = stream.write_all(&bytes).await;
                return;
            }
            Some(Act::SayAndHang(bytes)) => {
                stream.write_all(&bytes).await.unwrap();
                std::future::pending::<()>().await;
            }
            Some(Act::Reset) | None => {
                stream.set_zero_linger().unwrap();
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines().map(str::to_owned);
    let line = lines.next().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(": ").map(|(k, v)| (k.to_ascii_lowercase(), v.to_owned())))
        .collect();
    let length = headers.iter().find(|(k, _)| k == "content-length").map_or(0, |(_, v)| v.parse().unwrap());
    while bytes.len() < end + length {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ends early");
    }
    Some(Request { line, headers, body: String::from_utf8(bytes[end..].to_vec()).unwrap() })
}

fn gateway(url: &str) -> Midtrans {
    Midtrans::new(MerchantAccess {
        environment: GatewayEnvironment::Sandbox,
        server_key: ServerKey::new(KEY).into(),
        core_url: Some(format!("{url}/proxy")),
        snap_url: Some(format!("{url}/proxy/snap/v1")),
    })
    .unwrap()
}

fn http(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn say(status: &str, body: &Value) -> Act {
    Act::Say(http(status, "application/json", &body.to_string()))
}

fn pending() -> Value {
    json!({
        "status_code": "201", "status_message": "QRIS transaction is created", "transaction_id": "5dd80e13",
        "order_id": "K-0001-A", "gross_amount": "10000.00", "currency": "IDR", "transaction_status": "pending",
        "qr_string": "000201", "expiry_time": "2026-03-01 10:15:00",
    })
}

fn charge(method: OnlineMethod) -> Charge {
    Charge {
        order: "K-0001-A".to_owned(),
        method,
        amount: Rupiah(10_000),
        items: vec![OrderItem { name: "Paket 1 GB".to_owned(), price_rp: 10_000, quantity: 1 }],
        expires_in: Duration::from_mins(15),
        notification_url: Some("https://relay.example/midtrans/notification/m1/hush".to_owned()),
        return_url: None,
    }
}

/// What a charge comes to when the server does this with it.
async fn charged(act: Act) -> Result<String, GatewayError> {
    let server = Server::playing([act]).await;
    let outcome = server.gateway().charge(&charge(OnlineMethod::Qris), UUID, PATIENCE).await;
    assert_eq!(server.seen().len(), 1, "a call is one request");
    outcome.map(|charged| charged.means.qr_string.unwrap())
}

async fn assert_unknown(act: Act) {
    let outcome = charged(act).await;
    assert!(matches!(outcome, Err(GatewayError::Unknown(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_charge_is_sent_as_documented() {
    let server = Server::playing([say("201 Created", &pending())]).await;
    let charged = server.gateway().charge(&charge(OnlineMethod::Qris), UUID, PATIENCE).await.unwrap();
    assert_eq!(charged.report.unwrap().status, GatewayStatus::Pending);
    assert_eq!(charged.means.qr_string.as_deref(), Some("000201"));
    let request = &server.seen()[0];
    assert_eq!(request.line, "POST /proxy/v2/charge HTTP/1.1");
    let version = format!("kuota/{}", env!("CARGO_PKG_VERSION"));
    let headers = [
        ("authorization", format!("Basic {CREDENTIALS}")),
        ("accept", "application/json".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("idempotency-key", UUID.to_owned()),
        ("x-override-notification", "https://relay.example/midtrans/notification/m1/hush".to_owned()),
        ("user-agent", version),
    ];
    for (name, value) in headers {
        assert_eq!(request.header(name), Some(value.as_str()), "{name}");
    }
    assert_eq!(
        request.json()["transaction_details"],
        json!({"order_id": "K-0001-A", "gross_amount": 10_000})
    );
}

#[tokio::test]
async fn the_payment_page_is_opened_at_its_own_address() {
    let page =
        json!({"token": "t", "redirect_url": "https://app.sandbox.midtrans.com/snap/v4/redirection/t"});
    let server = Server::playing([say("201 Created", &page)]).await;
    let long = format!("{UUID}/and/more/than/forty-six");
    let charged = server.gateway().charge(&charge(OnlineMethod::Snap), &long, PATIENCE).await.unwrap();
    assert!(charged.report.is_none() && charged.means.redirect_url.is_some());
    let request = &server.seen()[0];
    assert_eq!(request.line, "POST /proxy/snap/v1/transactions HTTP/1.1");
    assert_eq!(request.header("idempotency-key").map(str::len), Some(46));
    assert!(request.header("x-override-notification").is_some());
}

#[tokio::test]
async fn a_question_carries_nothing_but_the_id() {
    let server = Server::playing([say("200 OK", &pending())]).await;
    let report = server.gateway().status("A1/2 #3", PATIENCE).await.unwrap().unwrap();
    assert_eq!(report.amount, Some(Rupiah(10_000)));
    let request = &server.seen()[0];
    assert_eq!(request.line, "GET /proxy/v2/A1%2F2%20%233/status HTTP/1.1");
    assert_eq!(request.header("authorization"), Some(format!("Basic {CREDENTIALS}").as_str()));
    assert_eq!(request.header("idempotency-key"), None);
    assert_eq!(request.body, "");
}

#[tokio::test]
async fn an_id_that_is_no_path_is_not_sent() {
    let server = Server::playing([]).await;
    for id in ["", ".", ".."] {
        let outcome = server.gateway().status(id, PATIENCE).await;
        assert!(matches!(outcome, Err(GatewayError::Rejected { code: 400, .. })), "{id}: {outcome:?}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_refund_names_itself() {
    let done = json!({"status_code": "200", "transaction_status": "partial_refund"});
    let used = json!({"status_code": "406", "status_message": "The refund key is used"});
    let never = json!({"status_code": "412", "status_message": "Transaction status cannot be updated."});
    let acts = [say("200 OK", &done), say("200 OK", &used), say("412 Precondition Failed", &never)];
    let server = Server::playing(acts).await;
    let gateway = server.gateway();
    let refund = || gateway.refund("5dd80e13", Rupiah(3000), "r1", "salah paket", PATIENCE);
    assert_eq!(refund().await, Ok(()));
    assert!(matches!(refund().await, Err(GatewayError::Duplicate(_))));
    assert!(matches!(refund().await, Err(GatewayError::Settled(_))));
    let request = &server.seen()[0];
    assert_eq!(request.line, "POST /proxy/v2/5dd80e13/refund HTTP/1.1");
    assert_eq!(request.json(), json!({"refund_key": "r1", "amount": 3000, "reason": "salah paket"}));
}

#[tokio::test]
async fn what_the_gateway_does_not_know_is_an_answer() {
    let absent = json!({"status_code": "404", "status_message": "Transaction doesn't exist.", "id": "x"});
    let edge =
        json!({"timestamp": "2026-03-01", "status": 404, "error": "Not Found", "path": "/v2/x/status"});
    let acts = [
        say("404 Not Found", &absent),
        say("200 OK", &absent),
        say("200 OK", &absent),
        say("404 Not Found", &edge),
    ];
    let server = Server::playing(acts).await;
    let gateway = server.gateway();
    assert_eq!(gateway.status("K-0001-A", PATIENCE).await, Ok(None));
    assert_eq!(gateway.status("K-0001-A", PATIENCE).await, Ok(None));
    assert_eq!(gateway.cancel("K-0001-A", PATIENCE).await, Ok(None));
    // A server in between that knows no such path says nothing about the transaction.
    let outcome = gateway.status("K-0001-A", PATIENCE).await;
    assert!(matches!(outcome, Err(GatewayError::Unknown(_))), "{outcome:?}");
}

#[tokio::test]
async fn calling_off_what_is_paid_says_so() {
    let cancelled = json!({"status_code": "200", "transaction_status": "cancel", "order_id": "K-0001-A"});
    let paid = json!({"status_code": "412", "status_message": "Transaction status cannot be updated."});
    let expired = json!({"status_code": "407", "transaction_status": "expire"});
    let acts = [say("200 OK", &cancelled), say("200 OK", &paid), say("407 Proxy", &expired)];
    let server = Server::playing(acts).await;
    let gateway = server.gateway();
    let report = gateway.cancel("K-0001-A", PATIENCE).await.unwrap().unwrap();
    assert_eq!(report.status, GatewayStatus::Cancel);
    assert!(matches!(gateway.cancel("K-0001-A", PATIENCE).await, Err(GatewayError::Settled(_))));
    let report = gateway.cancel("K-0001-A", PATIENCE).await.unwrap().unwrap();
    assert_eq!((report.status, report.code), (GatewayStatus::Expire, 407));
    assert_eq!(server.seen()[0].line, "POST /proxy/v2/K-0001-A/cancel HTTP/1.1");
}

#[tokio::test]
async fn a_reset_after_the_request_leaves_it_unknown() {
    assert_unknown(Act::Reset).await;
    assert_unknown(Act::SayAndClose(Vec::new())).await;
}

#[tokio::test]
async fn half_an_answer_leaves_it_unknown() {
    let whole = http("201 Created", "application/json", &pending().to_string());
    for part in [whole[..20].to_vec(), whole[..whole.len() / 2].to_vec(), whole[..whole.len() - 1].to_vec()] {
        assert_unknown(Act::SayAndClose(part)).await;
    }
    // Without a length the end of the connection is the end of the body.
    let body = pending().to_string();
    let cut = format!("HTTP/1.1 201 Created\r\n\r\n{}", &body[..body.len() - 1]);
    assert_unknown(Act::SayAndClose(cut.into_bytes())).await;
}

#[tokio::test]
async fn a_page_of_html_leaves_it_unknown() {
    for status in ["502 Bad Gateway", "503 Service Unavailable", "200 OK", "404 Not Found", "403 Forbidden"] {
        assert_unknown(Act::Say(http(status, "text/html", "<html><body>no</body></html>"))).await;
    }
}

#[tokio::test]
async fn wrong_json_leaves_it_unknown() {
    for body in ["", "[]", "null", "{}", "{\"status_code\":\"201\"}", "{\"status_code\":201,", "{}{}"] {
        assert_unknown(Act::Say(http("201 Created", "application/json", body))).await;
    }
    let mut strange = pending();
    strange["transaction_status"] = json!("levitating");
    assert_unknown(say("201 Created", &strange)).await;
}

#[tokio::test]
async fn an_answer_without_end_leaves_it_unknown() {
    let mut large = pending();
    large["padding"] = json!("x".repeat(256 * 1024));
    assert_unknown(Act::SayAndClose(http("201 Created", "application/json", &large.to_string()))).await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let endless = format!("HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n{}", chunk.repeat(8));
    assert_unknown(Act::SayAndHang(endless.into_bytes())).await;
}

#[tokio::test]
async fn the_same_request_still_running_leaves_it_unknown() {
    assert_unknown(Act::Say(http("202 Accepted", "application/json", ""))).await;
    assert_unknown(say("202 Accepted", &json!({"status_code": "202", "status_message": "running"}))).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::playing([say("200 OK", &pending())]).await;
    let elsewhere = format!("HTTP/1.1 307 x\r\nlocation: {}/x\r\ncontent-length: 0\r\n\r\n", server.url);
    assert_unknown(Act::Say(elsewhere.into_bytes())).await;
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn silence_ends_at_the_limit() {
    let part = http("201 Created", "application/json", &pending().to_string())[..60].to_vec();
    for said in [Vec::new(), part] {
        let server = Server::playing([Act::SayAndHang(said)]).await;
        let begin = Instant::now();
        let limit = Duration::from_millis(200);
        let outcome = server.gateway().charge(&charge(OnlineMethod::Qris), UUID, limit).await;
        assert!(
            matches!(&outcome, Err(GatewayError::Unknown(text)) if text.contains("200 ms")),
            "{outcome:?}"
        );
        assert!(begin.elapsed() >= limit && begin.elapsed() < PATIENCE / 2);
    }
}

#[tokio::test]
async fn refusals_are_told_apart_wherever_they_stand() {
    let refuse = |code: &str| json!({"status_code": code, "status_message": "no", "id": UUID});
    let duplicate = charged(say("200 OK", &refuse("406"))).await;
    assert_eq!(duplicate, Err(GatewayError::Duplicate("no".to_owned())));
    let duplicate = charged(say("406 Not Acceptable", &refuse("406"))).await;
    assert_eq!(duplicate, Err(GatewayError::Duplicate("no".to_owned())));
    assert_eq!(charged(say("429 Too Many", &refuse("429"))).await, Err(GatewayError::SlowDown));
    assert_eq!(
        charged(Act::Say(http("429 Too Many", "text/html", "slow"))).await,
        Err(GatewayError::SlowDown)
    );
    let misconfigured = charged(say("401 Unauthorized", &refuse("401"))).await;
    assert!(matches!(misconfigured, Err(GatewayError::Misconfigured { code: 401, .. })));
    let rejected = charged(say("200 OK", &refuse("402"))).await;
    assert_eq!(rejected, Err(GatewayError::Rejected { code: 402, message: "no".to_owned() }));
    // The body counts: a good answer behind a bad status is a good answer.
    assert_eq!(charged(say("500 Oops", &pending())).await, Ok("000201".to_owned()));
}

#[tokio::test]
async fn nothing_was_sent_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = gateway(&format!("http://{address}")).status("K-0001-A", PATIENCE).await;
    assert!(matches!(outcome, Err(GatewayError::Unreachable(_))), "{outcome:?}");
}

#[tokio::test]
async fn nothing_was_sent_where_tls_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let plain = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        hello
    });
    let outcome = gateway(&format!("https://{address}")).status("K-0001-A", PATIENCE).await;
    assert!(matches!(outcome, Err(GatewayError::Unreachable(_))), "{outcome:?}");
    assert_eq!(plain.await.unwrap()[0], 22, "a TLS handshake began");
}

#[tokio::test]
async fn a_request_into_a_kept_connection_that_dies_is_not_repeated() {
    let server = Server::playing([say("200 OK", &pending()), Act::Reset, say("200 OK", &pending())]).await;
    let gateway = server.gateway();
    assert!(gateway.status("K-0001-A", PATIENCE).await.is_ok());
    let outcome = gateway.charge(&charge(OnlineMethod::Qris), UUID, PATIENCE).await;
    assert!(matches!(outcome, Err(GatewayError::Unknown(_))), "{outcome:?}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn no_error_holds_the_key_or_the_notification_secret() {
    let echo = json!({"status_code": "401", "status_message": format!("{KEY} is not known here")});
    let acts = [
        say("401 Unauthorized", &echo),
        Act::Reset,
        Act::Say(http("502 Bad Gateway", "text/html", &format!("{KEY} {CREDENTIALS}"))),
    ];
    for act in acts {
        let error = charged(act).await.unwrap_err();
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(
                !text.contains("TESTKEY") && !text.contains(CREDENTIALS) && !text.contains("hush"),
                "{text}"
            );
        }
    }
}
