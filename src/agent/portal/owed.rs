//! What a customer owes, item by item with prices: the bill of every page.

use jiff::civil::Date;

use super::texts::Words;
use crate::agent::engine::ReadView;
use crate::domain::account::Account;
use crate::domain::id::DebtId;
use crate::domain::order::{Item, Line};
use crate::domain::tariff;
use crate::domain::units::{Bytes, Rupiah};
use crate::ui::Locale;
use crate::ui::catalogue::fill;

/// One thing owed.
#[derive(Clone, Debug)]
struct Debt {
    /// The item; `None` for usage beyond the quota.
    id: Option<DebtId>,
    bytes: Bytes,
    price: Option<Rupiah>,
    /// When it was entered and when it is due.
    dates: Option<(Date, Date)>,
    is_late: bool,
    /// What the owner wrote for the customer.
    note: String,
}

/// Everything owed, oldest first, usage beyond the quota last.
#[derive(Clone, Debug, Default)]
pub(super) struct Owed {
    debts: Vec<Debt>,
}

impl Owed {
    /// What `account` owes at present prices.
    pub fn of(look: &ReadView, account: &Account) -> Self {
        let (local, policy) = (look.facts.local, look.policy);
        look.with_context(|ctx| {
            let debt = |owed: tariff::DebtLine<'_>| Debt {
                id: owed.item.map(|item| item.id),
                bytes: owed.bytes,
                price: owed.price.ok(),
                dates: owed.item.map(|item| (item.debt_date, item.due_date)),
                is_late: owed.item.is_some_and(|item| item.is_overdue(local, policy.overdue)),
                note: owed.item.map(|item| item.customer_note.clone()).unwrap_or_default(),
            };
            let debts = ctx.tariff().owed(account).into_iter().map(debt).collect();
            Self { debts }
        })
    }

    /// One bill of that price.
    #[cfg(test)]
    pub fn of_price(price: Rupiah) -> Self {
        let (bytes, price, note) = (Bytes::ZERO, Some(price), String::new());
        Self { debts: vec![Debt { id: None, bytes, price, dates: None, is_late: false, note }] }
    }

    /// The price of all of it; `None` when part of it has no price, which is never zero.
    pub fn total(&self) -> Option<Rupiah> {
        self.debts.iter().try_fold(Rupiah::ZERO, |sum, debt| Some(sum.plus(debt.price?)))
    }

    /// The price of the items only, to which part payments go. `None` as above, and if there are none.
    pub fn total_of_items(&self) -> Option<Rupiah> {
        let mut items = self.debts.iter().filter(|debt| debt.id.is_some()).peekable();
        items.peek()?;
        items.try_fold(Rupiah::ZERO, |sum, debt| Some(sum.plus(debt.price?)))
    }

    /// The lines as shown.
    pub fn lines(&self, words: &Words, locale: &Locale) -> Vec<OwedLine> {
        self.debts.iter().map(|debt| debt.line(words, locale)).collect()
    }

    /// Items past their due date, with that date.
    pub fn late(&self, words: &Words, locale: &Locale) -> Vec<(String, String)> {
        let late = self.debts.iter().filter(|debt| debt.is_late);
        let named = |debt: &Debt| {
            let line = debt.line(words, locale);
            (line.name, debt.dates.map(|(_, due)| locale.day(due)).unwrap_or_default())
        };
        late.map(named).collect()
    }
}

/// One line of a bill as shown.
pub(super) struct OwedLine {
    /// The address to pay only this line; only items have one.
    pub path: Option<String>,
    pub name: String,
    pub quota: String,
    pub price: Option<String>,
    /// Its due date.
    pub due: String,
    pub is_late: bool,
    /// What the owner wrote for the customer about it.
    pub note: String,
}

impl Debt {
    fn line(&self, words: &Words, locale: &Locale) -> OwedLine {
        let name = match self.dates {
            None => words.overage.to_owned(),
            Some((made, _)) => fill(words.debt_of, &[&locale.day(made)]),
        };
        let due = self.dates.map(|(_, due)| {
            let text = if self.is_late { words.late } else { words.due_by };
            fill(text, &[&locale.day(due)])
        });
        OwedLine {
            path: self.id.map(|id| format!("/lunasi/{id}")),
            name,
            quota: if self.bytes.is_zero() { words.no_limit.to_owned() } else { locale.quota(self.bytes) },
            price: self.price.map(|price| price.to_string()),
            due: due.unwrap_or_default(),
            is_late: self.is_late,
            note: self.note.clone(),
        }
    }
}

/// The name of a quote's line as shown. A debt item is named by its date, because its note is for the owner.
pub(super) fn line_name(line: &Line, account: &Account, words: &Words, locale: &Locale) -> String {
    match &line.item {
        Item::Package { .. } => line.name.clone(),
        Item::Debt { id, .. } => match account.item(*id) {
            Some(item) => fill(words.debt_of, &[&locale.day(item.debt_date)]),
            None => words.bill.to_owned(),
        },
        Item::Overage => words.overage.to_owned(),
    }
}
