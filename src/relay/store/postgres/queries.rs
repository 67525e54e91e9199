//! What is read: each function is one statement, so one snapshot.

use super::clients::Loan;
use super::errors::ServerError;
use super::rows::{ORDER, feed_item, get, notification, order, unsigned};
use crate::domain::order::OrderState;
use crate::domain::units::Timestamp;
use crate::protocol::relay::FeedItem;
use crate::relay::store::encoding::int;
use crate::relay::store::{InboxRow, StoreCounts, StoredOrder};

pub(super) async fn epoch(db: &Loan) -> Result<String, ServerError> {
    let row = db.one("SELECT value FROM meta WHERE key = 'epoch'", &[]).await?;
    let row = row.ok_or_else(|| ServerError::Nonsense("it has no name".to_owned()))?;
    get(&row, "value")
}

pub(super) async fn merchant_id(db: &Loan, merchant: &str) -> Result<Option<String>, ServerError> {
    let row = db.one("SELECT merchant_id FROM merchants WHERE merchant = $1", &[&merchant]).await?;
    row.map_or(Ok(None), |row| get(&row, "merchant_id"))
}

pub(super) async fn of_merchant(
    db: &Loan,
    merchant: &str,
    id: &str,
) -> Result<Option<StoredOrder>, ServerError> {
    let sql = format!("SELECT {ORDER} FROM orders WHERE id = $1 AND merchant = $2");
    db.one(&sql, &[&id, &merchant]).await?.as_ref().map(order).transpose()
}

pub(super) async fn of_site(db: &Loan, site: &str, id: &str) -> Result<Option<StoredOrder>, ServerError> {
    let sql = format!("SELECT {ORDER} FROM orders WHERE site = $1 AND id = $2");
    db.one(&sql, &[&site, &id]).await?.as_ref().map(order).transpose()
}

/// How long a notification is left to the process that took it in.
pub(super) const HEAD_START_MS: i64 = 3_000;

/// What process `taker` is to decide.
pub(super) async fn inbox(
    db: &Loan,
    now: Timestamp,
    limit: u32,
    taker: i64,
) -> Result<Vec<InboxRow>, ServerError> {
    let sql = "SELECT inbox_no, merchant, order_id, body, came_at, attempts
               FROM (SELECT inbox_no AS no, row_number() OVER (PARTITION BY merchant ORDER BY inbox_no) AS place
                 FROM inbox WHERE decided_at IS NULL AND due_at IS NOT NULL AND due_at <= $1
                   AND (taker = $3 OR due_at <= $4)) AS due
               JOIN inbox ON inbox_no = no WHERE place <= $2 ORDER BY inbox_no";
    let overdue = now.0.saturating_sub(HEAD_START_MS);
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&now.0, &i64::from(limit), &taker, &overdue];
    db.all(sql, &values).await?.iter().map(notification).collect()
}

pub(super) async fn due(db: &Loan, now: Timestamp, limit: u32) -> Result<Vec<StoredOrder>, ServerError> {
    let sql = format!(
        "SELECT {ORDER} FROM (
           SELECT id AS due_id, row_number() OVER (PARTITION BY merchant ORDER BY ask_at, opened_no) AS place
           FROM orders WHERE ask_at IS NOT NULL AND ask_at <= $1) AS due
         JOIN orders ON id = due_id WHERE place <= $2 ORDER BY ask_at, opened_no"
    );
    db.all(&sql, &[&now.0, &i64::from(limit)]).await?.iter().map(order).collect()
}

pub(super) async fn feed(
    db: &Loan,
    site: &str,
    after: u64,
    limit: u32,
) -> Result<(Vec<FeedItem>, u64), ServerError> {
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&site, &int(after), &i64::from(limit)];
    let rows = db.all(include_str!("sql/feed.sql"), &values).await?;
    let Some(first) = rows.first() else { return Ok((Vec::new(), 0)) };
    let last = unsigned(first, "last_seq")?;
    if get::<Option<i64>>(first, "seq")?.is_none() {
        return Ok((Vec::new(), last));
    }
    let items = rows.iter().map(feed_item).collect::<Result<_, _>>()?;
    Ok((items, last))
}

pub(super) async fn in_state(
    db: &Loan,
    state: OrderState,
    limit: u32,
) -> Result<Vec<StoredOrder>, ServerError> {
    let sql = format!(
        "SELECT {ORDER} FROM orders WHERE state = $1 ORDER BY created_at DESC, opened_no DESC LIMIT $2"
    );
    db.all(&sql, &[&state.name(), &i64::from(limit)]).await?.iter().map(order).collect()
}

pub(super) async fn counts(db: &Loan) -> Result<StoreCounts, ServerError> {
    // The word for word condition of the index, so that it is the index that is counted.
    let sql = "SELECT count(*) FILTER (WHERE state <> 'review') AS open_orders,
                 count(*) FILTER (WHERE standing LIKE '%charge_unknown%') AS unknown_charges,
                 count(*) FILTER (WHERE state = 'review') AS reviews,
                 (SELECT count(*) FROM inbox WHERE decided_at IS NULL AND due_at IS NOT NULL) AS inbox,
                 (SELECT min(came_at) FROM inbox WHERE decided_at IS NULL AND due_at IS NOT NULL) AS oldest,
                 (SELECT count(*) FROM inbox WHERE decided_at IS NULL AND due_at IS NULL) AS strays
               FROM orders WHERE state IN ('created', 'pending', 'challenge', 'review')";
    let row = db.only(sql, &[]).await?;
    Ok(StoreCounts {
        open_orders: unsigned(&row, "open_orders")?,
        unknown_charges: unsigned(&row, "unknown_charges")?,
        reviews: unsigned(&row, "reviews")?,
        inbox: unsigned(&row, "inbox")?,
        inbox_oldest_ms: get(&row, "oldest")?,
        strays: unsigned(&row, "strays")?,
    })
}
