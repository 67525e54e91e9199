//! `Debug` output is for logs and panics. What people read, what is stored and what is hashed is written on purpose.

use super::scan::Source;

/// Macros whose output is a log line or a panic.
const FOR_DEVELOPERS: [&str; 8] = [
    "panic!",
    "unreachable!",
    "assert!",
    "assert_eq!",
    "assert_ne!",
    "debug_assert!",
    "debug_assert_eq!",
    "debug_assert_ne!",
];

/// Formats of a text in quotes, which `Debug` escapes: what was typed is shown in an error.
const QUOTES: &[(&str, &[&str])] = &[
    ("src/protocol/admin/orders.rs", &["{name:?}"]),
    ("src/agent/http/commands/import.rs", &["{name:?}"]),
    ("src/agent/config/mod.rs", &["{text:?}"]),
    ("src/cli/import.rs", &["{heading:?}", "{cell:?}"]),
    ("src/cli/import/debts.rs", &["{heading:?}", "{cell:?}", "{id:?}"]),
    ("src/cli/packages.rs", &["{which:?}"]),
    ("src/cli/users.rs", &["{who:?}"]),
    ("src/clock.rs", &["{name:?}"]),
    ("src/domain/text.rs", &["{shown:?}"]),
    ("src/midtrans/answer.rs", &["{:?}"]),
    ("src/midtrans/client.rs", &["{id:?}"]),
    ("src/relay/config/mod.rs", &["{id:?}"]),
    ("src/relay/store/postgres/rows.rs", &["{text:?}"]),
    ("src/relay/store/sqlite/rows.rs", &["{text:?}"]),
    ("src/routeros/tls.rs", &["{host:?}"]),
    ("src/routeros/wire.rs", &["{0:?}"]),
    ("src/settings/layers.rs", &["{value:?}"]),
    ("src/settings/values.rs", &["{text:?}"]),
    ("src/store/load.rs", &["{other:?}"]),
    ("src/store/rows.rs", &["{text:?}"]),
    ("src/store/validity.rs", &["{other:?}"]),
];

/// Formats of a `Duration`, which has no other text than that of `Debug`: `10s`, `1.5ms`.
const DURATIONS: &[(&str, &[&str])] =
    &[("src/routeros/owner.rs", &["{limit:?}"]), ("src/routeros/session.rs", &["{:?}"])];

/// Formats of `Debug` outside of log lines, panics and the lists above.
pub fn check(source: &Source) -> Vec<String> {
    let (text, code) = (source.product_with_strings(), source.product());
    let is_listed = |format: &str| {
        let listed = QUOTES.iter().chain(DURATIONS).filter(|(path, _)| *path == source.path);
        listed.flat_map(|(_, formats)| *formats).any(|known| *known == format)
    };
    let found = formats(&text).into_iter().filter(|(at, format)| {
        let name = enclosing_call(&code, *at);
        !(name.starts_with("tracing::") || FOR_DEVELOPERS.contains(&name.as_str()) || is_listed(format))
    });
    found.map(|(at, format)| format!("{}: {format}: write what people are to read", source.at(at))).collect()
}

/// Every `{...:?}` and `{...:#?}` with its offset.
fn formats(text: &[char]) -> Vec<(usize, String)> {
    let ends = (2..text.len()).filter(|at| text[*at] == '}' && text[at - 1] == '?');
    let format = |end: usize| {
        let start = (0..end).rev().take(64).find(|at| text[*at] == '{')?;
        let inner: String = text[start..=end].iter().collect();
        (inner.contains(":?") || inner.contains(":#?")).then_some((start, inner))
    };
    ends.filter_map(format).collect()
}

/// The path before the parenthesis that is open at an offset: `tracing::info!`.
fn enclosing_call(code: &[char], at: usize) -> String {
    let mut depth = 0;
    for start in (0..at).rev() {
        match code[start] {
            ')' => depth += 1,
            '(' if depth > 0 => depth -= 1,
            '(' => {
                let is_name = |c: &&char| c.is_alphanumeric() || matches!(c, '_' | ':' | '!');
                let name: Vec<char> = code[..start].iter().rev().take_while(is_name).copied().collect();
                return name.into_iter().rev().collect();
            }
            _ => {}
        }
    }
    String::new()
}

#[test]
fn debug_output_elsewhere_is_found() {
    let text = r#"
        fn shown(x: X) -> String {
            tracing::info!(a = f(1), "{x:?}");
            assert!(x.is_good(), "{x:?}");
            format!("{x:?} {} {:#?}", f(x), x)
        }
        #[cfg(test)]
        mod tests { fn t() { format!("{x:?}"); } }
    "#;
    let found = check(&Source::new("src/x.rs", text));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|line| line.starts_with("src/x.rs:5: ")), "{found:?}");
}
