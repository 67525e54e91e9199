//! Hotspot users that become customers, and customers that become hotspot users again.

use super::context::CommandContext;
use crate::agent::engine::done::{Done, View};
use crate::agent::engine::error::{EngineError, RowFinding, no_reading};
use crate::agent::engine::handover::{Adoptee, LEAVE_EVENT};
use crate::domain::adoption::HandoverState;
use crate::domain::id::UserId;
use crate::domain::policy::{Event, Settings};
use crate::domain::units::Bytes;
use crate::store::HandoverRecord;

/// Why the ledger has the debit of what flowed unseen while somebody was taken over.
const UNSEEN: &str = "used on the router while it was taken over";

impl CommandContext<'_, '_> {
    /// Creates a customer of each, with devices, quota and days; all or none.
    pub(in crate::agent::engine) fn adopt(
        &mut self,
        adoptees: &[Adoptee],
    ) -> Result<Vec<UserId>, EngineError> {
        let users: Vec<_> = adoptees.iter().map(|adoptee| adoptee.user.clone()).collect();
        let Done::Created(View::Import(view)) = self.import(&users, &[], &[])? else {
            return Err(EngineError::Rows(Vec::new()));
        };
        for (adoptee, id) in adoptees.iter().zip(&view.ids) {
            let user_no = self.draft.find_user(*id)?;
            let record = HandoverRecord {
                no: 0,
                user_no,
                name: adoptee.name.clone(),
                server: adoptee.server.clone(),
                state: HandoverState::Taking,
                event: self.event.clone(),
                used: adoptee.used,
                expires_at: self.draft.user(user_no).account.expires_at,
                at: self.draft.facts.now,
            };
            self.draft.put_handover(record);
            self.draft.audit("user.adopt", &id.to_string(), adoptee.name.clone());
        }
        Ok(view.ids)
    }

    /// What the rules of the store say against each of them.
    pub(in crate::agent::engine) fn check_adoption(
        &mut self,
        adoptees: &[Adoptee],
    ) -> Result<Vec<RowFinding>, EngineError> {
        let users: Vec<_> = adoptees.iter().map(|adoptee| adoptee.user.clone()).collect();
        match self.import(&users, &[], &[]) {
            Ok(_) => Ok(Vec::new()),
            Err(EngineError::Rows(findings)) => Ok(findings),
            Err(error) => Err(error),
        }
    }

    /// Ends the taking over. `counted` is what the router counted for each hotspot user in the end, where it has it still:
    /// what is neither in the account that was taken over nor metered since flowed unseen, in a row of the host table that
    /// was replaced meanwhile, and is debited now. Never more than flowed, for what was metered includes what came after.
    pub(in crate::agent::engine) fn end_taking(
        &mut self,
        counted: &[(HandoverRecord, Option<Bytes>)],
    ) -> Result<(), EngineError> {
        for (handover, counted) in counted {
            let HandoverRecord { user_no, used, event, .. } = handover;
            if let Some(counted) = counted.filter(|_| self.draft.has_user(*user_no)) {
                let account = &self.draft.user(*user_no).account;
                let unseen = counted.minus(*used).minus(account.used).min(account.balance.remaining());
                let is_plain = !account.unlimited && !self.reader.moved_besides(*user_no, event)?;
                let amount = if is_plain { unseen } else { Bytes::ZERO };
                if !amount.is_zero() {
                    let event = Event::Debited { amount, reason: UNSEEN.to_owned() };
                    self.draft.step(*user_no, &event, &handover.event)?;
                }
            }
            // A hotspot user that leaving made was never the customer's own: there is no way back to it but leaving again.
            let is_made = event.starts_with(LEAVE_EVENT);
            let state = if is_made { HandoverState::Returned } else { HandoverState::Taken };
            self.draft.put_handover(HandoverRecord { state, ..handover.clone() });
        }
        Ok(())
    }

    /// Gives customers back to the router: their devices are unbound, they stay in the ledger and are inactive. Their names
    /// become free, so that the hotspot users can be adopted again.
    pub(in crate::agent::engine) fn give_back(
        &mut self,
        handovers: &[HandoverRecord],
    ) -> Result<(), EngineError> {
        if self.reading.is_none() {
            return Err(no_reading());
        }
        let mut findings = Vec::new();
        for (row, handover) in handovers.iter().enumerate() {
            if let Some(message) = self.moved_since(handover)? {
                findings.push(RowFinding { row, field: "name", message, is_conflict: true });
            }
        }
        if !findings.is_empty() {
            return Err(EngineError::Rows(findings));
        }
        handovers.iter().try_for_each(|handover| self.give_one_back(handover))
    }

    /// Why a customer cannot be given back without losing what somebody paid, gave or owes.
    fn moved_since(&self, handover: &HandoverRecord) -> Result<Option<String>, EngineError> {
        let HandoverRecord { user_no, name, event, expires_at, .. } = handover;
        let account = &self.draft.user(*user_no).account;
        let why = if self.reader.moved_besides(*user_no, event)? {
            "bought, was given or paid something since; that would be lost"
        } else if !account.total_debt().is_zero() || !account.open_items().is_empty() {
            "owes something; settle it first"
        } else if self.draft.open_orders(*user_no).next().is_some()
            || self.draft.pending_orders(*user_no).next().is_some()
        {
            "has an online order open; cancel it first"
        } else if account.expires_at != *expires_at {
            "got another end of the days since; the hotspot user's comment does not know it"
        } else {
            return Ok(None);
        };
        Ok(Some(format!("{name} {why}")))
    }

    fn give_one_back(&mut self, handover: &HandoverRecord) -> Result<(), EngineError> {
        let no = handover.user_no;
        let id = self.draft.user(no).account.id;
        let devices = self.draft.state.devices_of.get(&no).into_iter().flatten();
        let macs: Vec<_> = devices.map(|device| self.draft.state.devices[device].mac).collect();
        for mac in macs {
            if let Done::Waiting(_) = self.unbind(id, mac)? {
                return Err(crate::agent::engine::error::unread_row(mac));
            }
        }
        self.draft.step(no, &Event::Sealed, &self.event)?;
        let settings = Settings { active: Some(false), ..Settings::default() };
        self.draft.step(no, &Event::Changed(settings), &self.event)?;
        let mut user = self.draft.user(no).clone();
        (user.phone, user.phone_e164, user.login, user.login_key) = (None, None, None, None);
        self.draft.put_user(user);
        self.draft.put_handover(HandoverRecord { state: HandoverState::Returning, ..handover.clone() });
        self.draft.audit("user.give_back", &id.to_string(), handover.name.clone());
        Ok(())
    }
}
