//! A rate limit with bursts. Time is the clock's uptime.

use std::time::Duration;

/// A token bucket, stored as the time at which it is full again.
#[derive(Debug)]
pub struct RateLimit {
    each: Duration,
    burst: Duration,
    full_at: Duration,
}

impl RateLimit {
    /// `per_second` in the long run and `burst` at once; both at least one.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let each = Duration::from_secs(1) / per_second.max(1);
        Self { each, burst: each * burst.max(1), full_at: Duration::ZERO }
    }

    /// Takes one token. An error is the time to wait before the next try; nothing was taken.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + self.each;
        match full_at.checked_sub(now + self.burst) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.full_at = full_at;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_the_rest_waits_its_turn() {
        let mut limit = RateLimit::new(5, 3);
        let at = |ms| Duration::from_millis(ms);
        assert!((0..3).all(|_| limit.take(at(1000)).is_ok()));
        assert_eq!(limit.take(at(1000)), Err(at(200)));
        assert_eq!(limit.take(at(1150)), Err(at(50)));
        assert_eq!(limit.take(at(1200)), Ok(()));
        assert!(limit.take(at(1200)).is_err());
        assert!(
            (0..3).all(|_| limit.take(at(9000)).is_ok()) && limit.take(at(9000)).is_err(),
            "no saving up"
        );
    }
}
