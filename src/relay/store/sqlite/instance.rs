//! The machines of sites: each function is one transaction, or one snapshot.

use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::errors::QueryError;
use super::rows::{one, run};
use super::writer::WriteContext;
use crate::domain::instance::Instance;
use crate::domain::units::Timestamp;
use crate::relay::store::StoreFuture;
use crate::relay::store::instance::{InstanceClaim, InstanceRecord, InstanceStore, judge};

impl InstanceStore for SqliteStore {
    fn site_instance<'a>(&'a self, site: &'a str) -> StoreFuture<'a, Option<InstanceRecord>> {
        let site = site.to_owned();
        Box::pin(self.readers.read(move |conn| kept(conn, &site)))
    }

    fn claim_instance<'a>(
        &'a self,
        site: &'a str,
        record: &'a InstanceRecord,
    ) -> StoreFuture<'a, InstanceClaim> {
        let (site, record) = (site.to_owned(), record.clone());
        Box::pin(self.writer.change(move |desk| claim(desk, &site, &record)))
    }
}

fn claim(
    desk: &mut WriteContext<'_>,
    site: &str,
    record: &InstanceRecord,
) -> Result<InstanceClaim, QueryError> {
    let before = kept(desk.tx, site)?.map(|kept| kept.instance);
    let verdict = judge(before, record.instance);
    if verdict == InstanceClaim::Stored {
        let sql = "INSERT INTO site_instances (site, instance, proof, claimed_at) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (site) DO UPDATE SET instance = excluded.instance, proof = excluded.proof,
                     claimed_at = excluded.claimed_at";
        let instance = record.instance.to_string();
        run(desk.tx, sql, params![site, instance, record.proof, record.claimed_at.0])?;
    }
    Ok(verdict)
}

fn kept(conn: &Connection, site: &str) -> Result<Option<InstanceRecord>, QueryError> {
    let sql = "SELECT instance, proof, claimed_at FROM site_instances WHERE site = ?1";
    one(conn, sql, [site], record)
}

fn record(row: &Row) -> Result<InstanceRecord, QueryError> {
    let text: String = row.get("instance")?;
    let instance: Instance =
        text.parse().map_err(|why| QueryError::Nonsense(format!("instance is {text}: {why}")))?;
    Ok(InstanceRecord { instance, proof: row.get("proof")?, claimed_at: Timestamp(row.get("claimed_at")?) })
}
