//! One seed, a whole world: the engine, the relay, both stores and every loop of the product on one thread, with a
//! router, a gateway, a network, a clock and customers made from the seed, and an independent auditor that says after
//! every step what must be true.
//!
//! `SEED=17 cargo test --test simulation one_seed -- --nocapture` runs one seed again. `SIM_SEEDS=1..1001 SIM_DAYS=30`
//! chooses what `many_seeds` runs, and `KUOTA_TEST_DATABASE=postgres` puts the relay's store into a database server.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod auditor;
mod bank;
mod border;
mod deeds;
#[path = "../money/dice.rs"]
mod dice;
mod hotspot;
mod inspector;
mod machines;
#[path = "../support/postgres.rs"]
mod postgres;
mod rows;
mod server;
mod throws;
mod troubles;
mod wire;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use world::{Figures, Violation, World};

/// What every change runs: first seed, last one, days.
const BUDGET: (u64, u64, u32) = (1, 13, 10);

/// Runs one seed on this thread, in time that stands still unless it is moved.
fn live(seed: u64, days: u32) -> Result<Figures, Violation> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    // While a blocking task waits, paused time does not leap to the next timer by itself.
    let (wake, woken) = std::sync::mpsc::channel::<()>();
    let keeper = runtime.spawn_blocking(move || woken.recv().is_ok());
    let lived = runtime.block_on(async { Box::pin(World::new(seed).await.live(days)).await });
    drop(wake);
    runtime.block_on(keeper).expect("it only waits");
    runtime.shutdown_background();
    lived
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// `SIM_SEEDS=from..to`, the last one not among them.
fn seeds() -> (u64, u64) {
    let Ok(text) = std::env::var("SIM_SEEDS") else { return (BUDGET.0, BUDGET.1) };
    let (from, to) = text.split_once("..").expect("SIM_SEEDS=from..to");
    (from.parse().expect("a number"), to.parse().expect("a number"))
}

#[test]
fn many_seeds_show_no_violation() {
    let (from, to) = seeds();
    let days = number("SIM_DAYS").map_or(BUDGET.2, |days| u32::try_from(days).expect("days"));
    let threads = number("SIM_THREADS").unwrap_or(2);
    let violations_max = number("SIM_VIOLATIONS_MAX").map_or(5, |most| usize::try_from(most).expect("few"));
    let (next, begun) = (AtomicU64::new(from), Instant::now());
    let (sums, wrong) = (Mutex::new(Figures::default()), Mutex::new(Vec::new()));
    let lock = |()| wrong.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= to || lock(()).len() >= violations_max {
                        break;
                    }
                    match live(seed, days) {
                        Ok(figures) => sums.lock().unwrap_or_else(PoisonError::into_inner).add(&figures),
                        Err(violation) => {
                            eprintln!("{violation}\n");
                            lock(()).push(violation.seed);
                        }
                    }
                }
            });
        }
    });
    let took_ms = begun.elapsed().as_millis().max(1);
    let lived = (to - from) * u64::from(days);
    let sums = *sums.lock().unwrap();
    let a_second = u128::from(lived) * 1000 / took_ms;
    println!(
        "{} seeds, {lived} days in {} s: {a_second} simulated days per second",
        to - from,
        took_ms / 1000
    );
    println!("{sums:?}");
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "violations in seeds {wrong:?}");
}

#[test]
fn one_seed() {
    let Some(seed) = number("SEED") else { return };
    let days = number("SIM_DAYS").map_or(30, |days| u32::try_from(days).expect("days"));
    match live(seed, days) {
        Ok(figures) => println!("seed {seed}, {days} days: {figures:?}"),
        Err(violation) => panic!("{violation}"),
    }
}

/// Seeds that found something in the product or in how the two are compared, and what. The world has grown since and deals them other cards; what each
/// found is held by a table of the rules, named here.
const FOUND: [(u64, &str); 4] = [
    (36, "listing: a_foreign_row_that_is_switched_off_keeps_ours_out_and_is_named"),
    (14, "payment: what_goes_back_while_a_person_decides_is_counted_and_nothing_is_undone"),
    (68, "payment: what_goes_back_while_a_person_decides_is_counted_and_nothing_is_undone"),
    (
        15,
        "debts without a date get it when the started daemon first looks at its clocks, not when the store opens",
    ),
];

#[test]
fn seeds_that_found_something_find_nothing_more() {
    for (seed, what) in FOUND {
        live(seed, 30).unwrap_or_else(|violation| panic!("{what}\n{violation}"));
    }
}

#[test]
fn a_seed_lives_the_same_life_twice() {
    let (first, again) = (live(5, 4).unwrap(), live(5, 4).unwrap());
    assert_eq!(first.trace, again.trace);
    assert_eq!((first.steps, first.refusals, first.credited), (again.steps, again.refusals, again.credited));
}

#[test]
fn the_auditor_shares_no_code_with_the_product() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulation/auditor");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 8);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains(concat!("kuota", "::")), "{} uses the product", file.display());
    }
}
