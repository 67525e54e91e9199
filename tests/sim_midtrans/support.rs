//! A merchant for tests: calls the gateway over HTTP and listens for its notifications.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::{Router, extract::State, response::IntoResponse, routing::post};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use kuota::sim::midtrans::{MidtransSim, Options, SimMerchant};
use serde_json::{Value, json};

pub const SERVER_KEY: &str = "SB-Mid-server-test";
/// The key and a colon, in base64.
const BASIC: &str = "Basic U0ItTWlkLXNlcnZlci10ZXN0Og==";
/// Nothing here takes longer.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn options() -> Options {
    Options { merchants: vec![SimMerchant::new("G123456789", SERVER_KEY)], ..Options::default() }
}

pub async fn start() -> MidtransSim {
    MidtransSim::start(options()).await.expect("a free port")
}

/// An answer; `body` is null where it is no JSON.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub http: u16,
    pub text: String,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["status_code"].as_str().unwrap_or_default()
    }
}

/// Somebody who calls the gateway.
#[derive(Clone)]
pub struct Caller {
    client: Client<HttpConnector, Body>,
    core_url: String,
}

impl Caller {
    pub fn new(sim: &MidtransSim) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, core_url: sim.core_url() }
    }

    /// Calls; the error tells that no whole answer came.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.core_url))
            .header("authorization", BASIC)
            .header("accept", "application/json")
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_string())).expect("a request");
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let http = response.status().as_u16();
        let bytes =
            to_bytes(Body::new(response.into_body()), usize::MAX).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Answer { http, text, body })
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &[], body).await.expect("an answer")
    }

    pub async fn charge(&self, order_id: &str, notify: &str) -> Result<Answer, String> {
        self.call("POST", "/v2/charge", &[("x-override-notification", notify)], &qris(order_id)).await
    }

    pub async fn status(&self, id: &str) -> Answer {
        // The npm library sends a body with GET.
        self.call("GET", &format!("/v2/{id}/status"), &[], &json!({})).await.expect("an answer")
    }
}

pub fn qris(order_id: &str) -> Value {
    json!({"payment_type": "qris", "transaction_details": {"order_id": order_id, "gross_amount": 10_000}})
}

/// Where notifications arrive.
#[derive(Clone)]
pub struct Listener {
    pub url: String,
    state: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    bodies: Vec<Value>,
    headers: Vec<HeaderMap>,
    /// What is answered, in turn; 200 when there is nothing left. A text is a redirect to it.
    replies: Vec<(u16, Option<String>)>,
}

impl Listener {
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(Heard::default()));
        let app = Router::new().route("/{*path}", post(hear)).with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/n", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, state }
    }

    /// What is answered to the next ones.
    pub fn reply(&self, replies: &[(u16, Option<&str>)]) {
        let replies = replies.iter().map(|(status, to)| (*status, to.map(str::to_owned)));
        self.state.lock().expect("nobody panics").replies = replies.collect();
    }

    pub fn heard(&self) -> Vec<Value> {
        self.state.lock().expect("nobody panics").bodies.clone()
    }

    pub fn headers(&self) -> Vec<HeaderMap> {
        self.state.lock().expect("nobody panics").headers.clone()
    }

    /// `transaction_status` of each.
    pub fn told(&self) -> Vec<String> {
        self.heard()
            .iter()
            .map(|body| body["transaction_status"].as_str().unwrap_or("?").to_owned())
            .collect()
    }
}

async fn hear(State(state): State<Arc<Mutex<Heard>>>, headers: HeaderMap, body: String) -> impl IntoResponse {
    let mut heard = state.lock().expect("nobody panics");
    heard.headers.push(headers);
    heard.bodies.push(serde_json::from_str(&body).unwrap_or_default());
    let (status, location) = if heard.replies.is_empty() { (200, None) } else { heard.replies.remove(0) };
    let location = location.map(|location| [("location", location)]);
    (StatusCode::from_u16(status).expect("a status"), location.unwrap_or([("location", String::new())]))
}

/// Waits until the gateway has nothing to send.
pub async fn quiet(sim: &MidtransSim) {
    tokio::time::timeout(PATIENCE, sim.quiet()).await.expect("notifications go out");
}
