//! What is done at the counter beside selling: promises and write-offs, refunds, counting the drawer, credit that
//! cashiers give, and portal PINs.

use std::fmt;

use super::actions::{Act, DebtChange, conflict, done};
use super::audit_detail;
use super::views::{ClosingView, DebtView, OrderView};
use super::{EngineError, Outcome};
use crate::domain::debt::DebtItem;
use crate::domain::drawer::Move;
use crate::domain::id::{DebtId, OrderId, UserId};
use crate::domain::ledger::{Entry, Kind};
use crate::domain::order::OrderState;
use crate::domain::policy::{Event, Refund, Refusal};
use crate::domain::tariff::PriceError;
use crate::domain::units::Rupiah;
use crate::domain::validity::ValidityStep;
use crate::store::{ClosingRecord, OrderRecord, Role, Undated};

/// The argon2id hash of a portal PIN. Six digits are guessed from their hash in minutes, so it prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash(pub String);

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("PinHash")
    }
}

/// A debt cannot be due before it is made.
pub(super) fn check_due(item: &DebtItem) -> Result<(), EngineError> {
    if item.due_date < item.debt_date {
        let message = "the due date lies before the debt date".to_owned();
        return Err(EngineError::Invalid { field: "due_date", message });
    }
    Ok(())
}

impl Act<'_, '_> {
    /// An item of the user, open or closed. Closed items live in the store only.
    pub(super) fn find_item(&self, user_no: u32, debt: DebtId) -> Result<DebtItem, EngineError> {
        if let Some(item) = self.draft.user(user_no).account.item(debt) {
            return Ok(item.clone());
        }
        match self.reader.debt(debt)? {
            Some((owner, item)) if owner == user_no => Ok(item),
            _ => Err(EngineError::NotFound("debt of this user")),
        }
    }

    /// An item of the user that still owes something.
    fn find_open_item(&self, user: UserId, debt: DebtId) -> Result<(u32, DebtItem), EngineError> {
        let no = self.draft.find_user(user)?;
        let item = self.find_item(no, debt)?;
        if item.is_open() { Ok((no, item)) } else { Err(Refusal::AlreadyPaid.into()) }
    }

    pub(super) fn change_debt(
        &mut self,
        user: UserId,
        debt: DebtId,
        change: &DebtChange,
    ) -> Result<Outcome, EngineError> {
        let (no, before) = self.find_open_item(user, debt)?;
        let mut item = before.clone();
        item.due_date = change.due_date.unwrap_or(item.due_date);
        check_due(&item)?;
        let event = Event::DebtChanged { debt, due_date: change.due_date, note: change.note.clone() };
        self.draft.step(no, &event, &self.event)?;
        if change.due_date.is_some() {
            self.draft.put_dated(Undated::DueDate, debt.to_string());
        }
        item.note = change.note.clone().unwrap_or(item.note);
        self.draft.audit("debt.change", &user.to_string(), audit_detail::of_debt(&before, &item));
        Ok(self.debt_view(no, debt))
    }

    pub(super) fn write_off(
        &mut self,
        user: UserId,
        debt: DebtId,
        reason: &str,
    ) -> Result<Outcome, EngineError> {
        let (no, item) = self.find_open_item(user, debt)?;
        let event = Event::WrittenOff { debt, reason: reason.to_owned() };
        self.draft.step(no, &event, &self.event)?;
        let detail = format!("{debt} {} {reason}", item.unpaid());
        self.draft.audit("debt.write_off", &user.to_string(), detail);
        Ok(self.debt_view(no, debt))
    }

    /// An item as the draft leaves it.
    fn debt_view(&self, user_no: u32, debt: DebtId) -> Outcome {
        let item = self.draft.user(user_no).account.item(debt);
        let item = item.expect("an item that was stepped on is in its account until the commit");
        done(200, &DebtView::of(item, self.draft.tariff_due(item)))
    }

    /// What a cashier gave on credit, this item included, may owe no more than the site allows.
    pub(super) fn check_cashier_credit(
        &self,
        item: &DebtItem,
        own_price: Option<Rupiah>,
    ) -> Result<(), EngineError> {
        if self.draft.actor.role > Role::Cashier {
            return Ok(());
        }
        if own_price.is_some() {
            // Whoever makes the price makes the limit.
            let message =
                "cashiers give credit at the price of the packages on sale; an operator sets another";
            return Err(conflict("cashier_credit", message));
        }
        let state = self.draft.state;
        let is_own = |item: &&DebtItem| state.granted_by.get(&item.id) == Some(&self.draft.actor.name);
        let open = state.users.values().flat_map(|user| user.account.open_items()).filter(is_own);
        let owed = self.draft.with_context(|ctx| {
            let tariff = ctx.tariff();
            open.chain([item])
                .try_fold(Rupiah::ZERO, |sum, item| Ok::<_, PriceError>(sum.plus(tariff.due(item)?)))
        });
        let limit = self.draft.policy.cashier_credit;
        match owed.map_err(Refusal::from)? {
            owed if owed > limit || limit == Rupiah::ZERO => Err(Refusal::CashierCredit(limit).into()),
            _ => Ok(()),
        }
    }

    pub(super) fn refund(
        &mut self,
        id: &OrderId,
        amount: Option<Rupiah>,
        reason: &str,
    ) -> Result<Outcome, EngineError> {
        let mut order = self.reader.order(id)?.ok_or(EngineError::NotFound("order"))?;
        let Some(method) = order.method.cash() else {
            return self.refund_online(&order, amount, reason);
        };
        let Some(no) = order.user_no.filter(|no| self.draft.has_user(*no)) else {
            return Err(conflict("user_deleted", "the user of this order is deleted"));
        };
        let user = self.draft.user(no).account.id;
        let amount = amount.unwrap_or(order.amount.minus(order.refunded));
        let refund = self.refund_of(&order, no, amount, reason)?;
        self.draft.step(no, &Event::Refunded(refund), &self.event)?;
        order.refunded = order.refunded.plus(amount);
        let is_whole = order.refunded == order.amount;
        order.status = if is_whole { OrderState::Refunded } else { OrderState::PartiallyRefunded };
        let detail = format!("{id} {amount} {} {reason}", method.name());
        self.draft.audit("order.refunded", &user.to_string(), detail);
        self.draft.put_move(&order, method, Move::Returned, amount);
        let view = OrderView::of(&order, Some(user));
        self.draft.put_order(order);
        Ok(done(200, &view))
    }

    /// The refund with the order's own effects, as the store and this draft tell them. Lines are committed with the
    /// request that makes them, so the two lack none.
    pub(super) fn refund_of(
        &mut self,
        order: &OrderRecord,
        user_no: u32,
        amount: Rupiah,
        reason: &str,
    ) -> Result<Refund, EngineError> {
        let lines = self.reader.order_entries(&order.id)?;
        let paid_at = lines.first().map(|line| line.seq);
        let committed = lines.into_iter().map(|line| line.entry);
        let entries: Vec<Entry> = committed.chain(self.draft.entries_of(&order.id).cloned()).collect();
        let mut closed = Vec::new();
        for debt in entries.iter().filter(|e| e.kind == Kind::DebtPaid).filter_map(|e| e.debt) {
            if self.draft.user(user_no).account.item(debt).is_some() {
                continue;
            }
            let found = self.reader.debt(debt)?.filter(|(owner, _)| *owner == user_no);
            closed.extend(found.map(|(_, item)| item));
            if let Some(by) = self.reader.granted_by(debt)? {
                self.draft.put_granter(debt, by);
            }
        }
        Ok(Refund {
            order: order.id.clone(),
            amount,
            paid: order.amount,
            refunded_before: order.refunded,
            entries,
            closed,
            after_reset: match paid_at {
                Some(seq) => self.reader.period_ended_after(user_no, seq)?,
                None => false,
            },
            validity: self.validity_of(user_no)?,
            plan: order.quote.buys_plan(),
            reason: reason.to_owned(),
        })
    }

    /// Every change of a user's expiry and plan: as committed, as time made it since, and as this draft makes it.
    fn validity_of(&self, user_no: u32) -> Result<Vec<ValidityStep>, EngineError> {
        let mut steps = self.reader.validity(user_no)?;
        let gathered = self.draft.state.dirty.validity.iter().filter(|(no, _)| *no == user_no);
        steps.extend(gathered.map(|(_, step)| step.clone()));
        steps.extend(self.draft.validity_of(user_no).cloned());
        Ok(steps)
    }

    /// Counts the drawer of whoever asks. Moves are committed with the request that makes them, so the store lacks
    /// none.
    pub(super) fn close_drawer(&mut self, counted: Rupiah, note: &str) -> Result<Outcome, EngineError> {
        let cashier = self.draft.actor.name.clone();
        let closing = ClosingRecord {
            no: self.reader.last_closing_no()? + 1,
            at: self.draft.state.wall,
            drawer: self.reader.drawer(&cashier, None)?,
            cashier: cashier.clone(),
            counted,
            note: note.to_owned(),
        };
        let view = ClosingView::of(&closing);
        let detail = format!(
            "{} counted {counted} expected {} difference {}",
            closing.no, view.expected_rp, view.difference_rp
        );
        self.draft.audit("drawer.close", &cashier, detail);
        self.draft.put_closing(closing);
        Ok(done(201, &view))
    }

    pub(super) fn set_pin(&mut self, user: UserId, hash: &PinHash) -> Result<Outcome, EngineError> {
        let no = self.draft.find_user(user)?;
        self.draft.audit("user.pin", &user.to_string(), String::new());
        self.draft.put_pin(no, hash.clone());
        Ok(Outcome { status: 204, body: String::new() })
    }
}
