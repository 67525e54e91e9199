//! The relay's parts, and the two things that everything else is made of: changing an order, and asking about it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

use super::directory::{
    CipherSource, Directory, DirectoryEntries, DirectoryError, DirectoryParts, GatewayFactory,
};
use super::figures::RelayFigures;
use super::merchant::Merchant;
use super::presence::Presence;
use super::store::{RelayStore, RelayStoreError, StoredOrder, Updated, WorkLease};
use super::{row, schedule};
use crate::clock::Clock;
use crate::domain::payment::{GatewayReport, PaymentEffect};
use crate::domain::units::Timestamp;
use crate::midtrans::GatewayError;
use crate::tools::keyed_locks::{KeyGuard, KeyedLocks};
use crate::web::Problem;

/// How much longer than a call to the gateway another process is waited for.
const HOLD_ROOM: Duration = Duration::from_secs(2);
/// How long work that somebody else is at is left alone.
pub(super) const LEAVE_FOR: Duration = Duration::from_millis(500);
/// How often a store that fails is logged.
const FAILURE_LOGGED_EVERY: Duration = Duration::from_secs(5);
/// When to come again where another process is at work, in seconds.
const RETRY_AFTER_S: u64 = 2;

/// What callers are told of a merchant whose server key this relay cannot use. Its log says why.
pub(super) const MERCHANT_KEY_MISSING: &str =
    "the relay cannot use the server key of this site's merchant; its log says why";

/// How long the relay waits for what.
#[derive(Clone, Copy, Debug)]
pub struct RelayTimeouts {
    /// For opening a charge, with all its tries: less than callers wait.
    pub charge: Duration,
    /// For one try of it.
    pub charge_try: Duration,
    /// For any other call.
    pub call: Duration,
    /// Before asking again about a charge that the gateway does not know.
    pub ask_again: [Duration; 2],
    /// When the gateway asks to slow down; twice as long each time.
    pub slow_down: Duration,
}

impl Default for RelayTimeouts {
    fn default() -> Self {
        Self {
            charge: Duration::from_secs(24),
            charge_try: Duration::from_secs(9),
            call: Duration::from_secs(10),
            ask_again: [Duration::from_secs(2), Duration::from_secs(5)],
            slow_down: Duration::from_millis(500),
        }
    }
}

/// What a relay is made of.
pub struct RelayParts {
    /// Where it keeps what it knows.
    pub store: Arc<dyn RelayStore>,
    /// The only now.
    pub clock: Arc<dyn Clock>,
    /// Merchants and sites of the configuration's file, which may be read again meanwhile.
    pub file: watch::Receiver<Arc<DirectoryEntries>>,
    /// Opens the server keys of the database's merchants.
    pub cipher: CipherSource,
    /// Makes the way to the gateway for each merchant.
    pub gateways: GatewayFactory,
    /// How the gateway reaches the relay, without a slash at the end; `None`: it does not.
    pub public_url: Option<String>,
    /// How long it waits.
    pub timeouts: RelayTimeouts,
    /// Connections at the same time, those of sites that wait for their feed included.
    pub connections_max: usize,
}

/// The right to work on an order or a request, which no other task of this process or of another one has. The
/// process's own part is given back last.
pub(super) struct Held {
    _lease: WorkLease,
    _lock: KeyGuard<String>,
}

/// Why something could not be worked on.
#[derive(Debug, thiserror::Error)]
pub(super) enum HoldError {
    #[error(transparent)]
    Store(#[from] RelayStoreError),
    /// Another relay process works on it for longer than a caller waits.
    #[error("another relay process is working on it")]
    Elsewhere,
}

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Store(error) => error.into(),
            HoldError::Elsewhere => {
                let detail = "another relay process is working on this; try again in a moment";
                Self::unavailable("busy", detail).retry_after(RETRY_AFTER_S)
            }
        }
    }
}

/// The relay.
pub struct Relay {
    pub(super) store: Arc<dyn RelayStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) directory: Directory,
    pub(super) timeouts: RelayTimeouts,
    pub(super) figures: Arc<RelayFigures>,
    /// Who called.
    pub presence: Presence,
    /// Orders that are being asked about, and requests that are being opened, by this process; see [`Relay::hold`].
    locks: KeyedLocks<String>,
    /// Notified when a notification arrived.
    pub(super) inbox: Notify,
    /// Notified when an order became due.
    pub(super) due: Notify,
    pub(super) stopping: watch::Sender<bool>,
    pub(super) connections_max: usize,
    /// Calls that may wait for news at the same time.
    pub(super) waiting: Semaphore,
    /// Merchant and order of the notifications that are being decided.
    pub(super) deciding: Mutex<BTreeSet<(String, String)>>,
    /// Merchants whose orders are being asked about.
    pub(super) reconciling: Mutex<BTreeSet<String>>,
}

/// A change of an order: the effects to report, and when to ask next.
pub(super) struct OrderEdit {
    pub effects: Vec<PaymentEffect>,
    pub ask: RelayAsk,
}

/// When to ask about an order next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RelayAsk {
    /// By its age and state; the gateway has just answered.
    ByPlan,
    /// Then.
    At(Timestamp),
    /// As before.
    AsBefore,
}

impl OrderEdit {
    pub fn by_plan(effects: Vec<PaymentEffect>) -> Self {
        Self { effects, ask: RelayAsk::ByPlan }
    }
}

/// An order after a change, or why it could not be asked about.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error(transparent)]
    Store(#[from] RelayStoreError),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

impl Relay {
    /// Puts the parts together; nothing runs yet.
    pub async fn new(parts: RelayParts) -> Result<Arc<Self>, DirectoryError> {
        let figures = Arc::new(RelayFigures::default());
        let directory = DirectoryParts {
            store: Arc::clone(&parts.store),
            clock: Arc::clone(&parts.clock),
            figures: Arc::clone(&figures),
            cipher: parts.cipher,
            gateways: parts.gateways,
            public_url: parts.public_url,
        };
        Ok(Arc::new(Self {
            directory: Directory::load(directory, parts.file).await?,
            store: parts.store,
            clock: parts.clock,
            timeouts: parts.timeouts,
            figures,
            presence: Presence::default(),
            locks: KeyedLocks::default(),
            inbox: Notify::new(),
            due: Notify::new(),
            stopping: watch::Sender::new(false),
            connections_max: parts.connections_max,
            waiting: Semaphore::new((parts.connections_max / 4 * 3).max(1)),
            deciding: Mutex::default(),
            reconciling: Mutex::default(),
        }))
    }

    /// The path on which a merchant's notifications are received; `None` for a merchant that is not known.
    pub fn notification_path(&self, merchant: &str) -> Option<String> {
        self.directory.notification_path(merchant)
    }

    /// What it counts about itself.
    pub fn figures(&self) -> &RelayFigures {
        &self.figures
    }

    /// Waits for the right to work on what `name` names, in this process for as long as it takes, for other processes a
    /// little longer than their calls to the gateway take.
    pub(super) async fn hold(&self, name: String) -> Result<Held, HoldError> {
        let lock = self.locks.hold(name.clone()).await;
        let lease = self.store.lease(&name, self.timeouts.call + HOLD_ROOM).await?;
        Ok(Held { _lease: lease.ok_or(HoldError::Elsewhere)?, _lock: lock })
    }

    /// The same for work that another process does as well: `None` when one is at it. Whoever comes back at once turns in a
    /// circle; see [`LEAVE_FOR`].
    pub(super) async fn hold_or_leave(&self, name: String) -> Result<Option<Held>, RelayStoreError> {
        let lock = self.locks.hold(name.clone()).await;
        self.leased(name, lock).await
    }

    /// The same, and `None` also when this process is at it.
    pub(super) async fn try_hold(&self, name: String) -> Result<Option<Held>, RelayStoreError> {
        let Some(lock) = self.locks.try_hold(name.clone()) else { return Ok(None) };
        self.leased(name, lock).await
    }

    async fn leased(&self, name: String, lock: KeyGuard<String>) -> Result<Option<Held>, RelayStoreError> {
        let lease = self.store.lease(&name, Duration::ZERO).await?;
        Ok(lease.map(|lease| Held { _lease: lease, _lock: lock }))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn merchant(&self, id: &str) -> Option<Arc<Merchant>> {
        self.directory.merchant(id)
    }

    /// Changes an order, adds its events to the feed, and ends the notifications that led to it, in one transaction.
    /// After a concurrent change `edit` is called again with the changed order. `None` from `edit`
    /// leaves the order alone. Returns the stored order; `None` when there is none.
    pub(super) async fn change(
        &self,
        merchant: &Merchant,
        id: &str,
        decided: &[u64],
        edit: impl Fn(&mut StoredOrder) -> Option<OrderEdit> + Send + Sync,
    ) -> Result<Option<StoredOrder>, RelayStoreError> {
        loop {
            let Some(before) = self.store.order(&merchant.id, id).await? else { return Ok(None) };
            let mut row = before.clone();
            let Some(change) = edit(&mut row) else { return Ok(Some(before)) };
            let now = self.now();
            match change.ask {
                RelayAsk::ByPlan => {
                    let is_same =
                        change.effects.is_empty() && row.standing.claimed == before.standing.claimed;
                    row.asked = if is_same { row.asked.saturating_add(1) } else { 0 };
                    row.ask_at = schedule::next_ask(&row, now, merchant.is_notified());
                }
                RelayAsk::At(at) => row.ask_at = Some(at),
                RelayAsk::AsBefore => {}
            }
            let events = row::events(&row, &change.effects);
            if self.store.update(&row, &events, decided, now).await? == Updated::Done {
                row.version += 1;
                log_change(&before, &row, &change.effects);
                if row.ask_at.is_some_and(|at| at <= now) {
                    self.due.notify_one();
                }
                return Ok(Some(row));
            }
        }
    }

    /// Asks for the status of an order and applies the answer. The caller holds the order, so that answers are taken in
    /// the order in which they were given. The flag says whether the gateway knows the order.
    pub(super) async fn ask(
        &self,
        merchant: &Merchant,
        id: &str,
    ) -> Result<(Option<StoredOrder>, bool), AskError> {
        match merchant.status(id, self.timeouts.call).await? {
            Some(report) => Ok((self.take_report(merchant, id, &report).await?, true)),
            None => Ok((self.store.order(&merchant.id, id).await?, false)),
        }
    }

    pub(super) async fn take_report(
        &self,
        merchant: &Merchant,
        id: &str,
        report: &GatewayReport,
    ) -> Result<Option<StoredOrder>, RelayStoreError> {
        let now = self.now();
        self.learn(merchant, report).await?;
        self.change(merchant, id, &[], |row| {
            let terms = merchant.terms(row);
            Some(OrderEdit::by_plan(row::apply_report(row, &terms, report, now)))
        })
        .await
    }

    /// Remembers the account's id from the first answer that names it.
    pub(super) async fn learn(
        &self,
        merchant: &Merchant,
        report: &GatewayReport,
    ) -> Result<(), RelayStoreError> {
        if let (None, Some(id)) = (merchant.account(), report.merchant.as_deref()) {
            self.store.learn_merchant_id(&merchant.id, id).await?;
            tracing::info!(merchant.id = %merchant.id, account = id, "learned the account's id from the gateway");
            merchant.account.get_or_init(|| id.to_owned());
        }
        Ok(())
    }
}

impl From<RelayStoreError> for Problem {
    fn from(error: RelayStoreError) -> Self {
        log_store_failure(&error);
        Self::unavailable("store_failed", "the relay's store failed; its log says how")
    }
}

/// A line every few seconds: while a database is away, every call fails.
fn log_store_failure(error: &RelayStoreError) {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.is_some_and(|at| at.elapsed() < FAILURE_LOGGED_EVERY) {
        tracing::debug!(%error, "the relay's store failed");
        return;
    }
    *last = Some(Instant::now());
    tracing::error!(%error, "the relay's store failed");
}

fn log_change(before: &StoredOrder, row: &StoredOrder, effects: &[PaymentEffect]) {
    if effects.is_empty() {
        return;
    }
    let flags: Vec<&str> = row.standing.flags.iter().map(|flag| flag.name()).collect();
    tracing::info!(
        order.id = %row.id,
        site.id = %row.site,
        from = before.standing.state.name(),
        to = row.standing.state.name(),
        flags = flags.join(","),
        "order changed"
    );
}
