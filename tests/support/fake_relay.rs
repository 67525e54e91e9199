//! A relay for tests of the agent: the wire of `protocol::relay` over a real socket, with a gateway behind it that does
//! what it is told, and with everything that may go wrong between the two programs.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kuota::clock::{Clock, ManualClock, parse_rfc3339, rfc3339};
use kuota::domain::order::{Flag, OnlineMethod, OrderState};
use kuota::domain::units::Timestamp;
use kuota::protocol::health::{HealthAnswer, HealthReport};
use kuota::protocol::relay::{
    Abandoned, AdoptOrder, FeedEffect, FeedItem, FeedPage, OpenOrder, PaymentMeans, RefundOrder, RelayOrder,
    VirtualAccount, credit_event, reverse_event,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the relay lets in first.
pub const TOKEN: &str = "token-of-site-1";

/// What goes wrong with calls of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They are refused with this status and code.
    Refused(u16, &'static str),
    /// They are taken and never answered, nor done.
    Hang,
    /// They are done and answered once everything works again.
    Late,
    /// The connection is closed before they are done.
    Cut,
    /// They are done, and the connection is closed before the answer.
    AnswerLost,
    /// Something that is no relay answers.
    Proxy,
}

/// What the gateway does when an order is to be called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCancel {
    Cancels,
    /// It was paid a moment before.
    Paid,
    /// Not now.
    Refuses,
}

struct State {
    up: bool,
    epoch: u32,
    token: String,
    orders: BTreeMap<String, RelayOrder>,
    requests: BTreeMap<String, String>,
    abandoned: BTreeSet<String>,
    feed: Vec<FeedItem>,
    made: u32,
    faults: BTreeMap<&'static str, Fault>,
    calls: Vec<(&'static str, String)>,
    /// What orders were asked for, as sent.
    asked: String,
    on_cancel: OnCancel,
    extra_rp: u64,
    /// The last report.
    report: Option<HealthReport>,
    /// By how much the relay's clock is behind the agent's.
    slow_ms: i64,
    /// Where links of charges lead, instead of the gateway's own.
    link: Option<String>,
    /// What becomes of a page of the feed before it is sent.
    words: Option<fn(&mut Value)>,
}

/// The relay. Clones are the same one.
#[derive(Clone)]
pub struct FakeRelay {
    pub url: String,
    clock: ManualClock,
    state: Arc<Mutex<State>>,
    /// Moves whenever anything changed, so that hanging calls look again.
    turn: watch::Sender<u64>,
}

/// What a call comes to.
enum Said {
    Json(u16, String),
    Closed,
}

impl FakeRelay {
    pub async fn start(clock: ManualClock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            up: true,
            epoch: 1,
            token: TOKEN.into(),
            orders: BTreeMap::new(),
            requests: BTreeMap::new(),
            abandoned: BTreeSet::new(),
            feed: Vec::new(),
            made: 0,
            faults: BTreeMap::new(),
            calls: Vec::new(),
            asked: String::new(),
            on_cancel: OnCancel::Cancels,
            extra_rp: 0,
            report: None,
            slow_ms: 0,
            link: None,
            words: None,
        };
        let relay = Self { url, clock, state: Arc::new(Mutex::new(state)), turn: watch::Sender::new(0) };
        tokio::spawn(relay.clone().listen(listener));
        relay
    }

    async fn listen(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            if self.lock().up {
                tokio::spawn(self.clone().talk(stream));
            }
        }
    }

    /// One connection, until the uplink is cut.
    async fn talk(self, stream: TcpStream) {
        let mut turn = self.turn.subscribe();
        let relay = self.clone();
        let service = service_fn(move |request| relay.clone().answer(request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        loop {
            tokio::select! {
                _ = &mut connection => return,
                moved = turn.changed() => if moved.is_err() || !self.lock().up { return },
            }
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), 1 << 20).await.map_err(std::io::Error::other)?;
        let authorized = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        let authorized = authorized == Some(&format!("Bearer {}", self.lock().token));
        let path = parts.uri.path().to_owned();
        let kind = kind(&parts.method, &path);
        let fault = {
            // At once: who hears of the call may change what goes wrong from here on.
            let mut state = self.lock();
            state.calls.push((kind, path.clone()));
            state.faults.get(kind).copied()
        };
        self.moved();
        let said = match fault {
            Some(Fault::Refused(status, code)) => problem(status, code),
            Some(Fault::Hang) => {
                self.healed(kind).await;
                Said::Closed
            }
            Some(Fault::Late) => {
                self.healed(kind).await;
                self.serve(kind, &path, parts.uri.query(), &body).await
            }
            Some(Fault::Cut) => Said::Closed,
            Some(Fault::Proxy) => Said::Json(404, "<h1>Not Found</h1>".into()),
            _ if !authorized => problem(401, "unauthorized"),
            Some(Fault::AnswerLost) => {
                self.serve(kind, &path, parts.uri.query(), &body).await;
                Said::Closed
            }
            None => self.serve(kind, &path, parts.uri.query(), &body).await,
        };
        self.moved();
        match said {
            Said::Json(status, text) => {
                let kind = if status < 400 { "application/json" } else { "application/problem+json" };
                let response = Response::builder().status(status).header("content-type", kind);
                response.body(Body::from(text)).map_err(std::io::Error::other)
            }
            Said::Closed => Err(std::io::Error::other("cut, as told")),
        }
    }

    /// Waits until nothing goes wrong with these calls.
    async fn healed(&self, kind: &str) {
        let mut turn = self.turn.subscribe();
        while self.lock().faults.contains_key(kind) && turn.changed().await.is_ok() {}
    }

    async fn serve(&self, kind: &str, path: &str, query: Option<&str>, body: &[u8]) -> Said {
        let id = path.split('/').nth(3).unwrap_or_default();
        match kind {
            "open" => self.open(&read(body)),
            "order" | "refresh" => self.shown(id),
            "cancel" => self.cancel(id),
            "refund" => self.refund(id, &read(body)),
            "adopt" => self.adopt(id, &read(body)),
            "abandon" => self.abandon(id),
            "feed" => self.feed(query.unwrap_or_default()).await,
            "health" => self.reported(read(body)),
            _ => problem(404, "not_found"),
        }
    }

    fn open(&self, wanted: &OpenOrder) -> Said {
        let mut state = self.lock();
        state.asked += &serde_json::to_string(wanted).unwrap();
        if let Some(id) = state.requests.get(&wanted.request_id) {
            return told(201, &state.orders[id]);
        }
        if state.abandoned.contains(&wanted.request_id) {
            return problem(409, "request_abandoned");
        }
        let sum: u64 = wanted.items.iter().map(|item| item.price_rp * u64::from(item.quantity)).sum();
        assert_eq!(sum, wanted.amount_rp, "the gateway refuses what does not add up");
        state.made += 1;
        let (id, now) = (format!("K1-{:04}", state.made), self.clock.now());
        let order = RelayOrder {
            order_id: id.clone(),
            request_id: wanted.request_id.clone(),
            method: wanted.method,
            amount_rp: wanted.amount_rp + state.extra_rp,
            status: OrderState::Pending,
            flags: Vec::new(),
            refunded_rp: 0,
            means: means(wanted.method, state.made, state.link.as_deref()),
            expires_at: Some(rfc3339(Timestamp(now.0 + i64::from(wanted.expires_in_s) * 1000))),
            paid_at: None,
            created_at: rfc3339(now),
            memo: wanted.memo.clone(),
        };
        state.requests.insert(wanted.request_id.clone(), id.clone());
        state.orders.insert(id, order.clone());
        told(201, &order)
    }

    fn shown(&self, id: &str) -> Said {
        self.lock().orders.get(id).map_or_else(|| problem(404, "not_found"), |order| told(200, order))
    }

    fn cancel(&self, id: &str) -> Said {
        let known = self.lock().orders.get(id).cloned();
        let Some(order) = known else { return problem(404, "not_found") };
        let on_cancel = self.lock().on_cancel;
        match on_cancel {
            _ if !order.status.is_open() => {}
            OnCancel::Cancels => self.become_(id, OrderState::Cancelled),
            OnCancel::Paid => self.pay(id),
            OnCancel::Refuses => return problem(409, "not_cancelled"),
        }
        self.shown(id)
    }

    fn refund(&self, id: &str, wanted: &RefundOrder) -> Said {
        let known = self.lock().orders.contains_key(id);
        if known {
            self.give_back(id, &wanted.refund_key, wanted.amount_rp);
        }
        self.shown(id)
    }

    fn adopt(&self, id: &str, wanted: &AdoptOrder) -> Said {
        let mut state = self.lock();
        let order = RelayOrder {
            order_id: id.to_owned(),
            request_id: wanted.request_id.clone(),
            method: wanted.method,
            amount_rp: wanted.amount_rp,
            status: OrderState::Pending,
            flags: Vec::new(),
            refunded_rp: 0,
            means: PaymentMeans::default(),
            expires_at: wanted.expires_at.clone(),
            paid_at: None,
            created_at: rfc3339(self.clock.now()),
            memo: wanted.memo.clone(),
        };
        state.requests.insert(wanted.request_id.clone(), id.to_owned());
        told(200, state.orders.entry(id.to_owned()).or_insert(order))
    }

    fn reported(&self, report: HealthReport) -> Said {
        let now_ms = self.clock.now().0;
        let clock_ms = report.clock_ms.map(|clock| i64::try_from(clock.get()).unwrap());
        let mut state = self.lock();
        state.report = Some(report);
        let clock_ahead_ms = clock_ms.map(|clock| clock - now_ms + state.slow_ms);
        told(200, &HealthAnswer { now_ms, clock_ahead_ms })
    }

    fn abandon(&self, request: &str) -> Said {
        let known = {
            let mut state = self.lock();
            state.abandoned.insert(request.to_owned());
            state.requests.get(request).cloned()
        };
        let order = known.map(|id| {
            let (is_open, on_cancel) = (self.order(&id).status.is_open(), self.lock().on_cancel);
            match on_cancel {
                OnCancel::Cancels if is_open => self.become_(&id, OrderState::Cancelled),
                OnCancel::Paid if is_open => self.pay(&id),
                _ => {}
            }
            self.order(&id)
        });
        told(200, &Abandoned { order })
    }

    async fn feed(&self, query: &str) -> Said {
        let number = |name: &str| -> u64 {
            let of = |pair: &str| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok();
            query.split('&').find_map(of).unwrap_or_default()
        };
        let (after, wait) = (number("after"), number("wait"));
        let limit = usize::try_from(number("limit")).unwrap();
        let mut turn = self.turn.subscribe();
        let look = async {
            while self.lock().feed.len() as u64 <= after {
                let _ = turn.changed().await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(wait), look).await;
        let state = self.lock();
        let last = state.feed.len() as u64;
        let items: Vec<FeedItem> =
            state.feed.iter().filter(|item| item.seq > after).take(limit).cloned().collect();
        let next = items.last().map_or(after.min(last), |item| item.seq);
        let page = FeedPage { epoch: format!("epoch-{}", state.epoch), items, next, has_more: next < last };
        let mut page = serde_json::to_value(page).unwrap();
        if let Some(words) = state.words {
            words(&mut page);
        }
        told(200, &page)
    }

    /// The customer pays.
    pub fn pay(&self, id: &str) {
        {
            let mut state = self.lock();
            let order = state.orders.get_mut(id).unwrap();
            (order.status, order.paid_at) = (OrderState::Paid, Some(rfc3339(self.clock.now())));
        }
        self.tell(id, FeedEffect::Credit, &credit_event(id), None);
    }

    /// Money is there that the relay cannot match: another amount came.
    pub fn pay_wrongly(&self, id: &str) {
        {
            let mut state = self.lock();
            let order = state.orders.get_mut(id).unwrap();
            order.status = OrderState::Review;
            order.flags.push(Flag::AmountMismatch);
        }
        self.tell(id, FeedEffect::Review, &format!("order/{id}/review"), None);
    }

    /// Money goes back.
    pub fn give_back(&self, id: &str, key: &str, amount_rp: u64) {
        let event = reverse_event(id, key);
        if self.lock().feed.iter().any(|item| item.event_id == event) {
            return;
        }
        {
            let mut state = self.lock();
            let order = state.orders.get_mut(id).unwrap();
            order.refunded_rp += amount_rp;
            let is_whole = order.refunded_rp == order.amount_rp;
            order.status = if is_whole { OrderState::Refunded } else { OrderState::PartiallyRefunded };
        }
        self.tell(id, FeedEffect::Reverse, &event, Some(amount_rp));
    }

    /// The order ends without money.
    pub fn become_(&self, id: &str, status: OrderState) {
        self.lock().orders.get_mut(id).unwrap().status = status;
        self.tell(id, FeedEffect::Status, &format!("order/{id}/status/{}", status.name()), None);
    }

    fn tell(&self, id: &str, effect: FeedEffect, event: &str, amount_rp: Option<u64>) {
        {
            let mut state = self.lock();
            let order = state.orders[id].clone();
            let seq = state.feed.len() as u64 + 1;
            state.feed.push(FeedItem {
                seq,
                event_id: event.to_owned(),
                order_id: id.to_owned(),
                request_id: order.request_id,
                memo: order.memo,
                effect,
                status: order.status,
                flags: order.flags,
                amount_rp: amount_rp.unwrap_or(order.amount_rp),
                refunded_rp: order.refunded_rp,
                method: Some(order.method),
                at: rfc3339(self.clock.now()),
                paid_at: order.paid_at,
            });
        }
        self.moved();
    }

    /// The uplink is cut, or back.
    pub fn up(&self, up: bool) {
        self.lock().up = up;
        self.moved();
    }

    /// Calls of this kind go wrong from here on: `open`, `cancel`, `feed` and so on.
    pub fn fault(&self, kind: &'static str, fault: Fault) {
        self.lock().faults.insert(kind, fault);
        self.moved();
    }

    /// Everything works again.
    /// Pages of the feed are changed like this from here on, as a relay of another version would write them.
    pub fn speak(&self, words: fn(&mut Value)) {
        self.lock().words = Some(words);
    }

    pub fn heal(&self) {
        self.lock().faults.clear();
        self.moved();
    }

    pub fn on_cancel(&self, on_cancel: OnCancel) {
        self.lock().on_cancel = on_cancel;
    }

    /// Charges cost so much more than was asked for.
    pub fn overcharge(&self, extra_rp: u64) {
        self.lock().extra_rp = extra_rp;
    }

    /// Links of charges lead there.
    pub fn link_to(&self, address: &str) {
        self.lock().link = Some(address.to_owned());
    }

    /// What the agent reported last.
    pub fn report(&self) -> Option<HealthReport> {
        self.lock().report.clone()
    }

    /// The relay's clock is so much behind the agent's.
    pub fn be_slow(&self, by_ms: i64) {
        self.lock().slow_ms = by_ms;
    }

    pub fn change_token(&self, token: &str) {
        self.lock().token = token.into();
    }

    /// The relay's store is restored from a copy that was made before anything happened.
    pub fn lose_everything(&self) {
        {
            let mut state = self.lock();
            state.epoch += 1;
            state.orders.clear();
            state.requests.clear();
            state.abandoned.clear();
            state.feed.clear();
        }
        self.moved();
    }

    /// The relay's store is another one with the same content: everything is told again.
    pub fn tell_all_again(&self) {
        self.lock().epoch += 1;
        self.moved();
    }

    pub fn order(&self, id: &str) -> RelayOrder {
        self.lock().orders[id].clone()
    }

    pub fn has(&self, id: &str) -> bool {
        self.lock().orders.contains_key(id)
    }

    /// Orders that may still be paid.
    pub fn open_orders(&self) -> Vec<String> {
        let state = self.lock();
        let open = state.orders.values().filter(|order| order.status.is_open());
        open.map(|order| order.order_id.clone()).collect()
    }

    /// How often calls of this kind came.
    /// Everything that orders were asked for with, as sent.
    #[allow(dead_code, reason = "every test file uses its own part")]
    pub fn asked(&self) -> String {
        self.lock().asked.clone()
    }

    pub fn count(&self, kind: &str) -> usize {
        self.lock().calls.iter().filter(|(name, _)| *name == kind).count()
    }

    /// Waits until a call of this kind has come so often.
    pub async fn called(&self, kind: &str, times: usize) {
        let mut turn = self.turn.subscribe();
        while self.count(kind) < times {
            turn.changed().await.unwrap();
        }
    }

    /// When the customer's time for an order is over.
    pub fn expires_at(&self, id: &str) -> Timestamp {
        parse_rfc3339(self.order(id).expires_at.as_deref().unwrap()).unwrap()
    }

    fn moved(&self) {
        self.turn.send_modify(|turn| *turn += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn kind(method: &Method, path: &str) -> &'static str {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (method.as_str(), segments.as_slice()) {
        ("POST", ["v1", "orders"]) => "open",
        ("GET", ["v1", "orders", _]) => "order",
        ("POST", ["v1", "orders", _, "cancel"]) => "cancel",
        ("POST", ["v1", "orders", _, "refresh"]) => "refresh",
        ("POST", ["v1", "orders", _, "refund"]) => "refund",
        ("POST", ["v1", "orders", _, "adopt"]) => "adopt",
        ("POST", ["v1", "requests", _, "abandon"]) => "abandon",
        ("GET", ["v1", "feed"]) => "feed",
        ("POST", ["v1", "health"]) => "health",
        _ => "unknown",
    }
}

fn means(method: OnlineMethod, number: u32, link: Option<&str>) -> PaymentMeans {
    let url = link.map_or_else(|| format!("https://gateway.example/{number}"), str::to_owned);
    match method {
        OnlineMethod::Snap => PaymentMeans { redirect_url: Some(url), ..PaymentMeans::default() },
        OnlineMethod::Gopay | OnlineMethod::Shopeepay => {
            PaymentMeans { deeplink_url: Some(url), ..PaymentMeans::default() }
        }
        OnlineMethod::Qris => {
            let qr_string = Some(format!("00020101021226{number:08}"));
            PaymentMeans { qr_string, qr_url: Some(url), ..PaymentMeans::default() }
        }
        bank => {
            let bill = (bank == OnlineMethod::VaMandiri).then(|| "70012".to_owned());
            let number = format!("8277{number:08}");
            let bank = bank.name().trim_start_matches("va_").to_owned();
            let va = Some(VirtualAccount { bank, number, biller_code: bill });
            PaymentMeans { va, ..PaymentMeans::default() }
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).expect("the agent says what the protocol describes")
}

fn told(status: u16, value: &impl Serialize) -> Said {
    Said::Json(status, serde_json::to_string(value).unwrap())
}

fn problem(status: u16, code: &str) -> Said {
    let detail = format!("the relay says {code}");
    Said::Json(
        status,
        json!({"type": "about:blank", "title": "", "status": status, "code": code, "detail": detail})
            .to_string(),
    )
}
