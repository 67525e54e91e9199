//! The tail: what changed since the copy at the target goes after it, soon after money, a customer or a device changed, and
//! every quarter of an hour otherwise.
//!
//! It begins with a copy that this run of the daemon made: what an earlier run did not send is not known. A segment whose answer
//! was lost is sent again as it was.

use std::time::Duration;

use tokio::task::spawn_blocking;

use super::Copies;
use super::error::{CopyError, RemoteError};
use super::log::CopyRecord;
use super::names::tail_name;
use super::s3::S3Bucket;
use super::setup::{CopySetup, recipient};
use super::vault::VaultClient;
use crate::agent::config::CopyTarget;
use crate::agent::engine::{Engine, EngineHandle};
use crate::domain::instance::Instance;
use crate::domain::units::Timestamp;
use crate::store::tail::{SEGMENT_PAGES_MAX, SEGMENTS_MAX, SealedSegment, TailPlace, seal};
use crate::store::{PagesWaiting, Unwritable};

/// Time between two segments while only devices used something.
const CALM_PAUSE: Duration = Duration::from_mins(15);
/// The most bytes of one copy's tail: the relay's vault has a little more room.
const TAIL_BYTES_MAX: u64 = 14 << 20;

/// The tail of the copy at the target.
#[derive(Clone, Debug)]
pub(super) struct TailChain {
    /// The file of the copy.
    file: String,
    /// The number of the copy at the target; those of its segments follow it.
    seq: i64,
    place: TailPlace,
    bytes: u64,
    /// When the last one was sent, in time since boot.
    sent_at: Duration,
    /// A segment that may or may not have arrived.
    unsent: Option<SealedSegment>,
}

impl TailChain {
    /// After a copy that was made in this run and is at the target.
    pub fn of(copy: &CopyRecord, now: Duration) -> Self {
        Self {
            file: copy.file.clone(),
            seq: copy.at_ms,
            place: TailPlace::first(&copy.sha256),
            bytes: 0,
            sent_at: now,
            unsent: None,
        }
    }

    fn is_full(&self) -> bool {
        self.place.number > SEGMENTS_MAX || self.bytes > TAIL_BYTES_MAX
    }
}

/// What the engine says before a segment is made.
struct TailFacts {
    waiting: PagesWaiting,
    is_passive: bool,
    instance: Instance,
}

impl Copies {
    /// One turn of the tail: sends what waits, if it is time. Returns at once where there is no tail.
    pub async fn tail_once(
        &self,
        engine: &EngineHandle,
        setup: &CopySetup,
        now: Timestamp,
        uptime: Duration,
    ) -> Result<(), CopyError> {
        if !has_tail(setup) {
            return Ok(());
        }
        let sent = self.send_tail(engine, setup, now, uptime).await;
        let mut inner = self.inner();
        match &sent {
            Ok(true) => (inner.tail_at, inner.tail_error) = (Some(now), None),
            Ok(false) => {}
            Err(error) => inner.tail_error = Some(error.to_string()),
        }
        sent.map(drop)
    }

    async fn send_tail(
        &self,
        engine: &EngineHandle,
        setup: &CopySetup,
        now: Timestamp,
        uptime: Duration,
    ) -> Result<bool, CopyError> {
        let look = |engine: &mut Engine| TailFacts {
            waiting: engine.store_mut().follow_pages(),
            is_passive: engine.unwritable().is_some_and(Unwritable::is_passive),
            instance: engine.instance(),
        };
        let TailFacts { waiting, is_passive, instance } = engine.call(look).await?;
        let chain = self.inner().chain.take();
        // Another machine may be at work: its tail is the newer one.
        let Some(mut chain) = chain.filter(|_| !is_passive) else {
            if waiting.count > 0 && !is_passive {
                self.inner().needs_base = true;
            }
            return Ok(false);
        };
        if waiting.is_lost || waiting.count > SEGMENT_PAGES_MAX || chain.is_full() {
            self.inner().needs_base = true;
            return Ok(false);
        }
        let is_due =
            chain.unsent.is_some() || waiting.is_urgent || uptime.saturating_sub(chain.sent_at) >= CALM_PAUSE;
        let done = if is_due && (waiting.count > 0 || chain.unsent.is_some()) {
            send_next(engine, setup, &mut chain, instance, now, uptime).await.map(|()| true)
        } else {
            Ok(false)
        };
        let mut inner = self.inner();
        if done.is_err() && chain.unsent.is_none() {
            // Pages may have been taken of which there is no segment.
            inner.needs_base = true;
        } else {
            inner.chain = Some(chain);
        }
        done
    }
}

/// Whether the target is one to which a tail goes: a disk gets whole copies.
fn has_tail(setup: &CopySetup) -> bool {
    !setup.backup.every.is_zero()
        && match setup.backup.target {
            CopyTarget::S3 { .. } | CopyTarget::Relay => true,
            CopyTarget::None | CopyTarget::Folder(_) | CopyTarget::Usb(_) => false,
        }
}

async fn send_next(
    engine: &EngineHandle,
    setup: &CopySetup,
    chain: &mut TailChain,
    instance: Instance,
    now: Timestamp,
    uptime: Duration,
) -> Result<(), CopyError> {
    if chain.unsent.is_none() {
        chain.unsent = Some(next_segment(engine, setup, &chain.place, now).await?);
    }
    let Some(segment) = chain.unsent.clone() else { return Ok(()) };
    deliver(setup, chain, &segment.content, instance, now).await?;
    chain.unsent = None;
    chain.bytes += segment.content.len() as u64;
    chain.place = chain.place.clone().after(segment.digest);
    chain.sent_at = uptime;
    Ok(())
}

/// The pages that wait, as a segment. They count as taken: until it arrived, the segment has them.
async fn next_segment(
    engine: &EngineHandle,
    setup: &CopySetup,
    place: &TailPlace,
    now: Timestamp,
) -> Result<SealedSegment, CopyError> {
    let key = recipient(setup)?;
    let key = key.ok_or_else(|| CopyError::NoKey { place: setup.backup.target.to_string() })?;
    let take = |engine: &mut Engine| {
        let secret = engine.site_secret().clone();
        engine.store_mut().take_pages().map(|taken| (taken, secret))
    };
    let (taken, secret) = engine.call(take).await??;
    let place = place.clone();
    let sealed = spawn_blocking(move || seal(&place, &taken, now, &secret, &key)).await;
    let sealed = sealed.map_err(|_| CopyError::Thread)?;
    let target = setup.backup.target.to_string();
    Ok(sealed.map_err(|error| RemoteError { place: target, why: error.to_string() })?)
}

async fn deliver(
    setup: &CopySetup,
    chain: &TailChain,
    content: &[u8],
    instance: Instance,
    now: Timestamp,
) -> Result<(), CopyError> {
    let number = chain.place.number;
    match &setup.backup.target {
        CopyTarget::S3 { bucket, prefix } => {
            let bucket = S3Bucket::new(&setup.backup.s3, &setup.data_dir, bucket, prefix)?;
            bucket.put_bytes(&tail_name(&chain.file, number), content, now).await?;
        }
        CopyTarget::Relay => {
            let absent = || CopyError::Absent { what: "there is no section [relay]".to_owned() };
            let relay = setup.relay.as_ref().ok_or_else(absent)?;
            let vault = VaultClient::new(relay, &setup.data_dir, instance)?;
            vault.put_segment(number, chain.seq, content.to_vec()).await?;
        }
        CopyTarget::None | CopyTarget::Folder(_) | CopyTarget::Usb(_) => {}
    }
    Ok(())
}
