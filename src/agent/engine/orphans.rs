//! Devices that the router has by a binding of ours and the store has not, after this machine took the site over.

use super::Engine;
use super::actor::Actor;
use super::changes::OrphanChanges;
use super::error::EngineError;
use super::state::{Orphans, State};
use crate::domain::id::Mac;
use crate::domain::orphans::Orphan;
use crate::store::OrphanRecord;

/// Devices that a line of the audit names.
const MACS_NAMED_MAX: usize = 20;

impl State {
    /// Applies what a draft changes of orphans.
    pub fn change_orphans(&mut self, changes: OrphanChanges) {
        let OrphanChanges { found, released, due } = changes;
        for record in found {
            self.dirty.orphans.insert(record.orphan.mac);
            self.orphans.known.insert(record.orphan.mac, record);
        }
        if let Some(due) = due {
            (self.orphans.due, self.dirty.orphans_due) = (due, true);
        }
        for mac in released {
            self.end_orphan(mac);
        }
    }

    /// The device is somebody's, or nobody's with whom its access would stay.
    pub fn end_orphan(&mut self, mac: Mac) {
        if self.orphans.known.remove(&mac).is_some() {
            self.dirty.orphans.remove(&mac);
            self.dirty.orphans_ended.insert(mac);
        }
    }
}

impl Engine {
    /// Whether the router is still to be searched for orphans.
    pub fn are_orphans_due(&self) -> bool {
        self.state.orphans.due
    }

    /// Records what was found on the router, in one commit. Once every binding could be read, orphans are looked for no more:
    /// rows that are surplus later are those of devices that were unbound here.
    pub fn record_orphans(&mut self, found: Vec<Orphan>, is_complete: bool) -> Result<(), EngineError> {
        self.begin()?;
        let is_news = |orphan: &Orphan| {
            let mac = &orphan.mac;
            let Orphans { known, due: _, unbound } = &self.state.orphans;
            !self.state.by_mac.contains_key(mac) && !known.contains_key(mac) && !unbound.contains(mac)
        };
        let found: Vec<Orphan> = found.into_iter().filter(is_news).collect();
        if found.is_empty() && !is_complete {
            return Ok(());
        }
        let found_at = self.state.wall;
        let ((), changes) = self.draft(&Actor::daemon(), "", |act| {
            if !found.is_empty() {
                let macs = found.iter().take(MACS_NAMED_MAX).map(|orphan| orphan.mac.to_string());
                let macs = macs.collect::<Vec<_>>().join(" ");
                act.draft.audit("device.orphans", &found.len().to_string(), macs);
            }
            let records = found.into_iter().map(|orphan| OrphanRecord { orphan, found_at });
            act.draft.put_orphans(records.collect(), !is_complete);
            Ok(())
        })?;
        self.take_over(changes)?;
        if is_complete {
            self.state.orphans.unbound.clear();
        }
        Ok(())
    }
}
