//! One order: how answers change it, and how it is shown and reported.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::store::{FeedEvent, OrderRow};
use crate::clock::rfc3339;
use crate::domain::order::{Flag, OnlineMethod, OrderState};
use crate::domain::payment::{Advance, Effect, PaymentTerms, Report};
use crate::domain::units::Timestamp;
use crate::protocol::relay::{FeedEffect, PaymentMeans, RelayOrder, credit_event, reverse_event};

/// The order as its site sees it.
pub(super) fn view(row: &OrderRow) -> RelayOrder {
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
pub(super) fn has_means(row: &OrderRow) -> bool {
    row.means != PaymentMeans::default()
}

/// Whether the order came from its site's memory, after the relay had lost it: how to pay it, only the site knows.
pub(super) fn is_adopted(row: &OrderRow) -> bool {
    row.items.is_empty()
}

/// Adds to what is known of how to pay; what is known stays.
pub(super) fn add_means(row: &mut OrderRow, more: &PaymentMeans) {
    let (known, more) = (&mut row.means, more.clone());
    known.redirect_url = known.redirect_url.take().or(more.redirect_url);
    known.deeplink_url = known.deeplink_url.take().or(more.deeplink_url);
    known.qr_string = known.qr_string.take().or(more.qr_string);
    known.qr_url = known.qr_url.take().or(more.qr_url);
    known.va = known.va.take().or(more.va);
}

/// Applies an answer of the gateway; returns the effects to report.
pub(super) fn apply_report(
    row: &mut OrderRow,
    terms: &PaymentTerms,
    report: &Report,
    now: Timestamp,
) -> Vec<Effect> {
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
            effects.push(Effect::Status);
        }
    }
    effects
}

/// Applies a step; returns the effects to report.
pub(super) fn apply_advance(row: &mut OrderRow, advance: Advance, paid_at: Timestamp) -> Vec<Effect> {
    row.standing = advance.standing;
    if advance.effects.contains(&Effect::Credit) || row.standing.state == OrderState::Paid {
        row.paid_at.get_or_insert(paid_at);
    }
    advance.effects
}

/// The events for the site. Names are made of their content, so that a relay that went back in time to an older backup
/// gives the same name to the same thing only.
pub(super) fn events(row: &OrderRow, effects: &[Effect]) -> Vec<FeedEvent> {
    let id = &row.id;
    let event = |effect: &Effect| match effect {
        Effect::Credit => {
            FeedEvent { event_id: credit_event(id), effect: FeedEffect::Credit, amount: row.amount }
        }
        Effect::Reverse { key, amount } => {
            FeedEvent { event_id: reverse_event(id, key), effect: FeedEffect::Reverse, amount: *amount }
        }
        Effect::Review => FeedEvent {
            event_id: format!("order/{id}/review/{}", shown(row)),
            effect: FeedEffect::Review,
            amount: row.amount,
        },
        Effect::Status => FeedEvent {
            event_id: format!("order/{id}/status/{}-{}", row.version + 1, shown(row)),
            effect: FeedEffect::Status,
            amount: row.amount,
        },
    };
    effects.iter().map(event).collect()
}

/// A short name for what an order shows: its state and flags.
fn shown(row: &OrderRow) -> String {
    let mut hash = Sha256::new();
    hash.update(row.standing.state.name());
    for flag in &row.standing.flags {
        hash.update([0]);
        hash.update(flag.name());
    }
    hash.finalize().iter().take(4).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes every text");
        text
    })
}

/// Whether the gateway learns of an order only when its customer picks how to pay on the gateway's page.
pub(super) fn is_by_page(row: &OrderRow) -> bool {
    row.method == OnlineMethod::Snap
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
