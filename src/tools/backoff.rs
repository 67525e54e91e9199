//! Delays before the next try.

use std::time::Duration;

/// `first`, doubled for each failure so far, at most `max`.
pub fn doubled(first: Duration, failures: u32, max: Duration) -> Duration {
    first.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX)).min(max)
}

/// A time from `least` to `most`, picked by `dice`.
pub fn between(least: Duration, most: Duration, dice: u64) -> Duration {
    let room_ms = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or(u64::MAX - 1);
    least + Duration::from_millis(dice % (room_ms + 1))
}

/// A random time from `least` to `most`, so that many waiting callers do not retry together.
pub fn jittered(least: Duration, most: Duration) -> Duration {
    let mut random = [0; 8];
    // Without random bytes all callers wait equally long, which is acceptable.
    let _ = getrandom::fill(&mut random);
    between(least, most, u64::from_be_bytes(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_up_to_its_limit() {
        let (first, max) = (Duration::from_secs(2), Duration::from_mins(1));
        let waits: Vec<u64> = (0..7).map(|failures| doubled(first, failures, max).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(doubled(first, u32::MAX, max), max);
    }

    #[test]
    fn jitter_stays_between_its_bounds() {
        let (least, most) = (Duration::from_secs(2), Duration::from_secs(3));
        assert!((0..200).map(|_| jittered(least, most)).all(|time| time >= least && time <= most));
        assert_eq!(between(most, least, 7), most, "an empty room");
        assert_eq!(between(Duration::ZERO, Duration::MAX, u64::MAX), Duration::from_millis(0));
    }
}
