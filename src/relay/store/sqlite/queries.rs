//! What is read: each function is one snapshot.

use rusqlite::{Connection, params};

use super::errors::QueryError;
use super::rows::{all, feed_item, notification, one, order, unsigned};
use crate::domain::order::OrderState;
use crate::domain::units::Timestamp;
use crate::protocol::relay::FeedItem;
use crate::relay::store::encoding::int;
use crate::relay::store::{InboxRow, StoreCounts, StoredOrder};

pub(super) fn merchant_id(conn: &Connection, merchant: &str) -> Result<Option<String>, QueryError> {
    let sql = "SELECT merchant_id FROM merchants WHERE merchant = ?1";
    Ok(one(conn, sql, [merchant], |row| Ok(row.get(0)?))?.flatten())
}

pub(super) fn of_merchant(
    conn: &Connection,
    merchant: &str,
    id: &str,
) -> Result<Option<StoredOrder>, QueryError> {
    one(conn, "SELECT * FROM orders WHERE id = ?1 AND merchant = ?2", [id, merchant], order)
}

pub(super) fn of_site(conn: &Connection, site: &str, id: &str) -> Result<Option<StoredOrder>, QueryError> {
    one(conn, "SELECT * FROM orders WHERE id = ?1 AND site = ?2", [id, site], order)
}

pub(super) fn inbox(conn: &Connection, now: Timestamp, limit: u32) -> Result<Vec<InboxRow>, QueryError> {
    let sql = "SELECT inbox_no, merchant, order_id, body, came_at, attempts
               FROM (SELECT *, row_number() OVER (PARTITION BY merchant ORDER BY inbox_no) AS place
                 FROM inbox WHERE decided_at IS NULL AND due_at IS NOT NULL AND due_at <= ?1)
               JOIN bodies USING (inbox_no) WHERE place <= ?2 ORDER BY inbox_no";
    all(conn, sql, params![now.0, limit], notification)
}

pub(super) fn due(conn: &Connection, now: Timestamp, limit: u32) -> Result<Vec<StoredOrder>, QueryError> {
    let sql = "SELECT * FROM orders WHERE order_no IN (
                 SELECT order_no FROM (
                   SELECT order_no, row_number() OVER (PARTITION BY merchant ORDER BY ask_at, order_no) AS place
                   FROM orders WHERE ask_at IS NOT NULL AND ask_at <= ?1)
                 WHERE place <= ?2)
               ORDER BY ask_at, order_no";
    all(conn, sql, params![now.0, limit], order)
}

pub(super) fn feed(
    conn: &Connection,
    site: &str,
    after: u64,
    limit: u32,
) -> Result<(Vec<FeedItem>, u64), QueryError> {
    let sql =
        "SELECT seq, event_id, effect, feed.state, flags, feed.amount_rp, refunded_rp, told_at, feed.paid_at,
                 id, request_id, memo, method
               FROM feed JOIN orders USING (order_no)
               WHERE feed.site = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    let items = all(conn, sql, params![site, int(after), limit], feed_item)?;
    let last =
        one(conn, "SELECT last_seq FROM feeds WHERE site = ?1", [site], |row| unsigned(row, "last_seq"))?;
    Ok((items, last.unwrap_or(0)))
}

pub(super) fn in_state(
    conn: &Connection,
    state: OrderState,
    limit: u32,
) -> Result<Vec<StoredOrder>, QueryError> {
    let sql = "SELECT * FROM orders WHERE state = ?1 ORDER BY created_at DESC, order_no DESC LIMIT ?2";
    all(conn, sql, params![state.name(), limit], order)
}

pub(super) fn counts(conn: &Connection) -> Result<StoreCounts, QueryError> {
    // The word for word condition of the index, so that it is the index that is counted.
    let sql = "SELECT count(*) FILTER (WHERE state <> 'review') AS open_orders,
                 count(*) FILTER (WHERE standing LIKE '%charge_unknown%') AS unknown_charges,
                 count(*) FILTER (WHERE state = 'review') AS reviews,
                 (SELECT count(*) FROM inbox WHERE decided_at IS NULL AND due_at IS NOT NULL) AS inbox,
                 (SELECT min(came_at) FROM inbox WHERE decided_at IS NULL AND due_at IS NOT NULL) AS oldest,
                 (SELECT count(*) FROM inbox WHERE decided_at IS NULL AND due_at IS NULL) AS strays
               FROM orders WHERE state IN ('created', 'pending', 'challenge', 'review')";
    let counts = one(conn, sql, [], |row| {
        Ok(StoreCounts {
            open_orders: unsigned(row, "open_orders")?,
            unknown_charges: unsigned(row, "unknown_charges")?,
            reviews: unsigned(row, "reviews")?,
            inbox: unsigned(row, "inbox")?,
            inbox_oldest_ms: row.get("oldest")?,
            strays: unsigned(row, "strays")?,
        })
    })?;
    Ok(counts.unwrap_or_default())
}
