//! Sums over all users for reports.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use rusqlite::{Row, params};

use super::error::StoreError;
use super::read::Reader;
use super::record::UsageSum;
use super::rows::{entry, parsed, unsigned, unsigned_or_none};
use super::usage_month::Months;
use crate::domain::id::UserId;
use crate::domain::ledger::Posted;
use crate::domain::units::{Bytes, Rupiah, Timestamp};

/// A paid order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Its id.
    pub order: String,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// The receipt's number.
    pub receipt: Option<u64>,
    /// The user.
    pub user: String,
    /// The kind of order.
    pub kind: String,
    /// The payment method.
    pub method: String,
    /// The cashier.
    pub cashier: Option<String>,
    /// Its state.
    pub status: String,
    /// The amount paid.
    pub amount: Rupiah,
    /// The amount refunded since.
    pub refunded: Rupiah,
}

/// Usage of all devices of one user in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserUsage {
    /// The hour since 1970-01-01 UTC.
    pub hour: i64,
    /// The user's key.
    pub user_no: u32,
    /// The traffic.
    pub sum: UsageSum,
}

/// Orders of one method and cashier that were paid within the same span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Income {
    /// The payment method.
    pub method: String,
    /// The cashier.
    pub cashier: Option<String>,
    /// The number of orders.
    pub orders: u64,
    /// The amount paid.
    pub amount: Rupiah,
    /// The amount refunded since.
    pub refunded: Rupiah,
    /// The lowest and the highest number of their receipts.
    pub receipts: (u64, u64),
}

/// Orders of a span, from the index alone. They are added up here: SQLite would sort them.
pub(super) const PAID: &str = "SELECT method, cashier, amount_rp, refunded_rp, receipt_no FROM orders
    WHERE paid_at >= ?1 AND paid_at < ?2 AND receipt_no IS NOT NULL";

/// The step of usage, which decides the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageStep {
    /// By hour since 1970-01-01 UTC.
    Hour,
    /// By local day since 1970-01-01, for the days that have ended.
    Day,
}

impl Reader {
    /// Income of orders paid in `from..to` and applied, which is a local day for most callers.
    pub fn income(&self, from: Timestamp, to: Timestamp) -> Result<Arc<[Income]>, StoreError> {
        let span = from.0..to.0;
        self.kept.sums.income.of(self.kept.income, &span, || Ok(self.paid(&span)?.into()))
    }

    fn paid(&self, span: &Range<i64>) -> Result<Vec<Income>, StoreError> {
        let mut statement = self.conn.prepare_cached(PAID)?;
        let mut rows = statement.query(params![span.start, span.end])?;
        let mut found: Vec<Income> = Vec::new();
        while let Some(row) = rows.next()? {
            let method = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            let cashier = row.get_ref(1)?.as_str_or_null().map_err(rusqlite::Error::from)?;
            // By place: looking a column's name up for each row takes as long as all the rest.
            let (amount, refunded) = (Rupiah(unsigned(row, 2_usize)?), Rupiah(unsigned(row, 3_usize)?));
            let receipt = unsigned(row, 4_usize)?;
            let is_same =
                |income: &&mut Income| income.method == method && income.cashier.as_deref() == cashier;
            if let Some(income) = found.iter_mut().find(is_same) {
                income.orders += 1;
                income.amount = income.amount.plus(amount);
                income.refunded = income.refunded.plus(refunded);
                income.receipts = (income.receipts.0.min(receipt), income.receipts.1.max(receipt));
            } else {
                let (method, cashier) = (method.to_owned(), cashier.map(str::to_owned));
                let receipts = (receipt, receipt);
                found.push(Income { method, cashier, orders: 1, amount, refunded, receipts });
            }
        }
        Ok(found)
    }

    /// The usage of all users together by local day in `from..to` days since 1970-01-01, for the days that have ended.
    pub fn usage_by_day(&self, from: i64, to: i64) -> Result<Vec<(i64, Bytes)>, StoreError> {
        let sql = "SELECT day, bytes FROM usage_sums WHERE day >= ?1 AND day < ?2 ORDER BY day";
        self.all(sql, params![from, to], |row| Ok((row.get("day")?, Bytes(unsigned(row, "bytes")?))))
    }

    /// The usage of all users together in an hour since 1970-01-01 UTC.
    pub fn usage_of_hour(&self, hour: i64) -> Result<Bytes, StoreError> {
        self.kept.sums.usage.of(self.kept.usage, &(hour..hour + 1), || {
            let sql = "SELECT ifnull(sum(bytes), 0) FROM usage_hours WHERE hour = ?1";
            let mut statement = self.conn.prepare_cached(sql)?;
            let found: i64 = statement.query_row([hour], |row| row.get(0))?;
            Ok(Bytes(found.unsigned_abs()))
        })
    }

    /// The usage of each user in the local days `from..to`, for the days that have ended.
    pub fn usage_by_user(&self, from: i64, to: i64) -> Result<HashMap<u32, Bytes>, StoreError> {
        let mut sums: HashMap<u32, Bytes> = HashMap::new();
        let Months { months, days } = Months::of(from, to);
        let by_month = "SELECT user_no, bytes FROM usage_months WHERE month >= ?1 AND month < ?2";
        let by_day = "SELECT user_no, bytes FROM usage_totals WHERE day >= ?1 AND day < ?2";
        let [before, after] = days;
        for (sql, span) in [(by_month, months), (by_day, before), (by_day, after)] {
            let mut statement = self.conn.prepare_cached(sql)?;
            let mut rows = statement.query([span.start, span.end])?;
            while let Some(row) = rows.next()? {
                // By position, as in `each_usage`.
                let sum = sums.entry(row.get(0)?).or_default();
                *sum = sum.plus(Bytes(row.get::<_, i64>(1)?.unsigned_abs()));
            }
        }
        Ok(sums)
    }

    /// Visits usage of one user after the other in the slots `from..to`, oldest first: slot, key and sum. By the hour
    /// a user has a row for each device.
    pub fn each_usage<E: From<StoreError>>(
        &self,
        step: UsageStep,
        from: i64,
        to: i64,
        mut visit: impl FnMut(i64, u32, UsageSum) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = match step {
            UsageStep::Hour => {
                "SELECT hour, user_no, bytes, unenforced_bytes FROM usage_hours WHERE hour >= ?1 AND hour < ?2
                 ORDER BY hour, user_no"
            }
            UsageStep::Day => {
                "SELECT day, user_no, bytes, unenforced_bytes FROM usage_totals WHERE day >= ?1 AND day < ?2
                 ORDER BY day, user_no"
            }
        };
        let failed = |error: rusqlite::Error| E::from(error.into());
        let mut statement = self.conn.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(params![from, to]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            // By position: looking up column names would cost too much for so many rows.
            let read = || {
                let (bytes, unenforced): (i64, i64) = (row.get(2)?, row.get(3)?);
                let sum = UsageSum {
                    bytes: Bytes(bytes.unsigned_abs()),
                    unenforced: Bytes(unenforced.unsigned_abs()),
                };
                Ok((row.get(0)?, row.get(1)?, sum))
            };
            let (slot, user_no, sum) = read().map_err(failed)?;
            visit(slot, user_no, sum)?;
        }
        Ok(())
    }

    /// Ids and names of all users by key, deleted ones too.
    pub fn user_names(&self) -> Result<HashMap<u32, (UserId, String)>, StoreError> {
        let rows = self.all("SELECT user_no, id, name FROM users", [], |row| {
            let id = UserId(parsed(row, "id", |text| text.parse().ok())?);
            Ok((row.get("user_no")?, (id, row.get("name")?)))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Makes all further reads see the present state, whatever is committed meanwhile.
    pub fn freeze(&self) -> Result<(), StoreError> {
        self.conn.execute_batch("BEGIN")?;
        Ok(self.conn.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))?)
    }

    /// Visits orders paid in `from..to` and applied, oldest first.
    pub fn each_sale<E: From<StoreError>>(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut visit: impl FnMut(Sale) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| E::from(error.into());
        let mut statement = self
            .conn
            .prepare_cached(
                "SELECT o.id, paid_at, receipt_no, kind, method, cashier, status, amount_rp, refunded_rp,
                   u.name AS user_name FROM orders o JOIN users u USING (user_no)
                 WHERE paid_at >= ?1 AND paid_at < ?2 AND receipt_no IS NOT NULL ORDER BY paid_at, receipt_no",
            )
            .map_err(failed)?;
        let mut rows = statement.query(params![from.0, to.0]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            visit(sale(row)?)?;
        }
        Ok(())
    }
}

impl Reader {
    /// Visits a user's entries of `from..to`, oldest first.
    pub fn each_entry<E: From<StoreError>>(
        &self,
        user_no: u32,
        from: Timestamp,
        to: Timestamp,
        mut visit: impl FnMut(Posted) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| E::from(error.into());
        let mut statement = self
            .conn
            .prepare_cached(
                "SELECT entries.*, users.id AS user_id FROM entries JOIN users USING (user_no)
                 WHERE user_no = ?1 AND at >= ?2 AND at < ?3 ORDER BY seq",
            )
            .map_err(failed)?;
        let mut rows = statement.query(params![user_no, from.0, to.0]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            visit(entry(row)?)?;
        }
        Ok(())
    }
}

fn sale(row: &Row) -> Result<Sale, StoreError> {
    Ok(Sale {
        order: row.get("id")?,
        paid_at: Timestamp(row.get("paid_at")?),
        receipt: unsigned_or_none(row, "receipt_no")?,
        user: row.get("user_name")?,
        kind: row.get("kind")?,
        method: row.get("method")?,
        cashier: row.get("cashier")?,
        status: row.get("status")?,
        amount: Rupiah(unsigned(row, "amount_rp")?),
        refunded: Rupiah(unsigned(row, "refunded_rp")?),
    })
}
