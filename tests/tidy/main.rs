//! The style of the house as a test: layers, the purity of the rules, lengths, and what must not be in the
//! repository. Each check is a function from a file to findings, and is itself tested on a file that breaks it.

mod debug_output;
mod house;
mod imports;
mod licences;
mod rows;
mod scan;

use std::path::{Path, PathBuf};
use std::process::Command;

use scan::{Source, words};

/// No function of the product is longer.
const FUNCTION_LINES_MAX: usize = 100;
/// Functions longer than this are looked at twice ...
const FUNCTION_LINES_LONG: usize = 60;
/// ... and there are no more of them than this. Lower it when one goes; never raise it.
const LONG_FUNCTIONS_MAX: usize = 0;

/// Modules by layer. A module may use lower layers only: neighbours do not know each other.
const LAYERS: [(&str, u8); 20] = [
    ("domain", 0),
    ("protocol", 1),
    ("tools", 1),
    ("sqlite", 1),
    ("clock", 2),
    ("settings", 2),
    ("web", 2),
    ("http_client", 2),
    ("retry_log", 2),
    ("identity", 3),
    ("ui", 3),
    ("store", 4),
    ("routeros", 4),
    ("midtrans", 4),
    ("agent", 5),
    ("relay", 5),
    ("sim", 5),
    ("cli", 6),
    ("bin", 7),
    ("lib", 8),
];

/// Words that `domain/` must not say, and why.
const IMPURE: [(&str, &str); 26] = [
    ("async", "the rules wait for nothing"),
    (".await", "the rules wait for nothing"),
    ("tokio", "the rules do no I/O"),
    ("rusqlite", "the rules do no I/O"),
    ("reqwest", "the rules do no I/O"),
    ("axum", "the rules do no I/O"),
    ("tracing", "the rules answer; whoever asks may log"),
    ("println!", "the rules answer; whoever asks may print"),
    ("eprintln!", "the rules answer; whoever asks may print"),
    ("print!", "the rules answer; whoever asks may print"),
    ("eprint!", "the rules answer; whoever asks may print"),
    ("dbg!", "the rules answer; whoever asks may print"),
    ("f32", "money and bytes are never floats"),
    ("f64", "money and bytes are never floats"),
    ("HashMap", "its order is random; take BTreeMap"),
    ("HashSet", "its order is random; take BTreeSet"),
    ("SystemTime", "the time is given to the rules"),
    ("Instant", "the time is given to the rules"),
    ("Timestamp::now", "the time is given to the rules"),
    ("Zoned::now", "the time is given to the rules"),
    ("rand", "the rules throw no dice"),
    ("getrandom", "the rules throw no dice"),
    ("new_v4", "ids are given to the rules"),
    ("now_v7", "ids are given to the rules"),
    ("static mut", "the rules remember nothing"),
    ("OnceLock", "the rules remember nothing"),
];

/// Modules of the standard library that `domain/` must not use.
const IMPURE_STD: [&str; 8] = ["fs", "net", "io", "process", "env", "thread", "time", "os"];
/// What of `std::net` is a plain value.
const NET_VALUES: [&str; 3] = ["IpAddr", "Ipv4Addr", "Ipv6Addr"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Path from the root with forward slashes.
fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every file below a folder, in order.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut entries: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    let below = |path: PathBuf| if path.is_dir() { walk(&path) } else { vec![path] };
    entries.into_iter().flat_map(below).collect()
}

/// The files of `src` that end so.
fn sources(end: &str) -> Vec<Source> {
    let files = walk(&root().join("src")).into_iter().filter(|path| path.to_string_lossy().ends_with(end));
    files.map(|path| Source::new(&relative(&path), &read(&path))).collect()
}

/// Fails with every finding on a line of its own.
fn demand_none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// Modules from the crate's root to the file: `src/agent/config.rs` is `agent`, `config`.
fn module_path(path: &str) -> Vec<&str> {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    inner.split('/').filter(|part| *part != "mod").collect()
}

fn check_layers(source: &Source) -> Vec<String> {
    let modules = module_path(&source.path);
    let own = modules[0];
    let Some(own_layer) = layer(own) else {
        return vec![format!("{}: module {own} has no layer; give it one in tests/tidy", source.path)];
    };
    let judge = |(at, target): (usize, &str)| match layer(target) {
        Some(layer) if target == own || layer < own_layer => None,
        Some(layer) => Some(format!(
            "{}: {own} (layer {own_layer}) uses {target} (layer {layer}); imports go down only",
            source.at(at)
        )),
        None => None,
    };
    let mut uses: Vec<(usize, String)> = Vec::new();
    for root in ["crate", "kuota"] {
        uses.extend(scan::paths(&source.code, root).into_iter().map(|(at, path)| (at, path[0].clone())));
    }
    uses.extend(uses_by_super(source, modules.len()));
    uses.iter().filter_map(|(at, target)| judge((*at, target))).collect()
}

/// Top-level modules reached by climbing: `super::super::store` two levels down is `store`.
fn uses_by_super(source: &Source, depth: usize) -> Vec<(usize, String)> {
    let blocks = scan::inline_modules(&source.code);
    // A test file hangs below the module that it tests.
    let depth = depth + usize::from(source.path.ends_with("_tests.rs"));
    let climbs = |(at, path): (usize, Vec<String>)| {
        let ups = 1 + path.iter().take_while(|part| *part == "super").count();
        let here = depth + blocks.iter().filter(|block| block.contains(&at)).count();
        (ups == here).then(|| path.get(ups - 1).cloned()).flatten().map(|target| (at, target))
    };
    scan::paths(&source.code, "super").into_iter().filter_map(climbs).collect()
}

fn check_purity(source: &Source) -> Vec<String> {
    let code = source.product();
    let mut out = Vec::new();
    for (word, why) in IMPURE {
        out.extend(words(&code, word).into_iter().map(|at| format!("{}: {word}: {why}", source.at(at))));
    }
    for (at, path) in scan::paths(&code, "std").into_iter().chain(scan::paths(&code, "core")) {
        let is_value =
            path[0] == "net" && path.get(1).is_some_and(|name| NET_VALUES.contains(&name.as_str()));
        if IMPURE_STD.contains(&path[0].as_str()) && !is_value {
            out.push(format!(
                "{}: std::{}: the rules are values in, values out",
                source.at(at),
                path.join("::")
            ));
        }
    }
    for at in float_literals(&code) {
        out.push(format!("{}: a float: money and bytes are never floats", source.at(at)));
    }
    out
}

/// Digits, a point and digits, where it is not a field of a tuple's field.
fn float_literals(code: &[char]) -> Vec<usize> {
    let digit = |i: usize| code.get(i).is_some_and(char::is_ascii_digit);
    let in_word = |i: usize| code.get(i).is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    let starts = |i: &usize| digit(*i) && !i.checked_sub(1).is_some_and(in_word);
    let is_float = |i: &usize| {
        let point = (*i..code.len()).find(|j| !digit(*j) && code[*j] != '_').unwrap_or(code.len());
        code.get(point) == Some(&'.') && digit(point + 1)
    };
    (0..code.len()).filter(starts).filter(is_float).collect()
}

fn check_unwrap(source: &Source) -> Vec<String> {
    let found = words(&source.product(), ".unwrap()");
    found
        .into_iter()
        .map(|at| format!("{}: unwrap(); say with expect why it cannot fail", source.at(at)))
        .collect()
}

/// Functions of the product longer than so many lines.
fn check_length(source: &Source, lines_max: usize) -> Vec<String> {
    let long = scan::functions(&source.product()).into_iter().filter(|f| f.lines > lines_max);
    long.map(|f| format!("{}: {} has {} lines, more than {lines_max}", source.at(f.at), f.name, f.lines))
        .collect()
}

fn check_module_doc(source: &Source) -> Vec<String> {
    if source.path.ends_with("_tests.rs") || source.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![format!("{}:1: begins without //! saying what it is for", source.path)]
}

/// Statements that would change lines of the ledger.
fn check_ledger_sql(source: &Source) -> Vec<String> {
    const BANNED: [&[&str]; 6] = [
        &["UPDATE", "ENTRIES"],
        &["UPDATE", "OR", "*", "ENTRIES"],
        &["DELETE", "FROM", "ENTRIES"],
        &["REPLACE", "INTO", "ENTRIES"],
        &["DROP", "TABLE", "ENTRIES"],
        &["DROP", "TABLE", "IF", "EXISTS", "ENTRIES"],
    ];
    let code = if Path::new(&source.path).extension().is_some_and(|end| end == "sql") {
        let lines = source.text.split('\n').map(|line| line.split("--").next().unwrap_or_default());
        lines.collect::<Vec<_>>().join("\n").chars().collect()
    } else {
        source.product_with_strings()
    };
    let mut tokens: Vec<(usize, String)> = Vec::new();
    let mut in_word = false;
    for (i, c) in code.iter().enumerate() {
        let is_word = c.is_alphanumeric() || *c == '_';
        match tokens.last_mut() {
            Some((_, word)) if is_word && in_word => word.extend(c.to_uppercase()),
            _ if is_word => tokens.push((i, c.to_uppercase().collect())),
            _ => {}
        }
        in_word = is_word;
    }
    let matches = |tokens: &[(usize, String)], banned: &[&str]| {
        tokens.len() >= banned.len() && tokens.iter().zip(banned).all(|((_, t), b)| *b == "*" || t == b)
    };
    let hit = |i: &usize| BANNED.iter().any(|banned| matches(&tokens[*i..], banned));
    let line = |i: usize| scan::line_of(&code, tokens[i].0);
    let hits = (0..tokens.len()).filter(hit);
    hits.map(|i| format!("{}:{}: changes lines of the ledger; write a new one", source.path, line(i)))
        .collect()
}

/// Words that name one machine or one registry, put together here so that this file does not hold them.
fn machine_words() -> Vec<String> {
    let parts: [&[&str]; 10] = [
        &["/wo", "rk/"],
        &["/tmp", "/wt"],
        &["/ro", "ot/"],
        &["index.", "crates.io"],
        &["static.", "crates.io"],
        &["crates.io", "-index"],
        &["py", "pi.org"],
        &["python", "hosted.org"],
        &["registry.", "npmjs.org"],
        &["deb.", "debian.org"],
    ];
    parts.iter().map(|p| p.concat()).collect()
}

fn check_machine_words(path: &str, text: &str) -> Vec<String> {
    // A lock file names the registry of every package; that is what it is for.
    if path.ends_with("Cargo.lock") {
        return Vec::new();
    }
    let mut out = Vec::new();
    for word in machine_words() {
        let lines = text.lines().enumerate().filter(|(_, line)| line.contains(&word));
        out.extend(lines.map(|(i, _)| format!("{path}:{}: {word}", i + 1)));
    }
    out
}

/// Files under version control; without git, every file that is not built.
fn tracked() -> Vec<PathBuf> {
    let listed = Command::new("git").arg("-C").arg(root()).args(["ls-files", "-z"]).output();
    match listed {
        Ok(output) if output.status.success() && !output.stdout.is_empty() => {
            let names = String::from_utf8_lossy(&output.stdout).into_owned();
            names.split('\0').filter(|name| !name.is_empty()).map(|name| root().join(name)).collect()
        }
        _ => {
            let built = ["target", ".venv", ".git", "tests/node/node_modules"].map(|name| root().join(name));
            walk(&root()).into_iter().filter(|p| !built.iter().any(|b| p.starts_with(b))).collect()
        }
    }
}

fn metadata() -> serde_json::Value {
    let run = |extra: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root()).args(["metadata", "--format-version", "1", "--locked"]).args(extra);
        cargo.output().expect("cargo runs this test")
    };
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata answers in JSON")
}

#[test]
fn imports_go_down_only() {
    let findings: Vec<_> = sources(".rs").iter().flat_map(check_layers).collect();
    demand_none(&findings, "layers");
}

#[test]
fn rows_inside_a_folder_go_down_only() {
    let graph = imports::graph(&sources(".rs"));
    for table in [&rows::AGENT, &rows::RELAY] {
        demand_none(&rows::check(&graph, table), "rows");
    }
}

/// The figures of `scripts/measure`: what the house looks like, without a judgement.
#[test]
#[ignore = "prints figures; see scripts/measure"]
fn the_house_in_figures() {
    let sources = sources(".rs");
    let circles = imports::circles(&imports::graph(&sources));
    for circle in &circles {
        println!("circle of {} files: {}", circle.len(), circle.join(" "));
    }
    let types = imports::types(&sources);
    let twice: Vec<_> = types.iter().filter(|(_, places)| places.len() > 1).collect();
    for (name, places) in &twice {
        println!("type {name} is declared {} times: {}", places.len(), places.join(" "));
    }
    println!("files in the largest circle: {}", circles.first().map_or(0, Vec::len));
    println!("type names: {}, declared more than once: {}", types.len(), twice.len());
}

#[test]
fn no_import_circle_is_larger_than_three_files() {
    let circles = imports::circles(&imports::graph(&sources(".rs")));
    demand_none(&imports::check_circles(&circles), "import circles");
}

#[test]
fn type_names_are_declared_once() {
    let types = imports::types(&sources(".rs"));
    demand_none(
        &imports::check_type_names(&types, &imports::SHARED_TYPE_NAMES),
        "type names declared more than once",
    );
}

#[test]
fn the_rules_are_pure() {
    let domain = sources(".rs").into_iter().filter(|s| s.path.starts_with("src/domain/"));
    let findings: Vec<_> = domain.flat_map(|s| check_purity(&s)).collect();
    demand_none(&findings, "purity of src/domain");
}

#[test]
fn cases_of_ours_are_matched_one_by_one() {
    let findings: Vec<_> = sources(".rs").iter().flat_map(house::check_catch_alls).collect();
    demand_none(&findings, "catch-all arms");
}

#[test]
fn the_product_never_unwraps() {
    let findings: Vec<_> = sources(".rs").iter().flat_map(check_unwrap).collect();
    demand_none(&findings, "unwrap");
}

#[test]
fn debug_output_is_for_logs_and_panics() {
    let findings: Vec<_> = sources(".rs").iter().flat_map(debug_output::check).collect();
    demand_none(&findings, "Debug output");
}

#[test]
fn functions_are_short_enough_to_read() {
    let sources = sources(".rs");
    let over: Vec<_> = sources.iter().flat_map(|s| check_length(s, FUNCTION_LINES_MAX)).collect();
    demand_none(&over, "function length");
    let long: Vec<_> = sources.iter().flat_map(|s| check_length(s, FUNCTION_LINES_LONG)).collect();
    if long.len() > LONG_FUNCTIONS_MAX {
        let rule =
            format!("functions over {FUNCTION_LINES_LONG} lines: {} of {LONG_FUNCTIONS_MAX}", long.len());
        demand_none(&long, &rule);
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let findings: Vec<_> = sources(".rs").iter().flat_map(check_module_doc).collect();
    demand_none(&findings, "module documentation");
}

#[test]
fn lines_of_the_ledger_are_never_changed() {
    let all = sources(".rs").into_iter().chain(sources(".sql"));
    let findings: Vec<_> = all.flat_map(|s| check_ledger_sql(&s)).collect();
    demand_none(&findings, "ledger");
}

#[test]
fn no_file_names_one_machine_or_registry() {
    let mut findings = Vec::new();
    for path in tracked() {
        // A file that is deleted but not yet committed as such is no finding.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        findings.extend(check_machine_words(&relative(&path), &String::from_utf8_lossy(&bytes)));
    }
    demand_none(&findings, "words of one machine");
}

#[test]
fn every_dependency_may_be_combined_with_our_licence() {
    demand_none(&licences::findings(&metadata()), "licences");
}

#[test]
fn deny_toml_allows_the_same_licences() {
    let text = read(&root().join("deny.toml"));
    let list = text.split("allow = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let mut named: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    named.sort_unstable();
    assert_eq!(named, licences::ALLOWED);
}

/// The checks themselves: each finds what it is for, and nothing in what only looks like it.
mod checks {
    use super::*;

    fn lines(findings: &[String]) -> Vec<String> {
        findings.iter().filter_map(|f| Some(f.split_once(": ")?.0.to_owned())).collect()
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        let text = concat!(
            "let a = \"fn x() { // \\\" \"; let b = r#\"} \" /* \"#; // fn y() {\n",
            "/* a /* nested */ fn */ let c = '{'; let d = '\\''; let e: &'static str = b\"}\";\n",
            "let r#type = br\"{\"; let f = '\"'; struct S<'a>(&'a u8);",
        );
        let code: String = scan::blank(text, scan::Strings::Blank).into_iter().collect();
        assert_eq!(code.chars().count(), text.chars().count());
        assert_eq!(code.lines().count(), 3);
        for word in ["fn", "nested", "{", "}", "\""] {
            assert!(!code.contains(word), "{word} in {code}");
        }
        for word in ["let b", "let c", "let e: &'static str", "let r#type", "struct S<'a>(&'a u8);"] {
            assert!(code.contains(word), "{word} not in {code}");
        }
    }

    #[test]
    fn use_trees_are_taken_apart() {
        let code: Vec<char> =
            "use crate::{a::{b, c as d}, e::*, f::{self}}; crate::g::h::<crate::i>();".chars().collect();
        let found: Vec<String> = scan::paths(&code, "crate").into_iter().map(|(_, p)| p.join("::")).collect();
        assert_eq!(found, ["a::b", "a::c", "e", "f::self", "g::h", "i"]);
    }

    #[test]
    fn an_import_upwards_or_sideways_is_found() {
        let bad = [
            ("src/domain/x.rs", "use crate::store::Store;"),
            ("src/domain/x.rs", "use crate::{\n    units::Bytes,\n    protocol::Order,\n};"),
            ("src/web/mod.rs", "fn f() { crate::clock::rfc3339(at) }"),
            ("src/web/page.rs", "use super::super::routeros::Router;"),
            ("src/agent/mod.rs", "#[cfg(test)]\nmod tests { use crate::sim::World; }"),
            ("src/relay/mod.rs", "mod a { use super::super::agent::Engine; }"),
            ("src/sim/mod.rs", "use crate::agent;"),
            ("src/agent/mod.rs", "use crate::cli::logging;"),
            ("src/helpers.rs", "//! Everything else."),
        ];
        for (path, text) in bad {
            assert_eq!(check_layers(&Source::new(path, text)).len(), 1, "{path}: {text}");
        }
        let good = [
            ("src/agent/mod.rs", "use crate::store::Store; use crate::{clock, domain::units};"),
            ("src/agent/config/mod.rs", "use crate::agent::x; // crate::sim::World\nlet a = \"crate::cli\";"),
            ("src/agent/mod.rs", "mod tests { use super::store::Fake; use super::super::store::Store; }"),
            ("src/bin/kuotad.rs", "use kuota::cli; use kuota::agent;"),
            ("src/lib.rs", "pub mod agent;"),
            ("src/domain/usage_tests.rs", "use super::super::store::x;"),
        ];
        for (path, text) in good {
            assert_eq!(check_layers(&Source::new(path, text)), Vec::<String>::new(), "{path}: {text}");
        }
    }

    #[test]
    fn impurity_is_found_in_rules_and_not_in_their_tests() {
        let text = "//! f64\nuse std::{fmt, fs};\nasync fn f() { x.await }\nuse std::net::TcpStream;\nlet a: f64 = 1.5;\n\
                    use std::collections::HashMap;\nlet id = Uuid::new_v4();\nprintln!();\nstd::env::var(\"x\");\n\
                    #[cfg(test)]\nmod tests { use std::time::Instant; }\n";
        let found = lines(&check_purity(&Source::new("src/domain/x.rs", text)));
        for line in 2..=9 {
            let at = format!("src/domain/x.rs:{line}");
            assert!(found.contains(&at), "{at} not in {found:?}");
        }
        assert!(!found.iter().any(|f| f.ends_with(":1") || f.ends_with(":11")), "{found:?}");
        let pure = "use std::net::{IpAddr, Ipv4Addr};\nuse std::collections::BTreeMap;\nlet x = pair.0.1; let r = 1..2;\n\
                    let brand = operand; // random\nlet version = \"1.5\"; let n = 10_u32.pow(2);";
        assert_eq!(check_purity(&Source::new("src/domain/x.rs", pure)), Vec::<String>::new());
    }

    #[test]
    fn unwrap_is_found_outside_tests_only() {
        let text = "fn f() { x.unwrap() }\nfn g() { x.unwrap_or(1); y.expect(\"x.unwrap()\") }\n\
                    #[cfg(test)]\nmod tests {\n fn h() { x.unwrap() }\n}\nfn i() {\n  x.unwrap();\n}";
        assert_eq!(lines(&check_unwrap(&Source::new("src/a.rs", text))), ["src/a.rs:1", "src/a.rs:8"]);
        assert!(check_unwrap(&Source::new("src/a_tests.rs", text)).is_empty());
    }

    #[test]
    fn a_long_function_is_found_and_measured() {
        let body = "    let x = '{'; // {\n".repeat(3);
        let text = format!(
            "fn short() {{}}\ntrait T {{ fn none(&self) -> [u8; 2]; }}\npub(crate) fn long(a: [u8; 3]) -> fn() {{\n{body}}}\n\
             #[cfg(test)]\nmod tests {{\nfn test() {{\n{body}}}\n}}\n"
        );
        let source = Source::new("src/a.rs", &text);
        assert_eq!(check_length(&source, 5), Vec::<String>::new());
        assert_eq!(check_length(&source, 4), ["src/a.rs:3: long has 5 lines, more than 4"]);
    }

    #[test]
    fn a_file_without_a_word_of_what_it_is_for_is_found() {
        assert_eq!(check_module_doc(&Source::new("src/a.rs", "use x;\n//! late")).len(), 1);
        assert!(check_module_doc(&Source::new("src/a.rs", "//! Says.")).is_empty());
        assert!(check_module_doc(&Source::new("src/a_tests.rs", "use super::*;")).is_empty());
    }

    #[test]
    fn a_change_of_the_ledger_is_found() {
        for sql in [
            "update entries set x = 1",
            "DELETE\n  FROM \\\"entries\\\"",
            "UPDATE OR IGNORE entries SET x = 1",
        ] {
            let text = format!("// UPDATE entries\nconst SQL: &str = \"{sql}\";");
            assert_eq!(
                lines(&check_ledger_sql(&Source::new("src/store/a.rs", &text))),
                ["src/store/a.rs:2"],
                "{sql}"
            );
            let test = format!("#[cfg(test)]\nmod tests {{ const SQL: &str = \"{sql}\"; }}");
            assert!(check_ledger_sql(&Source::new("src/store/a.rs", &test)).is_empty());
        }
        let sql = "-- never UPDATE entries\nCREATE TRIGGER t BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, ''); END;\n";
        assert!(check_ledger_sql(&Source::new("src/store/schema/1.sql", sql)).is_empty());
        let sql = format!("{sql}DROP TABLE entries;");
        assert_eq!(
            lines(&check_ledger_sql(&Source::new("src/store/schema/1.sql", &sql))),
            ["src/store/schema/1.sql:3"]
        );
        assert!(
            check_ledger_sql(&Source::new("src/a.rs", "const S: &str = \"UPDATE entries_of SET x\";"))
                .is_empty()
        );
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for word in machine_words() {
            assert_eq!(
                check_machine_words("a.md", &format!("ok\nsee {word} there")),
                [format!("a.md:2: {word}")]
            );
            assert!(check_machine_words("Cargo.lock", &word).is_empty());
        }
        assert!(check_machine_words("a.md", "the network/ and the framework/").is_empty());
    }

    #[test]
    fn licence_expressions_are_judged_whole() {
        let rows = [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("MIT/Apache-2.0", true),
            ("GPL-2.0-only / MIT", true),
            ("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only", true),
            ("Apache-2.0 WITH Classpath-exception-2.0", false),
            ("MIT AND GPL-2.0-only", false),
            ("(MIT OR GPL-2.0-only) AND Unicode-3.0", true),
            ("MIT OR (GPL-2.0-only AND GPL-3.0-only)", true),
            ("GPL-2.0-only OR MIT AND SSPL-1.0", false),
        ];
        for (expression, allowed) in rows {
            assert_eq!(licences::satisfiable(expression), Ok(allowed), "{expression}");
        }
        for nonsense in ["", "MIT OR", "(MIT", "MIT MIT", "OR MIT", "MIT WITH"] {
            assert!(licences::satisfiable(nonsense).is_err(), "{nonsense}");
        }
        let metadata = serde_json::json!({"packages": [
            {"name": "good", "version": "1.0.0", "license": "MIT"},
            {"name": "bad", "version": "1.0.0", "license": "SSPL-1.0"},
            {"name": "silent", "version": "1.0.0", "license": null},
        ]});
        let found = licences::findings(&metadata);
        assert!(
            found.len() == 2 && found[0].starts_with("bad 1.0.0") && found[1].starts_with("silent"),
            "{found:?}"
        );
    }
}

/// A planted bug that no longer finds its line tests nothing, and nobody sees it before the nightly run.
#[test]
fn every_planted_bug_names_exactly_one_line() {
    let list = std::fs::read_to_string("tests/simulation/mutants.txt").unwrap();
    let (mut file, mut planted, mut lost) = ("", 0, Vec::new());
    for line in list.lines() {
        if let Some(old) = line.strip_prefix("- ") {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let found = text.lines().filter(|one| one.trim() == old.trim()).count();
            planted += 1;
            if found != 1 {
                lost.push(format!("{file}: {found} lines read: {old}"));
            }
        } else if !line.starts_with("+ ") {
            file = line;
        }
    }
    assert!(planted > 30, "{planted}");
    demand_none(&lost, "planted bugs without their one line");
}

/// `scripts/measure` counts the functions of a few walks; a function that was renamed would end it.
#[test]
fn every_walk_that_is_measured_names_functions_that_exist() {
    let script = std::fs::read_to_string("scripts/measure").unwrap();
    let hops = script.split_whitespace().filter_map(|word| word.split_once(".rs:"));
    let (mut hops_found, mut gone) = (0, Vec::new());
    for (file, function) in hops {
        let file = format!("{}.rs", file.replace("$a", "src/agent"));
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        hops_found += 1;
        let declared = [format!("fn {function}("), format!("fn {function}<")];
        if !declared.iter().any(|declared| text.contains(declared)) {
            gone.push(format!("{file} has no {function}"));
        }
    }
    assert!(hops_found > 40, "{hops_found}");
    demand_none(&gone, "steps of the walks in scripts/measure");
}
