//! The ledger: statements, the audit, and the proof.

use serde::{Deserialize, Serialize};

use super::page::List;
use super::values::{Instant, Megabytes};
use crate::domain::id::{DebtId, OrderId};
use crate::domain::ledger::{Kind, Side};

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Entry"))]
#[allow(missing_docs, reason = "the fields are the ledger's own names")]
pub struct EntryView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    pub kind: Kind,
    pub side: Side,
    pub amount_bytes: u64,
    pub amount_mb: Megabytes,
    pub amount_rp: Option<u64>,
    pub debt_id: Option<DebtId>,
    pub order_id: Option<OrderId>,
    pub note: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// A page of a statement, newest first, and the usage that no line has yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Statement"))]
pub struct StatementView {
    /// Usage since the last line of usage.
    pub open_usage_bytes: u64,
    /// The same in MB.
    pub open_usage_mb: Megabytes,
    /// The lines.
    #[serde(flatten)]
    pub lines: List<EntryView>,
}

/// One line of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "AuditLine"))]
pub struct AuditView {
    /// When.
    pub at: Instant,
    /// Who.
    pub actor: String,
    /// The role at that time.
    pub role: String,
    /// The interface and the address.
    pub source: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: String,
    /// With what.
    pub detail: String,
}

/// What a proof of the ledger counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Verified"))]
pub struct VerifiedView {
    /// Entries.
    pub entries: u64,
    /// Accounts.
    pub accounts: u64,
    /// Debt items.
    pub debts: u64,
    /// Receipts.
    pub receipts: u64,
}
