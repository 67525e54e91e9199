//! Names of the store's files, and the one byte of them that is read without SQLite.

/// The store's file inside the data folder.
pub const FILE: &str = "kuota.db";
/// The lock file of the writer.
pub(super) const LOCK_FILE: &str = "kuotad.lock";

/// The offset in an SQLite file that says whether it is in log mode.
pub(super) const LOG_MARK_AT: usize = 18;
pub(super) const LOG_MARK: u8 = 2;
