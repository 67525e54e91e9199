//! Packages.

use serde::{Deserialize, Serialize};

use super::values::{Amount, DayCount, Megabytes, Name, Price, changed, present};
use crate::domain::id::PackageId;

/// `POST /packages`; quota must be said, and null is unlimited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddPackage {
    /// What people call it.
    pub name: Name,
    /// Quota. Null is unlimited.
    #[serde(deserialize_with = "present")]
    #[cfg_attr(test, schemars(with = "super::schema_tests::AmountOrUnlimited"))]
    pub quota: Option<Amount>,
    /// Days it is valid.
    pub days: DayCount,
    /// What it costs.
    pub price_rp: Price,
    /// Whether it is on sale; it is unless this says no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// `PATCH /packages/{id}`: what is absent stays.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent, null and a value say three things")]
pub struct ChangePackage {
    /// What people call it.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Name"))]
    pub name: Option<Name>,
    /// Quota. Null is unlimited.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    pub quota: Option<Option<Amount>>,
    /// Days it is valid.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "DayCount"))]
    pub days: Option<DayCount>,
    /// What it costs.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Price"))]
    pub price_rp: Option<Price>,
    /// Whether it is on sale.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "bool"))]
    pub active: Option<bool>,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Package"))]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct PackageView {
    pub id: PackageId,
    pub name: String,
    /// Null is unlimited.
    pub quota_bytes: Option<u64>,
    pub quota_mb: Option<Megabytes>,
    pub days: u32,
    pub price_rp: u64,
    pub active: bool,
}
