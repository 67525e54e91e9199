//! Whether a version may be installed at this moment.

use crate::domain::units::{DAY_MS, Timestamp};
use crate::protocol::admin::update::{CandidateView, LastUpdateView, UpdateDecision, UpdateOutcome};

/// Days from the release of a version until machines install it: the first who take it find what is wrong with it.
const SETTLED_DAYS: i64 = 3;
/// Days until a version that came back is tried again. Each trial stops the daemon twice, and what was wrong may have been of one night.
const RETRY_DAYS: i64 = 7;

/// Decides for a version that is newer than the installed one. `last` is how the last update ended; `must` comes from a
/// person who wants it at once.
pub(super) fn decide(
    candidate: Option<&CandidateView>,
    last: Option<&LastUpdateView>,
    now: Timestamp,
    metered: bool,
    must: bool,
) -> UpdateDecision {
    let Some(candidate) = candidate else { return UpdateDecision::UpToDate };
    let settled = |released: Timestamp| now.0.saturating_sub(released.0) >= SETTLED_DAYS * DAY_MS;
    let is_settled =
        candidate.security || candidate.released.as_ref().is_some_and(|released| settled(released.0));
    if must {
        UpdateDecision::Install
    } else if last.is_some_and(|last| came_back(last, candidate, now)) {
        UpdateDecision::CameBack
    } else if !is_settled {
        UpdateDecision::TooYoung
    } else if metered {
        UpdateDecision::Metered
    } else {
        UpdateDecision::Install
    }
}

/// Whether this very version was tried lately and did not work.
fn came_back(last: &LastUpdateView, candidate: &CandidateView, now: Timestamp) -> bool {
    last.outcome == UpdateOutcome::CameBack
        && last.to == candidate.version
        && now.0.saturating_sub(last.at.0.0) < RETRY_DAYS * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::admin::values::Instant;

    const NOW: Timestamp = Timestamp(1_794_279_600_000);

    fn released(days_ago: i64, security: bool) -> CandidateView {
        let released = Some(Instant(Timestamp(NOW.0 - days_ago * DAY_MS)));
        CandidateView { version: "0.2.0-1".into(), released, security }
    }

    #[test]
    fn a_version_is_installed_when_it_is_settled_or_urgent_or_wanted() {
        let unknown = CandidateView { version: "0.2.0-1".into(), released: None, security: false };
        for (candidate, metered, must, expected) in [
            (None, false, true, UpdateDecision::UpToDate),
            (Some(released(3, false)), false, false, UpdateDecision::Install),
            (Some(released(2, false)), false, false, UpdateDecision::TooYoung),
            (Some(released(-1, false)), false, false, UpdateDecision::TooYoung),
            (Some(released(0, true)), false, false, UpdateDecision::Install),
            (Some(released(0, true)), true, false, UpdateDecision::Metered),
            (Some(released(30, false)), true, false, UpdateDecision::Metered),
            (Some(released(0, false)), true, true, UpdateDecision::Install),
            (Some(unknown), false, false, UpdateDecision::TooYoung),
        ] {
            assert_eq!(
                decide(candidate.as_ref(), None, NOW, metered, must),
                expected,
                "{candidate:?} {metered} {must}"
            );
        }
    }

    #[test]
    fn a_version_that_came_back_waits_a_week_or_for_a_person_but_not_the_next_one() {
        let tried = |to: &str, outcome, days_ago| LastUpdateView {
            from: "0.1.0-1".into(),
            to: to.into(),
            outcome,
            why: None,
            at: Instant(Timestamp(NOW.0 - days_ago * DAY_MS)),
        };
        let candidate = released(30, true);
        for (last, must, expected) in [
            (tried("0.2.0-1", UpdateOutcome::CameBack, 1), false, UpdateDecision::CameBack),
            (tried("0.2.0-1", UpdateOutcome::CameBack, 6), false, UpdateDecision::CameBack),
            (tried("0.2.0-1", UpdateOutcome::CameBack, 7), false, UpdateDecision::Install),
            (tried("0.2.0-1", UpdateOutcome::CameBack, 1), true, UpdateDecision::Install),
            (tried("0.1.9-1", UpdateOutcome::CameBack, 1), false, UpdateDecision::Install),
            (tried("0.2.0-1", UpdateOutcome::Updated, 1), false, UpdateDecision::Install),
        ] {
            assert_eq!(decide(Some(&candidate), Some(&last), NOW, false, must), expected, "{last:?} {must}");
        }
    }
}
