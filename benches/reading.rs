//! Processor time of a cycle of the daemon, against a print of the same rows by an independent client, Python's `librouteros`, and against
//! receiving the same bytes without looking at them, all from one simulated router in one run. `cargo bench --bench reading`.
//!
//! A cycle is everything: the reading, what every user's device moved, what is decided of them, and the commits. The daemon
//! is the program with the simulators, without link-time optimization. Python is that of `scripts/test`, or named in
//! `KUOTA_TEST_PYTHON`.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]
#![allow(dead_code, reason = "the tests use more of it")]

#[path = "start/history.rs"]
mod history;
#[path = "start/hotspot.rs"]
mod hotspot;
#[path = "../tests/support/program.rs"]
mod program;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use program::RunningProgram;

/// Users who each move something before each cycle, and rows of the host table.
const SIZES: [(u32, u32); 3] = [(100, 1000), (1000, 10_000), (10_000, 10_000)];
/// Cycles that are measured, after some that warm everything up.
const CYCLES: u32 = 40;
const FIRST_CYCLES: u32 = 5;
const PRINTS: u32 = 10;
/// A twentieth of what the independent client needs, and sixty times what the bytes cost, at 1 000 users and 10 000 hosts.
const OF_CLIENT_MAX: f64 = 0.05;
const OF_BYTES_MAX: f64 = 60.0;

/// What others need for the same rows.
struct Others {
    client_s: f64,
    bytes_s: f64,
    rows: u32,
    bytes: u64,
}

impl Others {
    fn measure(router: SocketAddr) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python =
            std::env::var_os("KUOTA_TEST_PYTHON").map_or_else(|| root.join(".venv/bin/python"), Into::into);
        let output = Command::new(python)
            .arg(root.join("tests/python/print_hosts.py"))
            .args([router.ip().to_string(), router.port().to_string()])
            .args([kuota::routeros::HOST_COLUMNS.to_owned(), PRINTS.to_string()])
            .output()
            .expect("scripts/test prepares the Python environment");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let figures: Vec<&str> = text.split_whitespace().collect();
        let [client, bytes, rows, size] = figures[..] else { panic!("print_hosts.py printed {text:?}") };
        Self {
            client_s: client.parse().unwrap(),
            bytes_s: bytes.parse().unwrap(),
            rows: rows.parse().unwrap(),
            bytes: size.parse().unwrap(),
        }
    }
}

/// Processor time of a process so far, in seconds: user and system, which Linux counts in hundredths.
fn processor_s(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name, in brackets, may have spaces.
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let ticks = |field: usize| after_name.split(' ').nth(field).unwrap().parse::<u32>().unwrap();
    f64::from(ticks(11) + ticks(12)) / 100.0
}

#[tokio::main]
async fn main() {
    println!(" users   hosts      bytes     a cycle  librouteros  the bytes  of librouteros  of the bytes");
    let mut missed = Vec::new();
    for (users, hosts) in SIZES {
        let (router, folder) = hotspot::open(users, hosts).await;
        hotspot::configure(&folder, "commit_interval = \"1s\"", "commit_interval = \"60s\"");
        let mut daemon = RunningProgram::start(folder.command(&["run"]), &folder);
        daemon.serves();
        let mut begun_s = 0.0;
        for cycle in 1..=FIRST_CYCLES + CYCLES {
            router.served(hotspot::HOSTS, cycle.into()).await;
            if cycle == FIRST_CYCLES {
                begun_s = processor_s(daemon.id());
            }
            hotspot::move_all(&router, users);
        }
        let cycle_s = (processor_s(daemon.id()) - begun_s) / f64::from(CYCLES);
        daemon.stop();
        let address = router.address();
        let others = tokio::task::spawn_blocking(move || Others::measure(address)).await.unwrap();
        assert_eq!(others.rows, hosts);
        let (of_client, of_bytes) = (cycle_s / others.client_s, cycle_s / others.bytes_s);
        println!(
            "{users:>6} {hosts:>7} {:>10} {:>8.1} ms {:>9.1} ms {:>7.2} ms {of_client:>15.3} {of_bytes:>13.1}",
            others.bytes,
            cycle_s * 1000.0,
            others.client_s * 1000.0,
            others.bytes_s * 1000.0,
        );
        if (users, hosts) == (1000, 10_000) && (of_client > OF_CLIENT_MAX || of_bytes > OF_BYTES_MAX) {
            missed.push(format!("{users} users, {hosts} hosts"));
        }
        router.stop().await;
    }
    assert!(
        missed.is_empty(),
        "above {OF_CLIENT_MAX} of librouteros or {OF_BYTES_MAX} of the bytes: {missed:?}"
    );
}
