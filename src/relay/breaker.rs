//! A gateway that does not answer is left alone for a while: time is the clock's uptime.

use std::time::Duration;

use crate::tools::backoff;

/// Faults in a row that open it.
const FAULTS_MAX: u32 = 5;
/// How long it stays open at first; twice as long after each probe that fails ...
const OPEN_FIRST: Duration = Duration::from_secs(10);
/// ... and never longer than this.
const OPEN_MAX: Duration = Duration::from_mins(1);
/// A probe that has not come back after this long is forgotten: its caller went away.
const PROBE_MAX: Duration = Duration::from_secs(30);

/// Counts faults of the transport in a row, and holds calls back after too many.
#[derive(Debug, Default)]
pub struct Breaker {
    faults: u32,
    open: Option<OpenState>,
}

#[derive(Debug)]
struct OpenState {
    until: Duration,
    /// Probes that failed.
    failures: u32,
    /// When the one call was sent that probes whether the gateway is back.
    probed: Option<Duration>,
}

impl Breaker {
    /// Whether a call may go out now. Once the wait is over one call may, and its outcome decides.
    pub fn admits(&mut self, now: Duration) -> bool {
        let Some(open) = &mut self.open else { return true };
        let is_probing = open.probed.is_some_and(|at| now.saturating_sub(at) < PROBE_MAX);
        if now < open.until || is_probing {
            return false;
        }
        open.probed = Some(now);
        true
    }

    /// Whether calls are held back at this moment; asks for no probe.
    pub fn is_open(&self, now: Duration) -> bool {
        self.open.as_ref().is_some_and(|open| now < open.until)
    }

    /// The gateway answered, whatever it said. Answers whether it had been held back.
    pub fn note_answer(&mut self) -> bool {
        self.faults = 0;
        self.open.take().is_some()
    }

    /// The gateway did not answer, or not with sense. Answers whether calls are held back from here on.
    pub fn note_failure(&mut self, now: Duration) -> bool {
        self.faults = self.faults.saturating_add(1);
        let failures = match &self.open {
            // Calls from before it opened come back late and say nothing more.
            Some(open) if open.probed.is_none() => return false,
            Some(open) => open.failures.saturating_add(1),
            None if self.faults < FAULTS_MAX => return false,
            None => 0,
        };
        let until = now + backoff::doubled(OPEN_FIRST, failures, OPEN_MAX);
        self.open = Some(OpenState { until, failures, probed: None });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for n in 1..=FAULTS_MAX {
            assert!(breaker.admits(s(100)));
            assert_eq!(breaker.note_failure(s(100)), n == FAULTS_MAX);
        }
        breaker
    }

    #[test]
    fn five_faults_in_a_row_open_it_and_one_answer_between_does_not() {
        let mut breaker = Breaker::default();
        for _ in 0..3 {
            for _ in 1..FAULTS_MAX {
                assert!(!breaker.note_failure(s(1)));
            }
            assert!(!breaker.note_answer());
        }
        assert!(breaker.admits(s(1)));
        assert!(!opened().admits(s(109)));
    }

    #[test]
    fn after_the_wait_one_probe_decides() {
        let mut breaker = opened();
        assert!(breaker.admits(s(110)) && !breaker.admits(s(110)), "one probe at a time");
        assert!(breaker.note_failure(s(111)));
        assert!(!breaker.admits(s(130)) && breaker.admits(s(131)), "twice as long");
        assert!(breaker.note_answer());
        assert!(breaker.admits(s(131)) && breaker.admits(s(131)));
    }

    #[test]
    fn the_wait_doubles_up_to_a_minute_and_a_lost_probe_is_repeated() {
        let mut breaker = opened();
        let mut now = s(110);
        for wait in [20, 40, 60, 60] {
            assert!(breaker.admits(now));
            assert!(breaker.note_failure(now));
            assert!(!breaker.admits(now + s(wait - 1)));
            now += s(wait);
        }
        assert!(breaker.admits(now) && !breaker.admits(now + s(29)) && breaker.admits(now + s(30)));
    }

    #[test]
    fn late_faults_of_calls_from_before_change_nothing() {
        let mut breaker = opened();
        assert!(!breaker.note_failure(s(105)));
        assert!(breaker.admits(s(110)));
    }
}
