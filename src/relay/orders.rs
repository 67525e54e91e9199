//! What a site may do with an order that exists: look, call off, ask, give back, remember, give up.

use axum::http::StatusCode;

use super::charging::problem;
use super::order_id::{is_order_id_of, is_plausible};
use super::request::{self, OrderOwner, check_adopt, check_refund, check_request_id};
use super::row;
use super::service::{AskError, OrderEdit, Relay, RelayAsk};
use super::site::RelaySite;
use super::store::{OpenedOrder, StoredOrder};
use crate::clock::parse_rfc3339;
use crate::domain::order::OrderState;
use crate::domain::units::Rupiah;
use crate::midtrans::GatewayError;
use crate::protocol::relay::{Abandoned, AdoptOrder, RefundOrder, RelayOrder};
use crate::web::Problem;

/// Days that a customer has at most, for an order whose own end nobody remembers.
const ADOPTED_DAYS: u32 = 7;

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Store(error) => error.into(),
            AskError::Gateway(error) => problem(&error),
        }
    }
}

/// The site's own order; another site's is none.
async fn find(relay: &Relay, site: &RelaySite, id: &str) -> Result<StoredOrder, Problem> {
    let order = if is_plausible(id) { relay.store.site_order(&site.id, id).await? } else { None };
    order.filter(|order| order.merchant == site.merchant.id).ok_or_else(|| Problem::not_found("order"))
}

/// `GET /v1/orders/{id}`.
pub(super) async fn get(relay: &Relay, site: &RelaySite, id: &str) -> Result<RelayOrder, Problem> {
    find(relay, site, id).await.map(|order| row::view(&order))
}

/// `POST /v1/orders/{id}/refresh`.
pub(super) async fn refresh(relay: &Relay, site: &RelaySite, id: &str) -> Result<RelayOrder, Problem> {
    find(relay, site, id).await?;
    let _held = relay.hold(id.to_owned()).await?;
    let (order, _) = relay.ask(&site.merchant, id).await?;
    order.map(|order| row::view(&order)).ok_or_else(|| Problem::not_found("order"))
}

/// `POST /v1/orders/{id}/cancel`. An order that is over already is returned unchanged.
pub(super) async fn cancel(relay: &Relay, site: &RelaySite, id: &str) -> Result<RelayOrder, Problem> {
    find(relay, site, id).await?;
    let _held = relay.hold(id.to_owned()).await?;
    let order = find(relay, site, id).await?;
    if !order.standing.state.is_open() {
        return Ok(row::view(&order));
    }
    // A charge that was made is not gone because the gateway does not find it now. One that nobody knows of was shown
    // to nobody, and waiting for it would keep its customer from paying anything else.
    let unheard = order.standing.transaction.is_none().then_some(OrderState::Cancelled);
    let order = cancel_order(relay, &order, unheard).await?;
    if !order.standing.state.is_open() {
        return Ok(row::view(&order));
    }
    let detail = "the gateway did not call it off, and it can still be paid: try again";
    Err(Problem::conflict("not_cancelled", detail))
}

/// Calls an open order off at the gateway; the caller holds it. An order that the gateway does not know ends in the
/// state `unheard`, if there is one. Where it was paid before, it is answered as paid.
pub(super) async fn cancel_order(
    relay: &Relay,
    order: &StoredOrder,
    unheard: Option<OrderState>,
) -> Result<StoredOrder, AskError> {
    let Some(merchant) = relay.merchant(&order.merchant) else { return Ok(order.clone()) };
    let taken = match merchant.cancel(&order.id, relay.timeouts.call).await {
        // About money only a question is believed.
        Ok(Some(report)) if report.status.is_money() => relay.ask(&merchant, &order.id).await?.0,
        Ok(Some(report)) => relay.take_report(&merchant, &order.id, &report).await?,
        Ok(None) => {
            let close = |row: &mut StoredOrder| {
                let advance = unheard.map(|state| row.standing.closed(state));
                let effects = advance.map(|advance| row::apply_advance(row, advance, row.created_at));
                Some(OrderEdit::by_plan(effects.unwrap_or_default()))
            };
            relay.change(&merchant, &order.id, &[], close).await?
        }
        // It is past being called off, or so the gateway says: only a status call shows its status.
        Err(GatewayError::Settled(_) | GatewayError::Rejected { .. } | GatewayError::Duplicate(_)) => {
            relay.ask(&merchant, &order.id).await?.0
        }
        Err(error) => return Err(error.into()),
    };
    Ok(taken.unwrap_or_else(|| order.clone()))
}

/// `POST /v1/orders/{id}/refund`. The feed reports what went back.
pub(super) async fn refund(
    relay: &Relay,
    site: &RelaySite,
    id: &str,
    wanted: RefundOrder,
) -> Result<RelayOrder, Problem> {
    check_refund(&wanted)?;
    find(relay, site, id).await?;
    let _held = relay.hold(id.to_owned()).await?;
    let order = find(relay, site, id).await?;
    if order.standing.refunds.contains_key(&wanted.refund_key) {
        return Ok(row::view(&order));
    }
    let is_paid = matches!(order.standing.state, OrderState::Paid | OrderState::PartiallyRefunded);
    // Money in review may be given back as well: that is how such a review often ends.
    if !is_paid && order.standing.state != OrderState::Review {
        let state = order.standing.state.name();
        return Err(Problem::conflict(
            "not_paid",
            format!("the order is {state}: only a payment can be given back"),
        ));
    }
    let left = order.amount.minus(order.standing.refunded());
    if is_paid && Rupiah(wanted.amount_rp) > left {
        let message = format!("is more than the {} that are left of the payment", left.0);
        return Err(Problem::invalid("amount_rp", message));
    }
    let given = site.merchant.refund(
        id,
        Rupiah(wanted.amount_rp),
        &wanted.refund_key,
        &wanted.reason,
        relay.timeouts.call,
    );
    let outcome = match given.await {
        // The same key was sent before: it is one refund.
        Ok(()) | Err(GatewayError::Duplicate(_)) => Ok(()),
        Err(error) => Err(error),
    };
    if matches!(outcome, Ok(()) | Err(GatewayError::Unknown(_))) {
        ask_soon(relay, &order).await?;
    }
    match outcome {
        Ok(()) => Ok(row::view(&order)),
        Err(GatewayError::Rejected { message, .. } | GatewayError::Settled(message)) => {
            Err(Problem::conflict("refund_refused", format!("the gateway refused: {message}")))
        }
        Err(error) => Err(problem(&error)),
    }
}

async fn ask_soon(relay: &Relay, order: &StoredOrder) -> Result<(), Problem> {
    let Some(merchant) = relay.merchant(&order.merchant) else { return Ok(()) };
    let now = relay.now();
    let edit = |_: &mut StoredOrder| Some(OrderEdit { effects: Vec::new(), ask: RelayAsk::At(now) });
    relay.change(&merchant, &order.id, &[], edit).await?;
    Ok(())
}

/// `POST /v1/orders/{id}/adopt`: an order that the relay lost to an older backup is written down again, then asked
/// about.
pub(super) async fn adopt(
    relay: &Relay,
    site: &RelaySite,
    id: &str,
    wanted: AdoptOrder,
) -> Result<RelayOrder, Problem> {
    if !is_order_id_of(&site.tag, id) {
        return Err(Problem::not_found("order"));
    }
    check_adopt(&wanted)?;
    let now = relay.now();
    let expires_at = match &wanted.expires_at {
        None => now.plus_days(ADOPTED_DAYS),
        Some(text) => {
            parse_rfc3339(text).ok_or_else(|| Problem::invalid("expires_at", "must be an RFC 3339 time"))?
        }
    };
    if let Some(known) = relay.store.site_order(&site.id, id).await? {
        return if is_same(&known, &wanted) { Ok(row::view(&known)) } else { Err(other_order()) };
    }
    let owner = OrderOwner { merchant: &site.merchant.id, site: &site.id };
    let order = request::adopted_row(owner, id.to_owned(), wanted, expires_at, now);
    match relay.store.open(&order).await? {
        OpenedOrder::New => {}
        OpenedOrder::Known(known) if known.id == id => return Ok(row::view(&known)),
        OpenedOrder::Known(_) | OpenedOrder::Conflict => return Err(other_order()),
        OpenedOrder::Abandoned => {
            return Err(Problem::conflict("request_abandoned", "this request was given up before"));
        }
    }
    tracing::warn!(order.id = %id, site.id = %site.id, "an order that was lost here is taken over from its site");
    relay.inbox.notify_one();
    let _held = relay.hold(id.to_owned()).await?;
    match relay.ask(&site.merchant, id).await {
        Ok((known, _)) => Ok(row::view(&known.unwrap_or(order))),
        Err(AskError::Store(error)) => Err(error.into()),
        // It is written down and due: the reconciler asks on.
        Err(AskError::Gateway(_)) => Ok(row::view(&order)),
    }
}

fn is_same(known: &StoredOrder, wanted: &AdoptOrder) -> bool {
    known.request_id == wanted.request_id
        && known.method == wanted.method
        && known.amount.0 == wanted.amount_rp
}

fn other_order() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "request_conflict",
        "the relay knows this order or request differently",
    )
}

/// `POST /v1/requests/{request_id}/abandon`.
pub(super) async fn abandon(relay: &Relay, site: &RelaySite, request_id: &str) -> Result<Abandoned, Problem> {
    check_request_id(request_id)?;
    let now = relay.now();
    let Some(order) = relay.store.abandon(&site.id, request_id, now).await? else {
        return Ok(Abandoned { order: None });
    };
    if !order.standing.state.is_open() {
        return Ok(Abandoned { order: Some(row::view(&order)) });
    }
    ask_soon(relay, &order).await?;
    relay.due.notify_one();
    Ok(Abandoned { order: Some(row::view(&order)) })
}
