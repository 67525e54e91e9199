//! Why there is no new copy.

use std::path::PathBuf;

use crate::agent::engine::EngineGone;
use crate::store::StoreError;
use crate::store::backup::BackupError;

/// Why a server that keeps copies did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct RemoteError {
    /// What was asked of which server.
    pub place: String,
    /// What went wrong.
    pub why: String,
}

/// An error with those below it, on one line.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Why there is no new copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The copy was not made, or not written.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The copy would fill the card.
    #[error(
        "a copy needs {need_mb} MB free in {folder}, where {free_mb} MB are: free space, or set backup.every = \"0s\""
    )]
    NoRoom {
        /// Where.
        folder: PathBuf,
        /// Megabytes that must be free.
        need_mb: u64,
        /// Megabytes that are.
        free_mb: u64,
    },
    /// The target is not there.
    #[error("{what}: the copy waits on the card until the disk is there")]
    Absent {
        /// What is absent.
        what: String,
    },
    /// The target is on the disk of the store.
    #[error(
        "{} is on the same disk as the store and would be lost with it: mount the other disk there, or set backup.target",
        folder.display()
    )]
    SameDisk {
        /// The target.
        folder: PathBuf,
    },
    /// The public key cannot be used.
    #[error("backup.recipient_file: {} {why}", file.display())]
    Recipient {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing leaves this site in clear over a network.
    #[error(
        "copies go to {place} encrypted only: make a recovery kit (kuotad recovery-kit), or set backup.recipient_file"
    )]
    NoKey {
        /// The target.
        place: String,
    },
    /// A server that keeps copies did not take one.
    #[error("{0}; the copy waits on the card")]
    Remote(#[from] RemoteError),
    /// The thread of the work failed.
    #[error("the copy ended by itself")]
    Thread,
}

impl CopyError {
    /// Whether the next turn finds out for nothing whether it is over.
    pub(super) fn is_cheap(&self) -> bool {
        match self {
            Self::Absent { .. } | Self::SameDisk { .. } | Self::Recipient { .. } | Self::NoKey { .. } => true,
            Self::Gone(_)
            | Self::Store(_)
            | Self::Backup(_)
            | Self::NoRoom { .. }
            | Self::Remote(_)
            | Self::Thread => false,
        }
    }
}
