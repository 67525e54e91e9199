//! The single transaction that writes all changes.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Null;
use rusqlite::{CachedStatement, Params, Transaction, params};

use super::error::StoreError;
use super::record::{
    AuditLine, CashMove, ClosingRecord, DeviceRecord, EventRecord, HandoverRecord, OpeningRecord,
    OrderRecord, OrphanRecord, OutboxItem, PackageRecord, PayWindow, Pending, Redated, Undated,
    UndatedRecord, UsageKey, UsageSum, UserRecord,
};
use super::usage_month::UsageMonth;
use crate::domain::access::Reason;
use crate::domain::account::Overage;
use crate::domain::debt::DebtItem;
use crate::domain::id::{Mac, OrderId};
use crate::domain::ledger::{Hash, Posted};
use crate::domain::units::Timestamp;
use crate::domain::usage::{Restart, RowId};
use crate::domain::validity::ValidityStep;

/// An entry with its user's key and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chained {
    /// The entry.
    pub posted: Posted,
    /// The user's key.
    pub user_no: u32,
    /// Its hash.
    pub hash: Hash,
}

/// A local day that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedDay {
    /// Days since 1970-01-01 in the site's zone.
    pub day: i64,
    /// Its first hour and the one after its last, in hours since 1970-01-01 UTC.
    pub hours: (i64, i64),
}

/// Everything one commit writes, together or not at all.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// Users whose settings or access changed.
    pub users: Vec<&'a UserRecord>,
    /// Users whose sums changed.
    pub accounts: Vec<&'a UserRecord>,
    /// Debt items that are new or changed: user key, item, who entered it.
    pub debts: Vec<(u32, &'a DebtItem, &'a str)>,
    /// Devices that are new or changed.
    pub devices: Vec<&'a DeviceRecord>,
    /// Devices whose baselines moved.
    pub counters: Vec<&'a DeviceRecord>,
    /// Baselines of rows that are gone.
    pub gone: Vec<(u32, &'a RowId)>,
    /// Usage to add to its hours.
    pub usage: Vec<(&'a UsageKey, &'a UsageSum)>,
    /// Counter restarts: when, device key, evidence.
    pub restarts: Vec<(Timestamp, u32, &'a Restart)>,
    /// Entries of the ledger, following the chain's head.
    pub entries: Vec<&'a Chained>,
    /// Changes of expiry and plan, by user key, in order.
    pub validity: Vec<(u32, &'a ValidityStep)>,
    /// Packages that are new or changed.
    pub packages: Vec<&'a PackageRecord>,
    /// Orders that are new or changed.
    pub orders: Vec<&'a OrderRecord>,
    /// Pay windows that changed, by order.
    pub windows: Vec<(&'a OrderId, PayWindow)>,
    /// Orders requested from the relay.
    pub openings: Vec<&'a OpeningRecord>,
    /// Attempts whose outcome is now known.
    pub openings_ended: Vec<&'a str>,
    /// Outbox items that are new or whose delivery failed.
    pub outbox: Vec<&'a OutboxItem>,
    /// Outbox items that are delivered.
    pub outbox_done: Vec<u64>,
    /// Events of the feed that were processed.
    pub applied: Vec<&'a str>,
    /// Cash moves.
    pub moves: Vec<&'a CashMove>,
    /// A closing of a drawer: it includes every move of its cashier that no closing has.
    pub closing: Option<&'a ClosingRecord>,
    /// Records entered while the clock is not trusted.
    pub undated: Vec<&'a UndatedRecord>,
    /// Records that an admin gave a date.
    pub dated: Vec<(Undated, &'a str)>,
    /// Records that get their time because the clock is trusted again.
    pub redated: Vec<&'a Redated>,
    /// Whether no undated record is left.
    pub all_dated: bool,
    /// Hashes of new portal PINs, by user key.
    pub pins: Vec<(u32, &'a str)>,
    /// The call's idempotency record.
    pub event: Option<&'a EventRecord>,
    /// Lines of the audit.
    pub audit: Vec<&'a AuditLine>,
    /// Local days that ended: their hours are summed into daily usage.
    pub days: Vec<ClosedDay>,
    /// Hours before this one are deleted; the days they were summed into are kept.
    pub hours_from: Option<i64>,
    /// Handovers that are new or changed.
    pub handovers: Vec<&'a HandoverRecord>,
    /// Orphans that are new.
    pub orphans: Vec<&'a OrphanRecord>,
    /// Devices that are orphans no more.
    pub orphans_ended: Vec<Mac>,
    /// Single values.
    pub meta: BTreeMap<&'static str, String>,
    /// The time of the commit.
    pub at: Timestamp,
}

impl Batch<'_> {
    /// Whether it says more than what devices used: such a change goes off the card soon.
    pub fn is_about_people_or_money(&self) -> bool {
        let Self {
            entries,
            validity,
            packages,
            orders,
            event,
            audit,
            pins,
            handovers,
            orphans,
            orphans_ended,
            moves,
            closing,
            ..
        } = self;
        let has_rows = [
            entries.is_empty(),
            validity.is_empty(),
            packages.is_empty(),
            orders.is_empty(),
            audit.is_empty(),
            pins.is_empty(),
            handovers.is_empty(),
            orphans.is_empty(),
            orphans_ended.is_empty(),
            moves.is_empty(),
        ];
        has_rows.contains(&false) || event.is_some() || closing.is_some()
    }
}

/// SQLite stores signed 64-bit numbers; amounts here are bounded far below.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) struct Writer<'a> {
    pub(super) tx: Transaction<'a>,
    pub(super) statements: u64,
    /// Rows changed so far.
    pub(super) rows: usize,
}

impl Writer<'_> {
    pub(super) fn run(&mut self, sql: &str, values: impl Params) -> Result<(), StoreError> {
        self.change(sql, values).map(drop)
    }

    /// Executes a statement; returns how many rows it changed.
    pub(super) fn change(&mut self, sql: &str, values: impl Params) -> Result<usize, StoreError> {
        self.statements += 1;
        let mut statement: CachedStatement = self.tx.prepare_cached(sql)?;
        let changed = statement.execute(values)?;
        self.rows += changed;
        Ok(changed)
    }

    /// Executes statements that change tables themselves, which count as one row.
    pub(super) fn alter(&mut self, sql: &str) -> Result<(), StoreError> {
        self.statements += 1;
        self.rows += 1;
        Ok(self.tx.execute_batch(sql)?)
    }

    pub(super) fn value(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
            params![key, value],
        )
    }

    pub(super) fn package(&mut self, record: &PackageRecord) -> Result<(), StoreError> {
        let p = &record.package;
        self.run(
            "INSERT INTO packages (package_no, id, name, quota_bytes, days, price_rp, active, deleted)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (package_no) DO UPDATE SET name = ?3, quota_bytes = ?4, days = ?5, price_rp = ?6,
               active = ?7, deleted = ?8",
            params![
                record.no,
                p.id.to_string(),
                p.name,
                p.quota.map(|q| int(q.0)),
                p.days,
                int(p.price.0),
                p.active,
                record.deleted
            ],
        )
    }

    pub(super) fn user(&mut self, user: &UserRecord) -> Result<(), StoreError> {
        let a = &user.account;
        let causes: Vec<&str> = a.access.causes.iter().map(|c| c.name()).collect();
        self.run(
            "INSERT INTO users (user_no, id, name, phone, login, approved, active, exempt, admin_block, unlimited,
               expires_at, overage, debt_limit_bytes, access_status, access_reason, access_causes, access_at,
               created_at, deleted_at, waiting_days, phone_e164, login_key, customer_note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
               ?21, ?22, ?23)
             ON CONFLICT (user_no) DO UPDATE SET name = ?3, phone = ?4, login = ?5, approved = ?6, active = ?7,
               exempt = ?8, admin_block = ?9, unlimited = ?10, expires_at = ?11, overage = ?12,
               debt_limit_bytes = ?13, access_status = ?14, access_reason = ?15, access_causes = ?16,
               access_at = ?17, deleted_at = ?19, waiting_days = ?20, phone_e164 = ?21, login_key = ?22,
               customer_note = ?23",
            params![
                user.no,
                a.id.to_string(),
                user.name,
                user.phone,
                user.login,
                a.approved,
                a.active,
                a.exempt,
                a.admin_block,
                a.unlimited,
                a.expires_at.map(|t| t.0),
                a.overage.map(Overage::name),
                a.debt_limit.map(|l| int(l.0)),
                a.access.status.name(),
                a.access.reason.map(Reason::name),
                serde_json::json!(causes).to_string(),
                user.access_at.0,
                user.created_at.0,
                user.deleted_at.map(|t| t.0),
                a.waiting_days,
                user.phone_e164,
                user.login_key,
                user.customer_note,
            ],
        )
    }

    pub(super) fn debt(&mut self, user_no: u32, item: &DebtItem, by: &str) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO debts (id, user_no, amount_bytes, paid_bytes, price_rp, paid_rp, debt_date, due_date, note,
               created_at, created_by, status, customer_note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (id) DO UPDATE SET paid_bytes = ?4, price_rp = ?5, paid_rp = ?6, debt_date = ?7, due_date = ?8,
               note = ?9, status = ?12, customer_note = ?13",
            params![
                item.id.to_string(),
                user_no,
                item.amount.map(|a| int(a.0)),
                int(item.paid.0),
                item.price.map(|p| int(p.0)),
                int(item.paid_rp.0),
                item.debt_date.to_string(),
                item.due_date.to_string(),
                item.note,
                item.created_at.0,
                by,
                item.status.name(),
                item.customer_note,
            ],
        )
    }

    pub(super) fn metering(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for device in &batch.devices {
            self.device(device)?;
        }
        for (device_no, row) in &batch.gone {
            self.run(
                "DELETE FROM counters_base WHERE device_no = ?1 AND row = ?2",
                params![device_no, row.0],
            )?;
        }
        self.traffic(batch)?;
        for (at, device_no, r) in &batch.restarts {
            self.run(
                "INSERT INTO counter_restarts (at, device_no, old_row, old_bytes, new_row, new_bytes, uptime_s)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![at.0, device_no, r.old_row.0, int(r.old_bytes), r.new_row.0, int(r.new_bytes), int(r.uptime_s)],
            )?;
        }
        Ok(())
    }

    pub(super) fn days(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for day in &batch.days {
            // A day may be closed twice, when some of its hours are already deleted: its sums never shrink.
            self.run(
                "INSERT INTO usage_days (day, user_no, device_no, bytes, unenforced_bytes)
                 SELECT ?1, user_no, device_no, sum(bytes), sum(unenforced_bytes) FROM usage_hours
                 WHERE hour >= ?2 AND hour < ?3 GROUP BY user_no, device_no
                 ON CONFLICT DO UPDATE SET bytes = max(bytes, excluded.bytes),
                   unenforced_bytes = max(unenforced_bytes, excluded.unenforced_bytes)",
                params![day.day, day.hours.0, day.hours.1],
            )?;
            self.run(
                "INSERT INTO usage_totals (day, user_no, bytes, unenforced_bytes)
                 SELECT ?1, user_no, sum(bytes), sum(unenforced_bytes) FROM usage_days WHERE day = ?1 GROUP BY user_no
                 ON CONFLICT DO UPDATE SET bytes = excluded.bytes, unenforced_bytes = excluded.unenforced_bytes",
                [day.day],
            )?;
            self.run(
                "INSERT INTO usage_sums (day, bytes) SELECT ?1, sum(bytes) FROM usage_totals WHERE day = ?1 GROUP BY day
                 ON CONFLICT DO UPDATE SET bytes = excluded.bytes",
                [day.day],
            )?;
        }
        let months: BTreeSet<UsageMonth> = batch.days.iter().map(|day| UsageMonth::of(day.day)).collect();
        for UsageMonth { month, first_day, next_day } in months {
            self.run(
                "INSERT INTO usage_months (month, user_no, bytes)
                 SELECT ?1, user_no, sum(bytes) FROM usage_totals WHERE day >= ?2 AND day < ?3 GROUP BY user_no
                 ON CONFLICT DO UPDATE SET bytes = excluded.bytes",
                [month, first_day, next_day],
            )?;
        }
        if let Some(hour) = batch.hours_from {
            self.run("DELETE FROM usage_hours_base WHERE hour < ?1", [hour])?;
        }
        Ok(())
    }

    fn device(&mut self, device: &DeviceRecord) -> Result<(), StoreError> {
        let (pending, move_to) = match device.pending {
            None => (None, None),
            Some(Pending::Baseline) => (Some("baseline"), None),
            Some(Pending::Unbind) => (Some("unbind"), None),
            Some(Pending::Move(to)) => (Some("move"), Some(to)),
        };
        self.run(
            "INSERT INTO devices (device_no, user_no, mac, label, bound_at, seen_at, pending, move_to, unbound_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (device_no) DO UPDATE SET label = ?4, seen_at = ?6, pending = ?7, move_to = ?8,
               unbound_at = ?9",
            params![
                device.no,
                device.user_no,
                int(device.mac.to_u64()),
                device.label,
                device.bound_at.0,
                device.seen_at.map(|t| t.0),
                pending,
                move_to,
                device.unbound_at.map(|t| t.0),
            ],
        )
    }

    pub(super) fn entry(&mut self, line: &Chained) -> Result<(), StoreError> {
        let (posted, e) = (&line.posted, &line.posted.entry);
        self.run(
            "INSERT INTO entries (seq, user_no, at, kind, side, amount_bytes, amount_rp, debt_id, order_id, note,
               actor, event_id, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                int(posted.seq),
                line.user_no,
                posted.at.0,
                e.kind.name(),
                e.side.name(),
                int(e.amount.0),
                e.amount_rp.map(|rp| int(rp.0)),
                e.debt.map(|d| d.to_string()),
                e.order.as_ref().map(|o| o.0.as_str()),
                e.note,
                posted.actor,
                posted.event,
                line.hash,
            ],
        )
    }

    pub(super) fn event(&mut self, event: &EventRecord, at: Timestamp) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO events (id, content_hash, at, status, answer) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![event.id, event.content_hash, at.0, event.status, event.answer],
        )
    }

    pub(super) fn audit(&mut self, line: &AuditLine) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO audit (audit_no, at, actor, role, source, action, target, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                Null,
                line.at.0,
                line.actor,
                line.role,
                line.source,
                line.action,
                line.target,
                line.detail
            ],
        )
    }
}
