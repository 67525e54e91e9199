//! A rate limit with bursts. Time is the clock's uptime.

use std::time::Duration;

/// A token bucket, stored as the time at which it is full again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    each: Duration,
    burst: Duration,
    full_at: Duration,
}

impl RateLimit {
    /// `per_second` in the long run and `burst` at once; both at least one.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self::every(Duration::from_secs(1) / per_second.max(1), burst)
    }

    /// One each so often in the long run and `burst`, at least one, at once.
    pub const fn every(each: Duration, burst: u32) -> Self {
        let burst = each.saturating_mul(if burst == 0 { 1 } else { burst });
        Self { each, burst, full_at: Duration::ZERO }
    }

    /// Takes one token. An error is the time to wait before the next try; nothing was taken.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        match self.wait(now) {
            Duration::ZERO => {
                self.full_at = self.full_at.max(now) + self.each;
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// The time until a token can be taken; zero when one can.
    pub fn wait(&self, now: Duration) -> Duration {
        (self.full_at.max(now) + self.each).saturating_sub(now + self.burst)
    }

    /// Returns a token that was taken.
    pub fn give_back(&mut self) {
        self.full_at = self.full_at.saturating_sub(self.each);
    }

    /// When every token is there again.
    pub fn full_at(&self) -> Duration {
        self.full_at
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
        assert_eq!((limit.take(at(1000)), limit.wait(at(1000))), (Err(at(200)), at(200)));
        assert_eq!(limit.take(at(1150)), Err(at(50)));
        assert_eq!(limit.take(at(1200)), Ok(()));
        assert!(limit.take(at(1200)).is_err());
        limit.give_back();
        assert_eq!((limit.take(at(1200)), limit.full_at()), (Ok(()), at(1800)));
        assert!(
            (0..3).all(|_| limit.take(at(9000)).is_ok()) && limit.take(at(9000)).is_err(),
            "no saving up"
        );
    }
}
