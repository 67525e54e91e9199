//! Reports of agents, and sites that are silent.
//!
//! Whatever a site calls, it is there: that is kept in memory and written down by [`presence_once`] every quarter of a
//! minute. A site that nobody saw for minutes is marked in the store by one process, which logs it; so is one that is back.

use std::collections::BTreeMap;
use std::time::Duration;

use super::presence::{PresenceCounts, SILENT_AFTER};
use super::service::Relay;
use super::store::RelayStoreError;
use super::store::presence::{PRESENCE_BATCH_MAX, SiteReport, SiteSeen, SiteTurn, StoredPresence};
use crate::clock::rfc3339;
use crate::domain::units::Timestamp;
use crate::protocol::health::{HealthAnswer, HealthReport};

/// How often presence is written down and looked at.
pub const PRESENCE_EVERY: Duration = Duration::from_secs(15);
/// How much later than it was, a call may be written down by another process.
const WRITTEN_WITHIN: Duration = Duration::from_secs(20);

/// Sites that this process marked.
#[derive(Debug, Default)]
pub struct PresenceTurns {
    /// Those that became silent.
    pub silent: Vec<SiteTurn>,
    /// Those that came back.
    pub back: Vec<SiteTurn>,
}

/// What is known of the presence of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitePresence {
    /// The site.
    pub site: String,
    /// Its last call; `None`: it never called.
    pub last_seen_at: Option<Timestamp>,
    /// Its last call before it became silent, while it is.
    pub silent_since: Option<Timestamp>,
    /// What its agent reported last.
    pub report: Option<SiteReport>,
    /// The number after which its agent asked for its feed last.
    pub feed_after: Option<u64>,
}

/// `POST /v1/health`. The report replaces the one before; it is written down within seconds.
pub(super) fn receive(relay: &Relay, site: &str, report: HealthReport) -> HealthAnswer {
    let at = relay.now();
    let clock_ms = report.clock_ms.and_then(|clock| i64::try_from(clock.get()).ok());
    let clock_ahead_ms = clock_ms.map(|clock| clock.saturating_sub(at.0));
    relay.presence.note_report(site, SiteReport { report, at, clock_ahead_ms });
    HealthAnswer { now_ms: at.0, clock_ahead_ms }
}

/// Writes down who called, and marks sites that became silent or came back.
pub async fn presence_once(relay: &Relay, now: Timestamp) -> Result<PresenceTurns, RelayStoreError> {
    let turns = mark(relay, now).await;
    match &turns {
        Ok(turns) => log(turns, now),
        Err(_) => relay.presence.note_no_look(),
    }
    turns
}

async fn mark(relay: &Relay, now: Timestamp) -> Result<PresenceTurns, RelayStoreError> {
    write(relay, now).await?;
    let seen = relay.store.sites_seen().await?;
    let looked_for = relay.presence.note_look(relay.clock.uptime(), now);
    let sites = relay.directory.enabled_site_ids();
    let quiet_since = before(now, SILENT_AFTER + WRITTEN_WITHIN);
    let known = || seen.iter().filter(|seen| sites.contains(&seen.site));
    let silent: Vec<String> = known()
        .filter(|seen| looked_for >= SILENT_AFTER && is_quiet(relay, seen, quiet_since))
        .map(|seen| seen.site.clone())
        .collect();
    let called_after = before(now, SILENT_AFTER);
    let back: Vec<String> = known()
        .filter(|seen| seen.silent_since.is_some() && seen.last_seen_at > called_after)
        .map(|seen| seen.site.clone())
        .collect();
    let mut turns = PresenceTurns::default();
    for sites in silent.chunks(PRESENCE_BATCH_MAX) {
        turns.silent.extend(relay.store.mark_silent(sites, quiet_since).await?);
    }
    for sites in back.chunks(PRESENCE_BATCH_MAX) {
        turns.back.extend(relay.store.mark_back(sites, called_after).await?);
    }
    // What another process marked at the same time is marked as well.
    let were_silent = known().filter(|seen| seen.silent_since.is_some()).count();
    relay.presence.set_counts(PresenceCounts {
        silent: (were_silent + silent.len() - back.len()) as u64,
        never_seen: (sites.len() - known().count()) as u64,
    });
    Ok(turns)
}

/// Writes down who called since the last time.
async fn write(relay: &Relay, now: Timestamp) -> Result<(), RelayStoreError> {
    let sightings = relay.presence.take_sightings();
    for (no, batch) in sightings.chunks(PRESENCE_BATCH_MAX).enumerate() {
        if let Err(error) = relay.store.note_sightings(batch, now).await {
            relay.presence.give_back(&sightings[no * PRESENCE_BATCH_MAX..]);
            return Err(error);
        }
    }
    Ok(())
}

/// Whether a site that is not marked has not called since, not even a moment ago.
fn is_quiet(relay: &Relay, seen: &SiteSeen, since: Timestamp) -> bool {
    let is_due = seen.silent_since.is_none() && seen.last_seen_at <= since;
    is_due && relay.presence.sighting(&seen.site).is_none()
}

fn before(now: Timestamp, span: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
}

fn log(turns: &PresenceTurns, now: Timestamp) {
    for SiteTurn { site, silent_since } in &turns.silent {
        tracing::warn!(site.id = %site, last_seen_at = %rfc3339(*silent_since), "site is silent");
    }
    for SiteTurn { site, silent_since } in &turns.back {
        let silent_s = now.0.saturating_sub(silent_since.0) / 1000;
        tracing::info!(site.id = %site, silent_s, "site is back");
    }
}

/// What is known of the presence of sites, in their order: what every process wrote down, and what this one saw since.
pub async fn presences(relay: &Relay, sites: &[String]) -> Result<Vec<SitePresence>, RelayStoreError> {
    let mut stored = BTreeMap::new();
    for sites in sites.chunks(PRESENCE_BATCH_MAX) {
        let found = relay.store.presences(sites).await?.into_iter();
        stored.extend(found.map(|presence| (presence.seen.site.clone(), presence)));
    }
    Ok(sites.iter().map(|site| presence(relay, site, stored.remove(site))).collect())
}

fn presence(relay: &Relay, site: &str, stored: Option<StoredPresence>) -> SitePresence {
    let site_name = site.to_owned();
    let (last_seen_at, silent_since, report, feed_after) = (None, None, None, None);
    let mut presence = SitePresence { site: site_name, last_seen_at, silent_since, report, feed_after };
    if let Some(StoredPresence { seen, report, feed_after }) = stored {
        (presence.last_seen_at, presence.silent_since) = (Some(seen.last_seen_at), seen.silent_since);
        (presence.report, presence.feed_after) = (report, feed_after);
    }
    if let Some(sighting) = relay.presence.sighting(site) {
        presence.last_seen_at = presence.last_seen_at.max(Some(sighting.last_seen_at));
        presence.silent_since = None;
        presence.report = sighting.report.or(presence.report);
        presence.feed_after = sighting.feed_after.or(presence.feed_after);
    }
    presence
}
