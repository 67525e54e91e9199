//! Copies of the store that the daemon makes by itself: one on the card, and one on another disk where one is configured.
//!
//! A copy is proven when it is made, compressed, encrypted for the recovery key where there is one, read back, and
//! renamed last. What is in `log` is therefore good. `setup` has what is copied and where to, `error` why it was not. [`keep`](keep::surplus) decides what is removed, `names` which
//! files are ours, `disk` where a disk is, `job` does the work on a thread of its own. `settings` is what of the desk goes with an encrypted
//! copy, `fetch` gets the newest copy back from a server, `restore` makes a copy the store.

mod disk;
mod error;
mod fetch;
mod job;
mod keep;
mod kit;
mod listing;
mod log;
mod names;
mod restore;
mod s3;
#[cfg(test)]
mod server_tests;
mod settings;
mod setup;
mod signing;
mod tail;
mod vault;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;

use self::job::CopyJob;
use self::tail::TailChain;
use super::engine::{Engine, EngineHandle};
use crate::domain::instance::Instance;
use crate::domain::units::Timestamp;
use crate::identity::site_secret::SiteSecret;
use crate::store::Unwritable;
use crate::store::backup;
use crate::tools::digest;

pub use disk::{DiskCopy, Disks, free_for_copies};
pub use error::{CopyError, RemoteError};
pub use fetch::{CopySource, FetchError, FetchedCopy};
pub use kit::{KitError, RECIPIENT_FILE, RecoveryKit, keep_public_half, make_kit, public_half};
pub use log::{CopyLog, CopyRecord};
pub use names::COPIES_FOLDER;
pub use restore::{PreparedCopy, RestoredCopy, SettingsOutcome, remove_unpacked};
pub use s3::S3Bucket;
pub use settings::{CopiedSettings, PlacedSettings};
pub use setup::{CopySetup, recipient};
pub use signing::BucketKeys;
pub use vault::{VaultClient, new_recovery_token};

/// Time to the next try after work that failed. A disk that is absent is looked for at every turn.
const RETRY_AFTER_MS: i64 = 10 * 60_000;
/// A copy off the card that is older is too old.
pub const AWAY_AGE_MAX: Duration = Duration::from_hours(48);

/// How the copies are.
#[derive(Clone, Debug, Default)]
pub struct CopiesState {
    /// The last good copies.
    pub log: CopyLog,
    /// Why the last turn failed.
    pub error: Option<String>,
    /// When it did.
    pub failed_at: Option<Timestamp>,
    /// Turns that failed since the start.
    pub failures: u64,
    /// When the last segment of the tail was sent, since the start.
    pub tail_at: Option<Timestamp>,
    /// Why the last one was not sent.
    pub tail_error: Option<String>,
}

/// The copies of one site.
#[derive(Debug)]
pub struct Copies {
    /// Part of the names of its files, so that several sites can use one disk.
    tag: String,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    disks: Disks,
    /// `None` until it was read.
    log: Option<CopyLog>,
    is_asked: bool,
    error: Option<String>,
    failed_at: Option<Timestamp>,
    retry_at: Option<Timestamp>,
    failures: u64,
    /// The digest of a copy that this run made and that is not at the target yet.
    made: Option<String>,
    /// The tail of the copy at the target.
    chain: Option<TailChain>,
    /// The tail has to begin with another copy.
    needs_base: bool,
    tail_at: Option<Timestamp>,
    tail_error: Option<String>,
}

impl Copies {
    /// Of the site with this secret.
    pub fn new(secret: &SiteSecret) -> Self {
        let digest = digest::of_parts([b"kuota copies".as_slice(), secret.bytes()]);
        let tag = data_encoding::HEXLOWER.encode(&digest[..4]);
        Self { tag, inner: Mutex::default() }
    }

    /// Looks for disks elsewhere.
    pub fn use_disks(&self, disks: Disks) {
        self.inner().disks = disks;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How they are.
    pub fn state(&self, data_dir: &Path) -> CopiesState {
        let mut inner = self.inner();
        let log = inner.log.get_or_insert_with(|| CopyLog::read(data_dir)).clone();
        let Inner { error, failed_at, failures, tail_at, tail_error, .. } = &*inner;
        CopiesState {
            log,
            error: error.clone().or_else(|| tail_error.clone()),
            failed_at: *failed_at,
            failures: *failures,
            tail_at: *tail_at,
            tail_error: tail_error.clone(),
        }
    }

    /// Has the next turn make a copy in any case.
    pub fn ask(&self) {
        self.inner().is_asked = true;
    }

    /// One turn: makes a copy if the last one is older than `backup.every` and something changed, and brings it to the
    /// target if it is not there. Returns at once if nothing is due.
    pub async fn copy_once(
        &self,
        engine: &EngineHandle,
        setup: CopySetup,
        now: Timestamp,
        uptime: Duration,
    ) -> Result<(), CopyError> {
        let Some(job) = self.due(&setup, now) else { return Ok(()) };
        let done = self.run(engine, job, now, uptime).await;
        let mut inner = self.inner();
        inner.is_asked = false;
        (inner.error, inner.failed_at, inner.retry_at) = match &done {
            Ok(()) => (None, None, None),
            Err(error) => {
                let retry_at = (!error.is_cheap()).then_some(Timestamp(now.0 + RETRY_AFTER_MS));
                (Some(error.to_string()), Some(now), retry_at)
            }
        };
        inner.failures += u64::from(done.is_err());
        done
    }

    async fn run(
        &self,
        engine: &EngineHandle,
        mut job: CopyJob,
        now: Timestamp,
        uptime: Duration,
    ) -> Result<(), CopyError> {
        let look = |engine: &mut Engine| {
            // Before the copy: its tail has everything from here on.
            engine.store_mut().begin_pages();
            let is_passive = engine.unwritable().is_some_and(Unwritable::is_passive);
            (engine.new_reader(), engine.clock_doubt().is_none(), is_passive, engine.instance())
        };
        let (reader, is_clock_trusted, is_passive, instance) = engine.call(look).await?;
        job.instance = instance;
        if is_passive {
            // Another machine may be at work: its copies are the newer ones, under the same names.
            return Ok(());
        }
        let reader = reader?;
        let work = move || {
            let done = job.run(&reader, is_clock_trusted, now);
            (job.log, job.made, done)
        };
        let (log, made, done) = spawn_blocking(work).await.map_err(|_| CopyError::Thread)?;
        self.inner().note_made(made, &log, uptime);
        self.inner().log = Some(log);
        done
    }

    /// The work that is due.
    fn due(&self, setup: &CopySetup, now: Timestamp) -> Option<CopyJob> {
        let mut inner = self.inner();
        let log = inner.log.get_or_insert_with(|| CopyLog::read(&setup.data_dir)).clone();
        if setup.backup.every.is_zero() {
            (inner.error, inner.failed_at) = (None, None);
            return None;
        }
        let waits = |at: Timestamp| at.0 > now.0 && at.0 - now.0 <= RETRY_AFTER_MS;
        if inner.retry_at.is_some_and(waits) && !inner.is_asked {
            return None;
        }
        // A copy that waits for the target is the base of the next tail.
        let needs_base = inner.needs_base && inner.made.is_none();
        let has_news = log.lacks_settings(&setup.data_dir, now);
        let is_due = inner.is_asked || needs_base || has_news || log.is_due(setup.backup.every, now);
        let job = CopyJob {
            tag: self.tag.clone(),
            setup: setup.clone(),
            disks: inner.disks.clone(),
            log,
            instance: Instance::FIRST,
            must_copy: inner.is_asked || needs_base,
            is_due,
            made: None,
        };
        (is_due || job.lacks_target()).then_some(job)
    }
}

impl Inner {
    /// A copy was made, or brought to the target: its tail begins there, and that of the copy before ends when it is made.
    fn note_made(&mut self, made: Option<String>, log: &CopyLog, uptime: Duration) {
        if made.is_some() {
            (self.made, self.chain, self.needs_base) = (made, None, false);
        }
        let away = log.away.as_ref().filter(|away| self.made.as_ref() == Some(&away.sha256));
        if let Some(away) = away {
            (self.chain, self.made) = (Some(TailChain::of(away, uptime)), None);
        }
    }
}

/// When the last copy was made that is not on the card: at the target, or by a person with `kuotad backup` or the desk.
pub fn last_away(data_dir: &Path, log: &CopyLog) -> Option<Timestamp> {
    let fetched = backup::last(data_dir).and_then(|at| crate::clock::parse_rfc3339(&at));
    fetched.max(log.away.as_ref().map(CopyRecord::at))
}

/// The state of the copies in a word: `ok`; `degraded` if the last turn failed, or none off the card is young enough;
/// `down` if the one on the card is missing or too old; `off` if none are made.
pub fn copies_word(
    state: &CopiesState,
    away_at: Option<Timestamp>,
    every: Duration,
    now: Timestamp,
) -> &'static str {
    let is_young = |at: Timestamp, most: Duration| {
        now.0.saturating_sub(at.0) <= i64::try_from(most.as_millis()).unwrap_or(i64::MAX)
    };
    let card = state.log.card.as_ref().map(CopyRecord::at);
    if every.is_zero() {
        "off"
    } else if !card.is_some_and(|at| is_young(at, card_age_max(every))) {
        "down"
    } else if state.error.is_some() || !away_at.is_some_and(|at| is_young(at, AWAY_AGE_MAX)) {
        "degraded"
    } else {
        "ok"
    }
}

/// A copy on the card that is older is too old: one was left out, and the next failed.
pub fn card_age_max(every: Duration) -> Duration {
    every * 2 + Duration::from_hours(1)
}
