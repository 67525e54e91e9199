//! What is owed: every open item by user, and its sums by age.

use jiff::civil::Date;

use super::live::{Live, USERS_AT_ONCE};
use super::span::Days;
use crate::agent::engine::{EngineHandle, ReadView};
use crate::domain::account::Account;
use crate::domain::debt::DebtItem;
use crate::domain::tariff::{self, DebtLine, Tariff};
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::reports::{DebtTotalsView, OwedItemView, OwesView};
use crate::protocol::admin::values::Day;
use crate::store::UserRecord;
use crate::store::export::ExportError;

/// Who owes what, as it is sent.
pub(crate) struct DebtList {
    /// The local day it is of.
    pub today: Date,
    days: Option<Days>,
    live: Live,
}

impl DebtTotalsView {
    /// Adds what one user owes.
    pub(crate) fn add(&mut self, user: &OwesView) {
        self.users += 1;
        self.debts += user.debts.len() as u64;
        self.unpaid_bytes = self.unpaid_bytes.saturating_add(user.unpaid_bytes);
        self.overage_bytes = self.overage_bytes.saturating_add(user.overage_bytes);
        let priced = user.debts.iter().filter_map(|debt| debt.due_rp).chain(user.overage_rp);
        self.due_rp = priced.fold(self.due_rp, u64::saturating_add);
        self.unpriced += u64::from(user.due_rp.is_none());
    }
}

impl DebtList {
    /// Open items, of the debt dates in `days` where given, and overage.
    pub fn new(engine: &EngineHandle, today: Date, days: Option<Days>) -> Self {
        Self { today, days, live: Live::new(engine) }
    }

    /// Visits everybody who owes something, by the order in which users were entered; returns the sums.
    pub fn each(
        &self,
        mut visit: impl FnMut(&OwesView) -> Result<(), ExportError>,
    ) -> Result<DebtTotalsView, ExportError> {
        let (mut totals, mut after) = (DebtTotalsView::default(), 0);
        loop {
            let (today, days) = (self.today, self.days);
            let part = self.live.read(move |engine| {
                let look = engine.read_view();
                let users = look.users_after(after).take(USERS_AT_ONCE);
                look.with_context(|ctx| {
                    let tariff = ctx.tariff();
                    users.map(|user| (user.no, owes(user, &tariff, today, days))).collect::<Vec<_>>()
                })
            })?;
            let Some((last, _)) = part.last() else { return Ok(totals) };
            after = *last;
            for user in part.iter().filter_map(|(_, owes)| owes.as_ref()) {
                totals.add(user);
                visit(user)?;
            }
        }
    }
}

/// Calls `visit` with everybody who owes something, one after the other; keeps nothing.
pub(crate) fn each(look: &ReadView, days: Option<Days>, visit: impl FnMut(OwesView)) {
    let today = look.facts.local.date;
    look.with_context(|ctx| {
        let tariff = ctx.tariff();
        look.users_after(0).filter_map(|user| owes(user, &tariff, today, days)).for_each(visit);
    });
}

fn owes(user: &UserRecord, tariff: &Tariff, today: Date, days: Option<Days>) -> Option<OwesView> {
    let account = &user.account;
    // Overage has no date, so a span leaves it out.
    let is_asked_for =
        |line: &DebtLine| days.is_none_or(|days| line.item.is_some_and(|item| days.hold(item.debt_date)));
    let lines: Vec<DebtLine> = tariff.owed(account).into_iter().filter(is_asked_for).collect();
    if lines.is_empty() {
        return None;
    }
    let bytes_where = |is_item: bool| {
        let lines = lines.iter().filter(|line| line.item.is_some() == is_item);
        lines.fold(Bytes::ZERO, |sum, line| sum.plus(line.bytes))
    };
    let (unpaid, overage) = (bytes_where(true), bytes_where(false));
    let over = lines.iter().find(|line| line.item.is_none());
    let overage_rp = over.map_or(Some(Rupiah::ZERO), |line| line.price.ok());
    let due = tariff::total(&lines).ok();
    Some(OwesView {
        user_id: account.id,
        name: user.name.clone(),
        phone: user.phone.clone(),
        debts: lines.iter().filter_map(|line| Some(open(line.item?, line, today))).collect(),
        unpaid_bytes: unpaid.0,
        unpaid_mb: unpaid.into(),
        overage_bytes: overage.0,
        overage_mb: overage.into(),
        overage_rp: overage_rp.map(|rp| rp.0),
        due_rp: due.map(|rp| rp.0),
    })
}

fn open(item: &DebtItem, line: &DebtLine, today: Date) -> OwedItemView {
    let days_since = |day: Date| u32::try_from((today - day).get_days()).unwrap_or_default();
    OwedItemView {
        id: item.id,
        debt_date: Day(item.debt_date),
        due_date: Day(item.due_date),
        age_days: days_since(item.debt_date),
        late_days: days_since(item.due_date),
        amount_bytes: item.amount.map(|amount| amount.0),
        unpaid_bytes: line.bytes.0,
        unpaid_mb: line.bytes.into(),
        due_rp: line.price.ok().map(|rp| rp.0),
        note: item.note.clone(),
        customer_note: item.customer_note.clone(),
    }
}

/// What everybody owes, and how old it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owed {
    /// Everything: items and overage.
    pub bytes: Bytes,
    /// Of everything that has a price.
    pub due: Rupiah,
    /// Users who owe something.
    pub users: u64,
    /// Users of whom a part has no price.
    pub unpriced: u64,
    /// What is due by age: not due yet, late by up to a week, by up to a month, by more; then overage, which has no
    /// date.
    pub by_age: [Rupiah; 5],
}

impl Owed {
    /// Adds what one user owes.
    pub fn add(&mut self, account: &Account, tariff: &Tariff, today: Date) {
        let (mut is_owing, mut is_unpriced) = (false, false);
        for owed in tariff.each_owed(account) {
            is_owing = true;
            let age = owed.item.map_or(4, |item| age((today - item.due_date).get_days()));
            let Ok(due) = owed.price else {
                is_unpriced = true;
                continue;
            };
            self.by_age[age] = self.by_age[age].plus(due);
            self.due = self.due.plus(due);
        }
        self.bytes = self.bytes.plus(account.total_debt());
        self.users += u64::from(is_owing);
        self.unpriced += u64::from(is_unpriced);
    }
}

/// The place in [`Owed::by_age`] of an item that is so many days late.
pub(crate) fn age(late_days: i32) -> usize {
    match late_days {
        ..=0 => 0,
        1..=7 => 1,
        8..=30 => 2,
        _ => 3,
    }
}
