//! Merchants and sites in the file.

use rusqlite::{Connection, Row, params};

use super::errors::QueryError;
use super::open::random_name;
use super::operators;
use super::rows::{all, named, one, run, unsigned, value};
use super::writer::WriteContext;
use crate::domain::units::Timestamp;
use crate::relay::store::directory::{
    DirectoryChange, DirectoryRefusal, MerchantEntry, SiteEntry, SiteState, StoredDirectory, StoredMerchant,
    StoredSite, environment, refuse_state,
};
use crate::relay::store::encoding::DIRECTORY;
use crate::relay::store::operators::LogAuthor;

/// The name of the directory's content.
pub(super) fn version(conn: &Connection) -> Result<String, QueryError> {
    Ok(value(conn, DIRECTORY)?.unwrap_or_default())
}

/// Everything; a reader sees one moment.
pub(super) fn read(conn: &Connection) -> Result<StoredDirectory, QueryError> {
    let sql = "SELECT merchant, key_no, sealed FROM merchant_keys ORDER BY merchant, key_no DESC";
    let keys: Vec<(String, Vec<u8>)> =
        all(conn, sql, [], |row| Ok((row.get("merchant")?, row.get("sealed")?)))?;
    let sql = "SELECT merchant, environment, account, fee_imposition, core_url, snap_url, created_at
               FROM merchant_entries ORDER BY merchant";
    let mut merchants = all(conn, sql, [], merchant)?;
    for (owner, sealed) in keys {
        let place = merchants.binary_search_by(|stored| stored.entry.id.cmp(&owner));
        if let Some(stored) = place.ok().and_then(|place| merchants.get_mut(place)) {
            stored.keys.push(sealed);
        }
    }
    let sites = all(conn, "SELECT * FROM site_entries ORDER BY site", [], site)?;
    Ok(StoredDirectory { version: version(conn)?, merchants, sites })
}

fn merchant(row: &Row) -> Result<StoredMerchant, QueryError> {
    let entry = MerchantEntry {
        id: row.get("merchant")?,
        environment: named(row, "environment", environment)?,
        account: row.get("account")?,
        fee_imposition: row.get("fee_imposition")?,
        core_url: row.get("core_url")?,
        snap_url: row.get("snap_url")?,
    };
    Ok(StoredMerchant { entry, keys: Vec::new(), created_at: Timestamp(row.get("created_at")?) })
}

fn site(row: &Row) -> Result<StoredSite, QueryError> {
    let entry = SiteEntry {
        id: row.get("site")?,
        merchant: row.get("merchant")?,
        token_sha256: row.get("token_sha256")?,
        state: named(row, "state", SiteState::from_name)?,
    };
    let (created_at, changed_at) = (Timestamp(row.get("created_at")?), Timestamp(row.get("changed_at")?));
    Ok(StoredSite { entry, created_at, changed_at })
}

/// Changes the directory, or says why not.
pub(super) fn change(
    desk: &mut WriteContext<'_>,
    change: &DirectoryChange,
    by: &LogAuthor,
) -> Result<Result<(), DirectoryRefusal>, QueryError> {
    let at = by.at;
    let refused = match change {
        DirectoryChange::AddMerchant(fresh) => add_merchant(desk.tx, fresh)?,
        DirectoryChange::AddKey { merchant, sealed, kept_max } => {
            add_key(desk.tx, merchant, sealed, *kept_max, at)?
        }
        DirectoryChange::AddSite(fresh) => add_site(desk.tx, fresh, at)?,
        DirectoryChange::SetToken { site, token_sha256 } => set_token(desk.tx, site, token_sha256, at)?,
        DirectoryChange::SetState { site, state } => set_state(desk.tx, site, *state, at)?,
    };
    if let Some(refusal) = refused {
        return Ok(Err(refusal));
    }
    let (action, target, detail) = change.log_words();
    operators::note(desk.tx, by, action, target, detail)?;
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";
    let name = random_name().map_err(|error| QueryError::Nonsense(error.to_string()))?;
    run(desk.tx, sql, params![DIRECTORY, name])?;
    Ok(Ok(()))
}

type Refused = Result<Option<DirectoryRefusal>, QueryError>;

fn add_merchant(tx: &Connection, fresh: &StoredMerchant) -> Refused {
    let sql = "INSERT INTO merchant_entries
                 (merchant, environment, account, fee_imposition, core_url, snap_url, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    let MerchantEntry { id, environment, account, fee_imposition, core_url, snap_url } = &fresh.entry;
    let values =
        params![id, environment.name(), account, fee_imposition, core_url, snap_url, fresh.created_at.0];
    if run(tx, sql, values)? == 0 {
        return Ok(Some(DirectoryRefusal::Taken));
    }
    for sealed in fresh.keys.iter().rev() {
        insert_key(tx, id, sealed, fresh.created_at)?;
    }
    Ok(None)
}

fn insert_key(tx: &Connection, merchant: &str, sealed: &[u8], at: Timestamp) -> Result<(), QueryError> {
    let sql = "INSERT INTO merchant_keys (merchant, key_no, sealed, created_at)
               SELECT ?1, coalesce(max(key_no), 0) + 1, ?2, ?3 FROM merchant_keys WHERE merchant = ?1";
    run(tx, sql, params![merchant, sealed, at.0]).map(drop)
}

fn add_key(tx: &Connection, merchant: &str, sealed: &[u8], kept_max: u32, at: Timestamp) -> Refused {
    let sql = "SELECT 1 FROM merchant_entries WHERE merchant = ?1";
    if one(tx, sql, [merchant], |_| Ok(()))?.is_none() {
        return Ok(Some(DirectoryRefusal::Unknown));
    }
    insert_key(tx, merchant, sealed, at)?;
    let sql = "DELETE FROM merchant_keys WHERE merchant = ?1 AND key_no NOT IN
                 (SELECT key_no FROM merchant_keys WHERE merchant = ?1 ORDER BY key_no DESC LIMIT ?2)";
    run(tx, sql, params![merchant, kept_max])?;
    Ok(None)
}

fn known(tx: &Connection, id: &str) -> Result<Option<StoredSite>, QueryError> {
    one(tx, "SELECT * FROM site_entries WHERE site = ?1", [id], site)
}

fn add_site(tx: &Connection, fresh: &SiteEntry, at: Timestamp) -> Refused {
    if let Some(known) = known(tx, &fresh.id)? {
        let is_removed = known.entry.state == SiteState::Removed;
        return Ok(Some(if is_removed { DirectoryRefusal::Removed } else { DirectoryRefusal::Taken }));
    }
    if is_token_taken(tx, &fresh.id, fresh.token_sha256)? {
        return Ok(Some(DirectoryRefusal::TokenTaken));
    }
    let sql = "SELECT 1 FROM orders WHERE site = ?1 AND merchant <> ?2 LIMIT 1";
    if one(tx, sql, [&fresh.id, &fresh.merchant], |_| Ok(()))?.is_some() {
        return Ok(Some(DirectoryRefusal::OtherMerchant));
    }
    let sql = "INSERT INTO site_entries (site, merchant, token_sha256, state, created_at, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    run(tx, sql, params![fresh.id, fresh.merchant, fresh.token_sha256, fresh.state.name(), at.0])?;
    Ok(None)
}

fn is_token_taken(tx: &Connection, site: &str, token_sha256: Option<[u8; 32]>) -> Result<bool, QueryError> {
    let sql = "SELECT 1 FROM site_entries WHERE token_sha256 = ?1 AND site <> ?2";
    Ok(one(tx, sql, params![token_sha256, site], |_| Ok(()))?.is_some())
}

fn set_token(tx: &Connection, site: &str, token_sha256: &[u8; 32], at: Timestamp) -> Refused {
    let Some(known) = known(tx, site)? else { return Ok(Some(DirectoryRefusal::Unknown)) };
    if known.entry.state == SiteState::Removed {
        return Ok(Some(DirectoryRefusal::Removed));
    }
    if is_token_taken(tx, site, Some(*token_sha256))? {
        return Ok(Some(DirectoryRefusal::TokenTaken));
    }
    run(
        tx,
        "UPDATE site_entries SET token_sha256 = ?2, changed_at = ?3 WHERE site = ?1",
        params![site, token_sha256, at.0],
    )?;
    Ok(None)
}

fn set_state(tx: &Connection, site: &str, state: SiteState, at: Timestamp) -> Refused {
    let Some(known) = known(tx, site)? else { return Ok(Some(DirectoryRefusal::Unknown)) };
    let sql = "SELECT count(*) AS open FROM orders WHERE site = ?1 AND state IN ('created', 'pending', 'challenge')";
    let open = one(tx, sql, [site], |row| unsigned(row, "open"))?.unwrap_or_default();
    if let Some(refusal) = refuse_state(&known, state, open, at) {
        return Ok(Some(refusal));
    }
    if known.entry.state == state {
        return Ok(None);
    }
    let token = known.entry.token_sha256.filter(|_| state != SiteState::Removed);
    let sql = "UPDATE site_entries SET state = ?2, token_sha256 = ?3, changed_at = ?4 WHERE site = ?1";
    run(tx, sql, params![site, state.name(), token, at.0])?;
    Ok(None)
}
