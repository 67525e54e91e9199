//! Operators, their log-ins and their log on the server.

use tokio_postgres::Row;

use super::clients::Loan;
use super::errors::ServerError;
use super::rows::{get, hash, named, time, unsigned};
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
pub(super) async fn list(db: &Loan) -> Result<Vec<StoredOperator>, ServerError> {
    let sql = format!("SELECT {OPERATOR} FROM operators ORDER BY name");
    db.all(&sql, &[]).await?.iter().map(operator).collect()
}

fn operator(row: &Row) -> Result<StoredOperator, ServerError> {
    let codes = OperatorCodes {
        secret: get(row, "totp_secret")?,
        pending: get(row, "totp_pending")?,
        step: get(row, "totp_step")?,
    };
    Ok(StoredOperator {
        name: get(row, "name")?,
        role: named(row, "role", Role::from_name)?,
        password_hash: get(row, "password_hash")?,
        codes,
        created_at: time(row, "created_at")?,
    })
}

/// Adds a line to the log.
pub(super) async fn note(
    db: &Loan,
    by: &LogAuthor,
    action: &str,
    target: &str,
    detail: &str,
) -> Result<(), ServerError> {
    let sql = "INSERT INTO operator_log (at, operator, source, action, target, detail)
               VALUES ($1, $2, $3, $4, $5, $6)";
    db.run(sql, &[&by.at.0, &by.name, &by.source, &action, &target, &detail]).await.map(drop)
}

/// Changes an operator, or says why not.
pub(super) async fn change(
    db: &Loan,
    change: &OperatorChange,
    by: &LogAuthor,
) -> Result<Result<(), OperatorRefusal>, ServerError> {
    db.batch("BEGIN").await?;
    let (changed, refusal) = match change {
        OperatorChange::Add(fresh) => (add(db, fresh).await?, OperatorRefusal::Taken),
        OperatorChange::Remove { name } => {
            (db.run("DELETE FROM operators WHERE name = $1", &[name]).await?, OperatorRefusal::Unknown)
        }
        OperatorChange::SetPassword { name, password_hash, kept_session } => {
            let sql = "UPDATE operators SET password_hash = $2 WHERE name = $1";
            let changed = db.run(sql, &[name, password_hash]).await?;
            end_others(db, name, kept_session.as_ref().map_or(&[][..], |kept| kept)).await?;
            (changed, OperatorRefusal::Unknown)
        }
        OperatorChange::BeginCodes { name, pending } => {
            let sql = "UPDATE operators SET totp_pending = $2 WHERE name = $1 AND totp_secret IS NULL";
            let known = db.one("SELECT FROM operators WHERE name = $1", &[name]).await?;
            let refusal = known.map_or(OperatorRefusal::Unknown, |_| OperatorRefusal::HasCodes);
            (db.run(sql, &[name, pending]).await?, refusal)
        }
        OperatorChange::ResetCodes { name } => {
            let sql = "UPDATE operators SET totp_secret = NULL, totp_pending = NULL, totp_step = NULL
                       WHERE name = $1";
            let changed = db.run(sql, &[name]).await?;
            end_others(db, name, &[]).await?;
            (changed, OperatorRefusal::Unknown)
        }
    };
    if changed == 0 {
        db.batch("ROLLBACK").await?;
        return Ok(Err(refusal));
    }
    if let Some((action, detail)) = change.log_words() {
        note(db, by, action, change.name(), detail).await?;
    }
    db.batch("COMMIT").await?;
    Ok(Ok(()))
}

async fn add(db: &Loan, fresh: &StoredOperator) -> Result<u64, ServerError> {
    let sql = "INSERT INTO operators
                 (name, role, password_hash, totp_secret, totp_pending, totp_step, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let StoredOperator { name, role, password_hash, codes, created_at } = fresh;
    let OperatorCodes { secret, pending, step } = codes;
    db.run(sql, &[name, &role.name(), password_hash, secret, pending, step, &created_at.0]).await
}

async fn end_others(db: &Loan, operator: &str, kept: &[u8]) -> Result<(), ServerError> {
    let sql = "DELETE FROM operator_sessions WHERE operator = $1 AND sha256 <> $2";
    db.run(sql, &[&operator, &kept]).await.map(drop)
}

/// Puts a log-in in force; `false` where what it rests on is no longer so. Changes of an operator wait for each other
/// at the operator's row.
pub(super) async fn open_session(
    db: &Loan,
    opening: &SessionOpening,
    by: &LogAuthor,
) -> Result<bool, ServerError> {
    db.batch("BEGIN").await?;
    let is_open = insert_session(db, opening, by).await?;
    db.batch(if is_open { "COMMIT" } else { "ROLLBACK" }).await?;
    Ok(is_open)
}

async fn insert_session(db: &Loan, opening: &SessionOpening, by: &LogAuthor) -> Result<bool, ServerError> {
    let SessionOpening { session, password_hash, replaces, code } = opening;
    let StoredSession { sha256, operator, is_full, created_at, expires_at } = session;
    let sql = "SELECT FROM operators WHERE name = $1 AND password_hash = $2 FOR UPDATE";
    if db.one(sql, &[operator, password_hash]).await?.is_none() {
        return Ok(false);
    }
    db.run("DELETE FROM operator_sessions WHERE expires_at <= $1", &[&by.at.0]).await?;
    if let Some(half) = replaces {
        let sql = "DELETE FROM operator_sessions WHERE sha256 = $1 AND operator = $2 AND NOT is_full";
        if db.run(sql, &[&half.as_slice(), operator]).await? == 0 {
            return Ok(false);
        }
    }
    if let Some(code) = code
        && !accept(db, operator, code).await?
    {
        return Ok(false);
    }
    let sql = "INSERT INTO operator_sessions (sha256, operator, is_full, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5)";
    db.run(sql, &[&sha256.as_slice(), operator, is_full, &created_at.0, &expires_at.0]).await?;
    if *is_full {
        let first = code.as_ref().is_some_and(|code| code.is_first);
        note(db, by, LOG_IN, operator, if first { "first code" } else { "" }).await?;
    }
    Ok(true)
}

/// Takes a code outside of a log-in. Whoever has the same code waits at the operator's row.
pub(super) async fn accept_code(
    db: &Loan,
    operator: &str,
    password_hash: &str,
    code: &AcceptedCode,
) -> Result<bool, ServerError> {
    db.batch("BEGIN").await?;
    let sql = "SELECT FROM operators WHERE name = $1 AND password_hash = $2 FOR UPDATE";
    let is_known = db.one(sql, &[&operator, &password_hash]).await?.is_some();
    let is_accepted = is_known && accept(db, operator, code).await?;
    db.batch(if is_accepted { "COMMIT" } else { "ROLLBACK" }).await?;
    Ok(is_accepted)
}

/// Moves the end of a log-in.
pub(super) async fn extend_session(
    db: &Loan,
    sha256: &[u8; 32],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), ServerError> {
    let sql = "UPDATE operator_sessions SET expires_at = $3
               WHERE sha256 = $1 AND expires_at > $2 AND expires_at < $3";
    db.run(sql, &[&sha256.as_slice(), &now.0, &expires_at.0]).await.map(drop)
}

/// Accepts a code, once.
async fn accept(db: &Loan, operator: &str, code: &AcceptedCode) -> Result<bool, ServerError> {
    let AcceptedCode { secret, step, is_first } = code;
    let sql = if *is_first {
        "UPDATE operators SET totp_secret = totp_pending, totp_pending = NULL, totp_step = $3
         WHERE name = $1 AND totp_pending = $2 AND totp_secret IS NULL"
    } else {
        "UPDATE operators SET totp_step = $3 WHERE name = $1 AND totp_secret = $2 AND totp_step < $3"
    };
    Ok(db.run(sql, &[&operator, secret, step]).await? > 0)
}

const SESSION: &str = "sha256, operator, is_full, operator_sessions.created_at AS opened_at, expires_at";

fn session_row(row: &Row) -> Result<StoredSession, ServerError> {
    Ok(StoredSession {
        sha256: hash(row, "sha256")?,
        operator: get(row, "operator")?,
        is_full: get(row, "is_full")?,
        created_at: time(row, "opened_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

/// A log-in that is not over, with its operator.
pub(super) async fn session(
    db: &Loan,
    sha256: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(StoredSession, StoredOperator)>, ServerError> {
    let sql = format!(
        "SELECT {SESSION}, {OPERATOR} FROM operator_sessions JOIN operators ON name = operator
         WHERE sha256 = $1 AND expires_at > $2"
    );
    let row = db.one(&sql, &[&sha256.as_slice(), &now.0]).await?;
    row.map(|row| Ok((session_row(&row)?, operator(&row)?))).transpose()
}

/// The full log-ins of an operator that are not over.
pub(super) async fn sessions(
    db: &Loan,
    operator: &str,
    now: Timestamp,
) -> Result<Vec<StoredSession>, ServerError> {
    let sql = format!(
        "SELECT {SESSION} FROM operator_sessions WHERE operator = $1 AND is_full AND expires_at > $2
         ORDER BY operator_sessions.created_at DESC, sha256"
    );
    db.all(&sql, &[&operator, &now.0]).await?.iter().map(session_row).collect()
}

/// Ends log-ins.
pub(super) async fn end_sessions(db: &Loan, which: &SessionsEnd, by: &LogAuthor) -> Result<(), ServerError> {
    match which {
        SessionsEnd::One(sha256) => {
            let sql = "DELETE FROM operator_sessions WHERE sha256 = $1";
            db.run(sql, &[&sha256.as_slice()]).await.map(drop)
        }
        SessionsEnd::Others { operator, kept } => {
            db.batch("BEGIN").await?;
            end_others(db, operator, kept).await?;
            note(db, by, "operator.end_sessions", operator, "").await?;
            db.batch("COMMIT").await
        }
    }
}

/// Lines of the log, newest first.
pub(super) async fn log(
    db: &Loan,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<OperatorLogLine>, ServerError> {
    let sql = "SELECT log_no, at, operator, source, action, target, detail FROM operator_log
               WHERE log_no < $1 ORDER BY log_no DESC LIMIT $2";
    let rows = db.all(sql, &[&before.map_or(i64::MAX, int), &i64::from(limit)]).await?;
    let line = |row: &Row| {
        let by = LogAuthor { name: get(row, "operator")?, source: get(row, "source")?, at: time(row, "at")? };
        Ok(OperatorLogLine {
            no: unsigned(row, "log_no")?,
            by,
            action: get(row, "action")?,
            target: get(row, "target")?,
            detail: get(row, "detail")?,
        })
    };
    rows.iter().map(line).collect()
}
