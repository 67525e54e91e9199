//! The proof of the ledger while the daemon runs. A start proves what was written since the last checkpoint; here the
//! whole follows once, and then the checkpoint keeps up with what is written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::spawn_blocking;

use super::engine::{Engine, EngineError, EngineGone, EngineHandle};
use crate::domain::units::Timestamp;
use crate::store::{
    Broken, Check, Checkpoint, ProofProgress, ProofThreads, Proved, StartProof, StoreError, Verified,
};

/// Entries from one checkpoint to the next: the next start has to prove about so many before it listens.
const CHECKPOINT_ENTRIES: u64 = 1_000;

/// Why a turn of the proof failed. The loop retries.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
    /// The engine could not take the result.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The proof's thread failed.
    #[error("the proof ended by itself")]
    Thread,
}

/// How far the proof of the whole ledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofState {
    /// It was not begun.
    Waiting,
    /// It runs.
    Proving,
    /// It was finished then, or before the start.
    Proved(Option<Timestamp>),
}

/// The proof of one site's ledger, shared between its loop and the faces that show it.
#[derive(Debug)]
pub struct LedgerProof {
    progress: Arc<ProofProgress>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: ProofState,
    /// The last entry of the checkpoint on file.
    kept: u64,
    /// Entries that were proved in this process.
    entries: u64,
    /// The last entry proved.
    reached: u64,
    /// What a start reached that proved the whole: stored by the first turn.
    pending: Option<Checkpoint>,
    statistics_lost: Vec<String>,
}

impl LedgerProof {
    /// Goes on from what a start proved.
    pub fn begin(start: StartProof, statistics_lost: Vec<String>) -> Self {
        let (state, kept, reached, pending) = match start {
            StartProof::Whole(Proved { checkpoint, .. }) => {
                (ProofState::Proved(None), 0, checkpoint.seq, Some(checkpoint))
            }
            StartProof::Since { from, checkpoint } => (ProofState::Waiting, from, checkpoint.seq, None),
        };
        let entries = reached - kept;
        let inner = Inner { state, kept, entries, reached, pending, statistics_lost };
        Self { progress: Arc::default(), inner: Mutex::new(inner) }
    }

    /// Of a site whose store was proved elsewhere.
    pub fn elsewhere() -> Self {
        Self::begin(StartProof::Whole(Proved::default()), Vec::new())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far it is.
    pub fn state(&self) -> ProofState {
        self.inner().state
    }

    /// Entries proved in this process, and how many there are to prove.
    pub fn entries(&self) -> (u64, u64) {
        let inner = self.inner();
        match inner.state {
            ProofState::Proving => self.progress.entries(),
            ProofState::Waiting | ProofState::Proved(_) => (inner.entries, inner.reached),
        }
    }

    /// Tables of statistics that were damaged and began again empty: reports lack what was in them.
    pub fn statistics_lost(&self) -> Vec<String> {
        self.inner().statistics_lost.clone()
    }

    /// Stops a proof that runs; to be repeated until its turn has ended.
    pub fn stop(&self) {
        self.progress.stop();
    }

    /// One turn: proves the whole ledger if that was not done, else what was written since the checkpoint, once that is
    /// enough for another one. A ledger that does not add up stops the engine.
    pub async fn prove_once(&self, engine: &EngineHandle, now: Timestamp) -> Result<(), ProofError> {
        let pending = self.inner().pending.take();
        if let Some(reached) = pending {
            self.keep(engine, reached).await?;
        }
        match self.state() {
            ProofState::Waiting | ProofState::Proving => self.prove_whole(engine, now).await,
            ProofState::Proved(_) => self.prove_since(engine, now).await,
        }
    }

    async fn prove_whole(&self, engine: &EngineHandle, now: Timestamp) -> Result<(), ProofError> {
        let reader = engine.call(|engine| engine.new_reader()).await??;
        let progress = Arc::clone(&self.progress);
        self.inner().state = ProofState::Proving;
        let proved = spawn_blocking(move || reader.prove(Check::Quick, ProofThreads::One, &progress)).await;
        let Proved { verified, damaged, checkpoint } = match proved.map_err(|_| ProofError::Thread)? {
            Ok(proved) => proved,
            Err(broken) => return self.fail(engine, broken).await,
        };
        let statistics_lost = engine.call(move |engine| engine.ledger_proved(damaged)).await??;
        let Verified { entries, accounts, debts, receipts } = verified;
        tracing::info!(entries, accounts, debts, receipts, "ledger verified");
        {
            let mut inner = self.inner();
            let (kept, pending) = (inner.kept, None);
            let state = ProofState::Proved(Some(now));
            *inner = Inner { state, kept, entries, reached: entries, pending, statistics_lost };
        }
        self.keep(engine, checkpoint).await
    }

    /// Ends a proof that found something: a broken ledger stops the engine, anything else is retried.
    async fn fail(&self, engine: &EngineHandle, broken: Broken) -> Result<(), ProofError> {
        self.inner().state = ProofState::Waiting;
        match broken {
            Broken::Stopped => Ok(()),
            Broken::Store(error) if error.is_passing() => Err(error.into()),
            broken => Ok(engine.call(move |engine| engine.proof_failed(&broken)).await?),
        }
    }

    async fn prove_since(&self, engine: &EngineHandle, now: Timestamp) -> Result<(), ProofError> {
        let kept = self.inner().kept;
        let look = move |engine: &mut Engine| {
            let is_due = engine.last_entry().saturating_sub(kept) >= CHECKPOINT_ENTRIES;
            is_due.then(|| engine.new_reader()).transpose()
        };
        let Some(reader) = engine.call(look).await?? else { return Ok(()) };
        let prove = move || match reader.prove_since_checkpoint()? {
            Some(proved) => Ok(proved),
            None => reader.prove_since(Checkpoint::default()).map(|checkpoint| (0, checkpoint)),
        };
        match spawn_blocking(prove).await.map_err(|_| ProofError::Thread)? {
            Ok((from, checkpoint)) => {
                {
                    let mut inner = self.inner();
                    inner.entries += checkpoint.seq.saturating_sub(inner.reached);
                    inner.reached = checkpoint.seq;
                    inner.kept = from;
                }
                self.keep(engine, checkpoint).await
            }
            Err(error) => {
                tracing::error!(%error, "entries do not fit the last checkpoint; proving the whole ledger");
                self.prove_whole(engine, now).await
            }
        }
    }

    /// Stores the point reached if it is well ahead of the one on file.
    async fn keep(&self, engine: &EngineHandle, reached: Checkpoint) -> Result<(), ProofError> {
        let seq = reached.seq;
        if seq < self.inner().kept + CHECKPOINT_ENTRIES {
            return Ok(());
        }
        if engine.call(move |engine| engine.keep_checkpoint(&reached)).await?? {
            self.inner().kept = seq;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
