//! Every answer held against the API's own description, and every route against its paths.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use kuota::agent::api::openapi::DOCUMENT;
use serde_json::Value;

static DOC: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(DOCUMENT).unwrap());

/// Calls beside `/api`. Every other path is a page for people, which is no API.
const BESIDE: [&str; 2] = ["/healthz", "/metrics"];
/// Answers that the frame around every route gives, before a route is chosen.
const NO_ROUTE: [u16; 4] = [403, 404, 405, 421];

/// Fails unless the description has this answer of this call, and the answer has its shape.
#[track_caller]
pub fn check(method: &str, path: &str, status: u16, kind: &str, body: &str) {
    let path = path.split('?').next().unwrap();
    if !path.starts_with("/api/") && !BESIDE.contains(&path) {
        return;
    }
    let call = format!("{method} {path} -> {status}");
    let Some(operation) = operation(method, path) else {
        assert!(NO_ROUTE.contains(&status), "{call}: this route is not described");
        return;
    };
    let answer = &operation["responses"][status.to_string()];
    assert!(!answer.is_null(), "{call}: this status is not described: {body}");
    let answer = resolved(answer);
    let Some(content) = answer["content"].as_object() else {
        assert!(body.is_empty(), "{call}: a body where none is described: {body}");
        return;
    };
    let kind =
        kind.split("; charset=utf-8").next().filter(|short| content.contains_key(*short)).unwrap_or(kind);
    let media = content.get(kind).unwrap_or_else(|| panic!("{call}: {kind} is not described"));
    if kind.ends_with("json") {
        let body: Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{call}: {e}"));
        if let Err(why) = fits(&media["schema"], &body, "") {
            panic!("{call}: {why} in {body}");
        }
    }
}

fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let segments: Vec<&str> = path.split('/').collect();
    let fit = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == segments.len()
            && parts.iter().zip(&segments).all(|(p, s)| p.starts_with('{') || p == s)
    };
    let paths = DOC["paths"].as_object().unwrap();
    // A path without parameters is meant before one with.
    let exact = paths.get(path);
    let found = exact.or_else(|| paths.iter().find(|(template, _)| fit(template)).map(|(_, item)| item));
    found?.get(method.to_lowercase())
}

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(name) => {
            DOC.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name} is nowhere"))
        }
        None => value,
    }
}

/// As much of JSON Schema as the description uses; a word it does not know fails.
fn fits(schema: &'static Value, value: &Value, at: &str) -> Result<(), String> {
    let schema = resolved(schema);
    let fail = |why: String| Err(format!("{at}: {why}"));
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "type" => {
                let types: Vec<&str> = rule.as_array().map_or_else(
                    || vec![rule.as_str().unwrap()],
                    |all| all.iter().map(|one| one.as_str().unwrap()).collect(),
                );
                if !types.iter().any(|name| is(name, value)) {
                    return fail(format!("{value} is no {types:?}"));
                }
            }
            "enum" if !rule.as_array().unwrap().contains(value) => {
                return fail(format!("{value} is not of {rule}"));
            }
            "minimum" if value.as_i64().is_some_and(|n| n < rule.as_i64().unwrap()) => {
                return fail(format!("{value} is below {rule}"));
            }
            "required" if value.is_object() => {
                let missing =
                    rule.as_array().unwrap().iter().find(|name| value.get(name.as_str().unwrap()).is_none());
                if let Some(name) = missing {
                    return fail(format!("{name} is missing"));
                }
            }
            "properties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(inner) => fits(inner, field, &format!("{at}/{name}"))?,
                        None if schema["additionalProperties"] == false => {
                            return fail(format!("{name} is not described"));
                        }
                        None => {}
                    }
                }
            }
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    fits(rule, item, &format!("{at}/{i}"))?;
                }
            }
            "oneOf" => {
                let fitting = rule.as_array().unwrap().iter().map(|one| fits(one, value, at));
                let (good, bad): (Vec<_>, Vec<_>) = fitting.partition(Result::is_ok);
                if good.len() != 1 {
                    return fail(format!("{} of {} shapes fit: {bad:?}", good.len(), good.len() + bad.len()));
                }
            }
            "enum"
            | "minimum"
            | "required"
            | "additionalProperties"
            | "description"
            | "format"
            | "pattern"
            | "minLength"
            | "maximum"
            | "maxLength" => {}
            other => return fail(format!("the test does not know {other}")),
        }
    }
    Ok(())
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// Every call of the description, as `get /path`.
pub fn documented() -> BTreeSet<String> {
    let paths = DOC["paths"].as_object().unwrap();
    let calls = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
    });
    calls.collect()
}

/// Every call that the sources route, as `get /path`.
pub fn routed() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/agent/api");
    each_source(&folder, &mut |text| {
        for call in text.split(".route(").skip(1) {
            let (path, methods) = call.trim_start().trim_start_matches('"').split_once("\",").unwrap();
            let full = path.starts_with("/api");
            // The frame's own routes stand outside; those of metrics are in both places.
            let places: &[&str] = match path {
                _ if full => &[""],
                "/healthz" | "/metrics" => &["", "/api/v1"],
                _ => &["/api/v1"],
            };
            let methods = methods.split(".route(").next().unwrap().split('\n').next().unwrap();
            for method in ["get", "post", "put", "patch", "delete"] {
                let opens = |at: usize| !methods[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                if methods.match_indices(&format!("{method}(")).any(|(at, _)| opens(at)) {
                    found.extend(places.iter().map(|place| format!("{method} {place}{path}")));
                }
            }
        }
    });
    found
}

fn each_source(folder: &Path, visit: &mut dyn FnMut(&str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_source(&path, visit);
        } else if path.extension().is_some_and(|end| end == "rs") {
            visit(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
