//! The secret that a site signs with: made with the store, kept in it, and carried by its copies, so that what was
//! signed before a restart or a restore is good after it.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use rusqlite::{Connection, OptionalExtension};

use super::StoreError;

/// Where it is among the single values.
pub(super) const KEY: &str = "site_secret";
/// Random bytes.
const BYTES: usize = 32;

/// 32 random bytes that only this site has. Prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteSecret([u8; BYTES]);

impl SiteSecret {
    /// The secret of these bytes.
    pub const fn new(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a key.
    pub const fn bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    fn read(hex: &str) -> Option<Self> {
        HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for SiteSecret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("SiteSecret")
    }
}

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
    let made = SiteSecret(bytes);
    conn.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", [KEY, &made.hex()])?;
    Ok(made)
}
