//! Logging in, and the second factor.

use serde::{Deserialize, Serialize};

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

/// `POST /me/totp/confirm` and `DELETE /me/totp`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OneTimeCode {
    /// Six digits.
    pub otp: String,
}
