//! Why a user has this access.

use serde::{Deserialize, Serialize};

use super::debts::DebtView;
use super::ledger::EntryView;
use super::money::QuoteView;
use super::users::UserView;
use crate::domain::access::{Reason, Status};

/// Every rule with its numbers and ledger lines, and what to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Explain"))]
pub struct ExplainView {
    /// The user.
    pub user: UserView,
    /// Every rule in order; the first that holds decides.
    pub rules: Vec<RuleView>,
    /// Open debt items.
    pub debts: Vec<DebtView>,
    /// What settling everything costs; null when it cannot be priced.
    pub to_pay: Option<QuoteView>,
    /// Why it cannot be priced.
    pub to_pay_refused: Option<RefusalView>,
    /// Lines of this period, newest first.
    pub entries: Vec<EntryView>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct RuleView {
    /// The status that it gives.
    pub status: Status,
    /// The reason that it gives.
    pub reason: Option<Reason>,
    /// Whether it holds.
    pub holds: bool,
    /// Whether this is the rule that made the access.
    pub decides: bool,
    /// What it compares.
    pub numbers: Vec<NumberView>,
    /// The ledger lines of these numbers, by `seq`.
    pub entries: Vec<u64>,
}

/// A number that a rule compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct NumberView {
    /// Its name.
    pub name: String,
    /// Its value, with its unit.
    pub value: String,
}

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct RefusalView {
    /// The code, as a problem has it.
    pub code: String,
    /// The same for people.
    pub detail: String,
}
