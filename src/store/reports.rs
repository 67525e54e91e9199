//! Sums over everybody for reports.

use rusqlite::params;

use super::load::{parsed, unsigned, unsigned_or_none};
use super::{Reader, StoreError};
use crate::domain::id::UserId;
use crate::domain::units::{Bytes, Rupiah, Timestamp};

/// An order that was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Its name.
    pub order: String,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// The receipt's number.
    pub receipt: Option<u64>,
    /// Whose.
    pub user: String,
    /// What for.
    pub kind: String,
    /// How.
    pub method: String,
    /// Who took the money.
    pub cashier: Option<String>,
    /// Where it stands.
    pub status: String,
    /// What was paid.
    pub amount: Rupiah,
    /// What went back of it since.
    pub refunded: Rupiah,
}

/// Usage of all devices of one user in one hour or day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserUsage {
    /// The hour since 1970-01-01 UTC, or the local day since 1970-01-01.
    pub slot: i64,
    /// Whose.
    pub user: UserId,
    /// The same as a key.
    pub user_no: u32,
    /// The user's name.
    pub name: String,
    /// All that flowed.
    pub bytes: Bytes,
    /// The part beyond the limit that should have stopped the user.
    pub unenforced: Bytes,
}

/// Orders of one method and cashier that were paid within the same quarter of an hour: in every zone such a quarter
/// belongs to one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Income {
    /// When the quarter began.
    pub at: Timestamp,
    /// How they were paid.
    pub method: String,
    /// Who took the money.
    pub cashier: Option<String>,
    /// How many.
    pub orders: u64,
    /// What was paid.
    pub amount: Rupiah,
    /// What went back of it since.
    pub refunded: Rupiah,
}

/// Milliseconds of a quarter of an hour.
const QUARTER_MS: i64 = 15 * 60 * 1000;

/// Which table keeps usage by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageStep {
    /// By hour since 1970-01-01 UTC.
    Hour,
    /// By local day since 1970-01-01, for the days that have ended.
    Day,
}

impl Reader {
    /// Income of orders paid in `from..to` and applied, oldest first.
    pub fn income(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Income>, StoreError> {
        self.all(
            "SELECT paid_at / ?3 AS quarter, method, cashier, count(*) AS orders, sum(amount_rp) AS amount_rp,
               sum(refunded_rp) AS refunded_rp
             FROM orders WHERE paid_at >= ?1 AND paid_at < ?2 AND receipt_no IS NOT NULL
             GROUP BY quarter, method, cashier ORDER BY quarter",
            params![from.0, to.0, QUARTER_MS],
            |row| {
                Ok(Income {
                    at: Timestamp(row.get::<_, i64>("quarter")?.saturating_mul(QUARTER_MS)),
                    method: row.get("method")?,
                    cashier: row.get("cashier")?,
                    orders: unsigned(row, "orders")?,
                    amount: Rupiah(unsigned(row, "amount_rp")?),
                    refunded: Rupiah(unsigned(row, "refunded_rp")?),
                })
            },
        )
    }

    /// Everybody's usage together, by slot in `from..to`.
    pub fn usage_sums(&self, step: UsageStep, from: i64, to: i64) -> Result<Vec<(i64, Bytes)>, StoreError> {
        let sql = match step {
            UsageStep::Hour => {
                "SELECT hour AS slot, sum(bytes) AS bytes FROM usage_hours WHERE hour >= ?1 AND hour < ?2 GROUP BY hour"
            }
            UsageStep::Day => {
                "SELECT day AS slot, sum(bytes) AS bytes FROM usage_days WHERE day >= ?1 AND day < ?2 GROUP BY day"
            }
        };
        self.all(sql, params![from, to], |row| Ok((row.get("slot")?, Bytes(unsigned(row, "bytes")?))))
    }

    /// Visits usage of one user after the other in the slots `from..to`: slot, key and bytes. Whoever sums it by both
    /// reads a large site's months once.
    pub fn each_usage(
        &self,
        step: UsageStep,
        from: i64,
        to: i64,
        mut visit: impl FnMut(i64, u32, Bytes),
    ) -> Result<(), StoreError> {
        let sql = match step {
            UsageStep::Hour => {
                "SELECT hour AS slot, user_no, bytes FROM usage_hours WHERE hour >= ?1 AND hour < ?2"
            }
            UsageStep::Day => {
                "SELECT day AS slot, user_no, bytes FROM usage_days WHERE day >= ?1 AND day < ?2"
            }
        };
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![from, to])?;
        while let Some(row) = rows.next()? {
            // By place: names would be looked up for each of very many rows.
            let bytes: i64 = row.get(2)?;
            visit(row.get(0)?, row.get(1)?, Bytes(bytes.unsigned_abs()));
        }
        Ok(())
    }

    /// From here on everything is read as it is at this moment, whatever is committed meanwhile.
    pub fn freeze(&self) -> Result<(), StoreError> {
        self.conn.execute_batch("BEGIN")?;
        Ok(self.conn.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))?)
    }

    /// Orders paid in `from..to` and applied, oldest first.
    pub fn sales(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Sale>, StoreError> {
        self.all(
            "SELECT o.*, u.name AS user_name FROM orders o JOIN users u USING (user_no)
             WHERE paid_at >= ?1 AND paid_at < ?2 AND receipt_no IS NOT NULL ORDER BY paid_at, receipt_no",
            params![from.0, to.0],
            |row| {
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
            },
        )
    }

    /// Everybody's usage by local day in `from..to` days since 1970-01-01, for the days that have ended.
    pub fn usage_of_days(&self, from: i64, to: i64) -> Result<Vec<UserUsage>, StoreError> {
        self.usage_of_all(
            "SELECT day AS slot, u.id AS id, user_no, u.name AS name, sum(bytes) AS bytes,
               sum(unenforced_bytes) AS unenforced_bytes
             FROM usage_days JOIN users u USING (user_no) WHERE day >= ?1 AND day < ?2 GROUP BY day, user_no",
            (from, to),
        )
    }

    /// The same by hour in `from..to` hours since 1970-01-01 UTC.
    pub fn usage_of_hours(&self, from: i64, to: i64) -> Result<Vec<UserUsage>, StoreError> {
        self.usage_of_all(
            "SELECT hour AS slot, u.id AS id, user_no, u.name AS name, sum(bytes) AS bytes,
               sum(unenforced_bytes) AS unenforced_bytes
             FROM usage_hours JOIN users u USING (user_no) WHERE hour >= ?1 AND hour < ?2 GROUP BY hour, user_no",
            (from, to),
        )
    }

    fn usage_of_all(&self, sql: &str, span: (i64, i64)) -> Result<Vec<UserUsage>, StoreError> {
        self.all(sql, params![span.0, span.1], |row| {
            Ok(UserUsage {
                slot: row.get("slot")?,
                user: UserId(parsed(row, "id", |text| text.parse().ok())?),
                user_no: row.get("user_no")?,
                name: row.get("name")?,
                bytes: Bytes(unsigned(row, "bytes")?),
                unenforced: Bytes(unsigned(row, "unenforced_bytes")?),
            })
        })
    }
}
