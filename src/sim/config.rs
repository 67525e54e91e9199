//! How a simulated router is set up.

use std::time::Duration;

use super::clock::SimClock;
use super::tls::SimTls;

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
    pub clock: SimClock,
    /// How long the router has been up at the start.
    pub uptime: Duration,
    /// Name of the hotspot server.
    pub server: String,
    /// Whether a device that connects gets a DHCP lease.
    pub leases: bool,
    /// Whether devices that were there connect again by themselves after a reboot.
    pub clients_return: bool,
    /// Whether `.id`s of tables in memory start again at a reboot, so that an old one may name another row.
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
            clock: SimClock::default(),
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
