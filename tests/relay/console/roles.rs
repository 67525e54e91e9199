//! Every route of the console by role. The list of routes is read from the source, so that a route without a row fails.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use kuota::domain::role::Role;
use kuota::relay::console::api::openapi::DOCUMENT;
use serde_json::Value;

use super::browser::TestConsole;

/// Who may, from the least role up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Without a log-in.
    Anybody,
    /// By a log-in that waits for its code, in place of a full one.
    Halfway,
    AtLeast(Role),
}

use Who::{Anybody, AtLeast, Halfway};

const PAGES: [(&str, Who); 24] = [
    ("/masuk", Anybody),
    ("/masuk/kode", Halfway),
    ("/masuk/pasang", Halfway),
    ("/keluar", AtLeast(Role::Viewer)),
    ("/tentang", Anybody),
    ("/", AtLeast(Role::Viewer)),
    ("/tambah-lokasi", AtLeast(Role::Operator)),
    ("/lokasi/{id}", AtLeast(Role::Viewer)),
    ("/lokasi/{id}/nonaktifkan", AtLeast(Role::Operator)),
    ("/lokasi/{id}/aktifkan", AtLeast(Role::Operator)),
    ("/lokasi/{id}/ganti-token", AtLeast(Role::Operator)),
    ("/lokasi/{id}/hapus", AtLeast(Role::Owner)),
    ("/merchant", AtLeast(Role::Viewer)),
    ("/merchant/tambah", AtLeast(Role::Owner)),
    ("/merchant/{id}/ganti-kunci", AtLeast(Role::Owner)),
    ("/catatan", AtLeast(Role::Viewer)),
    ("/akun", AtLeast(Role::Owner)),
    ("/akun/tambah", AtLeast(Role::Owner)),
    ("/akun/{name}/kata-sandi", AtLeast(Role::Owner)),
    ("/akun/{name}/kode", AtLeast(Role::Owner)),
    ("/akun/{name}/hapus", AtLeast(Role::Owner)),
    ("/saya", AtLeast(Role::Viewer)),
    ("/saya/kata-sandi", AtLeast(Role::Viewer)),
    ("/saya/sesi", AtLeast(Role::Viewer)),
];
const ROLES: [Role; 3] = [Role::Viewer, Role::Operator, Role::Owner];

/// Paths that a source routes.
fn routed(source: &str) -> BTreeSet<&str> {
    source.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

fn filled(path: &str) -> String {
    path.replace("{id}", "site-1").replace("{name}", "nobody")
}

#[test]
fn every_page_has_its_row() {
    let rows: BTreeSet<&str> = PAGES.iter().map(|(path, _)| *path).collect();
    let source = include_str!("../../../src/relay/console/mod.rs");
    assert_eq!(rows, routed(source));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_open_from_its_least_role_up_and_to_nobody_else() {
    let console = TestConsole::start().await;
    let mut asked = 0;
    for (path, who) in PAGES {
        let path = filled(path);
        for is_form in [false, true] {
            let mut nobody = console.browser();
            let mut page = if is_form {
                nobody.post_only(&path, &BTreeMap::new()).await
            } else {
                nobody.get(&path).await
            };
            if page.to.contains("salah=") {
                page = nobody.get(&page.to).await;
            }
            match who {
                _ if page.status == 405 => {}
                Anybody => assert!(!page.to.starts_with("/masuk?ke="), "{path}: {}", page.to),
                Halfway => assert_eq!(page.to, "/masuk", "{path}"),
                AtLeast(_) => assert!(page.to.starts_with("/masuk"), "{path}: {} {}", page.status, page.to),
            }
        }
    }
    for role in ROLES {
        let mut browser = console.logged_in(role.name(), role).await;
        let token = browser.open("/saya").await.fields()["_token"].clone();
        let form: BTreeMap<String, String> = [("_token".to_owned(), token)].into();
        for (path, who) in PAGES {
            let AtLeast(least) = who else { continue };
            // It would end the log-in that the others are asked by.
            if path == "/keluar" {
                continue;
            }
            let path = filled(path);
            for is_form in [false, true] {
                let mut page =
                    if is_form { browser.post_only(&path, &form).await } else { browser.get(&path).await };
                if page.to.contains("salah=") {
                    page = browser.get(&page.to).await;
                }
                if page.status == 405 {
                    continue;
                }
                let is_refused =
                    page.status == 403 && page.words().contains("Peran Anda tidak mengizinkan ini");
                assert_eq!(is_refused, role < least, "{path} as {}: {}", role.name(), page.words());
                asked += 1;
            }
        }
    }
    assert!(asked > 60, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_the_token_of_its_log_in_changes_nothing() {
    let console = TestConsole::start().await;
    let mut owner = console.logged_in("budi", Role::Owner).await;
    let other = console.logged_in("siti", Role::Owner).await;
    let mut other = other;
    let foreign = other.open("/saya").await.fields()["_token"].clone();
    let before = console.log().await;
    for (path, _) in PAGES.iter().filter(|(_, who)| matches!(who, AtLeast(_))) {
        for token in ["", &foreign] {
            let form: BTreeMap<String, String> = [("_token".to_owned(), token.to_owned())].into();
            let mut page = owner.post_only(&filled(path), &form).await;
            if page.to.contains("salah=") {
                page = owner.get(&page.to).await;
            }
            let is_refused = page.status == 403 && page.words().contains("Formulir ini sudah kedaluwarsa");
            assert!(is_refused || page.status == 405, "{path}: {}", page.words());
        }
    }
    assert_eq!(console.log().await, before);
}

/// Calls of the description, as `get /path`, with what it says of each.
fn described(document: &Value) -> BTreeMap<String, &Value> {
    let paths = document["paths"].as_object().unwrap();
    let calls = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap();
        methods.iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    calls.collect()
}

#[test]
fn the_description_has_every_call_and_no_other() {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let source = include_str!("../../../src/relay/console/api/mod.rs");
    let mut calls = BTreeSet::new();
    for route in source.split(".route(\"").skip(1) {
        let (path, rest) = route.split_once('"').unwrap();
        for method in ["get", "post", "delete"] {
            let methods = rest.split(".route(").next().unwrap();
            let opens = |at: usize| !methods[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if methods.match_indices(&format!("{method}(")).any(|(at, _)| opens(at)) {
                calls.insert(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(described(&document).into_keys().collect::<BTreeSet<_>>(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_open_from_its_least_role_up_and_to_nobody_else() {
    let console = TestConsole::start().await;
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let mut tokens = Vec::new();
    for role in ROLES {
        console.operator(role.name(), role).await;
        tokens.push((role, console.token(role.name()).await));
    }
    let mut asked = 0;
    for (call, operation) in described(&document) {
        let is_open = operation["security"] == serde_json::json!([{}]);
        let (method, path) = call.split_once(' ').unwrap();
        if is_open || path.ends_with("/logout") {
            continue;
        }
        let (method, path): (Method, String) =
            (method.to_uppercase().parse().unwrap(), filled(path).replace("/v1/admin", ""));
        let said = operation["description"].as_str().unwrap();
        let least = ROLES.into_iter().find(|role| said == format!("Role: {} or more.", role.name())).unwrap();
        let nobody = console.call(method.clone(), &format!("/v1/admin{path}")).send().await;
        nobody.problem(401, "unauthorized");
        for (role, token) in &tokens {
            let reply = console.ask(token, method.clone(), &path, None).await;
            let is_refused = reply.status == 403 && reply.json()["code"] == "role";
            assert_eq!(is_refused, *role < least, "{call} as {}: {}", role.name(), reply.text);
            assert_ne!(reply.status, 401, "{call} as {}: {}", role.name(), reply.text);
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
}
