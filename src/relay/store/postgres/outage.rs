//! Since when the database has not answered. The log has one line when it stops and one when it answers again.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::errors::{ServerCause, ServerError};
use crate::relay::store::Outage;

/// What a call does with the database. A read-only one answers questions, which does not end its outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    Read,
    Write,
}

#[derive(Debug)]
struct Since {
    at: Instant,
    why: String,
    access: CallKind,
    failed: u64,
}

/// Follows the outcome of every call.
#[derive(Debug, Default)]
pub(super) struct OutageLog(Mutex<Option<Since>>);

impl OutageLog {
    pub fn record(&self, access: CallKind, error: Option<&ServerError>) {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (error.filter(|error| is_outage(error)), &mut *since) {
            (None, None) => {}
            (None, Some(known)) if known.access == CallKind::Write && access == CallKind::Read => {}
            (None, Some(known)) => {
                let lasted_s = known.at.elapsed().as_secs();
                tracing::info!(lasted_s, failed = known.failed, "the relay's database answers again");
                *since = None;
            }
            (Some(error), Some(known)) => {
                known.failed += 1;
                if known.access == CallKind::Read {
                    known.access = access;
                }
                tracing::debug!(%error, failed = known.failed, "the relay's database still does not answer");
            }
            (Some(error), None) => {
                let why = error.explain();
                tracing::error!(why, "the relay's database cannot be used; retrying");
                *since = Some(Since { at: Instant::now(), why, access, failed: 1 });
            }
        }
    }

    pub fn current(&self) -> Option<Outage> {
        let since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.as_ref().map(|since| Outage { lasted: since.at.elapsed(), why: since.why.clone() })
    }
}

/// Whether an error speaks of the database rather than of one call.
fn is_outage(error: &ServerError) -> bool {
    match error.cause() {
        ServerCause::Away
        | ServerCause::ReadOnly
        | ServerCause::Full
        | ServerCause::Busy
        | ServerCause::Refused
        | ServerCause::Moved
        | ServerCause::Statement => true,
        ServerCause::Conflict | ServerCause::Values => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_outage_ends_with_the_first_answer_and_one_of_changes_with_a_change() {
        let log = OutageLog::default();
        let away = ServerError::TimedOut(1);
        assert!(log.current().is_none());
        log.record(CallKind::Read, Some(&away));
        assert!(log.current().unwrap().why.contains("does not answer"));
        log.record(CallKind::Read, None);
        assert!(log.current().is_none());
        log.record(CallKind::Write, Some(&away));
        log.record(CallKind::Read, None);
        assert!(log.current().is_some(), "questions are answered, changes are not");
        log.record(CallKind::Write, None);
        assert!(log.current().is_none());
        log.record(CallKind::Write, Some(&ServerError::Nonsense("no".to_owned())));
        assert!(log.current().is_none(), "the database is well");
    }
}
