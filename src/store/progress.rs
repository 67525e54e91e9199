//! How far a proof of the ledger is, and a way to stop it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, InterruptHandle};

/// Shared between a proof and whoever watches it.
#[derive(Default)]
pub struct ProofProgress {
    entries: AtomicU64,
    expected: AtomicU64,
    stopped: AtomicBool,
    /// Ends the statement that runs: SQLite's own check of the file is one.
    statement: Mutex<Option<InterruptHandle>>,
}

impl ProofProgress {
    /// Entries proved so far, and how many there were at the beginning.
    pub fn entries(&self) -> (u64, u64) {
        (self.entries.load(Ordering::Relaxed), self.expected.load(Ordering::Relaxed))
    }

    /// Stops the proof. A statement may begin just then: to be repeated until the proof has ended.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(statement) = &*self.statement.lock().unwrap_or_else(PoisonError::into_inner) {
            statement.interrupt();
        }
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(super) fn watch(&self, conn: &Connection) {
        *self.statement.lock().unwrap_or_else(PoisonError::into_inner) = Some(conn.get_interrupt_handle());
    }

    pub(super) fn expect(&self, entries: u64) {
        self.entries.store(0, Ordering::Relaxed);
        self.expected.store(entries, Ordering::Relaxed);
    }

    pub(super) fn add(&self, entries: u64) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for ProofProgress {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("ProofProgress").field("entries", &self.entries()).finish_non_exhaustive()
    }
}
