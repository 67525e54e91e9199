//! Proof that the relay's database is whole, in one snapshot while relays work: every row can be read, feeds have no gaps,
//! and every credited order was reported so exactly once.

use super::clients::Loan;
use super::errors::ServerError;
use super::rows::{ORDER, get, order, unsigned};
use crate::relay::store::encoding::body_hash;
use crate::relay::store::{RelayBroken, RelayVerified};

/// Rows that are read at a time.
const PAGE: i64 = 1000;

impl From<ServerError> for RelayBroken {
    fn from(error: ServerError) -> Self {
        Self::Store(error.into())
    }
}

/// Checks every row. Stops at the first bad one, which is the value; the error is of the database.
pub(super) async fn verify(db: &Loan) -> Result<Result<RelayVerified, RelayBroken>, ServerError> {
    db.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0").await?;
    let verified = check(db).await;
    db.batch("ROLLBACK").await?;
    Ok(verified)
}

async fn check(db: &Loan) -> Result<RelayVerified, RelayBroken> {
    let epoch = db.one("SELECT FROM meta WHERE key = 'epoch' AND value <> ''", &[]).await?;
    if epoch.is_none() {
        return Err(RelayBroken::Epoch);
    }
    let (orders, credited) = check_orders(db).await?;
    let feed_items = check_feeds(db).await?;
    let notifications = check_inbox(db).await?;
    Ok(RelayVerified { orders, credited, feed_items, notifications })
}

async fn check_orders(db: &Loan) -> Result<(u64, u64), RelayBroken> {
    let sql = format!(
        "SELECT {ORDER},
           (SELECT count(*) FROM feed WHERE feed.site = orders.site AND effect = 'credit'
              AND event_id = 'order/' || orders.id || '/credit')
           + (SELECT count(*) FROM told WHERE told.site = orders.site
              AND event_id = 'order/' || orders.id || '/credit') AS events
         FROM orders WHERE (orders.site, orders.id) > ($1, $2) ORDER BY orders.site, orders.id LIMIT $3"
    );
    let (mut orders, mut credited, mut last) = (0, 0, (String::new(), String::new()));
    loop {
        let rows = db.all(&sql, &[&last.0, &last.1, &PAGE]).await?;
        for row in &rows {
            let order = order(row)?;
            let (events, is_credited) = (unsigned(row, "events")?, order.standing.credited);
            if events != u64::from(is_credited) {
                return Err(RelayBroken::Credit { order: order.id, credited: is_credited, events });
            }
            orders += 1;
            credited += events;
            last = (order.site, order.id);
        }
        if rows.is_empty() {
            return Ok((orders, credited));
        }
    }
}

async fn check_feeds(db: &Loan) -> Result<u64, RelayBroken> {
    let feeds = "SELECT site, coalesce(pruned_seq, 0) AS pruned, coalesce(last_seq, 0) AS last, count(seq) AS found,
                   count(seq) FILTER (WHERE seq > coalesce(pruned_seq, 0) AND seq <= coalesce(last_seq, 0)) AS inside
                 FROM feeds FULL JOIN feed USING (site) GROUP BY site, pruned_seq, last_seq ORDER BY site";
    let mut items = 0;
    for row in db.all(feeds, &[]).await? {
        let [pruned, last, found, inside] =
            ["pruned", "last", "found", "inside"].map(|column| unsigned(&row, column));
        let (pruned, last, found) = (pruned?, last?, found?);
        let expected = last.saturating_sub(pruned);
        // Numbers are unique, so that as many as there should be within the bounds leave no gap.
        if found != expected || inside? != expected {
            return Err(RelayBroken::Gap { site: get(&row, "site")?, pruned, last, expected, found });
        }
        items += found;
    }
    let wrong = "SELECT site, seq FROM feed
                 WHERE effect = 'credit' AND event_id <> 'order/' || order_id || '/credit' ORDER BY site, seq LIMIT 1";
    match db.one(wrong, &[]).await? {
        Some(row) => Err(RelayBroken::Item { site: get(&row, "site")?, seq: unsigned(&row, "seq")? }),
        None => Ok(items),
    }
}

async fn check_inbox(db: &Loan) -> Result<u64, RelayBroken> {
    let sql =
        "SELECT inbox_no, merchant, body, hash FROM inbox WHERE inbox_no > $1 ORDER BY inbox_no LIMIT $2";
    let (mut notifications, mut last) = (0, 0_i64);
    loop {
        let rows = db.all(sql, &[&last, &PAGE]).await?;
        for row in &rows {
            let (merchant, body, hash): (&str, &[u8], &[u8]) =
                (get(row, "merchant")?, get(row, "body")?, get(row, "hash")?);
            if hash != body_hash(merchant, body) {
                return Err(RelayBroken::Notification(unsigned(row, "inbox_no")?));
            }
            notifications += 1;
            last = get(row, "inbox_no")?;
        }
        if rows.is_empty() {
            return Ok(notifications);
        }
    }
}
