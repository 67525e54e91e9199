//! Counts of cash drawers.

use serde::{Deserialize, Serialize};

use super::values::{Note, Price};

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
