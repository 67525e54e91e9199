//! `packaging/alerts.yml` and `packaging/dashboard.json` name only metrics that the programs have, and the documents say what
//! each alarm means. What the rules do is tested by `scripts/check-alerts`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// What writes a metric, and how its name ends in the text.
const WRITERS: [(&str, &[&str]); 6] = [
    ("out.counter(", &["_total"]),
    ("out.counters(", &["_total"]),
    ("out.gauge(", &[""]),
    ("out.gauges(", &[""]),
    ("out.unit(", &["_seconds", "_bytes"]),
    ("out.total_unit(", &["_seconds_total", "_bytes_total"]),
];

#[test]
fn alerts_and_dashboard_name_metrics_that_exist() {
    let exported: BTreeSet<String> =
        [("kuota_", "src/agent/api/metrics.rs"), ("kuota_relay_", "src/relay/metrics.rs")]
            .iter()
            .flat_map(|(prefix, file)| exported(prefix, &read(file)))
            .collect();
    assert!(exported.len() > 50, "{exported:?}");
    for file in ["packaging/alerts.yml", "packaging/dashboard.json"] {
        let text = without_comments(&read(file));
        let named = named(&text);
        assert!(named.len() > 10, "{file}: {named:?}");
        let unknown: Vec<&String> = named.difference(&exported).collect();
        assert!(unknown.is_empty(), "{file} names metrics that no program has: {unknown:?}");
    }
}

#[test]
fn the_dashboard_has_panels_that_do_not_overlap() {
    let dashboard: Value = serde_json::from_str(&read("packaging/dashboard.json")).unwrap();
    let mut taken = BTreeSet::new();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 10);
    for panel in panels {
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{panel}");
        assert!(panel["targets"].as_array().is_some_and(|targets| !targets.is_empty()), "{panel}");
        for (x, y) in
            (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)))
        {
            assert!(taken.insert((x, y)), "{} lies on another", panel["title"]);
        }
    }
}

#[test]
fn the_documents_say_what_each_alarm_means() {
    let rules = read("packaging/alerts.yml");
    let (agent, relay) = rules.split_once("- name: kuota-relay").unwrap();
    for (rules, document) in [(agent, "docs/OPERATIONS.md"), (relay, "docs/RELAY.md")] {
        let of = |text: &str, before: &str, end: char| -> BTreeSet<String> {
            let named = text.lines().filter_map(|line| line.trim_start().strip_prefix(before));
            named.filter_map(|rest| rest.split(end).next()).map(str::to_owned).collect()
        };
        let (rung, explained) = (of(rules, "- alert: ", ' '), of(&read(document), "| `Kuota", '`'));
        let explained: BTreeSet<String> = explained.iter().map(|name| format!("Kuota{name}")).collect();
        assert!(rung.len() > 5, "{rung:?}");
        assert_eq!(rung, explained, "alarms of packaging/alerts.yml and the rows of {document}");
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n")
}

/// The names of a source's metrics.
fn exported(prefix: &str, source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (writer, ends) in WRITERS {
        for call in source.split(writer).skip(1) {
            let name = call.trim_start().strip_prefix('"').and_then(|call| call.split('"').next());
            names.extend(
                name.iter().flat_map(|name| ends.iter().map(move |end| format!("{prefix}{name}{end}"))),
            );
        }
    }
    names
}

/// Words that are names of metrics; comparing with a name of a scrape is not one.
fn named(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        .filter(|word| word.starts_with("kuota_"))
        .map(str::to_owned)
        .collect()
}
