//! Rows as values and values as rows.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::errors::QueryError;
use crate::clock::rfc3339;
use crate::domain::order::{Flag, OnlineMethod, OrderState};
use crate::domain::payment::Standing;
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::relay::FeedItem;
use crate::relay::store::encoding::{effect, int};
use crate::relay::store::{InboxRow, StoredOrder};

/// Runs a statement and answers how many rows it changed.
pub(super) fn run(conn: &Connection, sql: &str, values: impl Params) -> Result<usize, QueryError> {
    let mut statement: CachedStatement = conn.prepare_cached(sql)?;
    Ok(statement.execute(values)?)
}

/// The row that a question has, if any.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnOnce(&Row) -> Result<T, QueryError>,
) -> Result<Option<T>, QueryError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    rows.next()?.map(read).transpose()
}

/// Every row that a question has.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    values: impl Params,
    mut read: impl FnMut(&Row) -> Result<T, QueryError>,
) -> Result<Vec<T>, QueryError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

/// A single value, if there is one.
pub(super) fn value(conn: &Connection, key: &str) -> Result<Option<String>, QueryError> {
    let mut statement = conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, QueryError> {
    serde_json::to_string(value)
        .map_err(|error| QueryError::Nonsense(format!("it cannot be written: {error}")))
}

pub(super) fn unsigned(row: &Row, column: &str) -> Result<u64, QueryError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| QueryError::Nonsense(format!("{column} is {number}")))
}

pub(super) fn named<T>(
    row: &Row,
    column: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, QueryError> {
    let text: String = row.get(column)?;
    read(&text).ok_or_else(|| QueryError::Nonsense(format!("{column} is {text:?}")))
}

fn parsed<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, QueryError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| QueryError::Nonsense(format!("{column} cannot be read: {error}")))
}

fn memo(row: &Row) -> Result<Option<Box<RawValue>>, QueryError> {
    let text: Option<String> = row.get("memo")?;
    let read = |error| QueryError::Nonsense(format!("memo cannot be read: {error}"));
    text.map(RawValue::from_string).transpose().map_err(read)
}

/// The stored form of a state.
pub(super) fn state(row: &Row) -> Result<OrderState, QueryError> {
    named(row, "state", OrderState::from_name)
}

/// One row of `orders`. What is wrong with it is said with its name.
pub(super) fn order(row: &Row) -> Result<StoredOrder, QueryError> {
    let id: String = row.get("id")?;
    order_fields(row).map_err(|trouble| match trouble {
        QueryError::Nonsense(what) => QueryError::Nonsense(format!("order {id}: {what}")),
        other => other,
    })
}

fn order_fields(row: &Row) -> Result<StoredOrder, QueryError> {
    let standing: Standing = parsed(row, "standing")?;
    if standing.state != state(row)? {
        return Err(QueryError::Nonsense(format!("its standing says {}", standing.state.name())));
    }
    Ok(StoredOrder {
        id: row.get("id")?,
        merchant: row.get("merchant")?,
        site: row.get("site")?,
        request_id: row.get("request_id")?,
        request_hash: row.get("request_hash")?,
        method: named(row, "method", OnlineMethod::from_name)?,
        amount: Rupiah(unsigned(row, "amount_rp")?),
        items: parsed(row, "items")?,
        memo: memo(row)?,
        return_url: row.get("return_url")?,
        standing,
        means: parsed(row, "means")?,
        abandoned: row.get("abandoned")?,
        created_at: Timestamp(row.get("created_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
        paid_at: row.get::<_, Option<i64>>("paid_at")?.map(Timestamp),
        asked: row.get("asked")?,
        ask_at: row.get::<_, Option<i64>>("ask_at")?.map(Timestamp),
        version: unsigned(row, "version")?,
    })
}

/// Writes an order down for the first time.
pub(super) fn insert_order(conn: &Connection, order: &StoredOrder) -> Result<(), QueryError> {
    let sql = "INSERT INTO orders (id, merchant, site, request_id, request_hash, method, amount_rp, items, memo,
                 return_url, state, standing, means, abandoned, created_at, expires_at, paid_at, asked, ask_at,
                 version)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
    let values = params![
        order.id,
        order.merchant,
        order.site,
        order.request_id,
        order.request_hash,
        order.method.name(),
        int(order.amount.0),
        json(&order.items)?,
        order.memo.as_ref().map(|memo| memo.get()),
        order.return_url,
        order.standing.state.name(),
        json(&order.standing)?,
        json(&order.means)?,
        order.abandoned,
        order.created_at.0,
        order.expires_at.0,
        order.paid_at.map(|at| at.0),
        order.asked,
        order.ask_at.map(|at| at.0),
        int(order.version),
    ];
    run(conn, sql, values).map(drop)
}

/// One row of `feed` joined with its order.
pub(super) fn feed_item(row: &Row) -> Result<FeedItem, QueryError> {
    let flags: Vec<Flag> = parsed(row, "flags")?;
    Ok(FeedItem {
        seq: unsigned(row, "seq")?,
        event_id: row.get("event_id")?,
        order_id: row.get("id")?,
        request_id: row.get("request_id")?,
        memo: memo(row)?,
        effect: named(row, "effect", effect)?,
        status: state(row)?,
        flags,
        amount_rp: unsigned(row, "amount_rp")?,
        refunded_rp: unsigned(row, "refunded_rp")?,
        method: Some(named(row, "method", OnlineMethod::from_name)?),
        at: rfc3339(Timestamp(row.get("told_at")?)),
        paid_at: row.get::<_, Option<i64>>("paid_at")?.map(|at| rfc3339(Timestamp(at))),
    })
}

/// One row of `inbox`.
pub(super) fn notification(row: &Row) -> Result<InboxRow, QueryError> {
    Ok(InboxRow {
        no: unsigned(row, "inbox_no")?,
        merchant: row.get("merchant")?,
        order: row.get("order_id")?,
        body: row.get("body")?,
        at: Timestamp(row.get("came_at")?),
        attempts: row.get("attempts")?,
    })
}
