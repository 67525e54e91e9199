//! Whom to call about what is owed.

use jiff::civil::Date;

use super::live::{Live, USERS_AT_ONCE};
use super::span::Days;
use crate::agent::engine::{EngineHandle, ReadView};
use crate::domain::access::Reason;
use crate::domain::tariff::Tariff;
use crate::protocol::admin::page::{Cursor, List, PageLimit};
use crate::protocol::admin::reports::{CallReason, CallTotalsView, CallView};
use crate::protocol::admin::values::Day;
use crate::store::UserRecord;
use crate::store::export::ExportError;

/// Days before the due date from which an item is due soon.
const DUE_SOON_DAYS: i32 = 7;

/// Whom to call, the most urgent first, as it is sent.
pub(crate) struct CallList {
    /// The local day it is of.
    pub today: Date,
    days: Option<Days>,
    live: Live,
}

/// Whom to call, the most urgent first, by their keys.
pub(crate) struct Ranked {
    users: Vec<u32>,
    /// Sums over all of them.
    pub totals: CallTotalsView,
}

impl CallTotalsView {
    /// Adds somebody.
    fn add(&mut self, call: &CallView) {
        self.users += 1;
        self.amount_rp = self.amount_rp.saturating_add(call.amount_rp.unwrap_or_default());
        self.unpriced += u64::from(call.amount_rp.is_none());
    }
}

/// Who is stopped for debt, is late or has to pay soon; with the earliest due date in `days` where given.
pub(crate) fn ranked(look: &ReadView, days: Option<Days>) -> Ranked {
    let today = look.facts.local.date;
    let mut totals = CallTotalsView::default();
    let mut calls: Vec<(CallReason, Option<Date>, &str, u32)> = look.with_context(|ctx| {
        let tariff = ctx.tariff();
        let ranked = |user: &'_ UserRecord| {
            let (state, due) = state_of(user, today, days)?;
            totals.add(&call(user, state, due, &tariff));
            Some((state, due, user.no))
        };
        let named = |(state, due, no)| Some((state, due, look.user_no(no)?.name.as_str(), no));
        look.users_after(0).filter_map(ranked).filter_map(named).collect()
    });
    calls.sort_unstable();
    Ranked { users: calls.into_iter().map(|(_, _, _, no)| no).collect(), totals }
}

impl Ranked {
    /// A page of them.
    pub fn page(
        self,
        look: &ReadView,
        days: Option<Days>,
        limit: PageLimit,
        after: Option<Cursor>,
    ) -> List<CallView> {
        let List { items, next } = List::of_all(self.users, limit, after);
        List { items: calls(look, &items, look.facts.local.date, days), next }
    }
}

/// The users with those keys who are still to be called.
fn calls(look: &ReadView, users: &[u32], today: Date, days: Option<Days>) -> Vec<CallView> {
    look.with_context(|ctx| {
        let tariff = ctx.tariff();
        let users = users.iter().filter_map(|no| look.user_no(*no));
        let call = |user| {
            let (state, due) = state_of(user, today, days)?;
            Some(call(user, state, due, &tariff))
        };
        users.filter_map(call).collect()
    })
}

impl CallList {
    /// The list of `days` where given.
    pub fn new(engine: &EngineHandle, today: Date, days: Option<Days>) -> Self {
        Self { today, days, live: Live::new(engine) }
    }

    /// Visits everybody who is to be called, the most urgent first; returns the sums.
    pub fn each(
        &self,
        mut visit: impl FnMut(&CallView) -> Result<(), ExportError>,
    ) -> Result<CallTotalsView, ExportError> {
        let (today, days) = (self.today, self.days);
        let all = self.live.read(move |engine| ranked(&engine.read_view(), days).users)?;
        let mut totals = CallTotalsView::default();
        for part in all.chunks(USERS_AT_ONCE) {
            let users = part.to_vec();
            let part = self.live.read(move |engine| calls(&engine.read_view(), &users, today, days))?;
            for call in &part {
                totals.add(call);
                visit(call)?;
            }
        }
        Ok(totals)
    }
}

/// Why somebody is called, and the earliest due date; `None` for everybody else.
pub(super) fn state_of(
    user: &UserRecord,
    today: Date,
    days: Option<Days>,
) -> Option<(CallReason, Option<Date>)> {
    let account = &user.account;
    let due = account.open_items().into_iter().map(|item| item.due_date).min();
    if days.is_some_and(|days| due.is_none_or(|due| !days.hold(due))) {
        return None;
    }
    let for_debt = |reason: &Reason| matches!(reason, Reason::DebtLimit | Reason::DebtOverdue);
    let state = if account.access.causes.iter().any(for_debt) {
        CallReason::Stopped
    } else {
        match due.map(|due| (due - today).get_days()) {
            Some(left) if left < 0 => CallReason::Overdue,
            Some(left) if left <= DUE_SOON_DAYS => CallReason::DueSoon,
            _ => return None,
        }
    };
    Some((state, due))
}

fn call(user: &UserRecord, state: CallReason, due: Option<Date>, tariff: &Tariff) -> CallView {
    let account = &user.account;
    let total = account.total_debt();
    CallView {
        state,
        user_id: account.id,
        name: user.name.clone(),
        phone: user.phone.clone(),
        due_date: due.map(Day),
        total_debt_bytes: total.0,
        total_debt_mb: total.into(),
        amount_rp: tariff.settle_all(account).ok().map(|quote| quote.total().0),
    }
}
