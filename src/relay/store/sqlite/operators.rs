//! Operators, their log-ins and their log in the file.

use rusqlite::{Connection, Row, params};

use super::errors::QueryError;
use super::rows::{all, named, one, run, unsigned};
use super::writer::WriteContext;
use crate::domain::role::Role;
use crate::domain::units::Timestamp;
use crate::relay::store::encoding::int;
use crate::relay::store::operators::{
    AcceptedCode, LOG_IN, LogAuthor, OperatorChange, OperatorCodes, OperatorLogLine, OperatorRefusal,
    SessionOpening, SessionsEnd, StoredOperator, StoredSession,
};

const OPERATOR: &str =
    "name, role, password_hash, totp_secret, totp_pending, totp_step, operators.created_at";

/// Every operator.
pub(super) fn list(conn: &Connection) -> Result<Vec<StoredOperator>, QueryError> {
    all(conn, &format!("SELECT {OPERATOR} FROM operators ORDER BY name"), [], operator)
}

fn operator(row: &Row) -> Result<StoredOperator, QueryError> {
    let codes = OperatorCodes {
        secret: row.get("totp_secret")?,
        pending: row.get("totp_pending")?,
        step: row.get("totp_step")?,
    };
    Ok(StoredOperator {
        name: row.get("name")?,
        role: named(row, "role", Role::from_name)?,
        password_hash: row.get("password_hash")?,
        codes,
        created_at: Timestamp(row.get("created_at")?),
    })
}

/// Adds a line to the log.
pub(super) fn note(
    tx: &Connection,
    by: &LogAuthor,
    action: &str,
    target: &str,
    detail: &str,
) -> Result<(), QueryError> {
    let sql = "INSERT INTO operator_log (at, operator, source, action, target, detail)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    run(tx, sql, params![by.at.0, by.name, by.source, action, target, detail]).map(drop)
}

/// Changes an operator, or says why not.
pub(super) fn change(
    desk: &mut WriteContext<'_>,
    change: &OperatorChange,
    by: &LogAuthor,
) -> Result<Result<(), OperatorRefusal>, QueryError> {
    let tx = desk.tx;
    let (changed, refusal) = match change {
        OperatorChange::Add(fresh) => (add(tx, fresh)?, OperatorRefusal::Taken),
        OperatorChange::Remove { name } => {
            (run(tx, "DELETE FROM operators WHERE name = ?1", [name])?, OperatorRefusal::Unknown)
        }
        OperatorChange::SetPassword { name, password_hash, kept_session } => {
            let sql = "UPDATE operators SET password_hash = ?2 WHERE name = ?1";
            end_others(tx, name, kept_session.as_ref().map_or(&[][..], |kept| kept))?;
            (run(tx, sql, [name, password_hash])?, OperatorRefusal::Unknown)
        }
        OperatorChange::BeginCodes { name, pending } => {
            let sql = "UPDATE operators SET totp_pending = ?2 WHERE name = ?1 AND totp_secret IS NULL";
            let known = one(tx, "SELECT 1 FROM operators WHERE name = ?1", [name], |_| Ok(()))?;
            let refusal = known.map_or(OperatorRefusal::Unknown, |()| OperatorRefusal::HasCodes);
            (run(tx, sql, [name, pending])?, refusal)
        }
        OperatorChange::ResetCodes { name } => {
            let sql = "UPDATE operators SET totp_secret = NULL, totp_pending = NULL, totp_step = NULL
                       WHERE name = ?1";
            end_others(tx, name, &[])?;
            (run(tx, sql, [name])?, OperatorRefusal::Unknown)
        }
    };
    if changed == 0 {
        return Ok(Err(refusal));
    }
    if let Some((action, detail)) = change.log_words() {
        note(tx, by, action, change.name(), detail)?;
    }
    Ok(Ok(()))
}

fn add(tx: &Connection, fresh: &StoredOperator) -> Result<usize, QueryError> {
    let sql = "INSERT INTO operators
                 (name, role, password_hash, totp_secret, totp_pending, totp_step, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    let StoredOperator { name, role, password_hash, codes, created_at } = fresh;
    let OperatorCodes { secret, pending, step } = codes;
    run(tx, sql, params![name, role.name(), password_hash, secret, pending, step, created_at.0])
}

fn end_others(tx: &Connection, operator: &str, kept: &[u8]) -> Result<(), QueryError> {
    let sql = "DELETE FROM operator_sessions WHERE operator = ?1 AND sha256 <> ?2";
    run(tx, sql, params![operator, kept]).map(drop)
}

/// Puts a log-in in force; `false` where what it rests on is no longer so.
pub(super) fn open_session(
    desk: &mut WriteContext<'_>,
    opening: &SessionOpening,
    by: &LogAuthor,
) -> Result<bool, QueryError> {
    let SessionOpening { session, password_hash, replaces, code } = opening;
    let tx = desk.tx;
    run(tx, "DELETE FROM operator_sessions WHERE expires_at <= ?1", [by.at.0])?;
    let sql = "SELECT 1 FROM operators WHERE name = ?1 AND password_hash = ?2";
    if one(tx, sql, [&session.operator, password_hash], |_| Ok(()))?.is_none() {
        return Ok(false);
    }
    if let Some(half) = replaces {
        let sql = "SELECT 1 FROM operator_sessions WHERE sha256 = ?1 AND operator = ?2 AND is_full = 0";
        if one(tx, sql, params![half, session.operator], |_| Ok(()))?.is_none() {
            return Ok(false);
        }
    }
    if let Some(code) = code
        && !accept(tx, &session.operator, code)?
    {
        return Ok(false);
    }
    if let Some(half) = replaces {
        run(tx, "DELETE FROM operator_sessions WHERE sha256 = ?1", [half])?;
    }
    let sql = "INSERT INTO operator_sessions (sha256, operator, is_full, created_at, expires_at)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let StoredSession { sha256, operator, is_full, created_at, expires_at } = session;
    run(tx, sql, params![sha256, operator, is_full, created_at.0, expires_at.0])?;
    if *is_full {
        let first = code.as_ref().is_some_and(|code| code.is_first);
        note(tx, by, LOG_IN, operator, if first { "first code" } else { "" })?;
    }
    Ok(true)
}

/// Takes a code outside of a log-in.
pub(super) fn accept_code(
    desk: &mut WriteContext<'_>,
    operator: &str,
    password_hash: &str,
    code: &AcceptedCode,
) -> Result<bool, QueryError> {
    let sql = "SELECT 1 FROM operators WHERE name = ?1 AND password_hash = ?2";
    let is_known = one(desk.tx, sql, [operator, password_hash], |_| Ok(()))?.is_some();
    Ok(is_known && accept(desk.tx, operator, code)?)
}

/// Moves the end of a log-in.
pub(super) fn extend_session(
    desk: &mut WriteContext<'_>,
    sha256: &[u8; 32],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), QueryError> {
    let sql = "UPDATE operator_sessions SET expires_at = ?3
               WHERE sha256 = ?1 AND expires_at > ?2 AND expires_at < ?3";
    run(desk.tx, sql, params![sha256, now.0, expires_at.0]).map(drop)
}

/// Accepts a code, once.
fn accept(tx: &Connection, operator: &str, code: &AcceptedCode) -> Result<bool, QueryError> {
    let AcceptedCode { secret, step, is_first } = code;
    let sql = if *is_first {
        "UPDATE operators SET totp_secret = totp_pending, totp_pending = NULL, totp_step = ?3
         WHERE name = ?1 AND totp_pending = ?2 AND totp_secret IS NULL"
    } else {
        "UPDATE operators SET totp_step = ?3 WHERE name = ?1 AND totp_secret = ?2 AND totp_step < ?3"
    };
    Ok(run(tx, sql, params![operator, secret, step])? > 0)
}

const SESSION: &str = "sha256, operator, is_full, operator_sessions.created_at AS opened_at, expires_at";

fn session_row(row: &Row) -> Result<StoredSession, QueryError> {
    Ok(StoredSession {
        sha256: row.get("sha256")?,
        operator: row.get("operator")?,
        is_full: row.get("is_full")?,
        created_at: Timestamp(row.get("opened_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
    })
}

/// A log-in that is not over, with its operator.
pub(super) fn session(
    conn: &Connection,
    sha256: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(StoredSession, StoredOperator)>, QueryError> {
    let sql = format!(
        "SELECT {SESSION}, {OPERATOR} FROM operator_sessions JOIN operators ON name = operator
         WHERE sha256 = ?1 AND expires_at > ?2"
    );
    one(conn, &sql, params![sha256, now.0], |row| Ok((session_row(row)?, operator(row)?)))
}

/// The full log-ins of an operator that are not over.
pub(super) fn sessions(
    conn: &Connection,
    operator: &str,
    now: Timestamp,
) -> Result<Vec<StoredSession>, QueryError> {
    let sql = format!(
        "SELECT {SESSION} FROM operator_sessions WHERE operator = ?1 AND is_full = 1 AND expires_at > ?2
         ORDER BY operator_sessions.created_at DESC, sha256"
    );
    all(conn, &sql, params![operator, now.0], session_row)
}

/// Ends log-ins.
pub(super) fn end_sessions(
    desk: &mut WriteContext<'_>,
    which: &SessionsEnd,
    by: &LogAuthor,
) -> Result<(), QueryError> {
    match which {
        SessionsEnd::One(sha256) => {
            run(desk.tx, "DELETE FROM operator_sessions WHERE sha256 = ?1", [sha256]).map(drop)
        }
        SessionsEnd::Others { operator, kept } => {
            end_others(desk.tx, operator, kept)?;
            note(desk.tx, by, "operator.end_sessions", operator, "")
        }
    }
}

/// Lines of the log, newest first.
pub(super) fn log(
    conn: &Connection,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<OperatorLogLine>, QueryError> {
    let sql = "SELECT log_no, at, operator, source, action, target, detail FROM operator_log
               WHERE log_no < ?1 ORDER BY log_no DESC LIMIT ?2";
    all(conn, sql, params![before.map_or(i64::MAX, int), limit], |row| {
        let by = LogAuthor {
            name: row.get("operator")?,
            source: row.get("source")?,
            at: Timestamp(row.get("at")?),
        };
        Ok(OperatorLogLine {
            no: unsigned(row, "log_no")?,
            by,
            action: row.get("action")?,
            target: row.get("target")?,
            detail: row.get("detail")?,
        })
    })
}
