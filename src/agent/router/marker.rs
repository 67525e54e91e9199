//! The marker on the router: read with every comparison, written before any other edit.

use std::time::Duration;

use super::cycle::Difference;
use crate::domain::instance::{MarkerEdit, plan_marker};
use crate::routeros::{Router, RouterError};

/// How long a marker that the router refused is not tried again at first; each time it is twice as long ...
const REFUSED_PAUSE: Duration = Duration::from_mins(10);
/// ... up to this.
const REFUSED_PAUSE_MAX: Duration = Duration::from_hours(1);

/// What is remembered of the marker from one turn to the next.
#[derive(Debug, Default)]
pub(super) struct MarkerTurn {
    /// While the router refuses it: when it is tried again, in time since boot, and the pause before that.
    refused: Option<(Duration, Duration)>,
}

impl MarkerTurn {
    /// Brings the marker to what it has to say. A router that refuses it goes on without: it fences nobody, and the relay may.
    pub async fn write(
        &mut self,
        router: &dyn Router,
        found: &Difference,
        now: Duration,
    ) -> Result<(), RouterError> {
        let has_rows =
            !found.desired.bindings.is_empty() || found.observed.bindings.iter().any(|row| row.ours);
        let mut edits = plan_marker(&found.mark, &found.observed.markers, has_rows);
        if !found.observed.unread.listings.is_empty() {
            // One of the rows that cannot be read may be the marker: another one would be added each time.
            edits.retain(|edit| !matches!(edit, MarkerEdit::Add(_)));
        }
        if edits.is_empty() || self.refused.is_some_and(|(at, _)| now < at) {
            return Ok(());
        }
        let outcomes = router.mark(&edits).await?;
        let refusal = outcomes.iter().find_map(|outcome| outcome.refusal());
        if let (Some(why), None) = (refusal, self.refused) {
            tracing::warn!(
                refusal = why,
                "the router takes no marker of this site, so it cannot stop an older machine of the same site"
            );
        }
        let pause = self.refused.map_or(REFUSED_PAUSE, |(_, pause)| (pause * 2).min(REFUSED_PAUSE_MAX));
        self.refused = refusal.map(|_| (now + pause, pause));
        Ok(())
    }
}
