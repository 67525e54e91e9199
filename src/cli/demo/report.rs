//! The sums that the demo prints at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::online::{Credited, OnlineTotals};
use super::people::Person;
use super::town::Town;
use crate::agent::engine::Engine;
use crate::cli::failure::Failure;
use crate::domain::order::OrderState;
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::protocol::admin::users::UserView;
use crate::store::{Broken, Page, StoreError, Verified};

const HOUR_MS: i64 = 3_600_000;
/// Orders read at a time.
const PAGE_ROWS: u32 = 500;

/// The sums at the end.
#[derive(Debug)]
pub(super) struct Summary {
    statuses: BTreeMap<&'static str, usize>,
    /// Bytes that flowed according to the simulated router.
    moved: Bytes,
    /// Bytes that the agent counted.
    metered: Bytes,
    orders: u64,
    cash: Rupiah,
    online: OnlineTotals,
    overage: Bytes,
    debt_items: Bytes,
    changes: u64,
    served: u64,
    verified: Result<Verified, String>,
}

impl Summary {
    /// Computes the sums. Traffic must have stopped and the last reading must be counted.
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
            *statuses.entry(user.access.status.name()).or_default() += 1;
        }
        let devices = people.iter().flat_map(|person| &person.devices);
        let moved = devices.fold(Bytes::ZERO, |sum, device| sum.plus(Bytes(town.router.moved(device.mac))));
        let books = move |engine: &mut Engine| books(engine, began);
        let books = town.site.engine().call(books).await.map_err(Failure::said)?;
        let books = books.map_err(Failure::said)?;
        let (opened, paid) = town.bank.payments();
        let sum = |field: fn(&UserView) -> u64| Bytes(users.iter().map(field).sum());
        Ok(Self {
            statuses,
            moved,
            metered: books.metered,
            orders: books.orders,
            cash: books.cash,
            online: OnlineTotals::new(opened, paid, books.credited, books.held),
            overage: sum(|user| user.overage_bytes),
            debt_items: sum(|user| user.debt_items_bytes),
            changes,
            served,
            verified: books.verified.map_err(|broken| broken.to_string()),
        })
    }

    /// A fault: more bytes counted than flowed, money not credited exactly once, or books that fail verification.
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

struct DemoTotals {
    metered: Bytes,
    orders: u64,
    cash: Rupiah,
    /// By order.
    credited: BTreeMap<String, Credited>,
    /// Orders whose money waits for the owner's decision.
    held: BTreeSet<String>,
    verified: Result<Verified, Broken>,
}

/// The usage series and the orders in the store.
fn books(engine: &mut Engine, began: Timestamp) -> Result<DemoTotals, StoreError> {
    let (from, to) = (began.0.div_euclid(HOUR_MS), engine.now().0.div_euclid(HOUR_MS) + 1);
    let reader = engine.reader();
    let mut metered = Bytes::ZERO;
    for user in engine.read_view().users_after(0) {
        let rows = reader.usage_hours(user.no, from, to)?;
        metered = rows.iter().fold(metered, |sum, row| sum.plus(row.bytes));
    }
    let (mut orders, mut cash, mut credited, mut after) = (0, Rupiah::ZERO, BTreeMap::new(), None);
    let mut held = BTreeSet::new();
    loop {
        let page = reader.orders(None, Page { limit: PAGE_ROWS, after })?;
        for (no, order) in &page {
            after = Some(*no);
            if !order.is_credited() {
                if order.status == OrderState::Review {
                    held.insert(order.id.0.clone());
                }
                continue;
            }
            if order.method.cash().is_some() {
                orders += 1;
                cash = cash.plus(order.amount);
            } else {
                credited.insert(order.id.0.clone(), Credited::read(reader, order)?);
            }
        }
        if page.len() < PAGE_ROWS as usize {
            break;
        }
    }
    Ok(DemoTotals { metered, orders, cash, credited, held, verified: reader.verify() })
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
