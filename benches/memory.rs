//! What the daemon keeps in memory at a busy hotspot: users on file, rows of the router's host table, and traffic of each
//! user between two readings. `cargo bench --bench memory`.
//!
//! The program is a build with the simulators; packages have one without, whose pages are fewer. What is anonymous is the
//! same: the router is simulated in this process.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]
#![allow(dead_code, reason = "the tests use more of it")]

#[path = "start/history.rs"]
mod history;
#[path = "start/hotspot.rs"]
mod hotspot;
#[path = "../tests/support/process_memory.rs"]
mod process_memory;
#[path = "../tests/support/program.rs"]
mod program;

use process_memory::memory_kib;
use program::RunningProgram;

/// Users, and rows of the host table.
const SIZES: [(u32, u32); 5] = [(0, 0), (100, 100), (1000, 1000), (1000, 10_000), (10_000, 10_000)];
/// Readings until memory counts.
const READINGS: u64 = 30;
/// What of its memory the kernel cannot drop, with 10 000 users and hosts.
const ANONYMOUS_MAX_KIB: u64 = 32 * 1024;

#[tokio::main]
async fn main() {
    println!(" users   hosts   resident  anonymous  the most");
    let mut missed = Vec::new();
    for (users, hosts) in SIZES {
        let (router, folder) = hotspot::open(users, hosts).await;
        let mut command = folder.command(&["run"]);
        // As the unit sets them.
        command.env("MALLOC_MMAP_THRESHOLD_", "131072").env("MALLOC_ARENA_MAX", "1");
        let mut daemon = RunningProgram::start(command, &folder);
        daemon.serves();
        for reading in 1..=READINGS {
            router.served(hotspot::HOSTS, reading).await;
            hotspot::move_all(&router, users);
        }
        let process = daemon.id().to_string();
        let [resident, anonymous, most] =
            ["VmRSS", "RssAnon", "VmHWM"].map(|field| memory_kib(&process, field));
        println!(
            "{users:>6} {hosts:>7} {:>6.1} MiB {:>6.1} MiB {:>5.1} MiB",
            mib(resident),
            mib(anonymous),
            mib(most)
        );
        if anonymous > ANONYMOUS_MAX_KIB {
            missed.push(format!("{users} users, {hosts} hosts: {anonymous} KiB"));
        }
        daemon.stop();
        router.stop().await;
    }
    assert!(missed.is_empty(), "more than {ANONYMOUS_MAX_KIB} KiB: {missed:?}");
}

fn mib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap()) / 1024.0
}
