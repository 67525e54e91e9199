//! Export of whole tables for other programs, with names instead of keys.

use std::io;

use rusqlite::types::ValueRef;

use super::error::StoreError;
use super::read::Reader;

/// A table that can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Users with their sums, deleted ones too.
    Users,
    /// Packages, deleted ones too.
    Packages,
    /// Debt items, open and closed.
    Debts,
    /// Orders.
    Orders,
    /// The ledger.
    Entries,
}

/// The reason why a table was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The table cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl From<rusqlite::Error> for ExportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 5] = [Self::Users, Self::Packages, Self::Debts, Self::Orders, Self::Entries];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Packages => "packages",
            Self::Debts => "debts",
            Self::Orders => "orders",
            Self::Entries => "entries",
        }
    }

    /// The table with that stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    const fn sql(self) -> &'static str {
        match self {
            Self::Users => {
                "SELECT id, name, phone, login, approved, active, exempt, admin_block, unlimited,
                   strftime('%Y-%m-%dT%H:%M:%SZ', expires_at / 1000, 'unixepoch') AS expires_at, overage,
                   debt_limit_bytes, access_status, access_reason, credits_bytes, debits_bytes, used_bytes,
                   tank_bytes AS fup_base_bytes,
                   strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000, 'unixepoch') AS created_at,
                   strftime('%Y-%m-%dT%H:%M:%SZ', deleted_at / 1000, 'unixepoch') AS deleted_at,
                   (SELECT group_concat(mac, ' ') FROM (
                      SELECT substr(hex, 1, 2) || ':' || substr(hex, 3, 2) || ':' || substr(hex, 5, 2) || ':'
                        || substr(hex, 7, 2) || ':' || substr(hex, 9, 2) || ':' || substr(hex, 11, 2) AS mac
                      FROM (SELECT printf('%012X', mac) AS hex FROM devices d
                            WHERE d.user_no = users.user_no AND unbound_at IS NULL ORDER BY device_no))) AS mac,
                   (SELECT group_concat(label, char(10)) FROM (
                      SELECT label FROM devices d
                      WHERE d.user_no = users.user_no AND unbound_at IS NULL ORDER BY device_no)) AS device_labels,
                   customer_note
                 FROM users JOIN accounts USING (user_no) ORDER BY user_no"
            }
            Self::Packages => {
                "SELECT id, name, quota_bytes, days, price_rp, active, deleted FROM packages ORDER BY package_no"
            }
            Self::Debts => {
                "SELECT d.id, u.id AS user_id, u.name AS user_name, amount_bytes, paid_bytes, price_rp, paid_rp,
                   debt_date, due_date, status, note, created_by,
                   strftime('%Y-%m-%dT%H:%M:%SZ', d.created_at / 1000, 'unixepoch') AS created_at,
                   d.customer_note
                 FROM debts d JOIN users u USING (user_no) ORDER BY debt_no"
            }
            Self::Orders => {
                "SELECT o.id, receipt_no AS receipt, u.id AS user_id, u.name AS user_name, kind, method, amount_rp,
                   refunded_rp, status, reference, cashier,
                   strftime('%Y-%m-%dT%H:%M:%SZ', o.created_at / 1000, 'unixepoch') AS created_at,
                   strftime('%Y-%m-%dT%H:%M:%SZ', paid_at / 1000, 'unixepoch') AS paid_at, flags, lines
                 FROM orders o LEFT JOIN users u USING (user_no) ORDER BY o.created_at, o.order_no"
            }
            Self::Entries => {
                "SELECT seq, strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS at, u.id AS user_id,
                   u.name AS user_name, kind, side, amount_bytes, amount_rp, debt_id, order_id, note, actor,
                   event_id, lower(hex(hash)) AS hash
                 FROM entries JOIN users u USING (user_no) ORDER BY seq"
            }
        }
    }
}

impl Reader {
    /// Calls `record` with the names of a table's columns, then with each row, from one snapshot.
    pub fn export(
        &self,
        table: Table,
        mut record: impl FnMut(&[String]) -> io::Result<()>,
    ) -> Result<(), ExportError> {
        record(&self.columns(table)?)?;
        let mut texts = Vec::new();
        self.export_cells(table, |_, cells| {
            texts.clear();
            texts.extend(cells.iter().map(ExportCell::text));
            record(&texts)
        })
    }

    fn columns(&self, table: Table) -> Result<Vec<String>, ExportError> {
        let statement = self.conn.prepare(table.sql())?;
        Ok(statement.column_names().into_iter().map(str::to_owned).collect())
    }

    /// Calls `record` with the names of a table's columns and the cells of each row, from one snapshot.
    pub fn export_cells(
        &self,
        table: Table,
        mut record: impl FnMut(&[String], &[ExportCell]) -> io::Result<()>,
    ) -> Result<(), ExportError> {
        let mut statement = self.conn.prepare(table.sql())?;
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        let mut cells = Vec::with_capacity(names.len());
        while let Some(row) = rows.next()? {
            cells.clear();
            for column in 0..names.len() {
                cells.push(ExportCell::of(row.get_ref(column)?));
            }
            record(&names, &cells)?;
        }
        Ok(())
    }
}

/// A cell of an exported table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportCell {
    /// Nothing is known.
    Null,
    /// A whole number; yes and no are 1 and 0.
    Number(i64),
    /// A text.
    Text(String),
}

impl ExportCell {
    fn of(value: ValueRef) -> Self {
        match value {
            ValueRef::Integer(number) => Self::Number(number),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Self::Null,
        }
    }

    /// The cell in a table of texts, where nothing is empty.
    fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}
