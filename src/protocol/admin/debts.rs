//! Debt items.

use serde::{Deserialize, Serialize};

use super::values::{Amount, Day, Megabytes, Money, Note, Reason};
use crate::domain::debt::DebtStatus;
use crate::domain::id::{DebtId, PackageId};

/// `POST /users/{id}/debts`. Either amount or `package_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the fields are the contract's own names")]
pub struct AddDebt {
    /// Quota owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Amount", default))]
    pub amount: Option<Amount>,
    /// The package sold on credit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "PackageId", default))]
    pub package_id: Option<PackageId>,
    /// Whether the quota is given at once; it is unless this says no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance: Option<bool>,
    /// When the debt was made; today if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debt_date: Option<Day>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Day>,
    /// A price of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_rp: Option<Money>,
    /// The owner's private note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// A note for the customer, shown on the portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_note: Option<Note>,
}

/// `PATCH /users/{id}/debts/{debt}`: one of them at least.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeDebt {
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Day", default))]
    pub due_date: Option<Day>,
    /// The owner's private note.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Note", default))]
    pub note: Option<Note>,
    /// A note for the customer, shown on the portal; an empty one removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Note", default))]
    pub customer_note: Option<Note>,
}

/// `POST /users/{id}/debts/{debt}/write-off`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WriteOffDebt {
    /// Why.
    pub reason: Reason,
}

/// A debt item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Debt"))]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct DebtView {
    pub id: DebtId,
    /// Null for an unlimited plan.
    pub amount_bytes: Option<u64>,
    pub amount_mb: Option<Megabytes>,
    pub paid_bytes: u64,
    pub unpaid_bytes: u64,
    /// Its own price; null is quoted by the tariff.
    pub price_rp: Option<u64>,
    /// The unpaid rest in rupiah; null when nothing on sale gives it a price.
    pub due_rp: Option<u64>,
    pub debt_date: Day,
    pub due_date: Day,
    pub status: DebtStatus,
    /// The owner's private note.
    pub note: String,
    /// A note for the customer, shown on the portal. Without one the field is left out, as in answers from before there was one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub customer_note: String,
}
