//! Handing customers over between the router and the store: hotspot users become customers and the other way round. What the
//! store says is committed first; the router follows and may be interrupted, so each handover has a state.

use super::Engine;
use super::actor::Actor;
use super::error::{EngineError, RowFinding};
use super::handover::{Adoptee, Handover};
use super::reading::Reading;
use crate::domain::adoption::HandoverState;
use crate::domain::id::UserId;
use crate::domain::units::Bytes;
use crate::store::HandoverRecord;

impl Engine {
    /// What the rules of the store say against each of them. Changes nothing.
    pub fn check_adoption(
        &mut self,
        actor: &Actor,
        adoptees: &[Adoptee],
    ) -> Result<Vec<RowFinding>, EngineError> {
        self.begin()?;
        Ok(self.draft(actor, "", |act| act.check_adoption(adoptees))?.0)
    }

    /// Creates a customer of each, with devices, quota and days, in one commit; all or none. The reading is counted first:
    /// it is the baseline of the devices.
    pub fn adopt(
        &mut self,
        actor: &Actor,
        adoptees: &[Adoptee],
        reading: &Reading,
    ) -> Result<Vec<UserId>, EngineError> {
        self.begin()?;
        self.absorb(reading);
        let event = format!("adopt/{}", (self.parts.new_id)());
        let (ids, changes) = self.draft_at(actor, &event, Some(reading), |act| act.adopt(adoptees))?;
        self.take_over(changes)?;
        Ok(ids)
    }

    /// Every handover in that state, in the order they were begun.
    pub fn handovers(&self, is_wanted: impl Fn(HandoverState) -> bool) -> Vec<Handover> {
        let records = self.state.handovers.values().filter(|record| is_wanted(record.state));
        let handover = |record: &HandoverRecord| {
            let user = self.state.users.get(&record.user_no);
            let account = user.map(|user| &user.account).filter(|account| !account.unlimited);
            Handover {
                record: record.clone(),
                user: user.map(|user| user.account.id),
                remaining: account.map(|account| account.balance.remaining()),
            }
        };
        records.map(handover).collect()
    }

    /// Gives customers back to the router, in one commit; all or none. The reading is counted first, so that nothing that
    /// they used is left out.
    pub fn give_back(
        &mut self,
        actor: &Actor,
        handovers: &[HandoverRecord],
        reading: &Reading,
    ) -> Result<(), EngineError> {
        self.begin()?;
        self.absorb(reading);
        let event = format!("give_back/{}", (self.parts.new_id)());
        let ((), changes) = self.draft_at(actor, &event, Some(reading), |act| act.give_back(handovers))?;
        self.take_over(changes)
    }

    /// Ends the taking over of customers whose hotspot users are off and without sessions, in one commit. With each comes
    /// what the router counted for it in the end. A reading made after that must have been counted.
    pub fn end_taking(
        &mut self,
        actor: &Actor,
        counted: &[(HandoverRecord, Option<Bytes>)],
    ) -> Result<(), EngineError> {
        self.begin()?;
        let ((), changes) = self.draft(actor, "", |act| act.end_taking(counted))?;
        self.take_over(changes)
    }

    /// Notes how far handovers are, in one commit.
    pub fn set_handovers(
        &mut self,
        actor: &Actor,
        keys: &[u32],
        state: HandoverState,
    ) -> Result<(), EngineError> {
        self.begin()?;
        let ((), changes) = self.draft(actor, "", |act| {
            for key in keys {
                if let Some(record) = act.draft.state.handovers.get(key) {
                    act.draft.put_handover(HandoverRecord { state, ..record.clone() });
                }
            }
            Ok(())
        })?;
        self.take_over(changes)
    }
}
