//! Rows inside a folder: the modules of `agent` and `relay` may use the rows below their own only, as the layers of `src` do.
//!
//! The check reads the graph of imports, so that it sees a path however it is written. A folder's own `mod.rs`
//! declares, re-exports and composes; it has no row, and none of the folder's modules may import from it.

use super::imports::Graph;
use super::module_path;

/// The modules of one folder by row. Neighbours of one row do not see each other.
pub struct Rows {
    /// The folder below `src`.
    pub folder: &'static str,
    /// From the lowest row up.
    pub table: &'static [&'static [&'static str]],
}

/// `agent`: what is configured, written and known; router and relay; the site; the three faces; the loops.
pub const AGENT: Rows = Rows {
    folder: "agent",
    table: &[
        &["config", "engine", "health"],
        &["router", "payments", "proof", "copies", "reports", "watchdog"],
        &["site", "doctor"],
        &["settings"],
        &["http", "health_report"],
        &["api", "console", "portal", "first_run"],
        &["faces"],
        &["run"],
    ],
};

/// `relay`: what it stands on, one order and one merchant, a site, all of them, the parts together, the walks, the HTTP faces, the loops.
pub const RELAY: Rows = Rows {
    folder: "relay",
    table: &[
        &["breaker", "config", "figures", "order_id", "polls", "store"],
        &["merchant", "operators", "presence", "request", "row"],
        &["schedule", "site"],
        &["directory"],
        &["service"],
        &["charging", "feed", "health", "metrics", "instance", "notifications", "vault"],
        &["orders"],
        &["reconcile"],
        &["http", "console"],
        &["run"],
    ],
};

/// Imports that go up or sideways, and modules without a row.
pub fn check(graph: &Graph, table: &Rows) -> Vec<String> {
    let module = |path: &str| module_path(path).get(1).map(|name| (*name).to_owned());
    let row = |name: &str| table.table.iter().position(|row| row.contains(&name));
    let inside = |path: &&String| module_path(path).first() == Some(&table.folder);
    let mut findings = Vec::new();
    for (file, imports) in graph.iter().filter(|(file, _)| inside(file)) {
        let Some(own) = module(file) else { continue };
        let Some(own_row) = row(&own) else {
            findings.push(format!("{file}: {own} has no row; give it one in tests/tidy/rows.rs"));
            continue;
        };
        for import in imports.iter().filter(inside) {
            let Some(target) = module(import) else {
                findings
                    .push(format!("{file}: imports from {import}; import from the file that declares it"));
                continue;
            };
            if target != own && row(&target).is_some_and(|target_row| target_row >= own_row) {
                findings.push(format!("{file}: {own} (row {own_row}) uses {target}; imports go down only"));
            }
        }
    }
    findings
}

mod checks {
    use super::super::imports::graph;
    use super::super::scan::Source;
    use super::*;

    const TABLE: Rows = Rows { folder: "a", table: &[&["low", "other"], &["high"]] };

    #[test]
    fn imports_up_and_sideways_are_found_and_down_is_fine() {
        let rows: [(&str, &str, usize); 6] = [
            ("src/a/high/mod.rs", "use super::low::L; use crate::a::other;", 0),
            ("src/a/high/part.rs", "use super::super::low::L; use super::H;", 0),
            ("src/a/low.rs", "use super::high::H;", 1),
            ("src/a/low.rs", "use crate::a::{other, high};", 2),
            ("src/a/low.rs", "use super::Thing;", 1),
            ("src/a/new.rs", "use super::low::L;", 1),
        ];
        for (path, text, findings) in rows {
            let mut files = vec![
                ("src/a/mod.rs", "mod low; pub use low::L; fn f() { high::g() } mod high;"),
                (path, text),
            ];
            for known in ["src/a/low.rs", "src/a/other.rs", "src/a/high/mod.rs", "src/b.rs"] {
                if known != path {
                    files.push((known, "//! Nothing."));
                }
            }
            let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
            let found = check(&graph(&sources), &TABLE);
            assert_eq!(found.len(), findings, "{path}: {text}: {found:?}");
        }
    }
}
