//! Whom to call about what is owed.

use jiff::civil::Date;
use serde::Serialize;

use super::span::Days;
use crate::agent::engine::ReadView;
use crate::domain::access::Reason;
use crate::domain::id::UserId;
use crate::domain::tariff::Tariff;
use crate::store::UserRecord;

/// Days before the due date from which an item is due soon.
const DUE_SOON_DAYS: i32 = 7;

/// Whom to call, the most urgent first.
#[derive(Serialize)]
pub(crate) struct Collection {
    pub date: String,
    pub items: Vec<Call>,
    pub totals: CallTotals,
}

/// Why somebody is called; least urgent last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Blocked for debt.
    Stopped,
    /// Past the due date.
    Overdue,
    /// Due within a week.
    DueSoon,
}

impl State {
    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Overdue => "overdue",
            Self::DueSoon => "due_soon",
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Call {
    pub state: State,
    pub user_id: UserId,
    pub name: String,
    pub phone: Option<String>,
    /// The earliest of the open items.
    pub due_date: Option<String>,
    pub total_debt_bytes: u64,
    pub total_debt_mb: String,
    /// What settling everything costs; null when it cannot be priced.
    pub amount_rp: Option<u64>,
}

#[derive(Default, Serialize)]
pub(crate) struct CallTotals {
    pub users: u64,
    /// Of everybody whose debt has a price.
    pub amount_rp: u64,
    pub unpriced: u64,
}

/// Who is stopped for debt, is late or has to pay soon; with the earliest due date in `days` where given.
pub(crate) fn collection(look: &ReadView, days: Option<Days>) -> Collection {
    let today = look.facts.local.date;
    let mut items: Vec<Call> = look.with_context(|ctx| {
        let tariff = ctx.tariff();
        look.users_after(0).filter_map(|user| call(user, &tariff, today, days)).collect()
    });
    // Dates in ISO 8601 sort as texts.
    items.sort_by(|a, b| (a.state, &a.due_date, &a.name).cmp(&(b.state, &b.due_date, &b.name)));
    let mut totals = CallTotals::default();
    for item in &items {
        totals.users += 1;
        totals.amount_rp = totals.amount_rp.saturating_add(item.amount_rp.unwrap_or_default());
        totals.unpriced += u64::from(item.amount_rp.is_none());
    }
    Collection { date: today.to_string(), items, totals }
}

fn call(user: &UserRecord, tariff: &Tariff, today: Date, days: Option<Days>) -> Option<Call> {
    let account = &user.account;
    let due = account.open_items().into_iter().map(|item| item.due_date).min();
    if days.is_some_and(|days| due.is_none_or(|due| !days.hold(due))) {
        return None;
    }
    let for_debt = |reason: &Reason| matches!(reason, Reason::DebtLimit | Reason::DebtOverdue);
    let state = if account.access.causes.iter().any(for_debt) {
        State::Stopped
    } else {
        match due.map(|due| (due - today).get_days()) {
            Some(left) if left < 0 => State::Overdue,
            Some(left) if left <= DUE_SOON_DAYS => State::DueSoon,
            _ => return None,
        }
    };
    let total = account.total_debt();
    Some(Call {
        state,
        user_id: account.id,
        name: user.name.clone(),
        phone: user.phone.clone(),
        due_date: due.map(|due| due.to_string()),
        total_debt_bytes: total.0,
        total_debt_mb: total.to_mb_string(),
        amount_rp: tariff.settle_all(account).ok().map(|quote| quote.total().0),
    })
}
