//! What a table holds, in three numbers that two databases must agree about.

use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::digest::Update;
use sha2::{Digest, Sha256};

use super::tables::{CellKind, StoredCell, StoredRecord, TableForm};
use crate::tools::digest;

/// The rows of a table: how many, their amounts, and a hash over everything in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableContent {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// The sum of all amounts in them.
    pub amount_rp: u64,
    /// SHA-256 over every cell of every row, in hexadecimal.
    pub sha256: String,
}

/// Adds up rows as they pass.
pub struct ContentSum {
    table: &'static TableForm,
    rows: u64,
    amount_rp: u64,
    hash: Sha256,
}

impl ContentSum {
    /// Nothing yet.
    pub fn new(table: &'static TableForm) -> Self {
        Self { table, rows: 0, amount_rp: 0, hash: Sha256::new() }
    }

    /// How many rows passed.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds a row. Fails where its amount is none, or the sum is more than a number holds.
    pub fn add(&mut self, record: &StoredRecord) -> Result<(), String> {
        for (cell, column) in record.iter().zip(self.table.columns) {
            add_cell(&mut self.hash, cell);
            if column.kind == CellKind::Amount {
                let StoredCell::Int(amount) = cell else { return Err("an amount is no number".to_owned()) };
                let sum = u64::try_from(*amount).ok().and_then(|rp| self.amount_rp.checked_add(rp));
                self.amount_rp = sum.ok_or_else(|| format!("an amount is {amount}"))?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// The whole.
    pub fn end(self) -> TableContent {
        let sha256 = HEXLOWER.encode(&self.hash.finalize());
        TableContent { table: self.table.name, rows: self.rows, amount_rp: self.amount_rp, sha256 }
    }
}

/// Kinds are kept apart, and so are cells of different lengths.
fn add_cell(hash: &mut Sha256, cell: &StoredCell) {
    match cell {
        StoredCell::Null => Update::update(hash, b"n"),
        StoredCell::Int(number) => {
            Update::update(hash, b"i");
            Update::update(hash, &number.to_be_bytes());
        }
        StoredCell::Text(text) => {
            Update::update(hash, b"t");
            digest::add_part(hash, text);
        }
        StoredCell::Bytes(bytes) => {
            Update::update(hash, b"b");
            digest::add_part(hash, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::TABLES;
    use super::*;

    #[test]
    fn rows_that_differ_anywhere_have_another_hash() {
        let text = |text: &str| StoredCell::Text(text.to_owned());
        let hash = |rows: &[[StoredCell; 2]]| {
            let mut sum = ContentSum::new(&TABLES[0]);
            for row in rows {
                sum.add(&row.to_vec()).unwrap();
            }
            sum.end().sha256
        };
        let rows: Vec<Vec<[StoredCell; 2]>> = vec![
            vec![],
            vec![[text("ab"), text("c")]],
            vec![[text("a"), text("bc")]],
            vec![[text("ab"), StoredCell::Bytes(b"c".to_vec())]],
            vec![[text("ab"), StoredCell::Null]],
            vec![[text("ab"), text("")]],
            vec![[text("ab"), text("c")], [text("d"), text("e")]],
            vec![[text("d"), text("e")], [text("ab"), text("c")]],
        ];
        let hashes: std::collections::BTreeSet<String> = rows.iter().map(|rows| hash(rows)).collect();
        assert_eq!(hashes.len(), rows.len());
    }
}
