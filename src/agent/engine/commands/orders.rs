//! Cash payments and refunds.

use super::context::CommandContext;
use crate::agent::engine::command::{JUST_PAID_MS, Purpose, Tender};
use crate::agent::engine::done::Done;
use crate::agent::engine::error::{EngineError, conflict, order_paid};
use crate::domain::drawer::Move;
use crate::domain::id::{OrderId, UserId};
use crate::domain::ledger::{Entry, Kind};
use crate::domain::order::{Flag, Method, OrderState};
use crate::domain::policy::{Event, Refund, Refusal};
use crate::domain::units::Rupiah;
use crate::domain::validity::ValidityStep;
use crate::protocol::admin::orders::OrderView;
use crate::store::OrderRecord;

impl CommandContext<'_, '_> {
    /// A cash payment: creates the order as paid, numbers its receipt and applies its quote, all in one commit.
    pub(super) fn take(
        &mut self,
        user: UserId,
        purpose: &Purpose,
        tender: &Tender,
    ) -> Result<Done, EngineError> {
        let no = self.draft.find_user(user)?;
        let (kind, quote) = self.priced(no, purpose)?;
        let total = quote.total();
        if tender.expect.is_some_and(|expected| expected != total) {
            return Err(Refusal::QuoteChanged(total).into());
        }
        let last_paid = self.reader.last_paid_online(no)?;
        if let Some(seen) = &tender.last_paid
            && let Some(order) = last_paid.as_ref().filter(|order| Some(&order.id) != seen.as_ref())
        {
            return Err(order_paid(&order.id));
        }
        self.cancel_order(no);
        let id = OrderId(self.draft.new_id().to_string());
        let paid = Event::Paid { order: id.clone(), quote: quote.clone() };
        let not_owed = self.draft.step(no, &paid, &self.event)?;
        let order = OrderRecord {
            status: OrderState::Paid,
            flags: not_owed.surplus.then_some(Flag::Surplus).into_iter().collect(),
            reference: tender.reference.clone(),
            receipt_no: Some(self.draft.next_receipt()),
            cashier: Some(self.draft.actor.name.clone()),
            created_at: self.draft.state.wall,
            paid_at: Some(self.draft.state.wall),
            ..OrderRecord::created(id, Some(no), kind, Method::Cash(tender.method), quote)
        };
        let mut view = OrderView::of(&order, Some(user));
        view.paid_just_before = last_paid.filter(|order| self.is_recent(order)).map(|order| order.id);
        self.draft.audit("order.paid", &user.to_string(), format!("{} {} {total}", order.id, kind.name()));
        self.draft.put_move(&order, tender.method, Move::Taken, total);
        self.draft.put_order(order);
        Ok(Done::created(view))
    }

    /// Whether an order was paid so recently that the payer may not have seen it.
    fn is_recent(&self, order: &OrderRecord) -> bool {
        order.paid_at.is_some_and(|at| self.draft.state.wall.0.saturating_sub(at.0) < JUST_PAID_MS)
    }

    pub(super) fn refund(
        &mut self,
        id: &OrderId,
        amount: Option<Rupiah>,
        reason: &str,
    ) -> Result<Done, EngineError> {
        let mut order = self.reader.order(id)?.ok_or(EngineError::NotFound("order"))?;
        let Some(method) = order.method.cash() else {
            return self.refund_online(&order, amount, reason);
        };
        let Some(no) = order.user_no.filter(|no| self.draft.has_user(*no)) else {
            return Err(conflict("user_deleted", "the user of this order is deleted"));
        };
        let user = self.draft.user(no).account.id;
        let amount = amount.unwrap_or(order.amount.minus(order.refunded));
        let refund = self.refund_of(&order, no, amount, reason)?;
        self.draft.step(no, &Event::Refunded(refund), &self.event)?;
        order.refunded = order.refunded.plus(amount);
        let is_whole = order.refunded == order.amount;
        order.status = if is_whole { OrderState::Refunded } else { OrderState::PartiallyRefunded };
        let detail = format!("{id} {amount} {} {reason}", method.name());
        self.draft.audit("order.refunded", &user.to_string(), detail);
        self.draft.put_move(&order, method, Move::Returned, amount);
        let view = OrderView::of(&order, Some(user));
        self.draft.put_order(order);
        Ok(Done::changed(view))
    }

    /// The refund with the order's own effects, from the store and this draft. Entries are committed with the request
    /// that makes them, so these two are complete.
    pub fn refund_of(
        &mut self,
        order: &OrderRecord,
        user_no: u32,
        amount: Rupiah,
        reason: &str,
    ) -> Result<Refund, EngineError> {
        let lines = self.reader.order_entries(&order.id)?;
        let paid_at = lines.first().map(|line| line.seq);
        let committed = lines.into_iter().map(|line| line.entry);
        let entries: Vec<Entry> = committed.chain(self.draft.entries_of(&order.id).cloned()).collect();
        let mut closed = Vec::new();
        for debt in entries.iter().filter(|e| e.kind == Kind::DebtPaid).filter_map(|e| e.debt) {
            if self.draft.user(user_no).account.item(debt).is_some() {
                continue;
            }
            let found = self.reader.debt(debt)?.filter(|(owner, _)| *owner == user_no);
            closed.extend(found.map(|(_, item)| item));
            if let Some(by) = self.reader.granted_by(debt)? {
                self.draft.put_granter(debt, by);
            }
        }
        Ok(Refund {
            order: order.id.clone(),
            amount,
            paid: order.amount,
            refunded_before: order.refunded,
            entries,
            closed,
            after_reset: match paid_at {
                Some(seq) => self.reader.period_ended_after(user_no, seq)?,
                None => false,
            },
            validity: self.validity_of(user_no)?,
            plan: order.quote.buys_plan(),
            reason: reason.to_owned(),
        })
    }

    /// Every change of a user's expiry and plan: committed, made by time since, and made by this draft.
    fn validity_of(&self, user_no: u32) -> Result<Vec<ValidityStep>, EngineError> {
        let mut steps = self.reader.validity(user_no)?;
        let gathered = self.draft.state.dirty.records.validity.iter().filter(|(no, _)| *no == user_no);
        steps.extend(gathered.map(|(_, step)| step.clone()));
        steps.extend(self.draft.validity_of(user_no).cloned());
        Ok(steps)
    }
}
