//! One change asked for, its answer, and what it would do.

use super::actor::{Actor, Key};
use super::command::Command;
use super::reading::Reading;
use super::snapshot::Snapshot;
use crate::domain::debt::DebtItem;
use crate::domain::ledger::Entry;
use crate::store::{EventRecord, OrderRecord};

/// One change asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// What for.
    pub action: Command,
    /// A repeated call with the same key is answered, not done again.
    pub key: Option<Key>,
    /// A reading of the router made for this request; it is counted first, in the same transaction.
    pub reading: Option<Reading>,
}

/// The answer to a request that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// HTTP status: 200, 201 or 204.
    pub status: u16,
    /// The answer, as JSON text; empty for 204.
    pub body: String,
}

impl Outcome {
    /// What a repetition of the call is answered from.
    pub(super) fn remembered(&self, id: String, content_hash: [u8; 32]) -> EventRecord {
        EventRecord { id, content_hash, status: self.status, answer: self.body.clone() }
    }
}

/// What a request would do. Names of new things are given anew when it is done.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The user as it is; `None` for one that is only entered, and where the request is about nobody.
    pub before: Option<Snapshot>,
    /// The user as it would be; `None` for one that would be deleted, and where the request is about nobody.
    pub after: Option<Snapshot>,
    /// Other users whom it changes, as they are and as they would be.
    pub others: Vec<(Snapshot, Snapshot)>,
    /// Lines of the ledger, in order.
    pub entries: Vec<Entry>,
    /// Orders that are new or change.
    pub orders: Vec<OrderRecord>,
    /// Debt items that are new or change, closed ones too.
    pub debts: Vec<DebtItem>,
    /// The answer.
    pub outcome: Outcome,
}
