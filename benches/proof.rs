//! What the proof of a whole ledger takes: entries a second by the clock and for each second of CPU, on one processor and on
//! all, and what SQLite's own check of the file takes of it. `cargo bench --bench proof`; `PROOF_USERS` and `PROOF_DAYS`
//! choose other sizes.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]

#[path = "start/history.rs"]
mod history;

use std::time::{Duration, Instant};

use kuota::store::{Check, FILE, ProofProgress, ProofThreads, Reader};
use rusqlite::{Connection, OpenFlags};

/// Proofs of which the fastest counts: others use the machine, too.
const TIMES: usize = 5;
/// The kernel counts CPU time in ticks of this length on every Linux.
const TICK: Duration = Duration::from_millis(10);

fn size(name: &str, usual: u32) -> u32 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// CPU time of this process, all threads.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(") ").next().unwrap();
    let ticks = after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap());
    TICK * ticks.sum::<u32>()
}

/// The least time by the clock, and the least of CPU.
fn measured(mut work: impl FnMut()) -> (f64, f64) {
    let mut least = (Duration::MAX, Duration::MAX);
    for _ in 0..TIMES {
        let (begun, cpu_begun) = (Instant::now(), cpu());
        work();
        least = (least.0.min(begun.elapsed()), least.1.min(cpu().saturating_sub(cpu_begun)));
    }
    (least.0.as_secs_f64(), least.1.as_secs_f64())
}

fn main() {
    let (users, days) = (size("PROOF_USERS", 1_000), size("PROOF_DAYS", 365));
    let folder = tempfile::tempdir().unwrap();
    let entries = f64::from(u32::try_from(history::fill(folder.path(), users, days)).unwrap());
    println!("{users} users, {days} days, {entries} entries, {} threads at most", thread_count());
    println!("                              time         CPU   entries/s  entries/s of CPU");
    let line = |name: &str, (time, cpu): (f64, f64)| {
        let (by_time, by_cpu) = (entries / time / 1e6, entries / cpu / 1e6);
        println!("{name:<24} {time:>7.3} s  {cpu:>7.2} s {by_time:>9.2} M {by_cpu:>15.2} M");
    };
    let path = folder.path().join(FILE);
    let raw = || Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    line("SQLite reads the rows", measured(|| read_rows(&raw())));
    line("SQLite checks the file", measured(|| check(&raw())));
    for (name, threads) in
        [("proof on one processor", ProofThreads::One), ("proof on all", ProofThreads::All)]
    {
        line(
            name,
            measured(|| {
                let reader = Reader::open(folder.path()).unwrap();
                reader.prove(Check::Quick, threads, &ProofProgress::default()).unwrap();
            }),
        );
    }
}

fn thread_count() -> usize {
    std::thread::available_parallelism().unwrap().get()
}

/// What any proof has to do at least: every column of every entry, once.
fn read_rows(conn: &Connection) {
    let mut statement = conn.prepare("SELECT * FROM entries ORDER BY seq").unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut bytes = 0;
    while let Some(row) = rows.next().unwrap() {
        for at in 0..13 {
            bytes += row.get_ref(at).unwrap().as_bytes().map_or(8, <[u8]>::len);
        }
    }
    assert!(bytes > 0);
}

fn check(conn: &Connection) {
    let said: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
}
