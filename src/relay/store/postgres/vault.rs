//! The vault on the server.

use tokio_postgres::Row;

use super::PostgresStore;
use super::changes::lock_number;
use super::clients::Loan;
use super::errors::ServerError;
use super::rows::{get, hash, time, unsigned};
use crate::domain::units::Timestamp;
use crate::relay::store::StoreFuture;
use crate::relay::store::encoding::int;
use crate::relay::store::vault::{VaultEntry, VaultObject, VaultPut, VaultStore, judge};

impl VaultStore for PostgresStore {
    fn put_object<'a>(&'a self, object: &'a VaultObject) -> StoreFuture<'a, VaultPut> {
        Box::pin(self.clients.change(move |db| async move { put(&db, object).await }))
    }

    fn object<'a>(&'a self, site: &'a str, name: &'a str) -> StoreFuture<'a, Option<VaultObject>> {
        Box::pin(self.clients.read(move |db| async move {
            let sql = "SELECT site, name, seq, bytes, sha256, put_at, content FROM vault WHERE site = $1 AND name = $2";
            let row = db.one(sql, &[&site, &name]).await?;
            row.map(|row| Ok(VaultObject { entry: entry(&row)?, content: get(&row, "content")? })).transpose()
        }))
    }

    fn objects<'a>(&'a self, site: &'a str) -> StoreFuture<'a, Vec<VaultEntry>> {
        Box::pin(self.clients.read(move |db| async move { entries(&db, site).await }))
    }

    fn set_recovery_token<'a>(
        &'a self,
        site: &'a str,
        token_sha256: &'a [u8; 32],
        at: Timestamp,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.clients.change(move |db| async move {
            let sql = "INSERT INTO recovery_tokens (site, token_sha256, set_at) VALUES ($1, $2, $3)
                       ON CONFLICT (site) DO UPDATE SET token_sha256 = excluded.token_sha256, set_at = excluded.set_at";
            db.run(sql, &[&site, &token_sha256.as_slice(), &at.0]).await.map(drop)
        }))
    }

    fn recovery_site<'a>(&'a self, token_sha256: &'a [u8; 32]) -> StoreFuture<'a, Option<String>> {
        Box::pin(self.clients.read(move |db| async move {
            let sql = "SELECT site FROM recovery_tokens WHERE token_sha256 = $1";
            let row = db.one(sql, &[&token_sha256.as_slice()]).await?;
            row.map(|row| get(&row, "site")).transpose()
        }))
    }
}

/// One process at a time decides about the objects of a site.
async fn put(db: &Loan, object: &VaultObject) -> Result<VaultPut, ServerError> {
    let VaultObject { entry, content } = object;
    let lock = lock_number("vault", &entry.site);
    db.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({lock})")).await?;
    let verdict = judge(&entries(db, &entry.site).await?, entry);
    if verdict != VaultPut::Stored {
        db.batch("ROLLBACK").await?;
        return Ok(verdict);
    }
    let sql = "INSERT INTO vault (site, name, seq, bytes, sha256, put_at, content) VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (site, name) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes,
                 sha256 = excluded.sha256, put_at = excluded.put_at, content = excluded.content";
    let (seq, bytes, sha256) = (int(entry.seq), int(entry.bytes), entry.sha256.as_slice());
    db.run(sql, &[&entry.site, &entry.name, &seq, &bytes, &sha256, &entry.put_at.0, content]).await?;
    db.batch("COMMIT").await?;
    Ok(verdict)
}

async fn entries(db: &Loan, site: &str) -> Result<Vec<VaultEntry>, ServerError> {
    let sql = "SELECT site, name, seq, bytes, sha256, put_at FROM vault WHERE site = $1 ORDER BY name";
    db.all(sql, &[&site]).await?.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<VaultEntry, ServerError> {
    Ok(VaultEntry {
        site: get(row, "site")?,
        name: get(row, "name")?,
        seq: unsigned(row, "seq")?,
        bytes: unsigned(row, "bytes")?,
        sha256: hash(row, "sha256")?,
        put_at: time(row, "put_at")?,
    })
}
