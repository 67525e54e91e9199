//! Devices on the hotspot.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::page::{Cursor, PageLimit, given};
use super::values::Instant;
use crate::domain::id::UserId;

/// `GET /hosts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FindHosts {
    /// Whose devices.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub owner: Option<HostOwner>,
    /// Rows of the page.
    pub limit: PageLimit,
    /// The end of the page before.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// Whose devices are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostOwner {
    /// Of nobody.
    None,
    /// Of anybody or nobody.
    Any,
}

/// A device on the hotspot, as the router showed it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Host"))]
pub struct HostView {
    /// The device.
    pub mac: String,
    /// The address that firewall rules see.
    pub address: Option<Ipv4Addr>,
    /// What it called itself to the DHCP server.
    pub name: Option<String>,
    /// Whose it is; null for nobody's.
    pub user_id: Option<UserId>,
    /// Since when the router shows it.
    pub since: Option<Instant>,
    /// What the router counted since, also before it was bound.
    pub bytes: u64,
    /// Whether the device made its MAC address up.
    pub random_mac: bool,
    /// The code that its portal page shows while it is nobody's.
    pub code: String,
}
