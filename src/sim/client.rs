//! What the simulated router knows of one device of the hotspot.

use std::net::Ipv4Addr;

/// A device that connected at least once, with the truth about what it moved.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// Where it is.
    pub(super) address: Ipv4Addr,
    /// Whether it is there: its next packet makes a host row if there is none.
    pub(super) connected: bool,
    /// Its host row.
    pub(super) row: Option<u64>,
    /// Logged in through the portal.
    pub(super) authorized: bool,
    /// Every byte that flowed, in both directions.
    pub(super) moved: u64,
    /// Bytes that flowed while the device was authorized or bypassed.
    pub(super) countable: u64,
}
