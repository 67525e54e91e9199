//! What requests about quota, debts and money ask of the engine.

use crate::agent::engine::{Command, DebtChange, DebtTerms, PaymentRequest, Purpose, Replaces, Tender};
use crate::domain::id::{DebtId, OrderId, UserId};
use crate::domain::order::{CashMethod, Method};
use crate::domain::policy::Grant;
use crate::protocol::admin::debts::{AddDebt, ChangeDebt, WriteOffDebt};
use crate::protocol::admin::money::{BuyPackage, NONE_PAID, PayPart, SettleDebts};
use crate::protocol::admin::quota::{CreditUser, DebitUser, ResetAccount};
use crate::protocol::admin::values::{MethodName, Note, Price};
use crate::web::Problem;

impl CreditUser {
    pub(crate) fn command(self, user: UserId) -> Command {
        let days = self.days.map(|days| days.0);
        Command::Grant(user, Grant { amount: self.amount.0, days, reason: self.reason.0 })
    }
}

impl DebitUser {
    pub(crate) fn command(self, user: UserId) -> Command {
        Command::Debit { user, amount: self.amount.0, reason: self.reason.0 }
    }
}

impl AddDebt {
    pub(crate) fn command(self, user: UserId) -> Result<Command, Problem> {
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
            customer_note: self.customer_note.map(|note| note.0).unwrap_or_default(),
        };
        Ok(Command::AddDebt(user, terms))
    }
}

impl ChangeDebt {
    pub(crate) fn command(self, user: UserId, debt: DebtId) -> Result<Command, Problem> {
        let change = DebtChange {
            due_date: self.due_date.map(|day| day.0),
            note: self.note.map(|note| note.0),
            customer_note: self.customer_note.map(|note| note.0),
        };
        if change == DebtChange::default() {
            return Err(Problem::invalid("due_date", "give due_date, note or customer_note"));
        }
        Ok(Command::ChangeDebt(user, debt, change))
    }
}

impl WriteOffDebt {
    pub(crate) fn command(self, user: UserId, debt: DebtId) -> Command {
        Command::WriteOff { user, debt, reason: self.reason.0 }
    }
}

/// Money that comes, and how.
pub(crate) enum Money {
    /// Over the counter: settled at once.
    Taken(Command),
    /// Through the gateway: an open order.
    Asked(PaymentRequest),
}

/// How somebody pays.
struct Tendered {
    method: MethodName,
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
        match self.method.0 {
            Method::Online(method) => {
                Money::Asked(PaymentRequest { user, purpose, method, expect, replaces: Replaces::Anything })
            }
            Method::Cash(method) => {
                Money::Taken(taking(user, &purpose, Tender { method, reference, expect, last_paid }))
            }
        }
    }
}

/// The action that takes money over the counter.
fn taking(user: UserId, purpose: &Purpose, tender: Tender) -> Command {
    match *purpose {
        Purpose::Buy(package) => Command::Buy(user, package, tender),
        Purpose::SettleAll => Command::SettleAll(user, tender),
        Purpose::SettleItem(debt) => Command::SettleItem(user, debt, tender),
        Purpose::PayPart(amount) => Command::PayPart(user, amount, tender),
    }
}

/// The action that would do at once what an online payment does when it is paid.
pub(crate) fn over_the_counter(wish: &PaymentRequest) -> Command {
    let tender = Tender { method: CashMethod::Cash, reference: None, expect: wish.expect, last_paid: None };
    taking(wish.user, &wish.purpose, tender)
}

impl BuyPackage {
    pub(crate) fn money(self, user: UserId) -> Money {
        let Self { package_id, method, reference, expect_rp: expect, last_paid } = self;
        Tendered { method, reference, expect, last_paid }.money(user, Purpose::Buy(package_id))
    }
}

impl SettleDebts {
    pub(crate) fn all(self, user: UserId) -> Money {
        self.of(user, Purpose::SettleAll)
    }

    pub(crate) fn one(self, user: UserId, debt: DebtId) -> Money {
        self.of(user, Purpose::SettleItem(debt))
    }

    fn of(self, user: UserId, purpose: Purpose) -> Money {
        let Self { method, reference, expect_rp: expect, last_paid } = self;
        Tendered { method, reference, expect, last_paid }.money(user, purpose)
    }
}

impl PayPart {
    pub(crate) fn money(self, user: UserId) -> Money {
        let Self { amount_rp, method, reference, last_paid } = self;
        Tendered { method, reference, expect: None, last_paid }.money(user, Purpose::PayPart(amount_rp.0))
    }
}

impl ResetAccount {
    pub(crate) fn command(self, user: UserId) -> Command {
        Command::Reset {
            user,
            debt: self.debt.map(|amount| amount.0),
            credit: self.credit.map(|amount| amount.0),
            days: self.days.map(|days| days.0),
            unblock: self.unblock,
            reason: self.reason.0,
        }
    }
}
