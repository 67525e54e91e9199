//! Which machine has the site: the number in the store.

use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;
use super::read::Reader;
use crate::domain::instance::Instance;

/// Its key in the table of single values.
pub(super) const KEY: &str = "instance";
/// The single value that says whether orphans are still to be looked for: `1` from the moment the site was taken over.
pub const ORPHANS_DUE: &str = "orphans_due";

/// The store's instance. A store from before there were any is the first.
pub(super) fn kept(conn: &Connection) -> Result<Instance, StoreError> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    let kept: Option<String> = conn.query_row(sql, [KEY], |row| row.get(0)).optional()?;
    let read = |text: String| {
        text.parse().map_err(|why| StoreError::Nonsense(format!("{KEY} is {text:.40}: {why}")))
    };
    kept.map_or(Ok(Instance::FIRST), read)
}

/// Writes a single value, such as an instance, into a copy.
pub(super) fn write(conn: &Connection, key: &str, value: &str) -> Result<(), rusqlite::Error> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    conn.execute(sql, [key, value]).map(drop)
}

impl Reader {
    /// The store's instance.
    pub fn instance(&self) -> Result<Instance, StoreError> {
        kept(&self.conn)
    }
}
