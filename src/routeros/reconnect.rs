//! When to try the router again. Pure: the instant and the dice come from outside.

use std::time::Duration;

use tokio::time::Instant;

use super::port::{RouterError, is_lasting};

/// The shortest wait between two attempts.
const WAIT_MIN: Duration = Duration::from_secs(1);
/// The longest wait between two attempts to connect.
const WAIT_MAX: Duration = Duration::from_mins(1);
/// The wait after a refused log-in: a wrong password does not mend itself, and fills the router's log.
const REFUSED_WAIT: Duration = Duration::from_mins(5);
/// The longest wait after a refused log-in while the router may be booting.
const BOOT_WAIT_MAX: Duration = Duration::from_secs(10);
/// For how long after a lost session a router may refuse good credentials, because it is booting.
const BOOT: Duration = Duration::from_mins(5);
/// How many different failures in a row are worth a line in the log.
const NEWS_MAX: usize = 8;

/// The name and password of one attempt.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: String,
}

/// What is remembered between attempts.
#[derive(Default)]
pub(super) struct Reconnect {
    /// Attempts and unproven sessions that failed in a row.
    failures: u32,
    waiting: Option<RetryWait>,
    /// What went wrong since a session last did something.
    told: Vec<RouterError>,
    /// Credentials that opened the last session.
    opened_with: Option<Credentials>,
    /// When that session was lost.
    lost_at: Option<Instant>,
}

struct RetryWait {
    until: Instant,
    error: RouterError,
    /// Credentials the router refused: others may be tried at once.
    refused: Option<Credentials>,
}

impl Reconnect {
    /// Whether an attempt may be made; if not, the error for the caller.
    pub(super) fn check(
        &self,
        now: Instant,
        credentials: impl FnOnce() -> Credentials,
    ) -> Result<(), RouterError> {
        let Some(waiting) = self.waiting.as_ref().filter(|waiting| waiting.until > now) else {
            return Ok(());
        };
        if waiting.refused.as_ref().is_some_and(|refused| *refused != credentials()) {
            return Ok(());
        }
        let left = waiting.until - now;
        let wait_s = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        let told = |text: &str| format!("{text} (next attempt in {wait_s} s)");
        Err(match &waiting.error {
            RouterError::LoginRefused(text) => RouterError::LoginRefused(told(text)),
            RouterError::Lost(text) => RouterError::Lost(told(text)),
            other => RouterError::Lost(told(&other.to_string())),
        })
    }

    /// The instant of the next attempt, while waiting.
    pub(super) fn until(&self) -> Option<Instant> {
        self.waiting.as_ref().map(|waiting| waiting.until)
    }

    /// How many times in a row it failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// An attempt failed. Whether this is worth a line in the log: the first in these words.
    pub(super) fn note_failure(
        &mut self,
        error: &RouterError,
        credentials: &Credentials,
        now: Instant,
        dice: u64,
    ) -> bool {
        let news = self.is_news(error);
        self.failures = self.failures.saturating_add(1);
        let refused = match error {
            RouterError::LoginRefused(_) => true,
            RouterError::Trap { message, .. } => is_lasting(message),
            RouterError::Lost(_) | RouterError::Malformed { .. } => false,
        };
        let booting = self.opened_with.as_ref() == Some(credentials)
            && self.lost_at.is_some_and(|lost| now.saturating_duration_since(lost) < BOOT);
        let wait = match (refused, booting) {
            (true, true) => between(WAIT_MIN, BOOT_WAIT_MAX, dice),
            (true, false) => REFUSED_WAIT,
            (false, _) => self.backoff(dice),
        };
        let refused = refused.then(|| credentials.clone());
        self.waiting = Some(RetryWait { until: now + wait, error: error.clone(), refused });
        news
    }

    /// A session was opened.
    pub(super) fn note_session(&mut self, credentials: Credentials) {
        self.opened_with = Some(credentials);
    }

    /// The session did something: how many failures are over.
    pub(super) fn note_proof(&mut self) -> u32 {
        self.waiting = None;
        self.told.clear();
        std::mem::take(&mut self.failures)
    }

    /// The session was lost. Whether this is worth a line in the log.
    pub(super) fn note_loss(&mut self, error: &RouterError, now: Instant, dice: u64) -> bool {
        let news = self.is_news(error);
        self.failures = self.failures.saturating_add(1);
        self.lost_at = Some(now);
        let wait = self.backoff(dice);
        self.waiting = Some(RetryWait { until: now + wait, error: error.clone(), refused: None });
        news
    }

    /// Whether this error text was not logged yet. A router that returns with another certificate must not be
    /// hidden by the earlier loss.
    fn is_news(&mut self, error: &RouterError) -> bool {
        let news = self.told.len() < NEWS_MAX && !self.told.contains(error);
        if news {
            self.told.push(error.clone());
        }
        news
    }

    /// Full jitter under a ceiling that doubles from 2 s to a minute.
    fn backoff(&self, dice: u64) -> Duration {
        let ceiling = WAIT_MIN.saturating_mul(1 << self.failures.min(6));
        between(WAIT_MIN, ceiling.min(WAIT_MAX), dice)
    }
}

/// A length of time from `least` to `most`, picked by `dice`.
fn between(least: Duration, most: Duration, dice: u64) -> Duration {
    let room_ms = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or(u64::MAX - 1);
    least + Duration::from_millis(dice % (room_ms + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(password: &str) -> Credentials {
        Credentials { username: "agent".to_owned(), password: password.to_owned() }
    }

    fn lost() -> RouterError {
        RouterError::Lost("gone".to_owned())
    }

    fn refused() -> RouterError {
        RouterError::LoginRefused("invalid user name or password (6)".to_owned())
    }

    fn wait(reconnect: &Reconnect, now: Instant) -> Duration {
        reconnect.until().unwrap() - now
    }

    #[test]
    fn waits_grow_from_a_second_to_a_minute_with_full_jitter() {
        let now = Instant::now();
        for (dice, ceilings_s) in [(0, [1, 1, 1, 1, 1, 1, 1, 1]), (u64::MAX, [0; 8])] {
            let mut reconnect = Reconnect::default();
            for (n, exact_s) in ceilings_s.into_iter().enumerate() {
                reconnect.note_failure(&lost(), &credentials("a"), now, dice);
                let ceiling = Duration::from_secs(60.min(2 << n));
                let wait = wait(&reconnect, now);
                assert!(wait >= WAIT_MIN && wait <= ceiling, "attempt {n}: {wait:?}");
                assert!(exact_s == 0 || wait == Duration::from_secs(exact_s));
            }
        }
        assert_eq!(between(WAIT_MIN, WAIT_MAX, 59_000), WAIT_MAX);
    }

    #[test]
    fn who_asks_too_early_hears_how_long() {
        let now = Instant::now();
        let mut reconnect = Reconnect::default();
        assert_eq!(reconnect.check(now, || credentials("a")), Ok(()));
        reconnect.note_failure(&refused(), &credentials("a"), now, 0);
        let told = "invalid user name or password (6) (next attempt in 300 s)".to_owned();
        assert_eq!(reconnect.check(now, || credentials("a")), Err(RouterError::LoginRefused(told)));
        assert_eq!(reconnect.check(now + REFUSED_WAIT, || credentials("a")), Ok(()));
    }

    #[test]
    fn other_credentials_are_tried_at_once_after_a_refusal() {
        let now = Instant::now();
        let mut reconnect = Reconnect::default();
        reconnect.note_failure(&refused(), &credentials("a"), now, 0);
        assert_eq!(reconnect.check(now, || credentials("b")), Ok(()));
        reconnect.note_failure(&lost(), &credentials("b"), now, 0);
        assert!(reconnect.check(now, || credentials("c")).is_err());
    }

    #[test]
    fn only_what_does_not_mend_itself_waits_for_minutes() {
        let trap = |message: &str| RouterError::Trap { command: "/x".into(), message: message.into() };
        let rows = [
            (refused(), true),
            (trap("not enough permissions (9)"), true),
            (trap("RouterOS before 6.43 is not supported"), true),
            (trap("std failure: timeout (13)"), false),
            (trap("no message given"), false),
            (lost(), false),
        ];
        for (error, waits_long) in rows {
            let now = Instant::now();
            let mut reconnect = Reconnect::default();
            reconnect.note_failure(&error, &credentials("a"), now, u64::MAX);
            assert_eq!(wait(&reconnect, now) == REFUSED_WAIT, waits_long, "{error}");
        }
    }

    #[test]
    fn a_booting_router_is_asked_again_soon_with_credentials_that_worked() {
        let now = Instant::now();
        let mut reconnect = Reconnect::default();
        reconnect.note_session(credentials("a"));
        reconnect.note_proof();
        reconnect.note_loss(&lost(), now, 0);
        for dice in [0, 1, u64::MAX] {
            reconnect.note_failure(&refused(), &credentials("a"), now, dice);
            assert!(wait(&reconnect, now) <= BOOT_WAIT_MAX && wait(&reconnect, now) >= WAIT_MIN);
        }
        reconnect.note_failure(&refused(), &credentials("b"), now, 0);
        assert_eq!(wait(&reconnect, now), REFUSED_WAIT, "other credentials");
        let later = now + BOOT;
        reconnect.note_failure(&refused(), &credentials("a"), later, 0);
        assert_eq!(wait(&reconnect, later), REFUSED_WAIT, "the router has booted by then");
    }

    #[test]
    fn only_the_first_failure_in_its_words_is_news() {
        let now = Instant::now();
        let mut reconnect = Reconnect::default();
        assert!(reconnect.note_failure(&lost(), &credentials("a"), now, 0));
        assert!(!reconnect.note_failure(&lost(), &credentials("a"), now, 0));
        assert!(reconnect.note_failure(&refused(), &credentials("a"), now, 0));
        assert!(!reconnect.note_loss(&lost(), now, 0), "a session that did nothing is no recovery");
        assert_eq!(reconnect.note_proof(), 4);
        assert!(reconnect.note_loss(&lost(), now, 0));
        let other = RouterError::Lost("another certificate".to_owned());
        assert!(reconnect.note_failure(&other, &credentials("a"), now, 0));
        assert!(!reconnect.note_failure(&lost(), &credentials("a"), now, 0), "to and fro is no news");
        let words = |n: usize| RouterError::Lost(format!("{n}"));
        let told = (0..100).filter(|n| reconnect.note_failure(&words(*n), &credentials("a"), now, 0)).count();
        assert_eq!(told, NEWS_MAX - 2);
    }
}
