//! Previews of requests: the same work on a draft that is dropped.

use std::collections::BTreeMap;

use super::Engine;
use super::changes::Changes;
use super::command::Command;
use super::commands;
use super::done::Done;
use super::draft::Draft;
use super::error::EngineError;
use super::reading::Reading;
use super::request::{Preview, Request};
use super::snapshot::Snapshot;
use crate::domain::debt::DebtItem;
use crate::domain::id::DebtId;

impl Engine {
    /// Executes `request` on a draft that is dropped. Errors are those of [`Engine::submit`].
    ///
    /// Nothing is committed, and idempotency keys are neither checked nor stored. The router need not answer: a
    /// request without a reading of its own uses the last host table as if it was read just then, and no reading is
    /// counted.
    pub fn preview(&mut self, request: Request) -> Result<Preview, EngineError> {
        self.begin()?;
        let reading = request.reading.or_else(|| Some(self.last_reading()));
        let request = Request { reading, ..request };
        let known = self.subject(&request.action)?;
        let before = known.map(|no| self.read_view().snapshot(&self.state.users[&no]));
        let facts = self.facts();
        let mut draft =
            Draft::new(&self.state, &request.actor, facts, &self.parts.policy, &mut self.parts.new_id);
        let done = commands::perform(&mut draft, &self.reader, &request)?;
        let others = draft.others(known);
        let others = others.into_iter().filter_map(|no| {
            let before = self.state.users.get(&no)?;
            Some((self.state.snapshot(before), left(&draft, no)?))
        });
        let others = others.collect();
        let after = known.or_else(|| draft.entered_user()).and_then(|no| left(&draft, no));
        Ok(Preview { others, ..Preview::of(before, after, draft.finish(), done) })
    }

    fn last_reading(&self) -> Reading {
        Reading { hosts: self.hosts(), begun: self.state.last_begun.unwrap_or_default() }
    }

    /// The key of the existing user that a command is about.
    fn subject(&self, action: &Command) -> Result<Option<u32>, EngineError> {
        let no = match action {
            Command::Refund { order, .. } | Command::Review { order, .. } => {
                self.reader.order(order)?.and_then(|order| order.user_no)
            }
            other => other.user().and_then(|id| self.state.by_id.get(&id).copied()),
        };
        Ok(no.filter(|no| self.state.users.contains_key(no)))
    }
}

/// A user after the draft, as the memory would keep it: closed items are history.
fn left(draft: &Draft, no: u32) -> Option<Snapshot> {
    let mut after = draft.snapshot(no);
    after.user.account.items.retain(DebtItem::is_open);
    after.user.deleted_at.is_none().then_some(after)
}

impl Preview {
    fn of(before: Option<Snapshot>, after: Option<Snapshot>, changes: Changes, done: Done) -> Self {
        // An item that changed twice appears once, in its last state.
        let debts: BTreeMap<DebtId, DebtItem> =
            changes.debts.into_iter().map(|(_, item)| (item.id, item)).collect();
        Self {
            before,
            after,
            others: Vec::new(),
            entries: changes.entries.into_iter().map(|(_, entry, _)| entry).collect(),
            orders: changes.orders.into_values().map(|open| open.record).collect(),
            debts: debts.into_values().collect(),
            done,
        }
    }
}
