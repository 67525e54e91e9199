//! The relay's store as one SQLite file: WAL with `synchronous=FULL`, one thread that writes, a few connections that
//! only read.
//!
//! After an I/O error nothing is known about what is on the disk until the file is opened again, so the store refuses
//! everything from then on and says why in [`RelayStore::failed`]; the relay must end.

pub mod backup;
mod changes;
mod console;
mod directory;
mod errors;
mod instance;
pub(in crate::relay::store) mod migrate;
mod open;
mod operators;
mod overview;
mod presence;
mod queries;
mod readers;
mod rows;
mod vault;
mod verify;
mod writer;

use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{MAIN_DB, OpenFlags};

pub use errors::OpenError;
pub use verify::verify_file;

use super::operators::LogAuthor;
use super::presence::{SiteSeen, SiteSighting, SiteTurn, StoredPresence};
use super::{
    DirectoryChange, DirectoryRefusal, FeedEvent, InboxRow, NewNotification, OpenedOrder, RelayStore,
    StoreCounts, StoreFuture, StoredDirectory, StoredOrder, Updated, WorkLease,
};
use crate::domain::order::OrderState;
use crate::domain::units::Timestamp;
use crate::protocol::relay::FeedItem;
use crate::store::upgrade_copy;
use errors::QueryError;
use open::{
    EPOCH, MIGRATIONS, at, check_emptied, check_moved, check_moved_away, configure, connect, create_private,
    folder_of, lock_open, lock_relay, missing, random_name,
};
use readers::Readers;
use writer::{Signs, WriterThread};

/// How often the file is looked at for merchants and sites that a command changed.
const DIRECTORY_LOOK_EVERY: Duration = Duration::from_secs(1);

/// The relay's store in one file. Dropping it closes the file.
pub struct SqliteStore {
    // Dropped first: what is read last must not keep the log of a closed writer.
    readers: Readers,
    writer: WriterThread,
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
        check_moved_away(path)?;
        Self::start(path, false, vec![open, relay])
    }

    /// Opens a store that exists, for a command, while a relay runs or without one.
    pub fn open_beside(path: &Path) -> Result<Self, OpenError> {
        if !path.exists() {
            return Err(missing(path));
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
        upgrade_copy::bring_up(&mut conn, path, &MIGRATIONS)?;
        check_moved(&conn)?;
        let epoch = random_name().map_err(at(path))?;
        conn.execute("INSERT OR IGNORE INTO meta (key, value) VALUES (?1, ?2)", [EPOCH, &epoch])?;
        let signs = Arc::new(Signs::new(path.to_owned()));
        let writer = WriterThread::spawn(conn, Arc::clone(&signs)).map_err(at(path))?;
        let readers = Readers::new(path.to_owned(), Arc::clone(&signs));
        Ok(Self { readers, writer, signs, is_beside_relay, _locks: locks })
    }
}

impl RelayStore for SqliteStore {
    fn epoch(&self) -> StoreFuture<'_, String> {
        Box::pin(self.readers.read(|conn| {
            let epoch = rows::value(conn, EPOCH)?;
            epoch.ok_or_else(|| QueryError::Nonsense("it has no name".to_owned()))
        }))
    }

    fn merchant_secret<'a>(&'a self, merchant: &'a str, fresh: &'a str) -> StoreFuture<'a, String> {
        let (merchant, fresh) = (merchant.to_owned(), fresh.to_owned());
        Box::pin(self.writer.change(move |desk| changes::merchant_secret(desk, &merchant, &fresh)))
    }

    fn merchant_id<'a>(&'a self, merchant: &'a str) -> StoreFuture<'a, Option<String>> {
        let merchant = merchant.to_owned();
        Box::pin(self.readers.read(move |conn| queries::merchant_id(conn, &merchant)))
    }

    fn learn_merchant_id<'a>(&'a self, merchant: &'a str, id: &'a str) -> StoreFuture<'a, ()> {
        let (merchant, id) = (merchant.to_owned(), id.to_owned());
        Box::pin(self.writer.change(move |desk| changes::learn_merchant_id(desk, &merchant, &id)))
    }

    fn open<'a>(&'a self, order: &'a StoredOrder) -> StoreFuture<'a, OpenedOrder> {
        let order = order.clone();
        Box::pin(self.writer.change(move |desk| changes::open(desk, &order)))
    }

    fn order<'a>(&'a self, merchant: &'a str, id: &'a str) -> StoreFuture<'a, Option<StoredOrder>> {
        let (merchant, id) = (merchant.to_owned(), id.to_owned());
        Box::pin(self.readers.read(move |conn| queries::of_merchant(conn, &merchant, &id)))
    }

    fn site_order<'a>(&'a self, site: &'a str, id: &'a str) -> StoreFuture<'a, Option<StoredOrder>> {
        let (site, id) = (site.to_owned(), id.to_owned());
        Box::pin(self.readers.read(move |conn| queries::of_site(conn, &site, &id)))
    }

    fn abandon<'a>(
        &'a self,
        site: &'a str,
        request_id: &'a str,
        at: Timestamp,
    ) -> StoreFuture<'a, Option<StoredOrder>> {
        let (site, request_id) = (site.to_owned(), request_id.to_owned());
        Box::pin(self.writer.change(move |desk| changes::abandon(desk, &site, &request_id, at)))
    }

    fn update<'a>(
        &'a self,
        order: &'a StoredOrder,
        events: &'a [FeedEvent],
        decided: &'a [u64],
        at: Timestamp,
    ) -> StoreFuture<'a, Updated> {
        let (order, events, decided) = (order.clone(), events.to_vec(), decided.to_vec());
        Box::pin(self.writer.change(move |desk| changes::update(desk, &order, &events, &decided, at)))
    }

    fn receive<'a>(&'a self, notification: &'a NewNotification) -> StoreFuture<'a, bool> {
        let notification = notification.clone();
        Box::pin(self.writer.change(move |desk| changes::receive(desk, &notification)))
    }

    fn inbox(&self, now: Timestamp, limit: u32) -> StoreFuture<'_, Vec<InboxRow>> {
        Box::pin(self.readers.read(move |conn| queries::inbox(conn, now, limit)))
    }

    fn postpone(&self, no: u64, at: Timestamp) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.change(move |desk| changes::postpone(desk, no, at)))
    }

    fn due(&self, now: Timestamp, limit: u32) -> StoreFuture<'_, Vec<StoredOrder>> {
        Box::pin(self.readers.read(move |conn| queries::due(conn, now, limit)))
    }

    fn ask_all(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(self.writer.change(move |desk| changes::ask_all(desk.tx, now)))
    }

    fn feed<'a>(&'a self, site: &'a str, after: u64, limit: u32) -> StoreFuture<'a, (Vec<FeedItem>, u64)> {
        let site = site.to_owned();
        Box::pin(self.readers.read(move |conn| queries::feed(conn, &site, after, limit)))
    }

    fn fed(&self, site: &str) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.signs.wake.changed(site))
    }

    fn lease<'a>(&'a self, _: &'a str, _: Duration) -> StoreFuture<'a, Option<WorkLease>> {
        // The file has one relay process, whose own locks are enough.
        Box::pin(std::future::ready(Ok(Some(WorkLease::of_the_only_process()))))
    }

    fn directory(&self) -> StoreFuture<'_, StoredDirectory> {
        Box::pin(self.readers.read(directory::read))
    }

    fn change_directory<'a>(
        &'a self,
        change: &'a DirectoryChange,
        by: &'a LogAuthor,
    ) -> StoreFuture<'a, Result<(), DirectoryRefusal>> {
        let (change, by) = (change.clone(), by.clone());
        Box::pin(self.writer.change(move |desk| directory::change(desk, &change, &by)))
    }

    fn directory_changed<'a>(&'a self, known: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            // Other processes change the file, too, and none of them says so.
            while self.readers.read(directory::version).await.is_ok_and(|version| version == known) {
                tokio::time::sleep(DIRECTORY_LOOK_EVERY).await;
            }
        })
    }

    fn pace<'a>(&'a self, _: &'a str, _: Duration, _: u32) -> StoreFuture<'a, Option<Duration>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn in_state(&self, state: OrderState, limit: u32) -> StoreFuture<'_, Vec<StoredOrder>> {
        Box::pin(self.readers.read(move |conn| queries::in_state(conn, state, limit)))
    }

    fn counts(&self) -> StoreFuture<'_, StoreCounts> {
        Box::pin(self.readers.read(queries::counts))
    }

    fn prune(&self, before: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(self.writer.change(move |desk| changes::prune(desk, before)))
    }

    fn note_sightings<'a>(&'a self, sightings: &'a [SiteSighting], now: Timestamp) -> StoreFuture<'a, ()> {
        let sightings = sightings.to_vec();
        Box::pin(self.writer.change(move |desk| presence::note(desk, &sightings, now)))
    }

    fn sites_seen(&self) -> StoreFuture<'_, Vec<SiteSeen>> {
        Box::pin(self.readers.read(presence::sites_seen))
    }

    fn mark_silent<'a>(&'a self, sites: &'a [String], before: Timestamp) -> StoreFuture<'a, Vec<SiteTurn>> {
        let sites = sites.to_vec();
        Box::pin(self.writer.change(move |desk| presence::mark_silent(desk, &sites, before)))
    }

    fn mark_back<'a>(&'a self, sites: &'a [String], after: Timestamp) -> StoreFuture<'a, Vec<SiteTurn>> {
        let sites = sites.to_vec();
        Box::pin(self.writer.change(move |desk| presence::mark_back(desk, &sites, after)))
    }

    fn presences<'a>(&'a self, sites: &'a [String]) -> StoreFuture<'a, Vec<StoredPresence>> {
        let sites = sites.to_vec();
        Box::pin(self.readers.read(move |conn| presence::presences(conn, &sites)))
    }

    fn check(&self) -> StoreFuture<'_, ()> {
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
