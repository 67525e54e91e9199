//! One site with one customer, one package and a relay, for tests of online payment.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::Method;
use kuota::agent::config::Config;
use kuota::agent::engine::{Actor, Engine, OutboxItem};
use kuota::agent::payments::CallTimeouts;
use kuota::agent::payments::client::RelayClient;
use kuota::clock::{ManualClock, parse_rfc3339};
use kuota::domain::id::Mac;
use kuota::settings::{Environment, Secret};
use serde_json::{Value, json};

use crate::desk::{Call, Desk, Reply};
use crate::relay::{FakeRelay, TOKEN};

pub const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 5, 50, 11);
const GIB: u64 = 1 << 30;
pub const PACKAGE_BYTES: u64 = 10 * GIB;
pub const PRICE_RP: u64 = 100_000;
/// Long enough for a busy machine; nothing is waited for longer than it takes.
const DEADLINE: Duration = Duration::from_mins(1);

pub struct Shop {
    pub desk: Desk,
    pub relay: FakeRelay,
    /// The token that the agent sends.
    pub token: Arc<Mutex<String>>,
    /// The customer's path.
    pub user: String,
    pub package: Value,
    pub cashier: String,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::build(false, CallTimeouts::default(), change).await
    }

    /// With callers who wait so long.
    pub async fn patient(timeouts: CallTimeouts) -> Self {
        Self::build(false, timeouts, |_| {}).await
    }

    /// With the daemon's loops.
    pub async fn daemon() -> Self {
        Self::build(true, CallTimeouts::default(), |config| {
            config.router.poll_interval = Duration::from_millis(200);
        })
        .await
    }

    async fn build(is_daemon: bool, timeouts: CallTimeouts, change: impl FnOnce(&mut Config)) -> Self {
        let clock = ManualClock::new(parse_rfc3339("2026-11-10T03:00:00Z").unwrap());
        let relay = FakeRelay::start(clock.clone()).await;
        let token = Arc::new(Mutex::new(TOKEN.to_owned()));
        let held = Arc::clone(&token);
        let client = RelayClient::new(&relay.url, move || Secret::new(held.lock().unwrap().clone()))
            .unwrap()
            .with_patience(timeouts, Duration::from_secs(15));
        let url = relay.url.clone();
        let desk = Desk::linked(clock, Some(Arc::new(client)), is_daemon, |config| {
            let text = format!("[relay]\nurl = \"{url}\"\nsite = \"site-1\"");
            config.relay = Config::parse(&text, "test", &Environment::default()).unwrap().relay;
            change(config);
        })
        .await;
        let user = desk.user("Budi").await;
        let package = desk.package(PACKAGE_BYTES >> 20, PRICE_RP).await;
        desk.sim.host_connect(MAC, ADDRESS);
        desk.post(&format!("{user}/devices"), json!({"mac": MAC.to_string()})).await.ok(201);
        let cashier = desk.admin("siti", "cashier").await;
        Self { desk, relay, token, user, package, cashier }
    }

    /// Somebody wants the package.
    pub fn buying(&self, method: &str) -> Call {
        let body = json!({"package_id": self.package, "method": method});
        self.as_cashier(Method::POST, &format!("{}/purchases", self.user)).json(&body)
    }

    pub async fn buy(&self, method: &str) -> Reply {
        self.buying(method).send().await
    }

    /// Opens an order by QRIS; the answer is its id.
    pub async fn order(&self) -> String {
        let order = self.buy("qris").await.ok(201);
        assert_eq!(order["status"], "pending", "{order}");
        order["id"].as_str().unwrap().to_owned()
    }

    pub fn as_cashier(&self, method: Method, path: &str) -> Call {
        self.desk.request(method, path).bearer(&self.cashier)
    }

    pub async fn cashier_posts(&self, path: &str, body: Value) -> Reply {
        self.as_cashier(Method::POST, path).json(&body).send().await
    }

    pub async fn user(&self) -> Value {
        self.desk.get(&self.user).await.ok(200)
    }

    pub async fn credited(&self) -> u64 {
        self.user().await["credited_bytes"].as_u64().unwrap()
    }

    pub async fn status(&self, order: &str) -> Value {
        self.desk.get(&format!("/orders/{order}")).await.ok(200)["status"].clone()
    }

    pub async fn flags(&self, order: &str) -> Value {
        self.desk.get(&format!("/orders/{order}")).await.ok(200)["flags"].clone()
    }

    /// Ids of orders, newest first.
    pub async fn orders(&self, query: &str) -> Vec<String> {
        let page = self.desk.get(&format!("/orders{query}")).await.ok(200);
        let ids = page["items"].as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().into());
        ids.collect()
    }

    /// Reads the feed to its end.
    pub async fn pull(&self) {
        let site = self.desk.site();
        while site.payments.pull_once(Duration::ZERO).await.unwrap().more {}
    }

    pub async fn pull_fails(&self) {
        self.desk.site().payments.pull_once(Duration::ZERO).await.unwrap_err();
    }

    /// Runs every item of the outbox, whenever it is due.
    pub async fn run_outbox(&self) {
        self.desk.clock.advance(Duration::from_mins(2));
        self.desk.site().payments.outbox_once().await.unwrap();
    }

    pub async fn outbox(&self) -> Vec<OutboxItem> {
        self.desk.site().engine().call(|engine: &mut Engine| engine.outbox()).await.unwrap()
    }

    /// What an attempt left behind in the ledger.
    pub async fn openings(&self) -> usize {
        self.desk.site().engine().call(|engine: &mut Engine| engine.openings().len()).await.unwrap()
    }

    /// One cycle of the daemon.
    pub async fn cycle(&self) {
        self.desk.site().cycle.meter_once().await.unwrap();
        self.desk.site().cycle.enforce_once().await.unwrap();
    }

    /// The router's list that the customer's device is on.
    pub fn list(&self) -> Option<String> {
        let rows = self.desk.sim.rows("/ip/firewall/address-list");
        let is_ours = |row: &&std::collections::BTreeMap<String, String>| {
            row.get("address") == Some(&ADDRESS.to_string())
                && row.get("comment").is_some_and(|comment| comment.starts_with("kuota:"))
        };
        rows.iter().find(is_ours).and_then(|row| row.get("list").cloned())
    }

    pub async fn access(&self) -> (String, Value) {
        let access = self.user().await["access"].clone();
        (access["status"].as_str().unwrap().to_owned(), access["reason"].clone())
    }

    pub async fn relay_state(&self) -> Value {
        self.desk.get("/status").await.ok(200)["relay"].clone()
    }

    /// The whole ledger adds up.
    pub async fn verify(&self) {
        self.desk.get("/ledger/verify").await.ok(200);
    }

    pub fn pass(&self, by: Duration) {
        self.desk.clock.advance(by);
        self.desk.sim.advance(by);
    }
}

/// Waits until it is so.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waited = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waited).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Somebody on the daemon's own machine.
pub fn daemon() -> Actor {
    Actor::daemon()
}
