//! A user's devices.

use serde::{Deserialize, Serialize};

use super::values::{DeviceMac, Label};

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
