//! The vault: each function is one transaction, or one snapshot.

use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::errors::QueryError;
use super::rows::{all, one, run, unsigned};
use super::writer::WriteContext;
use crate::domain::units::Timestamp;
use crate::relay::store::StoreFuture;
use crate::relay::store::encoding::int;
use crate::relay::store::vault::{VaultEntry, VaultObject, VaultPut, VaultStore, judge};

impl VaultStore for SqliteStore {
    fn put_object<'a>(&'a self, object: &'a VaultObject) -> StoreFuture<'a, VaultPut> {
        let object = object.clone();
        Box::pin(self.writer.change(move |desk| put(desk, &object)))
    }

    fn object<'a>(&'a self, site: &'a str, name: &'a str) -> StoreFuture<'a, Option<VaultObject>> {
        let (site, name) = (site.to_owned(), name.to_owned());
        Box::pin(self.readers.read(move |conn| object(conn, &site, &name)))
    }

    fn objects<'a>(&'a self, site: &'a str) -> StoreFuture<'a, Vec<VaultEntry>> {
        let site = site.to_owned();
        Box::pin(self.readers.read(move |conn| entries(conn, &site)))
    }

    fn set_recovery_token<'a>(
        &'a self,
        site: &'a str,
        token_sha256: &'a [u8; 32],
        at: Timestamp,
    ) -> StoreFuture<'a, ()> {
        let (site, hash) = (site.to_owned(), *token_sha256);
        Box::pin(self.writer.change(move |desk| {
            let sql = "INSERT INTO recovery_tokens (site, token_sha256, set_at) VALUES (?1, ?2, ?3)
                       ON CONFLICT (site) DO UPDATE SET token_sha256 = excluded.token_sha256, set_at = excluded.set_at";
            run(desk.tx, sql, params![site, hash, at.0]).map(drop)
        }))
    }

    fn recovery_site<'a>(&'a self, token_sha256: &'a [u8; 32]) -> StoreFuture<'a, Option<String>> {
        let hash = *token_sha256;
        let sql = "SELECT site FROM recovery_tokens WHERE token_sha256 = ?1";
        Box::pin(self.readers.read(move |conn| one(conn, sql, [hash], |row| Ok(row.get("site")?))))
    }
}

fn put(desk: &mut WriteContext<'_>, object: &VaultObject) -> Result<VaultPut, QueryError> {
    let VaultObject { entry, content } = object;
    let verdict = judge(&entries(desk.tx, &entry.site)?, entry);
    if verdict == VaultPut::Stored {
        let sql = "INSERT INTO vault (site, name, seq, bytes, sha256, put_at, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT (site, name) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes,
                     sha256 = excluded.sha256, put_at = excluded.put_at, content = excluded.content";
        let (seq, bytes) = (int(entry.seq), int(entry.bytes));
        run(
            desk.tx,
            sql,
            params![entry.site, entry.name, seq, bytes, entry.sha256, entry.put_at.0, content],
        )?;
    }
    Ok(verdict)
}

fn entries(conn: &Connection, site: &str) -> Result<Vec<VaultEntry>, QueryError> {
    let sql = "SELECT site, name, seq, bytes, sha256, put_at FROM vault WHERE site = ?1 ORDER BY name";
    all(conn, sql, [site], entry)
}

fn object(conn: &Connection, site: &str, name: &str) -> Result<Option<VaultObject>, QueryError> {
    let sql =
        "SELECT site, name, seq, bytes, sha256, put_at, content FROM vault WHERE site = ?1 AND name = ?2";
    one(conn, sql, [site, name], |row| Ok(VaultObject { entry: entry(row)?, content: row.get("content")? }))
}

fn entry(row: &Row) -> Result<VaultEntry, QueryError> {
    Ok(VaultEntry {
        site: row.get("site")?,
        name: row.get("name")?,
        seq: unsigned(row, "seq")?,
        bytes: unsigned(row, "bytes")?,
        sha256: row.get("sha256")?,
        put_at: Timestamp(row.get("put_at")?),
    })
}
