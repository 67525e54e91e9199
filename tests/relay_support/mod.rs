//! A relay for one test: a real store in a folder of its own, HTTP over a free port, a gateway that does as it is
//! told, and a clock that moves when it is told. `KUOTA_TEST_DATABASE=postgres` puts the store into a database server.
#![allow(unused_imports, reason = "every test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests come here")]

#[path = "../support/postgres.rs"]
mod postgres;
pub mod scripted;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use kuota::clock::ManualClock;
use kuota::domain::units::Timestamp;
use kuota::relay::config::{MerchantKeys, RelaySecrets};
use kuota::relay::service::{MerchantParts, Relay, RelayParts, RelayTimeouts};
use kuota::relay::store::RelayStore;
use kuota::relay::store::postgres::{PostgresSettings, PostgresStore, ServerTls};
use kuota::relay::store::sqlite::SqliteStore;
use kuota::relay::{decide_once, limits, reconcile_once, router};
use kuota::settings::Secret;
use kuota::web::serve::serve;
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use scripted::Scripted;

/// 2026-03-01 03:00 UTC, ten in the morning in Jakarta.
pub const START: Timestamp = Timestamp(1_772_334_000_000);
/// The key that notifications of every merchant here are signed with, but for the last letter.
pub const KEY: &str = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";
pub const OTHER_KEY: &str = "SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb";
/// The gateway's name for the first merchant.
pub const ACCOUNT: &str = "G000000001";
/// Tokens of the sites.
pub const TOKEN: &str = "token-of-site-1";
pub const SISTER: &str = "token-of-site-2";
pub const STRANGER: &str = "token-of-site-3";

/// How a relay differs from the usual one.
pub struct Setup {
    pub notified: bool,
    pub fee_imposition: bool,
    pub account: Option<String>,
    pub timeouts: RelayTimeouts,
    pub connections_max: usize,
}

impl Default for Setup {
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            notified: true,
            fee_imposition: false,
            account: Some(ACCOUNT.to_owned()),
            connections_max: 4096,
            timeouts: RelayTimeouts {
                charge: ms(3000),
                charge_try: ms(600),
                call: ms(1000),
                ask_again: [ms(20), ms(40)],
                slow_down: ms(5),
            },
        }
    }
}

/// The relay: merchant `m1` with `site-1` and `site-2`, merchant `m2` with `site-3`.
pub struct Bench {
    pub relay: Arc<Relay>,
    pub store: Arc<dyn RelayStore>,
    pub gateway: Arc<Scripted>,
    pub other_gateway: Arc<Scripted>,
    pub clock: ManualClock,
    pub base: String,
    http: Client<HttpConnector, Body>,
    stop: watch::Sender<bool>,
    pub folder: TempDir,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub kind: String,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// That it is a problem with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.kind.as_str()), (status, "application/problem+json"), "{}", self.text);
        assert_eq!(self.json()["code"], code, "{}", self.text);
    }
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path()).await;
        let clock = ManualClock::new(START);
        let (gateway, other_gateway) = (Arc::new(Scripted::new(ACCOUNT)), Arc::new(Scripted::new("G2")));
        let parts = RelayParts {
            store: Arc::clone(&store),
            clock: Arc::new(clock.clone()),
            secrets: secrets(),
            merchants: vec![
                MerchantParts {
                    id: "m1".into(),
                    gateway: Arc::clone(&gateway) as _,
                    account: setup.account,
                    fee_imposition: setup.fee_imposition,
                    sites: vec!["site-1".into(), "site-2".into()],
                },
                MerchantParts {
                    id: "m2".into(),
                    gateway: Arc::clone(&other_gateway) as _,
                    account: None,
                    fee_imposition: false,
                    sites: vec!["site-3".into()],
                },
            ],
            public_url: setup.notified.then(|| "https://relay.example".to_owned()),
            timeouts: setup.timeouts,
            connections_max: setup.connections_max,
        };
        let relay = Relay::new(parts).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(listener, router(&relay), limits(&relay), stopped));
        let http = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { relay, store, gateway, other_gateway, clock, base, http, stop, folder }
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Vec<u8>>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        request = request.header("Content-Type", "application/json");
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        let response = self.http.request(request).await.unwrap();
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let body = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
        Reply { status, kind, text: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Sends these bytes on a connection of their own, which stays open with what comes back unread.
    pub async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.base.trim_start_matches("http://")).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, Some(TOKEN), None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, Some(TOKEN), Some(body.to_string().into_bytes())).await
    }

    pub async fn open(&self, request_id: &str, method: &str) -> Reply {
        self.post("/v1/orders", &wanted(request_id, method)).await
    }

    /// Opens an order that must come about; its id.
    pub async fn opened(&self, request_id: &str, method: &str) -> String {
        let order = self.open(request_id, method).await.ok(201);
        order["order_id"].as_str().unwrap().to_owned()
    }

    pub async fn order(&self, id: &str) -> Value {
        self.get(&format!("/v1/orders/{id}")).await.ok(200)
    }

    /// State and flags of an order.
    pub async fn shown(&self, id: &str) -> (String, Vec<String>) {
        let order = self.order(id).await;
        (order["status"].as_str().unwrap().to_owned(), words(&order["flags"]))
    }

    /// Every item of the first site's feed.
    pub async fn feed(&self) -> Vec<Value> {
        let page = self.get("/v1/feed?after=0&limit=500").await.ok(200);
        page["items"].as_array().unwrap().clone()
    }

    /// Effects of the first site's feed, in order.
    pub async fn effects(&self) -> Vec<String> {
        self.feed().await.iter().map(|item| item["effect"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn notify_raw(&self, merchant: &str, body: Vec<u8>) -> Reply {
        let path = self.relay.notification_path(merchant).unwrap();
        self.call(Method::POST, &path, None, Some(body)).await
    }

    /// The gateway tells where the order stands there.
    pub async fn notify(&self, order: &str) -> Reply {
        let body = self.gateway.notification(order, KEY);
        self.notify_raw("m1", body.to_string().into_bytes()).await
    }

    pub async fn decide(&self) -> usize {
        use kuota::clock::Clock;
        decide_once(&self.relay, self.clock.now()).await.unwrap()
    }

    pub async fn reconcile(&self) -> usize {
        use kuota::clock::Clock;
        reconcile_once(&self.relay, self.clock.now()).await.unwrap()
    }

    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// An empty store: a file in `folder`, or a database where the environment asks for one.
pub async fn open_store(folder: &Path) -> Arc<dyn RelayStore> {
    match std::env::var("KUOTA_TEST_DATABASE").as_deref() {
        Ok("postgres") => {
            let database = tokio::task::spawn_blocking(postgres::database).await.unwrap();
            let server = database.url().parse().unwrap();
            let settings = PostgresSettings { server, tls: ServerTls::Off, connections_max: 4 };
            Arc::new(PostgresStore::connect(&settings).await.unwrap())
        }
        Ok(other) => panic!("KUOTA_TEST_DATABASE is postgres or not there, not {other}"),
        Err(_) => Arc::new(SqliteStore::open(&folder.join("relay.db")).unwrap()),
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

pub fn words(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

pub fn wanted(request_id: &str, method: &str) -> Value {
    json!({
        "request_id": request_id,
        "method": method,
        "amount_rp": 10_000,
        "items": [{"name": "10 GB", "price_rp": 10_000, "quantity": 1}],
        "expires_in_s": 900,
        "memo": {"v": 1, "user":  "0"},
    })
}

/// As the gateway signs.
pub fn signature(order: &str, code: &str, amount: &str, key: &str) -> String {
    let digest = Sha512::digest(format!("{order}{code}{amount}{key}"));
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn secrets() -> RelaySecrets {
    let keys = |key: &str| MerchantKeys { server_key: Secret::new(key), previous_keys: Vec::new() };
    let token = |token: &str| -> [u8; 32] { Sha256::digest(token).into() };
    RelaySecrets::new(
        BTreeMap::from([("m1".to_owned(), keys(KEY)), ("m2".to_owned(), keys(OTHER_KEY))]),
        BTreeMap::from([
            ("site-1".to_owned(), token(TOKEN)),
            ("site-2".to_owned(), token(SISTER)),
            ("site-3".to_owned(), token(STRANGER)),
        ]),
    )
}
