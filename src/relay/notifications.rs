//! The gateway's notifications: kept first, believed never, decided by asking.
//!
//! At the door a notification is read, its signature judged, and kept; the answer takes milliseconds. Deciding comes
//! after: what the notifications of an order claim is remembered, the gateway is asked once for the status of the order,
//! and its answer becomes the order's state and its line in the feed in the transaction that ends the notifications.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::figures::Reception;
use super::merchant::Merchant;
use super::order_id::is_plausible;
use super::service::{LEAVE_FOR, MERCHANT_KEY_MISSING, OrderEdit, Relay, RelayAsk};
use super::store::{InboxRow, NewNotification, RelayStoreError, StoredOrder};
use super::{row, schedule};
use crate::domain::order::Flag;
use crate::domain::payment::{Claim, GatewayReport, PaymentEffect};
use crate::domain::units::Timestamp;
use crate::midtrans::notification::{BODY_BYTES_MAX, Malformed, Notification};
use crate::midtrans::{GatewayError, ServerKey};
use crate::web::Problem;

/// Notifications of one merchant looked at together.
const BATCH: u32 = 200;
/// Of notifications that are turned away, this many are logged each, and then one in as many.
const LOGGED_MAX: u64 = 20;

/// Takes a notification in. It is kept for good when this answers without a problem.
pub(super) async fn receive(relay: &Relay, merchant: &str, secret: &str, body: &[u8]) -> Result<(), Problem> {
    let Some(merchant) = relay.merchant(merchant).filter(|merchant| merchant.is_secret(secret)) else {
        relay.figures.count_notification(Reception::WrongAddress);
        return Err(Problem::not_found("address"));
    };
    let notification = match Notification::parse(body) {
        Ok(notification) => notification,
        Err(error) => return Err(turn_away(relay, &merchant, body, error).await?),
    };
    if !notification.is_signed_by(&keys(relay, &merchant)?) {
        return Err(doubt(relay, &merchant, &notification).await?);
    }
    let kept = NewNotification {
        merchant: merchant.id.clone(),
        order: notification.order,
        body: body.to_vec(),
        at: relay.now(),
    };
    match relay.store.receive(&kept).await {
        Ok(fresh) => {
            relay.figures.count_notification(if fresh { Reception::Kept } else { Reception::Repeated });
            // A repeated one, too: its sender has reason to think that it was lost.
            relay.inbox.notify_one();
            Ok(())
        }
        Err(error) => {
            relay.figures.count_notification(Reception::Unavailable);
            Err(error.into())
        }
    }
}

/// The keys that a notification may be signed with. Without any it cannot be judged: the gateway sends it again.
fn keys(relay: &Relay, merchant: &Merchant) -> Result<Vec<ServerKey>, Problem> {
    let keys = merchant.keys().map_err(|_| {
        relay.figures.count_notification(Reception::Unavailable);
        Problem::unavailable("merchant_key", MERCHANT_KEY_MISSING)
    })?;
    let keys = std::iter::once(keys.server_key).chain(keys.previous_keys);
    Ok(keys.map(|key| ServerKey::new(key.expose())).collect())
}

/// A body that cannot be read. The order that it names is marked.
async fn turn_away(
    relay: &Relay,
    merchant: &Merchant,
    body: &[u8],
    error: Malformed,
) -> Result<Problem, Problem> {
    if error == Malformed::TooLarge {
        let detail = format!("a notification may have at most {BODY_BYTES_MAX} bytes");
        return Ok(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
    }
    let count = relay.figures.count_notification(Reception::Malformed);
    if is_logged(count) {
        tracing::warn!(merchant.id = %merchant.id, %error, bytes = body.len(), count, "malformed notification");
    }
    let named = serde_json::from_slice::<serde_json::Value>(body).ok();
    let order = named.as_ref().and_then(|body| body["order_id"].as_str());
    mark(relay, merchant, order.unwrap_or_default(), Flag::Malformed).await?;
    Ok(Problem::malformed(error.to_string()))
}

/// A body that somebody else signed, or changed. The order that it names is marked.
async fn doubt(relay: &Relay, merchant: &Merchant, notification: &Notification) -> Result<Problem, Problem> {
    let count = relay.figures.count_notification(Reception::BadSignature);
    if is_logged(count) {
        let order = if is_plausible(&notification.order) { &*notification.order } else { "not an id" };
        tracing::warn!(
            merchant.id = %merchant.id,
            order.id = order,
            count,
            "a notification's signature is wrong: forged, or the server key was changed"
        );
    }
    mark(relay, merchant, &notification.order, Flag::BadSignature).await?;
    Ok(Problem::unauthorized("the signature is wrong"))
}

fn is_logged(count: u64) -> bool {
    count <= LOGGED_MAX || count.is_multiple_of(LOGGED_MAX)
}

async fn mark(relay: &Relay, merchant: &Merchant, order: &str, flag: Flag) -> Result<(), RelayStoreError> {
    if !is_plausible(order) {
        return Ok(());
    }
    let edit = |row: &mut StoredOrder| {
        let is_marked = row.standing.flags.contains(&flag);
        (!is_marked).then(|| {
            let advance = row.standing.flagged(flag);
            let effects = row::apply_advance(row, advance, row.created_at);
            OrderEdit { effects, ask: RelayAsk::AsBefore }
        })
    };
    relay.change(merchant, order, &[], edit).await.map(drop)
}

/// Decides every notification that is due and that no other turn is deciding. Answers how many there were.
pub async fn decide_once(relay: &Arc<Relay>, now: Timestamp) -> Result<usize, RelayStoreError> {
    let rows = relay.store.inbox(now, BATCH).await?;
    let mut orders: BTreeMap<(String, String), Vec<InboxRow>> = BTreeMap::new();
    for row in rows {
        orders.entry((row.merchant.clone(), row.order.clone())).or_default().push(row);
    }
    let mut work = JoinSet::new();
    let mut count = 0;
    for (order, rows) in orders {
        let Some(turn) = DecidingTurn::begin(relay, order) else { continue };
        count += rows.len();
        work.spawn(async move {
            let merchant = turn.relay.merchant(&turn.order.0);
            let place = match &merchant {
                Some(merchant) => Some(merchant.deciding.acquire().await),
                None => None,
            };
            let decided = decide(&turn.relay, &turn.order.0, &turn.order.1, &rows).await?;
            drop(place);
            if !decided {
                sleep(LEAVE_FOR).await;
            }
            Ok(())
        });
    }
    let mut result = Ok(());
    while let Some(ended) = work.join_next().await {
        match ended {
            Ok(decided) => result = result.and(decided),
            // It is decided at the next turn: nothing was ended.
            Err(error) => tracing::error!(%error, "deciding a notification broke down"),
        }
    }
    result.map(|()| count)
}

/// One order's notifications while they are decided; what comes for it meanwhile waits for the next turn.
struct DecidingTurn {
    relay: Arc<Relay>,
    order: (String, String),
}

impl DecidingTurn {
    fn begin(relay: &Arc<Relay>, order: (String, String)) -> Option<Self> {
        let mut deciding = relay.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        deciding.insert(order.clone()).then(|| Self { relay: Arc::clone(relay), order })
    }
}

impl Drop for DecidingTurn {
    fn drop(&mut self) {
        let mut deciding = self.relay.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        deciding.remove(&self.order);
        self.relay.inbox.notify_one();
    }
}

/// Decides the notifications of an order; `false`: another process is at it.
async fn decide(
    relay: &Relay,
    merchant: &str,
    order: &str,
    rows: &[InboxRow],
) -> Result<bool, RelayStoreError> {
    let Some(merchant) = relay.merchant(merchant) else {
        // The configuration lost the merchant; it may come back.
        return postpone(relay, rows).await.map(|()| true);
    };
    let merchant = &*merchant;
    let Some(_held) = relay.hold_or_leave(order.to_owned()).await? else { return Ok(false) };
    let decided = match merchant.status(order, relay.timeouts.call).await {
        Ok(Some(report)) => settle(relay, merchant, order, rows, &report).await,
        Ok(None) => doubt_claims(relay, merchant, order, rows).await,
        Err(error) => {
            if let GatewayError::Misconfigured { .. } = &error {
                tracing::error!(merchant.id = %merchant.id, %error, "the gateway cannot be asked");
            }
            postpone(relay, rows).await
        }
    };
    decided.map(|()| true)
}

/// The gateway answered: its answer is the order's state.
async fn settle(
    relay: &Relay,
    merchant: &Merchant,
    order: &str,
    rows: &[InboxRow],
    report: &GatewayReport,
) -> Result<(), RelayStoreError> {
    relay.learn(merchant, report).await?;
    let claims = claims(rows);
    let decided: Vec<u64> = rows.iter().map(|row| row.no).collect();
    let now = relay.now();
    let is_credited = std::sync::atomic::AtomicBool::new(false);
    let edit = |row: &mut StoredOrder| {
        for claim in &claims {
            row.standing = row.standing.claimed(claim);
        }
        let terms = merchant.terms(row);
        let effects = row::apply_report(row, &terms, report, now);
        is_credited.store(effects.contains(&PaymentEffect::Credit), std::sync::atomic::Ordering::Relaxed);
        // A claim that the gateway does not confirm is asked about again, soon.
        row.asked = 0;
        Some(OrderEdit { effects, ask: RelayAsk::ByPlan })
    };
    relay.change(merchant, order, &decided, edit).await?;
    if is_credited.into_inner()
        && let Some(came) = rows.iter().map(|row| row.at).min()
    {
        let ms = u64::try_from(relay.now().0.saturating_sub(came.0)).unwrap_or_default();
        relay.figures.credited_after(Duration::from_millis(ms));
    }
    Ok(())
}

/// The gateway does not know the order: it is asked a few times more before the notification is taken for a forgery.
async fn doubt_claims(
    relay: &Relay,
    merchant: &Merchant,
    order: &str,
    rows: &[InboxRow],
) -> Result<(), RelayStoreError> {
    let now = relay.now();
    let mut ended = Vec::new();
    for row in rows {
        match schedule::after_absence(row.attempts, now) {
            Some(at) => relay.store.postpone(row.no, at).await?,
            None => ended.push(row.no),
        }
    }
    if ended.is_empty() {
        return Ok(());
    }
    let claims: Vec<Claim> = claims(rows).into_iter().filter(|claim| claim.status.is_money()).collect();
    let edit = |row: &mut StoredOrder| {
        let mut effects = Vec::new();
        if !claims.is_empty() {
            let advance = row.standing.flagged(Flag::StaleOrForged);
            effects = row::apply_advance(row, advance, row.created_at);
        }
        Some(OrderEdit { effects, ask: RelayAsk::AsBefore })
    };
    relay.change(merchant, order, &ended, edit).await.map(drop)
}

/// What the notifications claim, in the order in which they came. They were read before they were kept.
fn claims(rows: &[InboxRow]) -> Vec<Claim> {
    rows.iter().filter_map(|row| Notification::parse(&row.body).ok()).map(|read| read.claim()).collect()
}

async fn postpone(relay: &Relay, rows: &[InboxRow]) -> Result<(), RelayStoreError> {
    let now = relay.now();
    for row in rows {
        relay.store.postpone(row.no, schedule::after_silence(row.attempts, now)).await?;
    }
    Ok(())
}
