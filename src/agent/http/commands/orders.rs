//! What requests about orders ask of the engine.

use crate::agent::engine::{Command, ReviewDecision};
use crate::domain::id::OrderId;
use crate::protocol::admin::orders::{Decision, RefundOrder, ReviewOrder};

impl ReviewOrder {
    /// The command it asks for.
    pub(crate) fn command(self, order: OrderId) -> Command {
        let decision = match self.decision {
            Decision::Credit => ReviewDecision::Credit,
            Decision::Dismiss => ReviewDecision::Dismiss,
        };
        Command::Review { order, decision, reason: self.reason.0 }
    }
}

impl RefundOrder {
    /// The command it asks for.
    pub(crate) fn command(self, order: OrderId) -> Command {
        let amount = self.amount_rp.map(|amount| amount.0);
        Command::Refund { order, amount, reason: self.reason.0 }
    }
}
