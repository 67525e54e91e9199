//! Calls of the API of a running site. Every answer is compared with the API's description.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use kuota::agent::config::Config;
use kuota::agent::faces::admin_router_for_socket;
use kuota::clock::{ManualClock, parse_rfc3339};
use kuota::domain::id::Mac;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::api_description;
use super::http_client::{Call, Reply};
use super::site::{SiteBuilder, TestSite};

/// The password of every admin here.
pub const PASSWORD: &str = "benar kuda baterai";
const MIB: u64 = 1024 * 1024;

impl TestSite {
    /// A site that listens, without users, on a router without hosts.
    pub async fn serving() -> Self {
        Self::serving_with(|_| {}).await
    }

    /// The same with another configuration.
    pub async fn serving_with(change: impl FnOnce(&mut Config)) -> Self {
        let clock = ManualClock::new(parse_rfc3339("2026-11-10T03:00:00Z").unwrap());
        SiteBuilder::new().clock(clock).config(change).listening().start().await.with_owner().await
    }

    /// The same with an owner.
    pub async fn with_owner(mut self) -> Self {
        self.owner = self.admin("juragan", "owner").await;
        self
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
        let response = admin_router_for_socket(Arc::clone(self.agent())).oneshot(request).await.unwrap();
        let reply = Reply::of(response).await;
        api_description::check(method, path, reply.status, &reply.kind, &reply.text);
        reply
    }

    /// A call to be completed; `path` is below `/api/v1`.
    pub fn request(&self, method: Method, path: &str) -> Call {
        self.call(method, &format!("/api/v1{path}"))
    }

    /// A call to be completed; `path` is the whole of it.
    pub fn call(&self, method: Method, path: &str) -> Call {
        Call::new(&self.http, method, &format!("{}{path}", self.base)).checked_by(api_description::check)
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
        self.agent().cycle.meter_once().await.unwrap();
    }

    /// How many lines the ledger and the audit have: what changed nothing leaves both as they were.
    pub async fn lines(&self) -> (u64, u64) {
        let verified = self.get("/ledger/verify").await.ok(200);
        let audit = self.get("/audit?limit=500").await.ok(200);
        (verified["entries"].as_u64().unwrap(), audit["items"].as_array().unwrap().len() as u64)
    }
}
