//! The two machines of a site: the Pi with the agent, and the host with the relay. Each can lose its power between any
//! two steps, and go back to a copy of its store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use kuota::agent::config::Config;
use kuota::agent::engine::{Engine, EngineHandle, Notice, Notifier, Parts as EngineParts};
use kuota::agent::payments::Link;
use kuota::agent::site::Site;
use kuota::clock::{Clock, ManualClock, Zone};
use kuota::domain::account::Policy;
use kuota::midtrans::{Gateway, GatewayEnvironment};
use kuota::relay::config::MerchantKeys;
use kuota::relay::directory::{DirectoryEntries, KeyCipher, ListedMerchant};
use kuota::relay::service::{Relay, RelayParts, RelayTimeouts};
use kuota::relay::store::RelayStore;
use kuota::relay::store::directory::{MerchantEntry, SiteEntry, SiteState};
use kuota::relay::store::sqlite::{SqliteStore, backup};
use kuota::settings::Secret;
use kuota::store::{Check, ProofProgress, ProofThreads, backup as books};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::bank::{Bank, KEY};
use crate::hotspot::Hotspot;
use crate::postgres::{self, Database};
use crate::server::ServerStore;
use crate::wire::{TOKEN, Wire};

const MERCHANT: &str = "m1";
const SITE: &str = "site-1";

struct Silence;

impl Notifier for Silence {
    fn notify(&self, _: &Notice) {}
}

/// What an agent is made of, whatever its store holds.
#[derive(Clone)]
pub struct AgentParts {
    pub folder: PathBuf,
    pub clock: ManualClock,
    pub policy: Policy,
    pub router: Hotspot,
    pub wire: Wire,
    /// Names of new things; none comes twice, whatever is restored.
    pub names: Arc<AtomicU64>,
}

/// The agent at work.
pub struct Agent {
    parts: AgentParts,
    site: Option<Site>,
}

impl Agent {
    pub fn start(parts: AgentParts) -> Self {
        let site = Some(serve(&parts));
        Self { parts, site }
    }

    pub fn site(&self) -> &Site {
        self.site.as_ref().expect("it runs but for the moments of a restart")
    }

    /// Looks into the engine, or has it do something.
    pub async fn engine<T: Send + 'static>(&self, work: impl FnOnce(&mut Engine) -> T + Send + 'static) -> T {
        self.site().engine().call(work).await.expect("the engine runs")
    }

    /// The power goes: only what was committed is left.
    pub async fn crash(&mut self) {
        self.stop().await;
        self.site = Some(serve(&self.parts));
    }

    async fn stop(&mut self) {
        self.engine(|engine| engine.reload().expect("the store is whole")).await;
        self.site = None;
    }

    /// A copy of the store as it is, gathered readings included.
    pub async fn back_up(&self, copy: PathBuf) {
        let _ = std::fs::remove_file(&copy);
        self.engine(move |engine| {
            engine.flush().expect("the store takes it");
            engine.reader().copy_to(&copy, &mut |_| {}).expect("a copy is made");
            let proved = engine
                .reader()
                .prove(Check::Quick, ProofThreads::All, &ProofProgress::default())
                .expect("it adds up");
            engine.keep_checkpoint(&proved.checkpoint).expect("the store takes it");
        })
        .await;
    }

    /// The store goes back to a copy.
    pub async fn restore(&mut self, copy: &Path) {
        self.stop().await;
        let restored = books::restore(&self.parts.folder, copy, "then", &mut |_| {}).expect("a copy is good");
        restored.replaced.iter().for_each(|old| std::fs::remove_file(old).expect("it is there"));
        self.site = Some(serve(&self.parts));
    }
}

fn serve(parts: &AgentParts) -> Site {
    let clock: Arc<dyn Clock> = Arc::new(parts.clock.clone());
    let zone = Zone::named("Asia/Jakarta").expect("a zone that exists");
    let names = Arc::clone(&parts.names);
    let usual = Engine::parts(&parts.folder, Arc::clone(&clock), zone).expect("the store opens");
    let reader = usual.store.reader().expect("it can be read");
    reader.prove_since_checkpoint().expect("it adds up");
    drop(reader);
    let engine = Engine::open(EngineParts {
        policy: parts.policy.clone(),
        notifier: Arc::new(Silence),
        new_id: Box::new(move || name(names.fetch_add(1, Ordering::Relaxed))),
        ..usual
    });
    let engine = engine.expect("the store is read");
    let secret = engine.site_secret().clone();
    let engine = EngineHandle::inline(engine);
    let link = Link::new(Arc::new(parts.wire.clone()), String::new());
    Site::new(Config::default(), engine, &secret, Arc::new(parts.router.clone()), Some(link), clock)
}

fn name(number: u64) -> Uuid {
    Uuid::from_u128((0x51_u128 << 120) | u128::from(number))
}

/// Where the relay's store is.
enum RelayBooks {
    File(PathBuf),
    /// A database on a server, where `KUOTA_TEST_DATABASE=postgres` asks for one.
    Server(Database<'static>),
}

impl RelayBooks {
    fn in_folder(folder: &Path) -> Self {
        match std::env::var("KUOTA_TEST_DATABASE").as_deref() {
            Ok("postgres") => Self::Server(postgres::database()),
            Ok(other) => panic!("KUOTA_TEST_DATABASE is postgres or not there, not {other}"),
            Err(_) => Self::File(folder.join("relay.db")),
        }
    }

    async fn open(&self) -> Arc<dyn RelayStore> {
        match self {
            Self::File(file) => Arc::new(SqliteStore::open(file).expect("the store opens")),
            Self::Server(database) => Arc::new(ServerStore::open(database).await),
        }
    }
}

/// The relay at work.
pub struct RelayHost {
    pub relay: Arc<Relay>,
    store: Arc<dyn RelayStore>,
    books: RelayBooks,
    folder: PathBuf,
    restarts: u32,
    clock: ManualClock,
    bank: Bank,
}

impl RelayHost {
    pub async fn start(folder: PathBuf, clock: ManualClock, bank: Bank) -> Self {
        let books = RelayBooks::in_folder(&folder);
        let (relay, store) = assemble(&books, &clock, &bank).await;
        Self { relay, store, books, folder, restarts: 0, clock, bank }
    }

    pub fn router(&self) -> Router {
        kuota::relay::router(&self.relay)
    }

    pub fn notification_path(&self) -> String {
        self.relay.notification_path(MERCHANT).expect("the merchant is configured")
    }

    /// Whether some of its work has begun and not ended.
    pub fn is_busy(&self) -> bool {
        Arc::strong_count(&self.relay) > 1
    }

    /// What is still to be done at this moment.
    pub async fn is_idle(&self) -> bool {
        let counts = self.store.counts().await.expect("the store answers");
        counts.inbox == 0 && self.store.due(self.clock.now(), 10).await.expect("it does").is_empty()
    }

    /// The power goes, whatever it is doing.
    pub async fn crash(self) -> Self {
        self.restart(None).await
    }

    pub fn back_up(&self, copy: &Path) {
        match &self.books {
            RelayBooks::File(file) => {
                backup::back_up(file, copy, &mut |_| {}).expect("a copy is made");
            }
            RelayBooks::Server(database) => database.dump(copy),
        }
    }

    /// The store goes back to a copy.
    pub async fn restore(self, copy: &Path) -> Self {
        self.restart(Some(copy)).await
    }

    async fn restart(self, copy: Option<&Path>) -> Self {
        let is_busy = self.is_busy();
        let Self { relay, store, mut books, folder, mut restarts, clock, bank } = self;
        if let RelayBooks::File(file) = &mut books
            && is_busy
        {
            // Its work hangs for ever: what the disk holds at this moment is what the next one finds.
            restarts += 1;
            let next = folder.join(format!("relay-{restarts}.db"));
            for end in ["", "-wal"] {
                let part = |file: &Path| format!("{}{end}", file.display());
                let _ = std::fs::copy(part(file), part(&next));
            }
            *file = next;
        }
        if let RelayBooks::Server(database) = &books {
            // Work that hangs keeps the store of the relay that is gone, and its leases with it.
            database.cut_off();
        }
        drop((relay, store));
        let now = clock.now();
        match (&books, copy) {
            (_, None) => {}
            (RelayBooks::File(file), Some(copy)) => {
                let restored = backup::restore(file, copy, "then", now, &mut |_| {}).expect("a copy is good");
                restored.replaced.iter().for_each(|old| std::fs::remove_file(old).expect("it is there"));
            }
            (RelayBooks::Server(database), Some(copy)) => ServerStore::restore(database, copy, now).await,
        }
        let (relay, store) = assemble(&books, &clock, &bank).await;
        Self { relay, store, books, folder, restarts, clock, bank }
    }
}

async fn assemble(books: &RelayBooks, clock: &ManualClock, bank: &Bank) -> (Arc<Relay>, Arc<dyn RelayStore>) {
    let store = books.open().await;
    let gateway: Arc<dyn Gateway> = Arc::new(bank.clone());
    let parts = RelayParts {
        store: Arc::clone(&store),
        clock: Arc::new(clock.clone()),
        file: entries().fixed(),
        cipher: Arc::new(KeyCipher::none),
        gateways: Arc::new(move |_, _| Ok(Arc::clone(&gateway))),
        public_url: Some("http://relay".to_owned()),
        timeouts: timeouts(),
        connections_max: 4096,
    };
    (Relay::new(parts).await.expect("the parts go together"), store)
}

/// The gateway here answers at once, or never: nothing is gained by pausing.
fn timeouts() -> RelayTimeouts {
    RelayTimeouts {
        charge: Duration::from_hours(1),
        charge_try: Duration::ZERO,
        call: Duration::ZERO,
        ask_again: [Duration::ZERO; 2],
        slow_down: Duration::ZERO,
    }
}

fn entries() -> DirectoryEntries {
    let keys = MerchantKeys { server_key: Secret::new(KEY), previous_keys: Vec::new() };
    let entry = MerchantEntry {
        id: MERCHANT.to_owned(),
        environment: GatewayEnvironment::Sandbox,
        account: None,
        fee_imposition: false,
        core_url: None,
        snap_url: None,
    };
    let site = SiteEntry {
        id: SITE.to_owned(),
        merchant: MERCHANT.to_owned(),
        token_sha256: Some(Sha256::digest(TOKEN).into()),
        state: SiteState::Enabled,
    };
    DirectoryEntries { merchants: vec![ListedMerchant { entry, keys: Ok(keys) }], sites: vec![site] }
}
