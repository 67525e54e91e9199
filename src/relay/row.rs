//! One order: how answers change it, and how it is shown and reported.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::store::{FeedEvent, StoredOrder};
use crate::clock::rfc3339;
use crate::domain::order::{Flag, OnlineMethod, OrderState};
use crate::domain::payment::{Advance, GatewayReport, PaymentEffect, PaymentTerms};
use crate::domain::units::Timestamp;
use crate::protocol::relay::{FeedEffect, PaymentMeans, RelayOrder, credit_event, reverse_event};

/// The order as its site sees it.
pub(super) fn view(row: &StoredOrder) -> RelayOrder {
    RelayOrder {
        order_id: row.id.clone(),
        request_id: row.request_id.clone(),
        method: row.method,
        amount_rp: row.amount.0,
        status: row.standing.state,
        flags: row.standing.flags.iter().copied().collect(),
        refunded_rp: row.standing.returned().0,
        means: row.means.clone(),
        expires_at: Some(rfc3339(row.expires_at)),
        paid_at: row.paid_at.map(rfc3339),
        created_at: rfc3339(row.created_at),
        memo: row.memo.clone(),
    }
}

/// Whether a customer can pay with what is known.
pub(super) fn has_means(row: &StoredOrder) -> bool {
    row.means != PaymentMeans::default()
}

/// Whether the order came from its site's memory, after the relay had lost it: how to pay it, only the site knows.
pub(super) fn is_adopted(row: &StoredOrder) -> bool {
    row.items.is_empty()
}

/// Adds to what is known of how to pay; what is known stays.
pub(super) fn add_means(row: &mut StoredOrder, more: &PaymentMeans) {
    let (known, more) = (&mut row.means, more.clone());
    known.redirect_url = known.redirect_url.take().or(more.redirect_url);
    known.deeplink_url = known.deeplink_url.take().or(more.deeplink_url);
    known.qr_string = known.qr_string.take().or(more.qr_string);
    known.qr_url = known.qr_url.take().or(more.qr_url);
    known.va = known.va.take().or(more.va);
}

/// Applies an answer of the gateway; returns the effects to report.
pub(super) fn apply_report(
    row: &mut StoredOrder,
    terms: &PaymentTerms,
    report: &GatewayReport,
    now: Timestamp,
) -> Vec<PaymentEffect> {
    let was_unknown = row.standing.flags.remove(&Flag::ChargeUnknown);
    let advance = row.standing.reported(terms, report);
    let mut effects = apply_advance(row, advance, report.paid_at.unwrap_or(now));
    let is_open = row.standing.state.is_open();
    if let Some(at) = report.expires_at.filter(|_| is_open) {
        row.expires_at = at;
    }
    if was_unknown {
        if is_open && !has_means(row) {
            // Nobody was ever shown how to pay it.
            row.abandoned = true;
        }
        if effects.is_empty() {
            effects.push(PaymentEffect::Status);
        }
    }
    effects
}

/// Applies a step; returns the effects to report.
pub(super) fn apply_advance(
    row: &mut StoredOrder,
    advance: Advance,
    paid_at: Timestamp,
) -> Vec<PaymentEffect> {
    row.standing = advance.standing;
    if advance.effects.contains(&PaymentEffect::Credit) || row.standing.state == OrderState::Paid {
        row.paid_at.get_or_insert(paid_at);
    }
    advance.effects
}

/// The events for the site. Names are made of their content, so that a relay that went back in time to an older backup
/// gives the same name to the same thing only.
pub(super) fn events(row: &StoredOrder, effects: &[PaymentEffect]) -> Vec<FeedEvent> {
    let id = &row.id;
    let event = |effect: &PaymentEffect| match effect {
        PaymentEffect::Credit => {
            FeedEvent { event_id: credit_event(id), effect: FeedEffect::Credit, amount: row.amount }
        }
        PaymentEffect::Reverse { key, amount } => {
            FeedEvent { event_id: reverse_event(id, key), effect: FeedEffect::Reverse, amount: *amount }
        }
        PaymentEffect::Review => FeedEvent {
            event_id: format!("order/{id}/review/{}", shown(row)),
            effect: FeedEffect::Review,
            amount: row.amount,
        },
        PaymentEffect::Status => FeedEvent {
            event_id: format!("order/{id}/status/{}-{}", row.version + 1, shown(row)),
            effect: FeedEffect::Status,
            amount: row.amount,
        },
    };
    effects.iter().map(event).collect()
}

/// A short name for what an order shows: its state and flags.
fn shown(row: &StoredOrder) -> String {
    let mut hash = Sha256::new();
    hash.update(row.standing.state.name());
    for flag in &row.standing.flags {
        hash.update([0]);
        hash.update(flag.name());
    }
    HEXLOWER.encode(&hash.finalize()[..4])
}

/// Whether the gateway learns of an order only when its customer picks how to pay on the gateway's page.
pub(super) fn is_by_page(row: &StoredOrder) -> bool {
    row.method == OnlineMethod::Snap
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
