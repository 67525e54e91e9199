//! The real relay against the simulated gateway, both over sockets: every method to every end, notifications that go
//! wrong, charges whose outcome nobody knows, and many at once.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method as Verb;
use kuota::clock::SystemClock;
use kuota::relay::config::Config;
use kuota::relay::run::{DirectorySources, assemble};
use kuota::sim::midtrans::{
    GatewayFault, Meddling, MidtransSim, Options, PayMethod, SimMerchant as Account, SimOperation, Strikes,
    TransactionStatus, Trouble, VaBank,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::support::http_client::{Call, HttpClient, http_client};
use crate::support::relay_host::{
    ACCOUNT, KEY, METHODS, RelayHost, TOKEN, free_port, secrets, simulated_merchant,
};
use crate::support::test_relay::open_store;

const PATIENCE: Duration = Duration::from_secs(30);

/// A relay and its gateway, both running.
struct GatewaySite {
    sim: MidtransSim,
    host: RelayHost,
    http: HttpClient,
    _folder: TempDir,
}

impl GatewaySite {
    async fn new() -> Self {
        Self::with(Options::default(), true).await
    }

    async fn with(options: Options, notified: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sim = MidtransSim::start(Options { merchants: vec![Account::new(ACCOUNT, KEY)], ..options });
        let sim = sim.await.unwrap();
        let listener = free_port().await;
        let base = format!("http://{}", listener.local_addr().unwrap());
        let public_url = notified.then(|| base.parse().unwrap());
        let merchant = vec![simulated_merchant(&sim, false)];
        let config = Config { public_url, merchant, ..Config::default() };
        let secrets = secrets(&[("m1", KEY)], &[("site-1", TOKEN)]);
        let store = open_store(folder.path()).await;
        let relay = assemble(
            &config,
            DirectorySources::fixed(&config, &secrets),
            store,
            Arc::new(SystemClock::new()),
        )
        .await
        .unwrap();
        Self { sim, host: RelayHost::looping(relay, listener), http: http_client(), _folder: folder }
    }

    async fn call(&self, verb: Verb, path: &str, body: Option<&Value>) -> (u16, Value) {
        let call = Call::new(&self.http, verb, &format!("{}{path}", self.host.url())).bearer(TOKEN);
        let body = body.map(ToString::to_string).unwrap_or_default();
        let reply = call.header("content-type", "application/json").body(body).send().await;
        (reply.status, reply.json())
    }

    async fn open(&self, request_id: &str, method: &str) -> (u16, Value) {
        let body = json!({
            "request_id": request_id,
            "method": method,
            "amount_rp": 25_000,
            "items": [
                {"name": "Paket 10 GB, berlaku 30 hari, nama yang lebih panjang dari lima puluh huruf", "price_rp": 20_000, "quantity": 1},
                {"name": "Tagihan", "price_rp": 2500, "quantity": 2},
            ],
            "expires_in_s": 900,
            "memo": {"v": 1, "request": request_id},
        });
        self.call(Verb::POST, "/v1/orders", Some(&body)).await
    }

    async fn opened(&self, request_id: &str, method: &str) -> String {
        let (status, order) = self.open(request_id, method).await;
        assert_eq!(status, 201, "{method}: {order}");
        order["order_id"].as_str().unwrap().to_owned()
    }

    async fn act(&self, id: &str, what: &str) -> Value {
        let (status, order) = self.call(Verb::POST, &format!("/v1/orders/{id}/{what}"), None).await;
        assert_eq!(status, 200, "{what}: {order}");
        order
    }

    async fn order(&self, id: &str) -> Value {
        let (status, order) = self.call(Verb::GET, &format!("/v1/orders/{id}"), None).await;
        assert_eq!(status, 200, "{order}");
        order
    }

    async fn feed(&self) -> Vec<Value> {
        let mut items = Vec::new();
        loop {
            let after = items.len();
            let (status, page) =
                self.call(Verb::GET, &format!("/v1/feed?after={after}&limit=500"), None).await;
            assert_eq!(status, 200, "{page}");
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            if page["has_more"] != true {
                return items;
            }
        }
    }

    /// Effects told about an order, those that only show a state left out.
    async fn effects(&self, id: &str) -> Vec<String> {
        let feed = self.feed().await.into_iter().filter(|item| item["order_id"] == id);
        let effects = feed.map(|item| item["effect"].as_str().unwrap().to_owned());
        effects.filter(|effect| effect != "status").collect()
    }

    /// Follows the feed, as a site does, until the order stands there.
    async fn until(&self, id: &str, state: &str) -> Value {
        self.until_it_says(id, "status", &json!(state)).await
    }

    async fn until_it_says(&self, id: &str, field: &str, value: &Value) -> Value {
        let end = Instant::now() + PATIENCE;
        let mut after = 0;
        loop {
            let order = self.order(id).await;
            if order[field] == *value {
                return order;
            }
            assert!(Instant::now() < end, "{id}: {field} is {} and not {value}", order[field]);
            let (_, page) = self.call(Verb::GET, &format!("/v1/feed?after={after}&wait=1"), None).await;
            after = page["next"].as_u64().unwrap();
        }
    }

    /// Waits until every notification was delivered and decided.
    async fn settled_down(&self) {
        timeout(PATIENCE, self.sim.quiet()).await.unwrap();
        let end = Instant::now() + PATIENCE;
        while self.call(Verb::GET, "/healthz", None).await.1["inbox"] != 0 {
            assert!(Instant::now() < end, "notifications are not decided");
        }
    }

    fn pay(&self, id: &str, method: &str) {
        if method == "snap" {
            self.sim.pay_with(id, PayMethod::Va(VaBank::Bca)).unwrap();
        } else {
            self.sim.pay(id).unwrap();
        }
    }

    async fn end(self) {
        self.host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_is_charged_paid_and_credited_once() {
    let site = GatewaySite::new().await;
    for method in METHODS {
        let id = site.opened(method, method).await;
        site.pay(&id, method);
        let order = site.until(&id, "paid").await;
        assert_eq!((&order["flags"], &order["amount_rp"]), (&json!([]), &json!(25_000)), "{method}");
        assert!(order["paid_at"].is_string());
    }
    site.settled_down().await;
    let feed = site.feed().await;
    for method in METHODS {
        let of_method = feed.iter().filter(|item| item["method"] == method && item["effect"] == "credit");
        let credits: Vec<_> = of_method.collect();
        assert_eq!(credits.len(), 1, "{method}");
        assert_eq!(credits[0]["memo"], json!({"v": 1, "request": method}));
    }
    assert_eq!(site.sim.notifications().failed, 0, "{:?}", site.sim.attempts().last());
    assert!(site.host.relay.figures().delay().count >= 10);
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_end_of_an_order_is_told() {
    let site = GatewaySite::new().await;
    let expired = site.opened("expired", "va_bca").await;
    site.sim.expire(&expired).unwrap();
    site.until(&expired, "expired").await;
    site.sim.settle_late(&expired).unwrap();
    assert_eq!(site.until(&expired, "paid").await["flags"], json!(["late_settlement"]));

    let denied = site.opened("denied", "gopay").await;
    site.sim.deny(&denied).unwrap();
    site.until(&denied, "denied").await;

    let cancelled = site.opened("cancelled", "qris").await;
    assert_eq!(site.act(&cancelled, "cancel").await["status"], "cancelled");
    assert_eq!(site.sim.find(&cancelled).unwrap().status, TransactionStatus::Cancel);
    site.sim.settle_late(&cancelled).unwrap();
    assert_eq!(site.until(&cancelled, "review").await["flags"], json!(["paid_after_cancel"]));

    let raced = site.opened("raced", "qris").await;
    site.sim.pay(&raced).unwrap();
    assert_eq!(site.act(&raced, "cancel").await["status"], "paid");

    let reversed = site.opened("reversed", "va_permata").await;
    site.sim.pay(&reversed).unwrap();
    site.until(&reversed, "paid").await;
    site.sim.reverse(&reversed).unwrap();
    assert_eq!(site.until(&reversed, "reversed").await["flags"], json!(["provider_reversal"]));
    assert_eq!(site.effects(&reversed).await, ["credit", "reverse"]);

    let charged_back = site.opened("charged-back", "qris").await;
    site.sim.pay(&charged_back).unwrap();
    site.until(&charged_back, "paid").await;
    site.sim.chargeback(&charged_back).unwrap();
    site.until(&charged_back, "charged_back").await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_are_made_and_come_back_by_the_feed() {
    let site = GatewaySite::new().await;
    let id = site.opened("r-1", "qris").await;
    site.sim.pay(&id).unwrap();
    site.until(&id, "paid").await;
    let refund = async |key: &str, amount_rp: u64| {
        let body = json!({"refund_key": key, "amount_rp": amount_rp, "reason": "salah beli"});
        site.call(Verb::POST, &format!("/v1/orders/{id}/refund"), Some(&body)).await
    };
    assert_eq!(refund("k1", 10_000).await.0, 200);
    site.until(&id, "partially_refunded").await;
    assert_eq!(refund("k1", 10_000).await.0, 200);
    assert_eq!(refund("k2", 15_000).await.0, 200);
    assert_eq!(site.until(&id, "refunded").await["refunded_rp"], 25_000);
    site.settled_down().await;
    assert_eq!(site.effects(&id).await, ["credit", "reverse", "reverse"]);
    assert_eq!(site.sim.find(&id).unwrap().refunds.len(), 2);
    let account = site.opened("r-2", "va_bca").await;
    site.sim.pay(&account).unwrap();
    site.until(&account, "paid").await;
    let body = json!({"refund_key": "k", "amount_rp": 1000, "reason": "x"});
    let (status, problem) = site.call(Verb::POST, &format!("/v1/orders/{account}/refund"), Some(&body)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("refund_refused")), "{problem}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_that_go_wrong_credit_once_or_not_at_all() {
    let site = GatewaySite::new().await;
    let rows: [(&str, Meddling, &str, Value); 6] = [
        ("duplicated", Meddling::Duplicate(4), "paid", json!([])),
        ("reordered", Meddling::Reorder, "pending", json!([])),
        ("strangers", Meddling::WrongKey, "pending", json!(["bad_signature"])),
        ("numbers", Meddling::Numbers, "pending", json!(["malformed"])),
        ("edited", Meddling::Field("transaction_status".into(), json!("refund")), "paid", json!([])),
        ("dropped", Meddling::Drop, "pending", json!([])),
    ];
    for (name, meddling, state, flags) in rows {
        let id = site.opened(name, "qris").await;
        site.settled_down().await;
        let fault = site.sim.plant(GatewayFault::notification(meddling).order(&id).when(Strikes::First(1)));
        site.sim.pay(&id).unwrap();
        if state == "paid" {
            site.until(&id, "paid").await;
        } else if flags != json!([]) {
            site.until_it_says(&id, "flags", &flags).await;
        }
        assert_eq!(site.order(&id).await["status"], state, "{name}");
        // Asking is what decides, whoever told what.
        assert_eq!(site.act(&id, "refresh").await["status"], "paid", "{name}");
        site.sim.heal(fault);
        assert_eq!(site.effects(&id).await, ["credit"], "{name}");
    }
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_public_address_payments_are_found_by_asking() {
    let site = GatewaySite::with(Options::default(), false).await;
    let id = site.opened("r-1", "qris").await;
    site.sim.pay(&id).unwrap();
    site.until(&id, "paid").await;
    assert_eq!(site.sim.notifications().sent, 0);
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_whose_answer_is_lost_is_one_charge_or_none() {
    let site = GatewaySite::new().await;
    for (n, trouble) in [
        Trouble::ResetAfter,
        Trouble::HtmlAfter(502),
        Trouble::HalfAnswer,
        Trouble::Reset,
        Trouble::Html(503),
        Trouble::KeyRunning,
        Trouble::RateLimited,
    ]
    .into_iter()
    .enumerate()
    {
        let what = format!("{trouble:?}");
        let fault = site.sim.plant(GatewayFault::on(SimOperation::Charge, trouble).when(Strikes::First(1)));
        let id = site.opened(&format!("r-{n}"), "qris").await;
        site.sim.heal(fault);
        assert!(site.order(&id).await["qr_string"].is_string(), "{what}");
        site.sim.pay(&id).unwrap();
        site.until(&id, "paid").await;
        assert_eq!(site.effects(&id).await, ["credit"], "{what}");
        assert_eq!(site.sim.orders().iter().filter(|payment| payment.order_id == id).count(), 1, "{what}");
    }
    // Permata heeds no key: it is found, and its number with it.
    let fault =
        site.sim.plant(GatewayFault::on(SimOperation::Charge, Trouble::ResetAfter).when(Strikes::First(1)));
    let id = site.opened("permata", "va_permata").await;
    site.sim.heal(fault);
    let number = site.sim.find(&id).unwrap().va_number.unwrap();
    assert_eq!(site.order(&id).await["va"]["number"], json!(number));
    // Lost for good: called off at the gateway, and nobody is left with something to pay.
    let fault =
        site.sim.plant(GatewayFault::on(SimOperation::Charge, Trouble::ResetAfter).when(Strikes::First(2)));
    let (status, problem) = site.open("lost", "qris").await;
    site.sim.heal(fault);
    assert_eq!((status, &problem["code"]), (504, &json!("gateway_unknown")));
    let lost = site.sim.orders().into_iter().next_back().unwrap();
    assert_eq!(lost.status, TransactionStatus::Cancel);
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_charge_than_was_asked_for_is_called_off() {
    let site = GatewaySite::new().await;
    site.opened("first", "qris").await;
    for (n, (field, value)) in
        [("gross_amount", "1.00"), ("currency", "USD"), ("merchant_id", "G9"), ("order_id", "somebody-elses")]
            .into_iter()
            .enumerate()
    {
        let trouble = Trouble::Field(field.into(), json!(value));
        let fault = site.sim.plant(GatewayFault::on(SimOperation::Charge, trouble).when(Strikes::First(1)));
        let (status, problem) = site.open(&format!("r-{n}"), "qris").await;
        site.sim.heal(fault);
        assert_eq!((status, &problem["code"]), (502, &json!("gateway_mismatch")), "{field}: {problem}");
        let last = site.sim.orders().into_iter().next_back().unwrap();
        assert_eq!(last.status, TransactionStatus::Cancel, "{field}");
        assert!(site.effects(&last.order_id).await.is_empty());
    }
    site.sim.set_methods_off(ACCOUNT, &["gopay"]);
    let (status, problem) = site.open("off", "gopay").await;
    assert_eq!((status, &problem["code"]), (502, &json!("method_unavailable")), "{problem}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_with_faults_are_each_credited_once() {
    let site = Arc::new(GatewaySite::with(Options { seed: 7, ..Options::default() }, true).await);
    let troubles = [
        GatewayFault::on(SimOperation::Charge, Trouble::ResetAfter).when(Strikes::Permille(60)),
        GatewayFault::on(SimOperation::Charge, Trouble::HtmlAfter(502)).when(Strikes::Permille(60)),
        GatewayFault::on(SimOperation::Status, Trouble::Reset).when(Strikes::Permille(60)),
        GatewayFault::notification(Meddling::Duplicate(2)).when(Strikes::Permille(300)),
    ];
    for fault in troubles {
        site.sim.plant(fault);
    }
    let mut calls = JoinSet::new();
    for n in 0..60 {
        let site = Arc::clone(&site);
        calls.spawn(async move {
            let (status, order) = site.open(&format!("r-{n}"), METHODS[1 + n % 9]).await;
            let id = order["order_id"].as_str().map(str::to_owned);
            match (status, id) {
                (201, Some(id)) => {
                    site.sim.pay(&id).unwrap();
                    Some(id)
                }
                // What nobody was shown, nobody pays.
                (503 | 504, None) => None,
                _ => panic!("{status}: {order}"),
            }
        });
    }
    let paid: Vec<String> = calls.join_all().await.into_iter().flatten().collect();
    assert!(paid.len() > 40, "{}", paid.len());
    site.sim.heal_all();
    for id in &paid {
        site.until(id, "paid").await;
    }
    site.settled_down().await;
    let feed = site.feed().await;
    let seqs: Vec<u64> = feed.iter().map(|item| item["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let credits: Vec<&str> = feed
        .iter()
        .filter(|item| item["effect"] == "credit")
        .map(|item| item["order_id"].as_str().unwrap())
        .collect();
    assert_eq!(credits.len(), paid.len());
    assert!(paid.iter().all(|id| credits.contains(&id.as_str())));
    Arc::into_inner(site).unwrap().end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stops_within_seconds_though_a_site_waits_for_its_feed() {
    let site = Arc::new(GatewaySite::new().await);
    let caller = Arc::clone(&site);
    let mut waiting =
        tokio::spawn(async move { caller.call(Verb::GET, "/v1/feed?after=0&wait=55", None).await });
    assert!(timeout(Duration::from_millis(300), &mut waiting).await.is_err());
    let begun = Instant::now();
    site.host.ask_to_stop();
    let (status, page) = timeout(PATIENCE, waiting).await.unwrap().unwrap();
    assert_eq!((status, &page["items"]), (200, &json!([])));
    Arc::into_inner(site).unwrap().end().await;
    assert!(begun.elapsed() < Duration::from_secs(5));
}
