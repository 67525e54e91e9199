//! The caller of a request, and its idempotency key.

use std::net::IpAddr;

use crate::store::Role;

/// The caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// An admin's name, or `kuotad`.
    pub name: String,
    /// The caller's role.
    pub role: Role,
    /// The caller's origin: an address, `socket` or `daemon`.
    pub source: String,
}

impl Actor {
    /// The name of the daemon itself.
    pub(super) const DAEMON: &str = "kuotad";

    /// The daemon itself.
    pub fn daemon() -> Self {
        Self { name: Self::DAEMON.into(), role: Role::Owner, source: "daemon".into() }
    }

    /// A customer on the portal at that address. Customers have no admin role, so this uses the least one.
    pub fn portal(address: IpAddr) -> Self {
        Self { name: "portal".into(), role: Role::Viewer, source: address.to_string() }
    }

    /// The relay, as the source of feed items.
    pub fn relay() -> Self {
        Self { name: "relay".into(), role: Role::Owner, source: "relay".into() }
    }
}

/// An idempotency key with the content it was sent for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key, scoped by caller.
    pub id: String,
    /// SHA-256 of the call's content.
    pub content_hash: [u8; 32],
}
