//! The feed, and the errands that wait for the relay: each a plain call, driven by loops or by tests.

use std::time::Duration;

use super::{Link, Pending, RelayError, lock};
use crate::agent::engine::{Engine, EngineError, EngineGone, FeedApplied, OutboxItem, OutboxWork};
use crate::agent::site::{Service, ServiceError};
use crate::domain::id::OrderId;
use crate::domain::order::OrderState;
use crate::domain::units::Timestamp;
use crate::protocol::relay::{RefundOrder, RelayOrder};
use crate::tools::backoff;

/// Items of one page of the feed.
const PAGE_ITEMS: u32 = 100;
/// Nobody waits for an opening of this age any more: whoever asked for it was cut off. One that seems to come from so
/// far ahead was written before the clock was set back.
const OPENING_AGE_MAX_MS: i64 = 60_000;
/// The relay's code for an order that the gateway did not call off.
pub(crate) const NOT_CANCELLED: &str = "not_cancelled";
/// The first pause after an errand failed; each further one is twice as long ...
const PAUSE: Duration = Duration::from_secs(2);
/// ... up to this: a relay that is back is told within half a minute.
const PAUSE_MAX: Duration = Duration::from_secs(30);

impl Service {
    /// Takes one page of the feed, waiting for one as long as `wait`.
    pub async fn pull_once(&self, wait: Duration) -> Result<FeedApplied, ServiceError> {
        let link = self.link()?;
        let cursor = self.engine().call(|engine| engine.cursor()).await?;
        let page = link.relay.feed(cursor.seq, wait, PAGE_ITEMS).await;
        self.heard(link, &page).await?;
        if let Err(error @ (RelayError::Refused { .. } | RelayError::NotFound | RelayError::Nonsense(_))) =
            &page
        {
            link.note_refused(self.now(), error);
        }
        let page = page?;
        let apply = move |engine: &mut Engine| {
            // Somebody else may have read on while this call hung on the feed.
            let is_current = engine.cursor() == cursor;
            let stale = || Ok(FeedApplied { more: true, ..FeedApplied::default() });
            if is_current { engine.apply_feed(&page) } else { stale() }
        };
        let applied = self.engine().call(apply).await??;
        {
            let mut figures = lock(&link.figures);
            figures.pulled += 1;
            figures.items += applied.items;
            figures.credited += applied.credited.len() as u64;
        }
        if applied.turned || !applied.credited.is_empty() {
            self.wake();
        }
        if applied.restarted {
            link.wake_outbox();
        }
        Ok(applied)
    }

    /// Does every errand that is due, until the relay cannot be reached. Answers when to come again, if there is more.
    pub async fn outbox_once(&self) -> Result<Option<Timestamp>, ServiceError> {
        let link = self.link()?;
        self.give_up_openings(link).await?;
        let now = self.now();
        let outbox = self.engine().call(|engine| engine.outbox()).await?;
        for outbox_item in outbox.into_iter().filter(|outbox_item| is_due(outbox_item, now)) {
            let done = self.run_errand(link, &outbox_item).await;
            let no = outbox_item.no;
            match done {
                Ok(()) => self.engine().call(move |engine| engine.errand_done(no)).await??,
                Err(error) if error.is_transient() => {
                    let at = Timestamp(self.now().0.saturating_add(pause(outbox_item.attempts)));
                    tracing::debug!(outbox_item = no, %error, "an errand to the relay waits");
                    self.engine().call(move |engine| engine.errand_postponed(no, at)).await??;
                    if error.is_silence() {
                        // The others would only wait as long for the same nothing.
                        return Ok(Some(at));
                    }
                }
                Err(error) => {
                    tracing::warn!(outbox_item = no, %error, "the relay refuses an errand; it is given up");
                    let why = error.to_string();
                    self.engine().call(move |engine| engine.errand_refused(no, &why)).await??;
                }
            }
        }
        let outbox = self.engine().call(|engine| engine.outbox()).await?;
        Ok(outbox.into_iter().map(|outbox_item| outbox_item.next_at).min())
    }

    /// Openings that a restart or a cut-off call left behind.
    async fn give_up_openings(&self, link: &Link) -> Result<(), ServiceError> {
        let now = self.now();
        let openings = self.engine().call(|engine| engine.openings()).await?;
        for opening in openings {
            let age = now.0.saturating_sub(opening.created_at.0);
            // Somebody who waits for it has the turn, whatever the wall clock says of its age.
            let Some(_turn) = link.free_turn(opening.user) else { continue };
            // One that is a little ahead was made since this began, or before the clock was set back a little.
            if age.saturating_abs() >= OPENING_AGE_MAX_MS {
                let request = opening.request_id;
                self.engine().call(move |engine| engine.order_failed(&request, true)).await??;
            }
        }
        Ok(())
    }

    async fn run_errand(&self, link: &Link, outbox_item: &OutboxItem) -> Result<(), ErrandError> {
        match &outbox_item.work {
            OutboxWork::Abandon { request_id, .. } => self.abandon(link, request_id).await.map(drop),
            OutboxWork::Cancel { order } => {
                let status = self.ask_about(link, &order.0, || link.relay.cancel(&order.0)).await?;
                if status.is_open() { Err(ErrandError::StillOpen) } else { Ok(()) }
            }
            OutboxWork::Refund { order, key, amount, reason } => {
                let refund =
                    RefundOrder { refund_key: key.clone(), amount_rp: amount.0, reason: reason.clone() };
                self.ask_about(link, &order.0, || link.relay.refund(&order.0, &refund)).await.map(drop)
            }
            OutboxWork::Adopt { order } => self.adopt(link, &order.0).await,
        }
    }

    /// Gives an attempt up, until nobody can pay a charge of it any more. Answers its order where that was paid before.
    pub(crate) async fn abandon(&self, link: &Link, request: &str) -> Result<Option<OrderId>, ErrandError> {
        let answer = link.relay.abandon(request).await;
        self.heard(link, &answer).await?;
        let Some(order) = answer?.order else { return Ok(None) };
        let (id, mut status) = (OrderId(order.order_id.clone()), order.status);
        self.engine().call(move |engine| engine.order_seen(&order)).await??;
        if status.is_open() {
            status = self.ask_about(link, &id.0, || link.relay.cancel(&id.0)).await?;
        }
        match status {
            status if status.is_open() => Err(ErrandError::StillOpen),
            OrderState::Paid | OrderState::PartiallyRefunded | OrderState::Review => Ok(Some(id)),
            _ => Ok(None),
        }
    }

    /// A call about one order, whose answer is taken over. An order that the relay lost is handed back first.
    pub(crate) async fn ask_about<'a>(
        &self,
        link: &Link,
        id: &str,
        call: impl Fn() -> Pending<'a, RelayOrder>,
    ) -> Result<OrderState, ErrandError> {
        let mut answer = call().await;
        if matches!(answer, Err(RelayError::NotFound)) {
            self.adopt(link, id).await?;
            answer = call().await;
        }
        self.take_in(link, answer).await
    }

    /// Hands an order back that the relay lost, if it did.
    async fn adopt(&self, link: &Link, id: &str) -> Result<(), ErrandError> {
        let known = link.relay.order(id).await;
        let answer = match known {
            Err(RelayError::NotFound) => {
                let order = OrderId(id.to_owned());
                let adoption = self.engine().call(move |engine| engine.adoption(&order)).await??;
                let Some(adoption) = adoption else { return Ok(()) };
                tracing::info!(order.id = id, "the relay lost an order; handing it back");
                link.relay.adopt(id, &adoption).await
            }
            known => known,
        };
        self.take_in(link, answer).await?;
        Ok(())
    }

    /// Takes over what the relay said of an order, and answers where it stands.
    async fn take_in(
        &self,
        link: &Link,
        answer: Result<RelayOrder, RelayError>,
    ) -> Result<OrderState, ErrandError> {
        self.heard(link, &answer).await?;
        let order = answer?;
        let status = order.status;
        self.engine().call(move |engine| engine.order_seen(&order)).await??;
        if !status.is_open() {
            link.wake_feed.notify_one();
        }
        Ok(status)
    }

    /// Notes how a call went, and tells the ledger since when the relay is silent.
    pub(crate) async fn heard<T>(
        &self,
        link: &Link,
        answer: &Result<T, RelayError>,
    ) -> Result<(), ServiceError> {
        let was_silent = link.silent_since();
        link.note(self.now(), self.uptime(), answer);
        if answer.is_err() {
            lock(&link.figures).failed += 1;
        }
        let silent = link.silent_since();
        // Told at every failure: a ledger that was opened anew does not remember.
        if silent.is_some() || was_silent.is_some() {
            self.engine().call(move |engine: &mut Engine| engine.relay_silent_since(silent)).await?;
        }
        if was_silent.is_some() && silent.is_none() {
            // Whatever waited for the relay need not wait any longer.
            link.wake_feed.notify_one();
            link.wake_outbox();
        }
        Ok(())
    }
}

/// Why an errand was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ErrandError {
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("the gateway has not called it off yet")]
    StillOpen,
}

impl ErrandError {
    /// Whether the relay does not answer, or not this site: no other call would go better.
    fn is_silence(&self) -> bool {
        matches!(self, Self::Relay(RelayError::Unreachable(_) | RelayError::Unauthorized(_)))
    }

    fn is_transient(&self) -> bool {
        match self {
            // It can still be paid, so it must be called off again.
            Self::Relay(RelayError::Refused { code, .. }) if code == NOT_CANCELLED => true,
            Self::Relay(error) => error.is_transient(),
            Self::Service(_) | Self::StillOpen => true,
        }
    }
}

impl From<EngineGone> for ErrandError {
    fn from(error: EngineGone) -> Self {
        Self::Service(error.into())
    }
}

impl From<EngineError> for ErrandError {
    fn from(error: EngineError) -> Self {
        Self::Service(error.into())
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
