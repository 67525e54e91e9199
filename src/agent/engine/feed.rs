//! Applies the relay's feed to the ledger: each event once, a page in one transaction with the cursor.

use std::collections::BTreeSet;

use super::Engine;
use super::actor::Actor;
use super::checkout::FeedApplied;
use super::commands::CommandContext;
use super::error::EngineError;
use super::names::with_free_names;
use super::{memo, odd};
use crate::clock::parse_rfc3339;
use crate::domain::account::Account;
use crate::domain::id::{OrderId, UserId};
use crate::domain::order::{Flag, Method, OnlineMethod, OrderKind, OrderState, Quote};
use crate::domain::policy::{Event, Refund};
use crate::domain::units::{DAY_MS, Rupiah, Timestamp};
use crate::protocol::relay::{FeedEffect, FeedEntry, FeedItem, FeedPage, Memo};
use crate::store::{Cursor, Online, OrderRecord, OutboxWork, UserRecord};

/// Orders up to this age are handed back to a relay that lost them: most wallets allow refunds for this long.
const HANDED_BACK_DAYS: i64 = 45;

impl Engine {
    /// Applies one page of the feed: every effect and the new cursor in one transaction. `page` must be the answer to
    /// a call from [`Engine::cursor`]; one of another epoch, or that ends before the cursor, applies nothing and sets
    /// the cursor to 0. An item that cannot be read or applied becomes a review; the others are applied.
    pub fn apply_feed(&mut self, page: &FeedPage<FeedEntry>) -> Result<FeedApplied, EngineError> {
        self.begin()?;
        let cursor = self.cursor();
        let is_other = cursor.epoch.as_ref().is_some_and(|epoch| *epoch != page.epoch);
        if is_other || page.next < cursor.seq {
            return self.restart_feed(page);
        }
        let next = Cursor { epoch: Some(page.epoch.clone()), seq: page.next };
        if next == cursor && page.items.is_empty() {
            return Ok(FeedApplied { more: page.has_more, ..FeedApplied::default() });
        }
        let (mut applied, changes) = self.draft(&Actor::relay(), "", |act| {
            let mut applied = FeedApplied { more: page.has_more, ..FeedApplied::default() };
            for entry in &page.items {
                act.apply_entry(entry, &mut applied)?;
            }
            act.draft.set_cursor(next);
            Ok(applied)
        })?;
        let access_changes = self.access_changes;
        self.take_over(changes)?;
        applied.turned = self.access_changes > access_changes;
        Ok(applied)
    }

    /// The relay's store was replaced or restored from a backup: the feed is read again from its start, and the relay
    /// may have lost orders. Orders that can still be paid are handed back to it, and so are those whose money may
    /// still arrive late or be refunded: the relay drops a notification of the gateway about an order that it does
    /// not have.
    fn restart_feed(&mut self, page: &FeedPage<FeedEntry>) -> Result<FeedApplied, EngineError> {
        tracing::warn!(epoch = page.epoch, "the relay's feed begins anew; reading it from its start");
        let mut orders: Vec<OrderId> = self.state.online.orders().map(|order| order.id.clone()).collect();
        let recent = Timestamp(self.reckoned().0.saturating_sub(HANDED_BACK_DAYS * DAY_MS));
        let known: BTreeSet<OrderId> = orders.iter().cloned().collect();
        orders.extend(self.reader.online_since(recent)?.into_iter().filter(|order| !known.contains(order)));
        let ((), changes) = self.draft(&Actor::relay(), "", |act| {
            for order in orders {
                act.draft.put_outbox_item(OutboxWork::Adopt { order });
            }
            act.draft.set_cursor(Cursor { epoch: Some(page.epoch.clone()), seq: 0 });
            act.draft.audit("feed.restart", &page.epoch, String::new());
            Ok(())
        })?;
        self.take_over(changes)?;
        Ok(FeedApplied { restarted: true, more: true, ..FeedApplied::default() })
    }
}

/// Moves an order's state up to the relay's: never to paid before the quote was applied here, and not past an owner's
/// decision unless the money was refunded.
pub(super) fn rise(order: &mut OrderRecord, to: OrderState) {
    use OrderState::{Paid, PartiallyRefunded, Review};
    let is_decided = order.flags.contains(&Flag::Dismissed) || order.flags.contains(&Flag::CreditedByOwner);
    let to = match to {
        Paid | PartiallyRefunded if !order.is_credited() => OrderState::Pending,
        to => to,
    };
    let rises = to.rank() > order.status.rank();
    let allowed = match to {
        _ if to.is_returned() => rises || order.status == Review,
        Paid | PartiallyRefunded => rises,
        _ => rises && !is_decided,
    };
    if allowed {
        order.status = to;
    }
}

/// Flags accumulate, except that a suspicion of forgery is cleared once the relay has cleared it.
pub(super) fn mark(order: &mut OrderRecord, flags: &[Flag], status: OrderState) {
    order.flags.extend(flags);
    if !flags.contains(&Flag::StaleOrForged) && status.rank() >= order.status.rank() {
        order.flags.remove(&Flag::StaleOrForged);
    }
}

/// An order of an attempt that has another order already goes to review: an attempt is paid once, and a relay that
/// reported it under ever new ids would be credited each time.
fn only_of_its_attempt(mut order: OrderRecord) -> OrderRecord {
    if order.online.request_id.is_none() {
        order.flags.insert(Flag::PaidTwice);
        order.status = OrderState::Review;
    }
    order
}

/// The time at which the order was paid, from an item.
fn paid_at(item: &FeedItem) -> Option<Timestamp> {
    item.paid_at.as_deref().and_then(parse_rfc3339).or_else(|| parse_rfc3339(&item.at))
}

impl CommandContext<'_, '_> {
    pub(super) fn is_applied(&self, event: &str) -> Result<bool, EngineError> {
        let drafted = self.draft.applies(event);
        Ok(drafted || self.reader.is_applied(event)?)
    }

    fn apply_entry(&mut self, entry: &FeedEntry, applied: &mut FeedApplied) -> Result<(), EngineError> {
        let item = match entry {
            FeedEntry::Known(item) => item,
            FeedEntry::Odd { raw, why } => return self.odd_item(raw, why, applied),
        };
        let (before, so_far) = (self.draft.checkpoint(), applied.clone());
        match self.apply_item(item, applied) {
            // No item can be decided while the store fails.
            Err(error @ EngineError::Store(_)) => Err(error),
            Err(error) => {
                self.draft.go_back(before);
                *applied = so_far;
                let raw = serde_json::to_string(item).expect("an item is plain data");
                self.odd_item(&raw, &error.to_string(), applied)
            }
            Ok(()) => Ok(()),
        }
    }

    /// Stores an item that cannot be read or applied as a review for the owner, with its raw text.
    fn odd_item(&mut self, raw: &str, why: &str, applied: &mut FeedApplied) -> Result<(), EngineError> {
        let item = odd::item(raw);
        if self.is_applied(&item.event_id)? {
            return Ok(());
        }
        tracing::warn!(
            order.id = item.order_id,
            why,
            "the relay tells something that cannot be applied here"
        );
        self.event.clone_from(&item.event_id);
        self.draft.put_applied(item.event_id.clone());
        applied.items += 1;
        self.draft.audit("feed.unreadable", &item.order_id, odd::detail(raw, why));
        let known = self.find_order(&OrderId(item.order_id.clone()))?;
        if known.as_ref().is_some_and(|order| order.method.cash().is_some()) {
            return Ok(());
        }
        let before = match known {
            Some(order) => order,
            None => match self.rebuilt(&item, false)? {
                Some(order) => order,
                None => self.unreadable(&item)?,
            },
        };
        let mut order = before.clone();
        order.flags.insert(Flag::Unreadable);
        order.status = OrderState::Review;
        self.put_in_review(&before, order)
    }

    fn apply_item(&mut self, item: &FeedItem, applied: &mut FeedApplied) -> Result<(), EngineError> {
        if self.is_applied(&item.event_id)? {
            return Ok(());
        }
        self.event.clone_from(&item.event_id);
        self.draft.put_applied(item.event_id.clone());
        applied.items += 1;
        let known = self.find_order(&OrderId(item.order_id.clone()))?;
        if known.as_ref().is_some_and(|order| order.method.cash().is_some()) {
            tracing::error!(
                order.id = item.order_id,
                "the relay tells of an order that was paid over the counter"
            );
            return Ok(());
        }
        match item.effect {
            FeedEffect::Credit => self.credit_item(known, item, applied),
            FeedEffect::Reverse => match known {
                Some(order) => self.reverse(&order, item, Rupiah(item.amount_rp)),
                // Never credited here, so there is nothing to undo.
                None => Ok(()),
            },
            FeedEffect::Status => self.status_item(known, item),
            FeedEffect::Review => self.review_item(known, item),
        }
    }

    fn credit_item(
        &mut self,
        known: Option<OrderRecord>,
        item: &FeedItem,
        applied: &mut FeedApplied,
    ) -> Result<(), EngineError> {
        let before = self.known_or_rebuilt(known, item)?;
        let mut order = before.clone();
        mark(&mut order, &item.flags, item.status);
        // A review of received money that the owner dismissed is decided; one of an unreadable item is not.
        let is_dismissed = order.flags.contains(&Flag::Dismissed) && order.paid_at.is_some();
        if is_dismissed || order.flags.contains(&Flag::CreditedByOwner) || order.is_credited() {
            self.draft.put_order(order);
            return Ok(());
        }
        order.paid_at = paid_at(item);
        if matches!(before.status, OrderState::Cancelled | OrderState::Review) {
            return self.hold_money(&before, order, item);
        }
        let is_right = order.amount == Rupiah(item.amount_rp) && order.quote.total() == order.amount;
        let user = if is_right { self.living_user(&order)? } else { None };
        let Some(no) = user else {
            if !is_right {
                order.flags.insert(Flag::AmountMismatch);
            }
            order.status = OrderState::Review;
            return self.put_in_review(&before, order);
        };
        self.credit(no, order)?;
        applied.credited.push(self.draft.user(no).account.id);
        Ok(())
    }

    /// Money for an order that is cancelled or in review here is left to the owner, whatever state the relay reports:
    /// the relay may have been restored from an older copy, or have lost its store.
    fn hold_money(
        &mut self,
        before: &OrderRecord,
        mut order: OrderRecord,
        item: &FeedItem,
    ) -> Result<(), EngineError> {
        if before.status == OrderState::Cancelled {
            order.flags.insert(Flag::PaidAfterCancel);
        }
        if order.amount != Rupiah(item.amount_rp) {
            order.flags.insert(Flag::AmountMismatch);
        }
        order.flags.remove(&Flag::Dismissed);
        order.status = OrderState::Review;
        self.put_in_review(before, order)
    }

    /// Puts money that cannot be applied into review.
    fn put_in_review(&mut self, before: &OrderRecord, order: OrderRecord) -> Result<(), EngineError> {
        let flags: Vec<&str> = order.flags.iter().map(|flag| flag.name()).collect();
        self.draft.audit("order.review", &order.id.0, flags.join(" "));
        self.put_moved(before, order)
    }

    /// Applies the frozen quote. The caller has checked that it was never applied.
    pub(super) fn credit(&mut self, no: u32, mut order: OrderRecord) -> Result<OrderRecord, EngineError> {
        order.status = OrderState::Paid;
        order.receipt_no = Some(self.draft.next_receipt());
        order.paid_at = order.paid_at.or(Some(self.draft.state.wall));
        // Before the step: a paid order keeps no window open.
        self.draft.put_order(order.clone());
        let paid = Event::Paid { order: order.id.clone(), quote: order.quote.clone() };
        let not_owed = self.draft.step(no, &paid, &self.event)?;
        if not_owed.surplus {
            order.flags.insert(Flag::Surplus);
        }
        if not_owed.nothing {
            order.flags.insert(Flag::NothingOwed);
            order.status = OrderState::Review;
        }
        let user = self.draft.user(no).account.id.to_string();
        let detail = format!("{} {} {}", order.id, order.kind.name(), order.amount);
        self.draft.audit("order.paid", &user, detail);
        self.draft.put_order(order.clone());
        Ok(order)
    }

    fn status_item(&mut self, known: Option<OrderRecord>, item: &FeedItem) -> Result<(), EngineError> {
        let before = match known {
            Some(order) => order,
            // A finished attempt without money needs no row, nor does an order that was never shown to the customer;
            // one that can be paid does.
            None if item.status.is_open() && item.status != OrderState::Created => {
                match self.rebuilt(item, false)? {
                    Some(order) if order.status != OrderState::Review => order,
                    // Nothing was paid yet, and its purpose is only claimed.
                    Some(_) | None => return Ok(()),
                }
            }
            None => return Ok(()),
        };
        let returned = Rupiah(item.refunded_rp).min(before.amount).minus(before.refunded);
        let left = before.amount.minus(before.refunded);
        if before.is_credited() && item.status.is_returned() && left > Rupiah::ZERO {
            // Credited by the owner, or reported by a relay that had lost the order: the relay sends no reversal.
            return self.reverse(&before, item, left);
        }
        if returned > Rupiah::ZERO && before.flags.contains(&Flag::CreditedByOwner) {
            // The relay never had it credited, so it sends no reversal.
            return self.reverse(&before, item, returned);
        }
        let mut order = before.clone();
        mark(&mut order, &item.flags, item.status);
        if !order.is_credited() {
            order.refunded = order.refunded.plus(returned);
        }
        rise(&mut order, item.status);
        self.put_moved(&before, order)
    }

    fn review_item(&mut self, known: Option<OrderRecord>, item: &FeedItem) -> Result<(), EngineError> {
        let before = self.known_or_rebuilt(known, item)?;
        let mut order = before.clone();
        mark(&mut order, &item.flags, item.status);
        if order.paid_at.is_none() {
            // An earlier dismissal was not about this money.
            order.flags.remove(&Flag::Dismissed);
        }
        order.paid_at = order.paid_at.or_else(|| paid_at(item));
        if !order.is_credited() {
            order.refunded = order.refunded.max(Rupiah(item.refunded_rp).min(order.amount));
        }
        rise(&mut order, OrderState::Review);
        if order.status == before.status {
            return self.put_moved(&before, order);
        }
        self.put_in_review(&before, order)
    }

    /// A refund: undoes the effects of the order as far as the rules define it.
    fn reverse(&mut self, before: &OrderRecord, item: &FeedItem, amount: Rupiah) -> Result<(), EngineError> {
        let mut order = before.clone();
        mark(&mut order, &item.flags, item.status);
        let amount = amount.min(order.amount.minus(order.refunded));
        if amount > Rupiah::ZERO && order.is_credited() && !self.undo(&order, amount, item)? {
            order.flags.insert(Flag::ReverseByHand);
            order.status = OrderState::Review;
        }
        order.refunded = order.refunded.plus(amount);
        let whole = order.refunded == order.amount;
        match (whole, item.status.is_returned()) {
            (_, true) => rise(&mut order, item.status),
            (true, false) => rise(&mut order, OrderState::Refunded),
            (false, false) => rise(&mut order, OrderState::PartiallyRefunded),
        }
        self.draft.audit("order.returned", &order.id.0, format!("{amount} {}", order.status.name()));
        self.put_moved(before, order)
    }

    /// Undoes `amount` of a credited order; returns `false` when no rule defines it, and leaves the ledger unchanged.
    fn undo(&mut self, order: &OrderRecord, amount: Rupiah, item: &FeedItem) -> Result<bool, EngineError> {
        let Some(no) = order.user_no.filter(|no| self.draft.has_user(*no)) else { return Ok(false) };
        let reason = format!("refund {}", item.event_id);
        let refund: Refund = self.refund_of(order, no, amount, &reason)?;
        match self.draft.step(no, &Event::Refunded(refund), &self.event) {
            Ok(_) => Ok(true),
            Err(refusal) => {
                tracing::warn!(order.id = %order.id, %refusal, "money went back that a person must book");
                Ok(false)
            }
        }
    }

    fn known_or_rebuilt(
        &mut self,
        known: Option<OrderRecord>,
        item: &FeedItem,
    ) -> Result<OrderRecord, EngineError> {
        match known {
            Some(order) => Ok(order),
            None => Ok(match self.rebuilt(item, true)? {
                Some(order) => order,
                None => self.unreadable(item)?,
            }),
        }
    }

    /// An order that the store does not have, rebuilt from its attempt or from its memo. An unknown user is created
    /// again when money arrived (`revive`). An order that this site did not sign goes to review: the operator of the
    /// relay could have written it.
    fn rebuilt(&mut self, item: &FeedItem, revive: bool) -> Result<Option<OrderRecord>, EngineError> {
        if let Some(pending) = self.draft.state.online.pending_orders.get(&item.request_id).cloned() {
            return Ok(Some(only_of_its_attempt(self.order_of(&pending, &item.order_id)?)));
        }
        let Some((memo, quote)) = memo::read(item.memo.as_deref()) else { return Ok(None) };
        let is_ours = memo::is_signed(&self.draft.state.online.signer, &memo, &item.request_id);
        let user_no = match self.draft.find_user(memo.user) {
            Ok(no) => Some(no),
            Err(_) if revive && is_ours => Some(self.revive(&memo)?),
            Err(_) if is_ours => return Ok(None),
            Err(_) => None,
        };
        let mut order = self.fresh(item, user_no, memo.kind, quote)?;
        order.created_at = parse_rfc3339(&memo.at).unwrap_or(order.created_at);
        if !is_ours {
            order.flags.insert(Flag::Unsigned);
            order.status = OrderState::Review;
        }
        Ok(Some(only_of_its_attempt(order)))
    }

    /// Money whose order cannot be read: a row for the owner to review.
    fn unreadable(&mut self, item: &FeedItem) -> Result<OrderRecord, EngineError> {
        tracing::error!(order.id = item.order_id, "an order came back with a memo that cannot be read");
        let order = self.fresh(item, None, OrderKind::Purchase, Quote::default())?;
        Ok(OrderRecord { amount: Rupiah(item.amount_rp), ..order })
    }

    fn fresh(
        &self,
        item: &FeedItem,
        user_no: Option<u32>,
        kind: OrderKind,
        quote: Quote,
    ) -> Result<OrderRecord, EngineError> {
        let id = OrderId(item.order_id.clone());
        let method = Method::Online(item.method.unwrap_or(OnlineMethod::Snap));
        let request_id = self.free_request(&item.request_id, &id)?.filter(|request| !request.is_empty());
        Ok(OrderRecord {
            flags: BTreeSet::from([Flag::Rebuilt]),
            created_at: parse_rfc3339(&item.at).unwrap_or(self.draft.state.wall),
            online: Online { request_id, ..Online::default() },
            ..OrderRecord::created(id, user_no, kind, method, quote)
        })
    }

    /// Creates a user again from a memo, or restores a deleted one.
    fn revive(&mut self, memo: &Memo) -> Result<u32, EngineError> {
        if let Some(deleted) = self.reader.user(memo.user)? {
            return Ok(self.undelete(deleted));
        }
        let no = self.draft.next_user_no();
        let now = self.draft.facts.now;
        let name = memo.name.trim();
        let user = UserRecord {
            no,
            name: if name.is_empty() { memo.user.to_string() } else { name.to_owned() },
            phone: memo.phone.clone(),
            phone_e164: None,
            login: memo.login.clone(),
            login_key: None,
            customer_note: None,
            created_at: now,
            deleted_at: None,
            access_at: now,
            account: Account::fresh(memo.user, true),
        };
        self.draft.audit("user.rebuilt", &memo.user.to_string(), user.name.clone());
        self.put_with_free_names(user);
        Ok(no)
    }

    fn undelete(&mut self, user: UserRecord) -> u32 {
        let no = user.no;
        self.draft.audit("user.undelete", &user.account.id.to_string(), user.name.clone());
        self.put_with_free_names(UserRecord { deleted_at: None, ..user });
        no
    }

    /// A phone or log-in name that another user has meanwhile taken stays with that user.
    fn put_with_free_names(&mut self, user: UserRecord) {
        let holders = self.draft.holders(Some(user.no));
        self.draft.put_user(with_free_names(user, &holders));
    }

    /// The user of the order, restored if deleted; `None` when unknown.
    pub(super) fn living_user(&mut self, order: &OrderRecord) -> Result<Option<u32>, EngineError> {
        let Some(no) = order.user_no else { return Ok(None) };
        if self.draft.has_user(no) {
            return Ok(Some(no));
        }
        let deleted = self.reader.user(self.reader.user_id(no)?)?;
        Ok(deleted.map(|user| self.undelete(user)))
    }

    pub(super) fn user_id_of(&self, order: &OrderRecord) -> Result<Option<UserId>, EngineError> {
        match order.user_no {
            Some(no) if self.draft.has_user(no) => Ok(Some(self.draft.user(no).account.id)),
            Some(no) => Ok(Some(self.reader.user_id(no)?)),
            None => Ok(None),
        }
    }
}
