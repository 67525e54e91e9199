//! The router: the difference from the desired state, what it refuses, and what it prints that cannot be read.

use serde::{Deserialize, Serialize};

use super::values::Instant;

/// The difference between the router and what access wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Plan"))]
pub struct PlanView {
    /// The edits.
    pub edits: Vec<EditView>,
    /// Foreign rows in the way, which are the operator's to change.
    pub conflicts: Vec<String>,
    /// Whether the configuration only looks at the router.
    pub dry_run: bool,
}

/// One edit, and what became of it if it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct EditView {
    /// What is done to the row.
    #[cfg_attr(test, schemars(extend("enum" = ["add", "move", "enable", "remove", "set"])))]
    pub action: String,
    /// The router's menu.
    pub menu: String,
    /// The router's name of the row; null for one to be added.
    pub row: Option<String>,
    /// The address list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// The binding's type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(extend("enum" = ["regular", "bypassed", "blocked"])))]
    pub r#type: Option<String>,
    /// Whose device it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<EditResult>,
    /// The router's words, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Time until it is sent again, where it waits after a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_s: Option<u64>,
}

/// What became of an edit that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditResult {
    /// The router did it.
    Done,
    /// It was so already.
    AlreadySo,
    /// The router refused it.
    Refused,
}

/// An edit that the router refuses, with what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct RefusedView {
    /// The edit.
    #[serde(flatten)]
    pub edit: EditView,
    /// Whom it concerns.
    pub user_name: Option<String>,
    /// Since when.
    pub since: Instant,
    /// How often it was sent.
    pub attempts: u32,
    /// What is refused, to whom, and the router's words.
    pub text: String,
    /// What to do about it.
    pub remedy: String,
}

/// A row of the router that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct UnreadView {
    /// The router's menu.
    pub menu: String,
    /// The router's name of the row.
    pub row: Option<String>,
    /// The device.
    pub mac: Option<String>,
    /// The address.
    pub address: Option<String>,
    /// Whose device it is.
    pub user_id: Option<String>,
    /// The same for people.
    pub user_name: Option<String>,
    /// The field that makes no sense.
    pub what: String,
    /// All of it for people.
    pub text: String,
}
