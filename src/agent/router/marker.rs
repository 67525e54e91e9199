//! The marker on the router: read with every comparison, written before any other edit.

use std::time::Duration;

use super::cycle::Difference;
use crate::domain::instance::plan_marker;
use crate::routeros::{Router, RouterError};

/// How long a marker that the router refused is not tried again.
const REFUSED_PAUSE: Duration = Duration::from_mins(10);

/// What is remembered of the marker from one turn to the next.
#[derive(Debug, Default)]
pub(super) struct MarkerTurn {
    /// When it is tried again, in time since boot, while the router refuses it.
    retry_at: Option<Duration>,
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
        let edits = plan_marker(&found.mark, &found.observed.markers, has_rows);
        if edits.is_empty() || self.retry_at.is_some_and(|at| now < at) {
            return Ok(());
        }
        let outcomes = router.mark(&edits).await?;
        let refusal = outcomes.iter().find_map(|outcome| outcome.refusal());
        if let (Some(why), None) = (refusal, self.retry_at) {
            tracing::warn!(
                refusal = why,
                "the router takes no marker of this site, so it cannot stop an older machine of the same site"
            );
        }
        self.retry_at = refusal.map(|_| now + REFUSED_PAUSE);
        Ok(())
    }
}
