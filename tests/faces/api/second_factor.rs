//! The second factor of admins: set up, asked for, used once, lost.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::http::Method;
use kuota::domain::units::{DAY_MS, Timestamp};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::desk::{Desk, PASSWORD, Reply};

/// The code that an authenticator shows at the desk's time, so many seconds from it.
fn code(desk: &Desk, secret: &str, offset_s: i64) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    let seconds = kuota::clock::Clock::now(&desk.clock).0 / 1000 + offset_s;
    totp.generate(u64::try_from(seconds).unwrap()).to_string()
}

async fn log_in(desk: &Desk, otp: Option<&str>) -> Reply {
    let body = json!({"username": "juragan", "password": PASSWORD, "otp": otp});
    desk.request(Method::POST, "/login").json(&body).send().await
}

/// Turns the owner's second factor on, and waits until the code that did it is history.
async fn turned_on(desk: &Desk) -> String {
    let begun = desk.post("/me/totp", json!({})).await.ok(201);
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let first = json!({"otp": code(desk, &secret, 0)});
    assert_eq!(desk.post("/me/totp/confirm", first).await.ok(200)["totp"], true);
    desk.clock.advance(Duration::from_mins(1));
    secret
}

async fn end(desk: &Desk, otp: &str) -> Reply {
    desk.request(Method::DELETE, "/me/totp").bearer(&desk.owner).json(&json!({"otp": otp})).send().await
}

async fn audited(desk: &Desk) -> Vec<Value> {
    let audit = desk.get("/audit").await.ok(200);
    let lines = audit["items"].as_array().unwrap().iter().filter(|line| line["action"] == "admin.totp");
    lines.map(|line| line["detail"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_set_up_by_a_first_code_and_asked_for_after_a_right_password_only() {
    let desk = Desk::start().await;
    assert_eq!(desk.get("/me").await.ok(200)["totp"], false);
    desk.post("/me/totp/confirm", json!({"otp": "123456"})).await.problem(409, "totp_not_begun");
    end(&desk, "123456").await.problem(409, "totp_off");
    let begun = desk.post("/me/totp", json!({})).await.ok(201);
    let secret = begun["secret"].as_str().unwrap();
    let url = begun["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("otpauth://totp/kuota:juragan?secret={secret}&issuer=kuota")), "{url}");
    log_in(&desk, None).await.ok(200);
    let wrong = code(&desk, secret, 3600);
    desk.post("/me/totp/confirm", json!({"otp": wrong})).await.invalid("otp");
    desk.post("/me/totp/confirm", json!({})).await.invalid("otp");
    desk.post("/me/totp", json!({"x": 1})).await.invalid("x");
    assert_eq!(desk.get("/me").await.ok(200)["totp"], false);

    let right = code(&desk, secret, 0);
    desk.post("/me/totp/confirm", json!({"otp": right})).await.ok(200);
    assert_eq!(desk.get("/me").await.ok(200)["totp"], true, "and its tokens go on without");
    assert_eq!(desk.get("/admins").await.ok(200)["items"][0]["totp"], true);
    desk.post("/me/totp", json!({})).await.problem(409, "totp_on");
    assert_eq!(audited(&desk).await, ["on", "begun"]);

    log_in(&desk, None).await.problem(401, "otp_required");
    log_in(&desk, Some(" ")).await.problem(401, "otp_required");
    let bad = json!({"username": "juragan", "password": "salah"});
    let wrong = desk.request(Method::POST, "/login").json(&bad).send().await;
    wrong.problem(401, "unauthorized");
    assert_eq!(log_in(&desk, Some(&right)).await.text, wrong.text, "it turned the factor on");
    desk.clock.advance(Duration::from_mins(1));
    log_in(&desk, Some(&code(&desk, secret, 0))).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_one_step_early_or_late() {
    let mut desk = Desk::start().await;
    let secret = turned_on(&desk).await;
    for offset_s in [-60, 60] {
        let other = code(&desk, &secret, offset_s);
        log_in(&desk, Some(&other)).await.problem(401, "unauthorized");
    }
    let early = code(&desk, &secret, -30);
    log_in(&desk, Some(&early)).await.ok(200);
    log_in(&desk, Some(&early)).await.problem(401, "unauthorized");
    let late = code(&desk, &secret, 30);
    log_in(&desk, Some(&late)).await.ok(200);
    desk.restart().await;
    let now = code(&desk, &secret, 0);
    log_in(&desk, Some(&now)).await.problem(401, "unauthorized");
    assert_eq!(desk.get("/me").await.ok(200)["totp"], true);
    desk.clock.advance(Duration::from_mins(1));
    let spaced = code(&desk, &secret, 0);
    log_in(&desk, Some(&format!("{} {}", &spaced[..3], &spaced[3..]))).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_not_guessed() {
    let desk = Desk::start().await;
    let secret = turned_on(&desk).await;
    let wrong = code(&desk, &secret, 3600);
    for _ in 0..5 {
        log_in(&desk, None).await.problem(401, "otp_required");
        log_in(&desk, Some(&wrong)).await.problem(401, "unauthorized");
    }
    let right = code(&desk, &secret, 0);
    log_in(&desk, Some(&right)).await.problem(429, "too_many_attempts");
    end(&desk, &right).await.problem(429, "too_many_attempts");
    desk.clock.advance(Duration::from_mins(1));
    for _ in 0..5 {
        end(&desk, &wrong).await.invalid("otp");
    }
    end(&desk, &wrong).await.problem(429, "too_many_attempts");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_guessed_elsewhere_lock_the_owner_out_nowhere() {
    let desk = Desk::start().await;
    let secret = turned_on(&desk).await;
    let right = code(&desk, &secret, 0);
    log_in(&desk, Some(&right)).await.ok(200);
    let wrong = code(&desk, &secret, 3600);
    let mut refused = 0;
    for n in 10..16 {
        for _ in 0..6 {
            let guess =
                super::log_in_from(&desk, Ipv4Addr::new(127, 0, 0, n), super::PASSWORD, Some(&wrong)).await;
            refused += u32::from(guess.status == 429);
        }
    }
    assert!(refused >= 6, "{refused}");
    desk.clock.advance(Duration::from_secs(30));
    log_in(&desk, Some(&code(&desk, &secret, 0))).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_ends_by_its_code_or_by_an_owner() {
    let desk = Desk::start().await;
    let secret = turned_on(&desk).await;
    end(&desk, &code(&desk, &secret, 3600)).await.invalid("otp");
    end(&desk, &code(&desk, &secret, 0)).await.ok(204);
    log_in(&desk, None).await.ok(200);

    turned_on(&desk).await;
    let operator = desk.admin("operator", "operator").await;
    let path = "/admins/juragan/totp";
    desk.request(Method::DELETE, path).bearer(&operator).send().await.problem(403, "role");
    desk.delete("/admins/nobody/totp").await.problem(404, "not_found");
    desk.locally("DELETE", "/api/v1/admins/juragan/totp", &Value::Null).await.ok(204);
    log_in(&desk, None).await.ok(200);
    let lines = audited(&desk).await;
    desk.delete(path).await.ok(204);
    assert_eq!(audited(&desk).await, lines, "there was nothing to end");
    assert_eq!(lines, ["off", "on", "begun", "off", "on", "begun"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_socket_is_no_admin_and_has_no_second_factor() {
    let desk = Desk::start().await;
    desk.locally("POST", "/api/v1/me/totp", &json!({})).await.problem(403, "no_admin");
    desk.locally("POST", "/api/v1/me/totp/confirm", &json!({"otp": "1"})).await.problem(403, "no_admin");
    assert_eq!(desk.locally("GET", "/api/v1/me", &Value::Null).await.ok(200)["totp"], false);
    assert_eq!(audited(&desk).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_not_believed_is_named_and_is_no_excuse() {
    let desk = Desk::start().await;
    let secret = turned_on(&desk).await;
    let phone = code(&desk, &secret, 0);
    let now = kuota::clock::Clock::now(&desk.clock);
    desk.clock.set_wall(Timestamp(now.0 + 400 * DAY_MS));
    let refused = log_in(&desk, Some(&phone)).await;
    let detail = refused.problem(401, "unauthorized")["detail"].to_string();
    assert!(detail.contains("the clock of this machine is not set"), "{detail}");
    let bad = json!({"username": "nobody", "password": "salah"});
    let wrong = desk.request(Method::POST, "/login").json(&bad).send().await;
    assert_eq!(wrong.text, refused.text, "it tells nothing about the password");
    log_in(&desk, Some(&code(&desk, &secret, 0))).await.ok(200);
}
