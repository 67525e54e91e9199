//! From the start of the daemon's process until it listens, by the length of the history; what the proof of the whole
//! takes afterwards; and what the process keeps in memory. `cargo bench --bench start`; `START_USERS` and `START_DAYS`
//! (lists with commas) choose other sizes.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]
#![allow(dead_code, reason = "the tests use more of it")]

#[path = "start/history.rs"]
mod history;
#[path = "../tests/support/process_memory.rs"]
mod process_memory;
#[path = "../tests/support/program.rs"]
mod program;

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use kuota::store::{Check, ProofProgress, ProofThreads, Reader, Store};
use process_memory::memory_kib;
use program::ProgramFolder;

/// The most that a start may take with a checkpoint.
const START_MAX: Duration = Duration::from_millis(200);
/// Starts of which the median counts.
const TIMES: usize = 5;

fn sizes(name: &str, usual: &str) -> Vec<u32> {
    let text = std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    text.split(',').map(|size| size.parse().unwrap()).collect()
}

/// Time and memory of a process that has just begun to listen.
struct Started {
    listens: Duration,
    rss_kib: u64,
}

fn start(folder: &ProgramFolder) -> Started {
    let begun = Instant::now();
    let mut daemon = folder.command(&["run"]).spawn().unwrap();
    while UnixStream::connect(folder.socket()).is_err() {
        assert!(daemon.try_wait().unwrap().is_none(), "it did not start");
        std::thread::sleep(Duration::from_micros(500));
    }
    let listens = begun.elapsed();
    let rss_kib = memory_kib(&daemon.id().to_string(), "VmRSS");
    // As in a power cut: the log stays.
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let _ = std::fs::remove_file(folder.socket());
    Started { listens, rss_kib }
}

fn main() {
    println!("users   days     entries  listens first  listens later  memory then   whole proof");
    let mut missed = Vec::new();
    for users in sizes("START_USERS", "100,1000,10000") {
        for days in sizes("START_DAYS", "0,365") {
            let folder = ProgramFolder::new("127.0.0.1:1");
            let entries = history::fill(folder.data(), users, days);
            let first = start(&folder);
            let begun = Instant::now();
            let reader = Reader::open(folder.data()).unwrap();
            let proved = reader.prove(Check::Quick, ProofThreads::All, &ProofProgress::default()).unwrap();
            let whole = begun.elapsed();
            drop(reader);
            let mut store = Store::open(folder.data()).unwrap();
            store.keep_checkpoint(&proved.checkpoint).unwrap();
            drop(store);
            let mut later: Vec<Started> = (0..TIMES).map(|_| start(&folder)).collect();
            later.sort_by_key(|started| started.listens);
            let Started { listens, rss_kib } = later[TIMES / 2];
            println!(
                "{users:>6} {days:>5} {entries:>11} {:>11.0} ms {:>11.0} ms {:>8.1} MiB {:>8.2} M/s",
                first.listens.as_secs_f64() * 1e3,
                listens.as_secs_f64() * 1e3,
                f64::from(u32::try_from(rss_kib).unwrap()) / 1024.0,
                f64::from(u32::try_from(entries).unwrap()) / whole.as_secs_f64() / 1e6,
            );
            if listens > START_MAX {
                missed.push(format!("{users} users, {days} days: {listens:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "starts of more than {START_MAX:?}: {missed:?}");
}
