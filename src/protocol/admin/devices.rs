//! A user's devices.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::values::{DeviceMac, Instant, Label};

/// `POST /users/{id}/devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BindDevice {
    /// Which.
    pub mac: DeviceMac,
    /// A name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// Take the device from the user who has it. Without it a device of somebody else is 409 `device_taken` with `owner_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#move: Option<bool>,
}

/// One device of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Device"))]
pub struct DeviceView {
    /// The device.
    pub mac: String,
    /// Name for people.
    pub label: String,
    /// The address in the last reading.
    pub address: Option<Ipv4Addr>,
    /// Whether it is in the last reading.
    pub online: bool,
    /// The last reading with the device.
    pub last_seen: Option<Instant>,
    /// The change that waits for the router.
    pub pending: Option<PendingChange>,
}

/// What a device waits for the router for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PendingChange {
    /// Its counters have not been read since it was bound.
    Baseline,
    /// It is unbound when its last usage was read.
    Unbind,
    /// It goes to another user when its last usage was read.
    Move,
}

impl PendingChange {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Unbind => "unbind",
            Self::Move => "move",
        }
    }
}
