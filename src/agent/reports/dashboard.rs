//! The dashboard's figures: counted in one look at the engine, history on a connection of its own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use jiff::ToSpan;
use jiff::civil::Date;

use super::debts::Owed;
use super::sales::sums;
use super::span::Days;
use super::usage::Source;
use crate::agent::engine::Engine;
use crate::domain::access::{Access, Status};
use crate::domain::id::UserId;
use crate::domain::units::{Bytes, Timestamp};
use crate::protocol::admin::reports::SalesSumView;
use crate::store::StoreError;

/// Days of the plots.
const PLOT_DAYS: i32 = 14;
/// How many of the latest changes of access are shown.
const TURNS_MAX: usize = 3;

/// Somebody's access turned.
pub(crate) struct Turn {
    pub user: UserId,
    pub name: String,
    pub at: Timestamp,
    pub access: Access,
}

/// What the engine's memory says.
#[derive(Default)]
pub(crate) struct Books {
    pub clock_trusted: bool,
    pub by_status: BTreeMap<Status, u64>,
    pub users: u64,
    /// Users who wait for approval.
    pub unapproved: u64,
    pub online: u64,
    /// Devices in the last host table, known ones and others.
    pub hosts: u64,
    pub owed: Owed,
    /// The latest first.
    pub turns: Vec<Turn>,
    pub reviews: u64,
    pub open_orders: u64,
    /// Devices that the router has and the store has not.
    pub orphans: u64,
}

/// Everything.
pub(crate) struct Figures {
    pub today: Date,
    /// The days of the plots, the oldest first.
    pub days: Vec<Date>,
    pub books: Books,
    pub usage: BTreeMap<Date, Bytes>,
    /// Of the plots' days and of this month.
    pub income: Vec<SalesSumView>,
}

/// What one look at the engine gives; [`Counted::figures`] reads the history.
pub(crate) struct Counted {
    today: Date,
    books: Books,
    source: Source,
}

impl Counted {
    /// Reads the history, which may take its time.
    pub fn figures(self) -> Result<Figures, StoreError> {
        let Self { today, books, source } = self;
        let days: Vec<Date> = (0..PLOT_DAYS).rev().map(|ago| today.saturating_sub(ago.days())).collect();
        let from = days.first().copied().unwrap_or(today).min(today.first_of_month());
        let income = sums(&source.reader, &source.zone, Days { from, to: today })?;
        Ok(Figures { today, days, books, usage: source.by_day()?, income })
    }
}

/// Counts in one look at the engine.
pub(crate) fn count(engine: &mut Engine) -> Result<Counted, StoreError> {
    let today = engine.read_view().facts.local.date;
    let from = today.saturating_sub((PLOT_DAYS - 1).days());
    let source = Source::of(engine, Days { from, to: today })?;
    let reviews = engine.reader().orders_in_review()?;
    let open_orders = engine.open_orders().len() as u64;
    let hosts = engine.hosts().rows.len() as u64;
    let look = engine.read_view();
    let mut books = Books {
        clock_trusted: look.facts.clock_trusted,
        online: look.users_online(),
        hosts,
        reviews,
        open_orders,
        orphans: look.orphans().count() as u64,
        ..Books::default()
    };
    // Of everybody only the latest few are kept.
    let mut latest: BinaryHeap<Reverse<(Timestamp, u32)>> = BinaryHeap::new();
    look.with_context(|ctx| {
        let tariff = ctx.tariff();
        for user in look.users_after(0) {
            let account = &user.account;
            *books.by_status.entry(account.access.status).or_default() += 1;
            books.users += 1;
            books.unapproved += u64::from(!account.approved);
            books.owed.add(account, &tariff, today);
            if user.access_at > user.created_at {
                latest.push(Reverse((user.access_at, user.no)));
                if latest.len() > TURNS_MAX {
                    latest.pop();
                }
            }
        }
    });
    let turns = latest.into_sorted_vec().into_iter().filter_map(|Reverse((at, no))| {
        let user = look.user_no(no)?;
        let (id, access) = (user.account.id, user.account.access.clone());
        Some(Turn { user: id, name: user.name.clone(), at, access })
    });
    books.turns = turns.collect();
    Ok(Counted { today, books, source })
}
