//! A configuration as TOML text.

use serde::Serialize;
use serde_json::Value;

/// Prints a configuration tree as TOML: plain keys first, then its sections, keys in alphabetical order. Absent
/// values are left out. Trees of texts, whole numbers, switches, lists and sections can be printed, and nothing
/// else is a configuration here.
pub fn to_toml<T: Serialize>(tree: &T) -> String {
    let value =
        serde_json::to_value(tree).expect("configuration trees hold texts, numbers and sections only");
    let mut out = String::new();
    section(&mut out, "", &value);
    out
}

fn section(out: &mut String, path: &str, value: &Value) {
    let Value::Object(keys) = value else { return };
    let (sections, plain): (Vec<_>, Vec<_>) = keys.iter().partition(|(_, v)| v.is_object());
    if !path.is_empty() && (!plain.is_empty() || sections.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.extend(["[", path, "]\n"]);
    }
    for (key, value) in plain.into_iter().filter(|(_, v)| !v.is_null()) {
        out.extend([key, " = ", &inline(value), "\n"]);
    }
    for (key, value) in sections {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        section(out, &path, value);
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        // JSON's escapes are TOML's; only DEL may stand raw in the one and not in the other.
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
}
