//! A reset: seals the balance and usage of the old period, and grants quota for the new one.

use super::context::CommandContext;
use crate::agent::engine::audit_detail;
use crate::agent::engine::done::Done;
use crate::agent::engine::error::{EngineError, no_reading, unread_row};
use crate::domain::id::UserId;
use crate::domain::policy::{Event, Reset};
use crate::protocol::admin::quota::ResetView;
use crate::store::Undated;

impl CommandContext<'_, '_> {
    pub(super) fn reset(&mut self, user: UserId, reset: Reset) -> Result<Done, EngineError> {
        if self.reading.is_none() {
            return Err(no_reading());
        }
        let no = self.draft.find_user(user)?;
        let owned = self.draft.state.devices_of.get(&no).into_iter().flatten();
        let mut macs =
            owned.filter_map(|device| self.draft.state.devices.get(device)).map(|device| device.mac);
        if let Some(mac) = macs.find(|mac| self.is_unknown(*mac)) {
            return Err(unread_row(mac));
        }
        let detail = audit_detail::of_reset(&reset);
        for what in [Undated::DebtDate, Undated::DueDate] {
            if let Some(item) = &reset.debt {
                self.draft.put_undated(what, item.id.to_string());
            }
        }
        self.draft.step(no, &Event::Reset(reset), &self.event)?;
        self.draft.audit("user.reset", &user.to_string(), detail);
        let snapshot = self.draft.snapshot(no);
        Ok(Done::changed(ResetView::of(&snapshot, self.draft.policy, self.draft.entries_of_user(no))))
    }
}
