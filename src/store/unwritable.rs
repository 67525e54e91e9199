//! Why the store temporarily cannot be written, according to SQLite and the file system.
//!
//! SQLite reports a full disk, a read-only disk and a lock of another program before anything is half done: the
//! transaction is rolled back, the connection stays valid, and a later try may succeed. A failed sync or an I/O error
//! is different: the content of the disk is unknown.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::fence::Fence;
use super::files::FILE;
use crate::sqlite::{self, Cause};

/// Where the kernel lists locks and their processes.
const LOCKS: &str = "/proc/locks";

/// The reason why the store cannot be written. Reading still works.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// The disk is full.
    #[error(
        "the disk that holds {0} is full, so nothing can be changed; metering and blocking go on from memory; free some \
         space, and changes are taken again by themselves"
    )]
    Full(PathBuf),
    /// The file system does not accept writes.
    #[error(
        "the disk that holds {0} can only be read, so nothing can be changed; metering and blocking go on from memory; \
         look for a failing card in the kernel's log, make a backup, and mount it writable again"
    )]
    ReadOnly(PathBuf),
    /// Another program has locked the file.
    #[error(
        "{0} holds the store's file, so nothing can be changed until it lets go; metering and blocking go on from \
         memory; close that program"
    )]
    Busy(String),
    /// Tables not related to money are damaged.
    #[error(
        "the store's tables are damaged: {0}; it is only read, so nothing can be changed; metering and blocking go on \
         from memory; stop the daemon and restore a backup: kuotad restore FILE"
    )]
    Damaged(String),
    /// An update is on trial: see [`super::gate`].
    #[error(
        "an update is on trial, so nothing can be changed for some minutes; metering and blocking go on from memory; \
         try again then"
    )]
    Updating,
    /// The store was restored, and nobody has taken the site over.
    #[error(
        "this store was restored and is passive: the router is read and nothing is changed, neither there nor here; take \
         the site over, which stops the old machine: page Backups, or kuotad take-over"
    )]
    Passive,
    /// Another machine took the site over.
    #[error(
        "{0}: nothing is changed any more, neither on the router nor here; switch this machine off, or have it take the site \
         back: kuotad take-over"
    )]
    Fenced(Fence),
}

impl Unwritable {
    /// The stable code of the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Full(_) => "store_full",
            Self::ReadOnly(_) => "store_read_only",
            Self::Busy(_) => "store_busy",
            Self::Damaged(_) => "store_damaged",
            Self::Updating => "updating",
            Self::Passive => "site_passive",
            Self::Fenced(_) => "site_fenced",
        }
    }

    /// Whether another machine may be at work with the same site: nothing leaves this one.
    pub const fn is_passive(&self) -> bool {
        match self {
            Self::Passive | Self::Fenced(_) => true,
            Self::Full(_) | Self::ReadOnly(_) | Self::Busy(_) | Self::Damaged(_) | Self::Updating => false,
        }
    }

    pub(super) fn of_sqlite(error: &rusqlite::Error, folder: &Path) -> Option<Self> {
        match Cause::of(error) {
            // Also a file that cannot be opened: the file system says whether the disk is the reason.
            Cause::ReadOnly | Cause::Write => Self::probed(folder),
            cause => Self::of_cause(cause, folder),
        }
    }

    pub(super) fn of_io(error: &io::Error, folder: &Path) -> Option<Self> {
        Self::of_cause(Cause::of_io(error)?, folder)
    }

    fn of_cause(cause: Cause, folder: &Path) -> Option<Self> {
        match cause {
            Cause::Full => Some(Self::Full(folder.to_owned())),
            Cause::ReadOnly => Some(Self::ReadOnly(folder.to_owned())),
            Cause::Busy => Some(Self::Busy(holder(folder))),
            Cause::Write | Cause::Broken | Cause::Statement => None,
        }
    }

    /// The result of probing the file system with a write.
    pub(super) fn probed(folder: &Path) -> Option<Self> {
        Self::of_cause(sqlite::probe(&folder.join(FILE))?, folder)
    }
}

/// Another process with a lock on the store's files, for people.
fn holder(folder: &Path) -> String {
    let inode =
        |end: &str| std::fs::metadata(folder.join(FILE).with_extension(end)).map(|file| file.ino()).ok();
    let files = [inode("db"), inode("db-shm")];
    let locks = std::fs::read_to_string(LOCKS).unwrap_or_default();
    let process = locks.lines().find_map(|line| other_writer(line, &files, std::process::id()));
    match process {
        None => "another program".to_owned(),
        Some(id) => {
            let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
            match name.trim() {
                "" => format!("another program (process {id})"),
                name => format!("{name} (process {id})"),
            }
        }
    }
}

/// The process of a line of `/proc/locks`, if it is a process other than `own` with a write lock on one of those inodes.
/// The line has the format `1: POSIX  ADVISORY  WRITE 1234 fe:01:131090 120 120`.
fn other_writer(line: &str, inodes: &[Option<u64>], own: u32) -> Option<u32> {
    let fields: Vec<&str> = line.split_whitespace().filter(|field| *field != "->").collect();
    let [_, "POSIX" | "OFDLCK", _, "WRITE", process, place, ..] = fields.as_slice() else { return None };
    let inode: u64 = place.rsplit(':').next()?.parse().ok()?;
    let process: u32 = process.parse().ok()?;
    (inodes.contains(&Some(inode)) && process != own).then_some(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_found_among_all_locks() {
        let files = [Some(131_090), None];
        let of = |line| other_writer(line, &files, 31);
        assert_eq!(of("1: POSIX  ADVISORY  WRITE 4294 fe:01:131090 120 120"), Some(4294));
        assert_eq!(of("2: -> POSIX  ADVISORY  WRITE 77 fe:01:131090 120 120"), Some(77));
        assert_eq!(of("1: POSIX  ADVISORY  READ 4294 fe:01:131090 124 124"), None);
        assert_eq!(of("1: FLOCK  ADVISORY  WRITE 4294 fe:01:131090 0 EOF"), None);
        assert_eq!(of("1: POSIX  ADVISORY  WRITE 4294 fe:01:131091 120 120"), None);
        assert_eq!(of("1: POSIX  ADVISORY  WRITE 31 fe:01:131090 120 120"), None);
        assert_eq!(of("nonsense"), None);
    }

    #[test]
    fn a_writable_folder_says_nothing_and_keeps_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Unwritable::probed(dir.path()), None);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
