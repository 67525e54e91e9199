//! One site: the configuration in force, the router cycle, payments, the clock and signed tokens, put together. The
//! loops, the faces, the operator's commands and tests all come in here.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use super::config::files::ConfigFiles;
use super::config::{self, Config, Enforcement, Language};
use super::copies::{Copies, CopiesState, CopyError, CopySetup};
use super::engine::{
    Actor, Command, CounterCustomer, Done, Engine, EngineError, EngineGone, EngineHandle, Key, Notifier,
    Parts, Preview, Request,
};
use super::health::Guesses;
use super::payments::{BeforeCash, Link, PaymentError, Payments, Relay, RelayError};
use super::proof::LedgerProof;
use super::reports::help::HelpRequests;
use super::router::site_plan::list_names;
use super::router::{CycleError, RouterCycle};
use crate::clock::Clock;
use crate::domain::id::UserId;
use crate::domain::units::Timestamp;
use crate::identity::signed_tokens::SignedTokens;
use crate::identity::site_secret::SiteSecret;
use crate::routeros::lists::ListNames;
use crate::routeros::{Router, RouterError};
use crate::store::{Broken, Proved, StartProof, Store, StoreError, Unwritable, Verified};
use crate::ui::assets::Assets;
use crate::ui::layout::{self, PageDefaults, SiteLook};
use crate::web::Problem;
use crate::web::status_counts::StatusCounts;

/// The code of problems that a failing store causes.
pub(super) const STORE_FAILED: &str = "store_failed";

/// Why a site could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger does not add up; starting would build on sand.
    #[error("the ledger is broken, so nothing was started: {0}; restore a backup")]
    Ledger(#[from] Broken),
    /// The system refused a thread.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Why a call of the site failed.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The request was not done.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
    /// The router could not be asked.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// The relay could not be asked, or it or the gateway said no.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// There is no relay.
    #[error("{}", PaymentError::NoRelay)]
    NoRelay,
}

impl From<CycleError> for SiteError {
    fn from(error: CycleError) -> Self {
        match error {
            CycleError::Engine(error) => Self::Engine(error),
            CycleError::Gone(error) => Self::Gone(error),
            CycleError::Router(error) => Self::Router(error),
        }
    }
}

impl From<PaymentError> for SiteError {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Engine(error) => Self::Engine(error),
            PaymentError::Gone(error) => Self::Gone(error),
            PaymentError::Relay(error) => Self::Relay(error),
            PaymentError::NoRelay => Self::NoRelay,
        }
    }
}

/// The parts of the daemon, put together but not yet running. Commands without a daemon use them the same way.
pub struct Site {
    /// What it is configured to do.
    pub config: Config,
    /// Metering and reconciling.
    pub cycle: RouterCycle,
    /// Online payments, and the link to the relay.
    pub payments: Payments,
    /// The only now.
    pub clock: Arc<dyn Clock>,
    /// What it signs and knows again.
    pub signed_tokens: SignedTokens,
    /// What its servers answered.
    pub answers: Answers,
    /// How far the ledger is proved.
    pub proof: LedgerProof,
    /// Copies of the store.
    pub copies: Copies,
    /// Customers who asked for help and wait.
    pub help: HelpRequests,
    /// Guesses that were slowed down.
    pub guesses: Guesses,
    /// Where the configuration comes from, in a daemon.
    pub files: Option<ConfigFiles>,
    /// How the data came from a copy, where they did by the set-up's pages.
    pub restored: Option<RestoredHere>,
    restart: watch::Sender<bool>,
    engine: EngineHandle,
    /// Time from one reading to the next.
    pace: watch::Sender<Duration>,
    /// The configuration with what a reload took over.
    in_force: Mutex<Config>,
}

/// A restore by the set-up's pages, and who was let in there: the copy's own audit knows neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredHere {
    /// When.
    pub at: Timestamp,
    /// When the machine was claimed before, by the wall clock of then.
    pub claimed_at: Timestamp,
    /// The device's address.
    pub address: IpAddr,
    /// Whether by the code on the boot partition; by a power cut otherwise.
    pub is_by_code: bool,
}

/// Answers of each server, counted.
#[derive(Debug, Default)]
pub struct Answers {
    /// The admin API, on the LAN and on the control socket.
    pub admin: Arc<StatusCounts>,
    /// The portal.
    pub portal: Arc<StatusCounts>,
}

impl Site {
    /// Opens and proves the store, and puts everything around it. Nothing runs and nothing listens yet.
    pub fn assemble(
        config: Config,
        router: Arc<dyn Router>,
        relay: Option<Arc<dyn Relay>>,
        clock: Arc<dyn Clock>,
        notifier: Arc<dyn Notifier>,
    ) -> Result<Self, StartError> {
        let mut store = Store::open(&config.data_dir)?;
        let proof = prove(&mut store)?;
        let mut engine = Engine::open(Parts {
            store,
            clock: Arc::clone(&clock),
            zone: config.timezone.clone(),
            policy: config.policy(),
            trust_clock: config.clock.trust == config::ClockTrust::Always,
            commit_interval: config.store.commit_interval,
            usage_kept: config.store.usage_hours_kept,
            notifier,
            new_id: Box::new(Uuid::new_v4),
        })?;
        let lists = list_names(&config.router.lists);
        let names = |lists: &ListNames| lists.all().map(str::to_owned).collect::<Vec<_>>();
        router.look_under(engine.use_lists(&names(&lists), &names(&ListNames::default())));
        let secret = engine.site_secret().clone();
        let (left, instance) = (engine.has_left(), engine.instance());
        let engine = EngineHandle::spawn(engine)?;
        let link = relay.map(|relay| Link::new(relay, config.portal.public_url.to_string()));
        let site = Self { proof, ..Self::new(config, engine, &secret, router, link, clock) };
        site.cycle.set_left(left);
        site.payments.use_instance(instance);
        Ok(site)
    }

    /// A site around an engine that runs already; `secret` is what the engine's store signs with.
    pub fn new(
        config: Config,
        engine: EngineHandle,
        secret: &SiteSecret,
        router: Arc<dyn Router>,
        link: Option<Link>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let dry_run = config.policy.enforcement == Enforcement::DryRun;
        let lists = list_names(&config.router.lists);
        let cycle = RouterCycle::new(engine.clone(), router, Arc::clone(&clock), lists, dry_run);
        let payments = Payments::new(engine.clone(), link, Arc::clone(&clock), cycle.waker());
        let pace = watch::Sender::new(config.router.poll_interval);
        let in_force = Mutex::new(config.clone());
        let (signed_tokens, answers) = (SignedTokens::new(secret), Answers::default());
        Self {
            config,
            cycle,
            payments,
            clock,
            signed_tokens,
            answers,
            guesses: Guesses::default(),
            files: None,
            restored: None,
            restart: watch::Sender::new(false),
            proof: LedgerProof::elsewhere(),
            copies: Copies::new(secret),
            help: HelpRequests::default(),
            engine,
            pace,
            in_force,
        }
    }

    /// One turn of the copies.
    pub async fn copy_once(&self) -> Result<(), CopyError> {
        self.copies.copy_once(&self.engine, self.copy_setup(), self.clock.now(), self.clock.uptime()).await
    }

    /// One turn of what goes off the card between two copies. Never at the same time as [`Self::copy_once`].
    pub async fn tail_once(&self) -> Result<(), CopyError> {
        self.copies.tail_once(&self.engine, &self.copy_setup(), self.clock.now(), self.clock.uptime()).await
    }

    fn copy_setup(&self) -> CopySetup {
        CopySetup {
            data_dir: self.config.data_dir.clone(),
            backup: self.in_force().backup,
            relay: self.config.relay.clone(),
        }
    }

    /// How the copies are.
    pub fn copies_state(&self) -> CopiesState {
        self.copies.state(&self.config.data_dir)
    }

    /// The handle to the engine.
    pub fn engine(&self) -> &EngineHandle {
        &self.engine
    }

    /// Asks for the daemon to end and be started again.
    pub fn restart(&self) {
        self.restart.send_replace(true);
    }

    /// Whether somebody asked for that.
    pub fn restart_wanted(&self) -> watch::Receiver<bool> {
        self.restart.subscribe()
    }

    /// The time from one reading to the next. A reload changes it.
    pub fn pace(&self) -> watch::Receiver<Duration> {
        self.pace.subscribe()
    }

    /// Does what is asked. Binding, unbinding and resetting read the router first, so that every byte goes to
    /// whom it belonged at that moment.
    pub async fn submit(&self, actor: Actor, action: Command, key: Option<Key>) -> Result<Done, SiteError> {
        let turn = if needs_reading(&action) { Some(self.cycle.reading_turn().await) } else { None };
        let (reading, failure) = match &turn {
            None => (None, None),
            Some(turn) => match turn.read().await {
                Ok(reading) => (Some(reading), None),
                Err(error) => (None, Some(error)),
            },
        };
        let request = Request { actor, action, key, reading };
        let outcome = self.engine.call(move |engine| engine.submit(request)).await?;
        drop(turn);
        let outcome = outcome.map_err(|error| match (error, failure) {
            (EngineError::RouterNeeded(_), Some(why)) => EngineError::RouterNeeded(why.to_string()),
            (error, _) => error,
        })?;
        self.cycle.wake();
        self.payments.wake_outbox();
        Ok(outcome)
    }

    /// What an action would do now, by the last reading of the router. Changes nothing and asks nobody.
    pub async fn preview(&self, actor: Actor, action: Command) -> Result<Preview, SiteError> {
        let request = Request { actor, action, key: None, reading: None };
        Ok(self.engine.call(move |engine| engine.preview(request)).await??)
    }

    /// Takes money over the counter. What the user has open online is called off first.
    pub async fn take_money(
        &self,
        actor: Actor,
        user: UserId,
        action: Command,
        key: Option<Key>,
    ) -> Result<Done, SiteError> {
        // Nothing is called off at the relay for a machine that may not change anything.
        if let Some(why) = self.engine.unwritable().filter(Unwritable::is_passive) {
            return Err(EngineError::from(StoreError::from(why)).into());
        }
        let _turn = match self.payments.before_cash(user, key.as_ref()).await? {
            BeforeCash::Answered(outcome) => return Ok(*outcome),
            BeforeCash::Clear(turn) => turn,
        };
        self.submit(actor, action, key).await
    }

    /// How the site's pages are by default. `hindrance` says to their readers why nothing can be changed.
    pub(super) fn page_defaults(&self, hindrance: fn(Language, &Unwritable) -> String) -> PageDefaults {
        let complain = Arc::new(layout::complain);
        let engine = self.engine.clone();
        let told = engine.clone();
        let noticed = Arc::new(move |problem: &Problem| {
            if problem.code() == STORE_FAILED {
                let (engine, why) = (told.clone(), problem.detail().to_owned());
                // It ends with the engine.
                tokio::spawn(async move { engine.call(move |engine| engine.read_failed(&why)).await });
            }
        });
        let hindrance = Arc::new(move |language| engine.unwritable().map(|why| hindrance(language, &why)));
        PageDefaults {
            language: self.config.language,
            zone: self.config.timezone.clone(),
            site: Arc::new(SiteLook {
                name: self.config.name.clone(),
                assets: Assets::of(self.config.colour),
            }),
            complain,
            surround: layout::nothing_around(),
            hindrance,
            noticed,
            refused: Arc::default(),
            session_cookie: "",
        }
    }

    /// Applies what may change while the daemon runs: the keys of [`config::Effect::AtReload`]. Everything else in `config` waits
    /// for a restart: running parts get the configuration in force, never `config` itself.
    pub async fn reload(&self, config: &Config) -> Result<(), EngineGone> {
        let mut next = self.in_force();
        next.take_live(config);
        let (rules, commit_interval) = (next.policy(), next.store.commit_interval);
        self.engine.call(move |engine| engine.set_policy(rules, commit_interval)).await?;
        self.cycle.set_dry_run(next.policy.enforcement == Enforcement::DryRun);
        self.pace.send_replace(next.router.poll_interval);
        *self.in_force.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// The configuration as it holds now: what was read at the start, with what a reload took over.
    pub fn in_force(&self) -> Config {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Proves what has to be proved before anything runs. A card that lies about flushes breaks even a synchronous log:
/// better to know before taking money.
fn prove(store: &mut Store) -> Result<LedgerProof, StartError> {
    let mut start = store.prove_at_start()?;
    match &mut start {
        StartProof::Whole(Proved { verified, damaged, checkpoint: _ }) => {
            let Verified { entries, accounts, debts, receipts } = *verified;
            tracing::info!(entries, accounts, debts, receipts, "ledger verified");
            store.protect(std::mem::take(damaged))?;
        }
        StartProof::Since { from, checkpoint } => {
            let (to, from) = (checkpoint.seq, *from);
            tracing::info!(from, to, "ledger verified since the last checkpoint; the whole follows");
        }
    }
    let statistics_lost = store.reader()?.statistics_lost()?;
    Ok(LedgerProof::begin(start, statistics_lost))
}

/// Whether a command needs a reading made after it was asked for, so that every byte goes to whom it belonged then.
fn needs_reading(command: &Command) -> bool {
    match command {
        Command::Import { users, packages: _, findings } => {
            findings.is_empty() && users.iter().any(|user| !user.devices.is_empty())
        }
        Command::Serve(sale) => matches!(sale.customer, CounterCustomer::New { device: Some(_), .. }),
        Command::Bind(_)
        | Command::Unbind { .. }
        | Command::Reset { .. }
        | Command::Register { mac: Some(_), .. } => true,
        Command::AddUser(_)
        | Command::Register { mac: None, .. }
        | Command::ChangeUser(..)
        | Command::DeleteUser(_)
        | Command::ReleaseOrphan(_)
        | Command::Grant(..)
        | Command::Debit { .. }
        | Command::AddDebt(..)
        | Command::ChangeDebt(..)
        | Command::WriteOff { .. }
        | Command::Refund { .. }
        | Command::Review { .. }
        | Command::CloseDrawer { .. }
        | Command::SetPin(..)
        | Command::Buy(..)
        | Command::SettleAll(..)
        | Command::SettleItem(..)
        | Command::PayPart(..)
        | Command::Block(..)
        | Command::Unblock(..)
        | Command::AddPackage(_)
        | Command::ChangePackage(..)
        | Command::DeletePackage(_) => false,
    }
}
