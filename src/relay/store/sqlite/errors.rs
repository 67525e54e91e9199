//! Why the file cannot be used, and why a change or a question failed.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::relay::store::RelayStoreError;
use crate::relay::store::encoding::moved_text;
use crate::sqlite::Cause;
use crate::store::StoreError;
use crate::store::backup::BackupError;

/// Why the store's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the relay's store {0} is in use by another kuota-relay; stop it first")]
    InUse(PathBuf),
    /// There is none, and making one was not asked for.
    #[error("there is no store {0} yet; kuota-relay run makes it")]
    Missing(PathBuf),
    /// It goes on in another database.
    #[error("the relay's store {}", moved_text(to))]
    Moved {
        /// Where.
        to: String,
    },
    /// It goes on in another database, and was renamed.
    #[error(
        "there is no store {path}: it was moved to another database by kuota-relay migrate, and what is left of it is kept as \
         {kept}; set database to the new one, or give {kept} another name to begin an empty store here"
    )]
    MovedAway {
        /// What was to be opened.
        path: PathBuf,
        /// The old store.
        kept: PathBuf,
    },
    /// The folder or its files cannot be made or opened.
    #[error("{path}: {source}; check that the folder exists, is writable and not full")]
    File {
        /// What was to be opened.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is empty or gone while its log is not. SQLite would take it for new and delete the log.
    #[error("{0} is empty or missing, but its log is not; keep a copy of the folder and restore a backup")]
    Emptied(PathBuf),
    /// SQLite failed: a full or failing disk, or a damaged file.
    #[error("the relay's store failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file comes from a later version, or its schema could not be brought up.
    #[error("the relay's store has a schema that this version cannot use: {0}")]
    Schema(#[from] rusqlite_migration::Error),
    /// It was not upgraded, because no copy of it could be made before.
    #[error("the relay's store is not upgraded without a copy of it, and none could be made: {0}")]
    NotCopied(String),
}

impl From<BackupError> for OpenError {
    /// Of a copy before an upgrade.
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::File { path, source } => Self::File { path, source },
            BackupError::Store(StoreError::Sqlite(error)) => Self::Sqlite(error),
            BackupError::Store(StoreError::Schema(error)) => Self::Schema(error),
            error => Self::NotCopied(error.to_string()),
        }
    }
}

/// Why a change or a question failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::relay::store) enum QueryError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Nothing is known about what the disk holds.
    #[error("{0}")]
    Broken(rusqlite::Error),
    #[error("{0}")]
    Nonsense(String),
    /// What the disk is the reason for, or what another change of the group did to their transaction.
    #[error("{why}")]
    Ended { why: String, is_fatal: bool },
}

impl QueryError {
    /// The trouble with `file`, with what the file system says of a write that failed: a full disk can look like a
    /// failing one.
    pub(super) fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Sqlite(error) => match Cause::in_file(&error, file) {
                Cause::Broken => Self::Broken(error),
                cause @ (Cause::Full | Cause::ReadOnly) => {
                    Self::Ended { why: explain(&error, cause), is_fatal: false }
                }
                Cause::Busy | Cause::Write | Cause::Statement => Self::Sqlite(error),
            },
            told @ (Self::Broken(_) | Self::Nonsense(_) | Self::Ended { .. }) => told,
        }
    }

    /// For people.
    pub(super) fn explain(&self) -> String {
        match self {
            Self::Sqlite(error) => explain(error, Cause::of(error)),
            Self::Broken(_) | Self::Nonsense(_) | Self::Ended { .. } => self.to_string(),
        }
    }

    /// Whether the file must not be used any more. SQLite reports a full disk before anything is half done.
    pub(super) fn is_fatal(&self) -> bool {
        match self {
            Self::Broken(_) => true,
            Self::Sqlite(error) => matches!(Cause::of(error), Cause::Broken | Cause::Write),
            Self::Nonsense(_) => false,
            Self::Ended { is_fatal, .. } => *is_fatal,
        }
    }
}

/// What went wrong with the file, and what to do.
fn explain(error: &rusqlite::Error, cause: Cause) -> String {
    match cause {
        Cause::Full => {
            format!("the disk is full ({error}); free some space, and the relay goes on by itself")
        }
        Cause::ReadOnly => {
            format!("the file can only be read ({error}); look for a failing disk in the kernel's log")
        }
        Cause::Busy => format!("another program holds the file ({error}); close it"),
        Cause::Write | Cause::Broken | Cause::Statement => error.to_string(),
    }
}

impl From<QueryError> for RelayStoreError {
    fn from(trouble: QueryError) -> Self {
        match trouble {
            QueryError::Nonsense(what) => Self::Nonsense(what),
            QueryError::Sqlite(rusqlite::Error::SqliteFailure(error, what))
                if error.code == ErrorCode::ConstraintViolation =>
            {
                Self::Nonsense(what.unwrap_or_else(|| error.to_string()))
            }
            QueryError::Sqlite(error @ rusqlite::Error::SqliteFailure(..)) => {
                Self::Unavailable(explain(&error, Cause::of(&error)))
            }
            QueryError::Broken(error) => Self::Unavailable(error.to_string()),
            // A column of another type than the schema says.
            QueryError::Sqlite(error) => Self::Nonsense(error.to_string()),
            QueryError::Ended { why, .. } => Self::Unavailable(why),
        }
    }
}
