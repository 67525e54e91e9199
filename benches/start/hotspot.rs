//! A busy hotspot for a daemon of its own: rows of the router's host table, users on file, and what their devices move.

use std::fs;
use std::net::Ipv4Addr;

use kuota::domain::id::Mac;
use kuota::sim::{SimConfig, SimRouter};

use crate::history;
use crate::program::ProgramFolder;

pub const HOSTS: &str = "/ip/hotspot/host/print";
/// What each user's device moves between two readings.
const MOVED: u64 = 1 << 20;

/// The device that the history gives a user; beyond the users, one of nobody.
fn mac(no: u32) -> Mac {
    let [a, b, c, d] = no.to_be_bytes();
    Mac([2, 0, a, b, c, d])
}

fn address(no: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 5, 0, 0).to_bits() + no)
}

/// A router with so many hosts, and the folder of a daemon with so many users, which waits for a slow router.
pub async fn open(users: u32, hosts: u32) -> (SimRouter, ProgramFolder) {
    let router = SimRouter::start(SimConfig::default()).await.unwrap();
    for no in 1..=hosts {
        router.host_connect(mac(no), address(no));
    }
    let folder = ProgramFolder::new(&router.address().to_string());
    configure(&folder, "timeout = \"2s\"", "timeout = \"30s\"");
    history::fill(folder.data(), users, 0);
    (router, folder)
}

/// Changes a line of the daemon's configuration.
pub fn configure(folder: &ProgramFolder, from: &str, to: &str) {
    let path = folder.path("kuotad.toml");
    let config = fs::read_to_string(&path).unwrap();
    assert!(config.contains(from), "the configuration has no {from}");
    fs::write(path, config.replace(from, to)).unwrap();
}

/// Every user's device moves something.
pub fn move_all(router: &SimRouter, users: u32) {
    for no in 1..=users {
        router.traffic(mac(no), MOVED, MOVED / 8);
    }
}
