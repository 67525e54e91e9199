//! What the demo prints: a line for each turn of access, and the sums at the end.

use std::collections::BTreeMap;
use std::fmt;

use super::online::{Credited, Online};
use super::people::Person;
use super::town::Town;
use crate::agent::engine::{Engine, Notice, UserView};
use crate::cli::Failure;
use crate::clock::Clock;
use crate::domain::access::Access;
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::store::{Broken, Page, StoreError, Verified};

const HOUR_MS: i64 = 3_600_000;
/// Orders read at a time.
const PAGE_ROWS: u32 = 500;

/// The local time of day, to the second.
pub(super) fn time(town: &Town) -> String {
    let now = town.site.clock.now();
    let minute = town.site.config.timezone.local(now).minute_of_day;
    // Every zone is whole minutes away from UTC.
    let second = now.0.div_euclid(1000).rem_euclid(60);
    format!("{:02}:{:02}:{second:02}", minute / 60, minute % 60)
}

/// A notice as a line, with the number that matters.
pub(super) async fn line(town: &Town, notice: &Notice) -> Option<String> {
    let (id, name, what) = match notice {
        Notice::AccessChanged { user, name, from, to } => {
            (*user, name, format!("{} → {}", status(from), full(to)))
        }
        Notice::OverageWarning { user, name } => (*user, name, "is warned: near the debt limit".to_owned()),
    };
    let look = move |engine: &mut Engine| {
        let look = engine.look();
        look.user(id).map(|snapshot| UserView::of(&snapshot, look.policy))
    };
    let user = town.site.service.engine().call(look).await.ok().flatten()?;
    Some(format!("{name:18}  {what}  {}", number(&user)))
}

fn status(access: &Access) -> &'static str {
    access.status.name()
}

fn full(access: &Access) -> String {
    match access.reason {
        Some(reason) if reason.name() != status(access) => format!("{} ({})", status(access), reason.name()),
        _ => status(access).to_owned(),
    }
}

/// The number behind an access.
fn number(user: &UserView) -> String {
    match user.access.reason {
        _ if user.unlimited => "unlimited".to_owned(),
        Some("debt_limit") => format!("overage {}", Bytes(user.overage_bytes)),
        Some("debt_overdue") => format!("owes {}", Bytes(user.debt_items_bytes)),
        _ if user.overage_bytes > 0 => format!("overage {}", Bytes(user.overage_bytes)),
        _ => format!("{} left", Bytes(user.remaining_bytes)),
    }
}

/// The sums at the end.
#[derive(Debug)]
pub(super) struct Summary {
    statuses: BTreeMap<&'static str, usize>,
    /// What the simulated router knows to have flowed.
    moved: Bytes,
    /// What the agent counted.
    metered: Bytes,
    orders: u64,
    cash: Rupiah,
    online: Online,
    overage: Bytes,
    debt_items: Bytes,
    changes: u64,
    served: u64,
    verified: Result<Verified, String>,
}

impl Summary {
    /// Adds everything up. Traffic must have stopped and the last reading must be counted.
    pub async fn of(
        town: &Town,
        people: &[Person],
        began: Timestamp,
        changes: u64,
        served: u64,
    ) -> Result<Self, Failure> {
        let users = town.users().await?;
        let mut statuses = BTreeMap::new();
        for user in &users {
            *statuses.entry(user.access.status).or_default() += 1;
        }
        let devices = people.iter().flat_map(|person| &person.devices);
        let moved = devices.fold(Bytes::ZERO, |sum, device| sum.plus(Bytes(town.router.moved(device.mac))));
        let books = move |engine: &mut Engine| books(engine, began);
        let books = town.site.service.engine().call(books).await.map_err(Failure::said)?;
        let books = books.map_err(Failure::said)?;
        let (opened, paid) = town.bank.payments();
        let sum = |field: fn(&UserView) -> u64| Bytes(users.iter().map(field).sum());
        Ok(Self {
            statuses,
            moved,
            metered: books.metered,
            orders: books.orders,
            cash: books.cash,
            online: Online::new(opened, paid, books.credited),
            overage: sum(|user| user.overage_bytes),
            debt_items: sum(|user| user.debt_items_bytes),
            changes,
            served,
            verified: books.verified.map_err(|broken| broken.to_string()),
        })
    }

    /// What must never be: more counted than flowed, money that was not credited once, or books that do not add up.
    pub fn fault(&self) -> Option<String> {
        if let Err(why) = &self.verified {
            return Some(format!("the ledger is broken: {why}"));
        }
        if let Some(fault) = self.online.fault() {
            return Some(fault);
        }
        let excess = self.metered.minus(self.moved);
        (!excess.is_zero()).then(|| format!("{excess} more were metered than moved"))
    }
}

struct Books {
    metered: Bytes,
    orders: u64,
    cash: Rupiah,
    /// By order.
    credited: BTreeMap<String, Credited>,
    verified: Result<Verified, Broken>,
}

/// The usage series and the orders, as they stand in the store.
fn books(engine: &mut Engine, began: Timestamp) -> Result<Books, StoreError> {
    let (from, to) = (began.0.div_euclid(HOUR_MS), engine.now().0.div_euclid(HOUR_MS) + 1);
    let reader = engine.reader();
    let mut metered = Bytes::ZERO;
    for user in engine.look().users_after(0) {
        let rows = reader.usage_hours(user.no, from, to)?;
        metered = rows.iter().fold(metered, |sum, row| sum.plus(row.bytes));
    }
    let (mut orders, mut cash, mut credited, mut after) = (0, Rupiah::ZERO, BTreeMap::new(), None);
    loop {
        let page = reader.orders(None, Page { limit: PAGE_ROWS, after })?;
        for (no, order) in &page {
            after = Some(*no);
            if !order.is_credited() {
                continue;
            }
            if order.method.cash().is_some() {
                orders += 1;
                cash = cash.plus(order.amount);
            } else {
                credited.insert(order.id.0.clone(), Credited::read(&reader, order)?);
            }
        }
        if page.len() < PAGE_ROWS as usize {
            break;
        }
    }
    Ok(Books { metered, orders, cash, credited, verified: reader.verify() })
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users: usize = self.statuses.values().sum();
        let statuses: Vec<String> = self.statuses.iter().map(|(name, n)| format!("{n} {name}")).collect();
        writeln!(f, "users           {users}: {}", statuses.join(", "))?;
        let bytes = |bytes: Bytes| format!("{bytes} ({} bytes)", bytes.0);
        writeln!(f, "moved           {}", bytes(self.moved))?;
        let verdict = match (self.metered.minus(self.moved), self.moved.minus(self.metered)) {
            (Bytes::ZERO, Bytes::ZERO) => "equal".to_owned(),
            (Bytes::ZERO, less) => format!("{} bytes less", less.0),
            (more, _) => format!("{} bytes MORE than moved", more.0),
        };
        writeln!(f, "metered         {}, {verdict}", bytes(self.metered))?;
        writeln!(f, "taken in cash   {} in {} payments", self.cash, self.orders)?;
        writeln!(f, "paid online     {}", self.online)?;
        writeln!(f, "open debt       overage {}, debt items {}", self.overage, self.debt_items)?;
        writeln!(f, "access changes  {}, {} customers served", self.changes, self.served)?;
        match &self.verified {
            Ok(Verified { entries, accounts, debts, .. }) => {
                write!(f, "ledger          verified: {entries} entries, {accounts} accounts, {debts} debts")
            }
            Err(why) => write!(f, "ledger          BROKEN: {why}"),
        }
    }
}
