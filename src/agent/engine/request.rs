//! A request for one change, its answer and its preview.

use super::actor::{Actor, Key};
use super::command::Command;
use super::done::Done;
use super::reading::Reading;
use super::snapshot::Snapshot;
use crate::domain::debt::DebtItem;
use crate::domain::ledger::Entry;
use crate::store::OrderRecord;

/// A request for one change.
#[derive(Clone, Debug)]
pub struct Request {
    /// The caller.
    pub actor: Actor,
    /// The command.
    pub action: Command,
    /// A repeated call with the same key gets the stored answer and is not executed again.
    pub key: Option<Key>,
    /// A reading of the router made for this request; it is counted first, in the same transaction.
    pub reading: Option<Reading>,
}

/// The effects a request would have. Ids of new objects differ when it is executed.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The user before; `None` for a new user, and where the request is about no user.
    pub before: Option<Snapshot>,
    /// The user after; `None` for a deleted user, and where the request is about no user.
    pub after: Option<Snapshot>,
    /// Other users that it changes, before and after.
    pub others: Vec<(Snapshot, Snapshot)>,
    /// Entries of the ledger, in order.
    pub entries: Vec<Entry>,
    /// New and changed orders.
    pub orders: Vec<OrderRecord>,
    /// New and changed debt items, closed ones too.
    pub debts: Vec<DebtItem>,
    /// The answer.
    pub done: Done,
}
