//! Users and an admin's block of them.

use serde::{Deserialize, Serialize};

use super::bounded::bounded;
use super::devices::DeviceView;
use super::packages::AddPackage;
use super::page::{Cursor, PageLimit, given};
use super::values::{
    Amount, Day, DeviceMac, Instant, Label, Limit, Login, Megabytes, Name, Note, OverageName, Phone, Price,
    Reason, StatusName, changed,
};
use crate::domain::access::{Reason as AccessReason, Status};
use crate::domain::account::Overage;
use crate::domain::id::UserId;

/// `GET /users`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FindUsers {
    /// Part of a name, phone number, log-in name, MAC or address.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only users of this status.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusName>,
    /// Rows of the page.
    pub limit: PageLimit,
    /// The end of the page before.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// `POST /users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    /// What people call the user.
    pub name: Name,
    /// Phone number as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Log-in name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// Whether a person let the user in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Whether the account is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Whether quota and debt do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempt: Option<bool>,
    /// Until when the plan is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// What happens when quota is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overage: Option<OverageName>,
    /// Debt from which the user is blocked; 0 is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debt_limit: Option<Limit>,
}

/// `PATCH /users/{id}`: what is absent stays, null removes.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent, null and a value say three things")]
pub struct ChangeUser {
    /// What people call the user.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Name"))]
    pub name: Option<Name>,
    /// Phone number as typed.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    pub phone: Option<Option<Phone>>,
    /// Log-in name.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    pub login: Option<Option<Login>>,
    /// Whether a person let the user in.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "bool"))]
    pub approved: Option<bool>,
    /// Whether the account is in use.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "bool"))]
    pub active: Option<bool>,
    /// Whether quota and debt do not count.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "bool"))]
    pub exempt: Option<bool>,
    /// Until when the plan is valid.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Option<Instant>>,
    /// What happens when quota is used up.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    pub overage: Option<Option<OverageName>>,
    /// Debt from which the user is blocked; 0 is off.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    pub debt_limit: Option<Option<Limit>>,
    /// A note for the customer, shown on the portal.
    #[serde(deserialize_with = "changed", skip_serializing_if = "Option::is_none")]
    pub customer_note: Option<Option<Note>>,
}

/// `POST /users/{id}/block`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BlockUser {
    /// Why.
    pub reason: Reason,
}

/// `POST /users/{id}/unblock`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UnblockUser {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// The most rows of one import.
pub const IMPORT_ROWS_MAX: usize = 20_000;
/// The most packages of one import.
pub const IMPORT_PACKAGES_MAX: usize = 1000;

/// `POST /users/import`, a body of at most 16 MiB. The agent reads rows one by one, so that all errors are listed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ImportUsers"))]
#[serde(deny_unknown_fields, bound(deserialize = "Row: Deserialize<'de>"))]
pub struct ImportUsers<Row = ImportedRow> {
    /// The rows.
    #[serde(deserialize_with = "bounded::<_, _, IMPORT_ROWS_MAX>")]
    #[cfg_attr(test, schemars(with = "Vec<Row>", length(max = IMPORT_ROWS_MAX)))]
    pub users: Vec<Row>,
    /// Packages, entered in the same step. One that is on file already with the same name, quota, days and price is left out.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "bounded::<_, _, IMPORT_PACKAGES_MAX>"
    )]
    #[cfg_attr(test, schemars(with = "Vec<AddPackage>", length(max = IMPORT_PACKAGES_MAX)))]
    pub packages: Vec<AddPackage>,
    /// Only say what would be done: 200, without ids.
    #[serde(default)]
    pub dry_run: bool,
}

/// One row of an import. An empty text counts as absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(inline))]
#[serde(deny_unknown_fields)]
pub struct ImportedRow {
    /// What people call the user.
    pub name: Name,
    /// Phone number as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Log-in name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// Devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macs: Option<Vec<DeviceMac>>,
    /// In the order of macs; one of each device, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_labels: Option<Vec<Label>>,
    /// What the customer reads on the portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_note: Option<Note>,
    /// Why the user is blocked from the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_block: Option<Reason>,
    /// On an unlimited plan. Owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlimited: Option<bool>,
    /// The quota account of the store it comes from, entered as corrections with the reason import. Owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits_bytes: Option<Limit>,
    /// What was used of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debits_bytes: Option<Limit>,
    /// What remained right after the latest credit; the credits when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fup_base_bytes: Option<Limit>,
    /// What is still owed. Nothing is credited with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debts: Option<Vec<OpenItem>>,
    /// Whether a person let the user in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Whether the account is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Whether quota and debt do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempt: Option<bool>,
    /// Until when the plan is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// What happens when quota is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overage: Option<OverageName>,
    /// Debt from which the user is blocked; 0 is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debt_limit: Option<Limit>,
}

/// One debt item of a row of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(inline))]
#[serde(deny_unknown_fields)]
pub struct OpenItem {
    /// Quota owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// Its price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_rp: Option<Price>,
    /// When the debt was made.
    pub debt_date: Day,
    /// When it is due.
    pub due_date: Day,
    /// Words for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Words for the customer, shown on the portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_note: Option<Note>,
}

/// A user's access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Access"))]
pub struct AccessView {
    /// The status.
    pub status: Status,
    /// The reason; null for full access.
    pub reason: Option<AccessReason>,
    /// Every cause that applies.
    pub reasons: Vec<AccessReason>,
    /// Since when.
    pub since: Instant,
    /// A block for debt is held off because an online order cannot be checked now.
    pub offline_grace: bool,
}

/// A user. Sums are of the period since the last reset; each is in bytes, and in MB with two digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "User"))]
#[allow(
    missing_docs,
    reason = "the fields are the contract's own names, and the struct's text says the shape"
)]
pub struct UserView {
    pub id: UserId,
    pub name: String,
    pub phone: Option<String>,
    /// The number that the phone is compared by; null if the input is not a phone number.
    pub phone_e164: Option<String>,
    pub login: Option<String>,
    /// A note for the customer, shown on the portal. Without one the field is left out, as in answers from before there was
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_note: Option<String>,
    pub access: AccessView,
    pub credited_bytes: u64,
    pub credited_mb: Megabytes,
    pub used_bytes: u64,
    pub used_mb: Megabytes,
    pub remaining_bytes: u64,
    pub remaining_mb: Megabytes,
    pub overage_bytes: u64,
    pub overage_mb: Megabytes,
    pub debt_items_bytes: u64,
    pub debt_items_mb: Megabytes,
    pub total_debt_bytes: u64,
    pub total_debt_mb: Megabytes,
    pub expires_at: Option<Instant>,
    pub unlimited: bool,
    pub exempt: bool,
    pub approved: bool,
    pub active: bool,
    /// The effective mode: the user's own, else the site's.
    pub overage: Overage,
    /// The effective limit: the user's own, else the site's.
    pub debt_limit_bytes: u64,
    pub devices: Vec<DeviceView>,
    pub created_at: Instant,
    /// After a device was moved here: its former owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<UserId>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What an import entered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Imported"))]
pub struct ImportView {
    /// Users.
    pub imported: usize,
    /// Their devices.
    pub devices: usize,
    /// Users whose quota was taken over.
    pub quotas: usize,
    /// Debt items.
    pub debts: usize,
    /// Users blocked from the start.
    pub blocked: usize,
    /// Packages; absent where there were none, as in answers from before imports had any.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub packages: usize,
    /// The users' ids, in the order of the rows; none after a dry run.
    pub ids: Vec<UserId>,
}

/// A PIN, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Pin"))]
pub struct PinView {
    /// Six digits.
    #[cfg_attr(test, schemars(extend("pattern" = "^[0-9]{6}$")))]
    pub pin: String,
}
