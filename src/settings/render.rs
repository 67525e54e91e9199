//! A configuration as TOML text.

use serde::Serialize;
use serde_json::{Map, Value};

/// Prints a configuration tree as TOML: plain keys first, then its sections and lists of sections, keys in
/// alphabetical order. Absent values are left out. Trees of texts, whole numbers, switches, lists and sections can be
/// printed, and nothing else is a configuration here.
pub fn to_toml<T: Serialize>(tree: &T) -> String {
    let value =
        serde_json::to_value(tree).expect("configuration trees hold texts, numbers and sections only");
    let mut out = String::new();
    section(&mut out, "", &value);
    out
}

fn section(out: &mut String, path: &str, value: &Value) {
    let Value::Object(keys) = value else { return };
    let is_plain = |v: &Value| !v.is_object() && !is_list_of_sections(v);
    let has_plain = keys.values().any(is_plain);
    if !path.is_empty() && (has_plain || keys.is_empty()) {
        head(out, ["[", path, "]\n"]);
    }
    body(out, path, keys);
}

fn head(out: &mut String, parts: [&str; 3]) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.extend(parts);
}

fn body(out: &mut String, path: &str, keys: &Map<String, Value>) {
    let is_below = |v: &Value| v.is_object() || is_list_of_sections(v);
    let (below, plain): (Vec<_>, Vec<_>) = keys.iter().partition(|(_, v)| is_below(v));
    for (key, value) in plain.into_iter().filter(|(_, v)| !v.is_null()) {
        out.extend([key, " = ", &inline(value), "\n"]);
    }
    for (key, value) in below {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Array(items) => {
                for item in items.iter().filter_map(Value::as_object) {
                    head(out, ["[[", &path, "]]\n"]);
                    body(out, &path, item);
                }
            }
            section_value => section(out, &path, section_value),
        }
    }
}

fn is_list_of_sections(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_object))
}

fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        // JSON's escapes are TOML's; only DEL may be raw in JSON and not in TOML.
        other => other.to_string().replace('\u{7f}', "\\u007F"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_follow_plain_keys_and_texts_are_escaped() {
        let tree = serde_json::json!({
            "b": {"list": ["x", "y"], "deep": {"n": 3}},
            "a": "say \"hi\"\n\u{7f}",
            "none": null,
            "on": true,
        });
        let text = to_toml(&tree);
        let expected =
            "a = \"say \\\"hi\\\"\\n\\u007F\"\non = true\n\n[b]\nlist = [\"x\", \"y\"]\n\n[b.deep]\nn = 3\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn lists_of_sections_are_headed_each_by_itself() {
        let tree = serde_json::json!({
            "a": 1,
            "m": [{"id": "x", "site": [{"id": "s"}, {"id": "t"}]}, {"id": "y", "site": []}],
        });
        let expected = "a = 1\n\n[[m]]\nid = \"x\"\n\n[[m.site]]\nid = \"s\"\n\n[[m.site]]\nid = \"t\"\n\n\
                        [[m]]\nid = \"y\"\nsite = []\n";
        assert_eq!(to_toml(&tree), expected);
    }
}
