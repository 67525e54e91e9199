//! Names of the store's files, and the one byte of them that is read without SQLite.

use std::path::Path;

/// The store's file inside the data folder.
pub const FILE: &str = "kuota.db";
/// The file that makes a store passive.
pub const PASSIVE_FILE: &str = "passive";
/// The lock file of the writer.
pub(super) const LOCK_FILE: &str = "kuotad.lock";

/// The offset in an SQLite file that says whether it is in log mode.
pub(super) const LOG_MARK_AT: usize = 18;
pub(super) const LOG_MARK: u8 = 2;

/// Whether the store of a folder is passive. A file that cannot be looked at is there.
pub fn is_passive(data_dir: &Path) -> bool {
    data_dir.join(PASSIVE_FILE).try_exists().unwrap_or(true)
}
