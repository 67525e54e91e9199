//! Bodies about quota, debts and money.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::super::fields::{Amount, Day, Days, Money as Sum, Note, Price, Reason};
use crate::agent::engine::{Action, DebtChange, DebtTerms, Purpose, Replaces, Tender, Wish};
use crate::domain::id::{DebtId, OrderId, PackageId, UserId};
use crate::domain::order::{CashMethod, OnlineMethod};
use crate::domain::policy::Grant;
use crate::web::Problem;

/// `POST /users/{id}/credits`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Credit {
    amount: Amount,
    days: Option<Days>,
    reason: Reason,
}

impl Credit {
    pub fn action(self, user: UserId) -> Action {
        let days = self.days.map(|days| days.0);
        Action::Grant(user, Grant { amount: self.amount.0, days, reason: self.reason.0 })
    }
}

/// `POST /users/{id}/debits`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Debit {
    amount: Amount,
    reason: Reason,
}

impl Debit {
    pub fn action(self, user: UserId) -> Action {
        Action::Debit { user, amount: self.amount.0, reason: self.reason.0 }
    }
}

/// `POST /users/{id}/debts`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the fields are the contract's own names")]
pub(in crate::agent::admin) struct Debt {
    amount: Option<Amount>,
    package_id: Option<PackageId>,
    advance: Option<bool>,
    debt_date: Option<Day>,
    due_date: Option<Day>,
    price_rp: Option<Sum>,
    note: Option<Note>,
}

impl Debt {
    pub fn action(self, user: UserId) -> Result<Action, Problem> {
        let what = match (self.amount, self.package_id) {
            (Some(amount), None) => Ok(amount.0),
            (None, Some(package)) => Err(package),
            _ => return Err(Problem::invalid("amount", "give either amount or package_id")),
        };
        let terms = DebtTerms {
            what,
            advance: self.advance.unwrap_or(true),
            debt_date: self.debt_date.map(|day| day.0),
            due_date: self.due_date.map(|day| day.0),
            price: self.price_rp.map(|price| price.0),
            note: self.note.map(|note| note.0).unwrap_or_default(),
        };
        Ok(Action::AddDebt(user, terms))
    }
}

/// `PATCH /users/{id}/debts/{debt}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct DebtEdit {
    due_date: Option<Day>,
    note: Option<Note>,
}

impl DebtEdit {
    pub fn action(self, user: UserId, debt: DebtId) -> Result<Action, Problem> {
        if self.due_date.is_none() && self.note.is_none() {
            return Err(Problem::invalid("due_date", "give due_date or note"));
        }
        let change =
            DebtChange { due_date: self.due_date.map(|day| day.0), note: self.note.map(|note| note.0) };
        Ok(Action::ChangeDebt(user, debt, change))
    }
}

/// `POST /users/{id}/debts/{debt}/write-off`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct WriteOff {
    reason: Reason,
}

impl WriteOff {
    pub fn action(self, user: UserId, debt: DebtId) -> Action {
        Action::WriteOff { user, debt, reason: self.reason.0 }
    }
}

/// How it is paid.
#[derive(Clone, Copy)]
pub(in crate::agent::admin) enum Method {
    /// To a cashier.
    Cash(CashMethod),
    /// Through the gateway.
    Online(OnlineMethod),
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let name = String::deserialize(d)?;
        let cash = CashMethod::from_name(&name).map(Self::Cash);
        cash.or_else(|| OnlineMethod::from_name(&name).map(Self::Online)).ok_or_else(|| {
            D::Error::custom("must be cash, transfer, qris_static, or an online method such as snap or qris")
        })
    }
}

/// Money that comes, and how.
pub(in crate::agent::admin) enum Money {
    /// Over the counter: settled at once.
    Taken(Action),
    /// Through the gateway: an open order.
    Asked(Wish),
}

/// What `last_paid` says where no online order was ever paid.
pub(in crate::agent::admin) const NONE_PAID: &str = "none";

/// How somebody pays.
struct Tendered {
    method: Method,
    reference: Option<Note>,
    expect: Option<Price>,
    /// The last online order that was paid, as the caller knows it, or [`NONE_PAID`].
    last_paid: Option<Note>,
}

impl Tendered {
    fn money(self, user: UserId, purpose: Purpose) -> Money {
        let expect = self.expect.map(|price| price.0);
        let reference = self.reference.map(|reference| reference.0).filter(|text| !text.is_empty());
        let last_paid = self.last_paid.map(|id| Some(OrderId(id.0)).filter(|id| id.0 != NONE_PAID));
        match self.method {
            Method::Online(method) => {
                Money::Asked(Wish { user, purpose, method, expect, replaces: Replaces::Anything })
            }
            Method::Cash(method) => {
                Money::Taken(taking(user, &purpose, Tender { method, reference, expect, last_paid }))
            }
        }
    }
}

/// The action that takes money over the counter.
fn taking(user: UserId, purpose: &Purpose, tender: Tender) -> Action {
    match *purpose {
        Purpose::Buy(package) => Action::Buy(user, package, tender),
        Purpose::SettleAll => Action::SettleAll(user, tender),
        Purpose::SettleItem(debt) => Action::SettleItem(user, debt, tender),
        Purpose::PayPart(amount) => Action::PayPart(user, amount, tender),
    }
}

/// The action that would do at once what an online payment does when it is paid.
pub(in crate::agent::admin) fn over_the_counter(wish: &Wish) -> Action {
    let tender = Tender { method: CashMethod::Cash, reference: None, expect: wish.expect, last_paid: None };
    taking(wish.user, &wish.purpose, tender)
}

/// `POST /users/{id}/purchases`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Purchase {
    package_id: PackageId,
    method: Method,
    reference: Option<Note>,
    expect_rp: Option<Price>,
    last_paid: Option<Note>,
}

impl Purchase {
    pub fn money(self, user: UserId) -> Money {
        let Self { package_id, method, reference, expect_rp: expect, last_paid } = self;
        Tendered { method, reference, expect, last_paid }.money(user, Purpose::Buy(package_id))
    }
}

/// `POST /users/{id}/settlements` and `POST /users/{id}/debts/{debt}/settlements`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Settlement {
    method: Method,
    reference: Option<Note>,
    expect_rp: Option<Price>,
    last_paid: Option<Note>,
}

impl Settlement {
    pub fn all(self, user: UserId) -> Money {
        self.of(user, Purpose::SettleAll)
    }

    pub fn one(self, user: UserId, debt: DebtId) -> Money {
        self.of(user, Purpose::SettleItem(debt))
    }

    fn of(self, user: UserId, purpose: Purpose) -> Money {
        let Self { method, reference, expect_rp: expect, last_paid } = self;
        Tendered { method, reference, expect, last_paid }.money(user, purpose)
    }
}

/// `POST /users/{id}/payments`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Payment {
    amount_rp: Sum,
    method: Method,
    reference: Option<Note>,
    last_paid: Option<Note>,
}

impl Payment {
    pub fn money(self, user: UserId) -> Money {
        let Self { amount_rp, method, reference, last_paid } = self;
        Tendered { method, reference, expect: None, last_paid }.money(user, Purpose::PayPart(amount_rp.0))
    }
}

/// `POST /users/{id}/reset`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Reset {
    debt: Option<Amount>,
    credit: Option<Amount>,
    days: Option<Days>,
    unblock: Option<bool>,
    reason: Reason,
}

impl Reset {
    pub fn action(self, user: UserId) -> Action {
        Action::Reset {
            user,
            debt: self.debt.map(|amount| amount.0),
            credit: self.credit.map(|amount| amount.0),
            days: self.days.map(|days| days.0),
            unblock: self.unblock,
            reason: self.reason.0,
        }
    }
}
