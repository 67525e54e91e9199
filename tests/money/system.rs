//! The whole product in one process over real sockets: a router and the agent beside it, the relay, the gateway, and
//! wires between them that can be cut. Time flows by itself, as fast as it is told, and leaps when it is told.
//!
//! `KUOTA_TEST_DATABASE=postgres` makes the relay two relays that share a database: the agent's wire leads to the first,
//! the gateway's to the second.

#[path = "../support/postgres.rs"]
mod postgres;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kuota::agent::config::Config;
use kuota::agent::engine::{
    Actor, Command, Done, Engine, NewPackage, PaymentRequest, Purpose, Replaces, ReviewDecision, Tender, View,
};
use kuota::agent::payments::client::RelayClient;
use kuota::agent::site::{Site, SiteError};
use kuota::clock::{Clock, ManualClock};
use kuota::domain::id::{OrderId, PackageId, UserId};
use kuota::domain::order::{CashMethod, Flag, OnlineMethod, OrderState};
use kuota::domain::units::{Bytes, Rupiah, Timestamp};
use kuota::midtrans::{GatewayEnvironment, MerchantAccess, Midtrans, ServerKey};
use kuota::relay::config::Config as RelayConfig;
use kuota::relay::directory::KeyCipher;
use kuota::relay::health::{SitePresence, presences};
use kuota::relay::run::{self, DirectorySources};
use kuota::relay::service::{Relay, RelayParts, RelayTimeouts};
use kuota::relay::store::postgres::{PostgresSettings, PostgresStore, ServerTls};
use kuota::relay::store::sqlite::{SqliteStore, backup};
use kuota::relay::store::{RelayStore, StoreCounts};
use kuota::settings::{Environment, Secret};
use kuota::sim::midtrans::{MidtransSim, Options, PayMethod};
use kuota::sim::{SimConfig, SimRouter, midtrans};
use kuota::store::{OrderRecord, backup as books};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::audit::{Books, Sums};
use crate::proxy::{Proxy, Wire};
use crate::relay_host::{
    ACCOUNT, KEY, RelayHost, TOKEN, entries, free_port, merchant_entry, secrets, simulated_merchant,
};
use crate::site::address;
use crate::site::{NOON, SiteBuilder, TestSite};

/// Nothing here takes longer, whatever else the machine does.
pub const DEADLINE: Duration = Duration::from_mins(2);
/// Between two looks at something that will come.
pub const LOOK: Duration = Duration::from_millis(10);
/// What the package costs, and gives.
pub const PRICE_RP: u64 = 100_000;
pub const PACKAGE: Bytes = Bytes::gb(10);
/// How often time takes a step.
const STEP: Duration = Duration::from_millis(5);

/// How a system differs from the usual one.
pub struct SystemOptions {
    /// How long the relay waits; its own patience where not given.
    pub timeouts: Option<RelayTimeouts>,
    /// Where the gateway's dice begin.
    pub seed: u64,
    /// What the gateway adds to every amount, and whether the relay knows of it.
    pub fee_rp: u64,
    pub fee_imposition: bool,
    /// Changes the agent's configuration.
    pub agent: fn(&mut Config),
    /// The agent's copies go to the relay's vault.
    pub has_vault: bool,
}

impl Default for SystemOptions {
    fn default() -> Self {
        Self { timeouts: None, seed: 1, fee_rp: 0, fee_imposition: false, agent: |_| {}, has_vault: false }
    }
}

/// A relay that gives up soon, for tests in which the gateway hangs.
pub fn impatient() -> RelayTimeouts {
    let ms = Duration::from_millis;
    RelayTimeouts {
        charge: ms(3000),
        charge_try: ms(400),
        call: ms(600),
        ask_again: [ms(20), ms(40)],
        slow_down: ms(5),
    }
}

/// How the relay is set up, at every start.
#[derive(Clone, Copy)]
struct Terms {
    timeouts: Option<RelayTimeouts>,
    fee_imposition: bool,
}

/// Everything that runs.
pub struct FullSystem {
    pub router: SimRouter,
    pub gateway: MidtransSim,
    pub clock: ManualClock,
    /// Between agent and relay.
    pub uplink: Proxy,
    /// Between gateway and relay.
    pub doorway: Proxy,
    pub package: PackageId,
    pub dir: TempDir,
    pub site: TestSite,
    terms: Terms,
    relays: Vec<RunningRelay>,
    books: RelayBooks,
    speed: Arc<AtomicU32>,
    time: JoinHandle<()>,
}

impl Drop for FullSystem {
    fn drop(&mut self) {
        self.time.abort();
    }
}

/// The relay with its store.
struct RunningRelay {
    host: RelayHost,
    store: Arc<dyn RelayStore>,
}

/// Where the relay's store is.
enum RelayBooks {
    File(PathBuf),
    Server(postgres::Database<'static>),
}

impl RelayBooks {
    async fn make(dir: &Path) -> Self {
        match std::env::var("KUOTA_TEST_DATABASE").as_deref() {
            Ok("postgres") => Self::Server(tokio::task::spawn_blocking(postgres::database).await.unwrap()),
            Ok(other) => panic!("KUOTA_TEST_DATABASE is postgres or not there, not {other}"),
            Err(_) => Self::File(dir.join("relay/relay.db")),
        }
    }

    /// How many relays work on it.
    fn relays(&self) -> usize {
        match self {
            Self::File(_) => 1,
            Self::Server(_) => 2,
        }
    }

    async fn open(&self) -> Arc<dyn RelayStore> {
        match self {
            Self::File(file) => Arc::new(SqliteStore::open(file).unwrap()),
            Self::Server(database) => Arc::new(connect(database).await),
        }
    }

    fn back_up(&self, copy: &Path) {
        match self {
            Self::File(file) => drop(backup::back_up(file, copy, &mut |_| {}).unwrap()),
            Self::Server(database) => database.dump(copy),
        }
    }

    /// Goes back to a copy, with no relay at work.
    async fn restore(&self, copy: &Path, now: Timestamp) {
        match self {
            Self::File(file) => drop(backup::restore(file, copy, "then", now, &mut |_| {}).unwrap()),
            Self::Server(database) => {
                database.restore(copy);
                connect(database).await.went_back(now).await.unwrap();
            }
        }
    }

    /// Proves that everything in it adds up.
    async fn prove(&self, dir: &Path) {
        match self {
            Self::File(file) => {
                backup::back_up(file, &dir.join("proof.db"), &mut |_| {}).unwrap();
            }
            Self::Server(database) => {
                connect(database).await.verify().await.unwrap();
            }
        }
    }
}

/// A machine with an agent at this router, on a wire to the relay.
pub fn machine(router: &SimRouter, clock: &ManualClock, relay: &str) -> SiteBuilder {
    let client = RelayClient::new(relay, || Secret::new(TOKEN)).unwrap();
    let builder = SiteBuilder::new().router(router.clone()).clock(clock.clone());
    builder.relay(Arc::new(client)).data_below("agent")
}

/// The sections of a configuration with copies in the vault of the relay at this address.
pub fn vault_config(dir: &Path, relay: &str) -> Config {
    let token = dir.join("relay.token");
    std::fs::write(&token, TOKEN).unwrap();
    let text = format!(
        "[relay]\nurl = \"{relay}\"\nsite = \"site-1\"\ntoken_file = \"{}\"\n[backup]\nevery = \"6h\"\ntarget = \"relay\"",
        token.display()
    );
    Config::parse(&text, "test", &Environment::default()).unwrap()
}

/// Takes the sections over.
pub fn config_with(config: &mut Config, vault: Option<Config>) {
    if let Some(Config { relay, backup, .. }) = vault {
        (config.relay, config.backup) = (relay, backup);
    }
}

async fn connect(database: &postgres::Database<'_>) -> PostgresStore {
    let server = database.url().parse().unwrap();
    let settings = PostgresSettings { server, tls: ServerTls::Off, connections_max: 4 };
    PostgresStore::connect(&settings).await.unwrap()
}

impl FullSystem {
    pub async fn new() -> Self {
        Self::with(SystemOptions::default()).await
    }

    pub async fn with(setup: SystemOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(NOON);
        let router = SimRouter::start(SimConfig::default()).await.unwrap();
        let merchants = vec![midtrans::SimMerchant::new(ACCOUNT, KEY)];
        let options = Options {
            merchants,
            clock: midtrans::SimClock::Virtual,
            start: NOON,
            seed: setup.seed,
            imposed_fee_rp: setup.fee_rp,
            notification_timeout: Duration::from_secs(2),
            ..Options::default()
        };
        let gateway = MidtransSim::start(options).await.unwrap();
        let (uplink, doorway) = (Proxy::start().await, Proxy::start().await);
        let books = RelayBooks::make(dir.path()).await;
        let terms = Terms { timeouts: setup.timeouts, fee_imposition: setup.fee_imposition };
        let relays = start_relays(&books, &gateway, &clock, &doorway.url(), terms).await;
        lead(&relays, &uplink, &doorway);
        let builder = machine(&router, &clock, &uplink.url()).config(setup.agent);
        let vault = setup.has_vault.then(|| vault_config(dir.path(), &uplink.url()));
        let site = builder.config(|config| config_with(config, vault)).start().await;
        let speed = Arc::new(AtomicU32::new(1));
        let time = tokio::spawn(flow(clock.clone(), router.clone(), gateway.clone(), Arc::clone(&speed)));
        let package = add_package(site.agent(), "10 GB", Some(PACKAGE), PRICE_RP).await;
        Self {
            router,
            gateway,
            clock,
            uplink,
            doorway,
            package,
            dir,
            site,
            terms,
            relays,
            books,
            speed,
            time,
        }
    }

    /// Time flows so many times as fast as it does for us.
    pub fn hasten(&self, times: u32) {
        self.speed.store(times, Ordering::Relaxed);
    }

    /// Time leaps for everybody.
    pub fn leap(&self, by: Duration) {
        pass(&self.clock, &self.router, &self.gateway, by);
    }

    pub fn agent(&self) -> &Arc<Site> {
        self.site.agent()
    }

    /// What the relay knows of the agent's presence.
    pub async fn presence(&self) -> SitePresence {
        presences(&self.relay().host.relay, &["site-1".to_owned()]).await.unwrap().remove(0)
    }

    fn relay(&self) -> &RunningRelay {
        self.relays.first().expect("it runs")
    }

    // What people do.

    /// A user with a device on the air, and quota if any is given.
    pub async fn customer(&self, n: u8, quota: Bytes) -> UserId {
        let user = self.site.add_customer(&format!("Pelanggan {n}"), quota).await;
        self.site.add_device(user, n).await;
        user
    }

    /// One try to open a payment.
    pub async fn open(
        &self,
        user: UserId,
        purpose: Purpose,
        method: OnlineMethod,
    ) -> Result<Value, SiteError> {
        let wish = PaymentRequest { user, purpose, method, expect: None, replaces: Replaces::Anything };
        let done = self.agent().payments.pay_online(Actor::daemon(), wish, None).await?;
        assert!(matches!(done, Done::Created(_)), "{done:?}");
        Ok(serde_json::to_value(done.view()).unwrap())
    }

    /// An open order for the package, by its id.
    pub async fn ordered(&self, user: UserId, method: OnlineMethod) -> String {
        let order = self.open(user, Purpose::Buy(self.package), method).await.unwrap();
        order["id"].as_str().unwrap().to_owned()
    }

    pub async fn pay_cash(&self, user: UserId) -> Result<Value, SiteError> {
        let tender = Tender { method: CashMethod::Cash, reference: None, expect: None, last_paid: None };
        let buy = Command::Buy(user, self.package, tender);
        let done = self.agent().take_money(Actor::daemon(), user, buy, None).await?;
        Ok(serde_json::to_value(done.view()).unwrap())
    }

    pub async fn review(&self, order: &str, decision: ReviewDecision) -> Value {
        let order = OrderId(order.to_owned());
        self.site.submit(Command::Review { order, decision, reason: "diperiksa".into() }).await
    }

    /// The customer pays what was shown.
    pub fn pay(&self, order: &str, method: OnlineMethod) {
        match method {
            OnlineMethod::Snap => self.gateway.pay_with(order, PayMethod::Qris).unwrap(),
            _ => self.gateway.pay(order).unwrap(),
        }
    }

    // What the daemon does, once.

    /// Meters, enforces, pulls and sends the outbox, as the daemon's loops do; whether anything of the link was news. What
    /// fails is tried again by the next turn.
    pub async fn turn(&self) -> bool {
        let site = self.agent();
        let _ = site.cycle.meter_once().await;
        let pulled = site.payments.pull_once(Duration::ZERO).await;
        let outbox = site.payments.outbox_once().await;
        let _ = site.cycle.enforce_once().await;
        let news =
            pulled.as_ref().is_ok_and(|applied| applied.items > 0 || applied.more || applied.restarted);
        news || pulled.is_err() || outbox.is_err()
    }

    /// Turns until `done` says yes.
    pub async fn until(&self, what: &str, done: impl AsyncFn(&Self) -> bool) {
        let until = Instant::now() + DEADLINE;
        while !done(self).await {
            assert!(Instant::now() < until, "never: {what}");
            self.turn().await;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Turns until an order stands so at the agent.
    pub async fn stands(&self, order: &str, state: OrderState) {
        let until = Instant::now() + DEADLINE;
        loop {
            let now = self.order(order).await;
            if now.as_ref().is_some_and(|now| now.status == state) {
                return;
            }
            assert!(Instant::now() < until, "{order} never was {state:?}: {now:?}");
            self.turn().await;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Turns until nothing is under way anywhere: the gateway has told everything, the relay has decided it and asked
    /// what it wanted to ask, the agent has applied it and sent every outbox item.
    pub async fn settle(&self) {
        let speed = self.speed.swap(20, Ordering::Relaxed);
        let until = Instant::now() + DEADLINE;
        let mut quiet = 0;
        while quiet < 2 {
            assert!(Instant::now() < until, "never quiet: {}", self.unrest().await.unwrap_or_default());
            let quiets = tokio::time::timeout(Duration::from_secs(5), self.gateway.quiet()).await;
            let news = self.turn().await;
            let is_quiet = quiets.is_ok() && !news && self.unrest().await.is_none();
            quiet = if is_quiet { quiet + 1 } else { 0 };
            tokio::time::sleep(LOOK).await;
        }
        self.speed.store(speed, Ordering::Relaxed);
    }

    /// What is still under way.
    async fn unrest(&self) -> Option<String> {
        let counts = self.relay_counts().await;
        let due = self.relay().store.due(self.clock.now(), 10).await.unwrap();
        let waits = |engine: &mut Engine| (engine.outbox(), engine.pending_orders().len());
        let (outbox, openings) = self.agent().engine().call(waits).await.unwrap();
        let is_quiet = counts.inbox == 0 && due.is_empty() && outbox.is_empty() && openings == 0;
        let due: Vec<_> = due.iter().map(|order| (&order.id, order.standing.state)).collect();
        (!is_quiet).then(|| format!("{counts:?}, due {due:?}, outbox {outbox:?}, {openings} openings"))
    }

    pub async fn relay_counts(&self) -> StoreCounts {
        self.relay().store.counts().await.unwrap()
    }

    // What is known.

    pub async fn order(&self, id: &str) -> Option<OrderRecord> {
        let id = OrderId(id.to_owned());
        let find = move |engine: &mut Engine| engine.reader().order(&id).unwrap();
        self.agent().engine().call(find).await.unwrap()
    }

    pub async fn flags(&self, id: &str) -> Vec<Flag> {
        self.order(id).await.unwrap().flags.into_iter().collect()
    }

    pub async fn remaining(&self, user: UserId) -> Bytes {
        self.site.account(user).await.balance.remaining()
    }

    /// The one list that a device is on, by our rows.
    pub fn list_of(&self, n: u8) -> String {
        self.router.lists_of(address(n)).join(" ")
    }

    // What goes wrong.

    /// A copy of the relay's store as it is.
    pub fn back_up_relay(&self) -> PathBuf {
        let copy = self.dir.path().join("relay-copy");
        self.books.back_up(&copy);
        copy
    }

    /// The relay goes back to a copy: it ends, has its store replaced, and starts again.
    pub async fn restore_relay(&mut self, copy: &Path) {
        // Nobody reaches it meanwhile.
        self.uplink.set(Wire::Cut);
        self.doorway.set(Wire::Cut);
        for RunningRelay { host, store } in self.relays.drain(..) {
            host.stop().await;
            drop(store);
        }
        self.books.restore(copy, self.clock.now()).await;
        let url = self.doorway.url();
        self.relays = start_relays(&self.books, &self.gateway, &self.clock, &url, self.terms).await;
        lead(&self.relays, &self.uplink, &self.doorway);
        self.uplink.set(Wire::Whole);
        self.doorway.set(Wire::Whole);
    }

    /// A copy of the agent's store as it is.
    pub async fn back_up_agent(&self) -> PathBuf {
        let copy = self.dir.path().join("agent-copy.db");
        self.site.copy_store(&copy).await;
        copy
    }

    /// The agent goes back to a copy.
    pub async fn restore_agent(&mut self, copy: &Path) {
        let restore = |folder: &Path| {
            books::restore(folder, copy, "then", &mut |_| {}).unwrap();
        };
        self.site.restart_after(restore).await;
    }
}

async fn flow(clock: ManualClock, router: SimRouter, gateway: MidtransSim, speed: Arc<AtomicU32>) {
    let mut before = Instant::now();
    loop {
        tokio::time::sleep(STEP).await;
        let now = Instant::now();
        pass(&clock, &router, &gateway, (now - before) * speed.load(Ordering::Relaxed));
        before = now;
    }
}

fn pass(clock: &ManualClock, router: &SimRouter, gateway: &MidtransSim, by: Duration) {
    // Whole milliseconds, so that all of them stay together.
    let by = Duration::from_millis(u64::try_from(by.as_millis()).unwrap());
    clock.advance(by);
    router.advance(by);
    gateway.advance(by);
}

/// The agent asks the first relay, the gateway tells the last.
fn lead(relays: &[RunningRelay], uplink: &Proxy, doorway: &Proxy) {
    uplink.lead_to(relays.first().expect("there is one").host.address);
    doorway.lead_to(relays.last().expect("there is one").host.address);
}

async fn start_relays(
    books: &RelayBooks,
    gateway: &MidtransSim,
    clock: &ManualClock,
    public_url: &str,
    terms: Terms,
) -> Vec<RunningRelay> {
    let mut relays = Vec::new();
    for _ in 0..books.relays() {
        let store = books.open().await;
        relays.push(start_relay(store, gateway, clock, public_url.to_owned(), terms).await);
    }
    relays
}

async fn start_relay(
    store: Arc<dyn RelayStore>,
    gateway: &MidtransSim,
    clock: &ManualClock,
    public_url: String,
    terms: Terms,
) -> RunningRelay {
    let port: Arc<dyn Clock> = Arc::new(clock.clone());
    let relay = match terms.timeouts {
        None => {
            let config = RelayConfig {
                public_url: Some(public_url.parse().unwrap()),
                merchant: vec![simulated_merchant(gateway, terms.fee_imposition)],
                ..RelayConfig::default()
            };
            let secrets = secrets(&[("m1", KEY)], &[("site-1", TOKEN)]);
            run::assemble(&config, DirectorySources::fixed(&config, &secrets), Arc::clone(&store), port)
                .await
                .unwrap()
        }
        Some(timeouts) => {
            let access = MerchantAccess {
                environment: GatewayEnvironment::Sandbox,
                server_key: ServerKey::new(KEY).into(),
                core_url: Some(gateway.core_url()),
                snap_url: Some(gateway.snap_url()),
            };
            let client = Arc::new(Midtrans::new(access).unwrap());
            let merchant = merchant_entry("m1", None, terms.fee_imposition);
            let parts = RelayParts {
                store: Arc::clone(&store),
                clock: port,
                file: entries(vec![(merchant, KEY)], &[("site-1", "m1", TOKEN)]).fixed(),
                cipher: Arc::new(KeyCipher::none),
                gateways: Arc::new(move |_, _| Ok(Arc::clone(&client) as _)),
                public_url: Some(public_url),
                timeouts,
                connections_max: 4096,
            };
            Relay::new(parts).await.unwrap()
        }
    };
    RunningRelay { host: RelayHost::looping(relay, free_port().await), store }
}

pub async fn add_package(site: &Site, name: &str, quota: Option<Bytes>, price_rp: u64) -> PackageId {
    let price = Rupiah(price_rp);
    let package = NewPackage { name: name.into(), quota, days: 30, price, active: true };
    match site.submit(Actor::daemon(), Command::AddPackage(package), None).await.unwrap() {
        Done::Created(View::Package(package)) => package.id,
        other => panic!("{other:?}"),
    }
}

impl FullSystem {
    /// Settles everything and holds the ledger to the gateway. `held` are the orders that wait for a person.
    pub async fn audit(&self, held: &[&str]) -> Sums {
        self.settle().await;
        self.site.verify_ledger().await;
        self.books.prove(self.dir.path()).await;
        let held = held.iter().map(|id| (*id).to_owned()).collect();
        let books = Books::read(self.site.folder()).unwrap();
        let sums = books.check(&self.gateway.orders(), &held).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!((books.openings, books.outbox), (0, 0));
        sums
    }
}
