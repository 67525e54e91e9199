//! Why a store was not moved.

use super::super::postgres::ConnectError;
use super::super::sqlite::OpenError;
use super::super::{RelayBroken, RelayStoreError};
use crate::store::backup::BackupError;

/// Why a store was not moved. Unless it says otherwise, both databases are as they were.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Two files, or two servers.
    #[error(
        "one of the two must be a file and the other a PostgreSQL database: a file is moved by its folder or by backup and \
         restore, a database by pg_dump"
    )]
    SameKind,
    /// There is nothing to move.
    #[error("there is no relay's store in {0}")]
    NoStore(String),
    /// Others use the database.
    #[error(
        "{place} is in use by other sessions ({sessions}); stop every relay and every command that uses it, and run this again"
    )]
    InUse {
        /// Which database.
        place: String,
        /// How many use it.
        sessions: i64,
    },
    /// The target has something already.
    #[error(
        "{place} is not empty: {found}; nothing is ever overwritten: name another one, or move that away"
    )]
    NotEmpty {
        /// Which database.
        place: String,
        /// What is there.
        found: String,
    },
    /// What was written is not what was read.
    #[error(
        "{table} was not copied faithfully: {what}; nothing was moved, and the old store goes on as before"
    )]
    Differs {
        /// Which table.
        table: &'static str,
        /// In what respect.
        what: String,
    },
    /// The old store does not add up, or the copy does not.
    #[error("{place} does not add up, so nothing was moved: {broken}")]
    Broken {
        /// Which of the two.
        place: String,
        /// The first bad row.
        broken: RelayBroken,
    },
    /// A file cannot be opened, or is in use.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The server cannot be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] BackupError),
    /// Either database failed, or a row makes no sense.
    #[error("{place}: {error}; nothing was moved")]
    Failed {
        /// Which of the two.
        place: String,
        /// What happened.
        error: RelayStoreError,
    },
    /// Nobody knows whether the new store is there.
    #[error(
        "{place} was lost while the copy became valid there ({error}); run the same command again before any relay: it \
         finishes what was begun, or does it anew"
    )]
    Unknown {
        /// The target.
        place: String,
        /// What happened.
        error: RelayStoreError,
    },
    /// The new store is whole, and the old one could still be used.
    #[error(
        "the store is whole in its new place, but {place} could not be marked as moved ({why}); run the same command again \
         before any relay"
    )]
    NotMarked {
        /// The source.
        place: String,
        /// What happened.
        why: String,
    },
}
