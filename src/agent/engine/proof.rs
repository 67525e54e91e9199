//! What follows from a proof of the ledger that ran while the engine works.

use super::Engine;
use super::error::EngineError;
use crate::store::{Broken, Checkpoint, StoreError};

impl Engine {
    /// Handles the tables that a proof of the whole ledger found damaged, as a start does. Returns the statistics that
    /// began again empty.
    pub fn ledger_proved(&mut self, damaged: Vec<String>) -> Result<Vec<String>, EngineError> {
        self.check_alive()?;
        self.parts.store.protect(damaged)?;
        Ok(self.reader.statistics_lost()?)
    }

    /// Stores how far the ledger was proved. A store that cannot be written keeps the checkpoint it has. Returns whether
    /// it was stored.
    pub fn keep_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<bool, EngineError> {
        self.check_alive()?;
        if self.unwritable().is_some() {
            return Ok(false);
        }
        match self.parts.store.keep_checkpoint(checkpoint) {
            Ok(()) => Ok(true),
            Err(StoreError::Unwritable(_)) => Ok(false),
            Err(error) => Err(self.note_error(error.into())),
        }
    }

    /// Stops the engine because the ledger does not add up. The next start proves all of it before anything is served.
    pub fn proof_failed(&mut self, broken: &Broken) {
        if self.failed.is_some() {
            return;
        }
        let why = format!("the ledger is broken: {broken}; restore a backup");
        let why = self.parts.store.explain_failure(&why);
        tracing::error!(error = why, "the proof of the ledger failed; stopping");
        self.failed = Some(why);
    }

    /// The number of the last entry.
    pub fn last_entry(&self) -> u64 {
        self.state.chain_seq
    }
}
