//! A damaged page of each table of the store, while the daemon runs and when it starts. What follows is decided by what
//! depends on the table: without money's nothing starts, without the others the site is only read, and statistics begin
//! again empty.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeSet;

use crate::disk::{USERS, earlier_copy, is_refused, is_whole, spoil, until_n, used_place, users};
use crate::program::{ProgramFolder, RunningProgram};
use rusqlite::{Connection, OpenFlags};

/// Pages of the store's file.
const PAGE_BYTES: u64 = 4096;
/// Nothing starts without these.
const MONEY: [&str; 21] = [
    "accounts_base",
    "applied",
    "cash_moves",
    "closings",
    "counters_base",
    "debts",
    "devices",
    "entries",
    "events",
    "handovers",
    "meta",
    "meters",
    "openings",
    "orders",
    "orphans",
    "outbox",
    "packages",
    "undated",
    "users",
    "validity",
    "sqlite_schema",
];
/// Without these the site is only read.
const PEOPLE: [&str; 3] = ["admins", "audit", "tokens"];
/// These begin again empty.
const STATISTICS: [&str; 7] = [
    "counter_restarts",
    "reminders",
    "usage_days",
    "usage_hours_base",
    "usage_months",
    "usage_sums",
    "usage_totals",
];
/// These are made anew from the others.
const DERIVED: [&str; 1] = ["proofs"];
/// Tables that a call of `CALLS` reads from the card at any time: their damage must be found while the daemon runs.
const READ: [&str; 3] = ["admins", "audit", "closings"];
/// Calls that read what the daemon does not keep in memory.
const CALLS: [&str; 12] = [
    "/api/v1/admins",
    "/api/v1/audit",
    "/api/v1/orders",
    "/api/v1/closings",
    "/api/v1/users/USER/statement",
    "/api/v1/users/USER/debts",
    "/api/v1/users/USER/usage?step=hour&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z",
    "/api/v1/users/USER/usage?step=day&from=2020-01-01T00:00:00Z&to=2028-01-01T00:00:00Z",
    "/api/v1/users/USER/explain",
    "/api/v1/reports/sales?from=2026-01-01&to=2026-12-31",
    "/api/v1/reports/usage?from=2026-01-01&to=2026-12-31",
    "/api/v1/export/entries",
];

fn read_only(folder: &ProgramFolder) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(folder.data().join("kuota.db"), flags).unwrap()
}

/// Makes the first page of a table unreadable.
fn spoil_table(folder: &ProgramFolder, table: &str) {
    let page: u64 = if table == "sqlite_schema" {
        1
    } else {
        let sql = "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        let page = read_only(folder).query_row(sql, [table], |row| row.get::<_, i64>(0)).unwrap();
        page.try_into().unwrap()
    };
    // The head of the file stays: without it this is no store at all.
    let head = if page == 1 { 100 } else { 0 };
    let bytes = usize::try_from(PAGE_BYTES - head).unwrap();
    spoil(&folder.data().join("kuota.db"), (page - 1) * PAGE_BYTES + head, bytes);
}

fn is_degraded_by(daemon: &RunningProgram, table: &str) {
    let health = daemon.call("GET", "/healthz", None, "").unwrap();
    assert_eq!((health.status, health.json()["code"].as_str()), (503, Some("store_damaged")), "{health:?}");
    let detail = health.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(table) && detail.contains("kuotad restore"), "{detail}");
    assert_eq!(users(daemon), USERS);
    let refused = daemon.call("POST", "/api/v1/users", None, r#"{"name": "Baru"}"#).unwrap();
    let said = (refused.status, refused.json()["code"].as_str().map(str::to_owned));
    assert_eq!(said, (503, Some("store_damaged".to_owned())), "{refused:?}");
    let page = daemon.call("GET", "/tidak-ada", None, "").unwrap();
    assert!(page.status == 404 && !page.body.is_empty());
    let status = daemon.get("/api/v1/status");
    assert!(status["store"]["last_error"].as_str().unwrap().contains(table), "{status}");
    // No commit of this process: what was written before it.
    let times = ["since", "last_success"].map(|time| status["store"][time].as_str().is_some());
    assert_eq!(times, [true, true], "{status}");
}

/// What the next start has to do with a store whose table is damaged.
fn starts_as_it_must(folder: &ProgramFolder, table: &str) {
    if MONEY.contains(&table) {
        is_refused(folder, folder.command(&["run"]), &["restore"]);
        return;
    }
    let daemon = folder.serve();
    if PEOPLE.contains(&table) {
        is_degraded_by(&daemon, table);
    } else {
        assert!(daemon.log().contains(table), "{}", daemon.log());
        let health = daemon.call("GET", "/healthz", None, "").unwrap();
        assert_eq!(health.status, 200, "{health:?}");
        let store = daemon.get("/api/v1/status")["store"].clone();
        if DERIVED.contains(&table) {
            assert_eq!(store["state"], "ok", "{store}");
            daemon.stop();
            return;
        }
        let warnings = store["warnings"].to_string();
        assert!(warnings.contains(table) && warnings.contains("restore"), "{warnings}");
    }
    daemon.stop();
}

#[test]
fn every_table_is_listed_here() {
    let (folder, _) = used_place();
    let conn = read_only(&folder);
    let mut statement = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let tables: BTreeSet<String> = tables.map(Result::unwrap).collect();
    let listed = [MONEY.as_slice(), &PEOPLE, &STATISTICS, &DERIVED].concat();
    let listed = listed.into_iter().filter(|table| *table != "sqlite_schema").map(str::to_owned);
    assert_eq!(tables, listed.collect());
}

#[test]
fn a_damaged_table_stops_no_more_than_it_must_at_a_start() {
    for table in PEOPLE.iter().chain(&MONEY) {
        let (folder, _) = used_place();
        spoil_table(&folder, table);
        starts_as_it_must(&folder, table);
    }
    for table in STATISTICS.into_iter().chain(DERIVED) {
        let (folder, mut asked) = used_place();
        spoil_table(&folder, table);
        starts_as_it_must(&folder, table);
        let daemon = folder.serve();
        until_n(&folder, &mut asked, USERS + 1);
        daemon.stop();
        is_whole(&folder, &mut asked, table);
    }
    for table in ["users", "meta"] {
        let (folder, _) = used_place();
        earlier_copy(&folder);
        spoil_table(&folder, table);
        let words = ["is damaged", table, "kuotad restore", "the last was made at"];
        is_refused(&folder, folder.command(&["run"]), &words);
    }
}

/// Makes every call until one cannot be answered from the store: what it said.
fn until_one_fails(daemon: &RunningProgram) -> Option<String> {
    let user = daemon.get("/api/v1/users?limit=1")["items"][0]["id"].as_str().unwrap().to_owned();
    for call in CALLS {
        let path = call.replace("USER", &user);
        // An answer that is being sent when the page is met breaks off.
        let Ok(answer) = daemon.call("GET", &path, None, "") else { return Some(String::new()) };
        assert!([200, 503].contains(&answer.status), "{path}: {answer:?}");
        if answer.status == 503 {
            assert_eq!(answer.json()["code"].as_str(), Some("store_failed"), "{path}: {answer:?}");
            return Some(answer.json()["detail"].as_str().unwrap().to_owned());
        }
    }
    None
}

/// Whether a commit of the daemon wrote the page anew from memory before anybody read it.
fn is_whole_again(folder: &ProgramFolder) -> bool {
    let conn = Connection::open(folder.data().join("kuota.db")).unwrap();
    let _ = conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    conn.query_row("PRAGMA quick_check", [], |row| row.get::<_, String>(0)).is_ok_and(|said| said == "ok")
}

#[test]
fn a_page_that_goes_bad_while_the_daemon_runs_is_named_and_judged_by_the_next_start() {
    let mut found = BTreeSet::new();
    for table in [MONEY.as_slice(), &PEOPLE, &STATISTICS, &DERIVED].concat() {
        let (folder, _) = used_place();
        let mut daemon = folder.serve();
        spoil_table(&folder, table);
        let failed = until_one_fails(&daemon);
        if failed.is_some() {
            found.insert(table);
            assert_eq!(daemon.ends(), Some(1), "{table}: {}", daemon.log());
            let log = daemon.log();
            assert!(log.contains("cannot be read") || log.contains("the store failed"), "{table}: {log}");
            assert!(log.contains(table), "{table}: {log}");
        }
        if let Some(detail) = failed.filter(|detail| !detail.is_empty()) {
            assert!(detail.contains(table) && detail.contains("restore"), "{table}: {detail}");
        }
        // What was not read is found by the proof. A daemon that is killed leaves its socket.
        drop(daemon);
        let _ = std::fs::remove_file(folder.socket());
        if is_whole_again(&folder) {
            assert!(MONEY.contains(&table), "{table}: only what is in memory is written before it is read");
        } else {
            starts_as_it_must(&folder, table);
        }
    }
    let missed: Vec<&str> = READ.into_iter().filter(|table| !found.contains(table)).collect();
    assert!(missed.is_empty(), "{missed:?} were not found: {found:?}");
}
