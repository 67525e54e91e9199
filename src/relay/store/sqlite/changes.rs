//! What is written: each function is a change of one transaction.

use rusqlite::{Connection, params};

use super::errors::QueryError;
use super::open::EPOCH;
use super::rows::{all, insert_order, json, one, order, run, unsigned};
use super::writer::WriteContext;
use crate::domain::units::Timestamp;
use crate::relay::store::encoding::{
    DECIDED_MAX, MAY_CHANGE_MS, UNDECIDED_MAX, body_hash, effect_name, int, refunded_rp,
};
use crate::relay::store::{FeedEvent, NewNotification, OpenedOrder, StoredOrder, Updated};

/// The secret of a merchant's address.
pub(super) fn merchant_secret(
    desk: &mut WriteContext<'_>,
    merchant: &str,
    fresh: &str,
) -> Result<String, QueryError> {
    let sql = "INSERT INTO merchants (merchant, secret) VALUES (?1, ?2)
               ON CONFLICT (merchant) DO UPDATE SET secret = ?2 WHERE secret IS NULL";
    run(desk.tx, sql, [merchant, fresh])?;
    let sql = "SELECT secret FROM merchants WHERE merchant = ?1";
    let stored = one(desk.tx, sql, [merchant], |row| Ok(row.get(0)?))?;
    stored.ok_or_else(|| QueryError::Nonsense(format!("merchant {merchant} has no secret")))
}

/// The gateway's own id of a merchant, the first one that is reported.
pub(super) fn learn_merchant_id(
    desk: &mut WriteContext<'_>,
    merchant: &str,
    id: &str,
) -> Result<(), QueryError> {
    let sql = "INSERT INTO merchants (merchant, merchant_id) VALUES (?1, ?2)
               ON CONFLICT (merchant) DO UPDATE SET merchant_id = ?2 WHERE merchant_id IS NULL";
    run(desk.tx, sql, [merchant, id]).map(drop)
}

/// Writes an order down, once for each request.
pub(super) fn open(desk: &mut WriteContext<'_>, fresh: &StoredOrder) -> Result<OpenedOrder, QueryError> {
    if let Some(known) = of_request(desk.tx, &fresh.site, &fresh.request_id)? {
        let is_same = known.request_hash == fresh.request_hash && known.merchant == fresh.merchant;
        return Ok(if is_same { OpenedOrder::Known(Box::new(known)) } else { OpenedOrder::Conflict });
    }
    let sql = "SELECT 1 FROM abandoned WHERE site = ?1 AND request_id = ?2";
    if one(desk.tx, sql, [&fresh.site, &fresh.request_id], |_| Ok(()))?.is_some() {
        return Ok(OpenedOrder::Abandoned);
    }
    if one(desk.tx, "SELECT 1 FROM orders WHERE id = ?1", [&fresh.id], |_| Ok(()))?.is_some() {
        return Ok(OpenedOrder::Conflict);
    }
    insert_order(desk.tx, fresh)?;
    let sql = "UPDATE inbox SET due_at = came_at
               WHERE merchant = ?1 AND order_id = ?2 AND decided_at IS NULL AND due_at IS NULL";
    run(desk.tx, sql, [&fresh.merchant, &fresh.id])?;
    Ok(OpenedOrder::New)
}

fn of_request(conn: &Connection, site: &str, request_id: &str) -> Result<Option<StoredOrder>, QueryError> {
    one(conn, "SELECT * FROM orders WHERE site = ?1 AND request_id = ?2", [site, request_id], order)
}

/// Marks the order of a request, or the request itself, as given up.
pub(super) fn abandon(
    desk: &mut WriteContext<'_>,
    site: &str,
    request_id: &str,
    at: Timestamp,
) -> Result<Option<StoredOrder>, QueryError> {
    let Some(known) = of_request(desk.tx, site, request_id)? else {
        let sql = "INSERT INTO abandoned (site, request_id, abandoned_at) VALUES (?1, ?2, ?3)
                   ON CONFLICT DO NOTHING";
        run(desk.tx, sql, params![site, request_id, at.0])?;
        return Ok(None);
    };
    if known.abandoned {
        return Ok(Some(known));
    }
    // Only what may still be paid is to be called off, and that soon.
    let ask_at = if known.standing.state.is_open() { Some(at) } else { known.ask_at };
    let sql = "UPDATE orders SET abandoned = 1, ask_at = ?2, version = version + 1 WHERE id = ?1";
    run(desk.tx, sql, params![known.id, ask_at.map(|at| at.0)])?;
    Ok(Some(StoredOrder { abandoned: true, ask_at, version: known.version + 1, ..known }))
}

/// Stores a changed order, adds its events to the feed, and ends the notifications that led to it.
pub(super) fn update(
    desk: &mut WriteContext<'_>,
    order: &StoredOrder,
    events: &[FeedEvent],
    decided: &[u64],
    at: Timestamp,
) -> Result<Updated, QueryError> {
    let sql = "UPDATE orders SET state = ?5, standing = ?6, means = ?7, abandoned = ?8, expires_at = ?9,
                 paid_at = ?10, asked = ?11, ask_at = ?12, version = version + 1
               WHERE id = ?1 AND merchant = ?2 AND site = ?3 AND version = ?4";
    let values = params![
        order.id,
        order.merchant,
        order.site,
        int(order.version),
        order.standing.state.name(),
        json(&order.standing)?,
        json(&order.means)?,
        order.abandoned,
        order.expires_at.0,
        order.paid_at.map(|at| at.0),
        order.asked,
        order.ask_at.map(|at| at.0),
    ];
    if run(desk.tx, sql, values)? == 0 {
        return Ok(Updated::Stale);
    }
    for (i, event) in events.iter().enumerate() {
        tell(desk, order, event, &events[i + 1..], at)?;
    }
    for no in decided {
        let sql = "UPDATE inbox SET decided_at = ?2 WHERE inbox_no = ?1 AND decided_at IS NULL";
        run(desk.tx, sql, params![int(*no), at.0])?;
    }
    Ok(Updated::Done)
}

/// Puts an event at the end of its site's feed, unless its name was used before.
fn tell(
    desk: &mut WriteContext<'_>,
    order: &StoredOrder,
    event: &FeedEvent,
    later: &[FeedEvent],
    at: Timestamp,
) -> Result<(), QueryError> {
    let sql = "SELECT 1 FROM feed WHERE event_id = ?1 UNION ALL SELECT 1 FROM told WHERE event_id = ?1";
    if one(desk.tx, sql, [&event.event_id], |_| Ok(()))?.is_some() {
        return Ok(());
    }
    let sql = "INSERT INTO feeds (site, last_seq) VALUES (?1, 1)
               ON CONFLICT (site) DO UPDATE SET last_seq = last_seq + 1 RETURNING last_seq";
    let seq = one(desk.tx, sql, [&order.site], |row| unsigned(row, "last_seq"))?;
    let seq = seq.ok_or_else(|| QueryError::Nonsense(format!("the feed of {} has no end", order.site)))?;
    let sql = "INSERT INTO feed (site, seq, event_id, order_no, effect, state, flags, amount_rp, refunded_rp, told_at,
                 paid_at)
               VALUES (?1, ?2, ?3, (SELECT order_no FROM orders WHERE id = ?4), ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let values = params![
        order.site,
        int(seq),
        event.event_id,
        order.id,
        effect_name(event.effect),
        order.standing.state.name(),
        json(&order.standing.flags)?,
        int(event.amount.0),
        int(refunded_rp(order, later)),
        at.0,
        order.paid_at.map(|at| at.0),
    ];
    run(desk.tx, sql, values)?;
    desk.fed.push((order.site.clone(), seq));
    Ok(())
}

/// Keeps a notification, once for each merchant and body, and so many of one order.
pub(super) fn receive(
    desk: &mut WriteContext<'_>,
    notification: &NewNotification,
) -> Result<bool, QueryError> {
    let sql = "INSERT INTO inbox (merchant, order_id, hash, came_at, due_at)
               VALUES (?1, ?2, ?3, ?4,
                 (SELECT ?4 WHERE EXISTS (SELECT 1 FROM orders WHERE id = ?2 AND merchant = ?1)))
               ON CONFLICT (hash) DO NOTHING RETURNING inbox_no";
    let NewNotification { merchant, order, body, at } = notification;
    let values = params![merchant, order, body_hash(merchant, body), at.0];
    let kept = one(desk.tx, sql, values, |row| Ok(row.get::<_, i64>("inbox_no")?))?;
    let Some(no) = kept else { return Ok(false) };
    run(desk.tx, "INSERT INTO bodies (inbox_no, body) VALUES (?1, ?2)", params![no, body])?;
    // Each of these is a constant text, so that its statement is prepared once.
    let undecided = "DELETE FROM inbox WHERE inbox_no IN (SELECT inbox_no FROM inbox
                       WHERE merchant = ?1 AND order_id = ?2 AND decided_at IS NULL
                       ORDER BY inbox_no DESC LIMIT -1 OFFSET ?3)";
    let decided = "DELETE FROM inbox WHERE inbox_no IN (SELECT inbox_no FROM inbox
                     WHERE merchant = ?1 AND order_id = ?2 AND decided_at IS NOT NULL
                     ORDER BY inbox_no DESC LIMIT -1 OFFSET ?3)";
    run(desk.tx, undecided, params![merchant, order, UNDECIDED_MAX])?;
    run(desk.tx, decided, params![merchant, order, DECIDED_MAX])?;
    Ok(true)
}

/// Another try, later.
pub(super) fn postpone(desk: &mut WriteContext<'_>, no: u64, at: Timestamp) -> Result<(), QueryError> {
    let sql = "UPDATE inbox SET attempts = attempts + 1, due_at = ?2
               WHERE inbox_no = ?1 AND decided_at IS NULL AND due_at IS NOT NULL";
    run(desk.tx, sql, params![int(no), at.0]).map(drop)
}

/// Makes due whatever may still change: what waits for a customer, what was to be asked anyway, and what is young enough
/// to be refunded, charged back or settled late.
pub(super) fn ask_all(conn: &Connection, now: Timestamp) -> Result<u64, QueryError> {
    let sql = "UPDATE orders SET ask_at = ?1, asked = 0, version = version + 1
               WHERE state IN ('created', 'pending', 'challenge') OR ask_at IS NOT NULL
                 OR (created_at >= ?2 AND state NOT IN ('refunded', 'charged_back', 'reversed'))";
    let asked = run(conn, sql, [now.0, now.0.saturating_sub(MAY_CHANGE_MS)])?;
    Ok(u64::try_from(asked).unwrap_or(u64::MAX))
}

/// Gives the store another name: agents read the feed again from its beginning.
pub(super) fn rename(conn: &Connection, epoch: &str) -> Result<(), QueryError> {
    run(conn, "UPDATE meta SET value = ?2 WHERE key = ?1", [EPOCH, epoch]).map(drop)
}

/// Drops what is older than `before` and about orders that are over; answers how many rows. A feed is dropped from its
/// beginning on, up to the first item that must stay.
pub(super) fn prune(desk: &mut WriteContext<'_>, before: Timestamp) -> Result<u64, QueryError> {
    let mut dropped = 0;
    let sites = "SELECT site, (SELECT min(seq) FROM feed JOIN orders USING (order_no)
                   WHERE feed.site = feeds.site AND (told_at >= ?1 OR ask_at IS NOT NULL
                     OR orders.state IN ('created', 'pending', 'challenge'))) AS kept_seq, last_seq
                 FROM feeds";
    let read = |row: &rusqlite::Row<'_>| {
        let kept: Option<i64> = row.get("kept_seq")?;
        Ok((row.get::<_, String>("site")?, kept.unwrap_or(row.get::<_, i64>("last_seq")? + 1)))
    };
    for (site, kept_seq) in all(desk.tx, sites, [before.0], read)? {
        let names = "INSERT INTO told SELECT event_id FROM feed WHERE site = ?1 AND seq < ?2";
        run(desk.tx, names, params![site, kept_seq])?;
        dropped += run(desk.tx, "DELETE FROM feed WHERE site = ?1 AND seq < ?2", params![site, kept_seq])?;
        let sql = "UPDATE feeds SET pruned_seq = max(pruned_seq, ?2 - 1) WHERE site = ?1";
        run(desk.tx, sql, params![site, kept_seq])?;
    }
    let sql = "DELETE FROM inbox WHERE came_at < ?1 AND (due_at IS NULL OR decided_at IS NOT NULL)
                 AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.id = inbox.order_id
                   AND orders.merchant = inbox.merchant
                   AND (ask_at IS NOT NULL OR state IN ('created', 'pending', 'challenge')))";
    dropped += run(desk.tx, sql, [before.0])?;
    Ok(u64::try_from(dropped).unwrap_or(u64::MAX))
}

/// A change that means nothing, to see that one can be made.
pub(super) fn check(desk: &mut WriteContext<'_>) -> Result<(), QueryError> {
    let sql = "INSERT INTO meta (key, value) VALUES ('checks', '1')
               ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)";
    run(desk.tx, sql, []).map(drop)
}
