//! A checkpoint: how far the ledger was proved, and the sums at that entry. A start proves what was written since.
//!
//! It is derived from the entries, and believed no further than a proof needs a beginning: its digest detects a torn or
//! damaged row, its hash must be that of its entry, the sums must explain every account at present, and the proof of
//! the whole ledger, which runs in the background, does not read it.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::error::StoreError;
use super::read::Reader;
use super::rows::unsigned;
use super::write::{Writer, int};
use crate::domain::id::DebtId;
use crate::domain::ledger::{Balance, Hash};
use crate::domain::units::Bytes;

/// The version of what a proof checks. A checkpoint of other rules is not used.
const RULES: u64 = 1;
/// Bytes of one user's sums: key, credits, debits.
const USER_BYTES: usize = 4 + 8 + 8;
/// Bytes of one debt item's: id, what is unpaid.
const DEBT_BYTES: usize = 16 + 16;

/// A point up to which the ledger was proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last entry proved.
    pub seq: u64,
    /// Its hash.
    pub(super) hash: Hash,
    /// The last order's key, the last receipt and the last closing.
    pub(super) order_no: u64,
    pub(super) receipt_no: u64,
    pub(super) closing_no: u64,
    /// The sums of each user's entries.
    pub(super) balances: BTreeMap<u32, Balance>,
    /// What is unpaid of each debt item that is not paid.
    pub(super) debts: BTreeMap<DebtId, i128>,
}

impl Checkpoint {
    /// The numbers before the sums.
    fn numbers(&self) -> [u64; 5] {
        [RULES, self.seq, self.order_no, self.receipt_no, self.closing_no]
    }

    fn sums(&self) -> Vec<u8> {
        let users = u32::try_from(self.balances.len()).expect("keys of users have 32 bits");
        let mut out =
            Vec::with_capacity(4 + self.balances.len() * USER_BYTES + self.debts.len() * DEBT_BYTES);
        out.extend(users.to_be_bytes());
        for (user_no, balance) in &self.balances {
            out.extend(user_no.to_be_bytes());
            out.extend(balance.credits.0.to_be_bytes());
            out.extend(balance.debits.0.to_be_bytes());
        }
        for (debt, unpaid) in &self.debts {
            out.extend(debt.0.as_bytes());
            out.extend(unpaid.to_be_bytes());
        }
        out
    }

    /// Reads what [`Self::sums`] wrote; `None` for anything else.
    fn read_sums(&mut self, bytes: &[u8]) -> Option<()> {
        let (users, rest) = bytes.split_first_chunk::<4>()?;
        let users = usize::try_from(u32::from_be_bytes(*users)).ok()?;
        let (balances, debts) = rest.split_at_checked(users.checked_mul(USER_BYTES)?)?;
        for row in balances.chunks_exact(USER_BYTES) {
            let (user_no, row) = row.split_first_chunk::<4>()?;
            let (credits, row) = row.split_first_chunk::<8>()?;
            let (debits, _) = row.split_first_chunk::<8>()?;
            let balance = Balance {
                credits: Bytes(u64::from_be_bytes(*credits)),
                debits: Bytes(u64::from_be_bytes(*debits)),
            };
            self.balances.insert(u32::from_be_bytes(*user_no), balance);
        }
        if !debts.len().is_multiple_of(DEBT_BYTES) {
            return None;
        }
        for row in debts.chunks_exact(DEBT_BYTES) {
            let (id, row) = row.split_first_chunk::<16>()?;
            let (unpaid, _) = row.split_first_chunk::<16>()?;
            self.debts.insert(DebtId(uuid::Uuid::from_bytes(*id)), i128::from_be_bytes(*unpaid));
        }
        Some(())
    }

    fn digest(&self, sums: &[u8]) -> Hash {
        let mut digest = Sha256::new();
        for number in self.numbers() {
            digest.update(number.to_be_bytes());
        }
        digest.update(self.hash);
        digest.update(sums);
        digest.finalize().into()
    }
}

impl Reader {
    /// The checkpoint on file; `None` if there is none, or one of other rules.
    pub(super) fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let sql = "SELECT * FROM proofs WHERE rules = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([int(RULES)])?;
        rows.next()?.map(checkpoint).transpose()
    }

    /// The checkpoint of a proof that reached that entry with those sums.
    pub(super) fn checkpoint_at(
        &self,
        (seq, hash): (u64, Hash),
        balances: BTreeMap<u32, Balance>,
        debts: BTreeMap<DebtId, i128>,
    ) -> Result<Checkpoint, StoreError> {
        let numbers = "SELECT (SELECT ifnull(max(order_no), 0) FROM orders) AS order_no,
           (SELECT ifnull(max(receipt_no), 0) FROM orders) AS receipt_no,
           (SELECT ifnull(max(closing_no), 0) FROM closings) AS closing_no";
        let mut statement = self.conn.prepare_cached(numbers)?;
        let mut rows = statement.query([])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Checkpoint {
            seq,
            hash,
            order_no: unsigned(row, "order_no")?,
            receipt_no: unsigned(row, "receipt_no")?,
            closing_no: unsigned(row, "closing_no")?,
            balances,
            debts,
        })
    }

    /// The number of the last entry.
    pub(super) fn last_seq(&self) -> Result<u64, StoreError> {
        let sql = "SELECT seq FROM entries ORDER BY seq DESC LIMIT 1";
        let last: Option<i64> = self.conn.query_row(sql, [], |row| row.get(0)).optional()?;
        Ok(last.and_then(|seq| u64::try_from(seq).ok()).unwrap_or_default())
    }
}

fn checkpoint(row: &Row) -> Result<Checkpoint, StoreError> {
    let damaged = || StoreError::Nonsense("the checkpoint of the ledger's proof is damaged".to_owned());
    let sums: Vec<u8> = row.get("sums")?;
    let mut found = Checkpoint {
        seq: unsigned(row, "seq")?,
        hash: row.get("hash")?,
        order_no: unsigned(row, "order_no")?,
        receipt_no: unsigned(row, "receipt_no")?,
        closing_no: unsigned(row, "closing_no")?,
        balances: BTreeMap::new(),
        debts: BTreeMap::new(),
    };
    if row.get::<_, Hash>("digest")? != found.digest(&sums) {
        return Err(damaged());
    }
    found.read_sums(&sums).ok_or_else(damaged)?;
    Ok(found)
}

impl Writer<'_> {
    /// Replaces the checkpoint on file.
    pub(super) fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let sums = checkpoint.sums();
        let digest = checkpoint.digest(&sums);
        let [rules, seq, order_no, receipt_no, closing_no] = checkpoint.numbers().map(int);
        self.run(
            "INSERT INTO proofs (proof_no, rules, seq, hash, order_no, receipt_no, closing_no, sums, digest)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (proof_no) DO UPDATE SET rules = ?1, seq = ?2, hash = ?3, order_no = ?4, receipt_no = ?5,
               closing_no = ?6, sums = ?7, digest = ?8",
            params![rules, seq, checkpoint.hash, order_no, receipt_no, closing_no, sums, digest],
        )
    }
}
