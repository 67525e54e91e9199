//! A running site with one customer, one package and a relay, for tests of online payment.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::net::Ipv4Addr;
use std::ops::{Deref, DerefMut};
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

use super::fake_relay::{FakeRelay, TOKEN};
use super::http_client::{Call, Reply};
use super::site::{SiteBuilder, TestSite};

pub const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 5, 50, 11);
const GIB: u64 = 1 << 30;
pub const PACKAGE_BYTES: u64 = 10 * GIB;
pub const PRICE_RP: u64 = 100_000;
/// Long enough for a busy machine; nothing is waited for longer than it takes.
const DEADLINE: Duration = Duration::from_mins(1);

/// The site, which it can be used as, and what payments need.
pub struct PaymentSite {
    site: TestSite,
    pub relay: FakeRelay,
    /// The token that the agent sends.
    pub token: Arc<Mutex<String>>,
    /// The customer's path.
    pub user: String,
    pub package: Value,
    pub cashier: String,
}

impl Deref for PaymentSite {
    type Target = TestSite;

    fn deref(&self) -> &TestSite {
        &self.site
    }
}

impl DerefMut for PaymentSite {
    fn deref_mut(&mut self) -> &mut TestSite {
        &mut self.site
    }
}

impl PaymentSite {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::build(CallTimeouts::default(), |site| site.listening().config(change)).await
    }

    /// With its configuration in files, as the daemon has it.
    pub async fn with_files() -> Self {
        let change = |site: SiteBuilder| site.listening().with_files(Environment::default());
        Self::build(CallTimeouts::default(), change).await
    }

    /// With other timeouts of calls to the relay.
    pub async fn with_timeouts(timeouts: CallTimeouts) -> Self {
        Self::build(timeouts, SiteBuilder::listening).await
    }

    /// With the daemon's loops.
    pub async fn looping() -> Self {
        let often = |config: &mut Config| config.router.poll_interval = Duration::from_millis(200);
        Self::build(CallTimeouts::default(), |site| site.looping().config(often)).await
    }

    async fn build(timeouts: CallTimeouts, change: impl FnOnce(SiteBuilder) -> SiteBuilder) -> Self {
        let clock = ManualClock::new(parse_rfc3339("2026-11-10T03:00:00Z").unwrap());
        let relay = FakeRelay::start(clock.clone()).await;
        let token = Arc::new(Mutex::new(TOKEN.to_owned()));
        let held = Arc::clone(&token);
        let client = RelayClient::new(&relay.url, move || Secret::new(held.lock().unwrap().clone()))
            .unwrap()
            .with_patience(timeouts, Duration::from_secs(15));
        let text = format!("[relay]\nurl = \"{}\"\nsite = \"site-1\"", relay.url);
        let section = Config::parse(&text, "test", &Environment::default()).unwrap().relay;
        let builder = SiteBuilder::new().clock(clock).relay(Arc::new(client));
        let site = change(builder.config(|config| config.relay = section)).start().await.with_owner().await;
        let user = site.user("Budi").await;
        let package = site.package(PACKAGE_BYTES >> 20, PRICE_RP).await;
        site.sim.host_connect(MAC, ADDRESS);
        site.post(&format!("{user}/devices"), json!({"mac": MAC.to_string()})).await.ok(201);
        let cashier = site.admin("siti", "cashier").await;
        Self { site, relay, token, user, package, cashier }
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
        self.request(method, path).bearer(&self.cashier)
    }

    pub async fn cashier_posts(&self, path: &str, body: Value) -> Reply {
        self.as_cashier(Method::POST, path).json(&body).send().await
    }

    pub async fn customer(&self) -> Value {
        self.get(&self.user).await.ok(200)
    }

    pub async fn credited(&self) -> u64 {
        self.customer().await["credited_bytes"].as_u64().unwrap()
    }

    pub async fn status(&self, order: &str) -> Value {
        self.get(&format!("/orders/{order}")).await.ok(200)["status"].clone()
    }

    pub async fn flags(&self, order: &str) -> Value {
        self.get(&format!("/orders/{order}")).await.ok(200)["flags"].clone()
    }

    /// Ids of orders, newest first.
    pub async fn orders(&self, query: &str) -> Vec<String> {
        let page = self.get(&format!("/orders{query}")).await.ok(200);
        let ids = page["items"].as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().into());
        ids.collect()
    }

    /// Reads the feed to its end.
    pub async fn pull(&self) {
        while self.agent().payments.pull_once(Duration::ZERO).await.unwrap().more {}
    }

    pub async fn pull_fails(&self) {
        self.agent().payments.pull_once(Duration::ZERO).await.unwrap_err();
    }

    /// Runs every item of the outbox, whenever it is due.
    pub async fn run_outbox(&self) {
        self.clock.advance(Duration::from_mins(2));
        self.agent().payments.outbox_once().await.unwrap();
    }

    pub async fn outbox(&self) -> Vec<OutboxItem> {
        self.agent().engine().call(|engine: &mut Engine| engine.outbox()).await.unwrap()
    }

    /// What an attempt left behind in the ledger.
    pub async fn pending_orders(&self) -> usize {
        self.agent().engine().call(|engine: &mut Engine| engine.pending_orders().len()).await.unwrap()
    }

    /// The router's list that the customer's device is on.
    pub fn list(&self) -> Option<String> {
        let rows = self.sim.rows("/ip/firewall/address-list");
        let is_ours = |row: &&std::collections::BTreeMap<String, String>| {
            row.get("address") == Some(&ADDRESS.to_string())
                && row.get("comment").is_some_and(|comment| comment.starts_with("kuota:"))
        };
        rows.iter().find(is_ours).and_then(|row| row.get("list").cloned())
    }

    pub async fn access(&self) -> (String, Value) {
        let access = self.customer().await["access"].clone();
        (access["status"].as_str().unwrap().to_owned(), access["reason"].clone())
    }

    pub async fn relay_state(&self) -> Value {
        self.get("/status").await.ok(200)["relay"].clone()
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
