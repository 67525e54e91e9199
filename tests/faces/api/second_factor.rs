//! The second factor of admins: set up, asked for, used once, lost.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::http::Method;
use kuota::domain::units::{DAY_MS, Timestamp};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::support::api_client::PASSWORD;
use crate::support::http_client::Reply;
use crate::support::site::TestSite;

/// The code that an authenticator shows at the desk's time, so many seconds from it.
fn code(site: &TestSite, secret: &str, offset_s: i64) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    let seconds = kuota::clock::Clock::now(&site.clock).0 / 1000 + offset_s;
    totp.generate(u64::try_from(seconds).unwrap()).to_string()
}

async fn log_in(site: &TestSite, otp: Option<&str>) -> Reply {
    let body = json!({"username": "juragan", "password": PASSWORD, "otp": otp});
    site.request(Method::POST, "/login").json(&body).send().await
}

/// Turns the owner's second factor on, and waits until the code that did it is history.
async fn turned_on(site: &TestSite) -> String {
    let begun = site.post("/me/totp", json!({})).await.ok(201);
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let first = json!({"otp": code(site, &secret, 0)});
    assert_eq!(site.post("/me/totp/confirm", first).await.ok(200)["totp"], true);
    site.clock.advance(Duration::from_mins(1));
    secret
}

async fn end(site: &TestSite, otp: &str) -> Reply {
    site.request(Method::DELETE, "/me/totp").bearer(&site.owner).json(&json!({"otp": otp})).send().await
}

async fn audited(site: &TestSite) -> Vec<Value> {
    let audit = site.get("/audit").await.ok(200);
    let lines = audit["items"].as_array().unwrap().iter().filter(|line| line["action"] == "admin.totp");
    lines.map(|line| line["detail"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_set_up_by_a_first_code_and_asked_for_after_a_right_password_only() {
    let site = TestSite::serving().await;
    assert_eq!(site.get("/me").await.ok(200)["totp"], false);
    site.post("/me/totp/confirm", json!({"otp": "123456"})).await.problem(409, "totp_not_begun");
    end(&site, "123456").await.problem(409, "totp_off");
    let begun = site.post("/me/totp", json!({})).await.ok(201);
    let secret = begun["secret"].as_str().unwrap();
    let url = begun["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("otpauth://totp/kuota:juragan?secret={secret}&issuer=kuota")), "{url}");
    log_in(&site, None).await.ok(200);
    let wrong = code(&site, secret, 3600);
    site.post("/me/totp/confirm", json!({"otp": wrong})).await.invalid("otp");
    site.post("/me/totp/confirm", json!({})).await.invalid("otp");
    site.post("/me/totp", json!({"x": 1})).await.invalid("x");
    assert_eq!(site.get("/me").await.ok(200)["totp"], false);

    let right = code(&site, secret, 0);
    site.post("/me/totp/confirm", json!({"otp": right})).await.ok(200);
    assert_eq!(site.get("/me").await.ok(200)["totp"], true, "and its tokens go on without");
    assert_eq!(site.get("/admins").await.ok(200)["items"][0]["totp"], true);
    site.post("/me/totp", json!({})).await.problem(409, "totp_on");
    assert_eq!(audited(&site).await, ["on", "begun"]);

    log_in(&site, None).await.problem(401, "otp_required");
    log_in(&site, Some(" ")).await.problem(401, "otp_required");
    let bad = json!({"username": "juragan", "password": "salah"});
    let wrong = site.request(Method::POST, "/login").json(&bad).send().await;
    wrong.problem(401, "unauthorized");
    assert_eq!(log_in(&site, Some(&right)).await.text, wrong.text, "it turned the factor on");
    site.clock.advance(Duration::from_mins(1));
    log_in(&site, Some(&code(&site, secret, 0))).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_one_step_early_or_late() {
    let mut site = TestSite::serving().await;
    let secret = turned_on(&site).await;
    for offset_s in [-60, 60] {
        let other = code(&site, &secret, offset_s);
        log_in(&site, Some(&other)).await.problem(401, "unauthorized");
    }
    let early = code(&site, &secret, -30);
    log_in(&site, Some(&early)).await.ok(200);
    log_in(&site, Some(&early)).await.problem(401, "unauthorized");
    let late = code(&site, &secret, 30);
    log_in(&site, Some(&late)).await.ok(200);
    site.restart().await;
    let now = code(&site, &secret, 0);
    log_in(&site, Some(&now)).await.problem(401, "unauthorized");
    assert_eq!(site.get("/me").await.ok(200)["totp"], true);
    site.clock.advance(Duration::from_mins(1));
    let spaced = code(&site, &secret, 0);
    log_in(&site, Some(&format!("{} {}", &spaced[..3], &spaced[3..]))).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_not_guessed() {
    let site = TestSite::serving().await;
    let secret = turned_on(&site).await;
    let wrong = code(&site, &secret, 3600);
    for _ in 0..5 {
        log_in(&site, None).await.problem(401, "otp_required");
        log_in(&site, Some(&wrong)).await.problem(401, "unauthorized");
    }
    let right = code(&site, &secret, 0);
    log_in(&site, Some(&right)).await.problem(429, "too_many_attempts");
    end(&site, &right).await.problem(429, "too_many_attempts");
    site.clock.advance(Duration::from_mins(1));
    for _ in 0..5 {
        end(&site, &wrong).await.invalid("otp");
    }
    end(&site, &wrong).await.problem(429, "too_many_attempts");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_guessed_elsewhere_lock_the_owner_out_nowhere() {
    let site = TestSite::serving().await;
    let secret = turned_on(&site).await;
    let right = code(&site, &secret, 0);
    log_in(&site, Some(&right)).await.ok(200);
    let wrong = code(&site, &secret, 3600);
    let mut refused = 0;
    for n in 10..16 {
        for _ in 0..6 {
            let guess =
                super::log_in_from(&site, Ipv4Addr::new(127, 0, 0, n), super::PASSWORD, Some(&wrong)).await;
            refused += u32::from(guess.status == 429);
        }
    }
    assert!(refused >= 6, "{refused}");
    site.clock.advance(Duration::from_secs(30));
    log_in(&site, Some(&code(&site, &secret, 0))).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_ends_by_its_code_or_by_an_owner() {
    let site = TestSite::serving().await;
    let secret = turned_on(&site).await;
    end(&site, &code(&site, &secret, 3600)).await.invalid("otp");
    end(&site, &code(&site, &secret, 0)).await.ok(204);
    log_in(&site, None).await.ok(200);

    turned_on(&site).await;
    let operator = site.admin("operator", "operator").await;
    let path = "/admins/juragan/totp";
    site.request(Method::DELETE, path).bearer(&operator).send().await.problem(403, "role");
    site.delete("/admins/nobody/totp").await.problem(404, "not_found");
    site.locally("DELETE", "/api/v1/admins/juragan/totp", &Value::Null).await.ok(204);
    log_in(&site, None).await.ok(200);
    let lines = audited(&site).await;
    site.delete(path).await.ok(204);
    assert_eq!(audited(&site).await, lines, "there was nothing to end");
    assert_eq!(lines, ["off", "on", "begun", "off", "on", "begun"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_socket_is_no_admin_and_has_no_second_factor() {
    let site = TestSite::serving().await;
    site.locally("POST", "/api/v1/me/totp", &json!({})).await.problem(403, "no_admin");
    site.locally("POST", "/api/v1/me/totp/confirm", &json!({"otp": "1"})).await.problem(403, "no_admin");
    assert_eq!(site.locally("GET", "/api/v1/me", &Value::Null).await.ok(200)["totp"], false);
    assert_eq!(audited(&site).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_not_believed_is_named_and_is_no_excuse() {
    let site = TestSite::serving().await;
    let secret = turned_on(&site).await;
    let phone = code(&site, &secret, 0);
    let now = kuota::clock::Clock::now(&site.clock);
    site.clock.set_wall(Timestamp(now.0 + 400 * DAY_MS));
    log_in(&site, Some(&phone)).await.ok(200);
    let refused = log_in(&site, Some(&code(&site, &secret, 0))).await;
    let detail = refused.problem(401, "unauthorized")["detail"].to_string();
    assert!(detail.contains("the clock of this machine is not set"), "{detail}");
    let bad = json!({"username": "nobody", "password": "salah"});
    let wrong = site.request(Method::POST, "/login").json(&bad).send().await;
    assert_eq!(wrong.text, refused.text, "it tells nothing about the password");
}
