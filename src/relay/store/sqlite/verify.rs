//! Proof that the relay's store is whole: every row can be read, feeds have no gaps, and every credited order was reported
//! so exactly once.

use std::path::Path;

use rusqlite::Connection;

use super::errors::{OpenError, QueryError};
use super::open::{EPOCH, connect_to_read, missing};
use super::rows::{all, one, order, unsigned, value};
use crate::protocol::relay::credit_event;
use crate::relay::store::encoding::body_hash;
use crate::relay::store::{RelayBroken, RelayVerified};

impl From<OpenError> for RelayBroken {
    fn from(error: OpenError) -> Self {
        Self::Open(error.to_string())
    }
}

impl From<QueryError> for RelayBroken {
    fn from(trouble: QueryError) -> Self {
        Self::Store(trouble.into())
    }
}

impl From<rusqlite::Error> for RelayBroken {
    fn from(error: rusqlite::Error) -> Self {
        QueryError::from(error).into()
    }
}

/// Checks the store in a file, also while a relay works on it.
pub fn verify_file(path: &Path) -> Result<RelayVerified, RelayBroken> {
    if !path.exists() {
        return Err(missing(path).into());
    }
    verify(&connect_to_read(path)?)
}

/// Checks every row. Stops at the first bad one.
pub(super) fn verify(conn: &Connection) -> Result<RelayVerified, RelayBroken> {
    // One snapshot for all: a relay may be running.
    let snapshot = conn.unchecked_transaction()?;
    check_file(conn)?;
    if value(conn, EPOCH)?.is_none_or(|epoch| epoch.is_empty()) {
        return Err(RelayBroken::Epoch);
    }
    let (orders, credited) = check_orders(conn)?;
    let feed_items = check_feeds(conn)?;
    let notifications = check_inbox(conn)?;
    drop(snapshot);
    Ok(RelayVerified { orders, credited, feed_items, notifications })
}

fn check_file(conn: &Connection) -> Result<(), RelayBroken> {
    let text = |row: &rusqlite::Row<'_>| Ok(row.get::<_, String>(0)?);
    let found = one(conn, "PRAGMA integrity_check(1)", [], text)?.unwrap_or_default();
    if found != "ok" {
        return Err(RelayBroken::File(found));
    }
    let lost = one(conn, "PRAGMA foreign_key_check", [], text)?;
    lost.map_or(Ok(()), |table| Err(RelayBroken::File(format!("a row of {table} belongs to nothing"))))
}

fn check_orders(conn: &Connection) -> Result<(u64, u64), RelayBroken> {
    let (mut orders, mut credited) = (0, 0);
    let events = "SELECT (SELECT count(*) FROM feed WHERE event_id = ?1 AND effect = 'credit')
                       + (SELECT count(*) FROM told WHERE event_id = ?1) AS events";
    let mut statement = conn.prepare("SELECT * FROM orders ORDER BY order_no")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let order = order(row)?;
        let name = credit_event(&order.id);
        let events = one(conn, events, [&name], |row| unsigned(row, "events"))?.unwrap_or_default();
        let is_credited = order.standing.credited;
        if events != u64::from(is_credited) {
            return Err(RelayBroken::Credit { order: order.id, credited: is_credited, events });
        }
        orders += 1;
        credited += events;
    }
    Ok((orders, credited))
}

fn check_feeds(conn: &Connection) -> Result<u64, RelayBroken> {
    let mut items = 0;
    let feeds = "SELECT site, ifnull(pruned_seq, 0) AS pruned, ifnull(last_seq, 0) AS last, count(seq) AS found,
                   count(seq) FILTER (WHERE seq > ifnull(pruned_seq, 0) AND seq <= ifnull(last_seq, 0)) AS inside
                 FROM feeds FULL JOIN feed USING (site) GROUP BY site ORDER BY site";
    let read = |row: &rusqlite::Row<'_>| {
        let numbers = ["pruned", "last", "found", "inside"].map(|column| unsigned(row, column));
        let [pruned, last, found, inside] = numbers;
        Ok((row.get::<_, String>("site")?, pruned?, last?, found?, inside?))
    };
    for (site, pruned, last, found, inside) in all(conn, feeds, [], read)? {
        let expected = last.saturating_sub(pruned);
        // Numbers are unique, so that as many as there should be within the bounds leave no gap.
        if found != expected || inside != expected {
            return Err(RelayBroken::Gap { site, pruned, last, expected, found });
        }
        items += found;
    }
    let wrong = "SELECT feed.site AS site, seq FROM feed JOIN orders USING (order_no)
                 WHERE feed.site <> orders.site
                   OR (effect = 'credit' AND event_id <> 'order/' || id || '/credit')
                 ORDER BY feed.site, seq LIMIT 1";
    match one(conn, wrong, [], |row| Ok((row.get("site")?, unsigned(row, "seq")?)))? {
        Some((site, seq)) => Err(RelayBroken::Item { site, seq }),
        None => Ok(items),
    }
}

fn check_inbox(conn: &Connection) -> Result<u64, RelayBroken> {
    let mut notifications = 0;
    let mut statement =
        conn.prepare("SELECT inbox_no, merchant, body, hash FROM inbox LEFT JOIN bodies USING (inbox_no)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (merchant, body): (String, Vec<u8>) = (row.get("merchant")?, row.get("body")?);
        if row.get::<_, [u8; 32]>("hash")? != body_hash(&merchant, &body) {
            return Err(RelayBroken::Notification(unsigned(row, "inbox_no")?));
        }
        notifications += 1;
    }
    Ok(notifications)
}
