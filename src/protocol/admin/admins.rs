//! Admins and their tokens.

use serde::{Deserialize, Serialize};

use super::values::{AdminName, Instant, Password, RoleName};

/// `POST /admins`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddAdmin {
    /// Log-in name.
    pub name: AdminName,
    /// What the admin may do.
    pub role: RoleName,
    /// The password.
    pub password: Password,
}

/// `PATCH /admins/{name}`: one of them, or both.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ChangeAdmin {
    /// What the admin may do from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// Another password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
}

/// `POST /admins/{name}/tokens`; the admin's own role unless a lower one is named.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MakeToken {
    /// What the token may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
}

/// An admin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Admin"))]
pub struct AdminView {
    /// Log-in name.
    pub name: String,
    /// What the admin may do.
    pub role: RoleName,
    /// Since when.
    pub created_at: Instant,
    /// Whether logging in takes a one-time code.
    pub totp: bool,
}

/// A token, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Token"))]
pub struct TokenView {
    /// The token.
    pub token: String,
    /// What it may do.
    pub role: RoleName,
}
