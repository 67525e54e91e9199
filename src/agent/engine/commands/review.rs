//! The owner's decisions about online orders: ending a review, and refunds through the gateway.

use super::context::CommandContext;
use crate::agent::engine::command::ReviewDecision;
use crate::agent::engine::done::Done;
use crate::agent::engine::error::{EngineError, conflict};
use crate::domain::id::OrderId;
use crate::domain::order::{Flag, OrderState};
use crate::domain::policy::Refusal;
use crate::domain::units::Rupiah;
use crate::protocol::admin::orders::OrderView;
use crate::protocol::relay::credit_event;
use crate::store::{OrderRecord, OutboxWork};

impl CommandContext<'_, '_> {
    pub(super) fn review(
        &mut self,
        id: &OrderId,
        decision: ReviewDecision,
        reason: &str,
    ) -> Result<Done, EngineError> {
        let order = self.find_order(id)?.ok_or(EngineError::NotFound("order"))?;
        if order.status != OrderState::Review {
            return Err(conflict("not_in_review", "this order is not in review"));
        }
        let order = match decision {
            ReviewDecision::Credit => self.credit_by_owner(order, reason)?,
            ReviewDecision::Dismiss => self.dismiss(order, reason),
        };
        let user = self.user_id_of(&order)?;
        Ok(Done::changed(OrderView::of(&order, user)))
    }

    fn credit_by_owner(&mut self, mut order: OrderRecord, reason: &str) -> Result<OrderRecord, EngineError> {
        if order.is_credited() {
            let message = "this order was credited already; dismiss ends its review";
            return Err(conflict("already_credited", message));
        }
        if order.refunded > Rupiah::ZERO {
            let message = "part of this order's money went back; give quota by hand and dismiss it";
            return Err(conflict("partly_returned", message));
        }
        let Some(no) = self.living_user(&order)? else {
            let message = "whose order this is cannot be known; give quota by hand and dismiss it";
            return Err(conflict("user_unknown", message));
        };
        order.flags.insert(Flag::CreditedByOwner);
        self.event = credit_event(&order.id.0);
        if !self.is_applied(&self.event)? {
            let event = self.event.clone();
            self.draft.put_applied(event);
        }
        let order = self.credit(no, order)?;
        self.draft.audit("order.review_credit", &order.id.0, reason.to_owned());
        Ok(order)
    }

    /// Ends the review without a credit. An order credited before keeps the state that matches its money.
    fn dismiss(&mut self, mut order: OrderRecord, reason: &str) -> OrderRecord {
        order.flags.insert(Flag::Dismissed);
        order.status = match (order.is_credited(), order.refunded) {
            (false, _) => OrderState::Cancelled,
            (true, Rupiah::ZERO) => OrderState::Paid,
            (true, returned) if returned < order.amount => OrderState::PartiallyRefunded,
            (true, _) if order.flags.contains(&Flag::Chargeback) => OrderState::ChargedBack,
            (true, _) if order.flags.contains(&Flag::ProviderReversal) => OrderState::Reversed,
            (true, _) => OrderState::Refunded,
        };
        self.draft.audit("order.review_dismiss", &order.id.0, reason.to_owned());
        self.draft.put_order(order.clone());
        order
    }

    /// Requests a refund of an online order from the gateway; the feed reports the result.
    pub(super) fn refund_online(
        &mut self,
        order: &OrderRecord,
        amount: Option<Rupiah>,
        reason: &str,
    ) -> Result<Done, EngineError> {
        use OrderState::{Paid, PartiallyRefunded, Review};
        if !matches!(order.status, Paid | PartiallyRefunded | Review) {
            return Err(conflict("not_paid", "only money that was paid can go back"));
        }
        let waiting =
            self.draft.state.online.outbox.values().filter_map(|outbox_item| match &outbox_item.work {
                OutboxWork::Refund { order: of, amount, .. } if *of == order.id => Some(*amount),
                OutboxWork::Abandon { .. }
                | OutboxWork::Cancel { .. }
                | OutboxWork::Refund { .. }
                | OutboxWork::Adopt { .. } => None,
            });
        let left = order.amount.minus(order.refunded).minus(waiting.fold(Rupiah::ZERO, Rupiah::plus));
        let amount = amount.unwrap_or(left);
        if amount > left || amount == Rupiah::ZERO {
            return Err(Refusal::RefundsTooMuch(left).into());
        }
        let key = self.draft.new_id().to_string();
        self.draft.put_outbox_item(OutboxWork::Refund {
            order: order.id.clone(),
            key,
            amount,
            reason: reason.to_owned(),
        });
        self.draft.audit("order.refund", &order.id.0, format!("{amount} {reason}"));
        let user = self.user_id_of(order)?;
        Ok(Done::changed(OrderView::of(order, user)))
    }
}
