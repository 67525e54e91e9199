//! What a proof adds up while it walks the entries.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher};

use rusqlite::Row;

use super::cash::OrderSums;
use super::error::StoreError;
use super::walk::UserKeys;
use crate::domain::id::DebtId;
use crate::domain::ledger::{Balance, Book, Hash, Kind, LinkFields, Side};
use crate::domain::order::OrderState;
use crate::domain::units::{Bytes, Rupiah, Timestamp};

/// The columns of an entry as [`StoredLine`] reads them, by position: looking a column up by its name costs more than
/// its hash.
pub(super) const LINE_COLUMNS: &str =
    "e.seq, e.user_no, e.at, e.kind, e.side, e.amount_bytes, e.amount_rp, e.debt_id,
   e.order_id, e.note, e.actor, e.event_id, e.hash";
/// The position after those.
pub(super) const LINE_COLUMNS_END: usize = 13;

/// One row of `entries`, borrowed.
pub(super) struct StoredLine<'a> {
    /// The position of its user.
    pub user: usize,
    pub fields: LinkFields<'a>,
    pub hash: Hash,
}

impl<'a> StoredLine<'a> {
    pub fn of(row: &'a Row, users: &UserKeys) -> Result<Self, StoreError> {
        let nonsense = |what: &str| StoreError::Nonsense(format!("an entry's {what}"));
        let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
        let text_or_none = |at: usize| row.get_ref(at)?.as_str_or_null().map_err(rusqlite::Error::from);
        let number = |at: usize| Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(at)?));
        let user = users.position(row.get(1)?).ok_or_else(|| nonsense("user is missing"))?;
        let fields = LinkFields {
            seq: number(0)?.map_err(|_| nonsense("number"))?,
            user: users.id(user),
            at: Timestamp(row.get(2)?),
            kind: Kind::from_name(text(3)?).ok_or_else(|| nonsense("kind"))?,
            side: Side::from_name(text(4)?).ok_or_else(|| nonsense("side"))?,
            amount: Bytes(number(5)?.map_err(|_| nonsense("amount"))?),
            amount_rp: match row.get::<_, Option<i64>>(6)? {
                None => None,
                Some(rp) => Some(Rupiah(u64::try_from(rp).map_err(|_| nonsense("money"))?)),
            },
            debt: match text_or_none(7)? {
                None => None,
                Some(id) => Some(id.parse().map_err(|_| nonsense("debt item"))?),
            },
            order: text_or_none(8)?,
            note: text(9)?,
            actor: text(10)?,
            event: text(11)?,
        };
        Ok(Self { user, fields, hash: row.get(12)? })
    }
}

/// The bookings of one order in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Booked {
    /// Paid and refunded.
    pub money: (u64, u64),
    /// Events that credited it.
    pub credits: u64,
    /// The first and the last of those events, hashed: the entries of one event are adjacent.
    events: Option<(u64, u64)>,
}

impl Booked {
    pub fn add(&mut self, line: &LinkFields) {
        let amount = line.amount_rp.unwrap_or_default().0;
        match line.kind {
            Kind::Reversal => self.money.1 += amount,
            Kind::DebtReopened => {}
            Kind::Usage
            | Kind::Purchase
            | Kind::Grant
            | Kind::Advance
            | Kind::OveragePaid
            | Kind::Surplus
            | Kind::Correction
            | Kind::Closing
            | Kind::DebtGranted
            | Kind::DebtPaid
            | Kind::WrittenOff => {
                self.money.0 += amount;
                let mut hasher = DefaultHasher::new();
                line.event.hash(&mut hasher);
                let event = hasher.finish();
                self.append(&Self { money: (0, 0), credits: 1, events: Some((event, event)) });
            }
        }
    }

    /// Adds the bookings of entries that follow.
    fn append(&mut self, later: &Self) {
        self.money.0 += later.money.0;
        self.money.1 += later.money.1;
        self.credits += later.credits;
        self.events = match (self.events, later.events) {
            (Some((first, last)), Some((next, end))) => {
                // One event on both sides.
                self.credits -= u64::from(last == next);
                Some((first, end))
            }
            (events, None) | (None, events) => events,
        };
    }

    /// Whether the order agrees: paid once, and refunded as far as the rules could undo it.
    pub fn agrees(&self, order: &OrderSums) -> bool {
        let (paid, returned) = order.says;
        let is_returned = if order.by_hand { self.money.1 <= returned } else { self.money.1 == returned };
        if order.is_cash {
            order.moves == order.says && self.money == order.says && order.takes == 1
        } else if order.receipt_no.is_some() {
            order.moves == (0, 0) && order.takes == 0 && self.money.0 == paid && is_returned
        } else {
            order.moves == (0, 0) && order.takes == 0 && self.money == (0, 0)
        }
    }

    /// Whether the order was credited as many times as its state requires.
    pub fn is_credited_right(&self, order: &OrderSums) -> bool {
        use OrderState::{Paid, PartiallyRefunded};
        let is_credited = order.receipt_no.is_some();
        let may_be = match order.status {
            Paid | PartiallyRefunded => is_credited,
            status => !is_credited || status.rank() > Paid.rank(),
        };
        // A cash sale for nothing may have no entry.
        let is_once = if order.is_cash { self.credits <= 1 } else { self.credits == u64::from(is_credited) };
        may_be && is_once
    }
}

/// What entries that follow each other do to one balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct BalanceChange {
    /// The sums since the last closing among them, or since the first.
    sums: Balance,
    /// Whether a closing is among them: what was before counts no more.
    is_closed: bool,
}

impl BalanceChange {
    fn with(self, line: &LinkFields) -> Self {
        Self {
            sums: self.sums.with(line.kind, line.side, line.amount),
            is_closed: self.is_closed || line.kind == Kind::Closing,
        }
    }

    /// This change and a later one.
    fn then(self, later: Self) -> Self {
        if later.is_closed {
            return later;
        }
        let (Balance { credits, debits }, later) = (self.sums, later.sums);
        let sums = Balance { credits: credits.plus(later.credits), debits: debits.plus(later.debits) };
        Self { sums, ..self }
    }
}

/// The sums of entries that follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folds {
    /// By the position of the user; `None` without an entry.
    balances: Vec<Option<BalanceChange>>,
    /// What is unpaid of each debt item; paid ones are left out.
    pub debts: BTreeMap<DebtId, i128>,
    /// The bookings of each order, by its narrow key: there may be a million.
    pub orders: BTreeMap<u32, Booked>,
    /// Orders that entries name and that are not on file.
    pub missing_orders: Vec<String>,
}

impl Folds {
    /// No entry of so many users.
    pub fn of(users: usize) -> Self {
        Self { balances: vec![None; users], ..Self::default() }
    }

    /// The sums of earlier entries.
    pub fn after(balances: &BTreeMap<u32, Balance>, debts: BTreeMap<DebtId, i128>, users: &UserKeys) -> Self {
        let mut folds = Self { debts, ..Self::of(users.len()) };
        for (no, sums) in balances {
            if let Some(user) = users.position(*no) {
                folds.balances[user] = Some(BalanceChange { sums: *sums, is_closed: false });
            }
        }
        folds
    }

    /// The sums of each user that has entries.
    pub fn balances(&self, users: &UserKeys) -> BTreeMap<u32, Balance> {
        let known = self.balances.iter().enumerate();
        known.filter_map(|(user, change)| Some((users.no(user), (*change)?.sums))).collect()
    }

    /// Adds a line of the user at a position; `order_no` is the key of its order, if that is on file.
    pub fn add(&mut self, user: usize, line: &LinkFields, order_no: Option<u32>) {
        let change = &mut self.balances[user];
        *change = Some(change.unwrap_or_default().with(line));
        match (line.order, order_no) {
            (_, Some(no)) => self.orders.entry(no).or_default().add(line),
            (Some(id), None) => self.missing_orders.push(id.to_owned()),
            (None, None) => {}
        }
        if let (Book::Debt, Some(debt)) = (line.kind.book(), line.debt) {
            let amount = i128::from(line.amount.0);
            self.owe(debt, if line.side == Side::Debit { amount } else { -amount });
        }
    }

    /// Adds the sums of entries that follow.
    pub fn append(&mut self, later: Self) {
        let Self { balances, debts, orders, missing_orders } = later;
        for (change, later) in self.balances.iter_mut().zip(balances) {
            if let Some(later) = later {
                *change = Some(change.unwrap_or_default().then(later));
            }
        }
        for (debt, unpaid) in debts {
            self.owe(debt, unpaid);
        }
        for (no, booked) in orders {
            self.orders.entry(no).or_default().append(&booked);
        }
        self.missing_orders.extend(missing_orders);
    }

    fn owe(&mut self, debt: DebtId, unpaid: i128) {
        let sum = self.debts.entry(debt).or_default();
        *sum += unpaid;
        if *sum == 0 {
            self.debts.remove(&debt);
        }
    }
}

#[cfg(test)]
#[path = "folds_tests.rs"]
mod tests;
