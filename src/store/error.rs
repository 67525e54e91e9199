//! Errors of the store, and whether it can continue after them.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::identity::FileFault;
use super::rescued_copy::{self, Beside, Left, Rescue};
use super::unwritable::Unwritable;
use crate::sqlite::Cause;

/// The reason why the store cannot be used. Only [`StoreError::Unwritable`] can be retried.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has opened it for writing.
    #[error("the store in {0} is in use by another kuotad; stop it, or use its socket")]
    InUse(PathBuf),
    /// The folder or its files cannot be created or opened.
    #[error("{path}: {source}; check that the folder exists, is writable and not full")]
    Folder {
        /// The path.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is empty or missing while its log is not. SQLite would treat it as new and delete the log.
    #[error("{0} is empty or missing, but its log is not; keep a copy of the folder and restore a backup")]
    Emptied(PathBuf),
    /// The folder has a copy that was rescued when the store went away, and the operator has not decided about it.
    #[error("{}", rescued_copy::refusal(path, copy, *beside))]
    Rescued {
        /// The store's file.
        path: PathBuf,
        /// The copy.
        copy: Left,
        /// The file under the store's name.
        beside: Beside,
    },
    /// The file is missing or empty although commits were made in it.
    #[error(
        "{path} is missing or empty, but {commits} changes were written to it since its last start; put the file back, or \
         restore a backup: kuotad restore FILE; to begin with an empty store, delete {path}-mark", path = path.display()
    )]
    Vanished {
        /// The store's file.
        path: PathBuf,
        /// Commits of the last run.
        commits: u64,
    },
    /// The file lacks acknowledged commits.
    #[error(
        "{path} ends at change {found} of its last run, and change {written} was acknowledged: its log (kuota.db-wal) is \
         missing or was cut, so the last changes would be lost; put the log back, or restore a backup: kuotad restore \
         FILE; to go on without those changes, delete {path}-mark", path = path.display()
    )]
    Behind {
        /// The store's file.
        path: PathBuf,
        /// The last commit in it.
        found: u64,
        /// The last acknowledged commit.
        written: u64,
    },
    /// The file is in log mode, and its log is missing.
    #[error(
        "{0} was not closed and its log (kuota.db-wal) is missing, so the last changes would be lost; put the log back beside \
         it, or restore a backup: kuotad restore FILE"
    )]
    LogLost(PathBuf),
    /// The file was deleted, replaced or cut while it was open.
    #[error("{}", rescued_copy::rescue_text(path, *fault, moved.as_deref(), rescue))]
    Replaced {
        /// The store's file.
        path: PathBuf,
        /// What happened to it.
        fault: FileFault,
        /// Its present path, if its folder was moved.
        moved: Option<PathBuf>,
        /// The outcome for the committed data.
        rescue: Rescue,
    },
    /// Required tables are damaged.
    #[error(
        "{path} is damaged: {tables}; restore the latest backup ({last}): kuotad restore FILE",
        path = path.display()
    )]
    Damaged {
        /// The store's file.
        path: PathBuf,
        /// The tables, for people.
        tables: String,
        /// The time of the last backup, for people.
        last: String,
    },
    /// The store cannot be written at present; nothing was changed.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// SQLite failed: a failing card, or a damaged file.
    #[error("the store failed: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// The file comes from a later version, or its schema could not be upgraded.
    #[error("the store's schema cannot be used by this version: {0}")]
    Schema(#[from] rusqlite_migration::Error),
    /// The store was not upgraded, because no copy of it could be made before.
    #[error("the store's schema is not upgraded without a copy of it, and none could be made: {0}")]
    NotCopied(String),
    /// The system has no random bytes for the site's secret.
    #[error("the system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The store failed before, and is not used until it is opened again.
    #[error("stopped after the store failed: {0}")]
    Stopped(String),
    /// A row has a value that no version of this program writes.
    #[error("the store holds a row that makes no sense: {0}")]
    Nonsense(String),
}

thread_local! {
    /// The last error of this thread that says that a file is damaged or cannot be read. Whatever becomes of an error
    /// on its way to a caller, the engine's thread finds it here.
    static BROKEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if Cause::of(&error) == Cause::Broken {
            BROKEN.set(Some(error.to_string()));
        }
        Self::Sqlite(error)
    }
}

impl StoreError {
    /// The last error of this thread since the last call that says that a file is damaged or cannot be read.
    pub fn take_broken() -> Option<String> {
        BROKEN.take()
    }

    /// Whether the file must not be used any more, because its content is unknown until it is opened again.
    pub fn is_fatal(&self) -> bool {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseCorrupt, FileLockingProtocolFailed, NotADatabase, SystemIoFailure,
        };
        match self {
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    CannotOpen | DatabaseCorrupt | FileLockingProtocolFailed | NotADatabase | SystemIoFailure
                )
            ),
            Self::Replaced { .. } | Self::Damaged { .. } => true,
            _ => false,
        }
    }

    /// Whether it is temporary: another program has locked the file, or the disk does not accept writes.
    pub fn is_passing(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull, ReadOnly};
        match self {
            Self::Unwritable(_) => true,
            Self::Sqlite(error) => {
                matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked | DiskFull | ReadOnly))
            }
            _ => false,
        }
    }

    /// What keeps the store in `folder` from being written; `None` where writing must not go on.
    pub(super) fn hindrance(&self, folder: &Path) -> Option<Unwritable> {
        match self {
            Self::Unwritable(why) => Some(why.clone()),
            Self::Folder { source, .. } => Unwritable::of_io(source, folder),
            Self::Sqlite(error) => Unwritable::of_sqlite(error, folder),
            Self::Schema(rusqlite_migration::Error::RusqliteError { err, .. }) => {
                Unwritable::of_sqlite(err, folder)
            }
            _ => None,
        }
    }
}
