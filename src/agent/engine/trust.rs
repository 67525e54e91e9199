//! Whether the wall clock is trusted. The Pi has no clock that survives a power cut. A time before the last trusted
//! one, or one that jumped by more than a day against the monotonic clock, starts no block and moves no floor until
//! the clock is synchronized or an admin confirms it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::domain::units::{DAY_MS, Timestamp};

/// The largest trusted step of the wall clock against the monotonic one.
const STEP_MAX_MS: i64 = DAY_MS;

/// The most that a clock may be ahead of the last trusted time at a boot: no machine was off for longer. An empty
/// battery or a broken register sets the clock decades ahead as easily as back.
const AHEAD_MAX_MS: i64 = 400 * DAY_MS;

/// A clock before 2025-01-01 UTC was never set: this program is younger.
const BORN: Timestamp = Timestamp(1_735_689_600_000);

/// What is known of a clock that is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockDoubt {
    /// Since when, by the most likely time.
    pub since: Timestamp,
    /// The last trusted time; `None` before the first.
    pub last_trusted: Option<Timestamp>,
}

/// A trusted moment, on both clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trust {
    /// The latest trusted time: nothing earlier is trusted.
    floor: Timestamp,
    /// The wall clock at the last trusted check.
    wall: Timestamp,
    /// Milliseconds since boot at that check.
    uptime_ms: i64,
    /// The boot of that uptime.
    boot_id: String,
    /// When the clock became untrusted, in milliseconds since the boot above. Not stored: a restart starts over.
    #[serde(skip)]
    doubted_at_ms: Option<i64>,
}

impl Trust {
    /// The first check of a new store: there is nothing to compare with.
    pub fn first(clock: &dyn Clock) -> Self {
        let now = clock.now();
        Self {
            floor: now,
            wall: now,
            uptime_ms: uptime_ms(clock),
            boot_id: clock.boot_id(),
            doubted_at_ms: None,
        }
    }

    /// Whether the clock is trusted at this check. Changes nothing.
    pub fn believes(&self, clock: &dyn Clock) -> bool {
        let now = clock.now();
        if self.is_synchronized(clock, now) {
            return true;
        }
        // A moment with an implausible time cannot serve to measure a step.
        let comparable = clock.boot_id() == self.boot_id && self.wall >= BORN;
        let wall_moved = now.0.saturating_sub(self.wall.0);
        let step = wall_moved.saturating_sub(uptime_ms(clock) - self.uptime_ms);
        let is_odd = if comparable {
            step.saturating_abs() > STEP_MAX_MS
        } else {
            self.floor >= BORN && now.0.saturating_sub(self.floor.0) > AHEAD_MAX_MS
        };
        now >= self.floor.max(BORN) && !is_odd
    }

    /// The most likely time while the clock is not trusted: the last trusted moment plus the time since on the
    /// monotonic clock, of this boot or at least since it began. A wall clock within a day of that is as good a
    /// guess, because such a step was or would be trusted.
    pub fn reckon(&self, clock: &dyn Clock) -> Timestamp {
        let (now, uptime) = (clock.now(), uptime_ms(clock));
        let reckoned = if clock.boot_id() == self.boot_id && self.wall >= BORN {
            self.wall.0.saturating_add(uptime.saturating_sub(self.uptime_ms))
        } else {
            self.floor.max(BORN).0.saturating_add(uptime)
        };
        if now.0.saturating_sub(reckoned).saturating_abs() <= STEP_MAX_MS { now } else { Timestamp(reckoned) }
    }

    /// Checks the clock and records the result: a trusted time moves the floor, an untrusted one starts the doubt.
    pub fn look(&mut self, clock: &dyn Clock) -> bool {
        if self.is_synchronized(clock, clock.now()) {
            // Before this boot the clock may have been wrong and trusted: the floor follows, backwards too.
            *self = Self::first(clock);
            return true;
        }
        let trusted = self.believes(clock);
        if trusted {
            self.confirm(clock);
        } else {
            self.doubted_at_ms.get_or_insert(uptime_ms(clock));
        }
        trusted
    }

    /// An admin, or the network, confirms the time. The floor follows, backwards too.
    pub fn confirm(&mut self, clock: &dyn Clock) {
        let now = clock.now();
        let floor = if self.doubted_at_ms.is_some() { now } else { self.floor.max(now) };
        *self = Self { floor, ..Self::first(clock) };
    }

    /// Whether the last check found the clock not to be trusted.
    pub const fn is_doubted(&self) -> bool {
        self.doubted_at_ms.is_some()
    }

    /// Since when the clock is not trusted, by the most likely time, and the last trusted time.
    pub fn doubt(&self, clock: &dyn Clock) -> ClockDoubt {
        let now = self.reckon(clock);
        let for_ms = self.doubted_at_ms.map_or(0, |at| uptime_ms(clock).saturating_sub(at));
        let last_trusted = Some(self.floor).filter(|floor| *floor >= BORN);
        ClockDoubt { since: Timestamp(now.0.saturating_sub(for_ms)), last_trusted }
    }

    /// Whether the network set the clock since it became untrusted; after a boot, since the boot.
    fn is_synchronized(&self, clock: &dyn Clock, now: Timestamp) -> bool {
        let begin = match self.doubted_at_ms {
            // Nothing of this boot was trusted yet: any synchronization in it counts.
            _ if clock.boot_id() != self.boot_id => 0,
            Some(doubted) => doubted,
            None => return false,
        };
        let Some(set) = clock.synchronized_at() else { return false };
        let since_ms = uptime_ms(clock).saturating_sub(begin);
        set <= now && now.0.saturating_sub(set.0) <= since_ms
    }
}

fn uptime_ms(clock: &dyn Clock) -> i64 {
    i64::try_from(Duration::as_millis(&clock.uptime())).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const NOON: Timestamp = Timestamp(1_795_323_600_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn later(days: i64) -> Timestamp {
        Timestamp(NOON.0 + days * DAY_MS)
    }

    #[test]
    fn time_that_passes_is_trusted_and_small_steps_too() {
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        clock.advance(HOUR * 24 * 40);
        assert!(trust.look(&clock));
        clock.set_wall(Timestamp(clock.now().0 + DAY_MS / 2));
        assert!(trust.look(&clock));
    }

    #[test]
    fn a_time_behind_the_last_trusted_one_is_not() {
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        clock.reboot();
        clock.set_wall(Timestamp(0));
        assert!(!trust.look(&clock));
        clock.set_wall(later(1));
        assert!(trust.look(&clock), "right again, whoever set it");
    }

    #[test]
    fn a_clock_that_was_never_set_is_not_trusted_on_the_first_day_either() {
        let clock = ManualClock::new(Timestamp(0));
        let mut trust = Trust::first(&clock);
        assert!(!trust.look(&clock));
        clock.set_wall(NOON);
        assert!(trust.look(&clock), "somebody set it");
        clock.set_wall(later(2));
        assert!(!trust.look(&clock), "from here on a jump is a jump");
    }

    #[test]
    fn a_jump_of_more_than_a_day_needs_a_witness_and_moves_no_floor() {
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        clock.advance(HOUR);
        clock.set_wall(later(400));
        assert!(!trust.look(&clock));
        clock.advance(HOUR);
        assert!(!trust.look(&clock), "waiting makes it no truer");
        clock.set_wall(Timestamp(NOON.0 + 2 * 3_600_000));
        assert!(trust.look(&clock), "set back to where it should be");
    }

    #[test]
    fn a_time_that_is_not_believed_is_reckoned_from_the_last_that_was() {
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        clock.advance(HOUR);
        assert!(trust.look(&clock));
        clock.set_wall(later(400));
        clock.advance(HOUR);
        assert_eq!(trust.reckon(&clock), Timestamp(NOON.0 + 2 * 3_600_000));
        clock.reboot();
        clock.set_wall(Timestamp(0));
        clock.advance(HOUR);
        assert_eq!(
            trust.reckon(&clock),
            Timestamp(NOON.0 + 2 * 3_600_000),
            "the floor and the time since it booted"
        );
        let unset = ManualClock::new(Timestamp(0));
        assert_eq!(Trust::first(&unset).reckon(&unset), BORN);
    }

    #[test]
    fn a_clock_far_ahead_at_a_boot_needs_a_witness_and_moves_no_floor() {
        let rows = [(0, true), (1, true), (399, true), (401, false), (20_000, false)];
        for (days, expected) in rows {
            let clock = ManualClock::new(NOON);
            let mut trust = Trust::first(&clock);
            clock.reboot();
            clock.set_wall(later(days));
            assert_eq!(trust.look(&clock), expected, "{days} days");
            clock.advance(HOUR);
            assert_eq!(trust.look(&clock), expected, "{days} days, and waiting makes it no truer");
            clock.set_wall(Timestamp(later(days.min(1)).0 + 2 * 3_600_000));
            assert!(
                days <= 1 || expected || trust.look(&clock),
                "{days} days: set back to where it should be"
            );
        }
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        clock.reboot();
        clock.set_wall(later(401));
        assert!(!trust.look(&clock));
        trust.confirm(&clock);
        assert!(trust.look(&clock), "off for so long, and somebody says so");
    }

    #[test]
    fn a_machine_that_stays_on_for_years_is_trusted_all_along() {
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        clock.advance(HOUR * 24 * 500);
        assert!(trust.look(&clock), "the monotonic clock says the same");
    }

    #[test]
    fn what_the_network_set_in_this_boot_before_the_first_look_is_a_witness() {
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        clock.reboot();
        clock.set_wall(later(500));
        clock.advance(HOUR);
        clock.synchronize();
        clock.advance(HOUR);
        assert!(trust.look(&clock));
        clock.reboot();
        clock.set_wall(later(5));
        clock.advance(HOUR);
        clock.synchronize();
        assert!(trust.look(&clock), "behind the floor, which was wrong");
        clock.advance(HOUR);
        assert!(trust.look(&clock), "and the floor followed");
        clock.reboot();
        clock.set_wall(later(1000));
        assert!(!trust.look(&clock), "a synchronization before the boot says nothing of it");
    }

    #[test]
    fn the_network_or_a_person_ends_the_doubt() {
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        clock.set_wall(later(400));
        assert!(!trust.look(&clock));
        clock.synchronize();
        assert!(trust.look(&clock));
        clock.set_wall(later(-3));
        assert!(!trust.look(&clock));
        trust.confirm(&clock);
        assert!(trust.look(&clock), "the floor went back with the person's word");
    }

    #[test]
    fn a_synchronization_from_before_the_doubt_is_no_witness() {
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        clock.synchronize();
        clock.advance(HOUR);
        assert!(trust.look(&clock));
        clock.set_wall(later(2));
        assert!(!trust.look(&clock));
        clock.set_wall(Timestamp(NOON.0 + 1000));
        assert!(!trust.look(&clock), "behind the floor");
    }

    #[test]
    fn doubts_outlive_a_restart_of_the_process_on_one_boot() {
        let clock = ManualClock::new(NOON);
        let mut trust = Trust::first(&clock);
        assert!(trust.look(&clock));
        clock.set_wall(later(400));
        assert!(!trust.look(&clock));
        let kept = serde_json::to_string(&trust).unwrap();
        let mut again: Trust = serde_json::from_str(&kept).unwrap();
        assert!(!again.look(&clock));
    }
}
