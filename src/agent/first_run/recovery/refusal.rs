//! Why a copy is not restored, in words. Details that are for programmers go to the log.

use axum::response::Response;

use crate::agent::first_run::step_page::refuse_whole;
use crate::agent::first_run::texts::RecoveryWords;
use crate::store::backup::BackupError;
use crate::ui::Form;

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Another call works on a copy.
    Busy,
    /// The card has a store.
    HasStore,
    /// No copy was chosen, or not since the last start.
    NotChosen,
    /// The key opens other copies.
    WrongKey,
    /// The file is no whole copy.
    Damaged,
    /// The copy is of a later version.
    Later,
    /// Nobody could log in.
    NoOwner,
    /// The card cannot be written or has no room.
    Card,
}

impl Refusal {
    /// The reason of an error, which is logged.
    pub fn of(error: &BackupError) -> Self {
        tracing::warn!(%error, "a copy is not restored");
        match error {
            BackupError::WrongKey { .. } => Self::WrongKey,
            BackupError::Later { .. } => Self::Later,
            BackupError::File { .. } => Self::Card,
            BackupError::Unusable { .. } | BackupError::Copy(_) | BackupError::Store(_) => Self::Damaged,
        }
    }

    /// What happened and what to do.
    pub fn text(self, words: &RecoveryWords) -> &'static str {
        match self {
            Self::Busy => words.busy,
            Self::HasStore => words.has_store,
            Self::NotChosen => words.not_chosen,
            Self::WrongKey => words.wrong_key,
            Self::Damaged => words.damaged,
            Self::Later => words.later,
            Self::NoOwner => words.no_owner,
            Self::Card => words.card,
        }
    }

    /// The answer to a form, which shows it above the form.
    pub fn answer(self, form: &Form, words: &RecoveryWords) -> Response {
        refuse_whole(form, "not_restored", self.text(words))
    }
}
