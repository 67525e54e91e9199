//! What an import takes, from the command to the answer: time, readings of the router, commits and statements of the
//! store, and memory of the daemon and of the command; then what it takes until the router has what the users want.
//! `cargo bench --bench import`; `IMPORT_USERS` (a list with commas) chooses other sizes.
//!
//! Every user has a quota account, an expiry and one or two devices, half of them a debt. All first devices are on the
//! air.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]
#![allow(dead_code, reason = "the tests use more of it")]

#[path = "../tests/support/process_memory.rs"]
mod process_memory;
#[path = "../tests/support/program.rs"]
mod program;

use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use kuota::domain::id::Mac;
use kuota::sim::{SimConfig, SimRouter};
use process_memory::{memory_kib, reset_peak};
use program::{ProgramFolder, RunningProgram};

const HOSTS: &str = "/ip/hotspot/host/print";
const BINDINGS: &str = "/ip/hotspot/ip-binding";
const LISTS: &str = "/ip/firewall/address-list";
/// The most that an import of 10 000 users may take.
const IMPORT_MAX: Duration = Duration::from_secs(5);
/// Between two looks at a process or at the router.
const LOOK: Duration = Duration::from_millis(5);
/// The longest wait for the router's rows.
const ROUTER_MAX: Duration = Duration::from_mins(10);

fn sizes() -> Vec<u32> {
    let text = std::env::var("IMPORT_USERS").unwrap_or_else(|_| "100,1000,10000".to_owned());
    text.split(',').map(|size| size.parse().unwrap()).collect()
}

/// The nth device of a user.
fn mac(user: u32, nth: u8) -> Mac {
    let [_, a, b, c] = user.to_be_bytes();
    Mac([2, nth, 0, a, b, c])
}

fn address(user: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 5, 0, 0).to_bits() + 1 + user)
}

/// A folder as `export` writes it. Returns the number of devices.
fn write_tables(folder: &ProgramFolder, users: u32) -> usize {
    let mut rows =
        "id,name,phone,login,approved,active,exempt,expires_at,overage,debt_limit_bytes,credits_bytes,\
                    debits_bytes,fup_base_bytes,mac,device_labels\n"
            .to_owned();
    let mut debts = "user_id,amount_bytes,paid_bytes,price_rp,debt_date,due_date,status,note\n".to_owned();
    let mut devices = 0;
    for n in 0..users {
        let (second, labels) =
            if n % 2 == 0 { (format!(" {}", mac(n, 2)), "\"HP\nLaptop\"") } else { (String::new(), "HP") };
        devices += 1 + usize::from(n % 2 == 0);
        writeln!(
            rows,
            "u{n},Pelanggan {n},0812{n:08},p{n},1,1,0,2099-12-31T00:00:00Z,stop,,10737418240,1073741824,10737418240,{}{second},{labels}",
            mac(n, 1)
        )
        .unwrap();
        if n % 2 == 0 {
            writeln!(debts, "u{n},5368709120,0,50000,2026-08-01,2099-12-31,open,bon").unwrap();
        }
    }
    let tables = folder.path("tables");
    fs::create_dir_all(&tables).unwrap();
    fs::write(tables.join("users.csv"), rows).unwrap();
    fs::write(tables.join("debts.csv"), debts).unwrap();
    devices
}

/// Counts of the daemon and of the router.
struct Counts {
    readings: u64,
    writes: u64,
    commits: u64,
    statements: u64,
}

impl Counts {
    fn read(daemon: &RunningProgram, router: &SimRouter) -> Self {
        let stats = router.stats();
        let metrics = daemon.call("GET", "/metrics", None, "").unwrap().body;
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
            line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {metrics}"))
        };
        Self {
            readings: stats.commands.get(HOSTS).copied().unwrap_or_default(),
            writes: stats.writes,
            commits: value("kuota_store_commits_total"),
            statements: value("kuota_store_statements_total"),
        }
    }
}

/// Runs the import; the most memory that its process held.
fn import(folder: &ProgramFolder) -> u64 {
    let tables = folder.file("tables");
    let mut command = folder.command(&["import", &tables]);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let mut peak_kib = 0;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            let said = program::said(&child.wait_with_output().unwrap());
            assert!(status.success(), "{said}");
            return peak_kib;
        }
        if let Some(kib) = memory_kib_while_there(child.id()) {
            peak_kib = kib;
        }
        std::thread::sleep(LOOK);
    }
}

/// The peak of a process that may end just now.
fn memory_kib_while_there(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.contains("VmHWM").then(|| memory_kib(&process.to_string(), "VmHWM"))
}

fn mib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap()) / 1024.0
}

#[tokio::main]
async fn main() {
    println!(
        " users  devices   import  readings  commits  statements   daemon  command   router's rows  writes"
    );
    let mut missed = Vec::new();
    for users in sizes() {
        let router = SimRouter::start(SimConfig::default()).await.unwrap();
        for n in 0..users {
            router.host_connect(mac(n, 1), address(n));
        }
        let folder = ProgramFolder::new(&router.address().to_string());
        let config = fs::read_to_string(folder.path("kuotad.toml")).unwrap();
        // Nothing but the import reads or commits.
        let config = config.replace("\"200ms\"", "\"10m\"").replace("\"1s\"", "\"10m\"");
        let config = config.replace("timeout = \"2s\"", "timeout = \"30s\"");
        fs::write(folder.path("kuotad.toml"), config).unwrap();
        let devices = write_tables(&folder, users);
        let daemon = folder.serve();
        router.served(HOSTS, 1).await;
        program::eventually("the first cycle", || daemon.get("/api/v1/status")["router"]["state"] == "ok");
        let process = daemon.id().to_string();
        reset_peak(&process);
        let (rss_kib, before) = (memory_kib(&process, "VmRSS"), Counts::read(&daemon, &router));
        let begun = Instant::now();
        let command_kib = import(&folder);
        let took = begun.elapsed();
        let after = Counts::read(&daemon, &router);
        let daemon_kib = memory_kib(&process, "VmHWM").saturating_sub(rss_kib);
        // Every device has a binding, and every one on the air a place in a list.
        while router.rows(BINDINGS).len() < devices || router.rows(LISTS).len() < users as usize {
            assert!(begun.elapsed() < ROUTER_MAX, "the router's rows: {}", daemon.log());
            std::thread::sleep(LOOK);
        }
        let enforced = begun.elapsed();
        println!(
            "{users:>6} {devices:>8} {:>6.2} s {:>9} {:>8} {:>11} {:>+4.1} MiB {:>4.1} MiB {:>13.2} s {:>7}",
            took.as_secs_f64(),
            after.readings - before.readings,
            after.commits - before.commits,
            after.statements - before.statements,
            mib(daemon_kib),
            mib(command_kib),
            enforced.as_secs_f64(),
            router.stats().writes - before.writes,
        );
        if took > IMPORT_MAX {
            missed.push(format!("{users} users: {took:?}"));
        }
        daemon.stop();
        router.stop().await;
    }
    assert!(missed.is_empty(), "imports of more than {IMPORT_MAX:?}: {missed:?}");
}
