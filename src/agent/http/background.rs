//! Work that goes on after the page that asked for it was answered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use crate::domain::units::Timestamp;

/// How long whoever asks waits for the end; the page shows that it goes on after that.
const WAIT_MAX: Duration = Duration::from_secs(5);

struct WorkState<T> {
    began_at: Option<Timestamp>,
    last: Option<Arc<T>>,
}

/// Work of one kind: one at a time, and the last outcome is kept until the daemon ends.
pub(crate) struct BackgroundWork<T>(Mutex<WorkState<T>>);

impl<T> Default for BackgroundWork<T> {
    fn default() -> Self {
        Self(Mutex::new(WorkState { began_at: None, last: None }))
    }
}

impl<T: Send + Sync + 'static> BackgroundWork<T> {
    fn state(&self) -> MutexGuard<'_, WorkState<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outcome of the last one that ended.
    pub fn last(&self) -> Option<Arc<T>> {
        self.state().last.clone()
    }

    /// Since when one is under way.
    pub fn began_at(&self) -> Option<Timestamp> {
        self.state().began_at
    }

    /// Begins work at `now`, unless some is under way, and waits a little for its end. Returns whether it was begun.
    pub async fn run(
        self: &Arc<Self>,
        now: Timestamp,
        work: impl Future<Output = T> + Send + 'static,
    ) -> bool {
        if !self.begin(now) {
            return false;
        }
        let (work, ending) = (tokio::spawn(work), Arc::clone(self));
        let end = tokio::spawn(async move { ending.end(work.await.ok()) });
        let _ = timeout(WAIT_MAX, end).await;
        true
    }

    fn begin(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let is_first = state.began_at.is_none();
        state.began_at.get_or_insert(now);
        is_first
    }

    /// The work ended, with an outcome or by a panic.
    fn end(&self, outcome: Option<T>) {
        let mut state = self.state();
        state.began_at = None;
        if let Some(outcome) = outcome {
            state.last = Some(Arc::new(outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_goes_on_after_the_caller_and_the_last_outcome_is_kept() {
        let all = Arc::new(BackgroundWork::<u8>::default());
        let (go_on, waits) = oneshot::channel::<u8>();
        assert!(all.run(Timestamp(1), async { waits.await.unwrap() }).await);
        assert_eq!((all.began_at(), all.last()), (Some(Timestamp(1)), None));
        assert!(!all.run(Timestamp(2), async { 9 }).await, "one is under way");
        go_on.send(1).unwrap();
        while all.began_at().is_some() {
            tokio::task::yield_now().await;
        }
        assert_eq!(all.last().as_deref(), Some(&1));
        assert!(all.run(Timestamp(3), async { panic!("a test") }).await);
        assert_eq!((all.began_at(), all.last().as_deref()), (None, Some(&1)), "a panic hides nothing");
    }
}
