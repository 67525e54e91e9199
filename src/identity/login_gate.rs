//! The log-in limits of one face: its limiter behind a lock, with refusals as problems.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::login_limiter::{Guarded, LoginAttempt, LoginLimiter};
use crate::web::{Peer, Problem};

/// Counts the log-in attempts of one face.
#[derive(Debug)]
pub(crate) struct LoginGate(Mutex<LoginLimiter>);

impl LoginGate {
    /// A gate without history.
    pub fn new(guarded: Guarded) -> Self {
        Self(Mutex::new(LoginLimiter::new(guarded)))
    }

    fn limiter(&self) -> MutexGuard<'_, LoginLimiter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an attempt before it is made; 429 after too many. Callers on the socket guess nothing, and nothing is
    /// counted. It counts as a wrong one unless it [succeeds](Self::note_success) or is [taken back](Self::take_back).
    pub fn begin(&self, peer: Peer, name: &str, uptime: Duration) -> Result<Option<LoginAttempt>, Problem> {
        let Peer::Network(address) = peer else { return Ok(None) };
        self.limiter().begin(address, name, uptime).map(Some).map_err(|wait| {
            let seconds = wait.as_secs() + 1;
            Problem::too_many(format!("too many log-ins that failed; wait {seconds} seconds"), seconds)
        })
    }

    /// The attempt was a right one.
    pub fn note_success(&self, attempt: Option<LoginAttempt>, uptime: Duration) {
        if let Some(attempt) = attempt {
            self.limiter().succeeded(attempt, uptime);
        }
    }

    /// The attempt was neither right nor wrong.
    pub fn take_back(&self, attempt: Option<LoginAttempt>) {
        if let Some(attempt) = attempt {
            self.limiter().withdraw_attempt(attempt);
        }
    }

    /// Records log-ins that are older than this gate: a restart locks nobody out.
    pub fn remember(&self, logged_in: impl IntoIterator<Item = (IpAddr, String)>) {
        let mut limiter = self.limiter();
        for (address, name) in logged_in {
            limiter.remember(address, &name);
        }
    }
}
