//! Logging in, and the second factor.

use serde::{Deserialize, Serialize};

use super::values::{Instant, Password, RoleName};

/// `POST /login`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// Who.
    pub username: String,
    /// The password.
    pub password: String,
    /// The one-time code, where one is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// `POST /me/password`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The present password.
    pub old: String,
    /// The password from here on.
    pub new: Password,
}

/// `POST /me/totp/confirm` and `DELETE /me/totp`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OneTimeCode {
    /// Six digits.
    pub otp: String,
}

/// Who logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LoggedIn"))]
pub struct LoggedInView {
    /// Log-in name.
    pub name: String,
    /// What the admin may do.
    pub role: RoleName,
    /// When the session ends.
    pub expires_at: Instant,
}

/// Who a token or a session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Me"))]
pub struct MeView {
    /// Log-in name.
    pub name: String,
    /// What the caller may do.
    pub role: RoleName,
    /// The interface and the address.
    pub source: String,
    /// Whether logging in takes a one-time code.
    pub totp: bool,
}

/// A second factor's secret, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "TotpSecret"))]
pub struct SecretView {
    /// For typing.
    pub secret: String,
    /// For the QR code.
    pub url: String,
}
