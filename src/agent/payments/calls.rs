//! Calls to the relay about one order. The answer is taken over by the engine; an order that the relay lost is handed
//! back first.

use super::link::{Link, lock};
use super::port::{Pending, RelayError};
use super::{PaymentError, Payments};
use crate::agent::engine::{Engine, EngineError, EngineGone};
use crate::domain::id::OrderId;
use crate::domain::order::OrderState;
use crate::protocol::relay::RelayOrder;

/// The relay's code for an order that the gateway did not cancel.
pub(super) const NOT_CANCELLED: &str = "not_cancelled";

impl Payments {
    /// Discards an attempt, until nobody can pay a charge of it any more. Returns its order if that was paid before.
    pub(super) async fn discard_request(
        &self,
        link: &Link,
        request: &str,
    ) -> Result<Option<OrderId>, CallError> {
        let answer = link.relay.abandon(request).await;
        self.note_answer(link, &answer).await?;
        let Some(order) = answer?.order else { return Ok(None) };
        let (id, mut status) = (OrderId(order.order_id.clone()), order.status);
        self.engine.call(move |engine| engine.order_seen(&order)).await??;
        if status.is_open() {
            status = self.ask_about(link, &id.0, || link.relay.cancel(&id.0)).await?;
        }
        if status.is_open() {
            return Err(CallError::StillOpen);
        }
        Ok(status.holds_money().then_some(id))
    }

    /// A call about one order, whose answer is taken over. An order that the relay lost is handed back first.
    pub(super) async fn ask_about<'a>(
        &self,
        link: &Link,
        id: &str,
        call: impl Fn() -> Pending<'a, RelayOrder>,
    ) -> Result<OrderState, CallError> {
        let mut answer = call().await;
        if matches!(answer, Err(RelayError::NotFound)) {
            self.adopt(link, id).await?;
            answer = call().await;
        }
        self.take_in(link, answer).await
    }

    /// Hands an order back that the relay lost, if it did.
    pub(super) async fn adopt(&self, link: &Link, id: &str) -> Result<(), CallError> {
        let known = link.relay.order(id).await;
        let answer = match known {
            Err(RelayError::NotFound) => {
                let order = OrderId(id.to_owned());
                let adoption = self.engine.call(move |engine| engine.adoption(&order)).await??;
                let Some(adoption) = adoption else { return Ok(()) };
                tracing::info!(order.id = id, "the relay lost an order; handing it back");
                link.relay.adopt(id, &adoption).await
            }
            known => known,
        };
        self.take_in(link, answer).await?;
        Ok(())
    }

    /// Applies the relay's state of an order and returns it.
    async fn take_in(
        &self,
        link: &Link,
        answer: Result<RelayOrder, RelayError>,
    ) -> Result<OrderState, CallError> {
        self.note_answer(link, &answer).await?;
        let order = answer?;
        let status = order.status;
        self.engine.call(move |engine| engine.order_seen(&order)).await??;
        if !status.is_open() {
            link.wake_feed.notify_one();
        }
        Ok(status)
    }

    /// Notes how a call went, and records in the ledger since when the relay is silent.
    pub(super) async fn note_answer<T>(
        &self,
        link: &Link,
        answer: &Result<T, RelayError>,
    ) -> Result<(), PaymentError> {
        let was_silent = link.silent_since();
        link.note(self.now(), self.uptime(), answer);
        if answer.is_err() {
            lock(&link.figures).failed += 1;
        }
        if matches!(answer, Err(RelayError::Fenced(_))) {
            self.follow_fence(link).await?;
        }
        let silent = link.silent_since();
        // Recorded at every failure: a ledger that was reopened does not remember.
        if silent.is_some() || was_silent.is_some() {
            self.engine.call(move |engine: &mut Engine| engine.relay_silent_since(silent)).await?;
        }
        if was_silent.is_some() && silent.is_none() {
            // Whatever waited for the relay need not wait any longer.
            link.wake_feed.notify_one();
            link.wake_outbox();
        }
        Ok(())
    }
}

/// Why a call about an order came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error(transparent)]
    Payment(#[from] PaymentError),
    #[error("the gateway has not called it off yet")]
    StillOpen,
}

impl CallError {
    /// Whether the relay does not answer, or not this site: no other call would go better.
    pub(super) fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::Relay(RelayError::Unreachable(_) | RelayError::Unauthorized(_) | RelayError::Fenced(_))
        )
    }

    pub(super) fn is_transient(&self) -> bool {
        match self {
            // It can still be paid, so it must be called off again.
            Self::Relay(RelayError::Refused { code, .. }) if code == NOT_CANCELLED => true,
            Self::Relay(error) => error.is_transient(),
            Self::Payment(_) | Self::StillOpen => true,
        }
    }
}

impl From<EngineGone> for CallError {
    fn from(error: EngineGone) -> Self {
        Self::Payment(error.into())
    }
}

impl From<EngineError> for CallError {
    fn from(error: EngineError) -> Self {
        Self::Payment(error.into())
    }
}
