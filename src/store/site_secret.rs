//! The site's secret in the store: made with it, kept in it, and carried by its copies, so that what was signed before a
//! restart or a restore is good after it.

use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;
use crate::identity::site_secret::{BYTES, SiteSecret};

/// Where it is among the single values.
pub(super) const KEY: &str = "site_secret";

/// The store's secret, where it has one.
pub(super) fn kept(conn: &Connection) -> Result<Option<SiteSecret>, StoreError> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    let kept: Option<String> = conn.query_row(sql, [KEY], |row| row.get(0)).optional()?;
    // Another one in its place would quietly end whatever this one signed.
    let read = |hex: String| {
        SiteSecret::read(&hex)
            .ok_or_else(|| StoreError::Nonsense(format!("{KEY} is no {BYTES} bytes in hex")))
    };
    kept.map(read).transpose()
}

/// The store's secret; one is made where there is none.
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
