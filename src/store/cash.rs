//! Cash: moves, drawers and closings, and the data that a refund needs of its order.

use std::collections::BTreeSet;

use rusqlite::types::Null;
use rusqlite::{OptionalExtension, Row, params};

use super::error::StoreError;
use super::read::Page;
use super::read::Reader;
use super::record::ClosingRecord;
use super::rows::entry;
use super::rows::{parsed, unsigned, unsigned_or_none};
use super::write::{Batch, Writer, int};
use crate::domain::drawer::{Drawer, Move};
use crate::domain::id::{DebtId, OrderId};
use crate::domain::ledger::{Kind, Posted};
use crate::domain::order::{CashMethod, Flag, Method, OrderState};
use crate::domain::units::{Rupiah, Timestamp};

impl Writer<'_> {
    /// Writes moves, closings and PINs of a batch.
    pub(super) fn counter(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for m in &batch.moves {
            self.run(
                "INSERT INTO cash_moves (move_no, at, cashier, order_id, method, kind, amount_rp, receipt_no)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    Null,
                    m.at.0,
                    m.cashier,
                    m.order.0,
                    m.method.name(),
                    m.kind.name(),
                    int(m.amount.0),
                    int(m.receipt_no)
                ],
            )?;
        }
        if let Some(closing) = batch.closing {
            self.closing(closing)?;
        }
        for (user_no, hash) in &batch.pins {
            self.run("UPDATE users SET pin_hash = ?2 WHERE user_no = ?1", params![user_no, hash])?;
        }
        Ok(())
    }

    fn closing(&mut self, closing: &ClosingRecord) -> Result<(), StoreError> {
        let drawer = &closing.drawer;
        self.run(
            "INSERT INTO closings (closing_no, at, cashier, taken_rp, returned_rp, counted_rp, receipts,
               first_receipt, last_receipt, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                int(closing.no),
                closing.at.0,
                closing.cashier,
                int(drawer.cash.taken.0),
                int(drawer.cash.returned.0),
                int(closing.counted.0),
                int(drawer.receipts),
                drawer.first_receipt.map(int),
                drawer.last_receipt.map(int),
                closing.note,
            ],
        )?;
        self.run(
            "UPDATE cash_moves SET closing_no = ?1 WHERE closing_no IS NULL AND cashier = ?2",
            params![int(closing.no), closing.cashier],
        )
    }
}

/// The sums of a drawer, from its index alone.
pub(super) const DRAWER: &str =
    "SELECT method, kind, sum(amount_rp) AS amount_rp, count(*) AS moves, min(receipt_no) AS first,
    max(receipt_no) AS last FROM cash_moves WHERE closing_no IS ?1 AND cashier = ?2 GROUP BY method, kind";

impl Reader {
    /// A cashier's moves since the last closing, or of the closing with that number.
    pub fn drawer(&self, cashier: &str, closing_no: Option<u64>) -> Result<Drawer, StoreError> {
        let sums = self.all(DRAWER, params![closing_no.map(int), cashier], |row| {
            let way = parsed(row, "kind", Move::from_name)?;
            let method = parsed(row, "method", CashMethod::from_name)?;
            let span = (unsigned(row, "moves")?, unsigned(row, "first")?, unsigned(row, "last")?);
            Ok((method, way, Rupiah(unsigned(row, "amount_rp")?), span))
        })?;
        let mut drawer = Drawer::default();
        for (method, way, amount, (moves, first, last)) in sums {
            drawer.add(method, way, amount);
            if way == Move::Taken {
                drawer.add_receipts(moves, first, last);
            }
        }
        Ok(drawer)
    }

    /// Closings of all cashiers or of one, newest first.
    pub fn closings(&self, cashier: Option<&str>, page: Page) -> Result<Vec<ClosingRecord>, StoreError> {
        self.all(
            "SELECT * FROM closings WHERE (?1 IS NULL OR cashier = ?1) AND closing_no < ?2
             ORDER BY closing_no DESC LIMIT ?3",
            params![cashier, page.after.unwrap_or(i64::MAX), page.limit],
            |row| {
                let (no, cashier): (u64, String) = (unsigned(row, "closing_no")?, row.get("cashier")?);
                Ok(ClosingRecord {
                    no,
                    at: Timestamp(row.get("at")?),
                    drawer: self.drawer(&cashier, Some(no))?,
                    cashier,
                    counted: Rupiah(unsigned(row, "counted_rp")?),
                    note: row.get("note")?,
                })
            },
        )
    }

    /// The number of the last closing; zero before the first.
    pub fn last_closing_no(&self) -> Result<u64, StoreError> {
        let last = "SELECT ifnull(max(closing_no), 0) AS no FROM closings";
        let found = self.all(last, [], |row| unsigned(row, "no"))?;
        Ok(found.first().copied().unwrap_or_default())
    }

    /// Every entry of an order, oldest first.
    pub fn order_entries(&self, id: &OrderId) -> Result<Vec<Posted>, StoreError> {
        self.all(
            "SELECT entries.*, users.id AS user_id FROM entries JOIN users USING (user_no)
             WHERE order_id = ?1 ORDER BY seq",
            [&id.0],
            entry,
        )
    }

    /// Whether a period of the user ended after that entry.
    pub fn period_ended_after(&self, user_no: u32, seq: u64) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entries WHERE user_no = ?1 AND seq > ?2 AND kind = ?3)",
        )?;
        Ok(statement.query_row(params![user_no, int(seq), Kind::Closing.name()], |row| row.get(0))?)
    }

    /// The name of the admin who entered a debt item.
    pub fn granted_by(&self, id: DebtId) -> Result<Option<String>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT created_by FROM debts WHERE id = ?1")?;
        Ok(statement.query_row([id.to_string()], |row| row.get(0)).optional()?)
    }

    /// The argon2id hash of a user's portal PIN, in PHC form; `None` without a PIN.
    pub fn pin_hash(&self, user_no: u32) -> Result<Option<String>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT pin_hash FROM users WHERE user_no = ?1")?;
        Ok(statement.query_row([user_no], |row| row.get(0)).optional()?.flatten())
    }
}

/// The sums of an order for verification.
pub(super) struct OrderSums {
    pub id: OrderId,
    /// Whether it was paid in cash.
    pub is_cash: bool,
    pub status: OrderState,
    /// Part of the refund was left to the owner.
    pub by_hand: bool,
    pub receipt_no: Option<u64>,
    /// Paid and refunded according to the order.
    pub says: (u64, u64),
    /// Paid and refunded according to its moves.
    pub moves: (u64, u64),
    /// The number of moves that took its money.
    pub takes: u64,
}

/// The sums of orders; a condition and `GROUP BY o.id` follow.
pub(super) const ORDER_SUMS: &str =
    "SELECT o.order_no, o.id, o.method, o.status, o.flags, o.amount_rp, o.refunded_rp, o.receipt_no,
   count(*) FILTER (WHERE m.kind = 'taken') AS takes,
   ifnull(sum(m.amount_rp) FILTER (WHERE m.kind = 'taken'), 0) AS taken_rp,
   ifnull(sum(m.amount_rp) FILTER (WHERE m.kind = 'returned'), 0) AS returned_rp
 FROM orders o LEFT JOIN cash_moves m ON m.order_id = o.id";

pub(super) fn order_sums(row: &Row) -> Result<OrderSums, StoreError> {
    let flags: BTreeSet<Flag> = parsed(row, "flags", |text| serde_json::from_str(text).ok())?;
    Ok(OrderSums {
        id: OrderId(row.get("id")?),
        is_cash: parsed(row, "method", Method::from_name)?.cash().is_some(),
        status: parsed(row, "status", OrderState::from_name)?,
        by_hand: flags.contains(&Flag::ReverseByHand),
        receipt_no: unsigned_or_none(row, "receipt_no")?,
        says: (unsigned(row, "amount_rp")?, unsigned(row, "refunded_rp")?),
        moves: (unsigned(row, "taken_rp")?, unsigned(row, "returned_rp")?),
        takes: unsigned(row, "takes")?,
    })
}

/// Entries after a number, of online orders, whose feed event is not stored as applied.
pub(super) const UNAPPLIED_LINES: &str = "SELECT e.order_id FROM entries e JOIN orders o ON o.id = e.order_id
 LEFT JOIN applied a ON a.event_id = e.event_id
 WHERE e.seq > ?1 AND o.method NOT IN ('cash', 'transfer', 'qris_static') AND a.event_id IS NULL ORDER BY e.seq LIMIT 1";

/// Closings after a number whose sums differ from those of their moves.
pub(super) const WRONG_CLOSINGS: &str = "SELECT c.closing_no FROM closings c
 LEFT JOIN cash_moves m ON m.closing_no = c.closing_no
 WHERE c.closing_no > ?1 GROUP BY c.closing_no
 HAVING c.taken_rp <> ifnull(sum(m.amount_rp) FILTER (WHERE m.kind = 'taken' AND m.method = 'cash'), 0)
   OR c.returned_rp <> ifnull(sum(m.amount_rp) FILTER (WHERE m.kind = 'returned' AND m.method = 'cash'), 0)
   OR c.receipts <> count(*) FILTER (WHERE m.kind = 'taken')
   OR c.first_receipt IS NOT min(m.receipt_no) FILTER (WHERE m.kind = 'taken')
   OR c.last_receipt IS NOT max(m.receipt_no) FILTER (WHERE m.kind = 'taken')
   OR count(*) FILTER (WHERE m.cashier <> c.cashier) > 0
 ORDER BY c.closing_no LIMIT 1";
