//! Checks that the files under the store's names are still the ones that were opened, and still as long as the
//! committed data requires.

use std::fmt;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::files::{LOG_MARK, LOG_MARK_AT};

/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// One copy of the header of a log's index. The index begins with two copies.
const INDEX_HEADER_BYTES: usize = 48;
/// The supported version of the index.
const INDEX_VERSION: u32 = 3_007_000;
/// Bytes of a log's header, and of the header of each of its frames.
const LOG_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// A change of the files of an open store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// The name belongs to another file, or to none.
    Replaced,
    /// The file is shorter than it was.
    Cut,
    /// The file has another head: it was overwritten.
    Overwritten,
    /// The log is shorter than the commits in it require.
    LogCut,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replaced => "was deleted or replaced",
            Self::Cut => "was cut short",
            Self::Overwritten => "was overwritten",
            Self::LogCut => "lost a part of its log (kuota.db-wal)",
        })
    }
}

/// The opened files. It must live longer than every connection: see `index`.
#[derive(Debug, Default)]
pub(super) struct Identity {
    store: Option<(u64, u64)>,
    log: Option<(u64, u64)>,
    /// The last known length of the store's file.
    bytes: u64,
    /// The log's index. Closing any handle of it releases SQLite's own locks, so one is kept.
    index: Option<File>,
}

impl Identity {
    /// Records which files have the names.
    pub fn look(&mut self, path: &Path) {
        self.store = id(path);
        self.log = id(&path.with_extension("db-wal"));
        self.bytes = std::fs::metadata(path).map_or(0, |file| file.len());
    }

    /// Opens the log's index and keeps it open. Only for a connection that uses it.
    pub fn keep_index(&mut self, path: &Path) {
        let path = path.with_extension("db-shm");
        let held = self.index.as_ref().and_then(|file| file.metadata().ok());
        if held.as_ref().map(id_of) != id(&path) {
            self.index = File::open(path).ok();
        }
    }

    /// Records the length of the store's file after a commit.
    pub fn grown(&mut self, store: Option<&File>) {
        if let Some(held) = store.and_then(|file| file.metadata().ok()) {
            self.bytes = held.len();
        }
    }

    /// The change of the files since they were opened; `store` is the store's file as it was opened.
    pub fn fault(&self, path: &Path, store: Option<&File>) -> Option<FileFault> {
        let log = std::fs::metadata(path.with_extension("db-wal")).ok();
        let log_id = log.as_ref().map(id_of);
        if self.store != id(path) || (self.log.is_some() && self.log != log_id) {
            return Some(FileFault::Replaced);
        }
        let index = self.index.as_ref().and_then(Index::read);
        if let Some(file) = store {
            let pages = index.as_ref().map_or(0, Index::store_bytes);
            let needed = if pages == 0 { self.bytes } else { self.bytes.min(pages) };
            if file.metadata().is_ok_and(|held| held.len() < needed) {
                return Some(FileFault::Cut);
            }
            if has_other_head(file) {
                return Some(FileFault::Overwritten);
            }
        }
        let is_log_cut = index.zip(log).is_some_and(|(index, log)| log.len() < index.log_bytes());
        is_log_cut.then_some(FileFault::LogCut)
    }

    /// Moves the log of the opened store away, so that it is not replayed into another store of that name.
    pub fn move_log(&self, path: &Path, to: &Path) {
        let log = path.with_extension("db-wal");
        if self.log.is_some() && id(&log) == self.log {
            let mut name = to.as_os_str().to_owned();
            name.push(".log");
            let _ = std::fs::rename(&log, name);
            let _ = std::fs::remove_file(path.with_extension("db-shm"));
        }
    }
}

fn id(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().as_ref().map(id_of)
}

fn id_of(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

/// Whether the file's head is not that of a store in log mode. A copy of a store is never in log mode.
fn has_other_head(file: &File) -> bool {
    let mut head = [0; LOG_MARK_AT + 1];
    let read = file.read_exact_at(&mut head, 0);
    read.is_ok() && (head[..MAGIC.len()] != *MAGIC || head[LOG_MARK_AT] != LOG_MARK)
}

/// The content of the log's index. Its format is SQLite's, "WAL-Index Format".
#[derive(Debug, PartialEq, Eq)]
struct Index {
    page_bytes: u64,
    /// Frames of the log with committed data.
    frames: u64,
    /// Pages of the store as of the last commit.
    pages: u64,
    /// Frames that were copied into the store's file.
    brought_in: u64,
}

impl Index {
    fn read(file: &File) -> Option<Self> {
        let mut bytes = [0; 2 * INDEX_HEADER_BYTES + 4];
        file.read_exact_at(&mut bytes, 0).ok()?;
        Self::parse(&bytes)
    }

    /// `None` if it is being written or has another format.
    fn parse(bytes: &[u8; 2 * INDEX_HEADER_BYTES + 4]) -> Option<Self> {
        let (first, rest) = bytes.split_at(INDEX_HEADER_BYTES);
        let (second, brought_in) = rest.split_at(INDEX_HEADER_BYTES);
        let number = |at: usize| Some(u32::from_ne_bytes(first.get(at..at + 4)?.try_into().ok()?));
        let is_made = first == second && number(0)? == INDEX_VERSION && first[12] == 1;
        let page = u64::from(u16::from_ne_bytes([first[14], first[15]]));
        is_made.then_some(Self {
            // 65 536 does not fit and is written as 1.
            page_bytes: (page & 0xfe00) + ((page & 1) << 16),
            frames: number(16)?.into(),
            pages: number(20)?.into(),
            brought_in: u32::from_ne_bytes(brought_in.try_into().ok()?).into(),
        })
    }

    /// The length of the store's file once all frames are copied into it.
    fn store_bytes(&self) -> u64 {
        self.pages * self.page_bytes
    }

    /// The length that the log must have.
    fn log_bytes(&self) -> u64 {
        if self.frames <= self.brought_in {
            return 0;
        }
        LOG_HEADER_BYTES + self.frames * (self.page_bytes + FRAME_HEADER_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_says_how_long_log_and_store_must_be() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kuota.db");
        let conn = rusqlite::Connection::open(&path).unwrap();
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x);
             INSERT INTO t VALUES (zeroblob(20000));",
        )
        .unwrap();
        let file = File::open(path.with_extension("db-shm")).unwrap();
        let length = |end: &str| std::fs::metadata(path.with_extension(end)).unwrap().len();
        let index = Index::read(&file).unwrap();
        assert_eq!(index.log_bytes(), length("db-wal"));
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let index = Index::read(&file).unwrap();
        assert_eq!((index.log_bytes(), length("db-wal")), (0, 0));
        assert_eq!(index.store_bytes(), length("db"));
        drop(conn);
    }

    #[test]
    fn an_index_that_is_being_written_says_nothing() {
        let mut bytes = [0; 2 * INDEX_HEADER_BYTES + 4];
        assert_eq!(Index::parse(&bytes), None);
        bytes[12] = 1;
        bytes[..4].copy_from_slice(&INDEX_VERSION.to_ne_bytes());
        assert_eq!(Index::parse(&bytes), None);
    }
}
