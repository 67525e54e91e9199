//! What requests about cash drawers ask of the engine.

use crate::agent::engine::Command;
use crate::protocol::admin::closings::CountDrawer;

impl CountDrawer {
    /// The command it asks for.
    pub(crate) fn command(self) -> Command {
        let note = self.note.map(|note| note.0).unwrap_or_default();
        Command::CloseDrawer { counted: self.counted_rp.0, note }
    }
}
