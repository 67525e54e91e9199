//! The machines of sites on the server.

use tokio_postgres::Row;

use super::PostgresStore;
use super::changes::lock_number;
use super::clients::Loan;
use super::errors::ServerError;
use super::rows::{get, hash, time};
use crate::domain::instance::Instance;
use crate::relay::store::StoreFuture;
use crate::relay::store::instance::{InstanceClaim, InstanceRecord, InstanceStore, judge};

impl InstanceStore for PostgresStore {
    fn site_instance<'a>(&'a self, site: &'a str) -> StoreFuture<'a, Option<InstanceRecord>> {
        Box::pin(self.clients.read(move |db| async move { kept(&db, site).await }))
    }

    fn claim_instance<'a>(
        &'a self,
        site: &'a str,
        record: &'a InstanceRecord,
    ) -> StoreFuture<'a, InstanceClaim> {
        Box::pin(self.clients.change(move |db| async move { claim(&db, site, record).await }))
    }
}

/// One process at a time decides about the machines of a site.
async fn claim(db: &Loan, site: &str, record: &InstanceRecord) -> Result<InstanceClaim, ServerError> {
    let lock = lock_number("instance", site);
    db.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({lock})")).await?;
    let before = kept(db, site).await?.map(|kept| kept.instance);
    let verdict = judge(before, record.instance);
    if verdict != InstanceClaim::Stored {
        db.batch("ROLLBACK").await?;
        return Ok(verdict);
    }
    let sql = "INSERT INTO site_instances (site, instance, proof, claimed_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (site) DO UPDATE SET instance = excluded.instance, proof = excluded.proof,
                 claimed_at = excluded.claimed_at";
    let instance = record.instance.to_string();
    db.run(sql, &[&site, &instance, &record.proof.as_slice(), &record.claimed_at.0]).await?;
    db.batch("COMMIT").await?;
    Ok(verdict)
}

async fn kept(db: &Loan, site: &str) -> Result<Option<InstanceRecord>, ServerError> {
    let sql = "SELECT instance, proof, claimed_at FROM site_instances WHERE site = $1";
    db.one(sql, &[&site]).await?.as_ref().map(record).transpose()
}

fn record(row: &Row) -> Result<InstanceRecord, ServerError> {
    let text: &str = get(row, "instance")?;
    let instance: Instance =
        text.parse().map_err(|why| ServerError::Nonsense(format!("instance is {text}: {why}")))?;
    Ok(InstanceRecord { instance, proof: hash(row, "proof")?, claimed_at: time(row, "claimed_at")? })
}
