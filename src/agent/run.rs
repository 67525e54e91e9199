//! Keeping the daemon going: one paced loop, the loops of the link, the listeners, and a stop that leaves nothing
//! half done.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

use super::engine::{Engine, EngineHandle};
use super::health_report::report_once;
use super::http::daily_doctor::ExaminationSchedule;
use super::http::state::AppState;
use super::payments::{PaymentError, Payments, RelayError};
use super::site::Site;
use super::{faces, portal, watchdog};
use crate::retry_log::RetryLog;
use crate::tools::backoff;
use crate::web::ConnectionLimits;
use crate::web::serve::serve;

/// The control socket inside the data folder.
pub const SOCKET_FILE: &str = "kuotad.sock";
/// How long open requests may take to finish when the daemon stops.
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// How long closing the store may take then.
const CLOSE_MAX: Duration = Duration::from_millis(1500);
/// From one try to make the control socket to the next, where the disk takes no new file.
const SOCKET_PAUSE: Duration = Duration::from_secs(2);
/// How long one call hangs on the relay's feed.
const FEED_WAIT: Duration = Duration::from_secs(30);
/// The pause after the relay failed; each further one is twice as long ...
const PULL_PAUSE: Duration = Duration::from_secs(1);
/// A feed whose last restart is so long ago may restart at once; one that restarts sooner is left alone for a while ...
const RESTART_QUIET: Duration = Duration::from_mins(10);
/// ... this long, twice as long each time ...
const RESTART_PAUSE: Duration = Duration::from_secs(2);
/// ... and no longer than this.
const RESTART_PAUSE_MAX: Duration = Duration::from_mins(5);
/// ... up to this.
const PULL_PAUSE_MAX: Duration = Duration::from_secs(20);
/// How often the outbox is looked at when nothing in it is due: openings grow old there.
const OUTBOX_PAUSE: Duration = Duration::from_secs(20);
/// How often the proof of the ledger looks whether there is enough for another checkpoint.
const PROOF_PAUSE: Duration = Duration::from_mins(1);
/// How often the copies look whether another one is due.
const COPY_PAUSE: Duration = Duration::from_secs(20);
/// How often it is looked whether an examination is due.
const EXAMINATION_PAUSE: Duration = Duration::from_secs(2);
/// How long a proof that is stopped may take before it is stopped again.
const PROOF_STOP_PAUSE: Duration = Duration::from_millis(20);
/// An outbox item that is due and fails at once is not retried faster than this.
const OUTBOX_PAUSE_MIN: Duration = Duration::from_millis(500);

/// Before the first report to the relay, at least and at most: the router was read by then.
const REPORT_FIRST: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// Between two reports. Not every site reports at the same moment.
const REPORT_PAUSE: [Duration; 2] = [Duration::from_secs(50), Duration::from_secs(70)];
/// After a relay of an older version said that it takes none.
const REPORT_UNKNOWN_PAUSE: [Duration; 2] = [Duration::from_mins(30), Duration::from_mins(33)];

/// Why the daemon did not start or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
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
}

/// Opens the ports and the socket that the configuration names.
pub async fn listen(site: &Site) -> Result<Listeners, RunError> {
    let bind = async |what: &str, address| {
        let listen = |source| RunError::Listen { what: format!("{what} {address}"), source };
        TcpListener::bind(address).await.map_err(listen)
    };
    let admin = bind("admin.listen", site.config.admin.listen).await?;
    let portal = bind("portal.listen", site.config.portal.listen).await?;
    let socket = control_socket(&site.config.data_dir)?;
    Ok(Listeners { admin, portal, socket })
}

/// Runs until `stop` turns true or the engine fails. Committed work is never lost by stopping.
pub async fn run(site: Arc<Site>, listeners: Listeners, stop: watch::Receiver<bool>) -> Result<(), RunError> {
    for (what, listener) in [("admin", &listeners.admin), ("portal", &listeners.portal)] {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "{what} listens");
        }
    }
    let mut stopping = stop.clone();
    let (close, closing) = watch::channel(false);
    let mut proving = tokio::spawn(prove(Arc::clone(&site), closing.clone()));
    let copying = tokio::spawn(copy(Arc::clone(&site), closing.clone()));
    let app = AppState::new(Arc::clone(&site));
    let examining = tokio::spawn(examine(Arc::clone(&app), ExaminationSchedule::new(&site)));
    let mut serving = tokio::spawn(serve_faces(app, listeners, closing));
    let linking = site.payments.link().is_ok().then(|| tokio::spawn(link_loops(Arc::clone(&site))));
    let mut cycle = tokio::spawn(cycle(Arc::clone(&site), stop));
    let feeding = feed_watchdog(site.engine().clone());
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::debug!(%error, "no service manager to tell");
    }
    let failed = tokio::select! {
        _ = stopping.wait_for(|stop| *stop) => None,
        why = site.engine().stopped() => Some(RunError::Engine(why)),
        ended = &mut serving => ended.err().map(|error| RunError::Ended(error.to_string())),
        // Without it nothing is metered or blocked any more.
        ended = &mut cycle => ended.err().map(|error| RunError::Ended(error.to_string())),
    };
    // A service manager that is told so expects the process to end.
    if !*site.restart_wanted().borrow() {
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    }
    cycle.abort();
    if let Some(linking) = &linking {
        linking.abort();
    }
    // After a failure too: pending callers get an error.
    close.send_replace(true);
    let open = !serving.is_finished();
    if open && timeout(DRAIN_MAX, &mut serving).await.is_err() {
        tracing::warn!("requests still open after {DRAIN_MAX:?} are cut");
    }
    serving.abort();
    copying.abort();
    examining.abort();
    stop_proof(&site, &mut proving).await;
    if let Ok(Err(error)) = site.engine().call(Engine::close).await {
        tracing::error!(%error, "the last readings could not be committed; the router still holds them");
    }
    // The store is one whole file when the process ends.
    if timeout(CLOSE_MAX, site.engine().stopped()).await.is_err() {
        tracing::warn!("the store takes longer than {CLOSE_MAX:?} to close; its log stays beside it");
    }
    let _ = std::fs::remove_file(site.config.data_dir.join(SOCKET_FILE));
    if let Some(feeding) = feeding {
        feeding.abort();
    }
    tracing::info!("stopped");
    failed.map_or(Ok(()), Err)
}

/// Feeds the service manager's watchdog, where there is one, until the task is aborted.
fn feed_watchdog(engine: EngineHandle) -> Option<JoinHandle<()>> {
    let deadline = sd_notify::watchdog_enabled().filter(|deadline| !deadline.is_zero())?;
    let alive = || {
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
    };
    Some(tokio::spawn(watchdog::feed(engine, deadline, alive)))
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
    serve_faces(AppState::new(site), listeners, stop).await;
}

async fn serve_faces(app: Arc<AppState>, listeners: Listeners, stop: watch::Receiver<bool>) {
    let site = Arc::clone(&app.site);
    let admin = faces::admin_router_of(app);
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
    let mut pace = site.pace();
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
            () = site.cycle.woken() => false,
        };
        let metered = if due { site.cycle.meter_once().await.map(drop) } else { Ok(()) };
        let result = match metered {
            // A failed read changes nothing, on the router neither.
            Err(error) => Err(error),
            Ok(()) => site.cycle.enforce_once().await.map(drop),
        };
        retry_log.record(result);
    }
}

/// The loops of the link: one reads the feed, one sends the outbox, one reports. None ends by itself.
async fn link_loops(site: Arc<Site>) {
    tokio::join!(pull(&site.payments), outbox(&site), report(&site));
}

/// Proves the ledger in the background.
async fn prove(site: Arc<Site>, mut close: watch::Receiver<bool>) {
    let mut retry_log = RetryLog::error("proof of the ledger");
    loop {
        retry_log.record(site.proof.prove_once(site.engine(), site.clock.now()).await);
        tokio::select! {
            _ = close.wait_for(|close| *close) => return,
            () = tokio::time::sleep(PROOF_PAUSE) => {}
        }
    }
}

/// Makes copies of the store. What a stop leaves of one that is being made is removed by the next.
async fn copy(site: Arc<Site>, mut close: watch::Receiver<bool>) {
    let mut retry_log = RetryLog::warning("copy of the store");
    let mut tail_log = RetryLog::warning("changes since the copy");
    loop {
        tokio::select! {
            _ = close.wait_for(|close| *close) => return,
            () = tokio::time::sleep(COPY_PAUSE) => {}
        }
        retry_log.record(site.copy_once().await);
        tail_log.record(site.tail_once().await);
    }
}

/// Examines router, relay and machine by itself, until the task is aborted.
async fn examine(app: Arc<AppState>, mut schedule: ExaminationSchedule) {
    loop {
        tokio::time::sleep(EXAMINATION_PAUSE).await;
        schedule.examine_once(&app).await;
    }
}

/// Stops the proof and waits until it no longer reads the store, which is closed next.
async fn stop_proof(site: &Site, proving: &mut JoinHandle<()>) {
    let until = Instant::now() + CLOSE_MAX;
    while !proving.is_finished() && Instant::now() < until {
        site.proof.stop();
        let _ = timeout(PROOF_STOP_PAUSE, &mut *proving).await;
    }
    proving.abort();
}

/// Hangs on the feed; a relay that fails is asked again after a pause, or when a call to it succeeded.
async fn pull(payments: &Payments) {
    let Ok(link) = payments.link() else { return };
    let (mut retry_log, mut pauses, mut wait) = (RetryLog::warning("relay feed"), 0_u32, Duration::ZERO);
    let mut restarts = FeedRestarts::default();
    loop {
        let begun = Instant::now();
        let pulled = payments.pull_once(wait).await;
        let news =
            pulled.as_ref().is_ok_and(|applied| applied.items > 0 || applied.more || applied.restarted);
        // Without news the next call hangs on; with news there may be more; after a failure it is found out at once
        // whether the relay is there.
        let idle = pulled.is_ok() && !news;
        let too_fast = idle && wait > Duration::ZERO && begun.elapsed() < PULL_PAUSE;
        wait = if idle { FEED_WAIT } else { Duration::ZERO };
        let failed = pulled.is_err();
        let restarted = pulled.as_ref().is_ok_and(|applied| applied.restarted);
        let restart_pause = if restarted { restarts.note(Instant::now()) } else { Duration::ZERO };
        retry_log.record(pulled.map(drop));
        if !failed && !too_fast && restart_pause.is_zero() {
            pauses = 0;
            continue;
        }
        let longest = backoff::doubled(PULL_PAUSE, pauses, PULL_PAUSE_MAX).max(restart_pause);
        // Not every site comes back at the same moment.
        let jittered = backoff::jittered(longest / 4 * 3, longest);
        tokio::select! {
            () = tokio::time::sleep(jittered) => {}
            () = link.feed_woken() => {}
        }
        pauses = pauses.saturating_add(1);
    }
}

/// How often the feed restarted. A relay that was restored restarts it once; two relays with a store each that answer at
/// one address do so at every call, and each time costs both sides a whole reading.
#[derive(Debug, Default)]
struct FeedRestarts {
    last: Option<Instant>,
    /// Restarts that came too soon after the one before, without a quiet time between.
    repeated: u32,
}

impl FeedRestarts {
    /// Notes a restart of the feed. Returns how long to pause: not at all after a quiet time, then ever longer.
    fn note(&mut self, now: Instant) -> Duration {
        let before = self.last.replace(now);
        if before.is_none_or(|before| now.duration_since(before) > RESTART_QUIET) {
            self.repeated = 0;
            return Duration::ZERO;
        }
        let pause = backoff::doubled(RESTART_PAUSE, self.repeated, RESTART_PAUSE_MAX);
        self.repeated = self.repeated.saturating_add(1);
        tracing::warn!(
            pause_s = pause.as_secs(),
            "the relay's feed restarted again: do two relays with a store each answer at relay.url?"
        );
        pause
    }
}

/// Sends outbox items when there are new ones, and again when they are due.
async fn outbox(site: &Site) {
    let Ok(link) = site.payments.link() else { return };
    let mut retry_log = RetryLog::warning("outbox to the relay");
    loop {
        let next = site.payments.outbox_once().await;
        let due = next.as_ref().ok().copied().flatten();
        retry_log.record(next.map(drop));
        let ms = due.map_or(0, |at| at.0.saturating_sub(site.clock.now().0));
        let until =
            u64::try_from(ms).ok().filter(|_| due.is_some()).map_or(OUTBOX_PAUSE, Duration::from_millis);
        tokio::select! {
            () = tokio::time::sleep(until.clamp(OUTBOX_PAUSE_MIN, OUTBOX_PAUSE)) => {}
            () = link.outbox_woken() => {}
        }
    }
}

/// Reports to the relay how the daemon is. Failures are nobody's business: the feed's loop says when the relay is away.
async fn report(site: &Site) {
    let mut pause = REPORT_FIRST;
    loop {
        tokio::time::sleep(backoff::jittered(pause[0], pause[1])).await;
        let reported = report_once(site).await;
        if let Err(error) = &reported {
            tracing::debug!(%error, "the health report was not taken");
        }
        pause = report_pause(&reported);
    }
}

/// The least and the longest time to the next report.
fn report_pause(reported: &Result<(), PaymentError>) -> [Duration; 2] {
    match reported {
        Err(PaymentError::Relay(RelayError::NotFound)) => REPORT_UNKNOWN_PAUSE,
        Ok(()) | Err(_) => REPORT_PAUSE,
    }
}

fn paced(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_takes_no_reports_is_asked_again_after_half_an_hour() {
        let after = |error: RelayError| report_pause(&Err(error.into()))[0];
        assert_eq!(after(RelayError::NotFound), Duration::from_mins(30));
        let minute = |pause: Duration| (50..=70).contains(&pause.as_secs());
        assert!(minute(after(RelayError::Unreachable("a proxy says 404".to_owned()))));
        assert!(report_pause(&Ok(())).into_iter().all(minute));
    }

    #[test]
    fn a_feed_that_restarts_at_every_call_is_asked_ever_less_often() {
        let mut restarts = FeedRestarts::default();
        let (start, mut now) = (Instant::now(), Instant::now());
        let mut calls = 0;
        while now - start < Duration::from_hours(1) {
            now += restarts.note(now).max(Duration::from_millis(1));
            calls += 1;
        }
        assert!((10..=25).contains(&calls), "{calls} restarts in an hour");
        assert_eq!(restarts.note(now), RESTART_PAUSE_MAX);
        let quiet = now + RESTART_QUIET + Duration::from_secs(1);
        assert_eq!(restarts.note(quiet), Duration::ZERO, "one restart after a quiet time costs nothing");
    }
}
