//! What people can do while the store cannot be written: the owner logs in and sees why, the router is brought in line,
//! customers read what it means for them.

use axum::http::Method;
use kuota::clock::Clock;
use kuota::domain::id::Mac;
use rusqlite::Connection;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::support::api_client::PASSWORD;
use crate::support::http_client::Reply;
use crate::support::payment_site::PaymentSite;
use crate::support::portal_client::PortalClient;
use crate::support::site::TestSite;

const STRANGER: Mac = Mac([2, 0, 0, 0, 0, 9]);

/// Another program takes the store's file for itself until the connection is dropped.
fn hold(site: &TestSite) -> Connection {
    let holder = Connection::open(site.folder().join("kuota.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    holder
}

/// Cycles until the store is written again. The pause between two tries is of real time.
async fn released(site: &TestSite, holder: Connection) {
    drop(holder);
    crate::support::payment_site::until("the store is written again", async || {
        site.agent().cycle.meter_once().await.unwrap();
        site.agent().engine().unwritable().is_none()
    })
    .await;
}

fn code(site: &TestSite, secret: &str) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    totp.generate(u64::try_from(site.clock.now().0 / 1000).unwrap()).to_string()
}

async fn log_in(site: &TestSite, otp: Option<&str>) -> Reply {
    let body = json!({"username": "juragan", "password": PASSWORD, "otp": otp});
    site.request(Method::POST, "/login").json(&body).send().await
}

fn cookie(reply: &Reply) -> String {
    reply.ok(200);
    reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn with_session(site: &TestSite, method: Method, path: &str, cookie: &str) -> Reply {
    let call = site.request(method, path).header("cookie", cookie).header("origin", &site.base);
    call.json(&json!({})).send().await
}

async fn me(site: &TestSite, cookie: &str) -> u16 {
    site.request(Method::GET, "/me").header("cookie", cookie).send().await.status
}

async fn lines_of(site: &TestSite, action: &str) -> usize {
    let audit = site.get("/audit?limit=500").await.ok(200);
    audit["items"].as_array().unwrap().iter().filter(|line| line["action"] == action).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_logs_in_while_nothing_can_be_written_and_a_code_is_good_once() {
    let mut site = PaymentSite::start().await;
    let before = cookie(&log_in(&site, None).await);
    let begun = site.post("/me/totp", json!({})).await.ok(201);
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let otp = code(&site, &secret);
    site.post("/me/totp/confirm", json!({"otp": otp})).await.ok(200);
    let holder = hold(&site);
    site.post("/users", json!({"name": "Baru"})).await.problem(503, "store_busy");

    log_in(&site, Some(&otp)).await.problem(401, "unauthorized");
    site.clock.advance(Duration::from_mins(1));
    let otp = code(&site, &secret);
    let kept = cookie(&log_in(&site, Some(&otp)).await);
    log_in(&site, Some(&otp)).await.problem(401, "unauthorized");
    let status = with_session(&site, Method::GET, "/status", &kept).await.ok(200);
    assert_eq!(status["store"]["state"], "degraded", "{status}");
    with_session(&site, Method::POST, "/router/sync", &kept).await.ok(200);
    site.post("/router/sync", json!({})).await.ok(200);

    site.clock.advance(Duration::from_mins(1));
    let ended = cookie(&log_in(&site, Some(&code(&site, &secret))).await);
    for cookie in [&before, &ended] {
        with_session(&site, Method::POST, "/logout", cookie).await.ok(204);
        assert_eq!(me(&site, cookie).await, 401);
    }
    assert_eq!(lines_of(&site, "router.sync").await, 0);

    released(&site, holder).await;
    assert_eq!(me(&site, &kept).await, 200);
    site.post("/users", json!({"name": "Baru"})).await.ok(201);
    assert_eq!(lines_of(&site, "router.sync").await, 2);
    assert_eq!(lines_of(&site, "admin.login").await, 3);
    site.restart().await;
    assert_eq!(me(&site, &kept).await, 200, "what was held in memory is stored");
    for cookie in [&before, &ended] {
        assert_eq!(me(&site, cookie).await, 401);
    }
    log_in(&site, Some(&code(&site, &secret))).await.problem(401, "unauthorized");
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_could_not_be_stored_ends_with_its_admin() {
    let site = PaymentSite::start().await;
    site.admin("rini", "owner").await;
    let holder = hold(&site);
    let body = json!({"username": "rini", "password": PASSWORD});
    let held = cookie(&site.request(Method::POST, "/login").json(&body).send().await);
    assert_eq!(me(&site, &held).await, 200);
    released(&site, holder).await;
    site.delete("/admins/rini").await.ok(204);
    assert_eq!(me(&site, &held).await, 401);
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_read_what_it_means_for_them_and_no_path() {
    let site = PaymentSite::start().await;
    site.patch(&site.user, json!({"login": "budi"})).await.ok(200);
    let pin: Value = site.post(&format!("{}/pin", site.user), json!({})).await.ok(201);
    site.sim.host_connect(STRANGER, Ipv4Addr::LOCALHOST);
    site.agent().cycle.meter_once().await.unwrap();
    let phone = PortalClient::at(&site);
    let holder = hold(&site);
    site.post("/users", json!({"name": "Baru"})).await.problem(503, "store_busy");

    let typed = [("siapa", "budi"), ("pin", pin["pin"].as_str().unwrap())];
    let pages =
        [phone.get("/").await, phone.get("/masuk").await, phone.fill("/masuk", "/masuk", &typed).await];
    for page in &pages {
        assert!(page.text.contains("Internet Anda tetap berjalan seperti sekarang"), "{}", page.text);
        for word in ["kuota.db", site.folder().to_str().unwrap(), "process", "berkas data"] {
            assert!(!page.text.contains(word), "{word}: {}", page.text);
        }
    }
    assert_eq!(pages[2].status, 503);
    pages[2].says("belum dapat dicatat, jadi belum dilakukan");
    let wrong = phone.fill("/masuk", "/masuk", &[("siapa", "budi"), ("pin", "x")]).await;
    assert_eq!(wrong.status, 401);

    released(&site, holder).await;
    assert_eq!(phone.fill("/masuk", "/masuk", &typed).await.leads_to(), "/");
    phone.get("/").await.ok().says_nothing_of("belum dapat dicatat");
}
