//! Rows as values.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::errors::ServerError;
use crate::clock::rfc3339;
use crate::domain::order::{Flag, OnlineMethod, OrderState};
use crate::domain::payment::Standing;
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::relay::FeedItem;
use crate::relay::store::encoding::effect;
use crate::relay::store::{InboxRow, StoredOrder};

/// The columns of an order. Written out: a later version's columns must not change what a prepared statement answers.
pub(super) const ORDER: &str = "orders.site, id, merchant, request_id, request_hash, method, orders.amount_rp, items, \
    memo, return_url, orders.state, standing, means, abandoned, created_at, expires_at, orders.paid_at, asked, ask_at, \
    version";

/// One column.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, ServerError> {
    row.try_get(column).map_err(|error| ServerError::Nonsense(format!("{column} cannot be read: {error}")))
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, ServerError> {
    serde_json::to_string(value)
        .map_err(|error| ServerError::Nonsense(format!("it cannot be written: {error}")))
}

pub(super) fn unsigned(row: &Row, column: &str) -> Result<u64, ServerError> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| ServerError::Nonsense(format!("{column} is {number}")))
}

fn small(row: &Row, column: &str) -> Result<u32, ServerError> {
    let number = unsigned(row, column)?;
    u32::try_from(number).map_err(|_| ServerError::Nonsense(format!("{column} is {number}")))
}

pub(super) fn time(row: &Row, column: &str) -> Result<Timestamp, ServerError> {
    get(row, column).map(Timestamp)
}

pub(super) fn maybe_time(row: &Row, column: &str) -> Result<Option<Timestamp>, ServerError> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp))
}

pub(super) fn named<T>(
    row: &Row,
    column: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, ServerError> {
    let text: &str = get(row, column)?;
    read(text).ok_or_else(|| ServerError::Nonsense(format!("{column} is {text:?}")))
}

fn parsed<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, ServerError> {
    let text: &str = get(row, column)?;
    serde_json::from_str(text)
        .map_err(|error| ServerError::Nonsense(format!("{column} cannot be read: {error}")))
}

fn memo(row: &Row) -> Result<Option<Box<RawValue>>, ServerError> {
    let Some(bytes) = get::<Option<Vec<u8>>>(row, "memo")? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|error| error.to_string());
    let memo = text.and_then(|text| RawValue::from_string(text).map_err(|error| error.to_string()));
    memo.map(Some).map_err(|error| ServerError::Nonsense(format!("memo cannot be read: {error}")))
}

pub(super) fn hash(row: &Row, column: &str) -> Result<[u8; 32], ServerError> {
    let bytes: &[u8] = get(row, column)?;
    bytes.try_into().map_err(|_| ServerError::Nonsense(format!("{column} has {} bytes", bytes.len())))
}

/// One row of [`ORDER`]. What is wrong with it is said with its name.
pub(super) fn order(row: &Row) -> Result<StoredOrder, ServerError> {
    let id: String = get(row, "id")?;
    order_fields(row).map_err(|error| match error {
        ServerError::Nonsense(what) => ServerError::Nonsense(format!("order {id}: {what}")),
        other => other,
    })
}

fn order_fields(row: &Row) -> Result<StoredOrder, ServerError> {
    let standing: Standing = parsed(row, "standing")?;
    if standing.state != named(row, "state", OrderState::from_name)? {
        return Err(ServerError::Nonsense(format!("its standing says {}", standing.state.name())));
    }
    Ok(StoredOrder {
        id: get(row, "id")?,
        merchant: get(row, "merchant")?,
        site: get(row, "site")?,
        request_id: get(row, "request_id")?,
        request_hash: hash(row, "request_hash")?,
        method: named(row, "method", OnlineMethod::from_name)?,
        amount: Rupiah(unsigned(row, "amount_rp")?),
        items: parsed(row, "items")?,
        memo: memo(row)?,
        return_url: get(row, "return_url")?,
        standing,
        means: parsed(row, "means")?,
        abandoned: get(row, "abandoned")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        paid_at: maybe_time(row, "paid_at")?,
        asked: small(row, "asked")?,
        ask_at: maybe_time(row, "ask_at")?,
        version: unsigned(row, "version")?,
    })
}

/// One row of a page of a feed.
pub(super) fn feed_item(row: &Row) -> Result<FeedItem, ServerError> {
    let flags: Vec<Flag> = parsed(row, "flags")?;
    Ok(FeedItem {
        seq: unsigned(row, "seq")?,
        event_id: get(row, "event_id")?,
        order_id: get(row, "id")?,
        request_id: get(row, "request_id")?,
        memo: memo(row)?,
        effect: named(row, "effect", effect)?,
        status: named(row, "state", OrderState::from_name)?,
        flags,
        amount_rp: unsigned(row, "amount_rp")?,
        refunded_rp: unsigned(row, "refunded_rp")?,
        method: Some(named(row, "method", OnlineMethod::from_name)?),
        at: rfc3339(time(row, "told_at")?),
        paid_at: maybe_time(row, "paid_at")?.map(rfc3339),
    })
}

/// One row of `inbox`.
pub(super) fn notification(row: &Row) -> Result<InboxRow, ServerError> {
    Ok(InboxRow {
        no: unsigned(row, "inbox_no")?,
        merchant: get(row, "merchant")?,
        order: get(row, "order_id")?,
        body: get(row, "body")?,
        at: time(row, "came_at")?,
        attempts: small(row, "attempts")?,
    })
}
