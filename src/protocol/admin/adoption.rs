//! Adoption of a live router: what its hotspot users are, and their way into the store and back.

use serde::{Deserialize, Serialize};

use super::bounded::bounded;
use super::values::Instant;
use crate::domain::id::UserId;

/// The most names of one call.
pub const ACCOUNTS_MAX: usize = 20_000;

/// `POST /adoption/take` and `POST /adoption/undo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct HandOver {
    /// Names of hotspot users; none is all of them.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "bounded::<_, _, ACCOUNTS_MAX>")]
    #[cfg_attr(test, schemars(with = "Vec<String>", length(max = ACCOUNTS_MAX)))]
    pub only: Vec<String>,
}

/// What a hotspot user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// It can become a customer.
    Adoptable,
    /// An unused voucher, which stays a hotspot user.
    Voucher,
    /// It stays a hotspot user; `reasons` say why.
    Refused,
    /// It is a customer.
    Adopted,
    /// It is a customer, and the router is still to be changed: the same call again finishes it.
    Unfinished,
}

/// Why a hotspot user cannot become a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct ObstacleView {
    /// A stable word.
    pub code: String,
    /// The reason, and what to do.
    pub text: String,
}

/// One hotspot user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct HotspotAccountView {
    /// Its name on the router.
    pub name: String,
    /// The hotspot server that it is for.
    pub server: String,
    /// What it is.
    pub status: AccountStatus,
    /// Why it is refused.
    pub reasons: Vec<ObstacleView>,
    /// The customer that it became.
    pub user_id: Option<UserId>,
    /// Its devices.
    pub macs: Vec<String>,
    /// `limit-bytes-total`; null is no limit.
    pub limit_bytes: Option<u64>,
    /// Bytes of ended sessions and of those that last.
    pub used_bytes: u64,
    /// What is left of the limit; null is no limit.
    pub remaining_bytes: Option<u64>,
    /// It has no limit of bytes, so the customer gets an unlimited plan.
    pub unlimited: bool,
    /// When its days end, from the comment; null is never.
    pub expires_at: Option<Instant>,
    /// Its limit of time on the hotspot is not taken over.
    pub drops_uptime_limit: bool,
    /// It is switched off on the router.
    pub disabled: bool,
    /// It has a session.
    pub online: bool,
}

/// The hotspot users of the router.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Adoption"))]
pub struct AdoptionView {
    /// Each of them, in the router's order.
    pub accounts: Vec<HotspotAccountView>,
    /// How many can become customers.
    pub adoptable: usize,
    /// How many are unused vouchers.
    pub vouchers: usize,
    /// How many stay hotspot users for other reasons.
    pub refused: usize,
    /// How many are customers.
    pub adopted: usize,
    /// For how many the router is still to be changed.
    pub unfinished: usize,
    /// Names whose handover this call finished.
    pub done: Vec<String>,
    /// Names among these that the router has no more.
    pub missing: Vec<String>,
}
