//! Counts of cash drawers.

use serde::{Deserialize, Serialize};

use super::values::{Instant, Note, Price};

/// `POST /closings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CountDrawer {
    /// Cash that was counted.
    pub counted_rp: Price,
    /// Words for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// Money of one method in a closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Turnover"))]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct TurnoverView {
    pub taken_rp: u64,
    pub returned_rp: u64,
}

/// A closing of the cash drawer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Closing"))]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct ClosingView {
    pub id: u64,
    pub at: Instant,
    pub cashier: String,
    /// Cash only: taken less refunded since the previous closing. Below zero when more was refunded.
    pub expected_rp: i64,
    pub counted_rp: u64,
    /// Counted less expected.
    pub difference_rp: i64,
    pub cash: TurnoverView,
    pub transfer: TurnoverView,
    pub qris_static: TurnoverView,
    /// Of every method.
    pub receipts: u64,
    #[cfg_attr(test, schemars(extend("minimum" = 1)))]
    pub first_receipt: Option<u64>,
    #[cfg_attr(test, schemars(extend("minimum" = 1)))]
    pub last_receipt: Option<u64>,
    pub note: String,
}
