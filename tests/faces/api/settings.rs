//! The configuration read and changed over the API: who may, what is refused, what a stolen session cannot do, and what a
//! change does.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use axum::http::Method;
use kuota::agent::config::{Config, DeskLayer};
use kuota::agent::settings::reload;
use kuota::domain::id::Mac;
use kuota::settings::Environment;
use serde_json::{Value, json};

use crate::support::api_client::PASSWORD;
use crate::support::console_client::ConsoleClient;
use crate::support::http_client::Reply;
use crate::support::site::{SiteBuilder, TestSite};

const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
const NEW_SECRET: &str = "rahasia-router-baru";

async fn site_in(env: Environment, change: impl FnOnce(&mut Config)) -> TestSite {
    SiteBuilder::new().config(change).with_files(env).listening().start().await.with_owner().await
}

async fn site() -> TestSite {
    site_in(Environment::default(), |_| {}).await
}

fn set(key: &str, value: &str) -> Value {
    json!({"values": [{"key": key, "value": value}]})
}

async fn patch(site: &TestSite, body: Value) -> Reply {
    site.request(Method::PATCH, "/settings").bearer(&site.owner).json(&body).send().await
}

/// The same with a browser's session.
async fn patch_as(site: &TestSite, cookie: &str, body: &Value) -> Reply {
    let call = site.request(Method::PATCH, "/settings").header("cookie", cookie).header("origin", &site.base);
    call.json(body).send().await
}

async fn setting(site: &TestSite, key: &str) -> Value {
    let settings = site.get("/settings").await.ok(200);
    let found = settings["items"].as_array().unwrap().iter().find(|item| item["key"] == key);
    found.unwrap_or_else(|| panic!("{key} in {settings}")).clone()
}

fn stored(site: &TestSite) -> Option<String> {
    fs::read_to_string(site.folder().join("settings.toml")).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_previewed_then_changed_at_once_noted_and_kept_over_a_restart() {
    let mut site = site().await;
    let user = site.user("Budi").await;
    site.post(&format!("{user}/credits"), json!({"amount": "1 MB", "reason": "tes"})).await.ok(201);
    site.sim.host_connect(MAC, Ipv4Addr::new(10, 5, 50, 2));
    site.sim.set_authorized(MAC, true);
    site.post(&format!("{user}/devices"), json!({"mac": MAC})).await.ok(201);
    site.use_mb(MAC, 5).await;
    let status = async |site: &TestSite| site.get(&user).await.ok(200)["access"]["status"].clone();
    assert_eq!(status(&site).await, "habis");
    let change = json!({"values": [
        {"key": "policy.overage", "value": "debt"}, {"key": "policy.debt_limit", "value": "1gb"},
    ]});
    let dry = site.request(Method::PATCH, "/settings?dry_run=true").bearer(&site.owner).json(&change);
    let dry = dry.send().await.ok(200);
    assert_eq!(
        (&dry["dry_run"], &dry["freed"], &dry["blocked"]),
        (&json!(true), &json!(1), &json!(0)),
        "{dry}"
    );
    assert_eq!(dry["people"][0]["name"], "Budi");
    assert_eq!(dry["people"][0]["from"], "habis");
    assert_eq!((status(&site).await, stored(&site)), (json!("habis"), None), "a preview changes nothing");

    let done = patch(&site, change).await.ok(200);
    assert_eq!((&done["freed"], &done["changes"][0]["live"]), (&json!(1), &json!(true)), "{done}");
    assert_eq!(site.agent().in_force().policy.debt_limit, kuota::domain::units::Bytes::gb(1));
    site.use_mb(MAC, 1).await;
    assert_ne!(status(&site).await, "habis");
    let limit = setting(&site, "policy.debt_limit").await;
    assert_eq!((&limit["origin"], &limit["value"]), (&json!("desk"), &json!("1 GB")), "{limit}");
    assert_eq!(setting(&site, "policy.fup_rate").await["origin"], "file");
    let audit = site.get("/audit?limit=500").await.ok(200);
    let line =
        audit["items"].as_array().unwrap().iter().find(|line| line["action"] == "settings.change").unwrap();
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.contains("policy.debt_limit: 500 MB -> 1 GB") && line["actor"] == "juragan", "{line}");

    site.restart().await;
    assert_eq!(setting(&site, "policy.debt_limit").await["value"], "1 GB");
    let back = json!({"values": [{"key": "policy.debt_limit", "value": null}, {"key": "policy.overage", "value": null}]});
    patch(&site, back).await.ok(200);
    assert_eq!(setting(&site, "policy.debt_limit").await["origin"], "file");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_apply_at_once_waits_for_the_next_start_and_says_so() {
    let mut site = site().await;
    let done = patch(&site, set("name", "  Desa \"A\" ")).await.ok(200);
    assert_eq!(
        (&done["after_restart"], &done["changes"][0]["live"]),
        (&json!(["name"]), &json!(false)),
        "{done}"
    );
    assert_eq!(site.get("/settings").await.ok(200)["after_restart"], json!(["name"]));
    site.restart().await;
    assert_eq!(site.get("/settings").await.ok(200)["after_restart"], json!([]));
    assert_eq!(setting(&site, "name").await["value"], "Desa \"A\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_session_or_token_cannot_send_a_secret_elsewhere() {
    let site = site().await;
    let thief = ConsoleClient::owner(&site).await.cookie().to_owned();
    let elsewhere = [
        set("router.address", "203.0.113.7:8728"),
        set("router.tls", "off"),
        set("router.username", "siapa"),
        json!({"values": [{"key": "relay.url", "value": "http://203.0.113.7"}, {"key": "relay.site", "value": "x"}]}),
        json!({"secrets": [{"name": "router.password", "value": "x"}]}),
        set("backup.s3.endpoint", "http://203.0.113.7"),
        set("backup.s3.key_id", "SIAPA"),
        json!({"secrets": [{"name": "backup.s3.secret", "value": "x"}]}),
    ];
    for body in &elsewhere {
        patch(&site, body.clone()).await.problem(403, "session_needed");
        site.locally("PATCH", "/api/v1/settings", body).await.problem(403, "session_needed");
        patch_as(&site, &thief, body).await.invalid("password");
        let mut guess = body.clone();
        guess["password"] = json!("tebakan salah");
        let refused = patch_as(&site, &thief, &guess).await;
        assert!(refused.status == 422 || refused.status == 429, "{}", refused.text);
        let foreign = site.request(Method::PATCH, "/settings").header("cookie", &thief);
        foreign.header("origin", "http://evil.example").json(body).send().await.problem(403, "cross_site");
    }
    assert_eq!(stored(&site), None);
    assert_eq!(setting(&site, "router.address").await["value"], Config::default().router.address.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_gets_its_own_secret_or_none_and_only_from_the_next_start_on() {
    let site = site().await;
    let owner = ConsoleClient::owner(&site).await.cookie().to_owned();
    for key in ["router.address", "relay.url"] {
        let value = if key == "relay.url" { "http://203.0.113.7" } else { "10.9.9.9:8728" };
        let mut body = set(key, value);
        body["password"] = json!(PASSWORD);
        if key == "relay.url" {
            body["values"].as_array_mut().unwrap().push(json!({"key": "relay.site", "value": "x"}));
        }
        let refused = patch_as(&site, &owner, &body).await;
        let name = if key == "relay.url" { "relay.token" } else { "router.password" };
        refused.invalid(&format!("secrets.{name}"));
        body["secrets"] = json!([{"name": "other.secret", "value": NEW_SECRET}]);
        assert_eq!(patch_as(&site, &owner, &body).await.status, 422);
        body["secrets"] = json!([{"name": name, "value": "  "}]);
        patch_as(&site, &owner, &body).await.invalid(&format!("secrets.{name}"));
    }
    assert_eq!(stored(&site), None);

    let mut body = set("router.address", "10.9.9.9:8728");
    body["password"] = json!(PASSWORD);
    body["secrets"] = json!([{"name": "router.password", "value": NEW_SECRET}]);
    let done = patch_as(&site, &owner, &body).await.ok(200);
    assert_eq!(done["after_restart"], json!(["router.address"]), "{done}");
    let files = site.agent().files.as_ref().unwrap();
    assert_eq!(
        files.password.get().expose(),
        "rahasia",
        "the router in use does not get the secret of another"
    );
    reload(site.agent()).await;
    assert_eq!(files.password.get().expose(), "rahasia", "a signal neither");
    let secrets: Vec<_> =
        fs::read_dir(site.folder().join("secrets")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(secrets.len(), 1);
    assert_eq!(fs::read_to_string(&secrets[0]).unwrap().trim(), NEW_SECRET);
    assert_eq!(fs::metadata(&secrets[0]).unwrap().permissions().mode() & 0o777, 0o600);
    for path in ["/settings", "/audit?limit=500", "/status"] {
        assert!(!site.get(path).await.text.contains(NEW_SECRET), "{path}");
    }
    assert!(!stored(&site).unwrap().contains(NEW_SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_set_at_once_and_an_object_store_gets_its_own_secret() {
    let site = site().await;
    let owner = ConsoleClient::owner(&site).await.cookie().to_owned();
    let done = patch(&site, set("backup.every", "1h")).await.ok(200);
    assert_eq!(done["after_restart"], json!([]), "{done}");
    assert_eq!(site.agent().in_force().backup.every, Duration::from_hours(1));

    // A bucket needs a store, and a store its own secret.
    patch(&site, set("backup.target", "s3://kuota/desa")).await.invalid("values.backup.s3.endpoint");
    let mut body = json!({"password": PASSWORD, "values": [
        {"key": "backup.s3.endpoint", "value": "https://s3.example"},
        {"key": "backup.s3.key_id", "value": "KUNCI"},
        {"key": "backup.target", "value": "s3://kuota/desa"},
    ]});
    patch_as(&site, &owner, &body).await.invalid("secrets.backup.s3.secret");
    assert_eq!(site.agent().in_force().backup.s3.endpoint, None);
    body["secrets"] = json!([{"name": "backup.s3.secret", "value": NEW_SECRET}]);
    let done = patch_as(&site, &owner, &body).await.ok(200);
    assert_eq!(done["secrets"], json!(["backup.s3.secret"]), "{done}");
    let backup = site.agent().in_force().backup;
    assert_eq!(backup.target.to_string(), "s3://kuota/desa");
    assert_eq!(backup.s3.endpoint.unwrap().to_string(), "https://s3.example");
    let layer = DeskLayer::in_use(site.folder());
    let file = layer.secret_file(site.folder(), "backup.s3.secret").unwrap();
    assert_eq!(fs::read_to_string(file).unwrap().trim(), NEW_SECRET);
    assert!(!stored(&site).unwrap().contains(NEW_SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_values_change_nothing_and_name_their_key() {
    let site = site().await;
    let long = "x".repeat(501);
    let rows = [
        ("name", "a\u{0}b"),
        ("name", "a\nb"),
        ("name", " "),
        ("name", long.as_str()),
        ("portal.contact", long.as_str()),
        ("policy.debt_limit", "lots"),
        ("policy.max_devices_per_user", "0"),
        ("policy.max_devices_per_user", "101"),
        ("policy.max_devices_per_user", "99999999999999999999"),
        ("policy.block_overdue", "ya"),
        ("policy.enforcement", "off"),
        ("router.poll_interval", "1ms"),
        ("payment.methods", "qris, cash"),
        ("payment.methods", "qris, qris"),
        ("backup.every", "1m"),
        ("backup.keep", "0s"),
        ("backup.target", "../lain"),
        ("backup.target", "s3://b/../c"),
        ("backup.recipient_file", "/etc/shadow"),
        ("backup.s3.secret_file", "/etc/shadow"),
        ("colour", "#ffcc00"),
        ("data_dir", "/tmp"),
        ("admin.listen", "0.0.0.0:80"),
        ("admin.allowed_networks", "0.0.0.0/0"),
        ("portal.client_networks", "10.0.0.0/8"),
        ("router.password_file", "/etc/shadow"),
        ("no.such", "1"),
        ("policy", "1"),
        ("", "1"),
    ];
    for (key, value) in rows {
        let problem = patch(&site, set(key, value)).await.problem(422, "invalid");
        let field = problem["errors"][0]["field"].as_str().unwrap();
        assert!(field.starts_with(&format!("values.{key}")), "{key} {value:?}: {problem}");
        assert_eq!(stored(&site), None, "{key}");
    }
    // One bad key takes the good one with it.
    let both =
        json!({"values": [{"key": "name", "value": "Baik"}, {"key": "policy.debt_limit", "value": "x"}]});
    assert_eq!(patch(&site, both).await.status, 422);
    assert_eq!(stored(&site), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_who_saw_the_same_settings_one_is_told_to_look_again() {
    let site = site().await;
    let seen = site.get("/settings").await.ok(200)["revision"].clone();
    let body = |name: &str| {
        let mut body = set("name", name);
        body["revision"] = seen.clone();
        body
    };
    let (first, second) = tokio::join!(patch(&site, body("Satu")), patch(&site, body("Dua")));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", first.text, second.text);
    let refused = if first.status == 200 { second } else { first };
    refused.problem(409, "changed_meanwhile");
    // Without a revision the last one wins, whole.
    let (a, b) = (set("name", "Tiga"), set("portal.contact", "0812"));
    let (a, b) = tokio::join!(patch(&site, a), patch(&site, b));
    assert_eq!((a.status, b.status), (200, 200));
    let values = [
        setting(&site, "name").await["value"].clone(),
        setting(&site, "portal.contact").await["value"].clone(),
    ];
    assert_eq!(values, ["Tiga", "0812"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_environment_is_changed_there() {
    let site = site_in(Environment::from([("KUOTA__POLICY__MAX_DEVICES_PER_USER", "4")]), |_| {}).await;
    let problem =
        patch(&site, set("policy.max_devices_per_user", "5")).await.problem(409, "set_by_environment");
    assert!(problem["detail"].as_str().unwrap().contains("policy.max_devices_per_user"));
    let shown = setting(&site, "policy.max_devices_per_user").await;
    assert_eq!((&shown["origin"], &shown["changeable"]), (&json!("environment"), &json!(false)));
    assert_eq!((&shown["min"], &shown["max"]), (&json!("1"), &json!("100")));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_read_are_shown_and_the_next_change_repairs_them() {
    let mut site = site().await;
    patch(&site, set("name", "Kita")).await.ok(200);
    let target = site.folder().join("target");
    fs::write(&target, "name = \"Mereka\"\n").unwrap();
    site.restart_after(|folder| {
        fs::remove_file(folder.join("settings.toml")).unwrap();
        fs::remove_file(folder.join("settings.copy.toml")).unwrap();
        symlink(folder.join("target"), folder.join("settings.toml")).unwrap();
    })
    .await;
    let settings = site.get("/settings").await.ok(200);
    assert!(settings["faults"].to_string().contains("link"), "{settings}");
    let status = site.get("/status").await.ok(200);
    assert!(status["store"]["warnings"].to_string().contains("desk's settings"), "{status}");
    assert_ne!(setting(&site, "name").await["value"], "Mereka");
    let rules = setting(&site, "policy.enforcement").await;
    assert_eq!(rules["value"], "dry-run", "the router is not changed by rules that may not be the owner's");
    patch(&site, set("name", "Kami")).await.ok(200);
    assert_eq!(fs::read_to_string(&target).unwrap(), "name = \"Mereka\"\n");
    let settings = site.get("/settings").await.ok(200);
    assert_eq!(settings["faults"], json!([]));
    assert_eq!(setting(&site, "policy.enforcement").await["value"], "on");
    assert!(!fs::symlink_metadata(site.folder().join("settings.toml")).unwrap().is_symlink());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_shown_and_what_takes_words_takes_each_of_them() {
    let site = site().await;
    let settings = site.get("/settings").await.ok(200);
    let items = settings["items"].as_array().unwrap();
    assert!(items.len() > 40, "{}", items.len());
    let mut tried = 0;
    for item in items.iter().filter(|item| item["changeable"] == true) {
        let key = item["key"].as_str().unwrap();
        for word in item["choices"].as_array().unwrap() {
            let body = set(key, word.as_str().unwrap());
            let dry = site.request(Method::PATCH, "/settings?dry_run=true").bearer(&site.owner).json(&body);
            let reply = dry.send().await;
            let named = reply.text.contains("is not one of");
            assert!(!named, "{key} = {word}: {}", reply.text);
            tried += 1;
        }
        let dry = site.request(Method::PATCH, "/settings?dry_run=true").bearer(&site.owner);
        let reply = dry.json(&set(key, "tidak-ada")).send().await;
        let takes_words = reply.text.contains("is not one of") && key != "payment.methods";
        assert_eq!(takes_words, !item["choices"].as_array().unwrap().is_empty(), "{key}: {}", reply.text);
    }
    assert!(tried > 10, "{tried}");
}
