//! What is allocated for one row that is read from the router, one row of a reading that the engine counts, one user of a
//! commit, one entry, one change and one row of an import; and the statements of the store. Counts do not depend on how
//! busy the machine is. `cargo bench --bench cycle` fails when one grows beyond the figures in `cycle/figures.txt`;
//! `CYCLE_WRITE=1` writes them.
//!
//! For instructions: `CYCLE_ONLY=used CYCLE_ROUNDS=30 valgrind --tool=callgrind BENCH`, and the same with other rounds; the
//! difference is that of the rounds alone.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]

#[path = "cycle/crowd.rs"]
mod crowd;
#[path = "cycle/figures.rs"]
mod figures;
#[path = "cycle/router.rs"]
mod router;

use std::alloc::System;

use crowd::{Crowd, USERS};
use figures::Figure;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Rounds after the first, which warms up.
const ROUNDS: u32 = 4;
/// Packages on sale, in the cases with many.
const PACKAGES: u32 = 50;

/// What is counted: a name, the unit, its count in one round, and a round. The part before the count is not counted.
struct Case {
    name: &'static str,
    unit: &'static str,
    units: u32,
    packages: u32,
    prepare: fn(&mut Crowd),
    round: fn(&mut Crowd),
}

const CASES: [Case; 8] = [
    Case {
        name: "used",
        unit: "row with usage",
        units: USERS,
        packages: 4,
        prepare: |crowd| crowd.use_all(),
        round: |crowd| crowd.read(),
    },
    Case {
        name: "idle",
        unit: "row without usage",
        units: USERS,
        packages: 4,
        prepare: |crowd| crowd.pass(10),
        round: |crowd| crowd.read(),
    },
    Case {
        name: "strangers",
        unit: "row of no user",
        units: USERS,
        packages: 4,
        prepare: |crowd| crowd.meet_strangers(),
        round: |crowd| crowd.read(),
    },
    Case {
        name: "commit",
        unit: "active user of a commit",
        units: USERS,
        packages: 4,
        prepare: |crowd| {
            crowd.use_all();
            crowd.read();
        },
        round: |crowd| crowd.commit(),
    },
    Case {
        name: "midnight",
        unit: "entry of midnight",
        units: USERS,
        packages: 4,
        prepare: |crowd| {
            crowd.use_all();
            crowd.read();
            crowd.commit();
            crowd.pass(24 * 3600);
        },
        round: |crowd| crowd.pass_time(),
    },
    Case {
        name: "note",
        unit: "change without a user, 50 packages",
        units: 1,
        packages: PACKAGES,
        prepare: |_| {},
        round: |crowd| crowd.note(),
    },
    Case {
        name: "grant",
        unit: "grant, 50 packages",
        units: 1,
        packages: PACKAGES,
        prepare: |_| {},
        round: |crowd| crowd.grant(),
    },
    Case {
        name: "import",
        unit: "row of an import",
        units: USERS,
        packages: 4,
        prepare: |crowd| crowd.prepare_import(),
        round: |crowd| crowd.import(),
    },
];

/// Counts of several rounds.
#[derive(Default)]
struct Counts {
    allocations: usize,
    bytes: usize,
    statements: u64,
}

impl Counts {
    /// Runs a round and adds what it allocates.
    fn count(&mut self, round: impl FnOnce()) {
        let region = Region::new(ALLOCATOR);
        round();
        self.add(&region);
    }

    /// The same for a round that waits.
    async fn count_async<T>(&mut self, round: impl Future<Output = T>) -> T {
        let region = Region::new(ALLOCATOR);
        let done = round.await;
        self.add(&region);
        done
    }

    fn add(&mut self, region: &Region<System>) {
        let change = region.change();
        self.allocations += change.allocations + change.reallocations;
        self.bytes += change.bytes_allocated;
    }

    fn of_each(&self, name: &str, unit: &str, units: u32) -> Figure {
        let each = |sum: u64| f64::from(u32::try_from(sum).unwrap()) / f64::from(units);
        let [allocations, bytes] = [self.allocations, self.bytes].map(|sum| each(sum as u64));
        let (name, unit) = (name.to_owned(), unit.to_owned());
        Figure { name, unit, allocations, bytes, statements: each(self.statements) }
    }
}

fn of_engine(case: &Case, rounds: u32) -> Figure {
    let mut crowd = Crowd::new(case.packages);
    let mut counts = Counts::default();
    for round in 0..=rounds {
        (case.prepare)(&mut crowd);
        if round == 0 {
            (case.round)(&mut crowd);
            continue;
        }
        let before = crowd.statements();
        counts.count(|| (case.round)(&mut crowd));
        counts.statements += crowd.statements() - before;
    }
    counts.of_each(case.name, case.unit, case.units * rounds)
}

fn main() {
    if router::is_child() {
        return router::serve();
    }
    let only = std::env::var("CYCLE_ONLY").ok();
    let is_chosen = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let rounds = std::env::var("CYCLE_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let engine = CASES.iter().filter(|case| is_chosen(case.name)).map(|case| of_engine(case, rounds));
    let mut found: Vec<Figure> = engine.collect();
    if is_chosen("router") {
        found.extend(router::figures(rounds));
    }
    figures::print(&found);
    if only.is_none() {
        figures::check_or_write(&found);
    }
}
