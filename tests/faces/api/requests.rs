//! Every operation of the description, asked as described: by every role, and with every field of every body within its
//! documented bounds and past each of them.

use axum::http::Method;
use kuota::agent::api::openapi::DOCUMENT;
use kuota::domain::units::{AMOUNT_BYTES_MAX, AMOUNT_RP_MAX};
use serde_json::{Map, Value, json};

use crate::support::http_client::Reply;
use crate::support::site::TestSite;

const ROLES: [&str; 4] = ["viewer", "cashier", "operator", "owner"];
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
/// Operations of a browser's own session, which a token has none of.
const OF_A_SESSION: [&str; 1] = ["/api/v1/logout"];

/// Answers with a copy of everything, which is no text; other tests read it.
const A_COPY: &str = "/api/v1/backup";

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// Every operation: method, path and its description.
fn operations(document: &Value) -> Vec<(Method, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| {
        let path = path.clone();
        let methods = item.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        methods.into_iter().map(move |method| (method, path.clone())).collect::<Vec<_>>()
    };
    let all = paths.iter().flat_map(of_path);
    all.map(|(method, path)| {
        let operation = &document["paths"][&path][&method];
        (method.to_uppercase().parse().unwrap(), path, operation)
    })
    .collect()
}

/// The path with things that do not exist in it.
fn filled(path: &str) -> String {
    path.replace("{id}", NOBODY)
        .replace("{debt}", NOBODY)
        .replace("{mac}", "02:00:00:00:00:01")
        .replace("{name}", "nobody")
        .replace("{table}", "users")
}

async fn ask(site: &TestSite, method: &Method, path: &str, token: &str, body: Option<&Value>) -> Reply {
    let call = site.call(method.clone(), path).bearer(token);
    match body {
        Some(body) => call.json(body).send().await,
        None => call.send().await,
    }
}

/// The least role that the description names.
fn least_role(operation: &Value) -> Option<usize> {
    let said = operation["description"].as_str()?.split("Role: ").nth(1)?;
    ROLES.iter().position(|role| said.starts_with(role))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_open_from_its_least_role_up_and_to_nobody_else() {
    let site = TestSite::serving().await;
    let mut tokens = Vec::new();
    for role in ROLES {
        tokens.push(site.admin(&format!("si-{role}"), role).await);
    }
    let document = document();
    let mut asked = 0;
    for (method, path, operation) in operations(&document) {
        let is_open = operation["security"].as_array().unwrap().iter().all(|way| way == &json!({}));
        if is_open || path.ends_with("/metrics") || OF_A_SESSION.contains(&path.as_str()) {
            continue;
        }
        // Where nothing is said, every admin may.
        let least = least_role(operation).unwrap_or(0);
        let path = filled(&path);
        let nobody = site.call(method.clone(), &path).send().await;
        assert_eq!(nobody.status, 401, "{method} {path}: {}", nobody.text);
        for (at, token) in tokens.iter().enumerate() {
            if at >= least && path == A_COPY {
                continue;
            }
            let reply = ask(&site, &method, &path, token, None).await;
            let is_refused = reply.status == 403 && reply.json()["code"] == "role";
            assert_eq!(is_refused, at < least, "{method} {path} as {}: {}", ROLES[at], reply.text);
            assert_ne!(reply.status, 401, "{method} {path} as {}: {}", ROLES[at], reply.text);
            asked += 1;
        }
    }
    assert!(asked > 200, "{asked}");
}

/// Values that a field takes, and values that it does not, by its description.
fn values(document: &Value, schema: &Value) -> (Vec<Value>, Vec<Value>) {
    if let Some(name) = schema["$ref"].as_str() {
        return values(document, document.pointer(name.trim_start_matches('#')).unwrap());
    }
    if let Some(shapes) = schema["oneOf"].as_array() {
        let (mut good, bad) = values(document, &shapes[0]);
        assert_eq!(shapes[1], json!({"type": "null"}), "the test knows no other choice: {schema}");
        good.push(Value::Null);
        return (good, bad.into_iter().filter(|value| !value.is_null()).collect());
    }
    if let Some(words) = schema["enum"].as_array() {
        return (words.clone(), vec![json!("no-such-word"), json!(1), json!({})]);
    }
    if schema["type"] == "array" {
        let row = usual(document, &schema["items"]);
        return (vec![json!([row])], vec![json!({}), json!("x"), json!(1), json!([1]), json!([{}])]);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(all) => all.iter().map(|one| one.as_str().unwrap()).collect(),
        one => vec![one.as_str().unwrap()],
    };
    let (mut good, mut bad) = (Vec::new(), vec![json!([]), json!({})]);
    if types.contains(&"integer") {
        let (min, max) = (schema["minimum"].as_u64().unwrap(), schema["maximum"].as_u64().unwrap());
        good.extend([json!(min), json!(max)]);
        bad.extend([json!(max + 1), json!(-1), json!(1.5), json!(u64::MAX)]);
        bad.extend((min > 0).then(|| json!(min - 1)));
    }
    if types.contains(&"string") {
        let (more, less) = texts(schema, types.contains(&"integer"));
        good.extend(more);
        bad.extend(less);
    }
    if types.contains(&"boolean") {
        good.extend([json!(true), json!(false)]);
        bad.extend([json!("true"), json!(1)]);
    }
    if types.contains(&"null") {
        good.push(Value::Null);
    } else if types != ["boolean"] {
        bad.push(json!(true));
    }
    (good, bad)
}

/// An item of a list: an object with what it must have, or a value.
fn usual(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return usual(document, document.pointer(name.trim_start_matches('#')).unwrap());
    }
    let Some(fields) = schema["properties"].as_object() else { return values(document, schema).0[0].clone() };
    let required = schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let row: Map<String, Value> =
        required.map(|name| (name.to_owned(), values(document, &fields[name]).0[0].clone())).collect();
    row.into()
}

fn texts(schema: &Value, is_amount: bool) -> (Vec<Value>, Vec<Value>) {
    match schema["format"].as_str() {
        Some("uuid") => return (vec![json!(NOBODY)], vec![json!("x"), json!(""), json!(1)]),
        Some("date") => return (vec![json!("2026-12-31")], vec![json!("2026-13-01"), json!("x"), json!(1)]),
        Some("date-time") => {
            return (vec![json!("2027-01-01T00:00:00Z")], vec![json!("2027-01-01"), json!("x"), json!(1)]);
        }
        _ => {}
    }
    if is_amount {
        return (
            vec![json!("1 MB"), json!("1,5 GB"), json!("1024 TB")],
            vec![json!("x"), json!(""), json!("1025 TB")],
        );
    }
    // A code is judged by what is stored.
    let Some(max) = schema["maxLength"].as_u64() else { return (vec![json!("0")], vec![json!(1)]) };
    let min = schema["minLength"].as_u64().unwrap_or(0);
    let of = |count: u64| json!("0".repeat(usize::try_from(count).unwrap()));
    if schema["description"].as_str().is_some_and(|text| text.contains("MAC")) {
        return (
            vec![json!("02:00:00:00:00:01")],
            vec![of(min - 1), of(max + 1), json!("01:00:00:00:00:01")],
        );
    }
    if schema["description"].as_str().is_some_and(|text| text.contains("phone")) {
        return (vec![json!("0812-3456 789")], vec![of(min - 1), of(max + 1), json!("abc")]);
    }
    let mut bad = vec![of(max + 1), json!(1), json!("a\u{0}b")];
    bad.extend((min > 0).then(|| of(min - 1)));
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    bad.extend((pattern == "\\S").then(|| json!("   ")));
    bad.extend((pattern.starts_with('^')).then(|| json!("a b")));
    let first = min.max(1);
    (vec![of(first), of(max)], if max == 1024 { vec![of(min - 1), of(max + 1), json!(1)] } else { bad })
}

/// Judged by what is stored: wrong names, passwords and codes are answered alike, whatever is wrong with them. The bounds of a
/// password are those of a new admin's.
const BY_PASSWORD: [&str; 2] = ["/api/v1/login", "/api/v1/me/password"];

#[tokio::test(flavor = "multi_thread")]
async fn every_field_takes_its_documented_bounds_and_nothing_past_them() {
    let site = TestSite::serving().await;
    let document = document();
    let mut tried = 0;
    for (method, path, operation) in operations(&document) {
        let name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
        let Some(name) = name else { continue };
        let schema = document.pointer(name.trim_start_matches('#')).unwrap();
        let Some(fields) = schema["properties"].as_object().filter(|_| !BY_PASSWORD.contains(&path.as_str()))
        else {
            continue;
        };
        assert_eq!(schema["additionalProperties"], false, "{method} {path} takes no unknown field");
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let either = |field: &str| matches!(field, "amount" | "package_id") && !required.contains(&field);
        let usual = |field: &str| values(&document, &fields[field]).0[0].clone();
        let target = filled(&path);
        for (field, shape) in fields.iter().filter(|(field, _)| *field != "otp") {
            let mut base: Map<String, Value> =
                required.iter().map(|name| ((*name).to_owned(), usual(name))).collect();
            if fields.contains_key("amount") && fields.contains_key("package_id") && !either(field) {
                base.insert("amount".to_owned(), json!(1));
            }
            let (good, bad) = values(&document, shape);
            for (value, is_good) in good.iter().map(|v| (v, true)).chain(bad.iter().map(|v| (v, false))) {
                let mut body = base.clone();
                body.insert(field.clone(), value.clone());
                let reply = ask(&site, &method, &target, &site.owner, Some(&Value::Object(body))).await;
                let shown = value.to_string().chars().take(40).collect::<String>();
                assert_eq!(
                    reply.status == 422,
                    !is_good,
                    "{method} {path} {field} = {shown}: {}",
                    reply.text
                );
                if !is_good {
                    let named = reply.json()["errors"][0]["field"].as_str().unwrap().to_owned();
                    assert!(named.starts_with(field.as_str()), "{method} {path} {field} = {shown}: {named}");
                }
                tried += 1;
            }
        }
        let mut body: Map<String, Value> =
            required.iter().map(|name| ((*name).to_owned(), usual(name))).collect();
        body.insert("no_such_field".to_owned(), json!(1));
        let reply = ask(&site, &method, &target, &site.owner, Some(&Value::Object(body))).await;
        assert_eq!(reply.status, 422, "{method} {path} with an unknown field: {}", reply.text);
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn the_bounds_of_amounts_and_money_are_those_of_the_rules() {
    let document = document();
    let max = |name: &str| document["components"]["schemas"][name]["maximum"].as_u64();
    assert_eq!([max("AmountInput"), max("LimitInput")], [Some(AMOUNT_BYTES_MAX); 2]);
    assert_eq!([max("PriceInput"), max("MoneyInput")], [Some(AMOUNT_RP_MAX); 2]);
}
