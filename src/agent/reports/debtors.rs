//! Everybody who owes something, by age and sorted, a page at a time.

use std::cmp::Reverse;

use jiff::civil::Date;

use super::collection::state_of;
use super::debts::age;
use crate::agent::engine::ReadView;
use crate::domain::id::UserId;
use crate::domain::tariff;
use crate::domain::units::Rupiah;
use crate::protocol::admin::reports::CallReason;
use crate::store::UserRecord;

/// Ages, and debt without a date: see [`super::debts::Owed::by_age`].
pub(crate) const AGES: usize = 5;
/// Usage beyond the quota, which has no date.
const UNDATED: usize = AGES - 1;

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DebtorOrder {
    /// Who is to be called first: stopped, late, due soon, then by the due date.
    #[default]
    Urgency,
    Name,
    Owed,
    Due,
}

/// Which debtors, and in which order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DebtorListing {
    /// Only those whose oldest debt has that age.
    pub age: Option<usize>,
    pub order: DebtorOrder,
    pub is_descending: bool,
    /// Which page, from 0.
    pub page: usize,
    /// Rows of a page.
    pub rows: usize,
}

/// Somebody who owes something.
#[derive(Clone, Debug)]
pub(crate) struct Debtor {
    pub no: u32,
    pub id: UserId,
    pub name: String,
    pub phone: Option<String>,
    /// Everything; `None` where a part has no price.
    pub due: Option<Rupiah>,
    /// The earliest due date; `None` for usage beyond the quota alone.
    pub due_date: Option<Date>,
    pub late_days: i32,
    /// Why to call now; `None` where there is time.
    pub state: Option<CallReason>,
}

/// A page of debtors.
#[derive(Debug, Default)]
pub(crate) struct DebtorsPage {
    pub items: Vec<Debtor>,
    /// How many the whole list has, and what they owe as far as it has a price.
    pub total: usize,
    pub due: Rupiah,
    /// How many of them have a part without a price.
    pub unpriced: u64,
    /// How many debtors there are, and by age.
    pub all: u64,
    pub by_age: [u64; AGES],
}

/// A debtor while the list is sorted: little is copied of those on other pages.
struct Found<'a> {
    user: &'a UserRecord,
    due: Option<Rupiah>,
    due_date: Option<Date>,
    state: Option<CallReason>,
}

/// A page of everybody who owes something.
pub(crate) fn debtors(look: &ReadView, listing: &DebtorListing) -> DebtorsPage {
    let today = look.facts.local.date;
    let late_days = |due_date: Option<Date>| due_date.map_or(0, |due| (today - due).get_days());
    let mut page = DebtorsPage::default();
    let mut found: Vec<Found> = look.with_context(|ctx| {
        let tariff = ctx.tariff();
        let mut found = Vec::new();
        for user in look.users_after(0) {
            let lines = tariff.owed(&user.account);
            if lines.is_empty() {
                continue;
            }
            let due_date = lines.iter().filter_map(|line| Some(line.item?.due_date)).min();
            let place = due_date.map_or(UNDATED, |_| age(late_days(due_date)));
            page.all += 1;
            page.by_age[place] += 1;
            if listing.age.is_none_or(|wanted| wanted == place) {
                let due = tariff::total(&lines).ok();
                page.due = page.due.plus(due.unwrap_or_default());
                page.unpriced += u64::from(due.is_none());
                let state = state_of(user, today, None).map(|(state, _)| state);
                found.push(Found { user, due, due_date, state });
            }
        }
        found
    });
    sort(listing.order, &mut found);
    if listing.is_descending {
        found.reverse();
    }
    page.total = found.len();
    let shown = found.into_iter().skip(listing.page.saturating_mul(listing.rows)).take(listing.rows);
    page.items = shown.map(|found| debtor(&found, late_days(found.due_date))).collect();
    page
}

/// The debtors with those ids, in their order; those who owe nothing are left out.
pub(crate) fn debtors_of(look: &ReadView, ids: &[UserId]) -> Vec<Debtor> {
    let today = look.facts.local.date;
    look.with_context(|ctx| {
        let tariff = ctx.tariff();
        let users = ids.iter().filter_map(|id| Some(look.user(*id)?.user));
        let of = |user: UserRecord| {
            let lines = tariff.owed(&user.account);
            let due_date = lines.iter().filter_map(|line| Some(line.item?.due_date)).min();
            let (due, is_none) = (tariff::total(&lines).ok(), lines.is_empty());
            let state = state_of(&user, today, None).map(|(state, _)| state);
            let late_days = due_date.map_or(0, |due| (today - due).get_days());
            (!is_none).then(|| debtor(&Found { user: &user, due, due_date, state }, late_days))
        };
        users.filter_map(of).collect()
    })
}

fn sort(order: DebtorOrder, found: &mut [Found]) {
    let undated_last = |one: &Found| (one.due_date.is_none(), one.due_date);
    match order {
        DebtorOrder::Urgency => {
            found.sort_by_key(|one| (one.state.is_none(), one.state, undated_last(one), one.user.no));
        }
        DebtorOrder::Name => found.sort_by_cached_key(|one| (one.user.name.to_lowercase(), one.user.no)),
        DebtorOrder::Owed => found.sort_by_key(|one| (one.due.is_some(), one.due, Reverse(one.user.no))),
        DebtorOrder::Due => found.sort_by_key(|one| (undated_last(one), one.user.no)),
    }
}

fn debtor(found: &Found, late_days: i32) -> Debtor {
    let Found { user, due, due_date, state } = found;
    Debtor {
        no: user.no,
        id: user.account.id,
        name: user.name.clone(),
        phone: user.phone.clone(),
        due: *due,
        due_date: *due_date,
        late_days,
        state: *state,
    }
}
