//! Whether a version may be installed at this moment.

use crate::domain::units::{DAY_MS, Timestamp};
use crate::protocol::admin::update::{CandidateView, UpdateDecision};

/// Days from the release of a version until machines install it: the first who take it find what is wrong with it.
const SETTLED_DAYS: i64 = 3;

/// Decides for a version that is newer than the installed one. `must` comes from a person who wants it at once.
pub(super) fn decide(
    candidate: Option<&CandidateView>,
    now: Timestamp,
    metered: bool,
    must: bool,
) -> UpdateDecision {
    let Some(candidate) = candidate else { return UpdateDecision::UpToDate };
    let settled = |released: Timestamp| now.0.saturating_sub(released.0) >= SETTLED_DAYS * DAY_MS;
    let is_settled =
        candidate.security || candidate.released.as_ref().is_some_and(|released| settled(released.0));
    match (must, is_settled, metered) {
        (true, _, _) | (false, true, false) => UpdateDecision::Install,
        (false, false, _) => UpdateDecision::TooYoung,
        (false, true, true) => UpdateDecision::Metered,
    }
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
                decide(candidate.as_ref(), NOW, metered, must),
                expected,
                "{candidate:?} {metered} {must}"
            );
        }
    }
}
