//! What people type or paste, by `tests/fixtures/spellings.json`, in every field that takes a number of a phone, an amount,
//! money or the address of a device. The list of fields is made from the source: a field without a case fails.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use crate::support::console_client::ConsoleClient;
use crate::support::site::TestSite;
use axum::http::Method;
use clap::Parser;
use kuota::agent::config::Config;
use kuota::cli::Args;
use kuota::domain::id::Mac;
use kuota::settings::Environment;
use serde_json::{Value, json};

/// The command that reads the hosts.
const HOSTS: &str = "/ip/hotspot/host/print";

const FIXTURE: &str = include_str!("../fixtures/spellings.json");

/// Every text of one kind with its right value, `None` where it must be refused.
fn spellings(kind: &str) -> Vec<(String, Option<Value>)> {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let rows = fixture[kind].as_array().unwrap().iter();
    rows.map(|row| (row[0].as_str().unwrap().to_owned(), Some(row[1].clone()).filter(|v| !v.is_null())))
        .collect()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { walk(&path) } else { vec![path] };
    entries.flat_map(below).filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// The lines of a folder of the source, each with the file's path inside of `src`.
fn lines(folder: &str) -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = walk(&src.join(folder));
    files.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&src).unwrap().display().to_string();
        let text = std::fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
        text.lines().map(|line| (name.clone(), line.trim().to_owned())).collect::<Vec<_>>()
    };
    files.iter().flat_map(read).collect()
}

/// `name: Type,` fields of these types, as `file name Type`.
fn typed_fields(folder: &str, types: &[&str]) -> BTreeSet<String> {
    let field = |(file, line): (String, String)| {
        let line = line.strip_prefix("pub ").unwrap_or(&line);
        let (name, kind) = line.strip_suffix(',')?.split_once(": ")?;
        let kind = kind.replace("Option<", "").replace('>', "");
        let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (is_name && types.contains(&kind.as_str())).then(|| format!("{file} {name} {kind}"))
    };
    lines(folder).into_iter().filter_map(field).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn every_field_of_these_kinds_has_a_case() {
    let types = ["Amount", "Limit", "Phone", "Login", "DeviceMac", "Mac"];
    let api = typed_fields("protocol/admin", &types);
    let users = "protocol/admin/users.rs";
    let expected = [
        "protocol/admin/debts.rs amount Amount".to_owned(),
        "protocol/admin/devices.rs mac DeviceMac".to_owned(),
        "protocol/admin/packages.rs quota Amount".to_owned(),
        "protocol/admin/quota.rs amount Amount".to_owned(),
        "protocol/admin/quota.rs credit Amount".to_owned(),
        "protocol/admin/quota.rs debt Amount".to_owned(),
        format!("{users} amount Amount"),
        format!("{users} credits_bytes Limit"),
        format!("{users} debits_bytes Limit"),
        format!("{users} debt_limit Limit"),
        format!("{users} fup_base_bytes Limit"),
        format!("{users} login Login"),
        format!("{users} phone Phone"),
    ];
    assert_eq!(api, BTreeSet::from(expected), "a field of a request: add its case to API_CASES");

    let cli = typed_fields("cli", &["Bytes", "Rupiah", "Mac"]);
    let cli: BTreeSet<String> = cli.into_iter().filter(|name| !name.starts_with("cli/demo")).collect();
    let expected = set(&[
        "cli/closings.rs counted_rp Rupiah",
        "cli/debts.rs amount Bytes",
        "cli/debts.rs amount_rp Rupiah",
        "cli/debts.rs price_rp Rupiah",
        "cli/orders.rs amount_rp Rupiah",
        "cli/packages.rs price_rp Rupiah",
        "cli/packages.rs quota Bytes",
        "cli/users.rs amount Bytes",
        "cli/users.rs credit Bytes",
        "cli/users.rs debt Bytes",
        "cli/users.rs expect_rp Rupiah",
        "cli/users.rs mac Mac",
    ]);
    assert_eq!(cli, expected, "an argument: add its case to CLI_CASES");
    let raw = typed_fields("cli", &["u64"]);
    let money: Vec<&String> = raw.iter().filter(|name| name.contains("_rp ")).collect();
    assert!(money.is_empty(), "money on the command line is read as Rupiah: {money:?}");

    let config = lines("agent").into_iter().filter(|(_, line)| line.contains("settings::amount\""));
    assert_eq!(config.count(), 2, "an amount of the configuration: add its key to CONFIG_KEYS");

    let kinds = ["Kind::Phone", "Kind::Login", "Kind::Mac", "Kind::Amount", "Kind::Rupiah"];
    let field = |(_, line): &(String, String)| {
        let start = ["Field::new(\"", "amount(context, \"", "quota(\""].into_iter().find_map(|mark| {
            let (_, rest) = line.split_once(mark)?;
            (mark != "Field::new(\"" || kinds.iter().any(|kind| line.contains(kind))).then_some(rest)
        })?;
        start.split('"').next().map(str::to_owned)
    };
    let pages: BTreeSet<String> = lines("agent/console").iter().filter_map(field).collect();
    let expected = set(&[
        "amount",
        "amount_rp",
        "counted_rp",
        "debt",
        "debt_limit",
        "login",
        "mac",
        "phone",
        "price_rp",
        "quota",
    ]);
    assert_eq!(pages, expected, "a field of a form: add its case to PAGE_CASES");
}

/// Path below a user's (`$u`) or the API's own, the body with `$` for the text, and where the answer says the value.
const API_CASES: &[(&str, &str, &str, &str, &str)] = &[
    ("amounts", "POST", "$u/credits", r#"{"amount": "$", "reason": "x"}"#, ""),
    ("amounts", "POST", "$u/debts", r#"{"amount": "$", "price_rp": 1000}"#, "/amount_bytes"),
    ("amounts", "POST", "$u/debits", r#"{"amount": "$", "reason": "x"}"#, ""),
    (
        "amounts",
        "POST",
        "/packages",
        r#"{"name": "P", "quota": "$", "days": 1, "price_rp": 1000}"#,
        "/quota_bytes",
    ),
    ("amounts", "POST", "$u/reset", r#"{"debt": "$", "reason": "x"}"#, ""),
    ("amounts", "POST", "$u/reset", r#"{"credit": "$", "reason": "x"}"#, "/credited_bytes"),
    ("amounts", "PATCH", "$u", r#"{"debt_limit": "$"}"#, "/debt_limit_bytes"),
    ("phones", "PATCH", "$u", r#"{"phone": "$"}"#, "/phone_e164"),
    ("macs", "POST", "$u/devices", r#"{"mac": "$"}"#, "/devices/0/mac"),
];

/// A limit of zero is off, which is no amount that somebody gives.
fn is_off(text: &str, is_limit: bool) -> bool {
    is_limit && text == "0 GB"
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_reads_every_spelling_and_refuses_the_rest() {
    let site = TestSite::serving().await;
    for (kind, method, path, body, pointer) in API_CASES {
        for (text, value) in spellings(kind) {
            let user = site.user("Budi").await;
            let path = path.replace("$u", &user);
            let escaped = json!(text).to_string();
            let body: Value = serde_json::from_str(&body.replace("\"$\"", &escaped)).unwrap();
            let method: Method = method.parse().unwrap();
            let reply = site.request(method, &path).bearer(&site.owner).json(&body).send().await;
            let what = format!("{path} {text:?}: {}", reply.text);
            match value {
                Some(value) => {
                    assert!(reply.status < 300, "{what}");
                    let said = reply.json().pointer(pointer).cloned();
                    assert!(pointer.is_empty() || said == Some(value), "{what}");
                }
                None if is_off(&text, path.ends_with(&user) && *kind == "amounts") => {
                    assert_eq!(reply.status, 200, "{what}");
                }
                None => {
                    let problem = reply.problem(422, "invalid").to_string();
                    let shown: String = text.chars().take(40).collect();
                    let is_shown = shown.is_empty() || !shown.is_ascii() || problem.contains(&shown);
                    assert!(is_shown || text.contains("TB"), "{what}");
                }
            }
            // The next spelling is of the same device and number.
            let _ = site.delete(&format!("{user}/devices/02:C0:1D:00:27:01")).await;
            if *kind == "phones" {
                site.patch(&user, json!({"phone": null})).await.ok(200);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_reads_every_spelling_and_names_every_other_by_its_row() {
    let site = TestSite::serving().await;
    for (kind, field) in [("phones", "phone"), ("macs", "mac"), ("amounts", "debt_limit")] {
        for (text, value) in spellings(kind) {
            let user = if field == "mac" {
                json!({"name": "U", "macs": [text]})
            } else {
                json!({"name": "U", field: text})
            };
            let reply = site.post("/users/import", json!({"users": [user]})).await;
            let is_good = value.is_some() || is_off(&text, field == "debt_limit") || text.is_empty();
            if !is_good {
                let problem = reply.problem(422, "invalid");
                assert_eq!(problem["errors"][0]["field"], format!("users[0].{field}"), "{text:?} {problem}");
                continue;
            }
            let id = reply.ok(201)["ids"][0].as_str().unwrap().to_owned();
            let user = format!("/users/{id}");
            site.delete(&format!("{user}/devices/02:C0:1D:00:27:01")).await;
            site.patch(&user, json!({"phone": null})).await.ok(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_refuses_every_ambiguous_amount_of_quota_and_debt_by_its_row() {
    let site = TestSite::serving().await;
    let day = json!("2026-11-01");
    for field in ["credits_bytes", "debits_bytes", "fup_base_bytes", "amount"] {
        for (text, value) in spellings("amounts") {
            if value.is_some() || text.is_empty() || is_off(&text, field != "amount") {
                continue;
            }
            let user = if field == "amount" {
                json!({"name": "U", "debts": [{"amount": text, "debt_date": day, "due_date": day}]})
            } else {
                json!({"name": "U", field: text})
            };
            let problem = site.post("/users/import", json!({"users": [user]})).await.problem(422, "invalid");
            let named = problem["errors"][0]["field"].as_str().unwrap();
            let wanted = if field == "amount" { "debts" } else { field };
            assert!(named.starts_with("users[0].") && named.contains(wanted), "{field} {text:?} {problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_users_are_one_commit_one_reading_of_the_router_and_one_write_for_each_of_its_rows() {
    let site = TestSite::serving().await;
    let mac = |n: u32| format!("02:00:00:00:{:02X}:{:02X}", n / 256, n % 256);
    let user = |n: u32| {
        json!({"name": format!("U{n}"), "phone": format!("0812{n:08}"), "macs": [mac(n), mac(n + 300)],
            "credits_bytes": 10_000_000_000_u64, "debits_bytes": 1000, "expires_at": "2099-01-01T00:00:00Z",
            "debts": [{"amount": "1 GB", "price_rp": 50_000, "debt_date": "2026-11-01", "due_date": "2099-12-31"}]})
    };
    let users: Vec<Value> = (0..300).map(user).collect();
    for n in 0..300 {
        site.sim.host_connect(mac(n).parse().unwrap(), Ipv4Addr::from_bits(0x0a05_0001 + n));
    }
    let commits = || site.agent().engine().call(|engine| engine.store_stats().commits);
    let (readings, before) = (site.sim.stats().commands.get(HOSTS).copied(), commits().await.unwrap());
    let tried = site.post("/users/import", json!({"users": users, "dry_run": true})).await.ok(200);
    assert_eq!((site.sim.stats().commands.get(HOSTS).copied(), commits().await.unwrap()), (readings, before));
    let answer = site.post("/users/import", json!({"users": users})).await.ok(201);
    let counts = ["imported", "devices", "quotas", "debts"];
    assert_eq!(counts.map(|count| answer[count].as_u64().unwrap()), [300, 600, 300, 300]);
    assert_eq!(counts.map(|count| &tried[count]), counts.map(|count| &answer[count]));
    assert_eq!(site.sim.stats().commands[HOSTS], readings.unwrap_or_default() + 1);
    assert_eq!(commits().await.unwrap() - before, 1);

    let writes = site.sim.stats().writes;
    site.agent().cycle.enforce_once().await.unwrap();
    // A binding of each device, a place in a list of each that is on the air, and the marker of the site.
    assert_eq!(site.sim.stats().writes - writes, 600 + 300 + 1);
    site.agent().cycle.enforce_once().await.unwrap();
    assert_eq!(site.sim.stats().writes - writes, 600 + 300 + 1);
    let again = site.post("/users/import", json!({"users": users})).await.problem(409, "import_refused");
    assert_eq!(again["errors"].as_array().unwrap().len(), 900, "every row with every reason");
}

/// The kind of spelling, the form below a customer's page (`$u`) or the desk's own, its field, and what else it needs.
type PageCase = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const PAGE_CASES: &[PageCase] = &[
    ("amounts", "$u/kuota", "amount", &[("reason", "x")]),
    ("amounts", "$u/koreksi", "amount", &[("reason", "x")]),
    ("amounts", "$u/tagihan-kuota", "amount", &[("price_rp", "1000")]),
    ("amounts", "$u/reset", "debt", &[("reason", "x")]),
    ("amounts", "$u/reset", "credit", &[("reason", "x")]),
    ("amounts", "$u/ubah", "debt_limit", &[]),
    ("amounts", "/paket/baru", "quota", &[("name", "P"), ("days", "1"), ("price_rp", "1000")]),
    ("rupiah_fields", "/paket/baru", "price_rp", &[("name", "P"), ("days", "1"), ("quota", "1 GB")]),
    ("rupiah_fields", "$u/bayar", "amount_rp", &[]),
    ("phones", "$u/ubah", "phone", &[]),
    ("macs", "$u/perangkat", "mac", &[]),
];

#[tokio::test(flavor = "multi_thread")]
async fn forms_read_every_spelling_and_mark_the_rest() {
    let site = TestSite::serving().await;
    let browser = ConsoleClient::owner(&site).await;
    let user = site.user("Budi").await;
    let debt = json!({"amount": "1 GB", "price_rp": 90_000});
    site.post(&format!("{user}/debts"), debt).await.ok(201);
    let place = user.replace("/users/", "/pelanggan/");
    for (kind, path, field, rest) in PAGE_CASES {
        for (text, value) in spellings(kind) {
            let path = path.replace("$u", &place);
            let mut typed = rest.to_vec();
            typed.push((field, &text));
            let page = browser.fill(&path, &typed).await;
            let is_good = value.is_some() || is_off(&text, *field == "debt_limit");
            // An empty field is not given, or asks to be filled in.
            if text.is_empty() {
                continue;
            }
            let words = page.words();
            assert_eq!(page.status, if is_good { 200 } else { 422 }, "{path} {field} {text:?}: {words}");
            assert!(is_good || page.html.contains("aria-invalid=\"true\""), "{path} {text:?}: {words}");
        }
    }
}

/// A command line with `$` for the text.
const CLI_CASES: &[(&str, &[&str])] = &[
    ("amounts", &["user", "reset", "u", "--reason", "x", "--debt=$"]),
    ("amounts", &["user", "reset", "u", "--reason", "x", "--credit=$"]),
    ("amounts", &["user", "credit", "--reason", "x", "--", "u", "$"]),
    ("amounts", &["debt", "add", "--", "u", "$"]),
    ("amounts", &["package", "add", "P", "--quota=$", "--days", "1", "--price-rp", "1"]),
    ("rupiah_fields", &["package", "add", "P", "--unlimited", "--days", "1", "--price-rp=$"]),
    ("rupiah_fields", &["debt", "add", "--price-rp=$", "u", "1 GB"]),
    ("rupiah_fields", &["debt", "settle", "u", "--method", "cash", "--amount-rp=$"]),
    ("rupiah_fields", &["order", "refund", "o", "--reason", "x", "--amount-rp=$"]),
    ("rupiah_fields", &["closing", "add", "--counted-rp=$"]),
    ("rupiah_fields", &["user", "buy", "u", "p", "--method", "cash", "--expect-rp=$"]),
    ("macs", &["user", "bind", "u", "$"]),
];

#[test]
fn the_command_line_reads_every_spelling_and_refuses_the_rest() {
    for (kind, line) in CLI_CASES {
        for (text, value) in spellings(kind) {
            let args = line.iter().map(|part| part.replace('$', &text));
            let read = Args::try_parse_from(std::iter::once("kuotad".to_owned()).chain(args));
            // What is nothing, or nobody's device, the API refuses.
            let is_later = text == "0 GB" || (*kind == "macs" && text.parse::<Mac>().is_ok());
            assert!(is_later || read.is_ok() == value.is_some(), "{line:?} {text:?}: {read:?}");
        }
    }
}

/// Keys that hold amounts.
const CONFIG_KEYS: [&str; 2] = ["debt_limit", "fup_threshold"];

#[test]
fn the_configuration_and_its_environment_read_every_spelling_and_refuse_the_rest() {
    for key in CONFIG_KEYS {
        for (text, value) in spellings("amounts") {
            let file = format!("[policy]\n{key} = {}\n", json!(text));
            let in_file = Config::parse(&file, "kuotad.toml", &Environment::default());
            let name = format!("KUOTA__POLICY__{}", key.to_uppercase());
            let variable = Environment::from([(name.as_str(), text.as_str())]);
            let in_environment = Config::parse("", "kuotad.toml", &variable);
            for read in [in_file, in_environment] {
                let bytes = read.as_ref().ok().map(|config| match key {
                    "debt_limit" => config.policy.debt_limit.0,
                    _ => config.policy.fup_threshold.0,
                });
                let expected = value.as_ref().and_then(Value::as_u64).or(is_off(&text, true).then_some(0));
                assert_eq!(bytes, expected, "{key} {text:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_finds_a_customer_by_whatever_somebody_has_in_hand() {
    let site = TestSite::serving().await;
    let joko = json!({"name": "Joko Susilo", "phone": "081255550006"});
    let joko = site.post("/users", joko).await.ok(201)["id"].as_str().unwrap().to_owned();
    site.user("Budi").await;
    let mac = "02:C0:1D:00:27:01";
    site.sim.host_connect(mac.parse().unwrap(), Ipv4Addr::new(10, 5, 50, 27));
    site.post(&format!("/users/{joko}/devices"), json!({"mac": mac})).await.ok(201);
    site.agent().cycle.meter_once().await.unwrap();
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let searches =
        fixture.as_object().unwrap().iter().find(|(name, _)| name.starts_with("search_")).unwrap().1;
    for q in searches.as_array().unwrap() {
        let q = q.as_str().unwrap().bytes().fold(String::new(), |coded, b| coded + &format!("%{b:02X}"));
        let found = site.get(&format!("/users?q={q}")).await.ok(200);
        let ids: Vec<&Value> = found["items"].as_array().unwrap().iter().map(|user| &user["id"]).collect();
        assert_eq!(ids, [&json!(joko)], "{q}");
    }
}
