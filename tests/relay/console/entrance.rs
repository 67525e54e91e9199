//! Logging in: password, then a code, which is mandatory; limits; ends.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::http::Method;
use kuota::domain::role::Role;
use kuota::relay::store::operators::OperatorChange;
use serde_json::json;

use super::browser::{HOUR, PASSWORD, SECRET, TestConsole, allowing, status_from};
use crate::support::test_relay::TestRelay;
use kuota::relay::store::operators::LogAuthor;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_log_in_sets_codes_up_and_nothing_is_reached_before() {
    let console = TestConsole::start().await;
    let mut browser = console.browser();
    browser.open("/masuk").await.says("Belum ada operator").says("kuota-relay operator add");
    console.newcomer("budi", Role::Owner).await;
    let page = browser.log_in("Budi", PASSWORD).await;
    assert_eq!(page.path, "/masuk/pasang");
    page.says("Pasang kode sekali pakai");
    assert!(page.html.contains("<svg viewBox=\"0 0 "), "a QR code");
    let secret: String = {
        let code = page.html.split("<code class=\"wrap\">").nth(1).unwrap();
        code.split('<').next().unwrap().split_whitespace().collect()
    };
    // A log-in without its code reaches nothing else, and the form for a code leads to the set-up.
    for path in ["/", "/saya", "/merchant", "/catatan", "/masuk/kode"] {
        assert_eq!(browser.get(path).await.to, "/masuk/pasang", "{path}");
    }
    let half = browser.cookies["kuota_relay_session"].clone();
    for (method, path) in [(Method::GET, "/me"), (Method::GET, "/sites"), (Method::POST, "/logout")] {
        console.ask(&half, method, path, None).await.problem(401, "unauthorized");
    }
    // Loaded again, the secret is the same.
    assert!(
        browser
            .open("/masuk/pasang")
            .await
            .html
            .contains(&page.html[page.html.find("<code").unwrap()..][..60])
    );
    let wrong = browser.send_code(&page, "000000").await;
    assert!(wrong.is_refused());
    wrong.says("Kode tidak cocok");
    let form = browser.open("/masuk/pasang").await;
    let home = browser.send_code(&form, &console.code_of(&secret)).await;
    assert_eq!(home.path, "/");
    home.says("Lokasi").says("site-1");
    assert_ne!(browser.cookies["kuota_relay_session"], half, "the full log-in has another secret");
    console.ask(&half, Method::GET, "/me", None).await.problem(401, "unauthorized");
    assert_eq!(console.log().await, ["local operator.add budi", "budi log_in budi"]);

    // Every later log-in asks for a code.
    let mut again = console.browser();
    let page = again.log_in("budi", PASSWORD).await;
    assert_eq!(page.path, "/masuk/kode");
    assert_eq!(again.get("/").await.to, "/masuk/kode");
    assert_eq!(again.send_code(&page, &console.code_of(&secret)).await.path, "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_leads_back_to_where_it_was_asked_and_to_no_other_host() {
    let console = TestConsole::start().await;
    console.operator("budi", Role::Viewer).await;
    for (asked, to) in [("/merchant", "/merchant"), ("//evil.example", "/"), ("https://evil.example", "/")] {
        let mut browser = console.browser();
        let form = browser.open(&format!("/masuk?ke={asked}")).await;
        let mut fields = form.fields();
        fields.extend([("username".into(), "budi".into()), ("password".into(), PASSWORD.into())]);
        let page = browser.post(&form.action(), &fields).await;
        assert_eq!(browser.send_code(&page, &console.code()).await.path, to, "{asked}");
    }
    assert_eq!(console.browser().get("/merchant").await.to, "/masuk?ke=/merchant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_a_stale_form_or_a_foreign_page_logs_nobody_in() {
    let console = TestConsole::start().await;
    let budi = console.logged_in("budi", Role::Owner).await;
    assert!(budi.cookies.contains_key("kuota_relay_session"));
    let mut thief = console.browser();
    let page = thief.log_in("budi", PASSWORD).await;
    // The code of the log-in before, which somebody looked at.
    thief.send_code(&page, &console.code_now(SECRET)).await.says("Nama, kata sandi atau kode salah.");
    let page = thief.open("/masuk/kode").await;
    let mut fields = page.fields();
    fields.insert("otp".into(), console.code());
    fields.insert("_token".into(), "0".repeat(32));
    let refused = thief.post("/masuk/kode", &fields).await;
    assert_eq!(refused.status, 403);
    refused.says("Formulir ini sudah kedaluwarsa");
    let form = format!("username=budi&password={}", PASSWORD.replace(' ', "+"));
    let foreign = console.call(Method::POST, "/masuk").header("origin", "https://evil.example");
    let foreign = foreign.header("content-type", "application/x-www-form-urlencoded").body(form).send().await;
    assert_eq!(foreign.status, 403, "{}", foreign.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_slowed_and_answer_alike() {
    let console = TestConsole::start().await;
    console.operator("budi", Role::Owner).await;
    let try_in = async |name: &str, password: &str| {
        let body = json!({"username": name, "password": password, "otp": "000000"});
        console.call(Method::POST, "/v1/admin/login").json(&body).send().await
    };
    let (wrong, unknown) = (try_in("budi", "wrong").await, try_in("nobody", "wrong").await);
    assert_eq!(wrong.problem(401, "unauthorized"), unknown.problem(401, "unauthorized"));
    let right_but_code = try_in("budi", PASSWORD).await;
    assert_eq!(right_but_code.problem(401, "unauthorized"), wrong.json());
    for _ in 0..2 {
        try_in("budi", "wrong").await.problem(401, "unauthorized");
    }
    try_in("budi", PASSWORD).await.problem(429, "too_many_attempts");
    let mut browser = console.browser();
    let refused = browser.log_in("budi", PASSWORD).await;
    assert!(refused.is_refused() && refused.retry_after.is_some());
    refused.says("Terlalu sering");
    console.relay.pass(60);
    assert_eq!(browser.log_in("budi", PASSWORD).await.path, "/masuk/kode");
    // Codes are guesses, too.
    let mut last = 0;
    for _ in 0..8 {
        let page = browser.open("/masuk/kode").await;
        last = browser.send_code(&page, "000000").await.status;
    }
    assert_eq!(last, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_without_codes_gets_no_token_and_missing_ones_are_asked_for() {
    let console = TestConsole::start().await;
    console.newcomer("budi", Role::Owner).await;
    console.operator("siti", Role::Viewer).await;
    let log_in = async |name: &str| {
        let body = json!({"username": name, "password": PASSWORD});
        console.call(Method::POST, "/v1/admin/login").json(&body).send().await
    };
    log_in("budi").await.problem(403, "codes_missing");
    log_in("siti").await.problem(401, "otp_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_ends_when_it_is_idle_and_in_any_case_after_twelve_hours() {
    let console = TestConsole::start().await;
    let mut budi = console.logged_in("budi", Role::Owner).await;
    for _ in 0..14 {
        console.relay.clock.advance(Duration::from_mins(50));
        budi.open("/").await;
    }
    console.relay.clock.advance(Duration::from_mins(20));
    assert_eq!(budi.get("/").await.to, "/masuk", "twelve hours are over");
    console.relay.clock.advance(HOUR);
    let mut budi = console.browser();
    let page = budi.log_in("budi", PASSWORD).await;
    budi.send_code(&page, &console.code()).await.says("site-1");
    console.relay.clock.advance(HOUR);
    assert_eq!(budi.get("/").await.to, "/masuk", "it was not used");
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_and_what_others_change_ends_a_log_in() {
    let console = TestConsole::start().await;
    let mut budi = console.logged_in("budi", Role::Owner).await;
    let page = budi.open("/saya").await;
    assert_eq!(page.action(), "/keluar");
    let stolen = budi.cookies["kuota_relay_session"].clone();
    assert_eq!(budi.post("/keluar", &page.fields()).await.path, "/masuk");
    assert!(budi.cookies.is_empty());
    console.ask(&stolen, Method::GET, "/me", None).await.problem(401, "unauthorized");

    let mut siti = console.logged_in("siti", Role::Viewer).await;
    let by = LogAuthor::command(kuota::clock::Clock::now(&console.relay.clock));
    let reset = OperatorChange::ResetCodes { name: "siti".to_owned() };
    console.relay.store.change_operator(&reset, &by).await.unwrap().unwrap();
    assert_eq!(siti.get("/").await.to, "/masuk");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_allowed_networks_get_in_and_only_by_our_names() {
    let here = Ipv4Addr::LOCALHOST;
    let neighbour = Ipv4Addr::new(127, 0, 0, 2);
    let console = TestConsole::start().await;
    assert_eq!(status_from(here, &console, None).await, 200);
    assert_eq!(status_from(neighbour, &console, None).await, 403);
    for (host, status) in [
        ("relay.example", 200),
        ("localhost:8095", 200),
        ("evil.example", 421),
        ("relay.example.evil.example", 421),
    ] {
        assert_eq!(status_from(here, &console, Some(host)).await, status, "{host}");
    }
    let wide = TestConsole::of(TestRelay::start().await, allowing("127.0.0.0/24")).await;
    assert_eq!(status_from(neighbour, &wide, None).await, 200);
}
