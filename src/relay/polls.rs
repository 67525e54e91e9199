//! Calls that wait for news, bounded: a few of each site, and never so many that nobody else is heard.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Calls of one site that wait at the same time. An agent waits with one; more are left over from connections that
/// broke without a word.
const PER_SITE_MAX: usize = 4;

/// The waiting calls of one site.
#[derive(Debug, Default)]
pub(super) struct Polls(Mutex<VecDeque<Arc<Notify>>>);

/// A call that waits. Dropping it ends its wait.
pub(super) struct Poll<'a> {
    polls: &'a Polls,
    ended: Arc<Notify>,
}

impl Polls {
    /// Begins to wait. The longest waiting call of the site is ended where there are too many: a caller that came back
    /// must not be shut out by its own lost calls.
    pub fn begin(&self) -> Poll<'_> {
        let ended = Arc::new(Notify::new());
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(Arc::clone(&ended));
        if waiting.len() > PER_SITE_MAX
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.notify_one();
        }
        Poll { polls: self, ended }
    }
}

impl Polls {
    /// Ends every call that waits.
    pub fn end_all(&self) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for ended in waiting {
            ended.notify_one();
        }
    }
}

impl Poll<'_> {
    /// Ends when a later call takes this one's place, or the site may not wait any more.
    pub async fn replaced(&self) {
        self.ended.notified().await;
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        let mut waiting = self.polls.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|other| !Arc::ptr_eq(other, &self.ended));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_replaced(poll: &Poll<'_>) -> bool {
        let mut replaced = Box::pin(poll.replaced());
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        replaced.as_mut().poll(&mut cx).is_ready()
    }

    #[test]
    fn one_too_many_ends_the_longest_waiting_and_those_that_left_do_not_count() {
        let polls = Polls::default();
        let waiting: Vec<_> = (0..PER_SITE_MAX).map(|_| polls.begin()).collect();
        assert!(waiting.iter().all(|poll| !is_replaced(poll)));
        let last = polls.begin();
        let replaced: Vec<bool> = waiting.iter().map(is_replaced).collect();
        assert_eq!(replaced, [true, false, false, false]);
        drop(waiting);
        assert!(!is_replaced(&last));
        assert_eq!(polls.0.lock().unwrap().len(), 1);
    }
}
