//! Opening the file: locks, privacy, connections, schema.

use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use rusqlite_migration::{M, Migrations};

use super::errors::OpenError;
use crate::relay::store::encoding::MOVED_TO;
use crate::sqlite;

/// How long to wait for another process that writes, such as a command of the operator.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept: every one there is.
const STATEMENT_CACHE: usize = 64;

/// The key of the store's name.
pub(super) const EPOCH: &str = "epoch";

/// The end of the name of a store that was moved to another database.
const MOVED_END: &str = ".moved";

const STEPS: &[M] = &[
    M::up(include_str!("../schema/0001_relay.sql")),
    M::up(include_str!("../schema/0002_bodies.sql")),
    M::up(include_str!("../schema/0003_null_is_no_json.sql")).foreign_key_check(),
    M::up(include_str!("../schema/0004_directory.sql")),
    M::up(include_str!("../schema/0005_presence.sql")),
    M::up(include_str!("../schema/0006_operators.sql")),
    M::up(include_str!("../schema/0007_vault.sql")),
    M::up(include_str!("../schema/0008_instances.sql")),
];

pub(super) const MIGRATIONS: Migrations = Migrations::from_slice(STEPS);

/// Random text that names a store: 128 bits.
pub(super) fn random_name() -> io::Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(data_encoding::HEXLOWER.encode(&random))
}

pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> OpenError {
    move |source| OpenError::File { path: path.to_owned(), source }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file next to the store's, by the end of its name.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A file that locks are taken on. The folder's owner must be able to use it, also when another user made it.
pub(super) fn lock_file(path: &Path) -> Result<File, OpenError> {
    let is_new = !path.exists();
    let file =
        File::options().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(at(path))?;
    if is_new {
        own_as_folder(path).map_err(at(path))?;
    }
    Ok(file)
}

/// Gives a file to the owner of its folder, where that is somebody else.
pub(super) fn own_as_folder(path: &Path) -> io::Result<()> {
    let (folder, own) = (std::fs::metadata(folder_of(path))?, std::fs::metadata(path)?);
    if (own.uid(), own.gid()) == (folder.uid(), folder.gid()) {
        return Ok(());
    }
    match chown(path, Some(folder.uid()), Some(folder.gid())) {
        // Only root gives files away; everybody else keeps his own.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// A share in the file; refused while it is being replaced.
pub(super) fn lock_open(path: &Path) -> Result<File, OpenError> {
    let file = lock_file(&beside(path, ".open"))?;
    if sqlite::locked(|| file.try_lock_shared()) { Ok(file) } else { Err(OpenError::InUse(path.to_owned())) }
}

/// The right to be the relay, unless another process has it.
pub(super) fn lock_relay(path: &Path) -> Result<Option<File>, OpenError> {
    let file = lock_file(&beside(path, ".lock"))?;
    Ok(sqlite::locked(|| file.try_lock()).then_some(file))
}

/// SQLite takes an empty file for a new store and deletes its log, which may be all that is left.
pub(super) fn check_emptied(path: &Path) -> Result<(), OpenError> {
    let is_empty = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len()) == 0;
    let log = beside(path, "-wal");
    if is_empty(path) && !is_empty(&log) { Err(OpenError::Emptied(path.to_owned())) } else { Ok(()) }
}

/// What to say of a file that is not there.
pub(super) fn missing(path: &Path) -> OpenError {
    check_moved_away(path).err().unwrap_or_else(|| OpenError::Missing(path.to_owned()))
}

/// An empty store must not begin where one was that goes on elsewhere.
pub(super) fn check_moved_away(path: &Path) -> Result<(), OpenError> {
    let kept = beside(path, MOVED_END);
    if path.exists() || !kept.exists() {
        return Ok(());
    }
    Err(OpenError::MovedAway { path: path.to_owned(), kept })
}

/// A store that was moved to another database goes on there.
pub(super) fn check_moved(conn: &Connection) -> Result<(), OpenError> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    let to: Option<String> = conn.query_row(sql, [MOVED_TO], |row| row.get(0)).optional()?;
    to.map_or(Ok(()), |to| Err(OpenError::Moved { to }))
}

/// The name of a store that was moved, which nothing has yet.
pub(super) fn free_moved_name(path: &Path) -> PathBuf {
    let first = beside(path, MOVED_END);
    let later = (1_u32..).map(|n| beside(path, &format!("{MOVED_END}-{n}")));
    std::iter::once(first.clone()).chain(later).find(|name| !name.exists()).unwrap_or(first)
}

/// Makes the file where it is missing, so that SQLite and its logs inherit who may read it.
pub(super) fn create_private(path: &Path) -> Result<(), OpenError> {
    if !path.exists() {
        File::options().create_new(true).write(true).mode(0o600).open(path).map_err(at(path))?;
        own_as_folder(path).map_err(at(path))?;
    }
    Ok(())
}

pub(super) fn connect(path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    let conn = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(conn)
}

pub(super) fn connect_to_read(path: &Path) -> Result<Connection, OpenError> {
    check_emptied(path)?;
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

pub(super) fn configure(conn: &Connection) -> Result<(), OpenError> {
    conn.pragma_update(None, "journal_mode", "WAL")?;
    // Money must survive a power cut: NORMAL was measured to lose acknowledged commits.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    conn.pragma_update(None, "trusted_schema", "OFF")?;
    Ok(())
}
