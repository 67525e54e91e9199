//! What the handles of a client and the task that owns its connection both know.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::port::{RouterHealth, RouterIdentity};

/// What the router said at the log-in.
#[derive(Default)]
pub(super) struct LoginReply {
    /// Its RouterOS version.
    pub(super) version: String,
    /// Which router it is.
    pub(super) identity: RouterIdentity,
}

/// What the task and the handles both know.
#[derive(Default)]
pub(super) struct ClientShared {
    pub(super) commands: Arc<AtomicU64>,
    /// The session that the row ids of the last reading belong to; 0 before the first.
    pub(super) rows_session: AtomicU64,
    /// The session that the rows of the last reading of hotspot users belong to; 0 before the first.
    pub(super) accounts_session: AtomicU64,
    /// Lists that were ours under another configuration.
    pub(super) former_lists: Mutex<Vec<String>>,
    state: Mutex<ConnectionState>,
}

#[derive(Default)]
struct ConnectionState {
    connected: bool,
    version: Option<String>,
    identity: Option<RouterIdentity>,
    /// The session that these were read on.
    session: u64,
    warnings: Vec<String>,
    retry_at: Option<Instant>,
}

impl ClientShared {
    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        // Every change is one assignment: a panic leaves no half-written state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_connected(&self, session: u64, log_in: LoginReply) {
        *self.state() = ConnectionState {
            connected: true,
            version: Some(log_in.version),
            identity: Some(log_in.identity),
            session,
            warnings: Vec::new(),
            retry_at: None,
        };
    }

    /// Which router the session is with. `None` when it is not the last one any more.
    pub(super) fn identity_on(&self, session: u64) -> Option<RouterIdentity> {
        let state = self.state();
        state.identity.clone().filter(|_| state.session == session)
    }

    pub(super) fn set_disconnected(&self, retry_at: Option<Instant>) {
        let mut state = self.state();
        state.connected = false;
        state.retry_at = retry_at;
    }

    /// Keeps a warning until the next log-in.
    pub(super) fn warn(&self, warning: &str) {
        let mut state = self.state();
        if !state.warnings.iter().any(|known| known == warning) {
            tracing::warn!(warning, "router lacks something");
            state.warnings.push(warning.to_owned());
        }
    }

    pub(super) fn health(&self) -> RouterHealth {
        let state = self.state();
        let left = state.retry_at.map(|at| at.saturating_duration_since(Instant::now()));
        RouterHealth {
            connected: state.connected,
            commands: self.commands.load(Ordering::Relaxed),
            version: state.version.clone(),
            identity: state.identity.clone(),
            session: state.session,
            warnings: state.warnings.clone(),
            retry_in: left.filter(|left| !left.is_zero()),
        }
    }
}
