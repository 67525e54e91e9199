//! Normal forms of phones and log-in names for users without one: those of earlier versions, and those whose phone an
//! older user had until it was changed.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, params};

use super::error::StoreError;
use crate::domain::{login, phone};

/// A user found by `fill`.
struct Unnamed {
    user_no: u32,
    id: String,
    name: String,
    phone: Option<String>,
    login: Option<String>,
}

/// Two users with the same phone or log-in name.
#[derive(Debug)]
struct Shared {
    what: &'static str,
    value: String,
    /// Id and name of the older user, who keeps it.
    kept_by: (String, String),
    /// Id and name of the younger user.
    user: (String, String),
}

/// Fills in missing normal forms that are free. The first time, phones and names that two users share are logged and
/// written to the audit, so that an admin can change one of them.
pub(super) fn fill(conn: &mut Connection) -> Result<(), StoreError> {
    let unnamed = unnamed(conn)?;
    if unnamed.is_empty() {
        return Ok(());
    }
    let tx = conn.transaction()?;
    let is_first = tx.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM users WHERE phone_e164 IS NOT NULL OR login_key IS NOT NULL)",
        [],
        |row| row.get::<_, bool>(0),
    )?;
    let mut shared = Vec::new();
    let (mut phones, mut logins) = (holders(&tx, "phone_e164")?, holders(&tx, "login_key")?);
    for user in unnamed {
        let own = (user.id.clone(), user.name.clone());
        let phone = user.phone.as_deref().and_then(phone::e164);
        let login = user.login.as_deref().map(login::key);
        for (what, column, value, held) in
            [("phone", "phone_e164", phone, &mut phones), ("login", "login_key", login, &mut logins)]
        {
            let Some(value) = value else { continue };
            if let Some(kept_by) = held.get(&value).filter(|holder| **holder != own) {
                shared.push(Shared { what, value, kept_by: kept_by.clone(), user: own.clone() });
                continue;
            }
            let update = format!("UPDATE users SET {column} = ?2 WHERE user_no = ?1 AND {column} IS NULL");
            tx.execute(&update, params![user.user_no, value])?;
            held.insert(value, own.clone());
        }
    }
    if is_first {
        shared.iter().try_for_each(|shared| report(&tx, shared))?;
    }
    tx.commit()?;
    Ok(())
}

/// Users that are not deleted, oldest first, with a phone or a name without its normal form.
fn unnamed(conn: &Connection) -> Result<Vec<Unnamed>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT user_no, id, name, phone, login FROM users
         WHERE deleted_at IS NULL
           AND (phone IS NOT NULL AND phone_e164 IS NULL OR login IS NOT NULL AND login_key IS NULL)
         ORDER BY user_no",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Unnamed {
            user_no: row.get("user_no")?,
            id: row.get("id")?,
            name: row.get("name")?,
            phone: row.get("phone")?,
            login: row.get("login")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Id and name of the user that has each value of a column, deleted users left out.
fn holders(tx: &Transaction, column: &str) -> Result<BTreeMap<String, (String, String)>, StoreError> {
    let sql =
        format!("SELECT {column}, id, name FROM users WHERE deleted_at IS NULL AND {column} IS NOT NULL");
    let mut statement = tx.prepare(&sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn report(tx: &Transaction, shared: &Shared) -> Result<(), StoreError> {
    let Shared { what, value, kept_by, user } = shared;
    tracing::warn!(
        what,
        value,
        user.id = user.0,
        user.name = user.1,
        kept_by.id = kept_by.0,
        kept_by.name = kept_by.1,
        "two users have the same; give one of them another"
    );
    let detail =
        format!("{what} {value} is also that of {} ({}); give one of them another", kept_by.1, kept_by.0);
    tx.execute(
        "INSERT INTO audit (at, actor, role, source, action, target, detail)
         VALUES (unixepoch() * 1000, 'kuotad', 'owner', 'daemon', ?1, ?2, ?3)",
        params![format!("user.shared_{what}"), user.0, detail],
    )?;
    Ok(())
}
