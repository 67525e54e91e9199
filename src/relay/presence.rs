//! Presence of sites, in memory: who called since that was written down last, and whether this process has looked at the
//! database for long enough to call a site silent.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::store::presence::{SiteReport, SiteSighting};
use crate::domain::units::Timestamp;

/// How long a site may be without a call. Agents ask for their feed every half minute.
pub const SILENT_AFTER: Duration = Duration::from_mins(4);
/// Two looks at the database that are further apart leave a gap.
const LOOK_GAP_MAX: Duration = Duration::from_mins(1);
/// A wall clock that moved this much more or less than time did between two looks was set.
const CLOCK_STEP_MAX_MS: u64 = 30_000;

/// What a process knows of the presence of sites.
#[derive(Debug, Default)]
pub struct Presence {
    /// Sites that called and are not written down yet.
    sightings: Mutex<BTreeMap<String, SiteSighting>>,
    looks: Mutex<DatabaseLooks>,
    counts: Mutex<Option<PresenceCounts>>,
}

/// How many sites are not well, at the last look at the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PresenceCounts {
    /// Sites that called once and are silent.
    pub silent: u64,
    /// Sites that never called.
    pub never_seen: u64,
}

/// Looks at the database that succeeded, without a gap between them.
#[derive(Debug, Default)]
struct DatabaseLooks {
    first: Option<LookTime>,
    last: Option<LookTime>,
}

/// When a look was made, by both clocks.
#[derive(Clone, Copy, Debug)]
struct LookTime {
    uptime: Duration,
    wall: Timestamp,
}

impl LookTime {
    /// Whether time went on evenly from here to `later`.
    fn leads_to(self, later: Self) -> bool {
        let elapsed = later.uptime.saturating_sub(self.uptime);
        let elapsed_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        let wall_ms = later.wall.0.saturating_sub(self.wall.0);
        elapsed <= LOOK_GAP_MAX && wall_ms.abs_diff(elapsed_ms) <= CLOCK_STEP_MAX_MS
    }
}

impl Presence {
    /// A site called.
    pub(super) fn note_call(&self, site: &str, now: Timestamp) {
        self.change(site, now, |_| ());
    }

    /// A site called and asked for its feed after a number.
    pub(super) fn note_feed(&self, site: &str, after: u64, now: Timestamp) {
        self.change(site, now, |sighting| sighting.feed_after = Some(after));
    }

    /// A site called and reported.
    pub(super) fn note_report(&self, site: &str, report: SiteReport) {
        let at = report.at;
        self.change(site, at, |sighting| sighting.report = Some(report));
    }

    fn change(&self, site: &str, now: Timestamp, set: impl FnOnce(&mut SiteSighting)) {
        let mut sightings = lock(&self.sightings);
        if let Some(known) = sightings.get_mut(site) {
            known.last_seen_at = now;
            return set(known);
        }
        let mut sighting =
            SiteSighting { site: site.to_owned(), last_seen_at: now, report: None, feed_after: None };
        set(&mut sighting);
        sightings.insert(site.to_owned(), sighting);
    }

    /// What was seen since it was taken last.
    pub(super) fn take_sightings(&self) -> Vec<SiteSighting> {
        std::mem::take(&mut *lock(&self.sightings)).into_values().collect()
    }

    /// Takes sightings back that could not be written down. What was seen meanwhile is newer.
    pub(super) fn give_back(&self, unwritten: &[SiteSighting]) {
        let mut sightings = lock(&self.sightings);
        for older in unwritten {
            let newer = sightings.entry(older.site.clone()).or_insert_with(|| older.clone());
            if newer.report.is_none() {
                newer.report.clone_from(&older.report);
            }
            newer.feed_after = newer.feed_after.or(older.feed_after);
        }
    }

    /// What was seen of a site and is not written down yet.
    pub(super) fn sighting(&self, site: &str) -> Option<SiteSighting> {
        lock(&self.sightings).get(site).cloned()
    }

    /// A look at the database succeeded. Answers for how long they have, without a gap and with an even clock.
    pub(super) fn note_look(&self, uptime: Duration, wall: Timestamp) -> Duration {
        let (mut looks, now) = (lock(&self.looks), LookTime { uptime, wall });
        if !looks.last.is_some_and(|last| last.leads_to(now)) {
            looks.first = None;
        }
        looks.last = Some(now);
        uptime.saturating_sub(looks.first.get_or_insert(now).uptime)
    }

    /// The database could not be looked at.
    pub(super) fn note_no_look(&self) {
        *lock(&self.looks) = DatabaseLooks::default();
    }

    pub(super) fn set_counts(&self, counts: PresenceCounts) {
        *lock(&self.counts) = Some(counts);
    }

    /// What the last look found; nothing before the first.
    pub fn counts(&self) -> Option<PresenceCounts> {
        *lock(&self.counts)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::health::{HealthReport, ReportText};

    fn report(version: &str, at: i64) -> SiteReport {
        let report = HealthReport { version: Some(ReportText::cut(version)), ..HealthReport::default() };
        SiteReport { report, at: Timestamp(at), clock_ahead_ms: None }
    }

    #[test]
    fn a_site_has_its_last_call_and_its_last_report() {
        let presence = Presence::default();
        presence.note_report("a", report("1", 1));
        presence.note_call("a", Timestamp(2));
        presence.note_feed("b", 7, Timestamp(3));
        let seen = |site: &str, at, report, feed_after| SiteSighting {
            site: site.to_owned(),
            last_seen_at: Timestamp(at),
            report,
            feed_after,
        };
        let taken = presence.take_sightings();
        assert_eq!(taken, [seen("a", 2, Some(report("1", 1)), None), seen("b", 3, None, Some(7))]);
        assert!(presence.take_sightings().is_empty() && presence.sighting("a").is_none());

        presence.note_feed("a", 8, Timestamp(4));
        presence.note_report("b", report("2", 5));
        presence.give_back(&taken);
        let expected =
            [seen("a", 4, Some(report("1", 1)), Some(8)), seen("b", 5, Some(report("2", 5)), Some(7))];
        assert_eq!(presence.take_sightings(), expected);
        presence.give_back(&taken);
        assert_eq!(presence.take_sightings(), taken);
    }

    #[test]
    fn looks_count_from_the_last_gap() {
        let s = Duration::from_secs;
        let look = |presence: &Presence, at_s: u64, wall_s: i64| {
            presence.note_look(s(at_s), Timestamp(wall_s * 1000)).as_secs()
        };
        let presence = Presence::default();
        let found: Vec<u64> = [100, 115, 175, 190].map(|at| look(&presence, at, at.cast_signed())).to_vec();
        assert_eq!(found, [0, 15, 75, 90]);
        assert_eq!(look(&presence, 251, 251), 0, "a process that was stopped has not looked");
        assert_eq!(look(&presence, 266, 266), 15);
        presence.note_no_look();
        assert_eq!(look(&presence, 267, 267), 0, "the database was away");
        for (at, wall) in [(282, 3000), (297, 0)] {
            assert_eq!(look(&presence, at, wall), 0, "the wall clock was set to {wall}");
        }
        assert_eq!(look(&presence, 312, 40), 15, "it was moved by seconds");
    }
}
