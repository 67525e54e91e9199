//! A relay for one test: a real store in a folder of its own, HTTP over a free port, a gateway that does as it is
//! told, and a clock that moves when it is told. `KUOTA_TEST_DATABASE=postgres` puts the store into a database server.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use kuota::clock::{Clock, ManualClock};
use kuota::domain::units::Timestamp;
use kuota::relay::service::{Relay, RelayParts, RelayTimeouts};
use kuota::relay::store::RelayStore;
use kuota::relay::store::postgres::{PostgresSettings, PostgresStore, ServerTls};
use kuota::relay::store::sqlite::SqliteStore;
use kuota::relay::{decide_once, reconcile_once};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::http_client::{Call, HttpClient, Reply, http_client};
use super::postgres::{self, Database};
use super::relay_host::{ACCOUNT, KEY, RelayHost, TOKEN, entries, free_port, merchant_entry, test_cipher};
use super::scripted_gateway::ScriptedGateway;

/// 2026-03-01 03:00 UTC, ten in the morning in Jakarta.
pub const START: Timestamp = Timestamp(1_772_334_000_000);
/// The key of the other merchant.
pub const OTHER_KEY: &str = "SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb";
/// Tokens of the other sites.
pub const SISTER: &str = "token-of-site-2";
pub const STRANGER: &str = "token-of-site-3";

/// How a relay differs from the usual one.
pub struct RelayOptions {
    pub notified: bool,
    pub fee_imposition: bool,
    pub account: Option<String>,
    pub timeouts: RelayTimeouts,
    pub connections_max: usize,
    /// Whether its loops run; else a test decides and reconciles by hand.
    pub loops: bool,
}

impl Default for RelayOptions {
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            notified: true,
            fee_imposition: false,
            account: Some(ACCOUNT.to_owned()),
            connections_max: 4096,
            loops: false,
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
pub struct TestRelay {
    pub service: Arc<Relay>,
    pub store: Arc<dyn RelayStore>,
    pub gateway: Arc<ScriptedGateway>,
    pub other_gateway: Arc<ScriptedGateway>,
    pub clock: ManualClock,
    pub base: String,
    http: HttpClient,
    _host: RelayHost,
    pub folder: TempDir,
}

impl TestRelay {
    pub async fn start() -> Self {
        Self::start_with(RelayOptions::default()).await
    }

    /// One whose loops run as the program's do.
    pub async fn start_looping() -> Self {
        Self::start_with(RelayOptions { loops: true, ..RelayOptions::default() }).await
    }

    pub async fn start_with(options: RelayOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path()).await;
        Self::start_on(store, ManualClock::new(START), options, folder).await
    }

    /// A process on a store that others may have as well.
    pub async fn start_on(
        store: Arc<dyn RelayStore>,
        clock: ManualClock,
        options: RelayOptions,
        folder: TempDir,
    ) -> Self {
        let (gateway, other_gateway) =
            (Arc::new(ScriptedGateway::new(ACCOUNT)), Arc::new(ScriptedGateway::new("G2")));
        let merchants = vec![
            (merchant_entry("m1", options.account, options.fee_imposition), KEY),
            (merchant_entry("m2", None, false), OTHER_KEY),
        ];
        let sites = [("site-1", "m1", TOKEN), ("site-2", "m1", SISTER), ("site-3", "m2", STRANGER)];
        let (of_first, of_others) = (Arc::clone(&gateway), Arc::clone(&other_gateway));
        let parts = RelayParts {
            store: Arc::clone(&store),
            clock: Arc::new(clock.clone()),
            file: entries(merchants, &sites).fixed(),
            cipher: Arc::new(test_cipher),
            gateways: Arc::new(move |merchant, _| {
                let gateway = if merchant.id == "m1" { &of_first } else { &of_others };
                Ok(Arc::clone(gateway) as _)
            }),
            public_url: options.notified.then(|| "https://relay.example".to_owned()),
            timeouts: options.timeouts,
            connections_max: options.connections_max,
        };
        let service = Relay::new(parts).await.unwrap();
        let host = if options.loops { RelayHost::looping } else { RelayHost::listening };
        let host = host(Arc::clone(&service), free_port().await);
        let (base, http) = (host.url(), http_client());
        Self { service, store, gateway, other_gateway, clock, base, http, _host: host, folder }
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Vec<u8>>,
    ) -> Reply {
        let mut call = Call::new(&self.http, method, &format!("{}{path}", self.base));
        if let Some(token) = token {
            call = call.bearer(token);
        }
        call.header("content-type", "application/json").body(body.unwrap_or_default()).send().await
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
        let path = self.service.notification_path(merchant).unwrap();
        self.call(Method::POST, &path, None, Some(body)).await
    }

    /// The gateway tells where the order stands there.
    pub async fn notify(&self, order: &str) -> Reply {
        let body = self.gateway.notification(order, KEY);
        self.notify_raw("m1", body.to_string().into_bytes()).await
    }

    pub async fn decide(&self) -> usize {
        decide_once(&self.service, self.clock.now()).await.unwrap()
    }

    pub async fn reconcile(&self) -> usize {
        reconcile_once(&self.service, self.clock.now()).await.unwrap()
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
            server_store(&database).await
        }
        Ok(other) => panic!("KUOTA_TEST_DATABASE is postgres or not there, not {other}"),
        Err(_) => Arc::new(SqliteStore::open(&folder.join("relay.db")).unwrap()),
    }
}

/// A database as one process has it.
pub async fn server_store(database: &Database<'_>) -> Arc<dyn RelayStore> {
    let server = database.url().parse().unwrap();
    let settings = PostgresSettings { server, tls: ServerTls::Off, connections_max: 4 };
    Arc::new(PostgresStore::connect(&settings).await.unwrap())
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
