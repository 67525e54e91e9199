//! Reads rows of the store's tables as values of the rules.

use std::fmt::Display;

use jiff::civil::Date;
use rusqlite::{Row, RowIndex};

use super::error::StoreError;
use super::record::UserRecord;
use crate::domain::access::{Access, Reason, Status};
use crate::domain::account::{Account, Overage};
use crate::domain::debt::{DebtItem, DebtStatus};
use crate::domain::id::{OrderId, UserId};
use crate::domain::ledger::{Balance, Entry, Kind, Posted, Side};
use crate::domain::order::{Line, Quote};
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::domain::usage::{Counter, RowId};
use crate::protocol::LineWire;

/// A column, by name or place, that a CHECK constraint keeps from being negative.
pub(super) fn unsigned<C: RowIndex + Copy + Display>(row: &Row, column: C) -> Result<u64, StoreError> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| StoreError::Nonsense(format!("{column} is {value}")))
}

pub(super) fn unsigned_or_none(row: &Row, column: &str) -> Result<Option<u64>, StoreError> {
    match row.get::<_, Option<i64>>(column)? {
        None => Ok(None),
        Some(_) => unsigned(row, column).map(Some),
    }
}

/// A text column parsed by `parse`.
pub(super) fn parsed<T>(
    row: &Row,
    column: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| StoreError::Nonsense(format!("{column} is {text:?}")))
}

pub(super) fn instant(row: &Row, column: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}

pub(super) fn user(row: &Row) -> Result<UserRecord, StoreError> {
    let account = Account {
        approved: row.get("approved")?,
        active: row.get("active")?,
        exempt: row.get("exempt")?,
        admin_block: row.get("admin_block")?,
        unlimited: row.get("unlimited")?,
        expires_at: instant(row, "expires_at")?,
        waiting_days: row.get("waiting_days")?,
        overage: match row.get::<_, Option<String>>("overage")? {
            None => None,
            Some(_) => Some(parsed(row, "overage", Overage::from_name)?),
        },
        debt_limit: unsigned_or_none(row, "debt_limit_bytes")?.map(Bytes),
        balance: Balance {
            credits: Bytes(unsigned(row, "credits_bytes")?),
            debits: Bytes(unsigned(row, "debits_bytes")?),
        },
        open_usage: Bytes(unsigned(row, "open_bytes")?),
        used: Bytes(unsigned(row, "used_bytes")?),
        fup_base: Bytes(unsigned(row, "tank_bytes")?),
        access: access(row)?,
        ..Account::fresh(UserId(parsed(row, "id", |t| t.parse().ok())?), false)
    };
    Ok(UserRecord {
        no: row.get("user_no")?,
        name: row.get("name")?,
        phone: row.get("phone")?,
        phone_e164: row.get("phone_e164")?,
        login: row.get("login")?,
        login_key: row.get("login_key")?,
        customer_note: row.get("customer_note")?,
        created_at: Timestamp(row.get("created_at")?),
        deleted_at: instant(row, "deleted_at")?,
        access_at: Timestamp(row.get("access_at")?),
        account,
    })
}

fn access(row: &Row) -> Result<Access, StoreError> {
    let causes = parsed(row, "access_causes", |text| {
        let names: Vec<String> = serde_json::from_str(text).ok()?;
        names.iter().map(|name| Reason::from_name(name)).collect()
    })?;
    Ok(Access {
        status: parsed(row, "access_status", Status::from_name)?,
        reason: match row.get::<_, Option<String>>("access_reason")? {
            None => None,
            Some(_) => Some(parsed(row, "access_reason", Reason::from_name)?),
        },
        causes,
    })
}

pub(super) fn debt(row: &Row) -> Result<DebtItem, StoreError> {
    let date = |column| parsed(row, column, |text| text.parse::<Date>().ok());
    Ok(DebtItem {
        id: parsed(row, "id", |t| t.parse().ok())?,
        amount: unsigned_or_none(row, "amount_bytes")?.map(Bytes),
        paid: Bytes(unsigned(row, "paid_bytes")?),
        price: unsigned_or_none(row, "price_rp")?.map(Rupiah),
        paid_rp: Rupiah(unsigned(row, "paid_rp")?),
        debt_date: date("debt_date")?,
        due_date: date("due_date")?,
        note: row.get("note")?,
        customer_note: row.get("customer_note")?,
        created_at: Timestamp(row.get("created_at")?),
        status: parsed(row, "status", DebtStatus::from_name)?,
    })
}

/// One row of `entries` joined with its user's id.
pub(super) fn entry(row: &Row) -> Result<Posted, StoreError> {
    let debt = match row.get::<_, Option<String>>("debt_id")? {
        None => None,
        Some(_) => Some(parsed(row, "debt_id", |text| text.parse().ok())?),
    };
    let entry = Entry {
        kind: parsed(row, "kind", Kind::from_name)?,
        side: parsed(row, "side", Side::from_name)?,
        amount: Bytes(unsigned(row, "amount_bytes")?),
        amount_rp: unsigned_or_none(row, "amount_rp")?.map(Rupiah),
        debt,
        order: row.get::<_, Option<String>>("order_id")?.map(OrderId),
        note: row.get("note")?,
    };
    Ok(Posted {
        seq: unsigned(row, "seq")?,
        user: UserId(parsed(row, "user_id", |text| text.parse().ok())?),
        at: Timestamp(row.get("at")?),
        actor: row.get("actor")?,
        event: row.get("event_id")?,
        entry,
    })
}

pub(super) fn quote(row: &Row) -> Result<Quote, StoreError> {
    let lines: Vec<LineWire> = parsed(row, "lines", |text| serde_json::from_str(text).ok())?;
    Ok(Quote { lines: lines.into_iter().map(Line::from).collect() })
}

/// One row of `counters`.
pub(super) fn counter(row: &Row) -> Result<Counter, StoreError> {
    Ok(Counter {
        row: RowId(row.get("row")?),
        started_s: row.get("started_s")?,
        slack_s: unsigned(row, "slack_s")?,
        uptime_s: unsigned(row, "uptime_s")?,
        bytes: unsigned(row, "bytes")?,
        counts: row.get("counts")?,
    })
}
