//! Leaving: customers become plain hotspot users, and every row of ours leaves the router.

use serde::{Deserialize, Serialize};

use super::values::Instant;
use crate::domain::id::UserId;

/// A customer and the hotspot user that it becomes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct LeaverView {
    /// The customer.
    pub user_id: UserId,
    /// The customer's name.
    pub name: String,
    /// The hotspot user's name.
    pub hotspot_user: String,
    /// The password of a hotspot user that is made; null keeps the one that the router has. Only the answer to leaving has it.
    pub password: Option<String>,
    /// What is left of the quota, which is the limit; null is no limit.
    pub remaining_bytes: Option<u64>,
    /// When the days end, which the comment says.
    pub expires_at: Option<Instant>,
    /// The hotspot user is off, for the customer is blocked or expired.
    pub disabled: bool,
    /// The customer owes something, which the router does not know.
    pub owes: bool,
}

/// A row of ours on the router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct TraceView {
    /// The router's menu.
    pub menu: String,
    /// Its comment or name.
    pub row: String,
}

/// What leaving does, or did.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Leaving"))]
pub struct LeaveView {
    /// Nothing is changed on the router any more.
    pub left: bool,
    /// Every customer who becomes a hotspot user, or did.
    pub users: Vec<LeaverView>,
    /// Rows of ours that are removed.
    pub removed: Vec<TraceView>,
    /// What only a person can remove.
    pub by_hand: Vec<String>,
}

/// Who is a customer of ours again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CameBack"))]
pub struct ComeBackView {
    /// Hotspot users that are off again.
    pub taken: Vec<String>,
}
