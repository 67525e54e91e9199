//! A simulated router that speaks the real RouterOS API on TCP, for tests and the demo.
//!
//! It shares no code with the client. [`SimRouter`] is the world's handle: devices connect, bytes flow, hands
//! edit rows, faults strike; clients see all of it through the API only. What is simulated follows the harsher
//! reading wherever RouterOS leaves one open.

mod command;
mod fault;
mod hotspot;
mod menus;
mod query;
mod router;
mod session;
mod table;
pub mod traffic;
mod value;
mod wire;
mod world;

use std::time::Duration;

pub use fault::{Connections, Fault, FaultId, When};
pub use router::{SimRouter, Stats};

/// What the router's clock follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// It stands still unless moved with [`SimRouter::advance`].
    #[default]
    Virtual,
    /// Real time passes, and [`SimRouter::advance`] adds to it.
    Real,
}

/// What the API user may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rights {
    /// Print and change.
    #[default]
    ReadWrite,
    /// Print only.
    ReadOnly,
}

/// How the router is set up.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// RouterOS version. Before 7.18 an empty reply has no `!empty`, before 7.10 dates are `jan/01/2026`, before 7
    /// an unknown parameter goes unnamed, before 6.43 a plain log-in is answered with a challenge.
    pub version: String,
    /// The API user.
    pub username: String,
    /// Its password.
    pub password: String,
    /// What it may do.
    pub rights: Rights,
    /// What the clock follows.
    pub clock: Clock,
    /// How long the router has been up at the start.
    pub uptime: Duration,
    /// Name of the hotspot server.
    pub server: String,
    /// Whether a device that connects gets a DHCP lease.
    pub leases: bool,
    /// Whether devices that were there connect again by themselves after a reboot.
    pub clients_return: bool,
    /// Whether `.id`s of tables in memory begin anew at a reboot, so that an old one may name another row.
    pub ids_restart: bool,
    /// Sessions at the same time; one more is closed at once.
    pub sessions_max: usize,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            version: "7.18.2 (stable)".to_owned(),
            username: "agent".to_owned(),
            password: "rahasia".to_owned(),
            rights: Rights::default(),
            clock: Clock::default(),
            uptime: Duration::from_hours(1),
            server: "hotspot1".to_owned(),
            leases: true,
            clients_return: false,
            ids_restart: false,
            sessions_max: 20,
        }
    }
}
