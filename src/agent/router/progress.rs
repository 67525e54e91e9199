//! How far a handover is on the router, for people who wait.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Changes of hotspot users that were sent, of those that the step has.
#[derive(Debug, Default)]
pub struct HandoverProgress {
    done: AtomicUsize,
    of: AtomicUsize,
}

impl HandoverProgress {
    /// A step with so many changes begins.
    pub(super) fn begin(&self, of: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
    }

    /// So many more were sent.
    pub(super) fn add(&self, done: usize) {
        self.done.fetch_add(done, Ordering::Relaxed);
    }

    /// Changes that were sent, and how many there are.
    pub fn read(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed))
    }
}
