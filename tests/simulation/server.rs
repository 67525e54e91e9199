//! The relay's store in a database server, for a world whose time stands still: the store lives on a runtime of its own, in
//! real time, and ends with it as a process ends when the power goes.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kuota::domain::order::OrderState;
use kuota::domain::units::Timestamp;
use kuota::protocol::relay::FeedItem;
use kuota::relay::store::instance::{InstanceClaim, InstanceRecord, InstanceStore};
use kuota::relay::store::operators::{
    AcceptedCode, LogAuthor, OperatorChange, OperatorLogLine, OperatorRefusal, SessionOpening, SessionsEnd,
    StoredOperator, StoredSession,
};
use kuota::relay::store::overview::{Income, OrderPlace, PlacedOrder, SiteFigures};
use kuota::relay::store::postgres::{PostgresSettings, PostgresStore, ServerTls};
use kuota::relay::store::presence::{SiteSeen, SiteSighting, SiteTurn, StoredPresence};
use kuota::relay::store::vault::{VaultEntry, VaultObject, VaultPut, VaultStore};
use kuota::relay::store::{
    ConsoleStore, DirectoryChange, DirectoryRefusal, FeedEvent, InboxRow, NewNotification, OpenedOrder,
    RelayStore, RelayStoreError, StoreCounts, StoreFuture, StoredDirectory, StoredOrder, Updated, WorkLease,
};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use crate::postgres::Database;

/// A process's store and the runtime that it lives on.
pub struct ServerStore {
    store: Arc<PostgresStore>,
    runtime: Option<Runtime>,
}

impl Drop for ServerStore {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs `work` in real time.
fn there<T, W>(handle: &Handle, work: W) -> StoreFuture<'static, T>
where
    T: Send + 'static,
    W: Future<Output = Result<T, RelayStoreError>> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    handle.spawn(async move {
        let _ = answer.send(work.await);
    });
    Box::pin(async move {
        answered.await.unwrap_or_else(|_| Err(RelayStoreError::Unavailable("the power went".to_owned())))
    })
}

impl ServerStore {
    pub async fn open(database: &Database<'_>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let server = database.url().parse().expect("it is an address");
        let settings = PostgresSettings { server, tls: ServerTls::Off, connections_max: 3 };
        let connect = async move {
            let connected = PostgresStore::connect(&settings).await;
            connected.map_err(|error| RelayStoreError::Unavailable(error.to_string()))
        };
        let store = there(runtime.handle(), connect).await.expect("the store opens");
        Self { store: Arc::new(store), runtime: Some(runtime) }
    }

    /// Goes back to a copy; no relay may be at work.
    pub async fn restore(database: &Database<'_>, copy: &Path, now: Timestamp) {
        database.restore(copy);
        let restored = Self::open(database).await;
        let store = Arc::clone(&restored.store);
        restored.call(async move { store.went_back(now).await }).await.expect("the store is renamed");
    }

    fn call<T, W>(&self, work: W) -> StoreFuture<'static, T>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, RelayStoreError>> + Send + 'static,
    {
        there(self.runtime.as_ref().expect("it is taken by the end").handle(), work)
    }
}

/// No relay of this world has a console or keeps copies.
fn no_console<T: Send + 'static>() -> StoreFuture<'static, T> {
    let why = "there is no console here".to_owned();
    Box::pin(std::future::ready(Err(RelayStoreError::Unavailable(why))))
}

impl ConsoleStore for ServerStore {
    fn operators(&self) -> StoreFuture<'_, Vec<StoredOperator>> {
        no_console()
    }

    fn change_operator<'a>(
        &'a self,
        _: &'a OperatorChange,
        _: &'a LogAuthor,
    ) -> StoreFuture<'a, Result<(), OperatorRefusal>> {
        no_console()
    }

    fn open_session<'a>(&'a self, _: &'a SessionOpening, _: &'a LogAuthor) -> StoreFuture<'a, bool> {
        no_console()
    }

    fn session<'a>(
        &'a self,
        _: &'a [u8; 32],
        _: Timestamp,
    ) -> StoreFuture<'a, Option<(StoredSession, StoredOperator)>> {
        no_console()
    }

    fn extend_session<'a>(&'a self, _: &'a [u8; 32], _: Timestamp, _: Timestamp) -> StoreFuture<'a, ()> {
        no_console()
    }

    fn accept_code<'a>(&'a self, _: &'a str, _: &'a str, _: &'a AcceptedCode) -> StoreFuture<'a, bool> {
        no_console()
    }

    fn sessions<'a>(&'a self, _: &'a str, _: Timestamp) -> StoreFuture<'a, Vec<StoredSession>> {
        no_console()
    }

    fn end_sessions<'a>(&'a self, _: &'a SessionsEnd, _: &'a LogAuthor) -> StoreFuture<'a, ()> {
        no_console()
    }

    fn operator_log(&self, _: Option<u64>, _: u32) -> StoreFuture<'_, Vec<OperatorLogLine>> {
        no_console()
    }

    fn site_figures<'a>(&'a self, _: &'a [String], _: Timestamp) -> StoreFuture<'a, Vec<SiteFigures>> {
        no_console()
    }

    fn income(&self, _: Timestamp, _: Timestamp) -> StoreFuture<'_, Income> {
        no_console()
    }

    fn orders_of_site<'a>(
        &'a self,
        _: &'a str,
        _: Option<OrderPlace>,
        _: u32,
    ) -> StoreFuture<'a, Vec<PlacedOrder>> {
        no_console()
    }
}

impl VaultStore for ServerStore {
    fn put_object<'a>(&'a self, _: &'a VaultObject) -> StoreFuture<'a, VaultPut> {
        no_console()
    }

    fn object<'a>(&'a self, _: &'a str, _: &'a str) -> StoreFuture<'a, Option<VaultObject>> {
        no_console()
    }

    fn objects<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Vec<VaultEntry>> {
        no_console()
    }

    fn set_recovery_token<'a>(&'a self, _: &'a str, _: &'a [u8; 32], _: Timestamp) -> StoreFuture<'a, ()> {
        no_console()
    }

    fn recovery_site<'a>(&'a self, _: &'a [u8; 32]) -> StoreFuture<'a, Option<String>> {
        no_console()
    }
}

impl InstanceStore for ServerStore {
    fn site_instance<'a>(&'a self, site: &'a str) -> StoreFuture<'a, Option<InstanceRecord>> {
        let (store, site) = (Arc::clone(&self.store), site.to_owned());
        self.call(async move { store.site_instance(&site).await })
    }

    fn claim_instance<'a>(&'a self, _: &'a str, _: &'a InstanceRecord) -> StoreFuture<'a, InstanceClaim> {
        no_console()
    }
}

impl RelayStore for ServerStore {
    fn epoch(&self) -> StoreFuture<'_, String> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.epoch().await })
    }

    fn merchant_secret<'a>(&'a self, merchant: &'a str, fresh: &'a str) -> StoreFuture<'a, String> {
        let (store, merchant, fresh) = (Arc::clone(&self.store), merchant.to_owned(), fresh.to_owned());
        self.call(async move { store.merchant_secret(&merchant, &fresh).await })
    }

    fn merchant_id<'a>(&'a self, merchant: &'a str) -> StoreFuture<'a, Option<String>> {
        let (store, merchant) = (Arc::clone(&self.store), merchant.to_owned());
        self.call(async move { store.merchant_id(&merchant).await })
    }

    fn learn_merchant_id<'a>(&'a self, merchant: &'a str, id: &'a str) -> StoreFuture<'a, ()> {
        let (store, merchant, id) = (Arc::clone(&self.store), merchant.to_owned(), id.to_owned());
        self.call(async move { store.learn_merchant_id(&merchant, &id).await })
    }

    fn open<'a>(&'a self, order: &'a StoredOrder) -> StoreFuture<'a, OpenedOrder> {
        let (store, order) = (Arc::clone(&self.store), order.clone());
        self.call(async move { store.open(&order).await })
    }

    fn order<'a>(&'a self, merchant: &'a str, id: &'a str) -> StoreFuture<'a, Option<StoredOrder>> {
        let (store, merchant, id) = (Arc::clone(&self.store), merchant.to_owned(), id.to_owned());
        self.call(async move { store.order(&merchant, &id).await })
    }

    fn site_order<'a>(&'a self, site: &'a str, id: &'a str) -> StoreFuture<'a, Option<StoredOrder>> {
        let (store, site, id) = (Arc::clone(&self.store), site.to_owned(), id.to_owned());
        self.call(async move { store.site_order(&site, &id).await })
    }

    fn abandon<'a>(
        &'a self,
        site: &'a str,
        request_id: &'a str,
        at: Timestamp,
    ) -> StoreFuture<'a, Option<StoredOrder>> {
        let (store, site, request_id) = (Arc::clone(&self.store), site.to_owned(), request_id.to_owned());
        self.call(async move { store.abandon(&site, &request_id, at).await })
    }

    fn update<'a>(
        &'a self,
        order: &'a StoredOrder,
        events: &'a [FeedEvent],
        decided: &'a [u64],
        at: Timestamp,
    ) -> StoreFuture<'a, Updated> {
        let (store, order) = (Arc::clone(&self.store), order.clone());
        let (events, decided) = (events.to_vec(), decided.to_vec());
        self.call(async move { store.update(&order, &events, &decided, at).await })
    }

    fn receive<'a>(&'a self, notification: &'a NewNotification) -> StoreFuture<'a, bool> {
        let (store, notification) = (Arc::clone(&self.store), notification.clone());
        self.call(async move { store.receive(&notification).await })
    }

    fn inbox(&self, now: Timestamp, limit: u32) -> StoreFuture<'_, Vec<InboxRow>> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.inbox(now, limit).await })
    }

    fn postpone(&self, no: u64, at: Timestamp) -> StoreFuture<'_, ()> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.postpone(no, at).await })
    }

    fn due(&self, now: Timestamp, limit: u32) -> StoreFuture<'_, Vec<StoredOrder>> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.due(now, limit).await })
    }

    fn ask_all(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.ask_all(now).await })
    }

    fn feed<'a>(&'a self, site: &'a str, after: u64, limit: u32) -> StoreFuture<'a, (Vec<FeedItem>, u64)> {
        let (store, site) = (Arc::clone(&self.store), site.to_owned());
        self.call(async move { store.feed(&site, after, limit).await })
    }

    fn fed(&self, site: &str) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.store.fed(site)
    }

    fn lease<'a>(&'a self, name: &'a str, wait: Duration) -> StoreFuture<'a, Option<WorkLease>> {
        let (store, name) = (Arc::clone(&self.store), name.to_owned());
        self.call(async move { store.lease(&name, wait).await })
    }

    fn directory(&self) -> StoreFuture<'_, StoredDirectory> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.directory().await })
    }

    fn change_directory<'a>(
        &'a self,
        change: &'a DirectoryChange,
        by: &'a LogAuthor,
    ) -> StoreFuture<'a, Result<(), DirectoryRefusal>> {
        let (store, change, by) = (Arc::clone(&self.store), change.clone(), by.clone());
        self.call(async move { store.change_directory(&change, &by).await })
    }

    fn directory_changed<'a>(&'a self, known: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.store.directory_changed(known)
    }

    fn pace<'a>(&'a self, _: &'a str, _: Duration, _: u32) -> StoreFuture<'a, Option<Duration>> {
        // The server's clock goes on while this world's stands still.
        Box::pin(std::future::ready(Ok(None)))
    }

    fn in_state(&self, state: OrderState, limit: u32) -> StoreFuture<'_, Vec<StoredOrder>> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.in_state(state, limit).await })
    }

    fn counts(&self) -> StoreFuture<'_, StoreCounts> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.counts().await })
    }

    fn prune(&self, before: Timestamp) -> StoreFuture<'_, u64> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.prune(before).await })
    }

    fn note_sightings<'a>(&'a self, sightings: &'a [SiteSighting], now: Timestamp) -> StoreFuture<'a, ()> {
        let (store, sightings) = (Arc::clone(&self.store), sightings.to_vec());
        self.call(async move { store.note_sightings(&sightings, now).await })
    }

    fn sites_seen(&self) -> StoreFuture<'_, Vec<SiteSeen>> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.sites_seen().await })
    }

    fn mark_silent<'a>(&'a self, sites: &'a [String], before: Timestamp) -> StoreFuture<'a, Vec<SiteTurn>> {
        let (store, sites) = (Arc::clone(&self.store), sites.to_vec());
        self.call(async move { store.mark_silent(&sites, before).await })
    }

    fn mark_back<'a>(&'a self, sites: &'a [String], after: Timestamp) -> StoreFuture<'a, Vec<SiteTurn>> {
        let (store, sites) = (Arc::clone(&self.store), sites.to_vec());
        self.call(async move { store.mark_back(&sites, after).await })
    }

    fn presences<'a>(&'a self, sites: &'a [String]) -> StoreFuture<'a, Vec<StoredPresence>> {
        let (store, sites) = (Arc::clone(&self.store), sites.to_vec());
        self.call(async move { store.presences(&sites).await })
    }

    fn check(&self) -> StoreFuture<'_, ()> {
        let store = Arc::clone(&self.store);
        self.call(async move { store.check().await })
    }

    fn failed(&self) -> Option<String> {
        self.store.failed()
    }

    fn failure(&self) -> Pin<Box<dyn Future<Output = String> + Send + '_>> {
        self.store.failure()
    }
}
