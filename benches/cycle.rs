//! What the engine allocates for one row of a reading, one user of a commit, one entry, one change and one row of an
//! import. Counts do not depend on how busy the machine is. `cargo bench --bench cycle`.
//!
//! For instructions: `CYCLE_ONLY=used CYCLE_ROUNDS=30 valgrind --tool=callgrind BENCH`, and the same with other rounds; the
//! difference is that of the rounds alone.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]

#[path = "cycle/crowd.rs"]
mod crowd;

use std::alloc::System;

use crowd::{Crowd, USERS};
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

fn main() {
    let only = std::env::var("CYCLE_ONLY").ok();
    let rounds = std::env::var("CYCLE_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    println!("allocations        bytes  for each");
    for case in CASES.iter().filter(|case| only.as_deref().is_none_or(|only| only == case.name)) {
        let mut crowd = Crowd::new(case.packages);
        let (mut allocations, mut bytes) = (0, 0);
        for round in 0..=rounds {
            (case.prepare)(&mut crowd);
            let region = Region::new(ALLOCATOR);
            (case.round)(&mut crowd);
            let change = region.change();
            if round > 0 {
                allocations += change.allocations + change.reallocations;
                bytes += change.bytes_allocated;
            }
        }
        let each = |sum: usize| f64::from(u32::try_from(sum).unwrap()) / f64::from(case.units * rounds);
        println!("{:>11.2} {:>12.0}  {}", each(allocations), each(bytes), case.unit);
    }
}
