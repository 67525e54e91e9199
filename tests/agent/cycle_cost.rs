//! What a cycle costs: round trips to the router, statements, syncs and bytes to the card. The figures are kept
//! here, so that a change that makes a cycle dearer fails.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process;
use std::time::Duration;

use crate::support::site::{NOON, TestSite, address, mac};
use kuota::agent::engine::{Actor, Command, Engine, NewDevice, NewUser, Reading, Request};
use kuota::clock::{Clock, ManualClock, Zone};
use kuota::domain::id::{Mac, UserId};
use kuota::domain::policy::{Grant, Settings};
use kuota::domain::units::Bytes;
use kuota::domain::usage::{HostRow, HostTable, RowId};

/// Round trips of one cycle: uptime, hosts, lists, bindings, leases.
const ROUND_TRIPS: u64 = 5;
/// Statements of one commit beside those of active users: single values of the store, and the commit's number.
const STATEMENTS_FIXED: u64 = 5;
/// Statements for one active user and device: a narrow row of what it moved.
const STATEMENTS_ACTIVE: u64 = 1;
/// The same when the hour changes: account, counter, usage of both hours.
const STATEMENTS_HOUR: u64 = 4;
/// Beside them then: narrow rows are added to the rows in full and deleted, and the hour is written.
const STATEMENTS_HOUR_FIXED: u64 = 5;
/// Syncs of the commits of two hours: one of the write-ahead log for each, and those of a few checkpoints. A checkpoint
/// more or less at the end of a run moves the difference of two runs by three.
const SYNCS: std::ops::RangeInclusive<u64> = 117..=135;
/// Bytes handed to the file system for one of them, checkpoints and changes of the hour included, by active users.
const WRITTEN_MAX: [(u32, u64); 2] = [(100, 10 * 1024), (1000, 40 * 1024)];

async fn round_trips(site: &TestSite) -> (u64, u64) {
    let before = site.sim.stats();
    site.cycle().await.unwrap();
    let after = site.sim.stats();
    let sum = |commands: &BTreeMap<String, u64>| commands.values().sum::<u64>();
    (sum(&after.commands) - sum(&before.commands), after.writes - before.writes)
}

#[tokio::test]
async fn a_steady_cycle_has_as_many_round_trips_for_one_user_as_for_many() {
    let site = TestSite::start().await;
    site.add_online_customer(1, Bytes::gb(1)).await;
    assert_eq!(round_trips(&site).await, (ROUND_TRIPS, 0));
    for n in 2..=60 {
        site.add_online_customer(n, Bytes::gb(1)).await;
    }
    for n in 1..=60 {
        site.sim.traffic(mac(n), 1000, 1000);
        assert!(site.sim.has_access(mac(n)), "{}", address(n));
    }
    assert_eq!(round_trips(&site).await, (ROUND_TRIPS, 0));
}

#[tokio::test]
async fn a_change_adds_one_round_trip_for_each_row_that_changes() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.submit(Command::Block(user, "tes".into())).await;
    assert_eq!(round_trips(&site).await, (ROUND_TRIPS + 2, 2));
}

fn device(n: u32) -> Mac {
    let mut mac = [2, 0, 0, 0, 0, 0];
    mac[2..].copy_from_slice(&n.to_be_bytes());
    Mac(mac)
}

/// An engine with `users` users, each with a device that is about to use something.
struct Crowd {
    engine: Engine,
    clock: ManualClock,
    users: u32,
    round: u64,
}

impl Crowd {
    fn new(dir: &Path, users: u32) -> Self {
        let clock = ManualClock::new(NOON);
        let zone = Zone::named("Asia/Jakarta").unwrap();
        let parts = Engine::parts(dir, std::sync::Arc::new(clock.clone()), zone).unwrap();
        let mut crowd = Self { engine: Engine::open(parts).unwrap(), clock, users, round: 0 };
        for n in 1..=users {
            let user =
                NewUser { name: format!("u{n}"), phone: None, login: None, settings: Settings::default() };
            let body = crowd.ask(Command::AddUser(user));
            let id: UserId = body["id"].as_str().unwrap().parse().unwrap();
            let grant = Grant { amount: Bytes::gb(1), days: None, reason: "tes".into() };
            crowd.ask(Command::Grant(id, grant));
            crowd.ask(Command::Bind(NewDevice::of(id, device(n))));
        }
        crowd.commit();
        crowd
    }

    fn ask(&mut self, action: Command) -> serde_json::Value {
        let request = Request { actor: Actor::daemon(), action, key: None, reading: None };
        serde_json::to_value(self.engine.submit(request).unwrap().view()).unwrap()
    }

    /// A minute of readings in which every user used something, and the commit at its end.
    fn commit(&mut self) {
        for _ in 0..6 {
            self.round += 1;
            self.clock.advance(Duration::from_secs(10));
            let round = self.round;
            let row = |n: u32| HostRow {
                mac: device(n),
                row: RowId(format!("*{n:X}")),
                address: None,
                to_address: None,
                uptime_s: 10 * round,
                bytes: 1000 * round,
                counts: true,
            };
            let rows = (1..=self.users).map(row).collect();
            let hosts = HostTable { uptime_s: 10 * round, rows, ..HostTable::default() };
            let begun = self.clock.uptime();
            self.engine.meter(&Reading { hosts: std::sync::Arc::new(hosts), begun }).unwrap();
        }
    }
}

#[test]
fn a_commit_has_one_statement_for_each_active_user() {
    for users in [1, 50] {
        let dir = tempfile::tempdir().unwrap();
        let mut crowd = Crowd::new(dir.path(), users);
        crowd.commit();
        crowd.commit();
        let mut statements = || {
            let before = crowd.engine.store_stats();
            crowd.commit();
            let after = crowd.engine.store_stats();
            assert_eq!(after.commits - before.commits, 1, "six readings, one commit");
            after.statements - before.statements
        };
        let of_users = |each: u64| each * u64::from(users);
        assert_eq!(statements(), STATEMENTS_FIXED + of_users(STATEMENTS_ACTIVE));
        let of_hour: Vec<u64> =
            (0..60).map(|_| statements()).filter(|n| *n > STATEMENTS_FIXED + of_users(1)).collect();
        assert_eq!(of_hour[0], STATEMENTS_FIXED + STATEMENTS_HOUR_FIXED + of_users(STATEMENTS_HOUR));
    }
}

/// Set for the copy of this test that runs under strace: how many commits to make, of how many users, and where.
const CHILD: &str = "KUOTA_COST_COMMITS";
const CHILD_USERS: &str = "KUOTA_COST_USERS";
const CHILD_DIR: &str = "KUOTA_COST_DIR";

#[test]
fn a_commit_is_one_sync_and_a_bounded_number_of_bytes() {
    if let [Ok(commits), Ok(users), Ok(dir)] = [CHILD, CHILD_USERS, CHILD_DIR].map(std::env::var) {
        let mut crowd = Crowd::new(Path::new(&dir), users.parse().unwrap());
        (0..commits.parse().unwrap()).for_each(|_| crowd.commit());
        return;
    }
    for (users, bytes_max) in WRITTEN_MAX {
        // What both runs share - set-up, schema, users - cancels out.
        let (few, many) = (traced(users, 20), traced(users, 20 + 120));
        let (syncs, bytes) = (many.0 - few.0, (many.1 - few.1) / 120);
        println!("two hours of {users} active users: {syncs} syncs; {bytes} bytes written by each commit");
        assert!(SYNCS.contains(&syncs), "{syncs} syncs for 120 commits");
        assert!(bytes <= bytes_max, "{bytes} bytes for one commit of {users} users");
    }
}

/// Syncs and bytes written by this test's own child that makes `commits` commits.
fn traced(users: u32, commits: u32) -> (u64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("trace");
    let status = process::Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=fsync,fdatasync,pwrite64", "-o"])
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "cycle_cost::a_commit_is_one_sync_and_a_bounded_number_of_bytes"])
        .env(CHILD, commits.to_string())
        .env(CHILD_USERS, users.to_string())
        .env(CHILD_DIR, dir.path().join("data"))
        .stdout(std::process::Stdio::null())
        .status()
        .expect("strace is needed: run scripts/test, which installs it");
    assert!(status.success());
    let log = std::fs::read_to_string(log).unwrap();
    let result = |line: &str| line.rsplit("= ").next().and_then(|n| n.trim().parse::<u64>().ok());
    let syncs = log.lines().filter(|l| l.contains("sync(")).count() as u64;
    let written = log.lines().filter(|l| l.contains("pwrite64")).filter_map(result).sum();
    (syncs, written)
}
