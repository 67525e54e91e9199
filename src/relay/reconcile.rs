//! Asking about every order that may still change, whether or not a notification came.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::merchant::{Merchant, QUESTION_EVERY, QUESTIONS_BURST};
use super::orders::cancel_order;
use super::row::{self, is_by_page};
use super::schedule;
use super::service::{AskError, LEAVE_FOR, OrderEdit, Relay, RelayAsk};
use super::store::{RelayStoreError, StoredOrder};
use crate::domain::order::OrderState;
use crate::domain::units::Timestamp;
use crate::midtrans::GatewayError;
use crate::tools::backoff::jittered;

/// Orders of one merchant looked at together.
const BATCH: u32 = 100;
/// Orders of one merchant asked about at the same time.
const PARALLEL_MAX: usize = 4;

/// Asks about every order that is due, but for those of merchants that another turn is busy with: one whose gateway is
/// slow keeps no other waiting. Answers how many were asked about.
pub async fn reconcile_once(relay: &Arc<Relay>, now: Timestamp) -> Result<usize, RelayStoreError> {
    let mut by_merchant: BTreeMap<String, Vec<StoredOrder>> = BTreeMap::new();
    for order in relay.store.due(now, BATCH).await? {
        by_merchant.entry(order.merchant.clone()).or_default().push(order);
    }
    let mut work = JoinSet::new();
    for (merchant, orders) in by_merchant {
        let Some(merchant) = relay.merchant(&merchant) else {
            let count = orders.len();
            tracing::warn!(
                merchant.id = merchant,
                orders = count,
                "orders of a merchant that neither configuration nor database has"
            );
            put_off(relay, orders, schedule::after_silence(u32::MAX, now)).await?;
            continue;
        };
        let Some(turn) = AskingTurn::begin(relay, &merchant.id) else { continue };
        work.spawn(async move { of_merchant(&turn.relay, &merchant, orders).await });
    }
    let (mut asked, mut result) = (0, Ok(()));
    while let Some(ended) = work.join_next().await {
        match ended {
            Ok(Ok(count)) => asked += count,
            Ok(Err(error)) => result = Err(error),
            Err(error) => tracing::error!(%error, "asking about orders broke down"),
        }
    }
    result.map(|()| asked)
}

/// One merchant's orders while they are asked about.
struct AskingTurn {
    relay: Arc<Relay>,
    merchant: String,
}

impl AskingTurn {
    fn begin(relay: &Arc<Relay>, merchant: &str) -> Option<Self> {
        let mut busy = relay.reconciling.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = || Self { relay: Arc::clone(relay), merchant: merchant.to_owned() };
        busy.insert(merchant.to_owned()).then(turn)
    }
}

impl Drop for AskingTurn {
    fn drop(&mut self) {
        let mut busy = self.relay.reconciling.lock().unwrap_or_else(PoisonError::into_inner);
        busy.remove(&self.merchant);
        self.relay.due.notify_one();
    }
}

/// Nobody can be asked about these now. They make room for those of other merchants.
async fn put_off(
    relay: &Relay,
    orders: impl IntoIterator<Item = StoredOrder>,
    until: Timestamp,
) -> Result<(), RelayStoreError> {
    let now = relay.now();
    for mut order in orders {
        order.ask_at = Some(until);
        // A change in the meantime has set the next time to ask.
        relay.store.update(&order, &[], &[], now).await?;
    }
    Ok(())
}

async fn of_merchant(
    relay: &Arc<Relay>,
    merchant: &Arc<Merchant>,
    orders: Vec<StoredOrder>,
) -> Result<usize, RelayStoreError> {
    let (mut work, mut asked, mut result) = (JoinSet::new(), 0, Ok(()));
    let mut left = 0;
    let mut orders = orders.into_iter();
    while let Some(order) = orders.next() {
        if *relay.stopping.borrow() {
            break;
        }
        if merchant.is_held_back() {
            let until = schedule::while_held_back(relay.now());
            result = result.and(put_off(relay, [order].into_iter().chain(orders), until).await);
            break;
        }
        // Before the pace: an order that somebody else is at costs no question.
        let held = match relay.try_hold(order.id.clone()).await {
            Ok(Some(held)) => held,
            Ok(None) => {
                left += 1;
                continue;
            }
            Err(error) => {
                result = result.and(Err(error));
                break;
            }
        };
        paced(relay, merchant).await;
        if work.len() >= PARALLEL_MAX {
            result = result.and(joined(work.join_next().await));
        }
        asked += 1;
        let (relay, merchant) = (Arc::clone(relay), Arc::clone(merchant));
        work.spawn(async move {
            let _held = held;
            look_after(&relay, &merchant, &order.id).await
        });
    }
    while let Some(ended) = work.join_next().await {
        result = result.and(joined(Some(ended)));
    }
    if asked == 0 && left > 0 {
        sleep(LEAVE_FOR).await;
    }
    result.map(|()| asked)
}

fn joined(
    ended: Option<Result<Result<(), RelayStoreError>, tokio::task::JoinError>>,
) -> Result<(), RelayStoreError> {
    match ended {
        Some(Ok(result)) => result,
        Some(Err(error)) => {
            tracing::error!(%error, "asking about an order broke down");
            Ok(())
        }
        None => Ok(()),
    }
}

/// Waits until the merchant's next question is due. Relays on one store share what a merchant may ask; where the store
/// does not say, this one goes by what it asked itself.
async fn paced(relay: &Relay, merchant: &Merchant) {
    loop {
        let shared = relay.store.pace(&merchant.id, QUESTION_EVERY, QUESTIONS_BURST).await;
        let wait = match shared {
            Ok(Some(wait)) => wait,
            Ok(None) | Err(_) => merchant.wait_for_question(),
        };
        if wait.is_zero() {
            return;
        }
        sleep(jittered(wait, wait * 3 / 2)).await;
    }
}

/// Asks about one order, which the caller holds, and does what its time and its site's wish demand.
async fn look_after(relay: &Relay, merchant: &Merchant, id: &str) -> Result<(), RelayStoreError> {
    let now = relay.now();
    let Some(order) = relay.store.order(&merchant.id, id).await? else { return Ok(()) };
    if order.ask_at.is_none_or(|at| at > now) {
        // Somebody else asked meanwhile.
        return Ok(());
    }
    match ask_and_act(relay, merchant, &order, now).await {
        Ok(()) => Ok(()),
        Err(AskError::Store(error)) => Err(error),
        Err(AskError::Gateway(error)) => {
            if let GatewayError::Misconfigured { .. } = &error {
                tracing::error!(merchant.id = %merchant.id, %error, "the gateway cannot be asked");
            }
            let edit = |row: &mut StoredOrder| {
                row.asked = row.asked.saturating_add(1);
                let at = schedule::after_silence(row.asked, now);
                Some(OrderEdit { effects: Vec::new(), ask: RelayAsk::At(at) })
            };
            relay.change(merchant, id, &[], edit).await.map(drop)
        }
    }
}

async fn ask_and_act(
    relay: &Relay,
    merchant: &Merchant,
    order: &StoredOrder,
    now: Timestamp,
) -> Result<(), AskError> {
    if order.standing.state.is_open() && order.abandoned {
        // No need to ask first: the answer to the cancellation shows it. The gateway may not know a charge yet that is
        // only just being opened.
        let is_uncharged = order.standing.transaction.is_none()
            && (is_by_page(order) || schedule::is_charge_lost(order, now));
        let is_unheard = is_uncharged || schedule::is_past_hope(order, now);
        let unheard = is_unheard.then_some(OrderState::Failed);
        return cancel_order(relay, order, unheard).await.map(drop);
    }
    let (order, is_known) = relay.ask(merchant, &order.id).await?;
    let Some(order) = order else { return Ok(()) };
    if !is_known {
        return absent(relay, merchant, &order, now).await.map_err(Into::into);
    }
    if order.standing.state.is_open() && schedule::is_past_grace(&order, now) {
        cancel_order(relay, &order, Some(OrderState::Expired)).await?;
    }
    Ok(())
}

/// The gateway does not know the order: nobody picked how to pay, or it was never charged, or not yet.
async fn absent(
    relay: &Relay,
    merchant: &Merchant,
    order: &StoredOrder,
    now: Timestamp,
) -> Result<(), RelayStoreError> {
    let edit = |row: &mut StoredOrder| {
        let is_uncharged = row.standing.state == OrderState::Created && !is_by_page(row);
        let end = if is_uncharged && schedule::is_charge_lost(row, now) {
            Some(OrderState::Failed)
        } else if row.standing.state.is_open() && schedule::is_past_hope(row, now) {
            Some(OrderState::Expired)
        } else {
            None
        };
        let advance = end.map(|state| row.standing.closed(state));
        let effects = advance.map(|advance| row::apply_advance(row, advance, row.created_at));
        Some(OrderEdit::by_plan(effects.unwrap_or_default()))
    };
    relay.change(merchant, &order.id, &[], edit).await.map(drop)
}
