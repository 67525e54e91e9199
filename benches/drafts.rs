//! What one change costs the engine at 10 000 users: the draft, its place in memory and its commit, on a file system in
//! memory where there is one, so that the card's flush does not hide the rest. `cargo bench --bench drafts`.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]
#![allow(dead_code, reason = "the tests use more of it")]

#[path = "pages/crowd.rs"]
mod crowd;
#[path = "../tests/support/process_memory.rs"]
mod process_memory;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kuota::agent::engine::{Actor, Engine};
use kuota::clock::{SystemClock, Zone};
use process_memory::{memory_kib, reset_peak};
use tempfile::TempDir;

/// Changes that are timed.
const CHANGES: usize = 200;

/// A folder in memory, or any.
fn folder() -> TempDir {
    let in_memory = Path::new("/dev/shm");
    if in_memory.is_dir() { tempfile::tempdir_in(in_memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn main() {
    let folder = folder();
    let zone = Zone::named("Asia/Jakarta").unwrap();
    let open = || {
        let parts = Engine::parts(folder.path(), Arc::new(SystemClock::new()), zone.clone()).unwrap();
        Engine::open(parts).unwrap()
    };
    drop(open());
    crowd::fill(folder.path(), crowd::Extent::months(10_000));
    let mut engine = open();
    reset_peak("self");
    let before = memory_kib("self", "VmRSS");
    let actor = Actor::daemon();
    let mut times: Vec<Duration> = (0..CHANGES)
        .map(|n| {
            let begun = Instant::now();
            engine.note(&actor, "bench", &n.to_string(), String::new()).unwrap();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    let ms = |at: usize| times[at].as_secs_f64() * 1000.0;
    println!(
        "{} users, {CHANGES} changes: p50 {:.3} ms, p90 {:.3} ms, longest {:.3} ms; {} KB more at the peak",
        engine.read_view().users_len(),
        ms(CHANGES / 2),
        ms(CHANGES * 9 / 10),
        ms(CHANGES - 1),
        memory_kib("self", "VmHWM").saturating_sub(before)
    );
}
