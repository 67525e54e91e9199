//! A simulated router that speaks the real RouterOS API on TCP, for tests and the demo; and a simulated payment
//! gateway, [`midtrans`].
//!
//! The router shares no code with the client. [`SimRouter`] is the world's handle: devices connect, bytes flow, hands
//! edit rows, faults strike; clients see all of it through the API only. What is simulated follows the harsher
//! reading wherever RouterOS leaves one open.

mod command;
mod fault;
mod hotspot;
mod menus;
pub mod midtrans;
mod query;
mod router;
mod session;
mod table;
mod tls;
pub mod traffic;
mod value;
mod wire;
mod world;

use std::fmt;
use std::time::Duration;

pub use fault::{Connections, Fault, FaultId, When};
pub use router::{SimRouter, Stats};

/// What a simulated clock follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// It stands still unless moved with [`SimRouter::advance`] or [`midtrans::MidtransSim::advance`].
    #[default]
    Virtual,
    /// Real time passes, and what it is moved by is added.
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

/// A certificate for `api-ssl`.
#[derive(Clone, PartialEq, Eq)]
pub struct SimTls {
    /// The router's certificate and those between it and an authority, in PEM.
    pub cert_chain_pem: String,
    /// Its private key, in PEM.
    pub key_pem: String,
    /// As `tls-version=only-1.2` on the service.
    pub only_tls12: bool,
}

impl SimTls {
    /// TLS 1.2 and 1.3 with this certificate.
    pub fn new(cert_chain_pem: impl Into<String>, key_pem: impl Into<String>) -> Self {
        Self { cert_chain_pem: cert_chain_pem.into(), key_pem: key_pem.into(), only_tls12: false }
    }
}

impl fmt::Debug for SimTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimTls").field("only_tls12", &self.only_tls12).finish_non_exhaustive()
    }
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
    /// The port speaks TLS, as that of `api-ssl` does; `None`: as that of `api`.
    pub tls: Option<SimTls>,
    /// The board's serial number; without one there is no `/system/routerboard`.
    pub serial: Option<String>,
    /// The licence's software id; without one there is no `/system/license`.
    pub software_id: Option<String>,
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
            tls: None,
            serial: Some("HEX0123ABCD".to_owned()),
            software_id: Some("ABCD-1234".to_owned()),
        }
    }
}
