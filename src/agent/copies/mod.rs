//! Copies of the store that the daemon makes by itself: one on the card, and one on another disk where one is configured.
//!
//! A copy is proven when it is made, compressed, encrypted for the recovery key where there is one, read back, and
//! renamed last. What is in `log` is therefore good. [`keep`](keep::surplus) decides what is removed, `names` which
//! files are ours, `disk` where a disk is, `job` does the work on a thread of its own.

mod disk;
mod job;
mod keep;
mod kit;
mod log;
mod names;
mod s3;
mod vault;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;

use self::job::CopyJob;
use super::config::{Backup, Relay};
use super::engine::{Engine, EngineGone, EngineHandle};
use crate::domain::units::Timestamp;
use crate::identity::site_secret::SiteSecret;
use crate::store::backup::{self, BackupError};
use crate::store::{StoreError, Unwritable};
use crate::tools::age::Recipient;
use crate::tools::digest;

pub use disk::Disks;
pub use kit::{KitError, RecoveryKit, make_kit, public_half};
pub use log::{CopyLog, CopyRecord};
pub use names::COPIES_FOLDER;
pub use vault::{VaultClient, new_recovery_token};

/// The public key of the recovery kit, inside the data folder.
pub const RECIPIENT_FILE: &str = "recovery.recipient";
/// Time to the next try after work that failed. A disk that is absent is looked for at every turn.
const RETRY_AFTER_MS: i64 = 10 * 60_000;
/// A copy off the card that is older is too old.
pub const AWAY_AGE_MAX: Duration = Duration::from_hours(48);

/// Why there is no new copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The copy was not made, or not written.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The copy would fill the card.
    #[error(
        "a copy needs {need_mb} MB free in {folder}, where {free_mb} MB are: free space, or set backup.every = \"0s\""
    )]
    NoRoom {
        /// Where.
        folder: PathBuf,
        /// Megabytes that must be free.
        need_mb: u64,
        /// Megabytes that are.
        free_mb: u64,
    },
    /// The target is not there.
    #[error("{what}: the copy waits on the card until the disk is there")]
    Absent {
        /// What is absent.
        what: String,
    },
    /// The target is on the disk of the store.
    #[error(
        "{} is on the same disk as the store and would be lost with it: mount the other disk there, or set backup.target",
        folder.display()
    )]
    SameDisk {
        /// The target.
        folder: PathBuf,
    },
    /// The public key cannot be used.
    #[error("backup.recipient_file: {} {why}", file.display())]
    Recipient {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing leaves this site in clear over a network.
    #[error(
        "copies go to {place} encrypted only: make a recovery kit (kuotad recovery-kit), or set backup.recipient_file"
    )]
    NoKey {
        /// The target.
        place: String,
    },
    /// A server that keeps copies did not take one.
    #[error("{place}: {why}; the copy waits on the card")]
    Remote {
        /// What was asked of which server.
        place: String,
        /// What went wrong.
        why: String,
    },
    /// The thread of the work failed.
    #[error("the copy ended by itself")]
    Thread,
}

impl CopyError {
    /// Whether the next turn finds out for nothing whether it is over.
    fn is_cheap(&self) -> bool {
        match self {
            Self::Absent { .. } | Self::SameDisk { .. } | Self::Recipient { .. } | Self::NoKey { .. } => true,
            Self::Gone(_)
            | Self::Store(_)
            | Self::Backup(_)
            | Self::NoRoom { .. }
            | Self::Remote { .. }
            | Self::Thread => false,
        }
    }
}

/// What is to be copied, and where to.
#[derive(Clone, Debug)]
pub struct CopySetup {
    /// The folder of the store.
    pub data_dir: PathBuf,
    /// The section of the configuration in force.
    pub backup: Backup,
    /// The relay, whose vault can be the target.
    pub relay: Option<Relay>,
}

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
        let Inner { error, failed_at, failures, .. } = &*inner;
        CopiesState { log, error: error.clone(), failed_at: *failed_at, failures: *failures }
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
    ) -> Result<(), CopyError> {
        let Some(job) = self.due(&setup, now) else { return Ok(()) };
        let done = self.run(engine, job, now).await;
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

    async fn run(&self, engine: &EngineHandle, mut job: CopyJob, now: Timestamp) -> Result<(), CopyError> {
        let look = |engine: &mut Engine| {
            let is_passive = matches!(engine.unwritable(), Some(Unwritable::Passive));
            (engine.new_reader(), engine.clock_doubt().is_none(), is_passive)
        };
        let (reader, is_clock_trusted, is_passive) = engine.call(look).await?;
        if is_passive {
            // Another machine may be at work: its copies are the newer ones, under the same names.
            return Ok(());
        }
        let reader = reader?;
        let work = move || {
            let done = job.run(&reader, is_clock_trusted, now);
            (job.log, done)
        };
        let (log, done) = spawn_blocking(work).await.map_err(|_| CopyError::Thread)?;
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
        let is_due = inner.is_asked || log.is_due(setup.backup.every, now);
        let job = CopyJob {
            tag: self.tag.clone(),
            setup: setup.clone(),
            disks: inner.disks.clone(),
            log,
            must_copy: inner.is_asked,
            is_due,
        };
        (is_due || job.lacks_target()).then_some(job)
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

/// The public key for which copies at the target are encrypted.
pub fn recipient(setup: &CopySetup) -> Result<Option<Recipient>, CopyError> {
    let named = &setup.backup.recipient_file;
    let is_named = !named.as_os_str().is_empty();
    let file = if is_named { named.clone() } else { setup.data_dir.join(RECIPIENT_FILE) };
    let refused = |why: String| CopyError::Recipient { file: file.clone(), why };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        // Without a kit there is no key.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => return Ok(None),
        Err(error) => return Err(refused(format!("cannot be read: {error}"))),
    };
    let key = kit::key_line(&text).and_then(Recipient::parse);
    key.map(Some).ok_or_else(|| refused("holds no public key (age1...)".to_owned()))
}
