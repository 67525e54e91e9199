//! Quota given and taken, and the reset.

use serde::{Deserialize, Serialize};

use super::ledger::EntryView;
use super::users::UserView;
use super::values::{Amount, DayCount, Reason};

/// `POST /users/{id}/credits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreditUser {
    /// Quota given.
    pub amount: Amount,
    /// Days given with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<DayCount>,
    /// Why.
    pub reason: Reason,
}

/// `POST /users/{id}/debits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DebitUser {
    /// Quota taken away.
    pub amount: Amount,
    /// Why.
    pub reason: Reason,
}

/// `POST /users/{id}/reset`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResetAccount {
    /// Quota owed from the reset on, given in advance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debt: Option<Amount>,
    /// Quota given with the reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<Amount>,
    /// Days given with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<DayCount>,
    /// Whether an admin's block ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unblock: Option<bool>,
    /// Why.
    pub reason: Reason,
}

/// The answer of a reset: the user, and the entries that it wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ResetUser"))]
pub struct ResetView {
    /// The user.
    #[serde(flatten)]
    pub user: UserView,
    /// The entries.
    pub entries: Vec<EntryView>,
}
