//! Copies of the relay's store: made while a relay runs, proven before they count, and put back.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite_migration::SchemaVersion;

use super::changes;
use super::errors::{OpenError, QueryError};
use super::open::{
    MIGRATIONS, at, beside, connect_to_read, folder_of, lock_file, missing, own_as_folder, random_name,
};
use super::verify::verify;
use crate::domain::units::Timestamp;
use crate::relay::store::{RelayBroken, RelayVerified};
use crate::sqlite;
use crate::store::backup::{self as copies, Progress};

/// Who may read a store that there was none of before: it holds what customers bought.
const MODE: u32 = 0o600;

/// Why a copy was not made or not put back. The store is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RelayBackupError {
    /// A file cannot be read, written or used.
    #[error(transparent)]
    File(#[from] copies::BackupError),
    /// The store cannot be opened, or is in use.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What was copied does not add up.
    #[error("the store was copied, but the copy cannot be trusted, so it was dropped: {0}")]
    Copy(RelayBroken),
}

/// What was put back, and where the store from before is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayRestored {
    /// What it holds.
    pub verified: RelayVerified,
    /// The file that was replaced, under the name that it has from here on.
    pub replaced: Option<PathBuf>,
    /// Orders that the relay will ask the gateway about, as they may have changed since the copy was made.
    pub asked: u64,
}

/// Copies the current store into `target`, and proves the copy. A relay at work goes on meanwhile.
/// The file has its name only once it is whole and on the disk; a file of that name is replaced.
pub fn back_up(
    path: &Path,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<RelayVerified, RelayBackupError> {
    if !path.exists() {
        return Err(missing(path).into());
    }
    if ["", "-wal", "-shm", ".lock", ".open"].iter().any(|end| copies::is_same(&beside(path, end), target)) {
        return Err(unusable(target, "it belongs to the store itself; name another file"));
    }
    let part = part_of(target)?;
    let made = copy(path, &part, progress).and_then(|verified| {
        copies::publish(&part, target)?;
        Ok(verified)
    });
    if made.is_err() {
        copies::remove(&part);
    }
    made
}

fn copy(
    path: &Path,
    part: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<RelayVerified, RelayBackupError> {
    copies::copy_pages(&connect_to_read(path)?, part, progress)?;
    verify(&connect_to_read(part)?).map_err(RelayBackupError::Copy)
}

/// What a file is called until it is whole.
fn part_of(file: &Path) -> Result<PathBuf, RelayBackupError> {
    let is_name = file.file_name().is_some() && !file.is_dir();
    if is_name { Ok(beside(file, ".part")) } else { Err(unusable(file, "it is a folder; name a file")) }
}

/// Replaces the store by a copy. Refused while anybody has the store open, and unless the copy is whole, adds up, and
/// has a schema this version knows. The previous store is kept next to it, named with `stamp`. The restored store has a
/// new epoch, so that agents read its feed from the beginning, and whatever may have changed since is asked for.
pub fn restore(
    path: &Path,
    from: &Path,
    stamp: &str,
    now: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<RelayRestored, RelayBackupError> {
    let source = copies::open_whole(from)?;
    check_schema(&source, from)?;
    if copies::is_same(from, path) {
        return Err(unusable(from, "it is the store itself"));
    }
    let folder = folder_of(path);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
    let lock = lock_file(&beside(path, ".open"))?;
    if !sqlite::locked(|| lock.try_lock()) {
        return Err(OpenError::InUse(path.to_owned()).into());
    }
    let temp = beside(path, ".restoring");
    let drawn = draw(&source, from, &temp, now, progress).and_then(|(verified, asked)| {
        hand_over(path, &temp).map_err(at(&temp))?;
        let replaced = copies::set_aside(path, stamp)?;
        Ok(RelayRestored { verified, replaced, asked })
    });
    match drawn {
        Ok(restored) => {
            copies::publish(&temp, path)?;
            Ok(restored)
        }
        Err(error) => {
            copies::remove(&temp);
            Err(error)
        }
    }
}

fn unusable(path: &Path, why: impl Into<String>) -> RelayBackupError {
    copies::BackupError::Unusable { path: path.to_owned(), why: why.into() }.into()
}

fn check_schema(source: &Connection, from: &Path) -> Result<(), RelayBackupError> {
    // The version of another program's file may be any number: only the tables show it.
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('feeds', 'inbox')";
    let tables: i64 =
        source.query_row(sql, [], |row| row.get(0)).map_err(|e| unusable(from, e.to_string()))?;
    let is_ours = tables == 2;
    match MIGRATIONS.current_version(source) {
        Ok(SchemaVersion::Outside(_)) if is_ours => {
            Err(unusable(from, "it comes from a later version; install that version first"))
        }
        Ok(SchemaVersion::Inside(_)) if is_ours => Ok(()),
        Ok(_) => Err(unusable(from, "it is a database of something else")),
        Err(error) => Err(unusable(from, error.to_string())),
    }
}

/// Copies into `temp`, brings the schema up there, proves what came out, and makes it a store of its own.
fn draw(
    source: &Connection,
    from: &Path,
    temp: &Path,
    now: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<(RelayVerified, u64), RelayBackupError> {
    copies::copy_pages(source, temp, progress)?;
    let bad = |why: String| unusable(from, why);
    let mut copy = Connection::open(temp).map_err(|error| bad(error.to_string()))?;
    sqlite::bring_up(&mut copy, &MIGRATIONS).map_err(|error| bad(error.to_string()))?;
    let verified = verify(&copy).map_err(|broken| bad(broken.to_string()))?;
    let epoch = random_name().map_err(at(temp))?;
    let renewed = copy.transaction().map_err(QueryError::from).and_then(|tx| {
        changes::rename(&tx, &epoch)?;
        let asked = changes::ask_all(&tx, now)?;
        tx.commit()?;
        Ok(asked)
    });
    let asked = renewed.map_err(|trouble| bad(trouble.to_string()))?;
    copy.close().map_err(|(_, error)| bad(error.to_string()))?;
    Ok((verified, asked))
}

/// The restored file belongs to whom the folder belongs, and is read by whom the old one was.
fn hand_over(path: &Path, temp: &Path) -> io::Result<()> {
    own_as_folder(temp)?;
    let mode = std::fs::metadata(path).map_or(MODE, |old| old.mode() & 0o777);
    std::fs::set_permissions(temp, std::fs::Permissions::from_mode(mode))
}
