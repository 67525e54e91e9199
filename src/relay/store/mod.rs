//! The relay's store as one trait, and its implementations.
//!
//! The trait speaks in whole transactions, so that SQLite and a database server with several relay processes can
//! keep the same promises: each method is one transaction, and is durable when it answers.

#[cfg(test)]
#[path = "conformance_tests.rs"]
mod conformance;
pub mod console;
pub mod directory;
mod encoding;
mod error;
pub mod instance;
pub mod migrate;
pub mod operators;
pub mod overview;
pub mod postgres;
pub mod presence;
pub mod sqlite;
pub mod vault;
mod verified;
mod wake;

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::order::{OnlineMethod, OrderState};
use crate::domain::payment::Standing;
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::relay::{FeedEffect, FeedItem, OrderItem, PaymentMeans};

pub use console::ConsoleStore;
pub use directory::{DirectoryChange, DirectoryRefusal, StoredDirectory};
pub use error::{RelayStoreError, StoreFuture};
use instance::InstanceStore;
use operators::LogAuthor;
use presence::{SiteSeen, SiteSighting, SiteTurn, StoredPresence};
use vault::VaultStore;
pub use verified::{RelayBroken, RelayVerified};

/// One order, with everything the relay remembers of it.
#[derive(Clone, Debug)]
pub struct StoredOrder {
    /// The gateway's order id, made by the relay.
    pub id: String,
    /// Whose money.
    pub merchant: String,
    /// Whose order.
    pub site: String,
    /// The site's name for the attempt; unique for the site.
    pub request_id: String,
    /// SHA-256 of the request, for "same id, other content".
    pub request_hash: [u8; 32],
    /// How it is paid.
    pub method: OnlineMethod,
    /// What must be paid.
    pub amount: Rupiah,
    /// What the gateway shows.
    pub items: Vec<OrderItem>,
    /// The site's memo, to the byte.
    pub memo: Option<Box<RawValue>>,
    /// Where the browser goes afterwards.
    pub return_url: Option<String>,
    /// Its state.
    pub standing: Standing,
    /// What the customer needs to pay.
    pub means: PaymentMeans,
    /// The site gave it up: it is to be called off at the gateway.
    pub abandoned: bool,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When the customer's time is over.
    pub expires_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// How often the gateway was asked since the last change.
    pub asked: u32,
    /// When to ask again; `None`: nothing more is expected.
    pub ask_at: Option<Timestamp>,
    /// Counts the changes; a change made from an older version is refused.
    pub version: u64,
}

/// An event for a site, before it has its place in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    /// Its name for good.
    pub event_id: String,
    /// What to do.
    pub effect: FeedEffect,
    /// What goes back, or what the order costs.
    pub amount: Rupiah,
}

/// What opening found.
#[derive(Clone, Debug)]
pub enum OpenedOrder {
    /// It is written down.
    New,
    /// The same request was opened before: this is its order.
    Known(Box<StoredOrder>),
    /// The request id belongs to another request.
    Conflict,
    /// The site gave this request up before it came.
    Abandoned,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// It is stored.
    Done,
    /// Somebody else changed the order meanwhile: read it again.
    Stale,
}

/// A notification as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotification {
    /// The merchant whose address received it.
    pub merchant: String,
    /// The order it names.
    pub order: String,
    /// To the byte.
    pub body: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

/// A notification that waits to be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxRow {
    /// Its number.
    pub no: u64,
    /// The merchant whose address received it.
    pub merchant: String,
    /// The order it names.
    pub order: String,
    /// To the byte.
    pub body: Vec<u8>,
    /// When it came.
    pub at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}

/// What is waiting, for health and metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreCounts {
    /// Orders that may still be paid.
    pub open_orders: u64,
    /// Orders whose charge nobody knows the outcome of.
    pub unknown_charges: u64,
    /// Orders in review.
    pub reviews: u64,
    /// Notifications about known orders that are not decided.
    pub inbox: u64,
    /// When the oldest of those came, in milliseconds since 1970.
    pub inbox_oldest_ms: Option<i64>,
    /// Notifications about orders that are not known.
    pub strays: u64,
}

/// The right to work on one thing, such as an order, that no other relay process has meanwhile. Dropping it gives it
/// back. A process that dies or hangs loses it within seconds.
///
/// It saves double questions to the gateway and keeps its answers in order. No promise about money rests on it: changes
/// are refused as stale by their version.
pub struct WorkLease(Option<Box<dyn Any + Send + Sync>>);

impl WorkLease {
    /// For a store that only one process can have.
    pub fn of_the_only_process() -> Self {
        Self(None)
    }

    /// Dropping `guard` gives it back.
    pub fn until_dropped(guard: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(guard)))
    }
}

impl fmt::Debug for WorkLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkLease").field("is_shared", &self.0.is_some()).finish()
    }
}

/// A database that has stopped answering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// For how long.
    pub lasted: Duration,
    /// Why, for people.
    pub why: String,
}

/// The relay's store.
///
/// Contract of every implementation, which `conformance` tests:
/// - A method is one transaction; when it answers, the change survives a power cut.
/// - Feed numbers of a site begin at 1 and have no gaps, and a reader that has seen `n` never sees a number below
///   it appear later.
/// - Names of feed events are unique for good: telling one again changes nothing.
/// - Every method that names a site sees that site's orders only.
pub trait RelayStore: ConsoleStore + InstanceStore + VaultStore {
    /// Names this store; another name after it was restored.
    fn epoch(&self) -> StoreFuture<'_, String>;

    /// The unguessable part of a merchant's notification address, made at the first call and then the same for all
    /// processes and for good. `fresh` is taken when there is none.
    fn merchant_secret<'a>(&'a self, merchant: &'a str, fresh: &'a str) -> StoreFuture<'a, String>;

    /// The merchant id that the gateway named first, if it was learned.
    fn merchant_id<'a>(&'a self, merchant: &'a str) -> StoreFuture<'a, Option<String>>;

    /// Remembers the merchant id that the gateway names, where none is known.
    fn learn_merchant_id<'a>(&'a self, merchant: &'a str, id: &'a str) -> StoreFuture<'a, ()>;

    /// Writes an order down before the gateway hears of it, once for each site and request. Notifications that came
    /// before it become due.
    fn open<'a>(&'a self, order: &'a StoredOrder) -> StoreFuture<'a, OpenedOrder>;

    /// The order of a merchant, whatever the site.
    fn order<'a>(&'a self, merchant: &'a str, id: &'a str) -> StoreFuture<'a, Option<StoredOrder>>;

    /// A site's order.
    fn site_order<'a>(&'a self, site: &'a str, id: &'a str) -> StoreFuture<'a, Option<StoredOrder>>;

    /// A site gives a request up: its order is marked, or the request will never be opened.
    fn abandon<'a>(
        &'a self,
        site: &'a str,
        request_id: &'a str,
        at: Timestamp,
    ) -> StoreFuture<'a, Option<StoredOrder>>;

    /// Stores a changed order, adds its events to the feed, and ends the notifications that led to it, all at once. Refused
    /// as stale unless `order.version` is the stored one; the stored version then is one more.
    fn update<'a>(
        &'a self,
        order: &'a StoredOrder,
        events: &'a [FeedEvent],
        decided: &'a [u64],
        at: Timestamp,
    ) -> StoreFuture<'a, Updated>;

    /// Keeps a notification. The same body for the same merchant is kept once; `false` for one known already. Of one
    /// order so many are kept, undecided and decided: of more, the oldest of its kind goes. None of them is believed,
    /// and as long as one waits the gateway is asked.
    fn receive<'a>(&'a self, notification: &'a NewNotification) -> StoreFuture<'a, bool>;

    /// Notifications that are due and whose order is known, oldest first, at most `limit` of each merchant. What another
    /// process took in is left to it for a few seconds.
    fn inbox(&self, now: Timestamp, limit: u32) -> StoreFuture<'_, Vec<InboxRow>>;

    /// A notification could not be decided: try again at `at`.
    fn postpone(&self, no: u64, at: Timestamp) -> StoreFuture<'_, ()>;

    /// Orders to ask the gateway about, the longest due first, at most `limit` of each merchant.
    fn due(&self, now: Timestamp, limit: u32) -> StoreFuture<'_, Vec<StoredOrder>>;

    /// Makes every order that may still change due now, as after a restore.
    fn ask_all(&self, now: Timestamp) -> StoreFuture<'_, u64>;

    /// Items of a site's feed after `after`, in order, and the last number there is.
    fn feed<'a>(&'a self, site: &'a str, after: u64, limit: u32) -> StoreFuture<'a, (Vec<FeedItem>, u64)>;

    /// Waits until something was added to the site's feed, by any process, since this was called, or for ever. It may
    /// wake for nothing; it costs no query.
    fn fed(&self, site: &str) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// The right to work on what `name` names, which one process at a time has. `None`: another process still had it
    /// after `wait`. Within a process the caller keeps its own order.
    fn lease<'a>(&'a self, name: &'a str, wait: Duration) -> StoreFuture<'a, Option<WorkLease>>;

    /// Merchants and sites that are kept here.
    fn directory(&self) -> StoreFuture<'_, StoredDirectory>;

    /// Changes them and adds that to the operators' log, or says why not.
    fn change_directory<'a>(
        &'a self,
        change: &'a DirectoryChange,
        by: &'a LogAuthor,
    ) -> StoreFuture<'a, Result<(), DirectoryRefusal>>;

    /// Waits until they are no longer those of version `known`, within seconds of a change by any process.
    fn directory_changed<'a>(&'a self, known: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

    /// Takes one of a merchant's questions to the gateway, which all relays on this store share: one comes back after `each`,
    /// and at most `burst` are there. `None` where only one process can have the store, which limits itself; otherwise the
    /// time to wait, zero where one was taken.
    fn pace<'a>(&'a self, merchant: &'a str, each: Duration, burst: u32)
    -> StoreFuture<'a, Option<Duration>>;

    /// Orders in a state, newest first.
    fn in_state(&self, state: OrderState, limit: u32) -> StoreFuture<'_, Vec<StoredOrder>>;

    /// What is waiting.
    fn counts(&self) -> StoreFuture<'_, StoreCounts>;

    /// Drops feed items and notifications older than `before` whose orders are over.
    fn prune(&self, before: Timestamp) -> StoreFuture<'_, u64>;

    /// Writes down when sites were seen and what they reported, at most [`presence::PRESENCE_BATCH_MAX`] of them. Of each
    /// site the newest wins, whichever process wrote it; a stored time that is far ahead of `now` gives way.
    fn note_sightings<'a>(&'a self, sightings: &'a [SiteSighting], now: Timestamp) -> StoreFuture<'a, ()>;

    /// When every site was seen last that ever was.
    fn sites_seen(&self) -> StoreFuture<'_, Vec<SiteSeen>>;

    /// Marks those of `sites` as silent that were seen last at or before `before`. Answers those that this call marked:
    /// of several that mark one at once, in any process, one gets it.
    fn mark_silent<'a>(&'a self, sites: &'a [String], before: Timestamp) -> StoreFuture<'a, Vec<SiteTurn>>;

    /// Unmarks those of `sites` that are silent and were seen after `after`. Answers those that this call unmarked, as
    /// [`RelayStore::mark_silent`] does.
    fn mark_back<'a>(&'a self, sites: &'a [String], after: Timestamp) -> StoreFuture<'a, Vec<SiteTurn>>;

    /// Everything that is kept of those of `sites` that were ever seen.
    fn presences<'a>(&'a self, sites: &'a [String]) -> StoreFuture<'a, Vec<StoredPresence>>;

    /// Proves that the store can be written.
    fn check(&self) -> StoreFuture<'_, ()>;

    /// For how long the database has not answered, where it does not.
    fn outage(&self) -> Option<Outage> {
        None
    }

    /// Why the store can never be used again by this process, once that is so: every later call is refused, and the
    /// process must end.
    fn failed(&self) -> Option<String>;

    /// Waits until the store failed for good, which should be never, and says why.
    fn failure(&self) -> Pin<Box<dyn Future<Output = String> + Send + '_>>;
}
