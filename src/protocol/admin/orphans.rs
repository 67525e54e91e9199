//! Devices that the router has and the store has not, since this machine took the site over.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::values::Instant;
use crate::domain::id::UserId;

/// A device that was bound after the copy was made from which the store was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Orphan"))]
pub struct OrphanView {
    /// The device.
    pub mac: String,
    /// The address that firewall rules see, while it is on the hotspot.
    pub address: Option<Ipv4Addr>,
    /// What it called itself to the DHCP server.
    pub name: Option<String>,
    /// What its binding on the router says: whose device it was.
    pub owner: String,
    /// The customer with that id, where the store knows one.
    pub user_id: Option<UserId>,
    /// The list in which its address stays: active, fup, habis, expired, inactive or blocked.
    pub list: String,
    /// The type that its binding keeps: regular, bypassed or blocked.
    pub binding: String,
    /// When it was found.
    pub found_at: Instant,
}
