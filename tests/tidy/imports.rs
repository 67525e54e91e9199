//! Which file of `src` imports which, and the circles among them.
//!
//! A file imports another when a path in its product code leads there: `crate::…`, `super::…`, `self::…`, or the name
//! of a module that it declares. A path ends in the deepest module on the way, so a name that `mod.rs` re-exports is an
//! import of `mod.rs`, and the re-export is an import of the file that declares the name. Declaring a module (`mod x;`)
//! imports nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::module_path;
use super::scan::{self, Source, words};

/// Files by path, each with the files that it imports.
pub type Graph = BTreeMap<String, BTreeSet<String>>;

/// What every file imports. Files of tests are left out.
pub fn graph(sources: &[Source]) -> Graph {
    let product = || sources.iter().filter(|s| !s.path.ends_with("_tests.rs"));
    let modules: BTreeMap<Vec<&str>, &str> = product().map(|s| (of_file(&s.path), s.path.as_str())).collect();
    product().map(|source| (source.path.clone(), imports(source, &modules))).collect()
}

/// Modules from the crate's root to the file; the root itself is empty.
fn of_file(path: &str) -> Vec<&str> {
    module_path(path).into_iter().filter(|part| *part != "lib").collect()
}

fn imports(source: &Source, modules: &BTreeMap<Vec<&str>, &str>) -> BTreeSet<String> {
    let code = source.product();
    let own: Vec<String> = of_file(&source.path).into_iter().map(str::to_owned).collect();
    let mut targets: Vec<Vec<String>> = Vec::new();
    targets.extend(scan::paths(&code, "crate").into_iter().map(|(_, path)| path));
    let below = |path: Vec<String>| own.iter().cloned().chain(path).collect::<Vec<_>>();
    targets.extend(scan::paths(&code, "self").into_iter().map(|(_, path)| below(path)));
    for (at, path) in scan::paths(&code, "super") {
        // `super::super::x` is found once, from its first word.
        if !follows_colon(&code, at) {
            let more = path.iter().take_while(|part| *part == "super").count();
            let up = own.len().saturating_sub(1 + more);
            targets.push(own[..up].iter().cloned().chain(path[more..].iter().cloned()).collect());
        }
    }
    for child in children(&code) {
        for (at, path) in scan::paths(&code, &child) {
            if !follows_colon(&code, at) {
                targets.push(below([vec![child.clone()], path].concat()));
            }
        }
    }
    let file = |target: Vec<String>| {
        let parts: Vec<&str> = target.iter().map(String::as_str).collect();
        (1..=parts.len()).rev().find_map(|n| modules.get(&parts[..n])).map(|path| (*path).to_owned())
    };
    targets.into_iter().filter_map(file).filter(|path| *path != source.path).collect()
}

/// Whether the word at `at` is a later part of a path.
fn follows_colon(code: &[char], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| code[before] == ':')
}

/// Names of the modules that a file declares in files of their own.
fn children(code: &[char]) -> Vec<String> {
    let name = |at: usize| {
        let rest: String = code[at + 3..].iter().take_while(|c| !matches!(c, ';' | '{')).collect();
        let is_file = code[at + 3 + rest.chars().count()..].first() == Some(&';');
        is_file.then(|| rest.trim().to_owned())
    };
    words(code, "mod").into_iter().filter_map(name).collect()
}

/// Groups of files that import each other in a circle, the largest first.
pub fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|file| (file.as_str(), reached(graph, file))).collect();
    let mut seen = BTreeSet::new();
    let mut out: Vec<Vec<String>> = Vec::new();
    for (file, far) in &reach {
        let circle: Vec<String> = far
            .iter()
            .filter(|other| reach[**other].contains(file))
            .map(|other| (*other).to_owned())
            .collect();
        if circle.len() > 1 && seen.insert(circle.clone()) {
            out.push(circle);
        }
    }
    out.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    out
}

fn reached<'a>(graph: &'a Graph, from: &str) -> BTreeSet<&'a str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        let next = graph.get(file).into_iter().flatten().map(String::as_str);
        open.extend(next.filter(|next| seen.insert(*next)).collect::<Vec<_>>());
    }
    seen
}

/// More files than this in one circle cannot be read one by one.
const CIRCLE_FILES_MAX: usize = 3;

/// Circles of too many files.
pub fn check_circles(circles: &[Vec<String>]) -> Vec<String> {
    let large = circles.iter().filter(|circle| circle.len() > CIRCLE_FILES_MAX);
    large.map(|circle| format!("{} files import each other: {}", circle.len(), circle.join(" "))).collect()
}

/// Type names that say enough wherever they are declared, and what each is. An entry declared once is a finding.
pub const SHARED_TYPE_NAMES: [(&str, &str); 1] = [("Row", "a row of the table that the file is about")];

/// Of a hundred type names so many may be declared more than once. Lower it when names go; never raise it.
const REPEATED_PERCENT_MAX: usize = 6;

/// Names declared more than once where they are too many, and shared names that nobody shares.
pub fn check_type_names(types: &BTreeMap<String, Vec<String>>, shared: &[(&str, &str)]) -> Vec<String> {
    let is_repeated = |name: &str| types.get(name).is_some_and(|places| places.len() > 1);
    let is_shared = |name: &str| shared.iter().any(|(known, _)| *known == name);
    let repeated: Vec<&String> =
        types.keys().filter(|name| is_repeated(name.as_str()) && !is_shared(name.as_str())).collect();
    let mut findings = Vec::new();
    if repeated.len() * 100 > types.len() * REPEATED_PERCENT_MAX {
        let places = |name: &&String| format!("{name} is declared in {}", types[*name].join(" "));
        findings.extend(repeated.iter().map(places));
    }
    let alone = shared.iter().filter(|(name, _)| !is_repeated(name));
    findings.extend(alone.map(|(name, _)| format!("{name} is declared once; take it off the list")));
    findings
}

/// Every type name with the places that declare it.
pub fn types(sources: &[Source]) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources {
        let code = source.product();
        for kind in ["struct", "enum", "trait", "union", "type"] {
            for at in words(&code, kind) {
                // `type` inside a block is an associated type, which says nothing of its own.
                if kind == "type" && !starts_line(&code, at) {
                    continue;
                }
                let name: String = code[at + kind.len()..]
                    .iter()
                    .skip_while(|c| c.is_whitespace())
                    .take_while(|c| c.is_alphanumeric() || **c == '_')
                    .collect();
                if name.starts_with(char::is_uppercase) {
                    out.entry(name).or_default().push(source.at(at));
                }
            }
        }
    }
    out
}

/// Whether nothing but a visibility is before the word on its line, and the line is not indented.
fn starts_line(code: &[char], at: usize) -> bool {
    let line = (0..at).rev().take_while(|i| code[*i] != '\n').last().unwrap_or(at);
    let before: String = code[line..at].iter().collect();
    before.is_empty() || before.starts_with("pub") && !before.contains(['{', ';'])
}

mod checks {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Graph {
        graph(&files.iter().map(|(path, text)| Source::new(path, text)).collect::<Vec<_>>())
    }

    #[test]
    fn imports_are_found_however_they_are_written() {
        let found = of(&[
            ("src/lib.rs", "pub mod a;"),
            ("src/a/mod.rs", "mod b; mod c; pub use b::B; fn f() { c::g() }"),
            ("src/a/b.rs", "use super::c::{self, C}; use crate::d::D;"),
            ("src/a/c.rs", "use super::B; use super::super::d; #[cfg(test)] mod tests { use crate::a::b; }"),
            ("src/a/c_tests.rs", "use crate::d;"),
            ("src/d.rs", "//! crate::a"),
        ]);
        let rows = [
            ("src/lib.rs", vec![]),
            ("src/a/mod.rs", vec!["src/a/b.rs", "src/a/c.rs"]),
            ("src/a/b.rs", vec!["src/a/c.rs", "src/d.rs"]),
            ("src/a/c.rs", vec!["src/a/mod.rs", "src/d.rs"]),
            ("src/d.rs", vec![]),
        ];
        assert_eq!(found.len(), rows.len());
        for (file, imports) in rows {
            assert_eq!(found[file].iter().map(String::as_str).collect::<Vec<_>>(), imports, "{file}");
        }
        assert_eq!(
            circles(&found),
            [["src/a/b.rs", "src/a/c.rs", "src/a/mod.rs"].map(str::to_owned).to_vec()]
        );
    }

    #[test]
    fn a_large_circle_is_found() {
        let circle = |files: &[&str]| files.iter().map(|file| (*file).to_owned()).collect::<Vec<_>>();
        let small = circle(&["src/a/b.rs", "src/a/c.rs", "src/a/d.rs"]);
        let large = circle(&["src/a/b.rs", "src/a/c.rs", "src/a/d.rs", "src/a/mod.rs"]);
        assert!(check_circles(std::slice::from_ref(&small)).is_empty());
        assert_eq!(check_circles(&[small, large]).len(), 1);
    }

    #[test]
    fn too_many_repeated_type_names_are_found_unless_they_are_listed() {
        let names = |repeated: usize| {
            let places = |n: usize| vec!["src/a.rs:1".to_owned(); if n < repeated { 2 } else { 1 }];
            (0..100).map(|n| (format!("T{n:02}"), places(n))).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(check_type_names(&names(6), &[]).len(), 0);
        assert_eq!(check_type_names(&names(7), &[]).len(), 7);
        assert_eq!(check_type_names(&names(7), &[("T00", "why")]).len(), 0);
        assert_eq!(check_type_names(&names(6), &[("T99", "why")]).len(), 1);
    }

    #[test]
    fn type_names_are_counted_where_they_are_declared() {
        let text = "pub struct A; enum A {} impl T for A { type Error = u8; }\npub type B = A;\n#[cfg(test)]\nmod tests { struct A; }";
        let found = types(&[Source::new("src/a.rs", text)]);
        let counts: Vec<_> = found.iter().map(|(name, places)| (name.as_str(), places.len())).collect();
        assert_eq!(counts, [("A", 2), ("B", 1)]);
    }
}
