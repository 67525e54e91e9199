//! The context of every command: the draft, the history, and the reading that came with the request.

use serde::Serialize;

use crate::agent::engine::draft::Draft;
use crate::agent::engine::error::EngineError;
use crate::agent::engine::reading::Reading;
use crate::agent::engine::request::Outcome;
use crate::agent::engine::views::UserView;
use crate::domain::id::UserId;
use crate::domain::policy::Event;
use crate::store::Reader;

/// A command being executed.
pub struct CommandContext<'d, 'a> {
    pub draft: &'d mut Draft<'a>,
    pub reader: &'d Reader,
    /// Id of the event that entries are written for.
    pub event: String,
    pub reading: Option<&'d Reading>,
}

pub fn done(status: u16, view: &impl Serialize) -> Outcome {
    Outcome { status, body: serde_json::to_string(view).expect("views are plain data") }
}

impl<'d, 'a> CommandContext<'d, 'a> {
    /// A context without a reading.
    pub fn new(draft: &'d mut Draft<'a>, reader: &'d Reader, event: String) -> Self {
        Self { draft, reader, event, reading: None }
    }
}

impl CommandContext<'_, '_> {
    pub(super) fn user_view(&self, no: u32, status: u16) -> Outcome {
        let snapshot = self.draft.snapshot(no);
        done(status, &UserView::of(&snapshot, self.draft.policy))
    }

    /// Applies one event to one user, writes its audit line and answers with the user.
    pub(super) fn plain(
        &mut self,
        user: UserId,
        event: &Event,
        action: &str,
        detail: String,
        status: u16,
    ) -> Result<Outcome, EngineError> {
        let no = self.draft.find_user(user)?;
        self.draft.step(no, event, &self.event)?;
        self.draft.audit(action, &user.to_string(), detail);
        Ok(self.user_view(no, status))
    }
}
