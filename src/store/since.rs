//! The proof that a start makes before anything is served: of what was written since the last checkpoint, or of the whole
//! ledger.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};

use super::cash::{ORDER_SUMS, order_sums};
use super::checkpoint::Checkpoint;
use super::error::StoreError;
use super::folds::{Booked, Folds, LINE_COLUMNS, StoredLine};
use super::lifecycle::Store;
use super::progress::ProofProgress;
use super::read::Reader;
use super::rows::unsigned_or_none;
use super::suspicion::Check;
use super::verify::{Broken, Proved, check_order};
use super::walk::{ProofThreads, UserKeys, Walked};
use super::write::int;
use crate::domain::ledger::Hash;

/// Entries that are proved whole at a start, because it takes a moment ...
const WHOLE_ENTRIES_MAX: u64 = 2_000;
/// ... in a file of at most so many bytes, which are read whole then.
const WHOLE_BYTES_MAX: i64 = 16 << 20;

/// What was proved before a start.
#[derive(Debug)]
pub enum StartProof {
    /// The whole ledger.
    Whole(Proved),
    /// What was written since a checkpoint.
    Since {
        /// The entry up to which an earlier proof had come.
        from: u64,
        /// The point reached.
        checkpoint: Checkpoint,
    },
}

impl Store {
    /// Proves what has to be proved before anything is served: what was written since the last checkpoint, or the whole
    /// ledger if there is none, if it does not fit, if the last run could not read the store, or if the ledger is small.
    pub fn prove_at_start(&self) -> Result<StartProof, Broken> {
        let (reader, check) = (self.reader()?, self.check_due());
        if check == Check::Quick && !reader.is_small()? {
            match reader.prove_since_checkpoint() {
                Ok(Some((from, checkpoint))) => return Ok(StartProof::Since { from, checkpoint }),
                Ok(None) => {
                    tracing::info!("no checkpoint of an earlier proof; proving the whole ledger first");
                }
                Err(error) => {
                    // It is judged by the proof of the whole.
                    StoreError::take_broken();
                    tracing::warn!(
                        %error,
                        "the checkpoint of the last proof is dropped; proving the whole ledger before anything starts"
                    );
                }
            }
        }
        Ok(StartProof::Whole(reader.prove(check, ProofThreads::All, &ProofProgress::default())?))
    }

    /// Replaces the checkpoint on file. Entries may have been added since its proof: it stays true of those before.
    pub fn keep_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.write(|writer| writer.checkpoint(checkpoint))
    }
}

impl Reader {
    /// Whether proving the whole ledger takes a moment.
    fn is_small(&self) -> Result<bool, StoreError> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let bytes: i64 = self.conn.query_row(sql, [], |row| row.get(0))?;
        Ok(self.last_seq()? <= WHOLE_ENTRIES_MAX && bytes <= WHOLE_BYTES_MAX)
    }

    /// Proves what was written since the checkpoint on file; `None` without one. Returns its entry and the point reached.
    pub fn prove_since_checkpoint(&self) -> Result<Option<(u64, Checkpoint)>, Broken> {
        let Some(checkpoint) = self.checkpoint()? else { return Ok(None) };
        let from = checkpoint.seq;
        Ok(Some((from, self.prove_since(checkpoint)?)))
    }

    /// Proves every entry after the checkpoint, every account and open debt item, and the orders, receipts and closings
    /// written since. What is before it stays unread.
    pub fn prove_since(&self, from: Checkpoint) -> Result<Checkpoint, Broken> {
        // One snapshot for all: a writer may be active.
        let tx = self.conn.unchecked_transaction()?;
        let sql = "SELECT hash FROM entries WHERE seq = ?1";
        let found: Option<Hash> = self.conn.query_row(sql, [int(from.seq)], |row| row.get(0)).optional()?;
        if from.seq > 0 && found != Some(from.hash) {
            return Err(Broken::Checkpoint(from.seq));
        }
        let Checkpoint { seq, hash, order_no, receipt_no, closing_no, balances, debts } = from;
        let mut known: BTreeSet<_> = debts.keys().copied().collect();
        let users = self.user_keys()?;
        let folds = Folds::after(&balances, debts, &users);
        let Walked { seq: last, hash, folds } = self.walk_from((seq, hash), &users, folds)?;
        let balances = folds.balances(&users);
        self.check_accounts(&balances)?;
        let open = "SELECT * FROM debts WHERE status = 'open'";
        self.check_debts(open, [], &folds.debts, |id| {
            known.remove(&id);
        })?;
        // Those that were closed since.
        for id in known {
            self.check_debts("SELECT * FROM debts WHERE id = ?1", [id.to_string()], &folds.debts, |_| ())?;
        }
        self.check_receipts(receipt_no)?;
        self.check_orders_since(order_no, &users, &folds)?;
        self.check_applied(int(seq))?;
        self.check_closings(int(closing_no))?;
        let reached = self.checkpoint_at((last, hash), balances, folds.debts)?;
        drop(tx);
        Ok(reached)
    }

    /// Checks that receipts go on without a gap after that number.
    fn check_receipts(&self, after: u64) -> Result<(), Broken> {
        let sql = "SELECT receipt_no FROM orders WHERE receipt_no > ?1 ORDER BY receipt_no";
        let receipts = self.all(sql, [int(after)], |row| unsigned_or_none(row, "receipt_no"))?;
        for (expected, found) in (after + 1..).zip(receipts.into_iter().flatten()) {
            if found != expected {
                return Err(Broken::Receipt { expected, found });
            }
        }
        Ok(())
    }

    /// Checks the orders that entries since the checkpoint name, and those that are newer than it.
    fn check_orders_since(&self, after: u64, users: &UserKeys, folds: &Folds) -> Result<(), Broken> {
        if let Some(id) = folds.missing_orders.first() {
            return Err(Broken::Order(id.clone()));
        }
        let mut orders: BTreeSet<u32> = folds.orders.keys().copied().collect();
        let newer = "SELECT order_no FROM orders WHERE order_no > ?1";
        orders.extend(self.all(newer, [int(after)], |row| Ok(row.get::<_, u32>(0)?))?);
        let sums = format!("{ORDER_SUMS} WHERE o.order_no = ?1 GROUP BY o.id");
        let lines = format!("SELECT {LINE_COLUMNS} FROM entries e WHERE e.order_id = ?1 ORDER BY e.seq");
        for no in orders {
            let found = self.all(&sums, params![no], order_sums)?;
            let Some(order) = found.into_iter().next() else { continue };
            if order.is_cash && order.receipt_no.is_none() {
                return Err(Broken::Receipt { expected: after + 1, found: 0 });
            }
            let mut booked = Booked::default();
            let mut statement = self.conn.prepare_cached(&lines)?;
            let mut rows = statement.query([&order.id.0])?;
            while let Some(row) = rows.next()? {
                booked.add(&StoredLine::of(row, users)?.fields);
            }
            check_order(order, &booked)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "since_tests.rs"]
pub(crate) mod tests;
