//! Debt items: adding, moving the due date, writing off, and the limit on credit given by cashiers.

use super::context::CommandContext;
use crate::agent::engine::audit_detail;
use crate::agent::engine::command::{DebtChange, DebtTerms};
use crate::agent::engine::done::Done;
use crate::agent::engine::error::{EngineError, conflict};
use crate::domain::debt::{DebtItem, DebtStatus};
use crate::domain::id::{DebtId, UserId};
use crate::domain::policy::{DebtGrant, Event, Refusal};
use crate::domain::tariff::PriceError;
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::debts::DebtView;
use crate::store::{Role, Undated};

/// A debt item cannot be due before its date.
fn check_due(item: &DebtItem) -> Result<(), EngineError> {
    if item.due_date < item.debt_date {
        let message = "the due date lies before the debt date".to_owned();
        return Err(EngineError::Invalid { field: "due_date", message });
    }
    Ok(())
}

impl CommandContext<'_, '_> {
    pub(super) fn new_item(&mut self, amount: Option<Bytes>, note: &str) -> DebtItem {
        let today = self.draft.facts.local.date;
        DebtItem {
            id: DebtId(self.draft.new_id()),
            amount,
            paid: Bytes::ZERO,
            price: None,
            paid_rp: Rupiah::ZERO,
            debt_date: today,
            due_date: self.draft.policy.debt_due.date(today),
            note: note.to_owned(),
            customer_note: String::new(),
            created_at: self.draft.facts.now,
            status: DebtStatus::Open,
        }
    }

    pub(super) fn add_debt(&mut self, user: UserId, terms: &DebtTerms) -> Result<Done, EngineError> {
        let no = self.draft.find_user(user)?;
        let package = match &terms.what {
            Ok(_) => None,
            Err(id) => Some(self.draft.find_package(*id)?.package.clone()),
        };
        if package.as_ref().is_some_and(|p| !p.active) {
            return Err(Refusal::NotOnSale.into());
        }
        let amount = match &terms.what {
            Ok(amount) => Some(*amount),
            Err(_) => package.as_ref().and_then(|p| p.quota),
        };
        let mut item = self.new_item(amount, &terms.note);
        item.customer_note.clone_from(&terms.customer_note);
        let today = item.debt_date;
        item.debt_date = terms.debt_date.unwrap_or(today);
        // A debt entered with an earlier date must not be overdue at once.
        let counts_from = item.debt_date.max(today);
        item.due_date = terms.due_date.unwrap_or_else(|| self.draft.policy.debt_due.date(counts_from));
        item.price = terms.price.or(package.as_ref().map(|p| p.price));
        check_due(&item)?;
        self.check_cashier_credit(&item, terms.price)?;
        if terms.debt_date.is_none() {
            self.draft.put_undated(Undated::DebtDate, item.id.to_string());
        }
        if terms.due_date.is_none() {
            self.draft.put_undated(Undated::DueDate, item.id.to_string());
        }
        let view = DebtView::of(&item, self.draft.tariff_due(&item));
        let grant = DebtGrant { item, advance: terms.advance, days: package.map(|p| p.days) };
        self.draft.step(no, &Event::DebtGranted(grant), &self.event)?;
        let detail = format!("{} {}", view.id, amount.unwrap_or_default());
        self.draft.audit("debt.add", &user.to_string(), detail);
        Ok(Done::created(view))
    }

    /// An item of the user, open or closed. Closed items exist only in the store.
    pub fn find_item(&self, user_no: u32, debt: DebtId) -> Result<DebtItem, EngineError> {
        if let Some(item) = self.draft.user(user_no).account.item(debt) {
            return Ok(item.clone());
        }
        match self.reader.debt(debt)? {
            Some((owner, item)) if owner == user_no => Ok(item),
            _ => Err(EngineError::NotFound("debt of this user")),
        }
    }

    /// An item of the user with an unpaid part.
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
    ) -> Result<Done, EngineError> {
        let (no, before) = self.find_open_item(user, debt)?;
        let mut item = before.clone();
        item.due_date = change.due_date.unwrap_or(item.due_date);
        check_due(&item)?;
        let DebtChange { due_date, note, customer_note } = change.clone();
        let event = Event::DebtChanged { debt, due_date, note, customer_note };
        self.draft.step(no, &event, &self.event)?;
        if change.due_date.is_some() {
            self.draft.put_dated(Undated::DueDate, debt.to_string());
        }
        item.note = change.note.clone().unwrap_or(item.note);
        item.customer_note = change.customer_note.clone().unwrap_or(item.customer_note);
        self.draft.audit("debt.change", &user.to_string(), audit_detail::of_debt(&before, &item));
        Ok(self.debt_view(no, debt))
    }

    pub(super) fn write_off(
        &mut self,
        user: UserId,
        debt: DebtId,
        reason: &str,
    ) -> Result<Done, EngineError> {
        let (no, item) = self.find_open_item(user, debt)?;
        let event = Event::WrittenOff { debt, reason: reason.to_owned() };
        self.draft.step(no, &event, &self.event)?;
        let detail = format!("{debt} {} {reason}", item.unpaid());
        self.draft.audit("debt.write_off", &user.to_string(), detail);
        Ok(self.debt_view(no, debt))
    }

    /// An item after the draft.
    fn debt_view(&self, user_no: u32, debt: DebtId) -> Done {
        let item = self.draft.user(user_no).account.item(debt);
        let item = item.expect("an item that was stepped on is in its account until the commit");
        Done::changed(DebtView::of(item, self.draft.tariff_due(item)))
    }

    /// The credit given by a cashier, this item included, must not exceed the site's limit.
    fn check_cashier_credit(&self, item: &DebtItem, own_price: Option<Rupiah>) -> Result<(), EngineError> {
        if self.draft.actor.role > Role::Cashier {
            return Ok(());
        }
        if own_price.is_some() {
            // A cashier who sets the price would also set the limit.
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
}
