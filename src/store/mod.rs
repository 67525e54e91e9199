//! The store: one SQLite file that holds users, the ledger and everything that must survive a power cut.
//!
//! WAL with `synchronous=FULL`: an acknowledged commit is on the card. One [`Store`] writes, through
//! [`Store::commit`] alone; any number of [`Reader`]s look at history beside it. A failed commit ends the program:
//! after an I/O error nothing is known about what the card holds until it is opened anew.

mod admins;
pub mod backup;
mod cash;
pub mod export;
mod load;
mod names;
mod orders;
mod read;
mod record;
pub mod reports;
mod site_secret;
mod undated;
mod validity;
mod verify;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB, OpenFlags, Transaction};
use rusqlite_migration::{M, Migrations};

pub use admins::{AdminRecord, Role, SecondFactor, SecretKind, TokenRecord};
pub use load::Loaded;
pub use orders::OrderFilter;
pub use read::{AuditFilter, Customer, DeviceStay, Page, Reader, UsageRow};
pub use record::{
    AuditLine, CashMove, ClosingRecord, Cursor, DeviceRecord, Errand, ErrandWork, EventRecord, Online,
    OpeningRecord, OrderRecord, PackageRecord, PayWindow, Pending, Redated, Undated, UndatedRecord, UsageKey,
    UsageSum, UserRecord,
};
pub use site_secret::SiteSecret;
pub use verify::{Broken, Verified};
pub use write::{Batch, Chained, ClosedDay};

/// The store's file inside the data folder.
pub const FILE: &str = "kuota.db";
/// Held by whoever may write.
const LOCK_FILE: &str = "kuotad.lock";
/// How long a reader waits for a checkpoint before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept: every statement of a commit, so that none is compiled twice.
const STATEMENT_CACHE: usize = 64;

/// The schema's versions, in order.
static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(include_str!("schema/0001_ledger.sql")),
        M::up(include_str!("schema/0002_second_factor.sql")),
        M::up(include_str!("schema/0003_sales.sql")),
        M::up(include_str!("schema/0004_names.sql")),
        M::up_with_hook(include_str!("schema/0006_validity.sql"), |tx: &Transaction| validity::derive(tx)),
        M::up(include_str!("schema/0007_device_history.sql")),
    ])
});

/// Why the store cannot be used. None of these goes away by trying again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process writes to it.
    #[error("the store in {0} is in use by another kuotad; stop it, or use its socket")]
    InUse(PathBuf),
    /// The folder or its files cannot be made or opened.
    #[error("{path}: {source}; check that the folder exists, is writable and not full")]
    Folder {
        /// What was to be opened.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is empty or gone while its log is not. SQLite would take it for new and delete the log.
    #[error("{0} is empty or missing, but its log is not; keep a copy of the folder and restore a backup")]
    Emptied(PathBuf),
    /// SQLite failed: a full or failing card, or a damaged file.
    #[error("the store failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file comes from a later version, or its schema could not be brought up.
    #[error("the store's schema cannot be used by this version: {0}")]
    Schema(#[from] rusqlite_migration::Error),
    /// The system has no random bytes for the site's secret.
    #[error("the system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// A row says what no version of this program writes.
    #[error("the store holds a row that makes no sense: {0}")]
    Nonsense(String),
}

/// What the store has done since it was opened: measured by tests and shown in metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Transactions committed; each is one fsync of the write-ahead log.
    pub commits: u64,
    /// Statements executed in them.
    pub statements: u64,
}

/// The writer. There is one, in one process.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    path: PathBuf,
    stats: StoreStats,
    site_secret: SiteSecret,
    /// Released when the store is closed, whatever ends the process.
    _lock: File,
}

impl Store {
    /// Opens the store in `data_dir`, creating folder and file where they are missing and bringing the schema up.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let lock = lock(data_dir)?;
        let path = data_dir.join(FILE);
        check_emptied(&path)?;
        let mut conn = Connection::open(&path)?;
        if conn.is_readonly(MAIN_DB)? {
            // SQLite falls back to reading; the first payment would be the first to hear of it.
            let source = std::io::Error::new(std::io::ErrorKind::PermissionDenied, "it can only be read");
            return Err(StoreError::Folder { path, source });
        }
        configure(&conn)?;
        MIGRATIONS.to_latest(&mut conn)?;
        names::fill(&mut conn)?;
        let site_secret = site_secret::ensured(&conn)?;
        Ok(Self { conn, path, stats: StoreStats::default(), site_secret, _lock: lock })
    }

    /// A second connection that only reads.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Ok(Reader::new(open_to_read(&self.path)?))
    }

    /// What the site signs with.
    pub fn site_secret(&self) -> &SiteSecret {
        &self.site_secret
    }

    /// What was done since the store was opened.
    pub fn stats(&self) -> StoreStats {
        self.stats
    }
}

/// The right to write in `data_dir`, which is created where it is missing. Held as long as the file is.
fn lock(data_dir: &Path) -> Result<File, StoreError> {
    let folder = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Folder { path, source }
    };
    std::fs::create_dir_all(data_dir).map_err(folder(data_dir))?;
    let path = data_dir.join(LOCK_FILE);
    let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(folder(&path))?;
    lock.try_lock().map_err(|_| StoreError::InUse(data_dir.to_owned()))?;
    Ok(lock)
}

/// SQLite takes an empty file for a new store and deletes the log beside it, which may be all that is left of the
/// books.
fn check_emptied(path: &Path) -> Result<(), StoreError> {
    let is_empty = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len()) == 0;
    let log = path.with_extension("db-wal");
    if is_empty(path) && !is_empty(&log) { Err(StoreError::Emptied(path.to_owned())) } else { Ok(()) }
}

fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    check_emptied(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(conn)
}

fn configure(conn: &Connection) -> Result<(), StoreError> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    // Money must survive a power cut: NORMAL was measured to lose acknowledged commits.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    conn.pragma_update(None, "trusted_schema", "OFF")?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(())
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
