//! Online orders on the ledger's side: requesting them, recording their outcome, and the outbox for the relay. Only
//! the feed credits money ([`super::feed`]).

use std::time::Duration;

use serde_json::value::RawValue;

use super::Engine;
use super::actor::{Actor, Key};
use super::checkout::{Checkout, OpenOne, OpenView, PaymentRequest, PendingOrder};
use super::command::Purpose;
use super::commands::CommandContext;
use super::done::Done;
use super::error::{EngineError, OPEN_PAYMENT, conflict, idempotency_conflict};
use super::feed::{mark, rise};
use super::memo;
use crate::clock::parse_rfc3339;
use crate::domain::id::{OrderId, UserId};
use crate::domain::order::{Method, OrderKind, Quote};
use crate::domain::policy::{self, Event, Refusal};
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::admin::orders::OrderView;
use crate::protocol::relay::{AdoptOrder, PaymentMeans, RelayOrder};
use crate::store::{Cursor, Online, OpeningRecord, OrderRecord, OutboxItem, OutboxWork};

impl Engine {
    /// Freezes the price of the purpose and stores the attempt, before the relay is asked for it.
    pub fn begin_order(
        &mut self,
        actor: &Actor,
        wish: &PaymentRequest,
        key: Option<&Key>,
    ) -> Result<Checkout, EngineError> {
        self.begin()?;
        if let Some(done) = self.answered(key)? {
            return Ok(Checkout::Answered(Box::new(done)));
        }
        if let Some(pending) = self.find_pending(key)? {
            return Ok(Checkout::Ask(pending));
        }
        let (begun, changes) = self.draft(actor, "", |act| act.begin_order(wish, key))?;
        if matches!(begun, Checkout::Ask(_)) {
            self.take_over(changes)?;
        }
        Ok(begun)
    }

    /// The present cost of a purpose for the user, by the same rules as [`Self::begin_order`]. Changes nothing.
    pub fn price(&mut self, user: UserId, purpose: &Purpose) -> Result<Quote, EngineError> {
        self.begin()?;
        let price = |act: &mut CommandContext| {
            let no = act.draft.find_user(user)?;
            Ok(act.priced(no, purpose)?.1)
        };
        Ok(self.draft(&Actor::daemon(), "", price)?.0)
    }

    /// The pending order of an earlier call with this key.
    fn find_pending(&self, key: Option<&Key>) -> Result<Option<PendingOrder>, EngineError> {
        let Some(key) = key else { return Ok(None) };
        let of_key = |pending: &&OpeningRecord| pending.key.as_ref().is_some_and(|(id, _)| *id == key.id);
        let Some(pending) = self.state.online.pending_orders.values().find(of_key) else { return Ok(None) };
        if pending.key.as_ref().is_some_and(|(_, hash)| *hash != key.content_hash) {
            return Err(idempotency_conflict());
        }
        Ok(self.pending_order(pending))
    }

    fn pending_order(&self, record: &OpeningRecord) -> Option<PendingOrder> {
        Some(PendingOrder {
            request_id: record.request_id.clone(),
            user: self.state.users.get(&record.user_no)?.account.id,
            kind: record.kind,
            method: record.method,
            quote: record.quote.clone(),
            memo: RawValue::from_string(record.memo.clone()).ok()?,
            created_at: record.created_at,
        })
    }

    /// Attempts whose outcome is not known, oldest first.
    pub fn pending_orders(&self) -> Vec<PendingOrder> {
        let mut all: Vec<PendingOrder> = self
            .state
            .online
            .pending_orders
            .values()
            .filter_map(|record| self.pending_order(record))
            .collect();
        all.sort_by(|a, b| (a.created_at, &a.request_id).cmp(&(b.created_at, &b.request_id)));
        all
    }

    /// Records the relay's answer: stores the order, ends the attempt, and answers its idempotency key with the
    /// order. An order that the relay reports as paid is stored as pending until the feed credits it. Repeating the
    /// call changes nothing. An attempt that was discarded meanwhile is not found, and a charge of another amount is
    /// a conflict (`amount_mismatch`); in both cases the outbox cancels it at the relay.
    pub fn order_opened(&mut self, request_id: &str, order: &RelayOrder) -> Result<Done, EngineError> {
        self.begin()?;
        let pending = self.state.online.pending_orders.get(request_id).cloned();
        let Some(pending) = pending else { return self.opened_before(order) };
        let wrong = (order.amount_rp != pending.quote.total().0).then(|| {
            let message = "the gateway would charge another amount; the order is being called off";
            conflict("amount_mismatch", message)
        });
        let (opened, changes) = self.draft(&Actor::relay(), "", |act| match wrong {
            Some(wrong) => {
                act.end_pending_order(&pending, true);
                Ok(Err(wrong))
            }
            None => act.order_opened(&pending, order).map(Ok),
        })?;
        self.take_over(changes)?;
        opened
    }

    /// The answer about an attempt that ended before the relay's answer arrived here.
    fn opened_before(&self, order: &RelayOrder) -> Result<Done, EngineError> {
        let found = self.reader.order(&OrderId(order.order_id.clone()))?;
        let found = found.ok_or(EngineError::NotFound("opening"))?;
        Ok(Done::created(OrderView::of(&found, self.user_of(&found)?)))
    }

    fn user_of(&self, order: &OrderRecord) -> Result<Option<UserId>, EngineError> {
        Ok(order.user_no.map(|no| self.reader.user_id(no)).transpose()?)
    }

    /// Ends an attempt that created no order. If that is not certain, the outbox makes the relay discard it.
    pub fn order_failed(&mut self, request_id: &str, unsure: bool) -> Result<(), EngineError> {
        self.begin()?;
        let Some(pending) = self.state.online.pending_orders.get(request_id).cloned() else { return Ok(()) };
        let ((), changes) = self.draft(&Actor::relay(), "", |act| {
            act.end_pending_order(&pending, unsure);
            Ok(())
        })?;
        self.take_over(changes)
    }

    /// Records the relay's answer to a query about an order: state, flags and means of payment move up. Credits
    /// nothing, and writes nothing when there is nothing new.
    pub fn order_seen(&mut self, order: &RelayOrder) -> Result<(), EngineError> {
        self.begin()?;
        let (changed, changes) = self.draft(&Actor::relay(), "", |act| act.order_seen(order))?;
        if changed { self.take_over(changes) } else { Ok(()) }
    }

    /// The position up to which the feed is applied.
    pub fn cursor(&self) -> Cursor {
        self.state.online.cursor.clone()
    }

    /// Pending notifications to the relay, in the order of their decisions; due or not.
    pub fn outbox(&self) -> Vec<OutboxItem> {
        self.state.online.outbox.values().cloned().collect()
    }

    /// Removes an outbox item that is delivered or no longer needed.
    pub fn finish_outbox_item(&mut self, no: u64) -> Result<(), EngineError> {
        self.end_outbox_item(no, None)
    }

    /// Removes an outbox item that the relay or the gateway refused for good, with the reason in the audit.
    pub fn refuse_outbox_item(&mut self, no: u64, why: &str) -> Result<(), EngineError> {
        self.end_outbox_item(no, Some(why))
    }

    fn end_outbox_item(&mut self, no: u64, refused: Option<&str>) -> Result<(), EngineError> {
        self.begin()?;
        let Some(outbox_item) = self.state.online.outbox.get(&no).cloned() else { return Ok(()) };
        let ((), changes) = self.draft(&Actor::relay(), "", |act| {
            act.draft.end_outbox_item(no);
            if let Some(why) = refused {
                let (action, target) = outbox_item.work.named();
                act.draft.audit(&format!("{action}_refused"), target, why.to_owned());
            }
            Ok(())
        })?;
        self.take_over(changes)
    }

    /// Schedules the next try of an outbox item. Written with the next commit.
    pub fn postpone_outbox_item(&mut self, no: u64, at: Timestamp) -> Result<(), EngineError> {
        self.begin()?;
        if let Some(outbox_item) = self.state.online.outbox.get_mut(&no) {
            outbox_item.attempts = outbox_item.attempts.saturating_add(1);
            outbox_item.next_at = at;
            self.state.dirty.outbox.insert(no, outbox_item.clone());
        }
        Ok(())
    }

    /// Records since when the relay does not answer, in time since boot; `None` while it does.
    pub fn relay_silent_since(&mut self, since: Option<Duration>) {
        self.state.online.silent_since = since;
    }

    /// The user's open online payment: an order before an attempt.
    pub fn open_online(&self, user: UserId) -> Option<OpenOne> {
        let no = *self.state.by_id.get(&user)?;
        let order = self.state.online.orders_of(no).map(|open| OpenOne::Order(open.record.id.clone())).next();
        order.or_else(|| {
            let pending = self.state.online.openings_of(no).next();
            pending.map(|pending| OpenOne::PendingOrder(pending.request_id.clone()))
        })
    }

    /// Every online order that can still be paid, oldest first.
    pub fn open_orders(&self) -> Vec<OpenView> {
        let view = |order: &OrderRecord| {
            let user = self.state.users.get(&order.user_no?)?.account.id;
            let (status, created_at) = (order.status, order.created_at);
            Some(OpenView {
                order: order.id.clone(),
                user,
                status,
                created_at,
                expires_at: order.online.expires_at,
            })
        };
        let mut all: Vec<OpenView> = self.state.online.orders().filter_map(view).collect();
        all.sort_by(|a, b| (a.created_at, &a.order).cmp(&(b.created_at, &b.order)));
        all
    }

    /// The data that a relay needs to restore a lost order; `None` for an order that it could not have had.
    pub fn adoption(&self, id: &OrderId) -> Result<Option<AdoptOrder>, EngineError> {
        let known = self.state.online.order(id).cloned();
        let order = match known {
            Some(order) => order,
            None => match self.reader.order(id)? {
                Some(order) => order,
                None => return Ok(None),
            },
        };
        let (Method::Online(method), Some(request_id), Some(user)) =
            (order.method, order.online.request_id, order.user_no.and_then(|no| self.state.users.get(&no)))
        else {
            return Ok(None);
        };
        let signer = &self.state.online.signer;
        let memo = memo::write(signer, user, &request_id, (order.kind, &order.quote), order.created_at).ok();
        Ok(Some(AdoptOrder {
            request_id,
            method,
            amount_rp: order.amount.0,
            memo,
            expires_at: order.online.expires_at.map(crate::clock::rfc3339),
        }))
    }
}

impl OutboxWork {
    /// The audit's names of the work and of its object.
    fn named(&self) -> (&'static str, &str) {
        match self {
            Self::Abandon { request_id, .. } => ("order.abandon", request_id),
            Self::Cancel { order } => ("order.cancel", &order.0),
            Self::Refund { order, .. } => ("order.refund", &order.0),
            Self::Adopt { order } => ("order.adopt", &order.0),
        }
    }
}

/// The means of payment from the gateway, and their expiry.
fn means_of(order: &RelayOrder) -> (PaymentMeans, Option<Timestamp>) {
    (order.means.clone(), order.expires_at.as_deref().and_then(parse_rfc3339))
}

impl CommandContext<'_, '_> {
    fn begin_order(&mut self, wish: &PaymentRequest, key: Option<&Key>) -> Result<Checkout, EngineError> {
        let no = self.draft.find_user(wish.user)?;
        let (kind, quote) = self.priced(no, &wish.purpose)?;
        let total = quote.total();
        if wish.expect.is_some_and(|expected| expected != total) {
            return Err(Refusal::QuoteChanged(total).into());
        }
        if total == Rupiah::ZERO {
            return Err(conflict("nothing_to_pay", "this costs nothing; a cashier can book it"));
        }
        let order = self.draft.open_orders(no).next().map(|open| OpenOne::Order(open.record.id.clone()));
        let pending = || {
            self.draft.pending_orders(no).next().map(|found| OpenOne::PendingOrder(found.request_id.clone()))
        };
        if let Some(open) = order.or_else(pending).or_else(|| self.discarded_request(wish.user)) {
            if !wish.replaces.allows(&open) {
                return Err(conflict(
                    OPEN_PAYMENT,
                    "another payment is open; say that it shall be called off",
                ));
            }
            return Ok(Checkout::CancelFirst(open));
        }
        let now = self.draft.state.wall;
        let request_id = self.draft.new_id().to_string();
        let signer = &self.draft.state.online.signer;
        let memo = memo::write(signer, self.draft.user(no), &request_id, (kind, &quote), now)?;
        let pending = OpeningRecord {
            request_id,
            user_no: no,
            kind,
            method: wish.method,
            quote,
            memo: memo.get().to_owned(),
            key: key.map(|key| (key.id.clone(), key.content_hash)),
            created_at: now,
        };
        let detail = format!("{} {} {total}", kind.name(), wish.method.name());
        self.draft.audit("order.ask", &wish.user.to_string(), detail);
        self.draft.put_opening(pending.clone());
        Ok(Checkout::Ask(PendingOrder {
            request_id: pending.request_id,
            user: wish.user,
            kind,
            method: pending.method,
            quote: pending.quote,
            memo,
            created_at: now,
        }))
    }

    /// The present cost of a purpose for the user.
    pub(super) fn priced(&self, no: u32, purpose: &Purpose) -> Result<(OrderKind, Quote), EngineError> {
        let account = &self.draft.user(no).account;
        Ok(match purpose {
            Purpose::Buy(package) => {
                let package = &self.draft.find_package(*package)?.package;
                let quote = self.draft.with_context(|ctx| policy::quote_purchase(account, package, ctx))?;
                (OrderKind::Purchase, quote)
            }
            Purpose::SettleAll => {
                (OrderKind::SettleAll, self.draft.with_context(|ctx| policy::quote_all(account, ctx))?)
            }
            Purpose::SettleItem(debt) => {
                let item = self.find_item(no, *debt)?;
                (OrderKind::SettleItem, self.draft.with_context(|ctx| policy::quote_item(&item, ctx))?)
            }
            Purpose::PayPart(amount) => {
                let quote = self.draft.with_context(|ctx| policy::quote_part(account, *amount, ctx))?;
                (OrderKind::PartPayment, quote)
            }
        })
    }

    fn end_pending_order(&mut self, pending: &OpeningRecord, abandon: bool) {
        let request_id = pending.request_id.clone();
        self.draft.end_pending_order(request_id.clone());
        if abandon {
            let user = self.draft.user(pending.user_no).account.id;
            self.draft.put_outbox_item(OutboxWork::Abandon { request_id, user });
        }
    }

    /// A discarded attempt of the user of which the relay is not yet notified: it may have an open charge.
    fn discarded_request(&self, user: UserId) -> Option<OpenOne> {
        self.draft.state.online.outbox.values().find_map(|outbox_item| match &outbox_item.work {
            OutboxWork::Abandon { request_id, user: whose } if *whose == user => {
                Some(OpenOne::Discarded { outbox_item: outbox_item.no, request_id: request_id.clone() })
            }
            OutboxWork::Abandon { .. }
            | OutboxWork::Cancel { .. }
            | OutboxWork::Refund { .. }
            | OutboxWork::Adopt { .. } => None,
        })
    }

    fn order_opened(&mut self, pending: &OpeningRecord, said: &RelayOrder) -> Result<Done, EngineError> {
        // The feed may have been faster.
        let known = self.find_order(&OrderId(said.order_id.clone()))?;
        let is_known = known.is_some();
        let mut order = match known {
            Some(order) => order,
            None => self.order_of(pending, &said.order_id)?,
        };
        (order.online.means, order.online.expires_at) = means_of(said);
        mark(&mut order, &said.flags, said.status);
        rise(&mut order, said.status);
        self.end_pending_order(pending, false);
        let user = self.draft.user(pending.user_no).account.id;
        if !is_known {
            let detail = format!("{} {} {}", order.id, order.kind.name(), order.amount);
            self.draft.audit("order.open", &user.to_string(), detail);
        }
        let id = order.id.clone();
        self.draft.put_order(order);
        self.draft.step(pending.user_no, &Event::Tick, &self.event)?;
        let order = self.draft.order(&id).expect("the draft has it since a moment ago");
        let done = Done::created(OrderView::of(order, Some(user)));
        if let Some((key, content_hash)) = pending.key.clone() {
            self.draft.put_event(done.remembered(key, content_hash));
        }
        Ok(done)
    }

    /// The order of an attempt, in its initial state.
    pub(super) fn order_of(&self, pending: &OpeningRecord, id: &str) -> Result<OrderRecord, EngineError> {
        let (id, method) = (OrderId(id.to_owned()), Method::Online(pending.method));
        Ok(OrderRecord {
            created_at: self.draft.state.wall,
            online: Online { request_id: self.free_request(&pending.request_id, &id)?, ..Online::default() },
            ..OrderRecord::created(id, Some(pending.user_no), pending.kind, method, pending.quote.clone())
        })
    }

    /// The attempt's id, unless another order has it: a relay restored from an older backup may create two.
    pub(super) fn free_request(&self, request_id: &str, id: &OrderId) -> Result<Option<String>, EngineError> {
        let on_file = self.reader.order_of_request(request_id)?;
        let is_taken = on_file.is_some_and(|other| other != *id) || self.draft.has_other_of(request_id, id);
        Ok((!is_taken).then(|| request_id.to_owned()))
    }

    /// An order after the draft, from the draft, the memory or the store.
    pub(super) fn find_order(&self, id: &OrderId) -> Result<Option<OrderRecord>, EngineError> {
        match self.draft.order(id) {
            Some(order) => Ok(Some(order.clone())),
            None => Ok(self.reader.order(id)?),
        }
    }

    fn order_seen(&mut self, said: &RelayOrder) -> Result<bool, EngineError> {
        let Some(before) = self.find_order(&OrderId(said.order_id.clone()))? else { return Ok(false) };
        let mut order = before.clone();
        if order.method.cash().is_some() {
            return Ok(false);
        }
        let (means, expires_at) = means_of(said);
        if means != PaymentMeans::default() {
            order.online.means = means;
        }
        order.online.expires_at = expires_at.or(order.online.expires_at);
        mark(&mut order, &said.flags, said.status);
        rise(&mut order, said.status);
        if order == before {
            return Ok(false);
        }
        self.put_moved(&before, order)?;
        Ok(true)
    }

    /// Puts an order that moved; if it can no longer be paid, its user's access is decided again.
    pub(super) fn put_moved(&mut self, before: &OrderRecord, order: OrderRecord) -> Result<(), EngineError> {
        let turned = before.status.is_open() != order.status.is_open();
        let user_no = order.user_no.filter(|no| turned && self.draft.has_user(*no));
        self.draft.put_order(order);
        if let Some(no) = user_no {
            self.draft.step(no, &Event::Tick, &self.event)?;
        }
        Ok(())
    }

    /// Money arrived by another method: the outbox cancels the user's open online payment.
    pub(super) fn cancel_order(&mut self, no: u32) {
        let orders: Vec<OrderId> = self.draft.open_orders(no).map(|open| open.record.id.clone()).collect();
        for order in orders {
            self.draft.put_outbox_item(OutboxWork::Cancel { order });
        }
        let pending_orders: Vec<OpeningRecord> = self.draft.pending_orders(no).cloned().collect();
        for pending in pending_orders {
            self.end_pending_order(&pending, true);
        }
    }
}
