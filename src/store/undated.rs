//! Records entered while the clock was not trusted, until they get their date.

use rusqlite::params;

use super::error::StoreError;
use super::lifecycle::Store;
use super::record::{Redated, Undated, UndatedRecord};
use super::rows::parsed;
use super::write::{Batch, Writer};
use crate::domain::units::Timestamp;

impl Writer<'_> {
    pub(super) fn undated(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for UndatedRecord { what, id, said, boot_id, uptime_ms } in &batch.undated {
            self.run(
                "INSERT INTO undated (what, id, said, boot_id, uptime_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![what.name(), id, said.0, boot_id, uptime_ms],
            )?;
        }
        for (what, id) in &batch.dated {
            self.run("DELETE FROM undated WHERE what = ?1 AND id = ?2", params![what.name(), id])?;
        }
        for redated in &batch.redated {
            self.redate(redated)?;
        }
        if batch.all_dated {
            self.run("DELETE FROM undated", [])?;
        }
        Ok(())
    }

    fn redate(&mut self, Redated { what, id, said, at }: &Redated) -> Result<(), StoreError> {
        let statements: &[&str] = match what {
            Undated::DebtDate | Undated::DueDate => &[],
            Undated::Order => &[
                "UPDATE orders SET created_at = ?3 WHERE id = ?1 AND created_at = ?2",
                "UPDATE orders SET paid_at = ?3 WHERE id = ?1 AND paid_at = ?2",
                "UPDATE cash_moves SET at = ?3 WHERE order_id = ?1 AND at = ?2",
            ],
            Undated::Closing => {
                &["UPDATE closings SET at = ?3 WHERE closing_no = CAST(?1 AS INTEGER) AND at = ?2"]
            }
        };
        statements.iter().try_for_each(|sql| self.run(sql, params![id, said.0, at.0]))
    }
}

impl Store {
    /// Records without a date, oldest first.
    pub(super) fn undated(&self) -> Result<Vec<UndatedRecord>, StoreError> {
        let mut out = Vec::new();
        self.each("SELECT * FROM undated ORDER BY undated_no", |row| {
            let named = |text: &str| Undated::ALL.into_iter().find(|what| what.name() == text);
            out.push(UndatedRecord {
                what: parsed(row, "what", named)?,
                id: row.get("id")?,
                said: Timestamp(row.get("said")?),
                boot_id: row.get("boot_id")?,
                uptime_ms: row.get("uptime_ms")?,
            });
            Ok(())
        })?;
        Ok(out)
    }
}
