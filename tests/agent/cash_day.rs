//! A day at the counter, over the API: two cashiers, cash and what only looks like it, credit within and beyond the
//! limit, refunds, a wrong count, and restarts between. At the end everything agrees to the rupiah.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::support::http_client::Reply;
use crate::support::site::TestSite;
use axum::http::Method;
use kuota::store::Reader;
use serde_json::{Value, json};

const GIB: u64 = 1024 * 1024 * 1024;

/// A site with a shop, two cashiers and what they sell.
struct Counter {
    site: TestSite,
    ani: String,
    budi: String,
    ten: Value,
    one: Value,
}

impl Counter {
    async fn open() -> Self {
        let site = TestSite::serving_with(|config| config.policy.cashier_credit_rp = 150_000).await;
        let (ani, budi) = (site.admin("ani", "cashier").await, site.admin("budi", "cashier").await);
        let (ten, one) = (site.package(10_240, 100_000).await, site.package(1024, 10_000).await);
        Self { site, ani, budi, ten, one }
    }

    async fn post(&self, who: &str, path: &str, body: Value) -> Reply {
        self.site.request(Method::POST, path).bearer(who).json(&body).send().await
    }

    async fn sell(&self, who: &str, user: &str, package: &Value, method: &str) -> Value {
        let body = json!({"package_id": package, "method": method});
        self.post(who, &format!("{user}/purchases"), body).await.ok(201)
    }

    async fn lend(&self, who: &str, user: &str, body: Value) -> Reply {
        self.post(who, &format!("{user}/debts"), body).await
    }

    async fn refund(&self, order: &Value, body: Value) -> Reply {
        self.site.post(&format!("/orders/{}/refund", order["id"].as_str().unwrap()), body).await
    }

    async fn close(&self, who: &str, counted: u64) -> Value {
        self.post(who, "/closings", json!({"counted_rp": counted, "note": "sore"})).await.ok(201)
    }

    async fn user(&self, user: &str) -> Value {
        self.site.get(user).await.ok(200)
    }

    async fn all(&self, who: &str, path: &str) -> Vec<Value> {
        let request = self.site.request(Method::GET, &format!("{path}?limit=500")).bearer(who);
        request.send().await.ok(200)["items"].as_array().unwrap().clone()
    }
}

fn figures(closing: &Value) -> (i64, i64, u64, u64, u64) {
    let n = |field: &str| closing[field].as_u64().unwrap_or_default();
    (
        closing["expected_rp"].as_i64().unwrap(),
        closing["difference_rp"].as_i64().unwrap(),
        n("receipts"),
        n("first_receipt"),
        n("last_receipt"),
    )
}

/// What the site holds: orders less refunds, closings, and the moves between, each summed by itself.
async fn agree(counter: &Counter) {
    let verified = counter.site.get("/ledger/verify").await.ok(200);
    let orders = counter.all(&counter.site.owner, "/orders").await;
    assert_eq!(verified["receipts"], orders.len());
    let mut receipts: Vec<u64> = orders.iter().map(|o| o["receipt"].as_u64().unwrap()).collect();
    receipts.reverse();
    assert_eq!(receipts, (1..=orders.len() as u64).collect::<Vec<_>>());
    let rp = |value: &Value, field: &str| i64::try_from(value[field].as_u64().unwrap()).unwrap();
    for method in ["cash", "transfer", "qris_static"] {
        let booked: i64 = orders
            .iter()
            .filter(|o| o["method"] == method)
            .map(|o| rp(o, "amount_rp") - rp(o, "refunded_rp"))
            .sum();
        let closings = counter.all(&counter.site.owner, "/closings").await;
        let closed: i64 =
            closings.iter().map(|c| rp(&c[method], "taken_rp") - rp(&c[method], "returned_rp")).sum();
        let reader = Reader::open(counter.site.folder()).unwrap();
        let open: i64 = ["ani", "budi", "juragan"]
            .iter()
            .map(|cashier| {
                let drawer = reader.drawer(cashier, None).unwrap();
                match method {
                    "cash" => drawer.cash.sum(),
                    "transfer" => drawer.transfer.sum(),
                    _ => drawer.qris_static.sum(),
                }
            })
            .sum();
        assert_eq!(booked, closed + open, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_cash_agrees_to_the_rupiah() {
    let mut counter = Counter::open().await;
    let (one, two, three, four) = (
        counter.site.user("Satu").await,
        counter.site.user("Dua").await,
        counter.site.user("Tiga").await,
        counter.site.user("Empat").await,
    );
    let first = counter.sell(&counter.ani, &one, &counter.ten, "cash").await;
    let second = counter.sell(&counter.ani, &two, &counter.ten, "transfer").await;
    let dear = json!({"package_id": counter.ten, "method": "cash", "expect_rp": 1});
    counter.post(&counter.budi, &format!("{three}/purchases"), dear).await.problem(409, "quote_changed");
    counter.sell(&counter.budi, &three, &counter.ten, "cash").await;
    counter.site.restart().await;
    let fourth = counter.sell(&counter.budi, &four, &counter.one, "qris_static").await;
    assert_eq!((&fourth["receipt"], &fourth["refunded_rp"]), (&json!(4), &json!(0)));
    agree(&counter).await;

    refunds(&counter, [&one, &two], [&first, &second]).await;
    let fifth = counter
        .post(&counter.budi, &format!("{four}/debts"), json!({"package_id": counter.one}))
        .await
        .ok(201);
    let settle = format!("{four}/debts/{}/settlements", fifth["id"].as_str().unwrap());
    counter.post(&counter.budi, &settle, json!({"method": "cash"})).await.ok(201);
    counter.site.restart().await;
    agree(&counter).await;
    drawers(&mut counter, &one).await;
}

/// Money of the first two orders goes back: part and rest of the one, the other whole.
async fn refunds(counter: &Counter, users: [&str; 2], orders: [&Value; 2]) {
    let ([one, two], [first, second]) = (users, orders);
    let part = json!({"amount_rp": 25_000, "reason": "salah hitung"});
    let path = format!("/orders/{}/refund", first["id"].as_str().unwrap());
    counter.post(&counter.ani, &path, part.clone()).await.problem(403, "role");
    let keyed = || {
        counter.site.request(Method::POST, &path).bearer(&counter.site.owner).header("idempotency-key", "r1")
    };
    let answer = keyed().json(&part).send().await.ok(200);
    assert_eq!((&answer["status"], &answer["refunded_rp"]), (&json!("partially_refunded"), &json!(25_000)));
    assert_eq!(keyed().json(&part).send().await.ok(200), answer, "the same key is one refund");
    assert_eq!(counter.user(one).await["remaining_bytes"], 10 * GIB * 3 / 4);
    let much = json!({"amount_rp": 75_001, "reason": "x"});
    counter.refund(first, much).await.problem(409, "refunds_too_much");
    let rest = counter.refund(first, json!({"reason": "pelanggan pindah"})).await.ok(200);
    assert_eq!((&rest["status"], &rest["refunded_rp"]), (&json!("refunded"), &json!(100_000)));
    counter.refund(first, json!({"reason": "lagi"})).await.problem(409, "refunds_too_much");
    let user = counter.user(one).await;
    assert_eq!((&user["remaining_bytes"], &user["overage_bytes"]), (&json!(0), &json!(0)));
    assert_eq!(user["expires_at"], Value::Null, "the days went back with it");
    counter.refund(second, json!({"reason": "batal"})).await.ok(200);
    assert_eq!(counter.user(two).await["remaining_bytes"], 0);
    let unknown = json!({"id": "no-such-order"});
    counter.refund(&unknown, json!({"reason": "x"})).await.problem(404, "not_found");
    counter.refund(second, json!({})).await.invalid("reason");
    counter.refund(second, json!({"amount_rp": 0, "reason": "x"})).await.invalid("amount_rp");
}

/// Three drawers are counted, one of them wrongly; then again.
async fn drawers(counter: &mut Counter, user: &str) {
    let ani = counter.close(&counter.ani, 100_000).await;
    assert_eq!(figures(&ani), (100_000, 0, 2, 1, 2));
    assert_eq!(ani["transfer"], json!({"taken_rp": 100_000, "returned_rp": 0}));
    let budi = counter.close(&counter.budi, 109_000).await;
    assert_eq!(figures(&budi), (110_000, -1_000, 3, 3, 5));
    assert_eq!(budi["qris_static"]["taken_rp"], 10_000);
    // The owner gave back what the cashiers had taken.
    let owner = counter.close(&counter.site.owner, 0).await;
    assert_eq!(figures(&owner), (-100_000, 100_000, 0, 0, 0));
    assert_eq!(owner["transfer"]["returned_rp"], 100_000);
    counter.site.restart().await;
    assert_eq!(figures(&counter.close(&counter.ani, 0).await), (0, 0, 0, 0, 0), "counted once");
    counter.sell(&counter.ani, user, &counter.one, "cash").await;
    agree(counter).await;
    assert_eq!(figures(&counter.close(&counter.ani, 10_500).await), (10_000, 500, 1, 6, 6));

    counter.post(&counter.ani, "/closings", json!({"counted_rp": -1})).await.invalid("counted_rp");
    let viewer = counter.site.admin("tamu", "viewer").await;
    counter.post(&viewer, "/closings", json!({"counted_rp": 1})).await.problem(403, "role");
    let own = counter.all(&counter.ani, "/closings").await;
    assert_eq!(own.iter().map(|c| c["id"].as_u64().unwrap()).collect::<Vec<_>>(), [5, 4, 1]);
    assert_eq!(own[2], ani, "a closing stays as it was answered");
    let page = counter.site.get("/closings?limit=3").await.ok(200);
    let rest = counter.site.get(&format!("/closings?after={}", page["next"].as_str().unwrap())).await.ok(200);
    assert_eq!((page["items"][0]["id"].clone(), rest["items"].as_array().unwrap().len()), (json!(5), 2));
    let audit = counter.site.get("/audit?limit=500").await.ok(200);
    let lines = |action: &str| {
        let all = audit["items"].as_array().unwrap();
        all.iter().filter(|line| line["action"] == action).count()
    };
    assert_eq!((lines("drawer.close"), lines("order.refunded"), lines("order.paid")), (5, 3, 6));
    agree(counter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_by_a_cashier_is_bounded_by_what_is_unpaid_at_any_time() {
    let mut counter = Counter::open().await;
    let (one, two) = (counter.site.user("Satu").await, counter.site.user("Dua").await);
    let ten = json!({"package_id": counter.ten});
    let lent = counter.lend(&counter.ani, &one, ten.clone()).await.ok(201);
    counter.lend(&counter.ani, &two, ten.clone()).await.problem(409, "cashier_credit");
    assert_eq!(counter.user(&two).await["credited_bytes"], 0);
    let cheap = json!({"amount": "900 GB", "price_rp": 1});
    counter.lend(&counter.ani, &two, cheap).await.problem(409, "cashier_credit");
    let half = counter.lend(&counter.ani, &two, json!({"amount": "5 GB"})).await.ok(201);
    assert_eq!(half["due_rp"], 50_000, "the limit is reached exactly");
    counter.site.restart().await;
    let small = json!({"package_id": counter.one});
    counter.lend(&counter.ani, &two, small.clone()).await.problem(409, "cashier_credit");
    counter.lend(&counter.budi, &two, small.clone()).await.ok(201);
    counter.site.post(&format!("{two}/debts"), json!({"amount": "100 GB"})).await.ok(201);

    // What is paid, to whomever, may be given again; what is refunded is owed again by who gave it.
    let settle = format!("{one}/debts/{}/settlements", lent["id"].as_str().unwrap());
    let order = counter.post(&counter.budi, &settle, json!({"method": "cash"})).await.ok(201);
    counter.lend(&counter.ani, &two, small.clone()).await.ok(201);
    counter.refund(&order, json!({"reason": "uang palsu"})).await.ok(200);
    let debts = counter.site.get(&format!("{one}/debts")).await.ok(200);
    assert_eq!(
        (&debts["items"][0]["status"], &debts["items"][0]["due_rp"]),
        (&json!("open"), &json!(100_000))
    );
    counter.lend(&counter.ani, &two, small.clone()).await.problem(409, "cashier_credit");
    counter.site.restart().await;
    counter.lend(&counter.ani, &two, small.clone()).await.problem(409, "cashier_credit");

    // Forgiven is not unpaid.
    let path = format!("{one}/debts/{}/write-off", lent["id"].as_str().unwrap());
    counter.site.post(&path, json!({"reason": "pindah"})).await.ok(200);
    counter.lend(&counter.ani, &two, small).await.ok(201);
    agree(&counter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_no_cashier_gives_credit() {
    let site = TestSite::serving().await;
    let ani = site.admin("ani", "cashier").await;
    let (user, package) = (site.user("Satu").await, site.package(1024, 10_000).await);
    let debt = site.request(Method::POST, &format!("{user}/debts")).bearer(&ani);
    debt.json(&json!({"package_id": package})).send().await.problem(409, "cashier_credit");
}

#[tokio::test(flavor = "multi_thread")]
async fn promises_move_a_day_and_write_offs_end_a_debt() {
    let counter = Counter::open().await;
    let user = counter.site.user("Satu").await;
    let late = json!({"amount": "1 GB", "debt_date": "2026-10-01", "due_date": "2026-10-31", "note": "lama"});
    let debt = counter.site.post(&format!("{user}/debts"), late).await.ok(201);
    assert_eq!(counter.user(&user).await["access"]["reason"], "debt_overdue");
    let path = format!("{user}/debts/{}", debt["id"].as_str().unwrap());
    let lines = counter.site.lines().await;
    counter.site.patch(&path, json!({"due_date": "2026-09-30"})).await.invalid("due_date");
    counter.site.patch(&path, json!({"due_date": "besok"})).await.invalid("due_date");
    counter.site.patch(&path, json!({})).await.invalid("due_date");
    counter.site.patch(&path, json!({"price_rp": 1})).await.invalid("price_rp");
    counter.site.patch(&format!("{user}/debts/x"), json!({"note": "x"})).await.invalid("debt");
    let unknown = format!("{user}/debts/00000000-0000-4000-8000-000000000000");
    counter.site.patch(&unknown, json!({"note": "x"})).await.problem(404, "not_found");
    let other = counter.site.user("Dua").await;
    let foreign = format!("{other}/debts/{}", debt["id"].as_str().unwrap());
    counter
        .site
        .post(&format!("{foreign}/write-off"), json!({"reason": "x"}))
        .await
        .problem(404, "not_found");
    counter.site.post(&format!("{path}/write-off"), json!({})).await.invalid("reason");
    assert_eq!(counter.site.lines().await.0, lines.0);

    let promised = counter.site.patch(&path, json!({"due_date": "2026-12-31"})).await.ok(200);
    assert_eq!((&promised["due_date"], &promised["note"]), (&json!("2026-12-31"), &json!("lama")));
    assert_eq!(counter.user(&user).await["access"]["status"], "active");
    let noted = counter.site.patch(&path, json!({"note": "janji"})).await.ok(200);
    assert_eq!((&noted["due_date"], &noted["note"]), (&json!("2026-12-31"), &json!("janji")));
    let forgiven = counter.site.post(&format!("{path}/write-off"), json!({"reason": "pindah"})).await.ok(200);
    assert_eq!((&forgiven["status"], &forgiven["due_rp"]), (&json!("written_off"), &json!(0)));
    counter.site.patch(&path, json!({"note": "x"})).await.problem(409, "already_paid");
    let again = counter.site.post(&format!("{path}/write-off"), json!({"reason": "x"})).await;
    again.problem(409, "already_paid");
    let statement = counter.site.get(&format!("{user}/statement")).await.ok(200);
    let line = &statement["items"][0];
    assert_eq!(
        (&line["kind"], &line["note"], &line["amount_bytes"]),
        (&json!("written_off"), &json!("pindah"), &json!(GIB))
    );
    agree(&counter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_shown_once_and_kept_as_a_hash() {
    let mut counter = Counter::open().await;
    let user = counter.site.user("Satu").await;
    let path = format!("{user}/pin");
    counter.post(&counter.ani, &path, json!({})).await.problem(403, "role");
    counter
        .site
        .post("/users/00000000-0000-4000-8000-000000000000/pin", json!({}))
        .await
        .problem(404, "not_found");
    let call = || {
        counter.site.request(Method::POST, &path).bearer(&counter.site.owner).header("idempotency-key", "p")
    };
    let hash = || Reader::open(counter.site.folder()).unwrap().pin_hash(1).unwrap();
    assert_eq!(hash(), None);
    let first = call().send().await.ok(201);
    let before = hash().unwrap();
    let second = call().send().await.ok(201);
    for pin in [&first["pin"], &second["pin"]] {
        let pin = pin.as_str().unwrap();
        assert!(pin.len() == 6 && pin.bytes().all(|b| b.is_ascii_digit()), "{pin}");
        let audit = counter.site.get("/audit").await.text;
        assert!(!audit.contains(&format!("\"{pin}")) && !audit.contains("argon2"), "{audit}");
    }
    let after = hash().unwrap();
    assert!(before != after && after.starts_with("$argon2id$"));
    assert!(!counter.site.get(&user).await.text.contains("pin"));
    counter.site.patch(&user, json!({"name": "Lain"})).await.ok(200);
    counter.site.restart().await;
    let kept = Reader::open(counter.site.folder()).unwrap().pin_hash(1).unwrap();
    assert_eq!(kept, Some(after), "other changes leave it");
}
