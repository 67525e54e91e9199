//! Names of the store's files, and the one byte of them that is read without SQLite.

/// The store's file inside the data folder.
pub const FILE: &str = "kuota.db";
/// Held by whoever may write.
pub(super) const LOCK_FILE: &str = "kuotad.lock";

/// Where an SQLite file says whether it is used with a log, and what that says.
pub(super) const LOG_MARK_AT: usize = 18;
pub(super) const LOG_MARK: u8 = 2;
