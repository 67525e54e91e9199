//! Connections to the store's file.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use crate::tools::percent;

/// How long to wait for another program's lock on the file. All callers of the engine wait as long.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// SQLite's VFS that opens a file without locking it and without an index of its log on the disk.
const VFS_ALONE: &std::ffi::CStr = c"unix-none";
/// Prepared statements in the cache: every statement of a commit, so that none is compiled twice.
const STATEMENT_CACHE: usize = 64;

pub(super) const READ_ONLY: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens a file without a writer, without locks and without a log's index on the disk. This is correct if the disk
/// does not accept writes: an existing log is read as usual.
pub(super) fn open_alone(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    if !path.with_extension("db-wal").exists() {
        // Without a log SQLite does not have to create any further file.
        let flags = flags | OpenFlags::SQLITE_OPEN_URI;
        return Ok(Connection::open_with_flags(
            format!("file:{}?immutable=1", percent::path(path.as_os_str().as_bytes())),
            flags,
        )?);
    }
    let conn = Connection::open_with_flags_and_vfs(path, flags, VFS_ALONE)?;
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(conn)
}

/// What every connection that writes is set to.
pub(super) fn configure(conn: &Connection) -> Result<(), StoreError> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    // Payments must survive a power cut: with NORMAL, acknowledged commits were lost in measurements.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    conn.pragma_update(None, "trusted_schema", "OFF")?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(())
}

/// Opens the file to read it while a writer may use it.
pub(super) fn open_beside(path: &Path) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, READ_ONLY)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(conn)
}
