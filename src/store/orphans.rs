//! Devices that the router has by a binding of ours and the store has not.

use std::collections::BTreeMap;

use rusqlite::params;

use super::error::StoreError;
use super::lifecycle::Store;
use super::record::OrphanRecord;
use super::rows::{parsed, unsigned};
use super::write::{Batch, Writer, int};
use crate::domain::id::Mac;
use crate::domain::listing::{BindingKind, List};
use crate::domain::orphans::Orphan;
use crate::domain::units::Timestamp;

impl Writer<'_> {
    /// Those that ended go first: the same device may be there again.
    pub(super) fn orphans(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for mac in &batch.orphans_ended {
            self.run("DELETE FROM orphans WHERE mac = ?1", [int(mac.to_u64())])?;
        }
        for OrphanRecord { orphan, found_at } in &batch.orphans {
            let Orphan { mac, owner, list, binding } = orphan;
            self.run(
                "INSERT INTO orphans (mac, owner, list, binding, found_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![int(mac.to_u64()), owner, list.name(), binding.name(), found_at.0],
            )?;
        }
        Ok(())
    }
}

impl Store {
    /// Every orphan, by its device.
    pub(super) fn orphans(&self) -> Result<BTreeMap<Mac, OrphanRecord>, StoreError> {
        let mut out = BTreeMap::new();
        self.each("SELECT * FROM orphans", |row| {
            let orphan = Orphan {
                mac: Mac::from_u64(unsigned(row, "mac")?),
                owner: row.get("owner")?,
                list: parsed(row, "list", List::from_name)?,
                binding: parsed(row, "binding", BindingKind::from_name)?,
            };
            out.insert(orphan.mac, OrphanRecord { orphan, found_at: Timestamp(row.get("found_at")?) });
            Ok(())
        })?;
        Ok(out)
    }
}
