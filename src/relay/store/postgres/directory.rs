//! Merchants and sites on the server, and the pace of questions to the gateway that all relays share.

use std::time::Duration;

use tokio_postgres::Row;

use super::changes::lock_number;
use super::clients::Loan;
use super::errors::ServerError;
use super::operators;
use super::rows::{get, hash, named, time, unsigned};
use crate::domain::units::Timestamp;
use crate::relay::store::directory::{
    DirectoryChange, DirectoryRefusal, MerchantEntry, SiteEntry, SiteState, StoredDirectory, StoredMerchant,
    StoredSite, environment, refuse_state,
};
use crate::relay::store::encoding::DIRECTORY;
use crate::relay::store::operators::LogAuthor;

const SITE: &str = "site, merchant, token_sha256, state, created_at, changed_at";

/// Everything at one moment.
pub(super) async fn read(db: &Loan) -> Result<StoredDirectory, ServerError> {
    db.batch("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let version = db.one("SELECT value FROM meta WHERE key = $1", &[&DIRECTORY]).await?;
    let sql = "SELECT merchant, environment, account, fee_imposition, core_url, snap_url, created_at,
                 ARRAY(SELECT sealed FROM merchant_keys AS keys WHERE keys.merchant = entries.merchant
                   ORDER BY key_no DESC) AS keys
               FROM merchant_entries AS entries ORDER BY merchant";
    let merchants = db.all(sql, &[]).await?;
    let sites = db.all(&format!("SELECT {SITE} FROM site_entries ORDER BY site"), &[]).await?;
    db.batch("COMMIT").await?;
    Ok(StoredDirectory {
        version: version.map_or(Ok(String::new()), |row| get(&row, "value"))?,
        merchants: merchants.iter().map(merchant).collect::<Result<_, _>>()?,
        sites: sites.iter().map(site).collect::<Result<_, _>>()?,
    })
}

fn merchant(row: &Row) -> Result<StoredMerchant, ServerError> {
    let entry = MerchantEntry {
        id: get(row, "merchant")?,
        environment: named(row, "environment", environment)?,
        account: get(row, "account")?,
        fee_imposition: get(row, "fee_imposition")?,
        core_url: get(row, "core_url")?,
        snap_url: get(row, "snap_url")?,
    };
    Ok(StoredMerchant { entry, keys: get(row, "keys")?, created_at: time(row, "created_at")? })
}

fn site(row: &Row) -> Result<StoredSite, ServerError> {
    let state = named(row, "state", SiteState::from_name)?;
    let entry = SiteEntry {
        id: get(row, "site")?,
        merchant: get(row, "merchant")?,
        token_sha256: if state == SiteState::Removed { None } else { Some(hash(row, "token_sha256")?) },
        state,
    };
    Ok(StoredSite { entry, created_at: time(row, "created_at")?, changed_at: time(row, "changed_at")? })
}

/// Changes the directory and gives its content another name, or says why not. One process at a time.
pub(super) async fn change(
    db: &Loan,
    change: &DirectoryChange,
    version: &str,
    by: &LogAuthor,
) -> Result<Result<(), DirectoryRefusal>, ServerError> {
    let at = by.at;
    let lock = lock_number("directory", "");
    db.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({lock})")).await?;
    let refused = match change {
        DirectoryChange::AddMerchant(fresh) => add_merchant(db, fresh).await?,
        DirectoryChange::AddKey { merchant, sealed, kept_max } => {
            add_key(db, merchant, sealed, *kept_max, at).await?
        }
        DirectoryChange::AddSite(fresh) => add_site(db, fresh, at).await?,
        DirectoryChange::SetToken { site, token_sha256 } => set_token(db, site, token_sha256, at).await?,
        DirectoryChange::SetState { site, state } => set_state(db, site, *state, at).await?,
    };
    if let Some(refusal) = refused {
        db.batch("ROLLBACK").await?;
        return Ok(Err(refusal));
    }
    let (action, target, detail) = change.log_words();
    operators::note(db, by, action, target, detail).await?;
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    db.run(sql, &[&DIRECTORY, &version]).await?;
    db.batch("COMMIT").await?;
    Ok(Ok(()))
}

type Refused = Result<Option<DirectoryRefusal>, ServerError>;

async fn add_merchant(db: &Loan, fresh: &StoredMerchant) -> Refused {
    let sql = "INSERT INTO merchant_entries
                 (merchant, environment, account, fee_imposition, core_url, snap_url, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let MerchantEntry { id, environment, account, fee_imposition, core_url, snap_url } = &fresh.entry;
    let added = db
        .run(
            sql,
            &[id, &environment.name(), account, fee_imposition, core_url, snap_url, &fresh.created_at.0],
        )
        .await?;
    if added == 0 {
        return Ok(Some(DirectoryRefusal::Taken));
    }
    for sealed in fresh.keys.iter().rev() {
        insert_key(db, id, sealed, fresh.created_at).await?;
    }
    Ok(None)
}

async fn insert_key(db: &Loan, merchant: &str, sealed: &[u8], at: Timestamp) -> Result<(), ServerError> {
    let sql = "INSERT INTO merchant_keys (merchant, key_no, sealed, created_at)
               SELECT $1, coalesce(max(key_no), 0) + 1, $2, $3 FROM merchant_keys WHERE merchant = $1";
    db.run(sql, &[&merchant, &sealed, &at.0]).await.map(drop)
}

async fn add_key(db: &Loan, merchant: &str, sealed: &[u8], kept_max: u32, at: Timestamp) -> Refused {
    let sql = "SELECT FROM merchant_entries WHERE merchant = $1";
    if db.one(sql, &[&merchant]).await?.is_none() {
        return Ok(Some(DirectoryRefusal::Unknown));
    }
    insert_key(db, merchant, sealed, at).await?;
    let sql = "DELETE FROM merchant_keys WHERE merchant = $1 AND key_no NOT IN
                 (SELECT key_no FROM merchant_keys WHERE merchant = $1 ORDER BY key_no DESC LIMIT $2)";
    db.run(sql, &[&merchant, &i64::from(kept_max)]).await?;
    Ok(None)
}

async fn known(db: &Loan, id: &str) -> Result<Option<StoredSite>, ServerError> {
    let sql = format!("SELECT {SITE} FROM site_entries WHERE site = $1");
    db.one(&sql, &[&id]).await?.as_ref().map(site).transpose()
}

async fn add_site(db: &Loan, fresh: &SiteEntry, at: Timestamp) -> Refused {
    if let Some(known) = known(db, &fresh.id).await? {
        let is_removed = known.entry.state == SiteState::Removed;
        return Ok(Some(if is_removed { DirectoryRefusal::Removed } else { DirectoryRefusal::Taken }));
    }
    let token = fresh.token_sha256.map(Vec::from);
    if is_token_taken(db, &fresh.id, token.as_deref()).await? {
        return Ok(Some(DirectoryRefusal::TokenTaken));
    }
    let sql = "SELECT FROM orders WHERE site = $1 AND merchant <> $2 LIMIT 1";
    if db.one(sql, &[&fresh.id, &fresh.merchant]).await?.is_some() {
        return Ok(Some(DirectoryRefusal::OtherMerchant));
    }
    let sql = "INSERT INTO site_entries (site, merchant, token_sha256, state, created_at, changed_at)
               VALUES ($1, $2, $3, $4, $5, $5)";
    db.run(sql, &[&fresh.id, &fresh.merchant, &token, &fresh.state.name(), &at.0]).await?;
    Ok(None)
}

async fn is_token_taken(db: &Loan, site: &str, token_sha256: Option<&[u8]>) -> Result<bool, ServerError> {
    let sql = "SELECT FROM site_entries WHERE token_sha256 = $1 AND site <> $2";
    Ok(db.one(sql, &[&token_sha256, &site]).await?.is_some())
}

async fn set_token(db: &Loan, site: &str, token_sha256: &[u8; 32], at: Timestamp) -> Refused {
    let Some(known) = known(db, site).await? else { return Ok(Some(DirectoryRefusal::Unknown)) };
    if known.entry.state == SiteState::Removed {
        return Ok(Some(DirectoryRefusal::Removed));
    }
    if is_token_taken(db, site, Some(token_sha256)).await? {
        return Ok(Some(DirectoryRefusal::TokenTaken));
    }
    let sql = "UPDATE site_entries SET token_sha256 = $2, changed_at = $3 WHERE site = $1";
    db.run(sql, &[&site, &token_sha256.as_slice(), &at.0]).await?;
    Ok(None)
}

async fn set_state(db: &Loan, site: &str, state: SiteState, at: Timestamp) -> Refused {
    let Some(known) = known(db, site).await? else { return Ok(Some(DirectoryRefusal::Unknown)) };
    let sql = "SELECT count(*) AS open FROM orders
               WHERE site = $1 AND state IN ('created', 'pending', 'challenge')";
    let open = unsigned(&db.only(sql, &[&site]).await?, "open")?;
    if let Some(refusal) = refuse_state(&known, state, open, at) {
        return Ok(Some(refusal));
    }
    if known.entry.state == state {
        return Ok(None);
    }
    let token = known.entry.token_sha256.filter(|_| state != SiteState::Removed).map(Vec::from);
    let sql = "UPDATE site_entries SET state = $2, token_sha256 = $3, changed_at = $4 WHERE site = $1";
    db.run(sql, &[&site, &state.name(), &token, &at.0]).await?;
    Ok(None)
}

/// Takes one of a merchant's questions to the gateway, by the server's clock: the time to wait where none is left. Full
/// again after `burst` times `each`.
pub(super) async fn pace(
    db: &Loan,
    merchant: &str,
    each: Duration,
    burst: u32,
) -> Result<Duration, ServerError> {
    let sql = include_str!("sql/pace.sql");
    let row = db.only(sql, &[&merchant, &each.as_secs_f64(), &f64::from(burst)]).await?;
    let wait_s: f64 = get(&row, "wait_s")?;
    Ok(Duration::try_from_secs_f64(wait_s.max(0.0)).unwrap_or(each))
}
