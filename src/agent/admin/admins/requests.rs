//! Bodies about admins and their tokens.

use serde::Deserialize;

use super::super::fields::{AdminName, Password, Role};

/// `POST /admins`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Add {
    pub name: AdminName,
    pub role: Role,
    pub password: Password,
}

/// `POST /admins/{name}/tokens`; the admin's own role unless a lower one is named.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::agent::admin) struct Token {
    pub role: Option<Role>,
}
