//! The same as JSON: log-in, lists in pages, changes, and answers as described.

use axum::http::Method;
use kuota::domain::role::Role;
use kuota::relay::console::api::openapi::DOCUMENT;
use serde_json::{Value, json};

use super::browser::{PASSWORD, TestConsole};
use crate::support::http_client::Reply;
use crate::support::relay_host::TOKEN;

const KEY: &str = "SB-Mid-server-TESTKEYcccccccccccccccc";

/// As much of JSON Schema as the description uses; a field that is not described fails.
fn fits(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(document, document.pointer(name.trim_start_matches('#')).unwrap(), value, at);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(all) => all.iter().map(|one| one.as_str().unwrap()).collect(),
        one => vec![one.as_str().unwrap()],
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(types.contains(&kind), "{at}: {value} is no {types:?}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at}: {value}");
    }
    for item in value.as_array().into_iter().flatten() {
        fits(document, &schema["items"], item, &format!("{at}[]"));
    }
    let (Some(fields), Some(known)) = (value.as_object(), schema["properties"].as_object()) else { return };
    for name in schema["required"].as_array().unwrap() {
        assert!(fields.contains_key(name.as_str().unwrap()), "{at}: {name} is missing");
    }
    for (name, field) in fields {
        let schema = known.get(name).unwrap_or_else(|| panic!("{at}: {name} is not described"));
        fits(document, schema, field, &format!("{at}/{name}"));
    }
}

/// Holds an answer against the description.
fn check(method: &Method, path: &str, reply: &Reply) {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let asked: Vec<&str> = path.split('?').next().unwrap().split('/').collect();
    let paths = document["paths"].as_object().unwrap();
    let is_it = |template: &str| {
        let parts: Vec<&str> = template.trim_start_matches("/v1/admin").split('/').collect();
        parts.len() == asked.len() && parts.iter().zip(&asked).all(|(p, a)| p.starts_with('{') || p == a)
    };
    let (_, item) = paths.iter().find(|(template, _)| is_it(template)).unwrap_or_else(|| panic!("{path}"));
    let operation = &item[method.as_str().to_lowercase()];
    let answer = &operation["responses"][reply.status.to_string()];
    assert!(!answer.is_null(), "{method} {path} -> {} is not described: {}", reply.status, reply.text);
    if reply.status == 204 {
        assert!(reply.text.is_empty());
    } else if reply.status < 300 {
        fits(&document, &answer["content"]["application/json"]["schema"], &reply.json(), path);
    }
}

impl TestConsole {
    async fn checked(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
        let reply = self.ask(token, method.clone(), path, body.as_ref()).await;
        check(&method, path, &reply);
        reply
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sees_sites_and_orders_in_pages() {
    let console = TestConsole::start().await;
    console.operator("budi", Role::Viewer).await;
    let token = console.token("budi").await;
    let get = async |path: &str| console.checked(&token, Method::GET, path, None).await;
    assert_eq!(get("/me").await.ok(200), json!({"name": "budi", "role": "viewer"}));
    let report = json!({"version": "0.1.0", "router": "down"}).to_string().into_bytes();
    console.relay.call(Method::POST, "/v1/health", Some(TOKEN), Some(report)).await.ok(200);
    let first = get("/sites?limit=2").await.ok(200);
    let names = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|site| site["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&first), ["site-1", "site-2"]);
    assert_eq!(
        (&first["items"][0]["condition"], &first["items"][1]["condition"]),
        (&json!("attention"), &json!("never_seen"))
    );
    assert_eq!(first["items"][0]["report"]["router"], "down");
    let next = first["next"].as_str().unwrap();
    let last = get(&format!("/sites?limit=2&after={next}")).await.ok(200);
    assert_eq!((names(&last), &last["next"]), (vec!["site-3".to_owned()], &Value::Null));
    assert_eq!(names(&get("/sites?q=m2").await.ok(200)), ["site-3"]);
    get("/sites?limit=0").await.problem(422, "invalid");
    get("/sites?wrong=1").await.problem(422, "invalid");

    for n in 0..3 {
        console.relay.opened(&format!("r{n}"), "qris").await;
        console.relay.pass(1);
    }
    let page = get("/orders?site=site-1&limit=2").await.ok(200);
    assert_eq!(page["items"][0]["request_id"], "r2");
    let next = page["next"].as_str().unwrap();
    let rest = get(&format!("/orders?site=site-1&limit=2&after={next}")).await.ok(200);
    assert_eq!((rest["items"][0]["request_id"].as_str(), &rest["next"]), (Some("r0"), &Value::Null));
    get("/orders?site=nowhere").await.problem(404, "not_found");
    get("/orders").await.problem(422, "invalid");
    let site = get("/sites/site-1").await.ok(200);
    assert_eq!((&site["open_orders"], &site["timezone"]), (&json!(3), &json!("Asia/Jakarta")));
    assert_eq!(site["income_by_day"].as_array().unwrap().len(), 14);
    assert_eq!(site["income_by_day"][13]["day"], "2026-03-01");
    get("/sites/nowhere").await.problem(404, "not_found");
    assert_eq!(get("/merchants").await.ok(200)["items"][0]["kept_in"], "configuration");
    let described = console.call(Method::GET, "/v1/admin/openapi.json").send().await.ok(200);
    assert_eq!(described["openapi"], "3.1.0");
    console.call(Method::GET, "/v1/admin/nothing").send().await.problem(404, "not_found");
    assert_eq!(console.checked(&token, Method::POST, "/logout", None).await.status, 204);
    get("/me").await.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_changes_sites_and_merchants_by_the_rules_of_the_pages() {
    let console = TestConsole::start().await;
    console.operator("budi", Role::Owner).await;
    let token = console.token("budi").await;
    let post = async |path: &str, body: Value| console.checked(&token, Method::POST, path, Some(body)).await;
    let made = post("/sites", json!({"id": "warung-1", "merchant": "m1"})).await.ok(201);
    assert!(made["token"].as_str().unwrap().starts_with("kuota_site_"));
    post("/sites", json!({"id": "warung-1", "merchant": "m1"})).await.problem(409, "taken");
    post("/sites", json!({"id": "a b", "merchant": "m1"})).await.invalid("id");
    post("/sites", json!({"id": "w", "merchant": "none"})).await.problem(404, "not_found");
    post("/sites", json!({"id": "w", "merchant": "m1", "x": 1})).await.invalid("x");
    let rotated = post("/sites/warung-1/rotate-token", json!({})).await.ok(200);
    assert_ne!(rotated["token"], made["token"]);
    assert_eq!(post("/sites/warung-1/disable", json!({})).await.status, 204);
    let gone = console.checked(&token, Method::DELETE, "/sites/warung-1", None).await;
    gone.problem(409, "just_disabled");
    assert_eq!(post("/sites/warung-1/enable", json!({})).await.status, 204);
    post("/sites/site-1/disable", json!({})).await.problem(409, "in_file");
    post("/sites/nowhere/disable", json!({})).await.problem(404, "not_found");

    let merchant = |password: &str, otp: &str| json!({"id": "m9", "environment": "sandbox", "server_key": KEY, "password": password, "otp": otp});
    post("/merchants", merchant("wrong", "000000")).await.invalid("password");
    post("/merchants", merchant(PASSWORD, "000000")).await.invalid("otp");
    let without = json!({"id": "m9", "environment": "sandbox", "server_key": KEY});
    post("/merchants", without).await.invalid("password");
    let made = post("/merchants", merchant(PASSWORD, &console.code())).await.ok(201);
    assert_eq!(made, json!({"id": "m9", "encryption_key_made": false}));
    let next = "SB-Mid-server-TESTKEYdddddddddddddddd";
    let rotate = json!({"server_key": next, "password": PASSWORD, "otp": console.code()});
    post("/merchants/m9/rotate-key", rotate.clone()).await.ok(200);
    post("/merchants/m9/rotate-key", rotate).await.invalid("otp");
    let listed = console.checked(&token, Method::GET, "/merchants", None).await;
    assert!(!listed.text.contains(KEY) && !listed.text.contains(next));
    assert_eq!(listed.ok(200)["items"][2]["previous_keys"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browsers_log_in_asks_as_well_but_changes_things_from_its_own_pages_only() {
    let console = TestConsole::start().await;
    let budi = console.logged_in("budi", Role::Owner).await;
    let cookie = format!("kuota_relay_session={}", budi.cookies["kuota_relay_session"]);
    let call = |method: Method, path: &str| console.call(method, path).header("cookie", &cookie);
    call(Method::GET, "/v1/admin/me").send().await.ok(200);
    let add = |origin: &str| {
        let call = call(Method::POST, "/v1/admin/sites").header("origin", origin);
        call.json(&json!({"id": "warung-1", "merchant": "m1"}))
    };
    add("https://evil.example").send().await.problem(403, "cross_site");
    call(Method::POST, "/v1/admin/logout").send().await.problem(403, "cross_site");
    add(&console.base).send().await.ok(201);
}
