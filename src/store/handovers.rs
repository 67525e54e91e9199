//! Hotspot users of the router that became customers, and the other way round.

use std::collections::BTreeMap;

use rusqlite::params;

use super::error::StoreError;
use super::lifecycle::Store;
use super::read::Reader;
use super::record::HandoverRecord;
use super::rows::{instant, parsed, unsigned};
use super::write::{Batch, Writer, int};
use crate::domain::adoption::HandoverState;
use crate::domain::units::{Bytes, Timestamp};

impl Writer<'_> {
    pub(super) fn handovers(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for record in &batch.handovers {
            let HandoverRecord { no, user_no, name, server, state, event, used, expires_at, at } = record;
            self.run(
                "INSERT INTO handovers (handover_no, user_no, name, server, state, event, used_bytes, expires_at, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (handover_no) DO UPDATE SET state = ?5",
                params![
                    no,
                    user_no,
                    name,
                    server,
                    state.name(),
                    event,
                    int(used.0),
                    expires_at.map(|at| at.0),
                    at.0
                ],
            )?;
        }
        Ok(())
    }
}

impl Store {
    /// Every handover, by its key.
    pub(super) fn handovers(&self) -> Result<BTreeMap<u32, HandoverRecord>, StoreError> {
        let mut out = BTreeMap::new();
        self.each("SELECT * FROM handovers", |row| {
            let record = HandoverRecord {
                no: row.get("handover_no")?,
                user_no: row.get("user_no")?,
                name: row.get("name")?,
                server: row.get("server")?,
                state: parsed(row, "state", HandoverState::from_name)?,
                event: row.get("event")?,
                used: Bytes(unsigned(row, "used_bytes")?),
                expires_at: instant(row, "expires_at")?,
                at: Timestamp(row.get("at")?),
            };
            out.insert(record.no, record);
            Ok(())
        })?;
        Ok(out)
    }
}

impl Reader {
    /// Whether a user's ledger has entries of another event than this one, metered usage left out.
    pub fn moved_besides(&self, user_no: u32, event: &str) -> Result<bool, StoreError> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM entries WHERE user_no = ?1 AND kind <> 'usage' AND event_id <> ?2)";
        Ok(self.conn.prepare_cached(sql)?.query_row(params![user_no, event], |row| row.get(0))?)
    }
}
