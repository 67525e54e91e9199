//! Reads of history: statements, orders, debts, usage. They run next to the writer, on a read-only connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::connect::open_beside;
use super::error::StoreError;
use super::files::FILE;
use super::kept::{KeptFor, KeptSums};
use super::lent::{IdleConnections, Lent};
use super::place;
use super::record::{AuditLine, EventRecord};
use super::rows::{debt, entry, parsed, unsigned};
use crate::domain::debt::DebtItem;
use crate::domain::id::{DebtId, Mac, UserId};
use crate::domain::ledger::Posted;
use crate::domain::units::{Bytes, Timestamp};
use crate::domain::usage::{Restart, RowId};
use crate::domain::{login, phone};

/// A read-only connection.
#[derive(Debug)]
pub struct Reader {
    pub(super) conn: Lent,
    /// The file, where further connections may read it as this one does.
    file: Option<PathBuf>,
    /// Sums that need not be added up again.
    pub(super) kept: KeptFor,
}

/// A part of a list: at most `limit` rows, older than `after`.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Rows wanted.
    pub limit: u32,
    /// The number of the last row of the previous page; `None` for the first page.
    pub after: Option<i64>,
}

/// A filter of audit lines; an empty field matches every line.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// The actor.
    pub actor: String,
    /// A part of the action, its target or its detail.
    pub text: String,
    /// How the action begins, such as `order.`.
    pub kind: String,
    /// What it was done to: one of these.
    pub targets: Option<Vec<String>>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
}

/// A period in which a device was bound to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceStay {
    /// The device.
    pub mac: Mac,
    /// Name for people.
    pub label: String,
    /// When it was bound.
    pub bound_at: Timestamp,
    /// When it was unbound; `None` while it is bound.
    pub unbound_at: Option<Timestamp>,
    /// The key of the user from whom it was moved here.
    pub from: Option<u32>,
    /// The key of the user to whom it was moved.
    pub to: Option<u32>,
}

/// Days of one user, from the first stored day on: a span may be ten years. `min` and `max` are queries of their own, which
/// read one row; within another expression they would read every day of every user.
const USAGE_DAYS: &str = "WITH RECURSIVE
   first (d) AS (SELECT max(?2, ifnull((SELECT min(day) FROM usage_days), ?3))),
   last (d) AS (SELECT min(?3, ifnull((SELECT max(day) FROM usage_days) + 1, ?3))),
   span (d) AS (SELECT d FROM first WHERE d < (SELECT d FROM last)
     UNION ALL SELECT d + 1 FROM span WHERE d + 1 < (SELECT d FROM last))
 SELECT day AS slot, mac, bytes, unenforced_bytes
 FROM span CROSS JOIN usage_days u ON u.day = span.d AND u.user_no = ?1 JOIN devices d USING (device_no)
 ORDER BY day, device_no";

impl AuditFilter {
    /// Only lines of that actor with that text.
    pub fn of(actor: impl Into<String>, text: impl Into<String>) -> Self {
        Self { actor: actor.into(), text: text.into(), ..Self::default() }
    }

    fn targets_json(&self) -> Option<String> {
        self.targets.as_ref().map(|targets| serde_json::Value::from(targets.clone()).to_string())
    }

    /// The text as a pattern that matches it anywhere; empty for none.
    fn pattern(&self) -> String {
        if self.text.is_empty() {
            return String::new();
        }
        let plain = self.text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        format!("%{plain}%")
    }
}

/// Usage of one device in one hour or day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// The hour since 1970-01-01 UTC, or the local day since 1970-01-01.
    pub slot: i64,
    /// The device.
    pub mac: Mac,
    /// All traffic.
    pub bytes: Bytes,
    /// The part beyond the limit that should have blocked the user.
    pub unenforced: Bytes,
}

/// A user who can log in on the portal. Its `Debug` output is empty, because six digits can be guessed from their
/// hash in minutes.
#[derive(Clone, PartialEq, Eq)]
pub struct Customer {
    /// The user.
    pub id: UserId,
    /// Argon2id of the PIN in PHC form; `None` for a user without a PIN.
    pub pin_hash: Option<String>,
}

impl Reader {
    pub(super) fn new(conn: impl Into<Lent>) -> Self {
        Self { conn: conn.into(), file: None, kept: KeptFor::default() }
    }

    /// Opens the store's file while a writer may use it, unless its log is lost.
    pub(super) fn beside(path: &Path) -> Result<Self, StoreError> {
        Self::beside_with(path, |path| Ok(open_beside(path)?.into()))
    }

    /// The same for readers of the writer's own process, which share its connections and the sums it keeps.
    pub(super) fn shared(
        path: &Path,
        idle: &Arc<IdleConnections>,
        sums: &Arc<KeptSums>,
    ) -> Result<Self, StoreError> {
        // Before it can read anything.
        let kept = KeptFor::now(sums);
        Ok(Self { kept, ..Self::beside_with(path, |path| IdleConnections::lend(idle, path))? })
    }

    fn beside_with(
        path: &Path,
        open: impl FnOnce(&Path) -> Result<Lent, StoreError>,
    ) -> Result<Self, StoreError> {
        place::check_log(path.parent().unwrap_or(Path::new(".")))?;
        Ok(Self { file: Some(path.to_owned()), ..Self::new(open(path)?) })
    }

    /// A further connection to the same file; `None` where only one can be had.
    pub(super) fn another(&self) -> Option<Connection> {
        open_beside(self.file.as_ref()?).ok()
    }

    /// A reader without data.
    pub fn closed() -> Result<Self, StoreError> {
        Ok(Self::new(Connection::open_in_memory()?))
    }

    /// Opens the store of `data_dir` without a writer, creating and upgrading nothing.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join(FILE);
        // SQLite's own error says only that it cannot open the file.
        std::fs::metadata(&path).map_err(|source| StoreError::Folder { path: path.clone(), source })?;
        if path.with_extension("db-journal").exists() {
            // The first start was cut before the store had a log: the next one to open it rolls the incomplete part
            // back.
            let conn = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        }
        Self::beside(&path)
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(read(row)?);
        }
        Ok(out)
    }

    /// A user's ledger entries, newest first.
    pub fn statement(&self, user_no: u32, page: Page) -> Result<Vec<Posted>, StoreError> {
        self.all(
            "SELECT entries.*, users.id AS user_id FROM entries JOIN users USING (user_no)
             WHERE user_no = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
            params![user_no, page.after.unwrap_or(i64::MAX), page.limit],
            entry,
        )
    }

    /// A user's debt items, open and closed, in the order they were entered.
    pub fn debts(&self, user_no: u32) -> Result<Vec<DebtItem>, StoreError> {
        self.all("SELECT * FROM debts WHERE user_no = ?1 ORDER BY debt_no", [user_no], debt)
    }

    /// A debt item and its user's key.
    pub fn debt(&self, id: DebtId) -> Result<Option<(u32, DebtItem)>, StoreError> {
        let found = self.all("SELECT * FROM debts WHERE id = ?1", [id.to_string()], |row| {
            Ok((row.get("user_no")?, debt(row)?))
        })?;
        Ok(found.into_iter().next())
    }

    /// The stored answer to a call with that idempotency key.
    pub fn event(&self, id: &str) -> Result<Option<EventRecord>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM events WHERE id = ?1")?;
        let found = statement.query_row([id], |row| {
            Ok(EventRecord {
                id: row.get("id")?,
                content_hash: row.get("content_hash")?,
                status: row.get("status")?,
                answer: row.get("answer")?,
            })
        });
        Ok(found.optional()?)
    }

    /// A user's usage by device: by hour in `from..to` hours since 1970-01-01 UTC, oldest first.
    pub fn usage_hours(&self, user_no: u32, from: i64, to: i64) -> Result<Vec<UsageRow>, StoreError> {
        self.all(
            // The table is clustered by time: one seek for each hour, not a scan over all users' rows.
            "WITH RECURSIVE span (h) AS (SELECT ?2 WHERE ?2 < ?3 UNION ALL SELECT h + 1 FROM span WHERE h + 1 < ?3)
             SELECT hour AS slot, mac, bytes, unenforced_bytes
             FROM span CROSS JOIN usage_hours u ON u.hour = h AND u.user_no = ?1 JOIN devices d USING (device_no)
             ORDER BY hour, device_no",
            params![user_no, from, to],
            usage,
        )
    }

    /// The same by local day in `from..to` days since 1970-01-01, for the days that have ended.
    pub fn usage_days(&self, user_no: u32, from: i64, to: i64) -> Result<Vec<UsageRow>, StoreError> {
        self.all(USAGE_DAYS, params![user_no, from, to], usage)
    }

    /// Counter restarts of a user's devices in `from..to`, oldest first, at most `limit`.
    pub fn restarts(
        &self,
        user_no: u32,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Timestamp, Mac, Restart)>, StoreError> {
        self.all(
            "SELECT r.*, d.mac FROM counter_restarts r JOIN devices d USING (device_no)
             WHERE d.user_no = ?1 AND r.at >= ?2 AND r.at < ?3 ORDER BY restart_no LIMIT ?4",
            params![user_no, from.0, to.0, limit],
            |row| {
                let restart = Restart {
                    old_row: RowId(row.get("old_row")?),
                    old_bytes: unsigned(row, "old_bytes")?,
                    new_row: RowId(row.get("new_row")?),
                    new_bytes: unsigned(row, "new_bytes")?,
                    uptime_s: unsigned(row, "uptime_s")?,
                };
                Ok((Timestamp(row.get("at")?), Mac::from_u64(unsigned(row, "mac")?), restart))
            },
        )
    }

    /// Devices that a user has or had, the last bound first, at most `limit`; each with the users from and to whom it
    /// was moved.
    pub fn device_history(&self, user_no: u32, limit: u32) -> Result<Vec<DeviceStay>, StoreError> {
        self.all(
            "SELECT d.mac, d.label, d.bound_at, d.unbound_at,
               (SELECT p.user_no FROM devices p WHERE p.mac = d.mac AND p.device_no < d.device_no
                  AND p.unbound_at = d.bound_at AND p.user_no <> d.user_no ORDER BY p.device_no DESC LIMIT 1) AS from_no,
               (SELECT n.user_no FROM devices n WHERE n.mac = d.mac AND n.device_no > d.device_no
                  AND n.bound_at = d.unbound_at AND n.user_no <> d.user_no ORDER BY n.device_no LIMIT 1) AS to_no
             FROM devices d WHERE d.user_no = ?1 ORDER BY d.device_no DESC LIMIT ?2",
            params![user_no, limit],
            |row| {
                Ok(DeviceStay {
                    mac: Mac::from_u64(unsigned(row, "mac")?),
                    label: row.get("label")?,
                    bound_at: Timestamp(row.get("bound_at")?),
                    unbound_at: row.get::<_, Option<i64>>("unbound_at")?.map(Timestamp),
                    from: row.get("from_no")?,
                    to: row.get("to_no")?,
                })
            },
        )
    }

    /// The user with that phone, in any spelling, or that log-in name. A phone is preferred to a name. If earlier
    /// versions gave two users the same, an exact match is preferred to a normal form.
    pub fn customer(&self, phone_or_login: &str) -> Result<Option<Customer>, StoreError> {
        let typed = phone_or_login.trim();
        let bare: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let found = self.all(
            "SELECT id, pin_hash, 0 AS rank FROM users
               WHERE deleted_at IS NULL AND phone_e164 IS NULL AND phone IN (?3, ?4)
             UNION ALL SELECT id, pin_hash, 1 FROM users WHERE deleted_at IS NULL AND phone_e164 = ?1
             UNION ALL SELECT id, pin_hash, 2 FROM users
               WHERE deleted_at IS NULL AND login_key IS NULL AND login = ?3
             UNION ALL SELECT id, pin_hash, 3 FROM users WHERE deleted_at IS NULL AND login_key = ?2
             ORDER BY rank LIMIT 1",
            params![phone::e164(typed), login::key(typed), typed, bare],
            |row| {
                let id = UserId(parsed(row, "id", |text| text.parse().ok())?);
                Ok(Customer { id, pin_hash: row.get("pin_hash")? })
            },
        )?;
        Ok(found.into_iter().next())
    }

    /// The id of the user with that key, deleted ones too.
    pub fn user_id(&self, user_no: u32) -> Result<UserId, StoreError> {
        let found = self.all("SELECT id FROM users WHERE user_no = ?1", [user_no], |row| {
            Ok(UserId(parsed(row, "id", |text| text.parse().ok())?))
        })?;
        found.into_iter().next().ok_or_else(|| StoreError::Nonsense(format!("user {user_no} is gone")))
    }

    /// Audit lines, newest first, each with its number.
    pub fn audit(&self, page: Page) -> Result<Vec<(i64, AuditLine)>, StoreError> {
        self.find_audit(&AuditFilter::default(), page)
    }

    /// The same for lines that match the filter.
    pub fn find_audit(&self, which: &AuditFilter, page: Page) -> Result<Vec<(i64, AuditLine)>, StoreError> {
        self.all(
            "SELECT * FROM audit WHERE audit_no < ?1 AND (?3 = '' OR actor = ?3) AND (?4 = '' OR action LIKE ?4 ESCAPE '!'
               OR target LIKE ?4 ESCAPE '!' OR detail LIKE ?4 ESCAPE '!')
               AND (?5 = '' OR substr(action, 1, length(?5)) = ?5)
               AND (?6 IS NULL OR target IN (SELECT value FROM json_each(?6)))
               AND (?7 IS NULL OR at >= ?7) AND (?8 IS NULL OR at < ?8)
             ORDER BY audit_no DESC LIMIT ?2",
            params![
                page.after.unwrap_or(i64::MAX),
                page.limit,
                which.actor,
                which.pattern(),
                which.kind,
                which.targets_json(),
                which.from.map(|at| at.0),
                which.before.map(|at| at.0),
            ],
            |row| {
                let line = AuditLine {
                    at: Timestamp(row.get("at")?),
                    actor: row.get("actor")?,
                    role: row.get("role")?,
                    source: row.get("source")?,
                    action: row.get("action")?,
                    target: row.get("target")?,
                    detail: row.get("detail")?,
                };
                Ok((row.get("audit_no")?, line))
            },
        )
    }
}

fn usage(row: &Row) -> Result<UsageRow, StoreError> {
    Ok(UsageRow {
        slot: row.get("slot")?,
        mac: Mac::from_u64(unsigned(row, "mac")?),
        bytes: Bytes(unsigned(row, "bytes")?),
        unenforced: Bytes(unsigned(row, "unenforced_bytes")?),
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::store::Store;

    /// Steps of SQLite's machine for ten days of one user, with so many users that have them.
    fn steps(users: u32) -> i32 {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        let conn = Connection::open(dir.path().join(FILE)).unwrap();
        conn.pragma_update(None, "foreign_keys", "OFF").unwrap();
        let fill = "WITH RECURSIVE d (day) AS (SELECT 1 UNION ALL SELECT day + 1 FROM d WHERE day < 40),
           u (no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM u WHERE no < ?1)
         INSERT INTO usage_days SELECT day, no, no, 1, 0 FROM d CROSS JOIN u";
        conn.execute(fill, [users]).unwrap();
        conn.execute(
            "INSERT INTO devices (device_no, user_no, mac, label, bound_at) VALUES (1, 1, 2, '', 1)",
            [],
        )
        .unwrap();
        let mut statement = conn.prepare(USAGE_DAYS).unwrap();
        let rows = statement.query_map(params![1, 20, 30], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(rows.map(Result::unwrap).collect::<Vec<_>>(), (20..30).collect::<Vec<_>>());
        statement.get_status(StatementStatus::VmStep)
    }

    #[test]
    fn the_days_of_one_user_take_no_longer_with_more_users() {
        assert_eq!(steps(2), steps(200));
    }
}
