//! The admin API over real sockets: who may call, what is refused and how, and the flows of an operator's day.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod closed_reviews;
mod requests;
mod second_factor;
mod settings;

use crate::support::api_description;

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::support::api_client::PASSWORD;
use crate::support::http_client::{Call, Reply};
use crate::support::site::TestSite;
use axum::http::Method;
use kuota::agent::engine::Engine;
use kuota::clock::{Clock, parse_rfc3339};
use kuota::domain::id::Mac;
use kuota::domain::units::{DAY_MS, Timestamp};
use kuota::sim::ConnectionMode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const MIB: u64 = 1024 * 1024;
/// Sends a call.
async fn send(call: Call) -> Reply {
    call.send().await
}

const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
/// Further addresses of this machine: what comes from there is not this machine itself for the desk.
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const NAMED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

fn bytes(user: &Value, field: &str) -> u64 {
    user[field].as_u64().unwrap_or_else(|| panic!("{field} in {user}"))
}

async fn log_in(site: &TestSite, username: &str, password: &str) -> Reply {
    let body = json!({"username": username, "password": password});
    send(site.request(Method::POST, "/login").json(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ping_and_health_need_no_log_in_and_everything_else_does() {
    let site = TestSite::serving().await;
    for path in ["/api/ping", "/api/v1/ping"] {
        let ping = send(site.call(Method::GET, path)).await.ok(200);
        assert_eq!(ping, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
    }
    send(site.call(Method::GET, "/healthz")).await.ok(200);
    send(site.request(Method::GET, "/healthz")).await.ok(200);
    for path in
        ["/users", "/status", "/audit", "/admins", "/packages", "/orders", "/ledger/verify", "/router/plan"]
    {
        let reply = send(site.request(Method::GET, path)).await;
        reply.problem(401, "unauthorized");
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
    }
    for header in ["Bearer kuota_0000", "Bearer", "Basic eDp5", "nonsense"] {
        let reply = send(site.request(Method::GET, "/users").header("authorization", header)).await;
        reply.problem(401, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_logs_in_changes_things_from_its_own_pages_only_and_ends() {
    let site = TestSite::serving().await;
    let reply = log_in(&site, "juragan", PASSWORD).await;
    assert_eq!((&reply.ok(200)["name"], &reply.ok(200)["role"]), (&json!("juragan"), &json!("owner")));
    let cookie = reply.headers["set-cookie"].to_str().unwrap();
    for part in ["kuota_session=", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let call = |method, path: &str| site.request(method, path).header("cookie", &cookie);
    assert_eq!(send(call(Method::GET, "/me")).await.ok(200)["name"], "juragan");

    let add = || call(Method::POST, "/users").json(&json!({"name": "Budi"}));
    send(add()).await.problem(403, "cross_site");
    send(add().header("origin", "http://x.example")).await.problem(403, "cross_site");
    send(add().header("sec-fetch-site", "cross-site")).await.problem(403, "cross_site");
    assert_eq!(site.get("/users").await.ok(200)["items"], json!([]));
    send(add().header("origin", &site.base)).await.ok(201);

    send(call(Method::POST, "/logout").header("origin", &site.base)).await.ok(204);
    send(call(Method::GET, "/me")).await.problem(401, "unauthorized");

    let reply = log_in(&site, "juragan", PASSWORD).await;
    let cookie = reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    site.clock.advance(Duration::from_secs(12 * 3600 + 1));
    send(site.request(Method::GET, "/me").header("cookie", cookie)).await.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_ins_that_fail_answer_alike_and_are_slowed_down() {
    let site = TestSite::serving().await;
    let wrong = log_in(&site, "juragan", "salah").await;
    wrong.problem(401, "unauthorized");
    assert_eq!(log_in(&site, "siapa", "salah").await.text, wrong.text, "names cannot be told apart");
    log_in(&site, "juragan", PASSWORD).await.ok(200);
    for _ in 0..5 {
        log_in(&site, "juragan", "salah").await.problem(401, "unauthorized");
    }
    let slowed = log_in(&site, "juragan", PASSWORD).await;
    slowed.problem(429, "too_many_attempts");
    let wait: u64 = slowed.headers["retry-after"].to_str().unwrap().parse().unwrap();
    site.clock.advance(Duration::from_secs(wait));
    log_in(&site, "juragan", PASSWORD).await.ok(200);
    send(site.request(Method::POST, "/login").json(&json!({"username": "x"}))).await.invalid("password");
}

/// A log-in from another address of this machine.
async fn log_in_from(site: &TestSite, address: Ipv4Addr, password: &str, otp: Option<&str>) -> Reply {
    let body = json!({"username": "juragan", "password": password, "otp": otp});
    site.request(Method::POST, "/login").from(address).json(&body).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_from_elsewhere_lock_the_owner_out_nowhere() {
    let mut site = TestSite::serving().await;
    log_in(&site, "juragan", PASSWORD).await.ok(200);
    let attackers: Vec<Ipv4Addr> = (10..14).map(|n| Ipv4Addr::new(127, 0, 0, n)).collect();
    let mut refused = 0;
    for _ in 0..15 {
        for address in &attackers {
            refused += u32::from(log_in_from(&site, *address, "salah", None).await.status == 429);
        }
        log_in(&site, "juragan", PASSWORD).await.ok(200);
        site.clock.advance(Duration::from_secs(2));
    }
    assert!(refused > 20, "only {refused} guesses were refused");
    for address in &attackers {
        let _ = log_in_from(&site, *address, "salah", None).await;
    }
    log_in_from(&site, attackers[0], PASSWORD, None).await.problem(429, "too_many_attempts");
    log_in_from(&site, OTHER, PASSWORD, None).await.ok(200);
    // Nor after a restart, which the audit outlives.
    site.restart().await;
    for address in attackers.iter().chain(&attackers).chain(&attackers).chain(&attackers).chain(&attackers) {
        log_in_from(&site, *address, "salah", None).await.problem(401, "unauthorized");
    }
    for n in 20..30 {
        let _ = log_in_from(&site, Ipv4Addr::new(127, 0, 0, n), "salah", None).await;
    }
    log_in_from(&site, Ipv4Addr::new(127, 0, 0, 30), PASSWORD, None).await.problem(429, "too_many_attempts");
    log_in_from(&site, OTHER, PASSWORD, None).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_what_it_may_and_no_more() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    let package = site.package(1024, 10_000).await;
    let calls = [
        (0, Method::GET, format!("{user}/explain"), json!(null), 200),
        (1, Method::POST, format!("{user}/purchases"), json!({"package_id": package, "method": "cash"}), 201),
        (2, Method::POST, "/users".to_owned(), json!({"name": "Sari"}), 201),
        (2, Method::POST, format!("{user}/credits"), json!({"amount": 1, "reason": "hadiah"}), 201),
        (2, Method::POST, format!("{user}/block"), json!({"reason": "nakal"}), 200),
        (2, Method::POST, "/router/sync".to_owned(), json!({}), 200),
        (2, Method::GET, "/audit".to_owned(), json!(null), 200),
        (3, Method::POST, format!("{user}/debits"), json!({"amount": 1, "reason": "salah"}), 201),
        (
            3,
            Method::POST,
            "/packages".to_owned(),
            json!({"name": "P", "quota": null, "days": 1, "price_rp": 0}),
            201,
        ),
        (3, Method::GET, "/admins".to_owned(), json!(null), 200),
        (3, Method::PATCH, "/admins/nobody".to_owned(), json!({"role": "viewer"}), 404),
        (3, Method::DELETE, "/admins/nobody".to_owned(), json!(null), 404),
    ];
    for (level, role) in ["viewer", "cashier", "operator"].into_iter().enumerate() {
        let token = site.admin(role, role).await;
        for (needs, method, path, body, status) in &calls {
            let mut request = site.request(method.clone(), path).bearer(&token);
            if !body.is_null() {
                request = request.json(body);
            }
            let reply = send(request).await;
            if level >= *needs {
                assert_eq!(reply.status, *status, "{role} {path}: {}", reply.text);
            } else {
                reply.problem(403, "role");
            }
        }
    }
    let weak = site.post("/admins/operator/tokens", json!({"role": "viewer"})).await.ok(201);
    let weak = weak["token"].as_str().unwrap();
    assert!(weak.starts_with("kuota_"));
    let add = site.request(Method::POST, "/users").bearer(weak).json(&json!({"name": "x"}));
    send(add).await.problem(403, "role");
    site.post("/admins/operator/tokens", json!({"role": "owner"})).await.invalid("role");
    site.post("/admins/nobody/tokens", json!({})).await.problem(404, "not_found");
    site.post("/admins", json!({"name": "viewer", "role": "viewer", "password": PASSWORD}))
        .await
        .problem(409, "name_taken");
    site.delete("/admins/operator").await.ok(204);
    send(site.request(Method::GET, "/users").bearer(weak)).await.problem(401, "unauthorized");
    site.delete("/admins/juragan").await.problem(409, "last_owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_from_other_networks_are_refused() {
    let site =
        TestSite::serving_with(|config| config.admin.allowed_networks = vec!["10.0.0.0/8".parse().unwrap()])
            .await;
    for path in ["/users", "/ping", "/nothing"] {
        site.request(Method::GET, path).from(OTHER).bearer(&site.owner).send().await.problem(403, "network");
    }
    // This machine itself is let in whatever the list says.
    send(site.request(Method::GET, "/ping")).await.ok(200);
    site.locally("GET", "/api/v1/ping", &Value::Null).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_reach_the_desk_only_where_they_are_named() {
    let network = |text: &str| text.parse::<kuota::settings::Network>().unwrap();
    for (named, status) in [(None, 403), (Some("127.0.0.2/32"), 200), (Some("127.0.0.3/32"), 403)] {
        let site = TestSite::serving_with(|config| {
            config.portal.client_networks = vec![network("127.0.0.2/31")];
            config.admin.allowed_networks.extend(named.map(network));
        })
        .await;
        let ping = site.request(Method::GET, "/ping").from(OTHER).send().await;
        assert_eq!(ping.status, status, "{named:?}: {}", ping.text);
        send(site.request(Method::GET, "/ping")).await.ok(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_takes_over_whole_keys_and_no_half_of_one() {
    let site = TestSite::serving().await;
    let package = site.package(1024, 10_000).await;
    let user = site.post("/users", json!({"name": "Baru", "approved": false})).await.ok(201);
    let path = format!("/users/{}/purchases", user["id"].as_str().unwrap());
    let buy = json!({"package_id": package, "method": "cash"});
    site.post(&path, buy.clone()).await.problem(409, "inactive");
    let mut config = site.agent().config.clone();
    config.portal.registration = kuota::agent::config::Registration::Payment;
    config.policy.max_devices_per_user = 7;
    site.agent().reload(&config).await.unwrap();
    let in_force = site.agent().in_force();
    assert_eq!(in_force.policy.max_devices_per_user, 7);
    assert_eq!(in_force.portal.registration, kuota::agent::config::Registration::Off);
    site.post(&path, buy).await.problem(409, "inactive");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_is_answered_nothing() {
    let site = TestSite::serving_with(|config| config.admin.hosts = vec!["meja.lan".parse().unwrap()]).await;
    let port = site.base.rsplit_once(':').unwrap().1.to_owned();
    for host in
        ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "meja.lan.evil.example", "x@meja.lan"]
    {
        for path in ["/api/v1/users", "/api/v1/ping", "/healthz", "/metrics", "/nothing", "/api/v1/nothing"] {
            let call = site.call(Method::GET, path).header("host", host).bearer(&site.owner);
            let reply = call.send().await;
            assert_eq!((reply.status, &reply.json()["code"]), (421, &json!("foreign_host")), "{host} {path}");
        }
        let body = json!({"username": "juragan", "password": PASSWORD});
        let login = site.request(Method::POST, "/login").header("host", host).json(&body);
        login.header("origin", &format!("http://{host}")).send().await.problem(421, "foreign_host");
        let page =
            site.call(Method::GET, "/masuk").header("host", host).header("accept", "text/html").send().await;
        assert!(page.status == 421 && page.text.contains("admin.hosts"), "{}", page.text);
    }
    for host in ["127.0.0.1", "10.0.0.2:8080", "[fd00::2]:8080", "localhost", "Meja.LAN", "192.168.88.2:8081"]
    {
        site.request(Method::GET, "/ping").header("host", host).send().await.ok(200);
    }
    site.request(Method::GET, "/ping").header("host", &format!("meja.lan:{port}")).send().await.ok(200);
    // A caller hears first that its body is too large, whatever it calls us.
    let large = site.request(Method::POST, "/users").header("host", "evil.example").bearer(&site.owner);
    large
        .header("content-type", "application/json")
        .body(vec![b' '; 2 << 20])
        .send()
        .await
        .problem(413, "too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_calls_name_what_is_wrong_and_change_nothing() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    let package = site.package(1024, 10_000).await;
    let before = site.lines().await;
    let nobody = "/users/00000000-0000-4000-8000-000000000000";

    site.get("/nothing").await.problem(404, "not_found");
    send(site.call(Method::GET, "/api/v2")).await.problem(404, "not_found");
    site.delete("/users").await.problem(405, "method_not_allowed");
    site.get("/users/x").await.invalid("id");
    site.get(nobody).await.problem(404, "not_found");
    site.delete(&format!("{user}/devices/xx")).await.invalid("mac");
    site.delete(&format!("{user}/devices/{MAC}")).await.problem(404, "not_found");
    site.post(&format!("{user}/debts/x/settlements"), json!({"method": "cash"})).await.invalid("debt");
    site.get("/orders/x").await.problem(404, "not_found");
    for (path, field) in [
        ("/users?limit=0", "limit"),
        ("/users?after=zz", "after"),
        ("/users?status=happy", "status"),
        ("/users?limit=1&limit=2", "limit"),
        ("/users?colour=red", "colour"),
        ("/orders?user_id=x", "user_id"),
        ("/audit?after=p-1", "after"),
    ] {
        site.get(path).await.invalid(field);
    }
    site.get(&format!("{user}/usage?from=x")).await.invalid("from");
    site.get(&format!("{user}/usage?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z")).await.invalid("to");
    site.get(&format!("{user}/usage?step=week")).await.invalid("step");

    let rows = [
        ("/users", json!({}), "name"),
        ("/users", json!({"name": " "}), "name"),
        ("/users", json!({"name": "x", "debt_limit": -1}), "debt_limit"),
        ("/users", json!({"name": "x", "phone": "abc"}), "phone"),
        ("/users", json!({"name": "x", "colour": "red"}), "colour"),
        ("credits", json!({"amount": 0, "reason": "x"}), "amount"),
        ("credits", json!({"amount": "10 apples", "reason": "x"}), "amount"),
        ("credits", json!({"amount": 1.5, "reason": "x"}), "amount"),
        ("credits", json!({"amount": "2000 TB", "reason": "x"}), "amount"),
        ("credits", json!({"amount": u64::MAX, "reason": "x"}), "amount"),
        ("credits", json!({"amount": 1}), "reason"),
        ("credits", json!({"amount": 1, "reason": ""}), "reason"),
        ("credits", json!({"amount": 1, "reason": "x", "days": 0}), "days"),
        ("debts", json!({}), "amount"),
        ("debts", json!({"amount": 1, "package_id": package}), "amount"),
        ("debts", json!({"amount": 1, "due_date": "2026-02-30"}), "due_date"),
        ("debts", json!({"amount": 1, "price_rp": -1}), "price_rp"),
        ("debts", json!({"amount": 1, "debt_date": "2026-11-02", "due_date": "2026-11-01"}), "due_date"),
        ("purchases", json!({"package_id": "x", "method": "cash"}), "package_id"),
        ("purchases", json!({"package_id": package, "method": "stones"}), "method"),
        ("payments", json!({"amount_rp": 0, "method": "cash"}), "amount_rp"),
        ("payments", json!({"amount_rp": 100_000_000_001_u64, "method": "cash"}), "amount_rp"),
        ("reset", json!({}), "reason"),
        ("block", json!({"reason": 3}), "reason"),
        ("devices", json!({"mac": "01:00:00:00:00:01"}), "mac"),
        ("/packages", json!({"name": "x", "days": 1, "price_rp": 1}), "quota"),
        ("/packages", json!({"name": "x", "quota": 0, "days": 1, "price_rp": 1}), "quota"),
        ("/packages", json!({"name": "x", "quota": 1, "days": 3661, "price_rp": 1}), "days"),
        ("/admins", json!({"name": "x", "role": "king", "password": PASSWORD}), "role"),
        ("/admins", json!({"name": "local", "role": "owner", "password": PASSWORD}), "name"),
        ("/admins", json!({"name": "x", "role": "owner", "password": "short"}), "password"),
    ];
    for (path, body, field) in rows {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("{user}/{path}") };
        let reply = site.post(&path, body.clone()).await;
        assert_eq!(reply.status, 422, "{path} {body}: {}", reply.text);
        reply.invalid(field);
    }
    let path = format!("{nobody}/purchases");
    site.post(&path, json!({"package_id": package, "method": "qris"})).await.problem(404, "not_found");
    let path = format!("{user}/purchases");
    site.post(&path, json!({"package_id": package, "method": "qris"}))
        .await
        .problem(503, "relay_unreachable");
    site.post(&path, json!({"package_id": package, "method": "cash", "expect_rp": 9}))
        .await
        .problem(409, "quote_changed");
    assert_eq!(site.lines().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_json_or_too_large_are_refused() {
    let site = TestSite::serving().await;
    let before = site.lines().await;
    let post = || site.request(Method::POST, "/users").bearer(&site.owner);
    let json_kind = ("content-type", "application/json");
    send(post().header(json_kind.0, json_kind.1).body("{\"name\":")).await.problem(400, "malformed");
    send(post().header(json_kind.0, json_kind.1).body(vec![b'"', 0xff, b'"'])).await.status_in(&[400, 422]);
    send(post().header(json_kind.0, json_kind.1).body("[]")).await.invalid("body");
    send(post().body("name=Budi")).await.problem(415, "unsupported_media_type");
    send(post().header("content-type", "text/plain").body("{}")).await.problem(415, "unsupported_media_type");
    send(post().header(json_kind.0, json_kind.1)).await.invalid("name");
    let huge = vec![b' '; 2 * 1024 * 1024];
    send(post().header(json_kind.0, json_kind.1).body(huge)).await.problem(413, "too_large");
    let key = post().header("idempotency-key", "a b").json(&json!({"name": "x"}));
    send(key).await.invalid("Idempotency-Key");
    assert_eq!(site.lines().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_may_be_larger_than_other_calls_and_has_a_limit_of_rows() {
    let site = TestSite::serving().await;
    let before = site.lines().await;
    let import = |body: String| {
        let post = site.request(Method::POST, "/users/import").bearer(&site.owner);
        send(post.header("content-type", "application/json").body(body))
    };
    let padded = |users: &str, bytes: usize| format!("{{\"users\": [{users}]}}{}", " ".repeat(bytes));
    let row = "{\"name\": \"Budi\"}";
    import(padded("{\"name\": \"\"}", 2 << 20)).await.invalid("users[0].name");
    import(padded(row, 16 << 20)).await.problem(413, "too_large");
    let many = vec![row; 20_001].join(",");
    let problem = import(padded(&many, 0)).await.problem(422, "invalid");
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("more than 20000"), "{problem}");
    assert_eq!(site.lines().await, before);
    import(padded(row, 2 << 20)).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_and_never_ends_is_answered_all_the_same() {
    let site = TestSite::serving().await;
    let mut socket = UnixStream::connect(site.folder().join("kuotad.sock")).await.unwrap();
    let head = "POST /api/v1/users HTTP/1.1\r\nhost: kuotad\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n200000\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b' '; 0x20_0000 + 100]).await.unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_entered_found_changed_and_deleted() {
    let site = TestSite::serving().await;
    let budi = json!({"name": " Budi ", "phone": "0812-3456 7890", "login": "budi"});
    let budi = site.post("/users", budi).await.ok(201);
    assert_eq!((&budi["name"], &budi["phone"]), (&json!("Budi"), &json!("0812-3456 7890")));
    assert_eq!(budi["phone_e164"], "+6281234567890");
    assert_eq!(
        (&budi["approved"], &budi["active"], &budi["exempt"]),
        (&json!(true), &json!(true), &json!(false))
    );
    assert_eq!((&budi["access"]["status"], &budi["access"]["reason"]), (&json!("habis"), &json!("habis")));
    assert_eq!((bytes(&budi, "remaining_bytes"), &budi["remaining_mb"]), (0, &json!("0.00")));
    site.post("/users", json!({"name": "x", "login": "budi"})).await.problem(409, "login_taken");
    site.post("/users", json!({"name": "x", "phone": "081234567890"})).await.problem(409, "phone_taken");
    let path = format!("/users/{}", budi["id"].as_str().unwrap());

    let change = json!({"phone": null, "debt_limit": "1 GB", "overage": "debt", "expires_at": "2026-12-01T07:00:00+07:00"});
    let changed = site.patch(&path, change).await.ok(200);
    assert_eq!(
        (&changed["phone"], &changed["login"], &changed["overage"]),
        (&json!(null), &json!("budi"), &json!("debt"))
    );
    assert_eq!(
        (bytes(&changed, "debt_limit_bytes"), &changed["expires_at"]),
        (1024 * MIB, &json!("2026-12-01T00:00:00Z"))
    );
    site.patch(&path, json!({"debt_limit": 0})).await.problem(409, "debt_needs_limit");
    let back =
        site.patch(&path, json!({"debt_limit": null, "overage": null, "expires_at": null})).await.ok(200);
    assert_eq!(
        (bytes(&back, "debt_limit_bytes"), &back["overage"], &back["expires_at"]),
        (500 * MIB, &json!("stop"), &json!(null))
    );
    site.patch(&path, json!({"name": null})).await.invalid("name");
    assert_eq!(site.get(&path).await.ok(200), back);

    site.post(&format!("{path}/devices"), json!({"mac": "02-00-00-00-00-01", "label": "HP"})).await.ok(201);
    site.user("Sari").await;
    for (query, names) in [
        ("", vec!["Budi", "Sari"]),
        ("?q=bud", vec!["Budi"]),
        ("?q=02:00:00:00:00", vec!["Budi"]),
        ("?q=zzz", vec![]),
        ("?q=&status=habis", vec!["Budi", "Sari"]),
        ("?status=active", vec![]),
    ] {
        let page = site.get(&format!("/users{query}")).await.ok(200);
        let found: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|u| u["name"].as_str().unwrap()).collect();
        assert_eq!((found, &page["next"]), (names, &json!(null)), "{query}");
    }

    site.delete(&path).await.problem(409, "user_has_devices");
    site.delete(&format!("{path}/devices/{MAC}")).await.ok(204);
    site.delete(&path).await.ok(204);
    site.get(&path).await.problem(404, "not_found");
    site.delete(&path).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages_that_follow_each_other() {
    let site = TestSite::serving().await;
    for n in 0..7 {
        site.user(&format!("U{n}")).await;
    }
    let user = site.user("Terakhir").await;
    for n in 1..=5 {
        site.post(&format!("{user}/credits"), json!({"amount": n, "reason": "x"})).await.ok(201);
    }
    for (path, rows) in
        [("/users".to_owned(), 8), (format!("{user}/statement"), 5), ("/audit".to_owned(), 15)]
    {
        let (mut seen, mut query) = (Vec::new(), "?limit=3".to_owned());
        loop {
            let page = site.get(&format!("{path}{query}")).await.ok(200);
            let items = page["items"].as_array().unwrap().clone();
            assert!(items.len() <= 3 && !items.is_empty(), "{path}");
            seen.extend(items);
            let Some(next) = page["next"].as_str() else { break };
            query = format!("?limit=3&after={next}");
        }
        assert_eq!(seen.len(), rows, "{path}");
        seen.dedup();
        assert_eq!(seen.len(), rows, "{path}: no row twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_day_adds_up() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    let package = site.package(10 * 1024, 100_000).await;
    site.sim.host_connect(MAC, Ipv4Addr::new(10, 5, 50, 2));
    site.sim.set_authorized(MAC, true);
    site.post(&format!("{user}/devices"), json!({"mac": MAC})).await.ok(201);

    let credited = site
        .post(&format!("{user}/credits"), json!({"amount": "1 GB", "days": 7, "reason": "hadiah"}))
        .await
        .ok(201);
    assert_eq!(
        (bytes(&credited, "remaining_bytes"), &credited["access"]["status"]),
        (1024 * MIB, &json!("active"))
    );
    site.use_mb(MAC, 1500).await;
    let used = site.get(&user).await.ok(200);
    assert_eq!((bytes(&used, "used_bytes"), bytes(&used, "overage_bytes")), (1500 * MIB, 476 * MIB));
    assert_eq!((&used["overage_mb"], &used["access"]["status"]), (&json!("476.00"), &json!("habis")));
    assert_eq!(
        (&used["devices"][0]["online"], &used["devices"][0]["address"]),
        (&json!(true), &json!("10.5.50.2"))
    );

    let quote = site.get(&format!("{user}/quote")).await.ok(200);
    assert_eq!((&quote["amount_rp"], &quote["lines"][0]["kind"]), (&json!(10_000), &json!("overage")));
    let paid = site
        .post(
            &format!("{user}/settlements"),
            json!({"method": "transfer", "reference": "BCA 1", "expect_rp": 10_000}),
        )
        .await
        .ok(201);
    assert_eq!(
        (&paid["status"], &paid["receipt"], &paid["kind"]),
        (&json!("paid"), &json!(1), &json!("settle_all"))
    );
    assert_eq!(
        (&paid["method"], &paid["cashier"], &paid["reference"]),
        (&json!("transfer"), &json!("juragan"), &json!("BCA 1"))
    );
    site.post(&format!("{user}/settlements"), json!({"method": "cash"})).await.problem(409, "nothing_owed");
    assert_eq!(site.get(&format!("{user}/quote")).await.ok(200), json!({"amount_rp": 0, "lines": []}));

    let debt =
        site.post(&format!("{user}/debts"), json!({"package_id": package, "note": "bon"})).await.ok(201);
    assert_eq!(
        (&debt["due_rp"], &debt["status"], &debt["debt_date"]),
        (&json!(100_000), &json!("open"), &json!("2026-11-10"))
    );
    assert_eq!(debt["due_date"], "2026-11-30");
    let part =
        site.post(&format!("{user}/payments"), json!({"amount_rp": 50_000, "method": "cash"})).await.ok(201);
    assert_eq!(part["amount_rp"], 50_000);
    site.post(&format!("{user}/payments"), json!({"amount_rp": 50_001, "method": "cash"}))
        .await
        .problem(409, "pays_too_much");
    let item = format!("{user}/debts/{}/settlements", debt["id"].as_str().unwrap());
    let other = site.user("Sari").await;
    let foreign = item.replace(&user, &other);
    site.post(&foreign, json!({"method": "cash"})).await.problem(404, "not_found");
    assert_eq!(site.post(&item, json!({"method": "cash"})).await.ok(201)["amount_rp"], 50_000);
    site.post(&item, json!({"method": "cash"})).await.problem(409, "already_paid");
    let debts = site.get(&format!("{user}/debts")).await.ok(200);
    assert_eq!((&debts["items"][0]["status"], &debts["items"][0]["due_rp"]), (&json!("paid"), &json!(0)));

    let bought = site
        .post(&format!("{user}/purchases"), json!({"package_id": package, "method": "qris_static"}))
        .await
        .ok(201);
    assert_eq!((&bought["amount_rp"], &bought["receipt"]), (&json!(100_000), &json!(4)));
    let rich = site.get(&user).await.ok(200);
    assert_eq!((bytes(&rich, "remaining_bytes"), bytes(&rich, "total_debt_bytes")), (20 * 1024 * MIB, 0));
    site.post(&format!("{user}/debits"), json!({"amount": "1 GB", "reason": "salah"})).await.ok(201);

    let orders = site.get("/orders").await.ok(200);
    assert_eq!(orders["items"].as_array().unwrap().len(), 4);
    assert_eq!(orders["items"][0], bought);
    let id = bought["id"].as_str().unwrap();
    assert_eq!(site.get(&format!("/orders/{id}")).await.ok(200), bought);
    let none = site.get(&format!("/orders?user_id={}", other.trim_start_matches("/users/"))).await.ok(200);
    assert_eq!(none["items"], json!([]));

    let blocked = site.post(&format!("{user}/block"), json!({"reason": "nakal"})).await.ok(200);
    assert_eq!(
        (&blocked["access"]["status"], &blocked["access"]["reason"]),
        (&json!("blocked"), &json!("admin"))
    );
    send(site.request(Method::POST, &format!("{user}/unblock")).bearer(&site.owner)).await.ok(200);
    site.post(&format!("{user}/unblock"), json!({"reason": "maaf"})).await.ok(200);
    let verified = site.get("/ledger/verify").await.ok(200);
    assert_eq!((&verified["accounts"], &verified["debts"]), (&json!(2), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_classic_reset_is_one_call_and_needs_the_router() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    site.sim.host_connect(MAC, Ipv4Addr::new(10, 5, 50, 2));
    site.sim.set_authorized(MAC, true);
    site.post(&format!("{user}/devices"), json!({"mac": MAC})).await.ok(201);
    site.post(&format!("{user}/credits"), json!({"amount": "100 MB", "reason": "x"})).await.ok(201);
    site.use_mb(MAC, 300).await;
    let before = site.lines().await;

    site.sim.connections(ConnectionMode::Refuse).await;
    site.sim.cut_sessions();
    let reset = json!({"debt": "10 GB", "reason": "bulan baru"});
    let call = || {
        let call = site.request(Method::POST, &format!("{user}/reset")).bearer(&site.owner);
        call.header("idempotency-key", "reset-1").json(&reset)
    };
    send(call()).await.problem(503, "router_unreachable");
    assert_eq!(site.lines().await, before);
    let plan = site.get("/router/plan").await;
    assert!(plan.status == 200 || plan.json()["code"] == "router_unreachable", "{}", plan.text);

    site.sim.connections(ConnectionMode::Accept).await;
    // A 5xx is not remembered: the key resumes the same work, once the client has found the router again.
    let found_again = async {
        loop {
            let reply = send(call()).await;
            if reply.status != 503 {
                return reply;
            }
            tokio::task::yield_now().await;
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(30), found_again).await.unwrap();
    let done = done.ok(200);
    assert_eq!((bytes(&done, "credited_bytes"), bytes(&done, "used_bytes")), (10_240 * MIB, 0));
    assert_eq!((bytes(&done, "debt_items_bytes"), bytes(&done, "overage_bytes")), (10_240 * MIB, 0));
    assert_eq!(done["access"]["status"], "active");
    let kinds: Vec<_> =
        done["entries"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["usage", "closing", "debt_granted", "advance"]);
    assert_eq!(send(call()).await.json(), done);

    let synced = site.post("/router/sync", json!({})).await.ok(200);
    assert!(synced["edits"].as_array().unwrap().iter().all(|edit| edit["outcome"] == "done"), "{synced}");
    assert_eq!(site.sim.lists_of(Ipv4Addr::new(10, 5, 50, 2)), ["klient_aktif"]);
    site.use_mb(MAC, 0).await;
    assert_eq!(bytes(&site.get(&user).await.ok(200), "used_bytes"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_call_is_answered_and_not_done_again() {
    let mut site = TestSite::serving().await;
    let user = site.user("Budi").await;
    let path = format!("{user}/credits");
    let call = |site: &TestSite, token: &str, path: &str, body: &'static str| {
        site.request(Method::POST, path)
            .bearer(token)
            .header("idempotency-key", "k-1")
            .header("content-type", "application/json")
            .body(body)
    };
    let owner = site.owner.clone();
    let body = r#"{"amount": "1 GB", "reason": "hadiah"}"#;
    let first = send(call(&site, &owner, &path, body)).await;
    first.ok(201);
    site.post(&path, json!({"amount": "1 GB", "reason": "lain"})).await.ok(201);
    let second = send(call(&site, &owner, &path, body)).await;
    assert_eq!((second.status, &second.text), (first.status, &first.text), "byte for byte");
    let other = r#"{"amount": "2 GB", "reason": "hadiah"}"#;
    send(call(&site, &owner, &path, other)).await.problem(409, "idempotency_conflict");
    send(call(&site, &owner, &format!("{user}/debits"), body)).await.problem(409, "idempotency_conflict");

    site.restart().await;
    let third = send(call(&site, &owner, &path, body)).await;
    assert_eq!((third.status, third.text), (first.status, first.text));
    let operator = site.admin("operator", "operator").await;
    send(call(&site, &operator, &path, body)).await.ok(201);
    assert_eq!(bytes(&site.get(&user).await.ok(200), "credited_bytes"), 3 * 1024 * MIB);
}

#[tokio::test(flavor = "multi_thread")]
async fn binding_charges_nobody_for_what_flowed_before_and_the_plan_reads_like_the_router() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    site.sim.host_connect(MAC, Ipv4Addr::new(10, 5, 50, 2));
    site.sim.set_authorized(MAC, true);
    site.sim.traffic(MAC, 900 * MIB, 0);
    let bound = site.post(&format!("{user}/devices"), json!({"mac": MAC, "label": "HP"})).await.ok(201);
    assert_eq!(
        (&bound["devices"][0]["label"], &bound["devices"][0]["pending"]),
        (&json!("HP"), &json!(null))
    );
    site.post(&format!("{user}/credits"), json!({"amount": "10 GB", "reason": "x"})).await.ok(201);
    site.use_mb(MAC, 5).await;
    assert_eq!(bytes(&site.get(&user).await.ok(200), "used_bytes"), 5 * MIB);

    let usage = site.get(&format!("{user}/usage")).await.ok(200);
    assert_eq!((&usage["total_bytes"], &usage["items"][0]["mac"]), (&json!(5 * MIB), &json!(MAC)));
    assert_eq!(usage["items"][0]["start"], "2026-11-10T03:00:00Z");
    site.use_mb(MAC, 2).await;
    let days = site.get(&format!("{user}/usage?step=day&from=2026-11-01T00:00:00Z")).await.ok(200);
    assert_eq!(
        (&days["total_bytes"], &days["items"][0]["start"]),
        (&json!(7 * MIB), &json!("2026-11-09T17:00:00Z"))
    );

    site.clock.advance(Duration::from_hours(24));
    site.sim.advance(Duration::from_hours(24));
    site.use_mb(MAC, 1).await;
    let days = site.get(&format!("{user}/usage?step=day&from=2026-11-01T00:00:00Z")).await.ok(200);
    let of_day = |n: usize| (days["items"][n]["start"].clone(), days["items"][n]["bytes"].clone());
    assert_eq!(of_day(0), (json!("2026-11-09T17:00:00Z"), json!(7 * MIB)), "a day that ended");
    assert_eq!(of_day(1), (json!("2026-11-10T17:00:00Z"), json!(MIB)), "and the open one: {days}");

    let plan = site.get("/router/plan").await.ok(200);
    let id = user.trim_start_matches("/users/");
    let binding = json!({"action": "add", "menu": "/ip/hotspot/ip-binding", "row": null, "mac": MAC,
                         "type": "bypassed", "user_id": id});
    let listing = json!({"action": "add", "menu": "/ip/firewall/address-list", "row": null, "list": "klient_aktif",
                         "address": "10.5.50.2", "user_id": id});
    assert_eq!(plan, json!({"edits": [binding, listing], "conflicts": [], "dry_run": false}));
    assert!(site.sim.lists_of(Ipv4Addr::new(10, 5, 50, 2)).is_empty(), "a plan changes nothing");
    site.post("/router/sync", json!({})).await.ok(200);
    assert_eq!(site.get("/router/plan").await.ok(200)["edits"], json!([]));
    assert_eq!(site.sim.lists_of(Ipv4Addr::new(10, 5, 50, 2)), ["klient_aktif"]);
    let status = site.get("/status").await.ok(200);
    assert_eq!((&status["router"]["state"], &status["relay"]["state"]), (&json!("ok"), &json!("off")));
    assert_eq!((&status["store"]["state"], &status["clock"]["state"]), (&json!("ok"), &json!("ok")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumped_is_told_with_its_last_trusted_time_and_since_when() {
    let site = TestSite::serving().await;
    let trusted_at = site.clock.now();
    site.clock.set_wall(Timestamp(trusted_at.0 + 900 * DAY_MS));
    site.agent().engine().call(Engine::pass_time).await.unwrap().unwrap();
    site.clock.advance(Duration::from_hours(1));
    let clock = site.get("/status").await.ok(200)["clock"].clone();
    assert_eq!(clock["state"], "degraded");
    let told =
        [&clock["since"], &clock["last_success"]].map(|at| parse_rfc3339(at.as_str().unwrap()).unwrap());
    assert!(told.iter().all(|at| trusted_at.0 - at.0 < 60_000 && at.0 <= trusted_at.0), "{clock}");
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_tells_every_rule_its_numbers_and_what_to_pay() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    site.package(10 * 1024, 100_000).await;
    let late = json!({"amount": "5 GB", "debt_date": "2026-10-01", "due_date": "2026-10-31", "note": "bon"});
    let debt = site.post(&format!("{user}/debts"), late).await.ok(201);
    let why = site.get(&format!("{user}/explain")).await.ok(200);
    assert_eq!(
        (&why["user"]["access"]["status"], &why["user"]["access"]["reason"]),
        (&json!("blocked"), &json!("debt_overdue"))
    );
    let rules = why["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 10);
    let deciding: Vec<_> = rules.iter().filter(|rule| rule["decides"] == true).collect();
    assert_eq!(
        (deciding.len(), &deciding[0]["reason"], &deciding[0]["holds"]),
        (1, &json!("debt_overdue"), &json!(true))
    );
    assert_eq!(deciding[0]["numbers"], json!([{"name": "due_date", "value": "2026-10-31"}]));
    assert_eq!(deciding[0]["entries"].as_array().unwrap().len(), 2, "granted and advanced");
    assert_eq!((&why["to_pay"]["amount_rp"], &why["debts"][0]["id"]), (&json!(50_000), &debt["id"]));
    assert_eq!(why["to_pay_refused"], json!(null));

    let poor = site.user("Sari").await;
    let why = site.get(&format!("{poor}/explain")).await.ok(200);
    assert_eq!(why["to_pay"], json!({"amount_rp": 0, "lines": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_socket_needs_no_log_in_and_is_an_owner() {
    let site = TestSite::serving().await;
    let mut socket = UnixStream::connect(site.folder().join("kuotad.sock")).await.unwrap();
    let body = r#"{"name": "Budi"}"#;
    let head =
        "POST /api/v1/users HTTP/1.1\r\nhost: kuotad\r\nconnection: close\r\ncontent-type: application/json";
    let call = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    socket.write_all(call.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let audit = site.get("/audit?limit=1").await.ok(200);
    let line = &audit["items"][0];
    assert_eq!(
        (&line["actor"], &line["role"], &line["source"]),
        (&json!("local"), &json!("owner"), &json!("socket"))
    );
    assert_eq!(line["action"], "user.add");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desks_pages_show_nothing_before_the_log_in_and_names_are_never_markup() {
    let site = TestSite::serving().await;
    let user = site.user("<b>Budi</b>").await.replace("/users/", "/pelanggan/");
    for path in ["/", "/pelanggan", &user] {
        let page = send(site.call(Method::GET, path)).await;
        assert_eq!((page.status, page.text.as_str()), (303, ""), "{path}");
        assert!(page.headers["location"].to_str().unwrap().starts_with("/masuk"), "{path}");
        let page = send(site.call(Method::GET, path).bearer(&site.owner)).await;
        assert_eq!((page.status, page.kind.as_str()), (200, "text/html; charset=utf-8"), "{path}");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!page.text.contains("<b>Budi"), "{path}: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_a_whole_store_that_only_the_owner_gets() {
    let site = TestSite::serving().await;
    site.user("Budi").await;
    let cashier = site.admin("kasir", "cashier").await;
    let call = |token: &str| send(site.request(Method::POST, "/backup").bearer(token));
    call(&cashier).await.problem(403, "role");
    let copy = site.request(Method::POST, "/backup").bearer(&site.owner).bytes().await;
    assert!(copy.starts_with(b"SQLite format 3\0"));
    let path = site.folder().join("fetched.db");
    std::fs::write(&path, &copy).unwrap();
    assert_eq!(kuota::store::backup::prove(&path).unwrap().accounts, 1);
    let left =
        std::fs::read_dir(site.folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert!(!left.into_iter().any(|name| name.contains("copying")), "no copy stays behind");
    assert_eq!(site.get("/audit?limit=1").await.ok(200)["items"][0]["action"], "backup");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_exported_for_the_owner_and_never_as_formulas() {
    let site = TestSite::serving().await;
    let user = site.user("=cmd|' /C calc'!A0").await;
    site.post(&format!("{user}/debts"), json!({"amount": "3 GB", "note": "a, \"b\""})).await.ok(201);
    let operator = site.admin("operator", "operator").await;
    send(site.request(Method::GET, "/export/users").bearer(&operator)).await.problem(403, "role");
    site.get("/export/tokens").await.problem(404, "not_found");
    for table in ["users", "packages", "debts", "orders", "entries"] {
        let reply = site.get(&format!("/export/{table}")).await;
        reply.ok_text();
        assert_eq!(reply.kind, "text/csv; charset=utf-8; header=present");
        assert!(reply.headers["content-disposition"].to_str().unwrap().contains(&format!("{table}.csv")));
        assert!(reply.text.ends_with("\r\n") && !reply.text.contains("\n="), "{}", reply.text);
    }
    let debts = site.get("/export/debts").await.text;
    assert!(debts.contains(",'=cmd|' /C calc'!A0,3221225472,0,,0,"), "{debts}");
    assert!(debts.contains(",open,\"a, \"\"b\"\"\",juragan,2026-11-10T03:00:00Z,\r\n"), "{debts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_ask_for_a_token_or_a_named_network() {
    let site =
        TestSite::serving_with(|config| config.admin.metrics_networks.push("127.0.0.3/32".parse().unwrap()))
            .await;
    let viewer = site.admin("viewer", "viewer").await;
    for path in ["/metrics", "/api/v1/metrics"] {
        send(site.call(Method::GET, path)).await.ok_text();
        site.call(Method::GET, path).from(NAMED).send().await.ok_text();
        site.call(Method::GET, path).from(OTHER).send().await.problem(401, "unauthorized");
        site.call(Method::GET, path).from(OTHER).bearer("kuota_x").send().await.problem(401, "unauthorized");
        site.call(Method::GET, path).from(OTHER).bearer(&viewer).send().await.ok_text();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_counts_and_sums_without_names_or_a_log_in() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    site.post(&format!("{user}/debts"), json!({"amount": "3 GB"})).await.ok(201);
    site.get("/nowhere").await.problem(404, "not_found");
    site.agent().cycle.meter_once().await.unwrap();
    for path in ["/metrics", "/api/v1/metrics"] {
        let reply = send(site.call(Method::GET, path)).await;
        reply.ok_text();
        assert!(reply.kind.starts_with("application/openmetrics-text"), "{}", reply.kind);
        for line in [
            "kuota_cycles_total 1",
            "kuota_cycle_failures_total 0",
            "kuota_router_state{state=\"ok\"} 1",
            "kuota_users{status=\"active\"} 1",
            "kuota_users{status=\"blocked\"} 0",
            "kuota_debt_bytes 3221225472",
            "kuota_overage_bytes 0",
            "kuota_ledger_entries_total 2",
            "kuota_access_changes_total 1",
            "kuota_clock_trusted 1",
            "kuota_store_up 1",
            "kuota_http_answers_total{server=\"portal\",class=\"2xx\"} 0",
            "kuota_http_answers_total{server=\"admin\",class=\"4xx\"} 1",
            "# TYPE kuota_router_read_seconds gauge",
            "# EOF",
        ] {
            assert!(reply.text.lines().any(|found| found == line), "{line} is not in\n{}", reply.text);
        }
        assert!(!reply.text.contains("Budi"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_are_summed_by_day_method_and_cashier() {
    let site = TestSite::serving().await;
    let package = site.package(1024, 50_000).await;
    let cashier = site.admin("kasir", "cashier").await;
    let user = site.user("+Budi").await;
    let buy = |token: &str, method: &str| {
        let body = json!({"package_id": package, "method": method});
        send(site.request(Method::POST, &format!("{user}/purchases")).bearer(token).json(&body))
    };
    buy(&cashier, "cash").await.ok(201);
    buy(&cashier, "cash").await.ok(201);
    buy(&site.owner, "transfer").await.ok(201);
    site.clock.advance(Duration::from_hours(24));
    buy(&cashier, "cash").await.ok(201);

    let report = site.get("/reports/sales").await.ok(200);
    assert_eq!((&report["from"], &report["to"]), (&json!("2026-11-01"), &json!("2026-11-30")));
    let sum = |day: &str, method: &str, cashier: &str, orders: u64, first: u64, last: u64| {
        json!({"day": day, "method": method, "cashier": cashier, "orders": orders, "amount_rp": orders * 50_000,
               "refunded_rp": 0, "receipt_first": first, "receipt_last": last})
    };
    let expected = json!([
        sum("2026-11-10", "cash", "kasir", 2, 1, 2),
        sum("2026-11-10", "transfer", "juragan", 1, 3, 3),
        sum("2026-11-11", "cash", "kasir", 1, 4, 4),
    ]);
    assert_eq!(report["items"], expected);
    assert_eq!((&report["totals"]["orders"], &report["totals"]["amount_rp"]), (&json!(4), &json!(200_000)));
    let day = site.get("/reports/sales?from=2026-11-11&to=2026-11-11").await.ok(200);
    assert_eq!(day["totals"]["orders"], 1);

    let table = site.get("/reports/sales?format=csv").await;
    assert_eq!(table.kind, "text/csv; charset=utf-8; header=present");
    assert_eq!(table.headers["content-disposition"], "attachment; filename=\"sales.csv\"");
    let lines: Vec<&str> = table.text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + 3 + 4 + 1);
    assert_eq!(lines[1], "sum,2026-11-10,cash,kasir,2,100000,0,1,2,,,,,");
    assert!(lines[4].starts_with("order,2026-11-10,cash,kasir,1,50000,0,1,1,"), "{}", lines[4]);
    assert!(lines[4].ends_with(",'+Budi,purchase,paid,2026-11-10T03:00:00Z"), "{}", lines[4]);
    assert_eq!(lines[8], "total,,,,4,200000,0,1,4,,,,,");

    site.get("/reports/sales?from=2025-01-01&to=2026-11-11").await.invalid("from");
    site.get("/reports/sales?from=2026-11-11&to=2026-11-10").await.invalid("to");
    site.get("/reports/sales?from=11-11-2026").await.invalid("from");
    site.get("/reports/sales?format=xml").await.invalid("format");
    site.get("/reports/profit").await.problem(404, "not_found");
    let viewer = site.admin("tamu", "viewer").await;
    send(site.request(Method::GET, "/reports/sales").bearer(&viewer)).await.ok(200);
    send(site.request(Method::GET, "/reports/sales")).await.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn debts_and_whom_to_call_are_reported() {
    let site = TestSite::serving().await;
    let owe = async |name: &str, due: &str| {
        let user =
            site.post("/users", json!({"name": name, "phone": format!("08120000{:04}", name.len())})).await;
        let id = user.ok(201)["id"].as_str().unwrap().to_owned();
        let debt = json!({"amount": "10 GB", "debt_date": "2026-10-01", "due_date": due, "note": "bon"});
        site.post(&format!("/users/{id}/debts"), debt).await.ok(201);
    };
    owe("Terlambat", "2026-10-31").await;
    owe("Segera", "2026-11-15").await;
    owe("Nanti", "2026-12-31").await;
    site.user("Lunas").await;
    let unpriced = site.get("/reports/debts").await.ok(200);
    assert_eq!(unpriced["items"][0]["due_rp"], json!(null), "no package, no price, and never 0");
    assert_eq!((&unpriced["totals"]["unpriced"], &unpriced["totals"]["due_rp"]), (&json!(3), &json!(0)));
    site.package(10 * 1024, 100_000).await;

    let report = site.get("/reports/debts").await.ok(200);
    let late = &report["items"][0];
    assert_eq!(
        (&late["name"], &late["due_rp"], &late["overage_bytes"]),
        (&json!("Terlambat"), &json!(100_000), &json!(0))
    );
    let item = &late["debts"][0];
    assert_eq!((&item["age_days"], &item["late_days"]), (&json!(40), &json!(10)));
    let totals = json!({"users": 3, "debts": 3, "unpaid_bytes": 30 * 1024 * MIB, "overage_bytes": 0,
                        "due_rp": 300_000, "unpriced": 0});
    assert_eq!(report["totals"], totals);
    let none = site.get("/reports/debts?from=2026-11-01&to=2026-11-30").await.ok(200);
    assert_eq!(none["items"], json!([]), "by debt date");
    let table = site.get("/reports/debts?format=csv").await.text;
    assert_eq!(table.split_terminator("\r\n").last(), Some("total,,,,,,,,,32212254720,300000,,"));

    let report = site.get("/reports/collection").await.ok(200);
    let calls: Vec<_> =
        report["items"].as_array().unwrap().iter().map(|c| (&c["state"], &c["name"])).collect();
    assert_eq!(calls, [(&json!("stopped"), &json!("Terlambat")), (&json!("due_soon"), &json!("Segera"))]);
    assert_eq!(report["totals"], json!({"users": 2, "amount_rp": 200_000, "unpriced": 0}));
    let table = site.get("/reports/collection?format=csv").await.text;
    assert!(table.contains(",Terlambat,081200000009,2026-10-31,10737418240,100000\r\n"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_of_everybody_joins_ended_days_and_the_open_one() {
    let site = TestSite::serving().await;
    let user = site.user("Budi").await;
    site.post(&format!("{user}/credits"), json!({"amount": "1 GB", "reason": "tes"})).await.ok(201);
    site.sim.host_connect(MAC, Ipv4Addr::new(10, 5, 50, 2));
    site.sim.set_authorized(MAC, true);
    site.post(&format!("{user}/devices"), json!({"mac": MAC})).await.ok(201);
    site.use_mb(MAC, 5).await;
    site.clock.advance(Duration::from_hours(24));
    site.sim.advance(Duration::from_hours(24));
    site.use_mb(MAC, 2).await;
    site.use_mb(MAC, 1).await;
    let report = site.get("/reports/usage").await.ok(200);
    let rows: Vec<_> = report["items"].as_array().unwrap().iter().map(|r| (&r["day"], &r["bytes"])).collect();
    let expected = [(&json!("2026-11-10"), &json!(5 * MIB)), (&json!("2026-11-11"), &json!(3 * MIB))];
    assert_eq!(rows, expected, "gathered readings count");
    assert_eq!(report["totals"], json!({"bytes": 8 * MIB, "mb": "8.00", "unenforced_bytes": 0}));
    let past = site.get("/reports/usage?from=2026-11-01&to=2026-11-10").await.ok(200);
    assert_eq!(past["totals"]["bytes"], 5 * MIB);
    let table = site.get("/reports/usage?format=csv").await.text;
    assert!(table.ends_with(",Budi,3145728,3.00,0\r\ntotal,,,8388608,8.00,0\r\n"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_needs_no_log_in_and_names_every_route_and_no_other() {
    let site = TestSite::serving().await;
    let document = send(site.request(Method::GET, "/openapi.json")).await.ok(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(api_description::documented(), api_description::routed());
}

#[test]
fn an_answer_that_is_not_as_described_fails() {
    let check = |method: &str, path: &str, status: u16, body: Value| {
        let body = body.to_string();
        std::panic::catch_unwind(|| api_description::check(method, path, status, "application/json", &body))
            .is_ok()
    };
    assert!(check("GET", "/api/ping", 200, json!({"status": "ok", "version": "1"})));
    assert!(!check("GET", "/api/ping", 201, json!({"status": "ok", "version": "1"})), "another status");
    assert!(!check("GET", "/api/pong", 200, json!({})), "another route");
    assert!(!check("GET", "/api/ping", 200, json!({"status": "ok"})), "a field too few");
    assert!(
        !check("GET", "/api/ping", 200, json!({"status": "ok", "version": "1", "x": 1})),
        "a field too many"
    );
    assert!(!check("GET", "/api/ping", 200, json!({"status": "no", "version": "1"})), "another word");
    assert!(!check("GET", "/api/ping", 200, json!({"status": "ok", "version": 1})), "another type");
}
