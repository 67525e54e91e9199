//! The site's secret in the store: created with the store, and included in its copies, so that signatures from before
//! a restart or a restore stay valid.

use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;
use crate::identity::site_secret::{BYTES, SiteSecret};

/// Its key in the table of single values.
pub(super) const KEY: &str = "site_secret";

/// The store's secret, if it has one.
pub(super) fn kept(conn: &Connection) -> Result<Option<SiteSecret>, StoreError> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    let kept: Option<String> = conn.query_row(sql, [KEY], |row| row.get(0)).optional()?;
    // A new secret in its place would silently invalidate everything that the old one signed.
    let read = |hex: String| {
        SiteSecret::read(&hex)
            .ok_or_else(|| StoreError::Nonsense(format!("{KEY} is no {BYTES} bytes in hex")))
    };
    kept.map(read).transpose()
}

/// The store's secret, created if there is none.
pub(super) fn ensured(conn: &Connection) -> Result<SiteSecret, StoreError> {
    if let Some(secret) = kept(conn)? {
        return Ok(secret);
    }
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    let made = SiteSecret::new(bytes);
    conn.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", [KEY, &made.hex()])?;
    Ok(made)
}
