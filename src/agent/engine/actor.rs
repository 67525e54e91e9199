//! Who asks, and by which key a repeated call is known.

use std::net::IpAddr;

use crate::store::Role;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// An admin's name, or `kuotad`.
    pub name: String,
    /// In which role.
    pub role: Role,
    /// From where: an address, `socket` or `daemon`.
    pub source: String,
}

impl Actor {
    /// The daemon itself.
    pub fn daemon() -> Self {
        Self { name: "kuotad".into(), role: Role::Owner, source: "daemon".into() }
    }

    /// Somebody on the portal, from that address. Customers have no role among admins: the least.
    pub fn portal(address: IpAddr) -> Self {
        Self { name: "portal".into(), role: Role::Viewer, source: address.to_string() }
    }

    /// The relay, by what it tells.
    pub fn relay() -> Self {
        Self { name: "relay".into(), role: Role::Owner, source: "relay".into() }
    }
}

/// An idempotency key with what it was sent for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key, scoped by who called.
    pub id: String,
    /// SHA-256 of the call.
    pub content_hash: [u8; 32],
}
