//! The programs as processes: commands, configuration, set-up, memory, and disks that fail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod alerts;
mod cli;
mod config;
mod cuts;
mod damage;
mod disk;
mod first_run;
mod flood;
mod manuals;
mod memory;
mod new_card;
mod recovery;
mod relay_cli;
mod setup;
mod update;

#[path = "../../benches/pages/crowd.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod crowd;
#[path = "../support/fake_relay.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod fake_relay;
#[path = "../support/http_client.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod http_client;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/process_memory.rs"]
mod process_memory;
#[path = "../support/program.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod program;
