//! The number of the last commit, in the store and in a separate file, so that a start detects missing commits.
//!
//! Each commit writes its number into the store. After the commit is on the card, the number is written into a small
//! file in the same folder, without a sync. The file is therefore never ahead of the card, whenever the power fails;
//! if it is ahead, the log with the difference was deleted or cut. Every start of a writer draws a new id for its
//! run: a store from another run is not compared.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use data_encoding::HEXLOWER;
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

use super::error::StoreError;
use super::files::FILE;

/// The key in the store's table of single values.
pub(super) const KEY: &str = "commit";
/// The extension of the file's name.
const ENDS: &str = "db-mark";
/// Longer files are not ours.
const BYTES_MAX: u64 = 256;
/// Bytes of the digest that follows the mark, which detects a torn write.
const CHECK_BYTES: usize = 8;

/// A commit of one run of a writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CommitMark {
    /// The id of the run.
    run: String,
    /// Commits of the run.
    pub commits: u64,
}

impl CommitMark {
    /// The mark of a new run.
    pub fn begin() -> Result<Self, getrandom::Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        Ok(Self { run: HEXLOWER.encode(&random), commits: 0 })
    }

    pub fn next(&self) -> Self {
        Self { run: self.run.clone(), commits: self.commits + 1 }
    }

    /// The mark in a store; `None` in one of an earlier version.
    pub fn of(conn: &Connection) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        let text: Option<String> = conn.query_row(sql, [KEY], |row| row.get(0)).optional()?;
        Ok(text.as_deref().and_then(Self::parse))
    }

    /// The mark as stored in the database.
    pub fn text(&self) -> String {
        format!("{} {:020}", self.run, self.commits)
    }

    fn parse(text: &str) -> Option<Self> {
        let (run, commits) = text.split_once(' ')?;
        Some(Self { run: run.to_owned(), commits: commits.parse().ok()? })
    }

    /// The mark as written in the file, with its digest. Every mark is equally long, so that one can be written over
    /// another.
    fn line(&self) -> String {
        let text = self.text();
        format!("{text} {}\n", check_of(&text))
    }
}

fn check_of(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..CHECK_BYTES])
}

/// The file with the mark.
#[derive(Debug)]
pub(super) struct MarkFile(File);

impl MarkFile {
    /// Opens it, creating it if it is missing.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(FILE).with_extension(ENDS);
        File::options().create(true).truncate(false).write(true).mode(0o600).open(path).map(Self)
    }

    /// Replaces the mark. The commit must be on the card before.
    pub fn write(&self, mark: &CommitMark) {
        if let Err(error) = self.0.write_all_at(mark.line().as_bytes(), 0) {
            tracing::debug!(%error, "the number of the last commit stays as it was beside the store");
        }
    }
}

/// The mark in the file; `None` if it is missing or damaged.
pub(super) fn written(data_dir: &Path) -> Option<CommitMark> {
    let mut line = String::new();
    let file = File::open(data_dir.join(FILE).with_extension(ENDS)).ok()?;
    file.take(BYTES_MAX).read_to_string(&mut line).ok()?;
    let (text, check) = line.trim_end().rsplit_once(' ')?;
    (check == check_of(text)).then(|| CommitMark::parse(text))?
}

/// Removes the file, before its store is replaced.
pub(super) fn remove(data_dir: &Path) {
    let _ = std::fs::remove_file(data_dir.join(FILE).with_extension(ENDS));
}

/// Refuses a store with the mark `found` if a later commit of the same run was acknowledged.
pub(super) fn check(data_dir: &Path, found: Option<&CommitMark>) -> Result<(), StoreError> {
    let (Some(written), Some(found)) = (written(data_dir), found) else { return Ok(()) };
    if written.run == found.run && written.commits > found.commits {
        let (path, found, written) = (data_dir.join(FILE), found.commits, written.commits);
        return Err(StoreError::Behind { path, found, written });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_a_torn_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(written(dir.path()), None);
        let file = MarkFile::open(dir.path()).unwrap();
        assert_eq!(written(dir.path()), None);
        let (first, other) = (CommitMark::begin().unwrap(), CommitMark::begin().unwrap());
        let next = first.next();
        file.write(&first);
        assert_eq!(written(dir.path()), Some(first.clone()));
        file.write(&next);
        assert_eq!(written(dir.path()), Some(next.clone()));
        let (old, new) = (next.line(), other.line());
        assert_eq!(old.len(), new.len());
        for cut in 1..new.len() - 1 {
            let torn = format!("{}{}", &new[..cut], &old[cut..]);
            if torn != old && torn != new {
                std::fs::write(dir.path().join("kuota.db-mark"), torn).unwrap();
                assert_eq!(written(dir.path()), None, "{cut}");
            }
            std::fs::write(dir.path().join("kuota.db-mark"), &new[..cut]).unwrap();
            assert_eq!(written(dir.path()), None, "{cut}");
        }
    }

    #[test]
    fn only_a_store_of_the_same_run_is_behind_its_mark() {
        let dir = tempfile::tempdir().unwrap();
        let (first, other) = (CommitMark::begin().unwrap(), CommitMark::begin().unwrap());
        let is_behind = |found: Option<&CommitMark>| check(dir.path(), found).is_err();
        assert!(!is_behind(Some(&first)));
        MarkFile::open(dir.path()).unwrap().write(&first.next());
        for (found, behind) in [
            (Some(&first), true),
            (Some(&first.next()), false),
            (Some(&first.next().next()), false),
            (Some(&other), false),
            (None, false),
        ] {
            assert_eq!(is_behind(found), behind, "{found:?}");
        }
    }
}
