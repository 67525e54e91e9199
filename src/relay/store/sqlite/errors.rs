//! Why the file cannot be used, and why a change or a question failed.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::relay::store::StoreError;

/// Why the store's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the relay's store {0} is in use by another kuota-relay; stop it first")]
    InUse(PathBuf),
    /// There is none, and making one was not asked for.
    #[error("there is no store {0} yet; kuota-relay run makes it")]
    Missing(PathBuf),
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
}

/// Why a change or a question failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum QueryError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("{0}")]
    Nonsense(String),
    /// What another change of the group did to their transaction.
    #[error("{why}")]
    Ended { why: String, is_fatal: bool },
}

impl QueryError {
    /// Whether the file must not be used any more. SQLite reports a full disk before anything is half done.
    pub(super) fn is_fatal(&self) -> bool {
        use ErrorCode::{DatabaseCorrupt, FileLockingProtocolFailed, NotADatabase, SystemIoFailure};
        match self {
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(DatabaseCorrupt | FileLockingProtocolFailed | NotADatabase | SystemIoFailure)
            ),
            Self::Nonsense(_) => false,
            Self::Ended { is_fatal, .. } => *is_fatal,
        }
    }
}

impl From<QueryError> for StoreError {
    fn from(trouble: QueryError) -> Self {
        match trouble {
            QueryError::Nonsense(what) => Self::Nonsense(what),
            QueryError::Sqlite(rusqlite::Error::SqliteFailure(error, what))
                if error.code == ErrorCode::ConstraintViolation =>
            {
                Self::Nonsense(what.unwrap_or_else(|| error.to_string()))
            }
            QueryError::Sqlite(error @ rusqlite::Error::SqliteFailure(..)) => {
                Self::Unavailable(error.to_string())
            }
            // A column of another type than the schema says.
            QueryError::Sqlite(error) => Self::Nonsense(error.to_string()),
            QueryError::Ended { why, .. } => Self::Unavailable(why),
        }
    }
}
