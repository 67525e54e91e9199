//! The wire between agent and relay: the relay's own HTTP calls without a socket. It can be cut, lose an answer, or
//! hang, and it remembers every word that reached the agent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use kuota::agent::payments::client::read_answer;
use kuota::agent::payments::{CallTimeouts, Pending, Relay, RelayError};
use kuota::domain::instance::Instance;
use kuota::protocol::health::{HealthAnswer, HealthReport};
use kuota::protocol::instance::SiteInstance;
use kuota::protocol::relay::{
    Abandoned, AdoptOrder, FeedEntry, FeedPage, OpenOrder, RefundOrder, RelayOrder,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tower::ServiceExt;

/// The site's token.
pub const TOKEN: &str = "token-of-the-site";
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Fine,
    /// It never arrives.
    Lost,
    /// It arrives, and its answer does not.
    Unanswered,
    /// It arrives, and nothing more is heard of it.
    Hangs,
}

/// What the agent asked for and heard.
#[derive(Clone, Debug)]
pub enum Heard {
    /// It asks for an order.
    Asks { request: String, amount: u64 },
    /// The answer to that.
    Opened { request: String, order: Box<RelayOrder> },
    /// No order came of it, as far as it heard.
    NotOpened { request: String },
    /// Where an order stands.
    Order(Box<RelayOrder>),
    /// What became of an attempt that was given up.
    Discarded { request: String, answer: Box<Abandoned> },
    /// A page of the feed.
    Page(Box<FeedPage>),
}

#[derive(Default)]
struct Inside {
    relay: Option<Router>,
    is_cut: bool,
    /// What befalls the calls to come, the next one last.
    fates: Vec<Fate>,
    heard: Vec<Heard>,
    /// The last answer that was no success, for people.
    last_words: String,
}

/// The wire. Clones are the same one.
#[derive(Clone, Default)]
pub struct Wire {
    inside: Arc<Mutex<Inside>>,
    died: Arc<Notify>,
    hung: Arc<Notify>,
}

impl Wire {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be told when the relay dies in the middle of a call.
    pub fn died(&self) -> Arc<Notify> {
        Arc::clone(&self.died)
    }

    /// Waits until a call hangs for good.
    pub async fn hung(&self) {
        self.hung.notified().await;
    }

    /// Leads to this relay, or to none.
    pub fn lead_to(&self, relay: Option<Router>) {
        self.inside().relay = relay;
    }

    pub fn cut(&self, is_cut: bool) {
        self.inside().is_cut = is_cut;
    }

    pub fn is_cut(&self) -> bool {
        self.inside().is_cut
    }

    /// What befalls the calls to come: the first of them is the first here.
    pub fn doom(&self, mut fates: Vec<Fate>) {
        fates.reverse();
        self.inside().fates = fates;
    }

    pub fn take_heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.inside().heard)
    }

    pub fn last_words(&self) -> String {
        self.inside().last_words.clone()
    }

    fn hear(&self, heard: Heard) {
        self.inside().heard.push(heard);
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path: String,
        body: Option<Vec<u8>>,
    ) -> Result<T, RelayError> {
        let (relay, fate) = {
            let mut inside = self.inside();
            let fate = inside.fates.pop().unwrap_or(Fate::Fine);
            (inside.relay.clone().filter(|_| !inside.is_cut), fate)
        };
        let lost = || RelayError::Unreachable("the wire".to_owned());
        let relay = relay.filter(|_| fate != Fate::Lost).ok_or_else(lost)?;
        let request = Request::builder()
            .method(method)
            .uri(&path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, Body::from))
            .expect("a request of known parts");
        let response = tokio::select! {
            biased;
            () = self.died.notified() => return Err(lost()),
            Ok(response) = relay.oneshot(request) => response,
        };
        let status = response.status();
        let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.map_err(|_| lost())?;
        if !status.is_success() {
            self.inside().last_words = format!("{path} {status} {}", String::from_utf8_lossy(&body));
        }
        match fate {
            Fate::Unanswered => Err(lost()),
            Fate::Hangs => {
                self.hung.notify_one();
                std::future::pending().await
            }
            Fate::Fine | Fate::Lost => read_answer(status, &body),
        }
    }

    async fn order_call(&self, method: &str, path: String) -> Result<RelayOrder, RelayError> {
        self.about_order(self.call(method, path, None).await)
    }

    async fn post<T: Serialize>(&self, path: String, body: &T) -> Result<RelayOrder, RelayError> {
        let body = serde_json::to_vec(body).expect("wire types are plain data");
        self.call("POST", path, Some(body)).await
    }

    fn about_order(&self, answer: Result<RelayOrder, RelayError>) -> Result<RelayOrder, RelayError> {
        if let Ok(order) = &answer {
            self.hear(Heard::Order(Box::new(order.clone())));
        }
        answer
    }

    async fn ask(&self, order: &OpenOrder) -> Result<RelayOrder, RelayError> {
        let request = order.request_id.clone();
        self.hear(Heard::Asks { request: request.clone(), amount: order.amount_rp });
        let answer = self.post("/v1/orders".to_owned(), order).await;
        self.hear(match &answer {
            Ok(order) => Heard::Opened { request, order: Box::new(order.clone()) },
            Err(_) => Heard::NotOpened { request },
        });
        answer
    }
}

impl Relay for Wire {
    fn open<'a>(&'a self, order: &'a OpenOrder, _limit: Duration) -> Pending<'a, RelayOrder> {
        Box::pin(self.ask(order))
    }

    fn order<'a>(&'a self, id: &'a str) -> Pending<'a, RelayOrder> {
        Box::pin(self.order_call("GET", format!("/v1/orders/{id}")))
    }

    fn cancel<'a>(&'a self, id: &'a str) -> Pending<'a, RelayOrder> {
        Box::pin(self.order_call("POST", format!("/v1/orders/{id}/cancel")))
    }

    fn refresh<'a>(&'a self, id: &'a str) -> Pending<'a, RelayOrder> {
        Box::pin(self.order_call("POST", format!("/v1/orders/{id}/refresh")))
    }

    fn refund<'a>(&'a self, id: &'a str, refund: &'a RefundOrder) -> Pending<'a, RelayOrder> {
        Box::pin(async move { self.about_order(self.post(format!("/v1/orders/{id}/refund"), refund).await) })
    }

    fn adopt<'a>(&'a self, id: &'a str, order: &'a AdoptOrder) -> Pending<'a, RelayOrder> {
        Box::pin(async move { self.about_order(self.post(format!("/v1/orders/{id}/adopt"), order).await) })
    }

    fn abandon<'a>(&'a self, request: &'a str) -> Pending<'a, Abandoned> {
        Box::pin(async move {
            let answer: Abandoned =
                self.call("POST", format!("/v1/requests/{request}/abandon"), None).await?;
            let request = request.to_owned();
            self.hear(Heard::Discarded { request, answer: Box::new(answer.clone()) });
            Ok(answer)
        })
    }

    fn feed(&self, after: u64, _wait: Duration, limit: u32) -> Pending<'_, FeedPage<FeedEntry>> {
        Box::pin(async move {
            let path = format!("/v1/feed?after={after}&wait=0&limit={limit}");
            let page: FeedPage = self.call("GET", path, None).await?;
            self.hear(Heard::Page(Box::new(page.clone())));
            Ok(page.into())
        })
    }

    fn report_health<'a>(&'a self, report: &'a HealthReport) -> Pending<'a, HealthAnswer> {
        let body = serde_json::to_vec(report).expect("wire types are plain data");
        Box::pin(self.call("POST", "/v1/health".to_owned(), Some(body)))
    }

    fn instance(&self) -> Pending<'_, SiteInstance> {
        Box::pin(self.call("GET", "/v1/site/instance".to_owned(), None))
    }

    fn claim_instance<'a>(&'a self, claim: &'a SiteInstance) -> Pending<'a, SiteInstance> {
        let body = serde_json::to_vec(claim).expect("wire types are plain data");
        Box::pin(self.call("POST", "/v1/site/instance".to_owned(), Some(body)))
    }

    fn use_instance(&self, _instance: Instance) {}

    fn timeouts(&self) -> CallTimeouts {
        CallTimeouts::default()
    }
}
