//! Verifies the ledger: the hash chain of all entries, and every balance as the fold of its entries.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use super::cash::{ORDER_SUMS, OrderSums, UNAPPLIED_LINES, WRONG_CLOSINGS, order_sums};
use super::checkpoint::Checkpoint;
use super::error::StoreError;
use super::folds::{Booked, Folds};
use super::progress::ProofProgress;
use super::read::Reader;
use super::rows::{parsed, unsigned, unsigned_or_none};
use super::suspicion::Check;
use super::tables::{ASIDE, TableClass, class_of, damage_text};
use super::walk::{Division, ProofThreads, Walked};
use crate::domain::debt::DebtStatus;
use crate::domain::id::DebtId;
use crate::domain::ledger::{Balance, CHAIN_START};
use crate::domain::units::Bytes;

/// Counts of the verified rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries in the chain.
    pub entries: u64,
    /// Accounts whose sums agree.
    pub accounts: u64,
    /// Debt items whose payments agree.
    pub debts: u64,
    /// Receipts, numbered without gaps, whose money agrees.
    pub receipts: u64,
}

/// A proof of the whole ledger.
#[derive(Clone, Debug, Default)]
pub struct Proved {
    /// What was verified.
    pub verified: Verified,
    /// Damaged tables, none of them related to money.
    pub damaged: Vec<String>,
    /// The point that was reached.
    pub checkpoint: Checkpoint,
}

/// The reason why the ledger cannot be trusted: the first bad row.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// SQLite reports damage of the file.
    #[error("the file is damaged: {0}")]
    File(String),
    /// An entry is missing, or one was inserted.
    #[error("entry {found} stands where entry {expected} should: a line is missing or was put in")]
    Gap {
        /// The number that should follow.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// An entry was changed, or entries were cut off and others written after them.
    #[error("entry {0} does not match its hash: it, or a line before it, was changed")]
    Link(u64),
    /// Entries are missing at the end.
    #[error(
        "the chain ends at entry {found}, but entry {expected} was committed: lines are missing at the end"
    )]
    Tail {
        /// The last number committed.
        expected: u64,
        /// The last number found.
        found: u64,
    },
    /// A user's sums are not the fold of its entries and open row.
    #[error(
        "user {user}: the account says {} given and {} taken, its entries and open usage make {} and {}",
        .stored.credits, .stored.debits, .folded.credits, .folded.debits
    )]
    Balance {
        /// The user.
        user: String,
        /// The sums in the account.
        stored: Balance,
        /// The sums of the entries.
        folded: Balance,
    },
    /// A debt item's paid part differs from its entries.
    #[error("debt {debt}: the item says {stored} bytes unpaid, its entries make {folded}")]
    Debt {
        /// The debt item.
        debt: String,
        /// The unpaid bytes in the item.
        stored: i128,
        /// The unpaid bytes by the entries.
        folded: i128,
    },
    /// A receipt is missing, or one was inserted.
    #[error("receipt {found} stands where receipt {expected} should: one is missing or was put in")]
    Receipt {
        /// The number that should follow.
        expected: u64,
        /// The number found; zero for an order that has none.
        found: u64,
    },
    /// An order's money differs from its moves or its entries.
    #[error(
        "order {order}: it says (paid, returned) ({}, {}), its cash moves ({}, {}), its entries ({}, {})",
        .stored.0, .stored.1, .moves.0, .moves.1, .entries.0, .entries.1
    )]
    Money {
        /// The order.
        order: String,
        /// Paid and refunded in the order.
        stored: (u64, u64),
        /// Paid and refunded in the cash moves.
        moves: (u64, u64),
        /// Paid and refunded in the ledger.
        entries: (u64, u64),
    },
    /// An order was credited twice, or is paid and was never credited, or the reverse.
    #[error(
        "order {order}: it is {status}, with {}, and the ledger credits it {credits} times",
        .receipt.map_or_else(|| "no receipt".to_owned(), |receipt| format!("receipt {receipt}"))
    )]
    Credits {
        /// The order.
        order: String,
        /// Its state.
        status: &'static str,
        /// Its receipt.
        receipt: Option<u64>,
        /// Events that credited it.
        credits: u64,
    },
    /// An online order was booked by an event that could be applied again.
    #[error("order {0} was booked by an event that is not on file as applied")]
    Unapplied(String),
    /// The ledger has entries of an order that does not exist.
    #[error("order {0} stands in the ledger and is missing")]
    Order(String),
    /// A closing is not the sum of its moves, or one is missing.
    #[error("closing {0} is missing, or says something else than the cash moves it counted")]
    Closing(i64),
    /// A checkpoint names an entry that is missing or has another hash.
    #[error("the checkpoint at entry {0} does not fit the entries")]
    Checkpoint(u64),
    /// The proof was stopped before its end.
    #[error("the proof was stopped before its end")]
    Stopped,
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for Broken {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Reader {
    /// Verifies the chain, every balance and every debt item. Stops at the first bad row.
    pub fn verify(&self) -> Result<Verified, Broken> {
        self.verify_by(ProofThreads::All)
    }

    /// The same, on so many processors.
    pub fn verify_by(&self, threads: ProofThreads) -> Result<Verified, Broken> {
        let Proved { verified, damaged, .. } =
            self.prove(Check::Quick, threads, &ProofProgress::default())?;
        if damaged.is_empty() { Ok(verified) } else { Err(Broken::File(damage_text(&damaged))) }
    }

    /// The same, but tables not related to money may be damaged: their names are returned.
    pub fn verify_money(&self, check: Check) -> Result<(Verified, Vec<String>), Broken> {
        let proved = self.prove(check, ProofThreads::All, &ProofProgress::default())?;
        Ok((proved.verified, proved.damaged))
    }

    /// The same with the point that was reached. It counts in `progress`, and stops where that is stopped.
    pub fn prove(
        &self,
        check: Check,
        threads: ProofThreads,
        progress: &ProofProgress,
    ) -> Result<Proved, Broken> {
        self.prove_divided(check, threads.into(), progress)
    }

    pub(super) fn prove_divided(
        &self,
        check: Check,
        division: Division,
        progress: &ProofProgress,
    ) -> Result<Proved, Broken> {
        progress.watch(&self.conn);
        let proved = self.prove_whole(check, division, progress);
        // An interrupted statement fails like any other.
        if progress.is_stopped() { Err(Broken::Stopped) } else { proved }
    }

    fn prove_whole(
        &self,
        check: Check,
        division: Division,
        progress: &ProofProgress,
    ) -> Result<Proved, Broken> {
        // One snapshot for all: a writer may be active.
        let tx = self.conn.unchecked_transaction()?;
        let tables = "SELECT count(*) FROM sqlite_schema";
        if self.conn.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0 {
            // Its first start was cut before anything was written.
            return Ok(Proved::default());
        }
        progress.expect(self.last_seq()?);
        let users = match self.user_keys() {
            Ok(users) => users,
            // Damage of the file explains more than a row that cannot be read.
            Err(error) => return Err(self.check_file(check).err().unwrap_or_else(|| error.into())),
        };
        let by = (division, progress);
        let (damaged, walked) = self.walk_all((0, CHAIN_START), &users, by, || self.check_file(check))?;
        let Walked { seq: entries, hash, folds } = walked;
        let balances = folds.balances(&users);
        let accounts = self.check_accounts(&balances)?;
        let mut debts = 0;
        self.check_debts("SELECT * FROM debts", [], &folds.debts, |_| debts += 1)?;
        let receipts = self.check_orders(&folds)?;
        self.check_closings(0)?;
        let checkpoint = self.checkpoint_at((entries, hash), balances, folds.debts)?;
        drop(tx);
        let damaged = damaged.into_iter().filter(|table| !table.starts_with(ASIDE)).collect();
        Ok(Proved { verified: Verified { entries, accounts, debts, receipts }, damaged, checkpoint })
    }

    /// Damaged tables; an error if one of them is related to money.
    fn check_file(&self, check: Check) -> Result<Vec<String>, Broken> {
        let pragma = format!("PRAGMA {}(1)", check.pragma());
        let said: String = self.conn.query_row(&pragma, [], |row| row.get(0))?;
        let damaged = if said == "ok" { Vec::new() } else { self.damaged_tables(check)? };
        let is_money = |table: &String| class_of(table) == TableClass::Money && !table.starts_with(ASIDE);
        if said != "ok" && (damaged.is_empty() || damaged.iter().any(is_money)) {
            return Err(Broken::File(format!("{}: {said}", damage_text(&damaged))));
        }
        Ok(damaged)
    }

    /// Tables that cannot be read completely.
    pub(super) fn damaged_tables(&self, check: Check) -> Result<Vec<String>, StoreError> {
        let mut statement =
            self.conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
        let tables: Vec<String> =
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
        let is_whole = |table: &String| {
            let pragma = format!("PRAGMA {}({table})", check.pragma());
            self.conn.query_row(&pragma, [], |row| row.get::<_, String>(0)).is_ok_and(|said| said == "ok")
        };
        Ok(tables.into_iter().filter(|table| !is_whole(table)).collect())
    }

    /// Tables of statistics that were damaged and began again empty.
    pub fn statistics_lost(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ?1 ORDER BY name";
        let mut lost = self.all(sql, [format!("{ASIDE}*")], |row| {
            let name: String = row.get(0)?;
            let name = name.trim_start_matches(ASIDE);
            Ok(name.rsplit_once('_').map_or(name, |(table, _)| table).to_owned())
        })?;
        lost.retain(|table| class_of(table) == TableClass::Statistics);
        Ok(lost)
    }

    pub(super) fn check_accounts(&self, folds: &BTreeMap<u32, Balance>) -> Result<u64, Broken> {
        let mut checked = 0;
        let mut statement = self.conn.prepare(
            "SELECT user_no, id, credits_bytes, debits_bytes, open_bytes FROM users LEFT JOIN accounts USING (user_no)",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let fold = folds.get(&row.get("user_no")?).copied().unwrap_or_default();
            let open = Bytes(unsigned(row, "open_bytes")?);
            let folded = Balance { debits: fold.debits.plus(open), ..fold };
            let stored = Balance {
                credits: Bytes(unsigned(row, "credits_bytes")?),
                debits: Bytes(unsigned(row, "debits_bytes")?),
            };
            if stored != folded {
                return Err(Broken::Balance { user: row.get("id")?, stored, folded });
            }
            checked += 1;
        }
        Ok(checked)
    }

    /// Checks the debt items that the statement returns, and hands out the id of each.
    pub(super) fn check_debts(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        folds: &BTreeMap<DebtId, i128>,
        mut checked: impl FnMut(DebtId),
    ) -> Result<(), Broken> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            let id: DebtId = parsed(row, "id", |text| text.parse().ok())?;
            let amount = unsigned_or_none(row, "amount_bytes")?.unwrap_or_default();
            let forgiven = row.get::<_, String>("status")? == DebtStatus::WrittenOff.name();
            let unpaid = i128::from(amount) - i128::from(unsigned(row, "paid_bytes")?);
            let stored = if forgiven { 0 } else { unpaid };
            let folded = folds.get(&id).copied().unwrap_or_default();
            if stored != folded {
                return Err(Broken::Debt { debt: id.to_string(), stored, folded });
            }
            checked(id);
        }
        Ok(())
    }

    /// Checks that receipts are consecutive, and that every order has the same money in the order, in its cash moves
    /// and in the ledger, which credits it once.
    fn check_orders(&self, folds: &Folds) -> Result<u64, Broken> {
        let mut receipts = 0;
        let mut statement =
            self.conn.prepare(&format!("{ORDER_SUMS} GROUP BY o.id ORDER BY o.receipt_no"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let order = order_sums(row)?;
            if order.is_cash || order.receipt_no.is_some() {
                receipts += 1;
                let found = order.receipt_no.unwrap_or_default();
                if found != receipts {
                    return Err(Broken::Receipt { expected: receipts, found });
                }
            }
            check_order(order, folds.orders.get(&row.get("order_no")?).unwrap_or(&Booked::default()))?;
        }
        if let Some(id) = folds.missing_orders.first() {
            return Err(Broken::Order(id.clone()));
        }
        self.check_applied(0)?;
        Ok(receipts)
    }

    /// Checks that each entry of an online order after `seq` comes from an event that is on file as applied.
    pub(super) fn check_applied(&self, seq: i64) -> Result<(), Broken> {
        match self.conn.query_row(UNAPPLIED_LINES, [seq], |row| row.get(0)).optional()? {
            Some(order) => Err(Broken::Unapplied(order)),
            None => Ok(()),
        }
    }

    /// Checks the closings after that number.
    pub(super) fn check_closings(&self, after: i64) -> Result<(), Broken> {
        let numbers = "SELECT ifnull(max(closing_no), ?1), count(*) FROM closings WHERE closing_no > ?1";
        let (last, count): (i64, i64) =
            self.conn.query_row(numbers, [after], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let wrong = self.conn.query_row(WRONG_CLOSINGS, [after], |row| row.get(0)).optional()?;
        match wrong {
            Some(no) => Err(Broken::Closing(no)),
            None if last - after != count => Err(Broken::Closing(last)),
            None => Ok(()),
        }
    }
}

/// Checks one order against its bookings.
pub(super) fn check_order(order: OrderSums, booked: &Booked) -> Result<(), Broken> {
    if !booked.agrees(&order) {
        let (stored, moves, entries) = (order.says, order.moves, booked.money);
        return Err(Broken::Money { order: order.id.0, stored, moves, entries });
    }
    if !booked.is_credited_right(&order) {
        let (status, receipt) = (order.status.name(), order.receipt_no);
        return Err(Broken::Credits { order: order.id.0, status, receipt, credits: booked.credits });
    }
    Ok(())
}
