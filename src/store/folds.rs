//! What a proof adds up while it walks the entries.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher};

use rusqlite::Row;

use super::cash::OrderSums;
use super::error::StoreError;
use crate::domain::id::{DebtId, UserId};
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
    pub user_no: u32,
    pub fields: LinkFields<'a>,
    pub hash: Hash,
}

impl<'a> StoredLine<'a> {
    pub fn of(row: &'a Row, users: &BTreeMap<u32, UserId>) -> Result<Self, StoreError> {
        let nonsense = |what: &str| StoreError::Nonsense(format!("an entry's {what}"));
        let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
        let text_or_none = |at: usize| row.get_ref(at)?.as_str_or_null().map_err(rusqlite::Error::from);
        let number = |at: usize| Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(at)?));
        let user_no: u32 = row.get(1)?;
        let fields = LinkFields {
            seq: number(0)?.map_err(|_| nonsense("number"))?,
            user: *users.get(&user_no).ok_or_else(|| nonsense("user is missing"))?,
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
        Ok(Self { user_no, fields, hash: row.get(12)? })
    }
}

/// The bookings of one order in the ledger.
#[derive(Clone, Debug, Default)]
pub(super) struct Booked {
    /// Paid and refunded.
    pub money: (u64, u64),
    /// Events that credited it.
    pub credits: u64,
    /// The last of those events, hashed: the entries of one event are adjacent.
    event: u64,
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
                if self.credits == 0 || self.event != event {
                    self.credits += 1;
                    self.event = event;
                }
            }
        }
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

/// The sums of the entries walked so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Folds {
    pub balances: BTreeMap<u32, Balance>,
    /// What is unpaid of each debt item; paid ones are left out.
    pub debts: BTreeMap<DebtId, i128>,
    /// The bookings of each order, by its narrow key: there may be a million.
    pub orders: BTreeMap<u32, Booked>,
    /// Orders that entries name and that are not on file.
    pub missing_orders: Vec<String>,
}

impl Folds {
    /// Adds a line; `order_no` is the key of its order, if that is on file.
    pub fn add(&mut self, user_no: u32, line: &LinkFields, order_no: Option<u32>) {
        let balance = self.balances.entry(user_no).or_default();
        *balance = balance.with(line.kind, line.side, line.amount);
        match (line.order, order_no) {
            (_, Some(no)) => self.orders.entry(no).or_default().add(line),
            (Some(id), None) => self.missing_orders.push(id.to_owned()),
            (None, None) => {}
        }
        if let (Book::Debt, Some(debt)) = (line.kind.book(), line.debt) {
            let sum = self.debts.entry(debt).or_default();
            match line.side {
                Side::Debit => *sum += i128::from(line.amount.0),
                Side::Credit => *sum -= i128::from(line.amount.0),
            }
            if *sum == 0 {
                self.debts.remove(&debt);
            }
        }
    }
}
