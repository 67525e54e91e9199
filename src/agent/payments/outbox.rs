//! What waits for the relay: cancellations, refunds, orders to hand back. Driven by a loop or by tests.

use std::time::Duration;

use super::calls::CallError;
use super::link::Link;
use super::{PaymentError, Payments};
use crate::agent::engine::{OutboxItem, OutboxWork};
use crate::domain::units::Timestamp;
use crate::protocol::relay::RefundOrder;
use crate::tools::backoff;

/// Nobody waits for an opening of this age any more: its caller was cut off. One that seems to come from so
/// far ahead was written before the clock was set back.
const OPENING_AGE_MAX_MS: i64 = 60_000;
/// The first pause after an item failed; each further one is twice as long ...
const PAUSE: Duration = Duration::from_secs(2);
/// ... up to this: a relay that is back gets it within half a minute.
const PAUSE_MAX: Duration = Duration::from_secs(30);

impl Payments {
    /// Sends every outbox item that is due, until the relay cannot be reached. Answers when to come again, if there is more.
    pub async fn outbox_once(&self) -> Result<Option<Timestamp>, PaymentError> {
        let link = self.link()?;
        // Another machine may be at work with the same orders.
        if self.engine.unwritable().is_some_and(|why| why.is_passive()) {
            return Ok(None);
        }
        self.discard_pending_orders(link).await?;
        let now = self.now();
        let outbox = self.engine.call(|engine| engine.outbox()).await?;
        for outbox_item in outbox.into_iter().filter(|outbox_item| is_due(outbox_item, now)) {
            let done = self.send_outbox_item(link, &outbox_item).await;
            let no = outbox_item.no;
            match done {
                Ok(()) => self.engine.call(move |engine| engine.finish_outbox_item(no)).await??,
                Err(error) if error.is_transient() => {
                    let at = Timestamp(self.now().0.saturating_add(pause(outbox_item.attempts)));
                    tracing::debug!(outbox_item = no, %error, "an outbox item waits");
                    self.engine.call(move |engine| engine.postpone_outbox_item(no, at)).await??;
                    if error.is_silence() {
                        // The others would only wait as long for the same nothing.
                        return Ok(Some(at));
                    }
                }
                Err(error) => {
                    tracing::warn!(outbox_item = no, %error, "the relay refuses an outbox item; it is discarded");
                    let why = error.to_string();
                    self.engine.call(move |engine| engine.refuse_outbox_item(no, &why)).await??;
                }
            }
        }
        let outbox = self.engine.call(|engine| engine.outbox()).await?;
        Ok(outbox.into_iter().map(|outbox_item| outbox_item.next_at).min())
    }

    /// Pending orders left by a restart or a call that was cut off.
    async fn discard_pending_orders(&self, link: &Link) -> Result<(), PaymentError> {
        let now = self.now();
        let openings = self.engine.call(|engine| engine.pending_orders()).await?;
        for opening in openings {
            let age = now.0.saturating_sub(opening.created_at.0);
            // Somebody who waits for it has the turn, whatever the wall clock says of its age.
            let Some(_turn) = link.free_turn(opening.user) else { continue };
            // One that is a little ahead was made since this began, or before the clock was set back a little.
            if age.saturating_abs() >= OPENING_AGE_MAX_MS {
                let request = opening.request_id;
                self.engine.call(move |engine| engine.order_failed(&request, true)).await??;
            }
        }
        Ok(())
    }

    async fn send_outbox_item(&self, link: &Link, outbox_item: &OutboxItem) -> Result<(), CallError> {
        match &outbox_item.work {
            OutboxWork::Abandon { request_id, .. } => self.discard_request(link, request_id).await.map(drop),
            OutboxWork::Cancel { order } => {
                let status = self.ask_about(link, &order.0, || link.relay.cancel(&order.0)).await?;
                if status.is_open() { Err(CallError::StillOpen) } else { Ok(()) }
            }
            OutboxWork::Refund { order, key, amount, reason } => {
                let refund =
                    RefundOrder { refund_key: key.clone(), amount_rp: amount.0, reason: reason.clone() };
                self.ask_about(link, &order.0, || link.relay.refund(&order.0, &refund)).await.map(drop)
            }
            OutboxWork::Adopt { order } => self.adopt(link, &order.0).await,
        }
    }
}

/// A time far ahead is one that was written before the clock was set back.
fn is_due(outbox_item: &OutboxItem, now: Timestamp) -> bool {
    outbox_item.next_at <= now || outbox_item.next_at.0 > now.0.saturating_add(ms(PAUSE_MAX))
}

fn pause(attempts: u32) -> i64 {
    ms(backoff::doubled(PAUSE, attempts, PAUSE_MAX))
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
