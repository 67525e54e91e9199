//! The context of every command: the draft, the history, and the reading that came with the request.

use crate::agent::engine::draft::Draft;
use crate::agent::engine::error::EngineError;
use crate::agent::engine::reading::Reading;
use crate::domain::id::UserId;
use crate::domain::policy::Event;
use crate::protocol::admin::users::UserView;
use crate::store::Reader;

/// A command being executed.
pub struct CommandContext<'d, 'a> {
    pub draft: &'d mut Draft<'a>,
    pub reader: &'d Reader,
    /// Id of the event that entries are written for.
    pub event: String,
    pub reading: Option<&'d Reading>,
}

impl<'d, 'a> CommandContext<'d, 'a> {
    /// A context without a reading.
    pub fn new(draft: &'d mut Draft<'a>, reader: &'d Reader, event: String) -> Self {
        Self { draft, reader, event, reading: None }
    }
}

impl CommandContext<'_, '_> {
    /// A user after the draft.
    pub(super) fn user_view(&self, no: u32) -> UserView {
        UserView::of(&self.draft.snapshot(no), self.draft.policy)
    }

    /// Applies one event to one user, writes its audit line and answers with the user.
    pub(super) fn plain(
        &mut self,
        user: UserId,
        event: &Event,
        action: &str,
        detail: String,
    ) -> Result<UserView, EngineError> {
        let no = self.draft.find_user(user)?;
        self.draft.step(no, event, &self.event)?;
        self.draft.audit(action, &user.to_string(), detail);
        Ok(self.user_view(no))
    }
}
