//! The relay's store as one SQLite file: WAL with `synchronous=FULL`, one thread that writes, a few connections that
//! read beside it.
//!
//! After an I/O error nothing is known about what the disk holds until the file is opened anew, so the store refuses
//! everything from then on and says why in [`RelayStore::failed`]; whoever runs it must end.

pub mod backup;
mod changes;
mod queries;
mod readers;
mod rows;
mod verify;
mod writer;

use std::fs::File;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};
use rusqlite_migration::{M, Migrations};

pub use verify::{Broken, Verified, verify_file};

use self::readers::Readers;
use self::writer::{Signs, Writer};
use super::{
    FeedEvent, InboxRow, NewNotification, Opened, OrderRow, Pending, RelayStore, StoreCounts, StoreError,
    Updated,
};
use crate::domain::order::OrderState;
use crate::domain::units::Timestamp;
use crate::protocol::relay::FeedItem;
use crate::sqlite::{self, Cause};

/// How long to wait for another process that writes, such as a command of the operator.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept: every one there is.
const STATEMENT_CACHE: usize = 64;
/// The key of the store's name.
const EPOCH: &str = "epoch";

const STEPS: &[M] = &[
    M::up(include_str!("../schema/0001_relay.sql")),
    M::up(include_str!("../schema/0002_bodies.sql")),
    M::up(include_str!("../schema/0003_null_is_no_json.sql")).foreign_key_check(),
];
const MIGRATIONS: Migrations = Migrations::from_slice(STEPS);

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
enum Trouble {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("{0}")]
    Nonsense(String),
    /// What a change beside this one did to the transaction of both.
    #[error("{why}")]
    Ended { why: String, is_fatal: bool },
}

impl Trouble {
    /// For people.
    fn told(&self) -> String {
        match self {
            Self::Sqlite(error) => told(error),
            Self::Nonsense(_) | Self::Ended { .. } => self.to_string(),
        }
    }

    /// Whether the file must not be used any more. A full disk is told by SQLite before anything is half done.
    fn is_fatal(&self) -> bool {
        match self {
            Self::Sqlite(error) => matches!(Cause::of(error), Cause::Broken | Cause::Write),
            Self::Nonsense(_) => false,
            Self::Ended { is_fatal, .. } => *is_fatal,
        }
    }
}

/// What went wrong with the file, and what to do.
fn told(error: &rusqlite::Error) -> String {
    match Cause::of(error) {
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

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Nonsense(what) => Self::Nonsense(what),
            Trouble::Sqlite(rusqlite::Error::SqliteFailure(error, what))
                if error.code == ErrorCode::ConstraintViolation =>
            {
                Self::Nonsense(what.unwrap_or_else(|| error.to_string()))
            }
            Trouble::Sqlite(error @ rusqlite::Error::SqliteFailure(..)) => Self::Unavailable(told(&error)),
            // A column of another type than the schema says.
            Trouble::Sqlite(error) => Self::Nonsense(error.to_string()),
            Trouble::Ended { why, .. } => Self::Unavailable(why),
        }
    }
}

/// The relay's store in one file. Dropping it closes the file.
pub struct SqliteStore {
    // Dropped first: what is read last must not keep the log of a closed writer.
    readers: Readers,
    writer: Writer,
    signs: Arc<Signs>,
    is_beside_relay: bool,
    /// Held while the file is in use, whatever ends the process.
    _locks: Vec<File>,
}

impl SqliteStore {
    /// Opens the store for the one relay that runs on it, making folder and file where they are missing, private to
    /// their owner, and bringing the schema up.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let folder = folder_of(path);
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        let open = lock_open(path)?;
        let relay = lock_relay(path)?.ok_or_else(|| OpenError::InUse(path.to_owned()))?;
        Self::start(path, false, vec![open, relay])
    }

    /// Opens a store that exists, for a command: beside a relay that runs, or without one.
    pub fn open_beside(path: &Path) -> Result<Self, OpenError> {
        if !path.exists() {
            return Err(OpenError::Missing(path.to_owned()));
        }
        let open = lock_open(path)?;
        // Let go at once: a relay that starts meanwhile must not be refused for a command.
        let is_beside_relay = lock_relay(path)?.is_none();
        Self::start(path, is_beside_relay, vec![open])
    }

    /// Whether a relay ran on the file when this was opened.
    pub fn is_beside_relay(&self) -> bool {
        self.is_beside_relay
    }

    fn start(path: &Path, is_beside_relay: bool, locks: Vec<File>) -> Result<Self, OpenError> {
        check_emptied(path)?;
        create_private(path)?;
        let mut conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if conn.is_readonly(MAIN_DB)? {
            // SQLite falls back to reading; the first notification would be the first to hear of it.
            let source = io::Error::new(io::ErrorKind::PermissionDenied, "it can only be read");
            return Err(OpenError::File { path: path.to_owned(), source });
        }
        configure(&conn)?;
        sqlite::bring_up(&mut conn, &MIGRATIONS)?;
        let epoch = random_name().map_err(at(path))?;
        conn.execute("INSERT OR IGNORE INTO meta (key, value) VALUES (?1, ?2)", [EPOCH, &epoch])?;
        let signs = Arc::new(Signs::new());
        let writer = Writer::spawn(conn, Arc::clone(&signs)).map_err(at(path))?;
        let readers = Readers::new(path.to_owned(), Arc::clone(&signs));
        Ok(Self { readers, writer, signs, is_beside_relay, _locks: locks })
    }
}

/// Random text that names a store: 128 bits.
fn random_name() -> io::Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}

fn at(path: &Path) -> impl Fn(io::Error) -> OpenError {
    move |source| OpenError::File { path: path.to_owned(), source }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file beside the store's, by what its name ends with.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A file that locks are taken on. Whoever owns the folder must be able to use it, also when somebody else made it.
fn lock_file(path: &Path) -> Result<File, OpenError> {
    let is_new = !path.exists();
    let file =
        File::options().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(at(path))?;
    if is_new {
        own_as_folder(path).map_err(at(path))?;
    }
    Ok(file)
}

/// Gives a file to the owner of its folder, where that is somebody else.
fn own_as_folder(path: &Path) -> io::Result<()> {
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
fn lock_open(path: &Path) -> Result<File, OpenError> {
    let file = lock_file(&beside(path, ".open"))?;
    file.try_lock_shared().map_err(|_| OpenError::InUse(path.to_owned()))?;
    Ok(file)
}

/// The right to be the relay, unless another process has it.
fn lock_relay(path: &Path) -> Result<Option<File>, OpenError> {
    let file = lock_file(&beside(path, ".lock"))?;
    Ok(file.try_lock().is_ok().then_some(file))
}

/// SQLite takes an empty file for a new store and deletes the log beside it, which may be all that is left.
fn check_emptied(path: &Path) -> Result<(), OpenError> {
    let is_empty = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len()) == 0;
    let log = beside(path, "-wal");
    if is_empty(path) && !is_empty(&log) { Err(OpenError::Emptied(path.to_owned())) } else { Ok(()) }
}

/// Makes the file where it is missing, so that SQLite and its logs inherit who may read it.
fn create_private(path: &Path) -> Result<(), OpenError> {
    if !path.exists() {
        File::options().create_new(true).write(true).mode(0o600).open(path).map_err(at(path))?;
        own_as_folder(path).map_err(at(path))?;
    }
    Ok(())
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    let conn = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(conn)
}

fn connect_to_read(path: &Path) -> Result<Connection, OpenError> {
    check_emptied(path)?;
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn configure(conn: &Connection) -> Result<(), OpenError> {
    conn.pragma_update(None, "journal_mode", "WAL")?;
    // Money must survive a power cut: NORMAL was measured to lose acknowledged commits.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    conn.pragma_update(None, "trusted_schema", "OFF")?;
    Ok(())
}

impl RelayStore for SqliteStore {
    fn epoch(&self) -> Pending<'_, String> {
        Box::pin(self.readers.read(|conn| {
            let epoch = rows::value(conn, EPOCH)?;
            epoch.ok_or_else(|| Trouble::Nonsense("it has no name".to_owned()))
        }))
    }

    fn merchant_secret<'a>(&'a self, merchant: &'a str, fresh: &'a str) -> Pending<'a, String> {
        let (merchant, fresh) = (merchant.to_owned(), fresh.to_owned());
        Box::pin(self.writer.change(move |desk| changes::merchant_secret(desk, &merchant, &fresh)))
    }

    fn merchant_id<'a>(&'a self, merchant: &'a str) -> Pending<'a, Option<String>> {
        let merchant = merchant.to_owned();
        Box::pin(self.readers.read(move |conn| queries::merchant_id(conn, &merchant)))
    }

    fn learn_merchant_id<'a>(&'a self, merchant: &'a str, id: &'a str) -> Pending<'a, ()> {
        let (merchant, id) = (merchant.to_owned(), id.to_owned());
        Box::pin(self.writer.change(move |desk| changes::learn_merchant_id(desk, &merchant, &id)))
    }

    fn open<'a>(&'a self, order: &'a OrderRow) -> Pending<'a, Opened> {
        let order = order.clone();
        Box::pin(self.writer.change(move |desk| changes::open(desk, &order)))
    }

    fn order<'a>(&'a self, merchant: &'a str, id: &'a str) -> Pending<'a, Option<OrderRow>> {
        let (merchant, id) = (merchant.to_owned(), id.to_owned());
        Box::pin(self.readers.read(move |conn| queries::of_merchant(conn, &merchant, &id)))
    }

    fn site_order<'a>(&'a self, site: &'a str, id: &'a str) -> Pending<'a, Option<OrderRow>> {
        let (site, id) = (site.to_owned(), id.to_owned());
        Box::pin(self.readers.read(move |conn| queries::of_site(conn, &site, &id)))
    }

    fn abandon<'a>(
        &'a self,
        site: &'a str,
        request_id: &'a str,
        at: Timestamp,
    ) -> Pending<'a, Option<OrderRow>> {
        let (site, request_id) = (site.to_owned(), request_id.to_owned());
        Box::pin(self.writer.change(move |desk| changes::abandon(desk, &site, &request_id, at)))
    }

    fn update<'a>(
        &'a self,
        order: &'a OrderRow,
        events: &'a [FeedEvent],
        decided: &'a [u64],
        at: Timestamp,
    ) -> Pending<'a, Updated> {
        let (order, events, decided) = (order.clone(), events.to_vec(), decided.to_vec());
        Box::pin(self.writer.change(move |desk| changes::update(desk, &order, &events, &decided, at)))
    }

    fn receive<'a>(&'a self, notification: &'a NewNotification) -> Pending<'a, bool> {
        let notification = notification.clone();
        Box::pin(self.writer.change(move |desk| changes::receive(desk, &notification)))
    }

    fn inbox(&self, now: Timestamp, limit: u32) -> Pending<'_, Vec<InboxRow>> {
        Box::pin(self.readers.read(move |conn| queries::inbox(conn, now, limit)))
    }

    fn postpone(&self, no: u64, at: Timestamp) -> Pending<'_, ()> {
        Box::pin(self.writer.change(move |desk| changes::postpone(desk, no, at)))
    }

    fn due(&self, now: Timestamp, limit: u32) -> Pending<'_, Vec<OrderRow>> {
        Box::pin(self.readers.read(move |conn| queries::due(conn, now, limit)))
    }

    fn ask_all(&self, now: Timestamp) -> Pending<'_, u64> {
        Box::pin(self.writer.change(move |desk| changes::ask_all(desk.tx, now)))
    }

    fn feed<'a>(&'a self, site: &'a str, after: u64, limit: u32) -> Pending<'a, (Vec<FeedItem>, u64)> {
        let site = site.to_owned();
        Box::pin(self.readers.read(move |conn| queries::feed(conn, &site, after, limit)))
    }

    fn fed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // Subscribed here and not at the first poll: what is added between this call and the wait counts.
        let mut fed = self.signs.fed.subscribe();
        Box::pin(async move {
            if fed.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }

    fn in_state(&self, state: OrderState, limit: u32) -> Pending<'_, Vec<OrderRow>> {
        Box::pin(self.readers.read(move |conn| queries::in_state(conn, state, limit)))
    }

    fn counts(&self) -> Pending<'_, StoreCounts> {
        Box::pin(self.readers.read(queries::counts))
    }

    fn prune(&self, before: Timestamp) -> Pending<'_, u64> {
        Box::pin(self.writer.change(move |desk| changes::prune(desk, before)))
    }

    fn check(&self) -> Pending<'_, ()> {
        Box::pin(self.writer.change(changes::check))
    }

    fn failed(&self) -> Option<String> {
        self.signs.failed.borrow().clone()
    }

    fn failure(&self) -> Pin<Box<dyn Future<Output = String> + Send + '_>> {
        let mut failed = self.signs.failed.subscribe();
        Box::pin(async move {
            match failed.wait_for(Option::is_some).await.map(|why| why.clone()) {
                Ok(Some(why)) => why,
                _ => std::future::pending().await,
            }
        })
    }
}

#[cfg(test)]
#[path = "../sqlite_tests.rs"]
mod tests;
