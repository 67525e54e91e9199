//! Putting the daemon together and keeping it going: one paced loop, the listeners, and a stop that leaves
//! nothing half done.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use super::config::{self, Config, Enforcement, Language};
use super::engine::{Engine, EngineGone, EngineHandle, Notifier, Parts};
use super::payments::{Link, Relay};
use super::site::Service;
use super::{faces, portal, watchdog};
use crate::agent::router::site_plan::list_names;
use crate::clock::Clock;
use crate::identity::signed_tokens::SignedTokens;
use crate::retry_log::RetryLog;
use crate::routeros::Router;
use crate::routeros::lists::ListNames;
use crate::store::{Broken, Store, StoreError, Unwritable, Verified};
use crate::tools::backoff;
use crate::ui::layout;
use crate::ui::layout::PageDefaults;
use crate::web::serve::serve;
use crate::web::status_counts::StatusCounts;
use crate::web::{ConnectionLimits, Problem};

/// The control socket inside the data folder.
pub const SOCKET_FILE: &str = "kuotad.sock";
/// How long open requests may take to finish when the daemon stops.
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// The code of problems that a failing store causes.
pub(super) const STORE_FAILED: &str = "store_failed";
/// How long closing the store may take then.
const CLOSE_MAX: Duration = Duration::from_millis(1500);
/// From one try to make the control socket to the next, where the disk takes no new file.
const SOCKET_PAUSE: Duration = Duration::from_secs(2);
/// How long one call hangs on the relay's feed.
const FEED_WAIT: Duration = Duration::from_secs(30);
/// The pause after the relay failed; each further one is twice as long ...
const PULL_PAUSE: Duration = Duration::from_secs(1);
/// A feed that began anew so long ago may do so again at once; one that does so sooner is left alone for a while ...
const RESTART_QUIET: Duration = Duration::from_mins(10);
/// ... this long, twice as long each time ...
const RESTART_PAUSE: Duration = Duration::from_secs(2);
/// ... and no longer than this.
const RESTART_PAUSE_MAX: Duration = Duration::from_mins(5);
/// ... up to this.
const PULL_PAUSE_MAX: Duration = Duration::from_secs(20);
/// How often the outbox is looked at when nothing in it is due: openings grow old there.
const ERRANDS_PAUSE: Duration = Duration::from_secs(20);
/// An errand that is due and fails at once is not tried faster than this.
const ERRANDS_PAUSE_MIN: Duration = Duration::from_millis(500);

/// Why the daemon did not start or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger does not add up; starting would build on sand.
    #[error("the ledger is broken, so nothing was started: {0}; restore a backup")]
    Ledger(#[from] Broken),
    /// A port or the socket cannot be had.
    #[error("cannot listen on {what}: {source}; is another kuotad running?")]
    Listen {
        /// Which.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The engine stopped: the card failed.
    #[error("the ledger stopped: {0}")]
    Engine(String),
    /// A task that must not end did.
    #[error("a part of the daemon ended: {0}")]
    Ended(String),
    /// The system refused a thread or a task.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The daemon's parts, put together but not yet running. Commands without a daemon use them the same way.
pub struct Site {
    /// What it is configured to do.
    pub config: Config,
    /// Its doings.
    pub service: Arc<Service>,
    /// The only now.
    pub clock: Arc<dyn Clock>,
    /// What it signs and knows again.
    pub signed_tokens: SignedTokens,
    /// What its servers answered.
    pub answers: Answers,
    /// Time from one reading to the next.
    pace: watch::Sender<Duration>,
    /// The configuration with what a reload took over.
    in_force: Mutex<Config>,
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
    ) -> Result<Self, RunError> {
        let mut store = Store::open(&config.data_dir)?;
        // A card that lies about flushes breaks even a synchronous log: better to know before taking money.
        let (verified, damaged) = store.reader()?.verify_money()?;
        let Verified { entries, accounts, debts, receipts } = verified;
        tracing::info!(entries, accounts, debts, receipts, "ledger verified");
        store.protect(damaged)?;
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
        let signed_tokens = SignedTokens::new(engine.site_secret());
        let engine = EngineHandle::spawn(engine)?;
        let dry_run = config.policy.enforcement == Enforcement::DryRun;
        let link = relay.map(|relay| Link::new(relay, config.portal.public_url.to_string()));
        let service = Service::new(engine, router, link, Arc::clone(&clock), dry_run).with_lists(lists);
        let service = Arc::new(service);
        let pace = watch::Sender::new(config.router.poll_interval);
        let in_force = Mutex::new(config.clone());
        Ok(Self { config, service, clock, signed_tokens, answers: Answers::default(), pace, in_force })
    }

    /// How the site's pages are by default. `hindrance` says to their readers why nothing can be changed.
    pub(super) fn house(&self, hindrance: fn(Language, &Unwritable) -> String) -> PageDefaults {
        let complain = Arc::new(layout::complain);
        let engine = self.service.engine().clone();
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
            complain,
            hindrance,
            noticed,
        }
    }

    /// Takes over what may change while the daemon runs, the keys of [`config::Effect::AtReload`]. Everything else in `config` waits
    /// for a restart: what runs is told the configuration in force, never `config` itself.
    pub async fn reload(&self, config: &Config) -> Result<(), EngineGone> {
        let mut next = self.in_force();
        next.take_live(config);
        let (rules, commit_interval) = (next.policy(), next.store.commit_interval);
        self.service.engine().call(move |engine| engine.set_policy(rules, commit_interval)).await?;
        self.service.set_dry_run(next.policy.enforcement == Enforcement::DryRun);
        self.pace.send_replace(next.router.poll_interval);
        *self.in_force.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// The configuration as it holds now: what was read at the start, with what a reload took over.
    pub fn in_force(&self) -> Config {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens the ports and the socket that the configuration names.
    pub async fn listen(&self) -> Result<Listeners, RunError> {
        let bind = async |what: &str, address| {
            let listen = |source| RunError::Listen { what: format!("{what} {address}"), source };
            TcpListener::bind(address).await.map_err(listen)
        };
        let admin = bind("admin.listen", self.config.admin.listen).await?;
        let portal = bind("portal.listen", self.config.portal.listen).await?;
        let socket = control_socket(&self.config.data_dir)?;
        Ok(Listeners { admin, portal, socket })
    }

    /// Runs until `stop` turns true or the engine fails. Committed work is never lost by stopping.
    pub async fn run(
        self: Arc<Self>,
        listeners: Listeners,
        stop: watch::Receiver<bool>,
    ) -> Result<(), RunError> {
        for (what, listener) in [("admin", &listeners.admin), ("portal", &listeners.portal)] {
            if let Ok(address) = listener.local_addr() {
                tracing::info!(%address, "{what} listens");
            }
        }
        let mut stopping = stop.clone();
        let (close, closing) = watch::channel(false);
        let mut serving = tokio::spawn(serve_all(Arc::clone(&self), listeners, closing));
        let linking = self.service.link().is_ok().then(|| tokio::spawn(link_loops(Arc::clone(&self))));
        let mut cycle = tokio::spawn(cycle(Arc::clone(&self), stop));
        let feeding = self.feed_watchdog();
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
            tracing::debug!(%error, "no service manager to tell");
        }
        let failed = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => None,
            why = self.service.engine().stopped() => Some(RunError::Engine(why)),
            ended = &mut serving => ended.err().map(|error| RunError::Ended(error.to_string())),
            // Without it nothing is metered or blocked any more.
            ended = &mut cycle => ended.err().map(|error| RunError::Ended(error.to_string())),
        };
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        cycle.abort();
        if let Some(linking) = &linking {
            linking.abort();
        }
        // After a failure too: whoever asked is told that it was not done.
        close.send_replace(true);
        let open = !serving.is_finished();
        if open && timeout(DRAIN_MAX, &mut serving).await.is_err() {
            tracing::warn!("requests still open after {DRAIN_MAX:?} are cut");
        }
        serving.abort();
        if let Ok(Err(error)) = self.service.engine().call(Engine::close).await {
            tracing::error!(%error, "the last readings could not be committed; the router still holds them");
        }
        // The store is one whole file when the process ends.
        if timeout(CLOSE_MAX, self.service.engine().stopped()).await.is_err() {
            tracing::warn!("the store takes longer than {CLOSE_MAX:?} to close; its log stays beside it");
        }
        let _ = std::fs::remove_file(self.config.data_dir.join(SOCKET_FILE));
        if let Some(feeding) = feeding {
            feeding.abort();
        }
        tracing::info!("stopped");
        failed.map_or(Ok(()), Err)
    }

    /// Feeds the service manager's watchdog, where there is one, until the task is aborted.
    fn feed_watchdog(&self) -> Option<JoinHandle<()>> {
        let deadline = sd_notify::watchdog_enabled().filter(|deadline| !deadline.is_zero())?;
        let alive = || {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        };
        Some(tokio::spawn(watchdog::feed(self.service.engine().clone(), deadline, alive)))
    }
}

/// Open ports, before anything is served on them.
pub struct Listeners {
    /// Admin HTTP on the LAN.
    pub admin: TcpListener,
    /// Pages for customers on the LAN.
    pub portal: TcpListener,
    /// The operator's commands on this machine.
    /// Made later where the disk takes no new file.
    pub socket: Option<UnixListener>,
}

/// Serves every listener until `stop` turns true and open requests have ended.
pub async fn serve_all(site: Arc<Site>, listeners: Listeners, stop: watch::Receiver<bool>) {
    let admin = faces::admin_router(Arc::clone(&site));
    let data_dir = site.config.data_dir.clone();
    let config = Arc::new(site.config.clone());
    tokio::join!(
        serve(listeners.admin, admin.clone(), config.desk_limits(), stop.clone()),
        serve_socket(listeners.socket, data_dir, admin, stop.clone()),
        serve(listeners.portal, portal::router(site), config.portal_limits(), stop),
    );
}

/// Serves the control socket, which is made as soon as the disk takes it.
async fn serve_socket(
    mut socket: Option<UnixListener>,
    data_dir: PathBuf,
    admin: axum::Router,
    mut stop: watch::Receiver<bool>,
) {
    while socket.is_none() {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(SOCKET_PAUSE) => {}
        }
        socket = control_socket(&data_dir).unwrap_or_default();
    }
    if let Some(socket) = socket {
        serve(socket, admin, ConnectionLimits::default(), stop).await;
    }
}

/// The store's lock says that no other daemon lives, so a socket file that is there is a leftover.
///
/// Nothing where the disk is full or can only be read: pages go on without it.
fn control_socket(data_dir: &Path) -> Result<Option<UnixListener>, RunError> {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match make_control_socket(data_dir) {
        Ok(socket) => Ok(Some(socket)),
        Err(RunError::Listen { what, source })
            if matches!(source.kind(), QuotaExceeded | ReadOnlyFilesystem | StorageFull) =>
        {
            tracing::warn!("{what}: {source}; commands reach the daemon when the disk takes files again");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn make_control_socket(data_dir: &Path) -> Result<UnixListener, RunError> {
    use std::os::unix::fs::PermissionsExt;
    let path = data_dir.join(SOCKET_FILE);
    let listen = |source| RunError::Listen { what: path.display().to_string(), source };
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(listen(error)),
        _ => {}
    }
    let socket = UnixListener::bind(&path).map_err(listen)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660)).map_err(listen)?;
    Ok(socket)
}

/// The paced loop: meter and enforce every poll interval, enforce at once when something changed.
async fn cycle(site: Arc<Site>, mut stop: watch::Receiver<bool>) {
    let mut pace = site.pace.subscribe();
    let mut ticks = paced(*pace.borrow_and_update());
    let mut retry_log = RetryLog::warning("router cycle");
    loop {
        let due = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            Ok(()) = pace.changed() => {
                ticks = paced(*pace.borrow_and_update());
                continue;
            }
            _ = ticks.tick() => true,
            () = site.service.nudged() => false,
        };
        let metered = if due { site.service.meter_once().await.map(drop) } else { Ok(()) };
        let result = match metered {
            // A failed read changes nothing, on the router neither.
            Err(error) => Err(error),
            Ok(()) => site.service.enforce_once().await.map(drop),
        };
        retry_log.record(result);
    }
}

/// The loops of the link: one hangs on the feed, one runs errands. Neither ends by itself.
async fn link_loops(site: Arc<Site>) {
    tokio::join!(pull(&site.service), outbox(&site.service));
}

/// Hangs on the feed; a relay that fails is asked again after a pause, or when a call to it succeeded.
async fn pull(service: &Service) {
    let Ok(link) = service.link() else { return };
    let (mut retry_log, mut pause, mut wait) = (RetryLog::warning("relay feed"), PULL_PAUSE, Duration::ZERO);
    let mut restarts = FeedRestarts::default();
    loop {
        let begun = Instant::now();
        let pulled = service.pull_once(wait).await;
        let news =
            pulled.as_ref().is_ok_and(|applied| applied.items > 0 || applied.more || applied.restarted);
        // Without news the next call hangs on; with news there may be more; after a failure it is found out at once
        // whether the relay is there.
        let idle = pulled.is_ok() && !news;
        let too_fast = idle && wait > Duration::ZERO && begun.elapsed() < PULL_PAUSE;
        wait = if idle { FEED_WAIT } else { Duration::ZERO };
        let failed = pulled.is_err();
        let restarted = pulled.as_ref().is_ok_and(|applied| applied.restarted);
        let restart_pause = if restarted { restarts.noted(Instant::now()) } else { Duration::ZERO };
        retry_log.record(pulled.map(drop));
        if !failed && !too_fast && restart_pause.is_zero() {
            pause = PULL_PAUSE;
            continue;
        }
        let longest = pause.max(restart_pause);
        // Not every site comes back at the same moment.
        let jittered = backoff::jittered(longest / 4 * 3, longest);
        tokio::select! {
            () = tokio::time::sleep(jittered) => {}
            () = link.feed_woken() => {}
        }
        pause = (pause * 2).min(PULL_PAUSE_MAX);
    }
}

/// How often the feed began anew. A relay that was restored does so once; two relays with a store each that answer at
/// one address do so at every call, and each time costs both sides a whole reading.
#[derive(Debug, Default)]
struct FeedRestarts {
    last: Option<Instant>,
    pause: Duration,
}

impl FeedRestarts {
    /// The feed began anew. Answers how long to leave it alone: not at all after a quiet time, then ever longer.
    fn noted(&mut self, now: Instant) -> Duration {
        let before = self.last.replace(now);
        if before.is_none_or(|before| now.duration_since(before) > RESTART_QUIET) {
            self.pause = Duration::ZERO;
        } else {
            self.pause = (self.pause * 2).clamp(RESTART_PAUSE, RESTART_PAUSE_MAX);
            tracing::warn!(
                pause_s = self.pause.as_secs(),
                "the relay's feed began anew again: do two relays with a store each answer at relay.url?"
            );
        }
        self.pause
    }
}

/// Runs errands when there are new ones, and again when they are due.
async fn outbox(service: &Service) {
    let Ok(link) = service.link() else { return };
    let mut retry_log = RetryLog::warning("errands to the relay");
    loop {
        let next = service.outbox_once().await;
        let due = next.as_ref().ok().copied().flatten();
        retry_log.record(next.map(drop));
        let ms = due.map_or(0, |at| at.0.saturating_sub(service.now().0));
        let until =
            u64::try_from(ms).ok().filter(|_| due.is_some()).map_or(ERRANDS_PAUSE, Duration::from_millis);
        tokio::select! {
            () = tokio::time::sleep(until.clamp(ERRANDS_PAUSE_MIN, ERRANDS_PAUSE)) => {}
            () = link.outbox_woken() => {}
        }
    }
}

fn paced(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
