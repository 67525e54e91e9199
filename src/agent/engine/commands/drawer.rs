//! Counting the cash drawer.

use super::context::CommandContext;
use crate::agent::engine::done::Done;
use crate::agent::engine::error::EngineError;
use crate::domain::units::Rupiah;
use crate::protocol::admin::closings::ClosingView;
use crate::store::ClosingRecord;

impl CommandContext<'_, '_> {
    /// Closes the caller's cash drawer. Moves are committed with the request that makes them, so the store has all of
    /// them.
    pub(super) fn close_drawer(&mut self, counted: Rupiah, note: &str) -> Result<Done, EngineError> {
        let cashier = self.draft.actor.name.clone();
        let closing = ClosingRecord {
            no: self.reader.last_closing_no()? + 1,
            at: self.draft.state.wall,
            drawer: self.reader.drawer(&cashier, None)?,
            cashier: cashier.clone(),
            counted,
            note: note.to_owned(),
        };
        let view = ClosingView::of(&closing);
        let detail = format!(
            "{} counted {counted} expected {} difference {}",
            closing.no, view.expected_rp, view.difference_rp
        );
        self.draft.audit("drawer.close", &cashier, detail);
        self.draft.put_closing(closing);
        Ok(Done::created(view))
    }
}
