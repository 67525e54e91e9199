//! A whole site for one test: simulated router, store in a folder of its own, admin API on free ports, and a small
//! client.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, request};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use kuota::agent::config::Config;
use kuota::agent::engine::{Notice, Notifier};
use kuota::agent::faces::admin_router_for_socket;
use kuota::agent::payments::Relay;
use kuota::agent::run;
use kuota::agent::site::Site;
use kuota::clock::{ManualClock, parse_rfc3339};
use kuota::domain::id::Mac;
use kuota::routeros::client::{ClientConfig, RouterClient};
use kuota::sim::{SimConfig, SimRouter};
use serde_json::{Value, json};

use super::described;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower::ServiceExt;

/// The password of every admin here.
pub const PASSWORD: &str = "benar kuda baterai";
const MIB: u64 = 1024 * 1024;

struct Silence;

impl Notifier for Silence {
    fn notify(&self, _: &Notice) {}
}

/// One site that serves.
pub struct Desk {
    pub sim: SimRouter,
    pub clock: ManualClock,
    pub site: Option<Arc<Site>>,
    pub base: String,
    /// Where the portal is.
    pub portal: String,
    http: Client<HttpConnector, Body>,
    pub owner: String,
    folder: TempDir,
    config: Config,
    relay: Option<Arc<dyn Relay>>,
    /// Whether the loops run, too, as in the daemon.
    is_daemon: bool,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub kind: String,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// A success that is no JSON.
    #[track_caller]
    pub fn ok_text(&self) {
        assert_eq!(self.status, 200, "{}", self.text);
    }

    /// That it is a problem with one of these statuses.
    #[track_caller]
    pub fn status_in(&self, statuses: &[u16]) {
        assert!(statuses.contains(&self.status), "{}: {}", self.status, self.text);
        assert_eq!(self.kind, "application/problem+json");
    }

    /// That it is a problem with this status and code, whole and in its shape.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.kind.as_str()), (status, "application/problem+json"), "{}", self.text);
        let json = self.json();
        assert_eq!((&json["status"], &json["code"]), (&json!(status), &json!(code)), "{json}");
        assert!(
            json["type"].is_string() && json["title"].is_string() && json["detail"].is_string(),
            "{json}"
        );
        json
    }

    /// That it is a 422 which names this field.
    #[track_caller]
    pub fn invalid(&self, field: &str) {
        let problem = self.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert!(problem["errors"][0]["message"].is_string(), "{problem}");
    }
}

impl Desk {
    /// A site without users, on a router without hosts.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with another configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let clock = ManualClock::new(parse_rfc3339("2026-11-10T03:00:00Z").unwrap());
        Self::linked(clock, None, false, change).await
    }

    /// The same with a relay, and with the daemon's loops where they are wanted.
    pub async fn linked(
        clock: ManualClock,
        relay: Option<Arc<dyn Relay>>,
        is_daemon: bool,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let sim = SimRouter::start(SimConfig::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        config.admin.listen = (Ipv4Addr::LOCALHOST, 0).into();
        config.portal.listen = (Ipv4Addr::LOCALHOST, 0).into();
        change(&mut config);
        let http = Client::builder(TokioExecutor::new()).build_http();
        let (stop, _) = watch::channel(false);
        let mut desk = Self {
            sim,
            clock,
            site: None,
            base: String::new(),
            portal: String::new(),
            http,
            owner: String::new(),
            folder,
            config,
            relay,
            is_daemon,
            stop,
            serving: None,
        };
        desk.open().await;
        desk.owner = desk.admin("juragan", "owner").await;
        desk
    }

    async fn open(&mut self) {
        let address = self.sim.address().to_string();
        let client = ClientConfig {
            timeout: Duration::from_secs(2),
            ..ClientConfig::new(address, "agent", "rahasia".into())
        };
        let router = Arc::new(RouterClient::spawn(client));
        let site = Site::assemble(
            self.config.clone(),
            router,
            self.relay.clone(),
            Arc::new(self.clock.clone()),
            Arc::new(Silence),
        );
        let site = Arc::new(site.unwrap());
        let listeners = run::listen(&site).await.unwrap();
        self.base = format!("http://{}", listeners.admin.local_addr().unwrap());
        self.portal = format!("http://{}", listeners.portal.local_addr().unwrap());
        let (stop, stopped) = watch::channel(false);
        self.stop = stop;
        self.serving = Some(if self.is_daemon {
            let running = run::run(Arc::clone(&site), listeners, stopped);
            tokio::spawn(async { running.await.unwrap() })
        } else {
            tokio::spawn(run::serve_all(Arc::clone(&site), listeners, stopped))
        });
        self.site = Some(site);
    }

    /// Stops everything and starts it again on the same folder.
    pub async fn restart(&mut self) {
        self.restart_after(|_| {}).await;
    }

    /// The same, with the folder to oneself in between.
    pub async fn restart_after(&mut self, between: impl FnOnce(&std::path::Path)) {
        self.stop.send_replace(true);
        self.serving.take().unwrap().await.unwrap();
        let stopped = {
            let site = self.site.take().unwrap();
            let engine = site.engine().clone();
            drop(site);
            engine.closed()
        };
        stopped.await;
        between(self.folder.path());
        self.open().await;
    }

    pub fn site(&self) -> &Arc<Site> {
        self.site.as_ref().unwrap()
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Makes an admin as the control socket's caller, and hands out a token of it.
    pub async fn admin(&self, name: &str, role: &str) -> String {
        let admin = json!({"name": name, "role": role, "password": PASSWORD});
        self.locally("POST", "/api/v1/admins", &admin).await.ok(201);
        let token = self.locally("POST", &format!("/api/v1/admins/{name}/tokens"), &json!({})).await.ok(201);
        token["token"].as_str().unwrap().to_owned()
    }

    /// A call without any socket between.
    pub async fn locally(&self, method: &str, path: &str, body: &Value) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = admin_router_for_socket(Arc::clone(self.site())).oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        described::check(method, path, status, &kind(&headers), &text);
        Reply { status, kind: kind(&headers), headers, text }
    }

    /// A call to be completed; `path` is below `/api/v1`.
    pub fn request(&self, method: Method, path: &str) -> Call {
        self.call(method, &format!("/api/v1{path}"))
    }

    /// A call to be completed; `path` is the whole of it.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        Call { http: self.http.clone(), request, body: Vec::new() }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path).bearer(&self.owner).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.request(Method::POST, path).bearer(&self.owner).json(&body).send().await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.request(Method::PATCH, path).bearer(&self.owner).json(&body).send().await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.request(Method::DELETE, path).bearer(&self.owner).send().await
    }

    /// A user by name; the answer is its path.
    pub async fn user(&self, name: &str) -> String {
        let user = self.post("/users", json!({"name": name})).await.ok(201);
        format!("/users/{}", user["id"].as_str().unwrap())
    }

    /// A package on sale; the answer is its id.
    pub async fn package(&self, quota_mb: u64, price_rp: u64) -> Value {
        let package = json!({"name": "Paket", "quota": quota_mb * MIB, "days": 30, "price_rp": price_rp});
        self.post("/packages", package).await.ok(201)["id"].clone()
    }

    /// Traffic of a device, counted by a poll.
    pub async fn use_mb(&self, mac: Mac, mb: u64) {
        self.sim.traffic(mac, mb * MIB, 0);
        self.site().cycle.meter_once().await.unwrap();
    }

    /// How many lines the ledger and the audit have: what changed nothing leaves both as they were.
    pub async fn lines(&self) -> (u64, u64) {
        let verified = self.get("/ledger/verify").await.ok(200);
        let audit = self.get("/audit?limit=500").await.ok(200);
        (verified["entries"].as_u64().unwrap(), audit["items"].as_array().unwrap().len() as u64)
    }
}

fn kind(headers: &HeaderMap) -> String {
    headers.get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// A client whose connections come from that address of this machine.
pub fn client_from(address: Ipv4Addr) -> Client<HttpConnector, Body> {
    let mut connector = HttpConnector::new();
    connector.set_local_address(Some(address.into()));
    Client::builder(TokioExecutor::new()).build(connector)
}

/// A call in the making.
pub struct Call {
    http: Client<HttpConnector, Body>,
    request: request::Builder,
    body: Vec<u8>,
}

impl Call {
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Made from another address of this machine.
    pub fn from(self, address: Ipv4Addr) -> Self {
        Self { http: client_from(address), ..self }
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sends it and reads an answer that is no text.
    pub async fn bytes(self) -> Vec<u8> {
        let request = self.request.body(Body::from(self.body)).unwrap();
        let response = self.http.request(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap().to_vec()
    }

    /// Sends it and reads the answer whole.
    pub async fn send(self) -> Reply {
        let request = self.request.body(Body::from(self.body)).unwrap();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.http.request(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        described::check(method.as_str(), &path, status, &kind(&headers), &text);
        Reply { status, kind: kind(&headers), headers, text }
    }
}
