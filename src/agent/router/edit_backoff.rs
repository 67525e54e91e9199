//! Edits that the router refuses: when each is sent again. Pure; instants come from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::listing::Edit;
use crate::domain::units::Timestamp;
use crate::routeros::EditOutcome;
use crate::tools::backoff;

/// The wait after the first refusal; each further one is twice as long ...
const WAIT_MIN: Duration = Duration::from_secs(5);
/// ... up to this.
const WAIT_MAX: Duration = Duration::from_hours(1);
/// Answers "it is so already" after which an edit that is still wanted counts as refused: the first may be a race
/// with somebody else's hand.
const ALREADY_SO_MAX: u32 = 2;

/// An edit that the router refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedEdit {
    /// The edit.
    pub edit: Edit,
    /// The router's words; `None` where it says that it is so already, and its tables show that it is not.
    pub answer: Option<String>,
    /// The first refusal, by the wall clock.
    pub since: Timestamp,
    /// How often it was sent in vain.
    pub attempts: u32,
    /// Time since boot from which it is sent again.
    pub retry_at: Duration,
}

impl RefusedEdit {
    fn is_told(&self) -> bool {
        self.answer.is_some() || self.attempts >= ALREADY_SO_MAX
    }
}

/// Which edits wait, and until when.
#[derive(Debug, Default)]
pub struct EditBackoff {
    /// The session on which they were refused.
    session: u64,
    waiting: BTreeMap<Edit, RefusedEdit>,
}

impl EditBackoff {
    /// Forgets what is no part of the difference any more, and lets everything be sent at once on another session.
    pub fn follow(&mut self, difference: &[Edit], session: u64) {
        if !self.waiting.is_empty() {
            let wanted: BTreeSet<&Edit> = difference.iter().collect();
            self.waiting.retain(|edit, _| wanted.contains(edit));
        }
        if std::mem::replace(&mut self.session, session) != session {
            for refused in self.waiting.values_mut() {
                (refused.attempts, refused.retry_at) = (0, Duration::ZERO);
            }
        }
    }

    /// Whether an edit may be sent at `now`.
    pub fn is_due(&self, edit: &Edit, now: Duration) -> bool {
        self.waiting.get(edit).is_none_or(|refused| refused.retry_at <= now)
    }

    /// What the router answered to an edit at `now`, which is `at` by the wall clock.
    pub fn note(&mut self, edit: &Edit, outcome: &EditOutcome, now: Duration, at: Timestamp) {
        let answer = match outcome {
            EditOutcome::Done => {
                self.waiting.remove(edit);
                return;
            }
            EditOutcome::AlreadySo => None,
            EditOutcome::Refused(answer) => Some(answer.clone()),
        };
        let refused = self.waiting.entry(edit.clone()).or_insert_with(|| RefusedEdit {
            edit: edit.clone(),
            answer: None,
            since: at,
            attempts: 0,
            retry_at: Duration::ZERO,
        });
        let wait = backoff::doubled(WAIT_MIN, refused.attempts, WAIT_MAX);
        refused.attempts = refused.attempts.saturating_add(1);
        refused.retry_at = now.saturating_add(wait);
        refused.answer = answer;
    }

    /// The refused edits that are worth a word, in a stable order.
    pub fn refused(&self) -> impl Iterator<Item = &RefusedEdit> {
        self.waiting.values().filter(|refused| refused.is_told())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::listing::List;

    const AT: Timestamp = Timestamp(1_795_323_600_000);

    fn add(list: List) -> Edit {
        Edit::AddListing { list, address: [10, 5, 50, 2].into(), owner: "u".to_owned() }
    }

    fn refusal() -> EditOutcome {
        EditOutcome::Refused("not enough permissions (9)".to_owned())
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Seconds at which an edit is sent that is refused every time, with a cycle each `every_s` up to `until_s`.
    fn sent(outcome: &EditOutcome, every_s: usize, until_s: u64) -> Vec<u64> {
        let mut backoff = EditBackoff::default();
        let edit = add(List::Active);
        let mut out = Vec::new();
        for now in (0..=until_s).step_by(every_s) {
            backoff.follow(std::slice::from_ref(&edit), 1);
            if backoff.is_due(&edit, s(now)) {
                backoff.note(&edit, outcome, s(now), AT);
                out.push(now);
            }
        }
        out
    }

    #[test]
    fn a_refused_edit_is_sent_after_seconds_at_first_and_hourly_in_the_end() {
        for outcome in [refusal(), EditOutcome::AlreadySo] {
            assert_eq!(sent(&outcome, 1, 40), [0, 5, 15, 35]);
            let day = sent(&outcome, 10, 86_400);
            assert!(day.len() < 40, "{} times in a day", day.len());
            assert_eq!(day[day.len() - 1] - day[day.len() - 2], 3600);
        }
    }

    #[test]
    fn another_edit_for_the_same_address_does_not_wait() {
        let mut backoff = EditBackoff::default();
        backoff.note(&add(List::Active), &refusal(), s(0), AT);
        assert!(!backoff.is_due(&add(List::Active), s(1)));
        assert!(backoff.is_due(&add(List::Blocked), s(1)));
        backoff.follow(&[add(List::Blocked)], 0);
        assert!(backoff.is_due(&add(List::Active), s(1)), "wanted anew");
    }

    #[test]
    fn nothing_waits_after_a_reconnect() {
        let mut backoff = EditBackoff::default();
        let edit = add(List::Active);
        backoff.follow(std::slice::from_ref(&edit), 1);
        for now in [0, 5, 15] {
            backoff.note(&edit, &refusal(), s(now), AT);
        }
        backoff.follow(std::slice::from_ref(&edit), 1);
        assert!(!backoff.is_due(&edit, s(16)));
        backoff.follow(std::slice::from_ref(&edit), 2);
        assert!(backoff.is_due(&edit, s(16)));
        backoff.note(&edit, &refusal(), s(16), AT);
        assert!(backoff.is_due(&edit, s(21)), "seconds again");
    }

    #[test]
    fn one_answer_that_it_is_so_already_is_no_news() {
        let mut backoff = EditBackoff::default();
        let edit = add(List::Active);
        backoff.note(&edit, &EditOutcome::AlreadySo, s(0), AT);
        assert_eq!(backoff.refused().count(), 0);
        backoff.note(&edit, &EditOutcome::AlreadySo, s(5), AT);
        assert_eq!(backoff.refused().count(), 1);
        backoff.note(&edit, &EditOutcome::Done, s(15), AT);
        assert_eq!(backoff.refused().count(), 0);
    }
}
