//! Coming in: the first start, the second factor, and one's own sessions.

use std::time::Duration;

use axum::http::Method;
use kuota::clock::Clock;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::support::api_client::PASSWORD;
use crate::support::console_client::{ConsoleClient, Page, REFUSED, without_keys};
use crate::support::http_client::Reply;
use crate::support::site::TestSite;

async fn form(site: &TestSite, path: &str, cookie: &str, body: String) -> Reply {
    let call = site.call(Method::POST, path).header("origin", &site.base).header("accept", "text/html");
    let call = call.header("cookie", cookie);
    let sent = call.header("content-type", "application/x-www-form-urlencoded").body(body).send().await;
    let to = sent.headers.get("location").map(|to| to.to_str().unwrap().to_owned());
    let Some(to) = to.filter(|to| to.contains(REFUSED)) else { return sent };
    assert_eq!(sent.status, 303);
    site.call(Method::GET, &to).header("accept", "text/html").header("cookie", cookie).send().await
}

async fn log_in(site: &TestSite, more: &str) -> Reply {
    let body = format!("username=juragan&password={}{more}", PASSWORD.replace(' ', "+"));
    form(site, "/masuk", "", body).await
}

/// What an authenticator shows.
pub fn code(site: &TestSite, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret.replace(' ', "")).unwrap();
    let seconds = u64::try_from(site.clock.now().0 / 1000).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(seconds).to_string()
}

/// Turns on the second factor of the admin with this token.
pub async fn second_factor(site: &TestSite, token: &str) {
    let call = |path: &str, body: Value| site.request(Method::POST, path).bearer(token).json(&body).send();
    let begun = call("/me/totp", json!({})).await.ok(201);
    let otp = code(site, begun["secret"].as_str().unwrap());
    call("/me/totp/confirm", json!({"otp": otp})).await.ok(200);
}

fn value<'p>(html: &'p str, before: &str) -> &'p str {
    html.split(before)
        .nth(1)
        .unwrap_or_else(|| panic!("no {before} in {html}"))
        .split(['"', '<'])
        .next()
        .unwrap()
}

/// Sends one of a page's forms, by its address, with what was typed.
async fn sent(browser: &ConsoleClient<'_>, page: &Page, action: &str, typed: &[(&str, &str)]) -> Page {
    assert!(page.html.contains(&format!("action=\"{action}\"")), "{action}: {}", page.html);
    let token = value(&page.html, "name=\"_token\" value=\"");
    let mut fields = crate::support::console_client::Fields::from([("_token".into(), token.into())]);
    fields.extend(typed.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    let answer = browser.post(action, &fields).await;
    browser.led_on(answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_admins_says_how_to_make_the_first() {
    let site = TestSite::serving().await;
    site.agent().engine().call(|engine| engine.store_mut().remove_admin("juragan")).await.unwrap().unwrap();
    let page = site.call(Method::GET, "/masuk").header("accept", "text/html").send().await;
    page.ok_text();
    assert!(
        page.text.contains("Belum ada pengelola") && page.text.contains("kuotad admin add"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("name=\"password\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_set_up_asked_for_and_ended_by_pages() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let page = owner.open("/saya").await;
    page.says("Belum aktif");
    let shown = sent(&owner, &page, "/saya/dua-langkah", &[]).await;
    assert!(shown.html.contains("<div class=\"qr\"><svg") && shown.status == 200, "{}", shown.html);
    let secret = value(&shown.html, "<code class=\"wrap\">").to_owned();
    owner.open(&shown.path).await.says(&secret);
    owner.open("/saya").await.hides(&secret);

    let again = sent(&owner, &shown, "/saya/dua-langkah/pastikan", &[("otp", "000000")]).await;
    again.says("Kode tidak cocok").says(&secret);
    let on = sent(&owner, &again, "/saya/dua-langkah/pastikan", &[("otp", &code(&site, &secret))]).await;
    on.says("Verifikasi dua langkah aktif.").hides(&secret);

    site.clock.advance(Duration::from_mins(1));
    let right_password = log_in(&site, "&ke=%2Fkasir").await;
    assert_eq!(right_password.status, 303, "going back sends no password again");
    assert!(!right_password.headers.contains_key("set-cookie"));
    let to = right_password.headers["location"].to_str().unwrap();
    assert!(to.starts_with("/masuk?kode=") && !to.contains("kasir"), "{to}");
    let asked = site.call(Method::GET, to).header("accept", "text/html").send().await;
    assert!(asked.text.contains("Kode verifikasi") && !asked.text.contains(PASSWORD), "{}", asked.text);
    assert!(!asked.headers.contains_key("set-cookie"));
    let proof = value(&asked.text, "name=\"bukti\" value=\"").to_owned();
    let step =
        async |otp: &str| form(&site, "/masuk", "", format!("ke=%2Fkasir&bukti={proof}&otp={otp}")).await;
    let wrong = step("000000").await;
    assert!(
        wrong.status == 401 && wrong.text.contains("Nama, kata sandi atau kode salah."),
        "{}",
        wrong.text
    );
    let right = code(&site, &secret);
    let forged =
        form(&site, "/masuk", "", format!("bukti={}&otp={right}", proof.replacen('1', "2", 1))).await;
    assert_eq!(forged.status, 401);
    let entered = step(&right).await;
    assert_eq!((entered.status, entered.headers["location"].to_str().unwrap()), (303, "/kasir"));
    assert!(entered.headers["set-cookie"].to_str().unwrap().starts_with("kuota_session="));
    assert_eq!(step(&right).await.status, 401, "a code is good once");
    site.clock.advance(Duration::from_mins(6));
    assert_eq!(step(&code(&site, &secret)).await.status, 401, "a proof is good for minutes");

    let page = owner.open("/saya").await;
    sent(&owner, &page, "/saya/dua-langkah/matikan", &[("otp", "000000")]).await.says("Kode tidak cocok");
    let off = sent(&owner, &page, "/saya/dua-langkah/matikan", &[("otp", &code(&site, &secret))]).await;
    off.says("dimatikan");
    assert_eq!(log_in(&site, "").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_a_wrong_name_and_too_many_attempts_are_told_alike() {
    let site = TestSite::serving().await;
    let wrong = form(&site, "/masuk", "", "username=juragan&password=salah".into()).await;
    let nobody = form(&site, "/masuk", "", "username=siapa&password=salah".into()).await;
    assert_eq!((wrong.status, nobody.status), (401, 401));
    assert_eq!(without_keys(&wrong.text).replace("juragan", "siapa"), without_keys(&nobody.text));
    for _ in 0..3 {
        form(&site, "/masuk", "", "username=x&password=salah".into()).await;
    }
    let slowed = log_in(&site, "").await;
    assert!(slowed.status == 429 && slowed.text.contains("Terlalu sering"), "{}", slowed.text);
    assert!(slowed.headers.contains_key("retry-after"));
    assert!(slowed.text.contains("name=\"password\""), "the form is there for the next try");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sessions_of_ones_own_end_and_this_one_goes_on() {
    let site = TestSite::serving().await;
    let (here, there) = (ConsoleClient::owner(&site).await, ConsoleClient::owner(&site).await);
    let page = here.open("/saya").await;
    page.says("2 sesi sedang terbuka");
    sent(&here, &page, "/saya/sesi", &[]).await.says("Sesi lain diakhiri.").says("1 sesi");
    assert_eq!(there.get("/saya").await.to, "/masuk?ke=/saya");
    here.open("/saya").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_that_were_slowed_down_wait_on_the_dashboard_for_those_who_may_read_the_audit() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let viewer = ConsoleClient::of(&site, "tamu", "viewer").await;
    let guess = || form(&site, "/masuk", "", "username=siti&password=salah+sekali".into());
    guess().await;
    owner.open("/").await.hides("menebak");
    for _ in 0..6 {
        guess().await;
    }
    owner.open("/").await.says("Ada yang mencoba menebak kata sandi pengelola, terakhir 10 Nov 2026");
    viewer.open("/").await.hides("menebak");
    site.clock.advance(Duration::from_hours(25));
    let owner = ConsoleClient::owner(&site).await;
    owner.open("/").await.hides("menebak");
}

/// Fills in a form of a page and sends it.
async fn fill_in(browser: &ConsoleClient<'_>, at: &str, to: &str, typed: &[(&str, &str)]) -> Page {
    let mut fields = browser.open(at).await.fields();
    fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    browser.post(to, &fields).await
}

async fn logs_in(site: &TestSite, name: &str, password: &str) -> u16 {
    let call = site.request(Method::POST, "/login");
    call.json(&json!({"username": name, "password": password})).send().await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_on_the_old_one_and_ends_the_other_sessions() {
    let site = TestSite::serving().await;
    let siti = ConsoleClient::of(&site, "siti", "cashier").await;
    let elsewhere = {
        let call =
            site.request(Method::POST, "/login").json(&json!({"username": "siti", "password": PASSWORD}));
        let reply = call.send().await;
        reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    };
    let change = |old: &'static str, new: &'static str, again: &'static str| {
        let siti = &siti;
        async move {
            fill_in(siti, "/saya", "/saya/kata-sandi", &[("old", old), ("new", new), ("again", again)]).await
        }
    };
    change("salah", "rahasia baru", "rahasia baru").await.says("Kata sandi sekarang salah.");
    change(PASSWORD, "pendek", "pendek").await.says("sedikitnya 8 karakter");
    change(PASSWORD, "rahasia baru", "rahasia lama").await.says("Kedua kata sandi baru tidak sama.");
    assert_eq!(logs_in(&site, "siti", PASSWORD).await, 200, "nothing has changed");
    let done = change(PASSWORD, "rahasia baru", "rahasia baru").await;
    assert_eq!(done.status, 303, "{}", done.words());
    siti.open(&done.to).await.says("Kata sandi diganti. Sesi lain diakhiri.");
    let ended = site.request(Method::GET, "/me").header("cookie", &elsewhere).send().await;
    ended.problem(401, "unauthorized");
    assert_eq!(logs_in(&site, "siti", PASSWORD).await, 401);
    assert_eq!(logs_in(&site, "siti", "rahasia baru").await, 200);

    // By the API the same, and the owner's part of it.
    let token = site.admin("tono", "operator").await;
    let call = |body: Value| site.request(Method::POST, "/me/password").bearer(&token).json(&body).send();
    call(json!({"old": "salah", "new": "rahasia baru"})).await.invalid("old");
    call(json!({"old": PASSWORD, "new": "x"})).await.invalid("new");
    assert_eq!(call(json!({"old": PASSWORD, "new": "rahasia baru"})).await.status, 204);
    assert_eq!(logs_in(&site, "tono", "rahasia baru").await, 200);
    site.locally("POST", "/api/v1/me/password", &json!({"old": "x", "new": "rahasia baru"}))
        .await
        .problem(403, "no_admin");
    assert_eq!(site.patch("/admins/tono", json!({})).await.ok(200)["role"], "operator", "nothing is asked");
    site.patch("/admins/nobody", json!({"role": "viewer"})).await.problem(404, "not_found");
    let changed =
        site.patch("/admins/tono", json!({"role": "viewer", "password": "rahasia lain"})).await.ok(200);
    assert_eq!(changed["role"], "viewer");
    assert_eq!(site.request(Method::GET, "/me").bearer(&token).send().await.ok(200)["role"], "viewer");
    assert_eq!(logs_in(&site, "tono", "rahasia lain").await, 200);
    site.patch("/admins/juragan", json!({"role": "viewer"})).await.problem(409, "last_owner");
    let audit = site.get("/audit").await.ok(200).to_string();
    assert!(audit.contains("operator -> viewer") && audit.matches("admin.password").count() == 3, "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_resets_passwords_and_changes_roles_which_ends_sessions() {
    let site = TestSite::serving().await;
    let owner = ConsoleClient::owner(&site).await;
    let siti = ConsoleClient::of(&site, "siti", "cashier").await;
    let shown = owner.fill("/pengelola/siti/peran", &[("role", "operator")]).await;
    shown.says("Peran barunya: Operator. Semua sesinya berakhir");
    let done = owner.sure(&shown).await;
    owner.open(&done.to).await.says("siti Operator");
    assert_eq!(siti.get("/").await.status, 303, "the session has ended");
    let shown = owner.fill("/pengelola/siti/kata-sandi", &[("password", "rahasia milik siti")]).await;
    shown.says("Kata sandi lama tidak berlaku lagi");
    assert!(!shown.html.contains("rahasia milik siti"));
    assert_eq!(owner.sure(&shown).await.status, 303);
    assert_eq!(logs_in(&site, "siti", PASSWORD).await, 401);
    assert_eq!(logs_in(&site, "siti", "rahasia milik siti").await, 200);
    let refused = owner.sure(&owner.fill("/pengelola/juragan/peran", &[("role", "viewer")]).await).await;
    assert_eq!(refused.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_pin_opens_the_desk_only_where_the_password_did_and_for_five_tries() {
    let site = TestSite::serving().await;
    let siti = ConsoleClient::of(&site, "siti", "cashier").await;
    let set = |pin: &'static str, again: &'static str| {
        let siti = &siti;
        async move { fill_in(siti, "/saya", "/saya/pin", &[("pin", pin), ("pin_lagi", again)]).await }
    };
    set("12345", "12345").await.says("PIN terdiri dari 6 angka.");
    for pin in ["123456", "111111", "170895"] {
        set(pin, pin).await.says("PIN ini mudah ditebak.");
    }
    set("482915", "482916").await.says("Kedua PIN tidak sama.");
    assert_eq!(set("482915", "482915").await.status, 303);
    ConsoleClient::owner(&site).await.open("/saya").await.hides("PIN cepat");

    let cookie = siti.cookie().to_owned();
    let browser = cookie.split("; ").find(|cookie| cookie.starts_with("kuota_browser=")).unwrap().to_owned();
    let open = |path: &'static str, cookie: String| {
        let call = site.call(Method::GET, path).header("accept", "text/html").header("cookie", &cookie);
        call.send()
    };
    let enter = |pin: &'static str, cookie: String| form_at(&site, cookie, pin);
    assert!(open("/masuk", browser.clone()).await.text.contains("Masuk dengan PIN"));
    assert!(!open("/masuk", "a=b".to_owned()).await.text.contains("Masuk dengan PIN"), "another browser");
    let entered = enter("482915", browser.clone()).await;
    assert_eq!((entered.status, entered.headers["location"].to_str().unwrap()), (303, "/"));
    assert!(entered.headers["set-cookie"].to_str().unwrap().starts_with("kuota_session="));
    assert_eq!(enter("482915", "kuota_browser=x".to_owned()).await.status, 401, "another browser");
    for _ in 0..5 {
        let wrong = enter("482916", browser.clone()).await;
        assert!(wrong.status == 401 && wrong.text.contains("PIN salah"), "{}", wrong.text);
    }
    assert_eq!(enter("482915", browser.clone()).await.status, 401, "the password is needed");
    assert!(!open("/masuk", browser.clone()).await.text.contains("Masuk dengan PIN"));

    // The password gives the tries back, for twelve hours.
    let body = format!("username=siti&password={}", PASSWORD.replace(' ', "+"));
    let reply = form(&site, "/masuk", &browser, body).await;
    let cookies: Vec<&str> =
        reply.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
    let browser =
        cookies.iter().find(|one| one.starts_with("kuota_browser=")).unwrap().split(';').next().unwrap();
    assert_eq!(enter("482915", browser.to_owned()).await.status, 303);
    site.clock.advance(Duration::from_hours(12));
    assert_eq!(enter("482915", browser.to_owned()).await.status, 401);
}

/// Sends a quick PIN of siti's.
async fn form_at(site: &TestSite, cookie: String, pin: &str) -> Reply {
    form(site, "/masuk/pin", &cookie, format!("username=siti&pin={pin}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_when_the_session_ended_is_there_again_for_the_same_person_only() {
    let site = TestSite::serving().await;
    let place = site.user("Budi").await.replace("/users/", "/pelanggan/");
    let form = format!("{place}/kuota");
    let siti = ConsoleClient::of(&site, "siti", "operator").await;
    let andi = ConsoleClient::of(&site, "andi", "operator").await;
    let page = siti.open(&form).await;
    let mut fields = page.fields();
    fields.extend([("amount", "7 GB"), ("reason", "ganti rugi hujan")].map(|(n, v)| (n.into(), v.into())));
    siti.post(&page.action(), &fields).await;
    let token = fields["_token"].clone();
    let logged_out = siti.post("/keluar", &[("_token".to_owned(), token)].into()).await;
    assert_eq!(logged_out.status, 303);

    let lines = site.lines().await;
    let led = siti.post(&page.action(), &fields).await;
    let to = led.to.strip_prefix("/masuk?ke=").unwrap_or_else(|| panic!("{}", led.to)).to_owned();
    assert!(to.starts_with(&form) && to.contains("?ubah="), "{to}");
    assert_eq!(site.lines().await, lines, "nothing was done");
    siti.get(&led.to).await.says("Sesi Anda sudah berakhir.").says("belum ada yang berubah");
    let others = andi.open(&to).await;
    assert!(!others.html.contains("ganti rugi hujan"), "what somebody else typed");
    let login = crate::support::console_client::Fields::from([
        ("username".to_owned(), "siti".to_owned()),
        ("password".to_owned(), crate::support::api_client::PASSWORD.to_owned()),
        ("ke".to_owned(), to.clone()),
    ]);
    let again = siti.post("/masuk", &login).await;
    assert_eq!(again.to, to, "{}", again.words());
    let back = ConsoleClient::again(&site, "siti").await.open(&to).await;
    back.says("Sesi sebelumnya berakhir, jadi belum ada yang berubah.");
    assert_eq!(back.fields()["amount"], "7 GB");
    assert_eq!(back.fields()["reason"], "ganti rugi hujan");

    // The counter takes no money for a session that ended, and shows what was filled in.
    let place = place.replace("/pelanggan/", "/jual/");
    site.package(1024, 10_000).await;
    let siti = ConsoleClient::again(&site, "siti").await;
    let sale_page = siti.open(&place).await;
    let offer = sale_page.html.split("name=\"untuk\" value=\"- ").nth(1).unwrap().split('"').next().unwrap();
    let mut sale = sale_page.fields();
    let filled =
        [("untuk", format!("- {offer}")), ("method", "transfer".into()), ("reference", "BCA 17:02".into())];
    sale.extend(filled.map(|(name, value)| (name.to_owned(), value)));
    siti.post("/keluar", &[("_token".to_owned(), sale["_token"].clone())].into()).await;
    let lines = site.lines().await;
    let led = siti.post(&sale_page.action(), &sale).await;
    assert_eq!(site.lines().await, lines, "nothing was taken");
    let to = led.to.strip_prefix("/masuk?ke=").unwrap_or_else(|| panic!("{}", led.to)).to_owned();
    let back = ConsoleClient::again(&site, "siti").await.open(&to).await;
    back.says("belum ada uang yang diterima");
    assert_eq!(back.fields()["reference"], "BCA 17:02");
    assert!(back.html.contains("value=\"transfer\" checked"), "{}", back.html);
    assert!(!andi.open(&to).await.html.contains("BCA 17:02"), "what somebody else typed");

    // A form of nobody that is known is kept nowhere.
    fields.insert("_token".into(), "0".repeat(32));
    assert_eq!(siti.post(&page.action(), &fields).await.to, format!("/masuk?ke={form}"));
}
