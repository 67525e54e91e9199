//! The relay's store in a PostgreSQL database, which several relay processes share.
//!
//! | file | what it is |
//! |---|---|
//! | `open` | settings, demands on the server, the schema |
//! | `clients` | connections on loan, time limits, tries |
//! | `session` | news between processes, and leases |
//! | `console`, `operators`, `overview` | the operator's console: operators and their log, figures of sites |
//! | `directory` | merchants, sites, and what all relays may ask |
//! | `changes`, `queries`, `rows`, `sql/` | what is written and read |
//! | `presence` | when sites were seen |
//! | `vault` | encrypted copies of sites |
//! | `instance` | the machines of sites |
//! | `verify` | the proof that everything adds up |
//! | `migrate` | one end of a move between databases |
//! | `errors`, `outage` | what an error means; since when there is no answer |
//!
//! A server that is gone is never the end: calls fail with [`RelayStoreError::Unavailable`] until it is back, or until
//! another host of the settings takes changes.

mod changes;
mod clients;
mod console;
mod directory;
mod errors;
mod instance;
pub(in crate::relay::store) mod migrate;
mod open;
mod operators;
mod outage;
mod overview;
mod presence;
mod queries;
mod rows;
mod session;
mod vault;
mod verify;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

pub use errors::ConnectError;
pub use open::{PostgresSettings, ServerTls};

use super::operators::LogAuthor;
use super::presence::{SiteSeen, SiteSighting, SiteTurn, StoredPresence};
use super::{
    DirectoryChange, DirectoryRefusal, FeedEvent, InboxRow, NewNotification, OpenedOrder, Outage,
    RelayBroken, RelayStore, RelayStoreError, RelayVerified, StoreCounts, StoreFuture, StoredDirectory,
    StoredOrder, Updated, WorkLease,
};
use crate::domain::order::OrderState;
use crate::domain::units::Timestamp;
use crate::protocol::relay::FeedItem;
use crate::tools::backoff::jittered;
use clients::Clients;
use errors::ServerError;
use open::{bring_up, check_server};
use outage::OutageLog;
use session::{DatabaseSession, FeedNews};

/// Between two tries to have a lease that another process has: first, and at most.
const LEASE_PAUSE: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(200)];
/// How long a proof of the whole database may take.
const VERIFY_MAX: Duration = Duration::from_hours(6);
/// How often it is tried whether the database is back.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// The relay's store in a database server.
pub struct PostgresStore {
    clients: Arc<Clients>,
    shared: Arc<FeedNews>,
    session: DatabaseSession,
    outage: Arc<OutageLog>,
    probe: JoinHandle<()>,
    /// Names this process in what it takes in.
    taker: i64,
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.probe.abort();
    }
}

impl PostgresStore {
    /// Opens the store, bringing the schema up. Fails where the server does not answer: whoever supervises the process
    /// tries again.
    pub async fn connect(settings: &PostgresSettings) -> Result<Self, ConnectError> {
        let (server, tls) = settings.connector()?;
        let pool = settings.pool()?;
        let ready = async {
            let client = pool.get().await.map_err(ServerError::from)?;
            check_server(&client).await?;
            let epoch = new_epoch().map_err(ConnectError::Process)?;
            let brought_up = bring_up(&client, &epoch).await;
            // Whatever it left begun is rolled back by the end of its connection.
            drop(deadpool_postgres::Client::take(client));
            brought_up
        };
        ready.await?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| ConnectError::Process(error.to_string()))?;
        let taker = i64::from_be_bytes(random);
        let outage = Arc::new(OutageLog::default());
        let shared = Arc::new(FeedNews::new(Arc::clone(&outage)));
        let clients = Arc::new(Clients::new(pool, Arc::clone(&outage)));
        let session = DatabaseSession::begin(server, tls, Arc::clone(&shared));
        let probe = tokio::spawn(probe(Arc::clone(&clients), Arc::clone(&outage)));
        Ok(Self { clients, shared, session, outage, probe, taker })
    }

    /// Checks every row in one snapshot; relays go on meanwhile.
    pub async fn verify(&self) -> Result<RelayVerified, RelayBroken> {
        self.clients.long_read(VERIFY_MAX, |db| async move { verify::verify(&db).await }).await?
    }

    /// The database went back in time: it was restored, or a standby took over without the last commits. The store gets
    /// another name, so that agents read their feeds from the beginning and hand in orders that are lost, and whatever may
    /// have changed is asked about. Answers how many orders that is.
    pub async fn went_back(&self, now: Timestamp) -> Result<u64, RelayStoreError> {
        let epoch = new_epoch().map_err(RelayStoreError::Unavailable)?;
        let epoch = epoch.as_str();
        self.clients.change(|db| async move { changes::rename(&db, epoch).await }).await?;
        self.ask_all(now).await
    }
}

/// A name for a store: 128 random bits.
pub(super) fn new_epoch() -> Result<String, String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| format!("the system has no random bytes: {error}"))?;
    Ok(data_encoding::HEXLOWER.encode(&random))
}

/// Tries changes while there is an outage, so that its end is noticed though nobody changes anything.
async fn probe(clients: Arc<Clients>, outage: Arc<OutageLog>) {
    loop {
        sleep(PROBE_EVERY).await;
        if outage.current().is_some() {
            // The log of outages says what became of it.
            let _ = clients.change(|db| async move { changes::check(&db).await }).await;
        }
    }
}

impl RelayStore for PostgresStore {
    fn epoch(&self) -> StoreFuture<'_, String> {
        Box::pin(self.clients.read(|db| async move { queries::epoch(&db).await }))
    }

    fn merchant_secret<'a>(&'a self, merchant: &'a str, fresh: &'a str) -> StoreFuture<'a, String> {
        Box::pin(
            self.clients
                .change(move |db| async move { changes::merchant_secret(&db, merchant, fresh).await }),
        )
    }

    fn merchant_id<'a>(&'a self, merchant: &'a str) -> StoreFuture<'a, Option<String>> {
        Box::pin(self.clients.read(move |db| async move { queries::merchant_id(&db, merchant).await }))
    }

    fn learn_merchant_id<'a>(&'a self, merchant: &'a str, id: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(
            self.clients.change(move |db| async move { changes::learn_merchant_id(&db, merchant, id).await }),
        )
    }

    fn open<'a>(&'a self, order: &'a StoredOrder) -> StoreFuture<'a, OpenedOrder> {
        Box::pin(self.clients.change(move |db| async move { changes::open(&db, order).await }))
    }

    fn order<'a>(&'a self, merchant: &'a str, id: &'a str) -> StoreFuture<'a, Option<StoredOrder>> {
        Box::pin(self.clients.read(move |db| async move { queries::of_merchant(&db, merchant, id).await }))
    }

    fn site_order<'a>(&'a self, site: &'a str, id: &'a str) -> StoreFuture<'a, Option<StoredOrder>> {
        Box::pin(self.clients.read(move |db| async move { queries::of_site(&db, site, id).await }))
    }

    fn abandon<'a>(
        &'a self,
        site: &'a str,
        request_id: &'a str,
        at: Timestamp,
    ) -> StoreFuture<'a, Option<StoredOrder>> {
        Box::pin(
            self.clients.change(move |db| async move { changes::abandon(&db, site, request_id, at).await }),
        )
    }

    fn update<'a>(
        &'a self,
        order: &'a StoredOrder,
        events: &'a [FeedEvent],
        decided: &'a [u64],
        at: Timestamp,
    ) -> StoreFuture<'a, Updated> {
        Box::pin(async move {
            let change = |db: Arc<clients::Loan>| async move {
                changes::update(&db, order, events, decided, at).await
            };
            let (updated, newest) = self.clients.change(change).await?;
            if let Some(newest) = newest {
                self.shared.note_added(&order.site, newest);
            }
            Ok(updated)
        })
    }

    fn receive<'a>(&'a self, notification: &'a NewNotification) -> StoreFuture<'a, bool> {
        let taker = self.taker;
        Box::pin(
            self.clients.change(move |db| async move { changes::receive(&db, notification, taker).await }),
        )
    }

    fn inbox(&self, now: Timestamp, limit: u32) -> StoreFuture<'_, Vec<InboxRow>> {
        let taker = self.taker;
        Box::pin(self.clients.read(move |db| async move { queries::inbox(&db, now, limit, taker).await }))
    }

    fn postpone(&self, no: u64, at: Timestamp) -> StoreFuture<'_, ()> {
        Box::pin(self.clients.change(move |db| async move { changes::postpone(&db, no, at).await }))
    }

    fn due(&self, now: Timestamp, limit: u32) -> StoreFuture<'_, Vec<StoredOrder>> {
        Box::pin(self.clients.read(move |db| async move { queries::due(&db, now, limit).await }))
    }

    fn ask_all(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        let ask = move |db: Arc<clients::Loan>| async move { changes::ask_all(&db, now).await };
        Box::pin(self.clients.long_change(changes::LONG_MAX, ask))
    }

    fn feed<'a>(&'a self, site: &'a str, after: u64, limit: u32) -> StoreFuture<'a, (Vec<FeedItem>, u64)> {
        Box::pin(self.clients.read(move |db| async move { queries::feed(&db, site, after, limit).await }))
    }

    fn fed(&self, site: &str) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.shared.wake.changed(site))
    }

    fn lease<'a>(&'a self, name: &'a str, wait: Duration) -> StoreFuture<'a, Option<WorkLease>> {
        Box::pin(async move {
            let (number, end) = (changes::lock_number("lease", name), Instant::now() + wait);
            let mut pause = LEASE_PAUSE[0];
            loop {
                if let Some(lock) = self.session.try_lock(number).await? {
                    return Ok(Some(WorkLease::until_dropped(lock)));
                }
                if Instant::now() + pause >= end {
                    return Ok(None);
                }
                sleep(jittered(pause, pause * 2)).await;
                pause = (pause * 2).min(LEASE_PAUSE[1]);
            }
        })
    }

    fn directory(&self) -> StoreFuture<'_, StoredDirectory> {
        Box::pin(self.clients.read(|db| async move { directory::read(&db).await }))
    }

    fn change_directory<'a>(
        &'a self,
        change: &'a DirectoryChange,
        by: &'a LogAuthor,
    ) -> StoreFuture<'a, Result<(), DirectoryRefusal>> {
        Box::pin(async move {
            let version = new_epoch().map_err(RelayStoreError::Unavailable)?;
            let version = version.as_str();
            let work =
                |db: Arc<clients::Loan>| async move { directory::change(&db, change, version, by).await };
            let changed = self.clients.change(work).await?;
            if changed.is_ok() {
                self.shared.note_directory(version);
            }
            Ok(changed)
        })
    }

    fn directory_changed<'a>(&'a self, known: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(self.shared.directory_changed(known))
    }

    fn pace<'a>(
        &'a self,
        merchant: &'a str,
        each: Duration,
        burst: u32,
    ) -> StoreFuture<'a, Option<Duration>> {
        let take = move |db: Arc<clients::Loan>| async move {
            directory::pace(&db, merchant, each, burst).await.map(Some)
        };
        Box::pin(self.clients.change(take))
    }

    fn in_state(&self, state: OrderState, limit: u32) -> StoreFuture<'_, Vec<StoredOrder>> {
        Box::pin(self.clients.read(move |db| async move { queries::in_state(&db, state, limit).await }))
    }

    fn counts(&self) -> StoreFuture<'_, StoreCounts> {
        Box::pin(self.clients.read(|db| async move { queries::counts(&db).await }))
    }

    fn prune(&self, before: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let long = changes::LONG_MAX;
            let which = |db: Arc<clients::Loan>| async move { changes::sites_to_prune(&db, before).await };
            let mut dropped = 0;
            for site in &self.clients.long_change(long, which).await? {
                let prune =
                    |db: Arc<clients::Loan>| async move { changes::prune_site(&db, site, before).await };
                dropped += self.clients.long_change(long, prune).await?;
            }
            let inbox = |db: Arc<clients::Loan>| async move { changes::prune_inbox(&db, before).await };
            Ok(dropped + self.clients.long_change(long, inbox).await?)
        })
    }

    fn note_sightings<'a>(&'a self, sightings: &'a [SiteSighting], now: Timestamp) -> StoreFuture<'a, ()> {
        Box::pin(self.clients.change(move |db| async move { presence::note(&db, sightings, now).await }))
    }

    fn sites_seen(&self) -> StoreFuture<'_, Vec<SiteSeen>> {
        Box::pin(self.clients.read(|db| async move { presence::sites_seen(&db).await }))
    }

    fn mark_silent<'a>(&'a self, sites: &'a [String], before: Timestamp) -> StoreFuture<'a, Vec<SiteTurn>> {
        Box::pin(
            self.clients.change(move |db| async move { presence::mark_silent(&db, sites, before).await }),
        )
    }

    fn mark_back<'a>(&'a self, sites: &'a [String], after: Timestamp) -> StoreFuture<'a, Vec<SiteTurn>> {
        Box::pin(self.clients.change(move |db| async move { presence::mark_back(&db, sites, after).await }))
    }

    fn presences<'a>(&'a self, sites: &'a [String]) -> StoreFuture<'a, Vec<StoredPresence>> {
        Box::pin(self.clients.read(move |db| async move { presence::presences(&db, sites).await }))
    }

    fn check(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.clients.change(|db| async move { changes::check(&db).await }))
    }

    fn outage(&self) -> Option<Outage> {
        self.outage.current()
    }

    fn failed(&self) -> Option<String> {
        None
    }

    fn failure(&self) -> Pin<Box<dyn Future<Output = String> + Send + '_>> {
        // A server that is gone may come back.
        Box::pin(std::future::pending())
    }
}

#[cfg(test)]
#[path = "../postgres_tests.rs"]
pub(in crate::relay::store) mod tests;
