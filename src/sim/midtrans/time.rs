//! The gateway's clock, and times as it writes them: GMT+7, without an offset.

use std::time::Duration;

use jiff::tz::{TimeZone, offset};

use crate::clock::{Clock as _, SystemClock};
use crate::domain::units::Timestamp;

use crate::sim::clock::SimClock;

/// What the gateway's clock shows.
pub(super) struct SimTime {
    follows: SimClock,
    system: SystemClock,
    start: Timestamp,
    moved_ms: i64,
}

impl SimTime {
    pub(super) fn new(follows: SimClock, start: Timestamp) -> Self {
        Self { follows, system: SystemClock::new(), start, moved_ms: 0 }
    }

    pub(super) fn now(&self) -> Timestamp {
        let base = match self.follows {
            SimClock::Real => self.system.now(),
            SimClock::Virtual => self.start,
        };
        Timestamp(base.0.saturating_add(self.moved_ms))
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.moved_ms = self.moved_ms.saturating_add(millis(by));
    }

    pub(super) fn follows(&self) -> SimClock {
        self.follows
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn after(at: Timestamp, by: Duration) -> Timestamp {
    Timestamp(at.0.saturating_add(millis(by)))
}

/// From one instant to a later one; zero when it is not later.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0))
}

/// `2026-11-22 14:05:00`, in GMT+7.
pub(super) fn jakarta(at: Timestamp) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(at.0) else { return "0000-00-00 00:00:00".to_owned() };
    at.to_zoned(TimeZone::fixed(offset(7))).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Reads `2026-11-22 14:05:00 +0700`.
pub(super) fn parse_with_offset(text: &str) -> Option<Timestamp> {
    let at = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", text).ok()?.to_timestamp().ok()?;
    Some(Timestamp(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seven_hours_ahead_and_carry_no_offset() {
        let at = parse_with_offset("2026-11-22 14:05:00 +0700").unwrap();
        assert_eq!(jakarta(at), "2026-11-22 14:05:00");
        assert_eq!(parse_with_offset("2026-11-22 07:05:00 +0000"), Some(at));
        assert_eq!(parse_with_offset("2026-11-22 14:05:00"), None);
        assert_eq!(parse_with_offset("2026-11-22T14:05:00+07:00"), None);
    }

    #[test]
    fn a_virtual_clock_stands_still_until_moved() {
        let mut time = SimTime::new(SimClock::Virtual, Timestamp(5000));
        time.advance(Duration::from_secs(2));
        assert_eq!(time.now(), Timestamp(7000));
        assert_eq!(between(Timestamp(7000), Timestamp(5000)), Duration::ZERO);
    }
}
