//! Opening a charge, so that whatever happens on the way one request is one charge at most.
//!
//! The order is written down before the gateway hears of it. The caller is answered within the time that callers
//! wait; what is not known by then is found out by the reconciler.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::{Instant, sleep, timeout_at};

use super::merchant::Merchant;
use super::order_id::new_order_id;
use super::request::{self, OrderOwner, check_open};
use super::row;
use super::service::{MERCHANT_KEY_MISSING, OrderEdit, Relay, RelayAsk};
use super::site::RelaySite;
use super::store::{OpenedOrder, StoredOrder};
use crate::domain::order::{Flag, OrderState};
use crate::domain::payment::{GatewayReport, GatewayStatus, PaymentEffect, Standing};
use crate::domain::units::Timestamp;
use crate::midtrans::{Charge, Charged, GatewayError};
use crate::protocol::relay::{OpenOrder, RelayOrder};
use crate::tools::backoff::jittered;
use crate::web::Problem;

/// When the reconciler looks after an order whose charge was begun and not finished: later than any charge takes.
const LOOK_AFTER_MS: i64 = 35_000;
/// So long the gateway remembers the key that makes a repetition harmless; a little less.
const KEY_KEPT_MS: i64 = 4 * 60 * 1000;
/// Tries while the gateway asks to slow down.
const SLOW_TRIES_MAX: u32 = 4;
/// Before the second try to connect.
const CONNECT_PAUSE: Duration = Duration::from_millis(200);
/// The gateway's code for a method that the account does not have.
const METHOD_OFF: u16 = 402;

/// `POST /v1/orders`. The work goes on when the caller leaves: what was begun at the gateway is finished here.
pub(super) async fn open(
    relay: &Arc<Relay>,
    site: &Arc<RelaySite>,
    wanted: OpenOrder,
) -> Result<RelayOrder, Problem> {
    check_open(&wanted)?;
    let (relay, site) = (Arc::clone(relay), Arc::clone(site));
    let work = tokio::spawn(async move { open_once(&relay, &site, wanted).await });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "opening a charge broke down");
        Err(Problem::internal())
    })
}

async fn open_once(relay: &Relay, site: &RelaySite, wanted: OpenOrder) -> Result<RelayOrder, Problem> {
    let end = Instant::now() + relay.timeouts.charge;
    let name = format!("{}/{}", site.id, wanted.request_id);
    let Ok(held) = timeout_at(end, relay.hold(name)).await else {
        return Err(unknown("the same request is still being worked on"));
    };
    let _held = held?;
    let id = new_order_id(&site.tag).map_err(|error| {
        tracing::error!(%error, "the system has no random bytes");
        Problem::internal()
    })?;
    let (now, merchant) = (relay.now(), &*site.merchant);
    merchant.keys().map_err(|_| Problem::unavailable("merchant_key", MERCHANT_KEY_MISSING))?;
    let owner = OrderOwner { merchant: &merchant.id, site: &site.id };
    let expires_in = Duration::from_secs(u64::from(wanted.expires_in_s));
    let order = request::new_row(owner, id, wanted, now, look_after(now));
    let mut charging = Charging { relay, merchant, order, expires_in, end };
    match relay.store.open(&charging.order).await? {
        OpenedOrder::New => charging.charge().await,
        OpenedOrder::Known(known) => {
            charging.order = *known;
            charging.resume().await
        }
        OpenedOrder::Conflict => Err(conflict()),
        OpenedOrder::Abandoned => Err(abandoned()),
    }
}

fn look_after(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_add(LOOK_AFTER_MS))
}

/// What a try, or two, at the gateway led to.
enum Tried {
    /// It is open.
    Charged(Box<Charged>),
    /// Nothing was sent.
    NotSent(String),
    /// It may be open. What the last try was refused with, if it was.
    Unsure(Option<GatewayError>),
    /// It was not opened.
    Refused(GatewayError),
}

/// What to do about a charge that the gateway does not know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    /// Try to open it once more.
    TryAgain,
    /// Leave it to the reconciler.
    GiveUp,
}

struct Charging<'a> {
    relay: &'a Relay,
    merchant: &'a Merchant,
    order: StoredOrder,
    expires_in: Duration,
    end: Instant,
}

impl Charging<'_> {
    /// The request was made before: its answer, or the rest of its work.
    async fn resume(self) -> Result<RelayOrder, Problem> {
        let state = self.order.standing.state;
        let is_over = state.rank() >= OrderState::Paid.rank();
        if self.order.abandoned && !is_over {
            return Err(abandoned());
        }
        if state == OrderState::Failed && never_left(&self.order) {
            return self.begin_again().await;
        }
        let is_answered = !state.is_open() || row::has_means(&self.order) || row::is_adopted(&self.order);
        if is_answered {
            return Ok(row::view(&self.order));
        }
        let age = self.relay.now().0.saturating_sub(self.order.created_at.0);
        if age < KEY_KEPT_MS && self.merchant.repeats_safely(self.order.method) {
            self.charge().await
        } else {
            self.find_out(None, Absent::TryAgain).await
        }
    }

    /// The gateway never heard of it, so that the same request may try once more.
    async fn begin_again(mut self) -> Result<RelayOrder, Problem> {
        let now = self.relay.now();
        let expires_in_ms = i64::try_from(self.expires_in.as_millis()).unwrap_or(i64::MAX);
        let edit = |row: &mut StoredOrder| {
            if row.standing.state != OrderState::Failed || !never_left(row) {
                return None;
            }
            row.standing = Standing::created();
            row.expires_at = Timestamp(now.0.saturating_add(expires_in_ms));
            Some(OrderEdit { effects: vec![PaymentEffect::Status], ask: RelayAsk::At(look_after(now)) })
        };
        self.change(edit).await?;
        if self.order.standing.state == OrderState::Created {
            return self.charge().await;
        }
        Ok(row::view(&self.order))
    }

    async fn charge(self) -> Result<RelayOrder, Problem> {
        match self.try_charge().await {
            Tried::Charged(charged) => self.accept(*charged).await,
            Tried::Unsure(refusal) => self.find_out(refusal, Absent::TryAgain).await,
            Tried::NotSent(why) => self.fail(GatewayError::Unreachable(why)).await,
            Tried::Refused(error) => self.fail(error).await,
        }
    }

    async fn try_charge(&self) -> Tried {
        let charge = self.request();
        let key = format!("c-{}", self.order.id);
        let repeats = self.merchant.repeats_safely(self.order.method);
        let (mut unsure, mut not_sent, mut slow) = (0, 0, 0);
        loop {
            let Some(limit) = self.left(self.relay.timeouts.charge_try) else { return Tried::Unsure(None) };
            let error = match self.merchant.charge(&charge, &key, limit).await {
                Ok(charged) => return Tried::Charged(Box::new(charged)),
                Err(error) => error,
            };
            match error {
                GatewayError::Unknown(_) if unsure == 0 && repeats => unsure += 1,
                GatewayError::Unknown(_) | GatewayError::Duplicate(_) | GatewayError::Settled(_) => {
                    return Tried::Unsure(None);
                }
                GatewayError::Unreachable(_) if unsure > 0 => return Tried::Unsure(None),
                GatewayError::Unreachable(why) if not_sent > 0 || self.merchant.is_held_back() => {
                    return Tried::NotSent(why);
                }
                GatewayError::Unreachable(_) => {
                    not_sent += 1;
                    sleep(jittered(CONNECT_PAUSE, CONNECT_PAUSE * 3 / 2).min(self.relay.timeouts.charge_try))
                        .await;
                }
                GatewayError::SlowDown if slow < SLOW_TRIES_MAX => {
                    let pause = self.relay.timeouts.slow_down * 2_u32.pow(slow);
                    slow += 1;
                    sleep(jittered(pause, pause * 3 / 2)).await;
                }
                refused if unsure > 0 => return Tried::Unsure(Some(refused)),
                refused => return Tried::Refused(refused),
            }
        }
    }

    fn request(&self) -> Charge {
        Charge {
            order: self.order.id.clone(),
            method: self.order.method,
            amount: self.order.amount,
            items: self.order.items.clone(),
            expires_in: self.expires_in,
            notification_url: self.merchant.notification_url.clone(),
            return_url: self.order.return_url.clone(),
        }
    }

    /// How long a call may take, at most `max`; `None` when it is no use to begin one.
    fn left(&self, max: Duration) -> Option<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        (left > max / 10).then(|| left.min(max))
    }

    /// The charge may be open: asks, a few times if need be, and takes it over when it is.
    async fn find_out(
        mut self,
        refusal: Option<GatewayError>,
        absent: Absent,
    ) -> Result<RelayOrder, Problem> {
        let mut is_absent = false;
        for pause in [Duration::ZERO].into_iter().chain(self.relay.timeouts.ask_again) {
            if self.end.saturating_duration_since(Instant::now()) <= pause {
                break;
            }
            sleep(pause).await;
            let Some(limit) = self.left(self.relay.timeouts.call) else { break };
            match self.merchant.recall(&self.order.id, limit).await {
                Ok(Some(charged)) => return self.accept(charged).await,
                Ok(None) => is_absent = true,
                Err(error) => {
                    is_absent = false;
                    tracing::info!(order.id = %self.order.id, %error, "cannot find out about a charge yet");
                }
            }
        }
        if let Some(error) = refusal.filter(|_| is_absent) {
            return self.fail(error).await;
        }
        if is_absent && absent == Absent::TryAgain {
            return self.charge_again().await;
        }
        let edit = |row: &mut StoredOrder| {
            let nobody_knows = row.standing.state == OrderState::Created && !row::has_means(row);
            nobody_knows.then(|| {
                let advance = row.standing.flagged(Flag::ChargeUnknown);
                let effects = row::apply_advance(row, advance, row.created_at);
                OrderEdit { effects, ask: RelayAsk::ByPlan }
            })
        };
        self.change(edit).await?;
        // A notification may have brought it meanwhile.
        let state = self.order.standing.state;
        if !state.is_open() || row::has_means(&self.order) {
            return Ok(row::view(&self.order));
        }
        if state != OrderState::Created {
            return self.call_off_orphan().await;
        }
        tracing::warn!(order.id = %self.order.id, "nobody knows whether a charge is open; the gateway is asked on");
        Err(unknown("the gateway did not say whether the charge is open; it is asked on"))
    }

    /// The gateway has said again and again that it does not know the charge. It takes an order id once: should it
    /// have the charge after all, it says so now.
    async fn charge_again(self) -> Result<RelayOrder, Problem> {
        match self.try_charge().await {
            Tried::Charged(charged) => self.accept(*charged).await,
            Tried::Refused(error) => self.fail(error).await,
            Tried::Unsure(_) | Tried::NotSent(_) => Box::pin(self.find_out(None, Absent::GiveUp)).await,
        }
    }

    /// An open charge, if it is the one that was asked for.
    async fn accept(mut self, charged: Charged) -> Result<RelayOrder, Problem> {
        if let Some(report) = &charged.report {
            self.relay.learn(self.merchant, report).await?;
            let mismatches = self.mismatches(report);
            if !mismatches.is_empty() {
                return self.refuse(report, mismatches).await;
            }
        }
        let (now, merchant) = (self.relay.now(), self.merchant);
        // Only a question is believed about money: the answer to a charge says that it is open.
        let says_paid = charged.report.as_ref().is_some_and(|report| report.status.is_money());
        let edit = |row: &mut StoredOrder| {
            row::add_means(row, &charged.means);
            if let Some(at) = charged.expires_at.filter(|_| row.standing.state.is_open()) {
                row.expires_at = at;
            }
            row.standing.flags.remove(&Flag::ChargeUnknown);
            if says_paid {
                return Some(OrderEdit { effects: Vec::new(), ask: RelayAsk::At(now) });
            }
            let terms = merchant.terms(row);
            let effects = charged.report.as_ref().map(|report| row::apply_report(row, &terms, report, now));
            Some(OrderEdit::by_plan(effects.unwrap_or_default()))
        };
        self.change(edit).await?;
        if says_paid && !self.is_confirmed().await? {
            // It may be paid, so it is neither called off nor credited: the reconciler asks on.
            return Ok(row::view(&self.order));
        }
        let is_open = self.order.standing.state.is_open();
        let is_payable = charged.report.as_ref().is_none_or(|report| report.status == GatewayStatus::Pending);
        if is_payable && matches!(self.order.standing.state, OrderState::Cancelled | OrderState::Failed) {
            // It was called off while it was being opened, when the gateway did not know it yet.
            return self.call_off_late().await;
        }
        if is_open && self.order.abandoned {
            self.call_off_later().await?;
            return Err(abandoned());
        }
        if is_open && !row::has_means(&self.order) {
            return self.call_off_orphan().await;
        }
        Ok(row::view(&self.order))
    }

    fn mismatches(&self, report: &GatewayReport) -> BTreeSet<Flag> {
        let terms = self.merchant.terms(&self.order);
        let mut flags = terms.doubts(report);
        if !terms.is_about(report, &self.order.standing) {
            flags.insert(Flag::OrderMismatch);
        }
        flags
    }

    /// The gateway opened something else than was asked for: nobody shall pay that.
    async fn refuse(mut self, report: &GatewayReport, flags: BTreeSet<Flag>) -> Result<RelayOrder, Problem> {
        let names: Vec<&str> = flags.iter().map(|flag| flag.name()).collect();
        tracing::error!(order.id = %self.order.id, flags = names.join(","), "the gateway opened another charge");
        let id = report.transaction.clone().unwrap_or_else(|| self.order.id.clone());
        let limit = self.left(self.relay.timeouts.call).unwrap_or(self.relay.timeouts.charge_try / 10);
        let cancelled = self.merchant.cancel(&id, limit).await;
        let now = self.relay.now();
        let edit = |row: &mut StoredOrder| {
            row.standing.transaction = row.standing.transaction.take().or_else(|| report.transaction.clone());
            row.standing.flags.extend(flags.iter().copied());
            let mut effects = vec![PaymentEffect::Status];
            if cancelled.is_ok() {
                let advance = row.standing.closed(OrderState::Failed);
                effects.extend(row::apply_advance(row, advance, row.created_at));
                effects.dedup();
                return Some(OrderEdit::by_plan(effects));
            }
            row.abandoned = true;
            Some(OrderEdit { effects, ask: RelayAsk::At(now) })
        };
        self.change(edit).await?;
        if let Err(GatewayError::Settled(_)) = cancelled {
            self.ask_now().await?;
            if self.order.standing.state.rank() >= OrderState::Paid.rank() {
                return Ok(row::view(&self.order));
            }
        }
        let detail = format!("the gateway opened another charge than was asked for: {}", names.join(", "));
        Err(Problem::new(StatusCode::BAD_GATEWAY, "gateway_mismatch", detail))
    }

    /// The charge is open, and how to pay it was lost on the way.
    async fn call_off_orphan(mut self) -> Result<RelayOrder, Problem> {
        let limit = self.left(self.relay.timeouts.call).unwrap_or(self.relay.timeouts.charge_try / 10);
        match self.merchant.cancel(&self.order.id, limit).await {
            Ok(Some(report)) => {
                let taken = self.relay.take_report(self.merchant, &self.order.id, &report).await?;
                self.order = taken.unwrap_or(self.order);
            }
            Err(GatewayError::Settled(_)) => self.ask_now().await?,
            Ok(None) | Err(_) => self.call_off_later().await?,
        }
        if self.order.standing.state.rank() >= OrderState::Paid.rank() {
            return Ok(row::view(&self.order));
        }
        Err(unknown(
            "the charge was opened and how to pay it was lost on the way: it is called off; ask anew",
        ))
    }

    /// A charge of an order that is over already: nobody was shown how to pay it.
    async fn call_off_late(self) -> Result<RelayOrder, Problem> {
        let limit = self.left(self.relay.timeouts.call).unwrap_or(self.relay.timeouts.charge_try / 10);
        if let Err(error) = self.merchant.cancel(&self.order.id, limit).await {
            tracing::warn!(order.id = %self.order.id, %error, "a charge that nobody wants could not be called off");
        }
        Err(abandoned())
    }

    async fn call_off_later(&mut self) -> Result<(), Problem> {
        let now = self.relay.now();
        let edit = |row: &mut StoredOrder| {
            row.abandoned = true;
            Some(OrderEdit { effects: Vec::new(), ask: RelayAsk::At(now) })
        };
        self.change(edit).await
    }

    /// Asks for the status of the order. `false` when the gateway does not answer.
    async fn is_confirmed(&mut self) -> Result<bool, Problem> {
        let _held = self.relay.hold(self.order.id.clone()).await?;
        match self.relay.ask(self.merchant, &self.order.id).await {
            Ok((order, is_known)) => {
                self.order = order.unwrap_or_else(|| self.order.clone());
                Ok(is_known)
            }
            Err(super::service::AskError::Store(error)) => Err(error.into()),
            Err(super::service::AskError::Gateway(_)) => Ok(false),
        }
    }

    async fn ask_now(&mut self) -> Result<(), Problem> {
        let _held = self.relay.hold(self.order.id.clone()).await?;
        match self.relay.ask(self.merchant, &self.order.id).await {
            Ok((Some(order), _)) => self.order = order,
            Ok((None, _)) => {}
            Err(super::service::AskError::Store(error)) => return Err(error.into()),
            // The reconciler asks on.
            Err(super::service::AskError::Gateway(_)) => self.call_off_later().await?,
        }
        Ok(())
    }

    /// The gateway did not open it: the order ends here, unless it turns out to be paid all the same.
    async fn fail(mut self, error: GatewayError) -> Result<RelayOrder, Problem> {
        let edit = |row: &mut StoredOrder| {
            let advance = row.standing.closed(OrderState::Failed);
            Some(OrderEdit::by_plan(row::apply_advance(row, advance, row.created_at)))
        };
        self.change(edit).await?;
        if self.order.standing.state != OrderState::Failed {
            return Ok(row::view(&self.order));
        }
        if let GatewayError::Misconfigured { .. } = &error {
            tracing::error!(merchant.id = %self.merchant.id, %error, "charges are refused: look at the account");
        }
        Err(problem(&error))
    }

    async fn change(
        &mut self,
        edit: impl Fn(&mut StoredOrder) -> Option<OrderEdit> + Send + Sync,
    ) -> Result<(), Problem> {
        if let Some(order) = self.relay.change(self.merchant, &self.order.id, &[], edit).await? {
            self.order = order;
        }
        Ok(())
    }
}

/// Whether a failed order was never known to the gateway, as far as is known.
fn never_left(row: &StoredOrder) -> bool {
    row.standing.transaction.is_none() && row.standing.flags.is_empty() && !row.standing.credited
}

/// The answer to a caller when the gateway did not do it.
pub(super) fn problem(error: &GatewayError) -> Problem {
    let refused = |code| Problem::new(StatusCode::BAD_GATEWAY, code, error.to_string());
    match error {
        GatewayError::Unreachable(_) => Problem::unavailable("gateway_unreachable", error.to_string()),
        GatewayError::SlowDown => Problem::unavailable("gateway_busy", error.to_string()),
        GatewayError::Unknown(_) => unknown(&error.to_string()),
        GatewayError::Rejected { code: METHOD_OFF, .. } => refused("method_unavailable"),
        GatewayError::Misconfigured { .. } => refused("gateway_misconfigured"),
        GatewayError::Rejected { .. } | GatewayError::Duplicate(_) | GatewayError::Settled(_) => {
            refused("gateway_refused")
        }
    }
}

fn unknown(detail: &str) -> Problem {
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "gateway_unknown", detail)
}

fn conflict() -> Problem {
    let detail = "this request_id stands for another order: send a new one for another order";
    Problem::conflict("request_conflict", detail)
}

fn abandoned() -> Problem {
    Problem::conflict("request_abandoned", "this request was given up: send a new one")
}
