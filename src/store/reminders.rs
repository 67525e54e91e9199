//! When customers were last reminded of what they owe.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::lifecycle::Store;
use super::read::Reader;
use crate::domain::units::Timestamp;

impl Store {
    /// Notes that these users were reminded.
    pub fn note_reminders(&mut self, users: &[u32], at: Timestamp, actor: &str) -> Result<(), StoreError> {
        self.write(|writer| {
            let sql = "INSERT INTO reminders (user_no, at, actor) VALUES (?1, ?2, ?3)
                       ON CONFLICT (user_no) DO UPDATE SET at = excluded.at, actor = excluded.actor";
            users.iter().try_for_each(|user_no| writer.run(sql, params![user_no, at.0, actor]))
        })
    }
}

impl Reader {
    /// When each of these users was last reminded; those who never were are missing.
    pub fn reminders(&self, users: &[u32]) -> Result<BTreeMap<u32, Timestamp>, StoreError> {
        let mut sql = self.conn.prepare_cached("SELECT at FROM reminders WHERE user_no = ?1")?;
        let mut found = BTreeMap::new();
        for user_no in users {
            let at: Option<i64> = sql.query_row([user_no], |row| row.get(0)).optional()?;
            found.extend(at.map(|at| (*user_no, Timestamp(at))));
        }
        Ok(found)
    }
}
