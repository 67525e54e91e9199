//! What is written: each function is a change of one transaction. A single statement is one by itself; where several are
//! needed, locks that belong to the transaction say in which order.

use std::collections::BTreeSet;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::clients::Loan;
use super::errors::ServerError;
use super::rows::{ORDER, get, json, order, unsigned};
use crate::domain::units::Timestamp;
use crate::relay::store::encoding::{
    DECIDED_MAX, MAY_CHANGE_MS, UNDECIDED_MAX, body_hash, effect_name, int, refunded_rp, storable,
};
use crate::relay::store::{FeedEvent, NewNotification, OpenedOrder, StoredOrder, Updated};
use crate::tools::digest;

/// How long a change of many rows may take.
pub(super) const LONG_MAX: Duration = Duration::from_mins(10);

/// The number of a lock for what `name` names among things of one `kind`.
pub(super) fn lock_number(kind: &str, name: &str) -> i64 {
    let mut hash = Sha256::new();
    digest::add_part(&mut hash, kind);
    digest::add_part(&mut hash, name);
    let bytes: [u8; 32] = hash.finalize().into();
    i64::from_be_bytes(std::array::from_fn(|i| bytes[i]))
}

/// Whoever opens or gives up a request, one at a time.
fn request_lock(site: &str, request_id: &str) -> i64 {
    lock_number("request", &format!("{site}\n{request_id}"))
}

/// Opening an order, and keeping a notification about an order that is not known, one at a time.
fn opening_lock(order: &str) -> i64 {
    lock_number("opening", order)
}

/// The secret of a merchant's address.
pub(super) async fn merchant_secret(db: &Loan, merchant: &str, fresh: &str) -> Result<String, ServerError> {
    let sql = "INSERT INTO merchants (merchant, secret) VALUES ($1, $2)
               ON CONFLICT (merchant) DO UPDATE SET secret = coalesce(merchants.secret, excluded.secret)
               RETURNING secret";
    get(&db.only(sql, &[&merchant, &fresh]).await?, "secret")
}

/// The gateway's own id of a merchant, the first one that is reported.
pub(super) async fn learn_merchant_id(db: &Loan, merchant: &str, id: &str) -> Result<(), ServerError> {
    let sql = "INSERT INTO merchants (merchant, merchant_id) VALUES ($1, $2)
               ON CONFLICT (merchant) DO UPDATE SET merchant_id = excluded.merchant_id
               WHERE merchants.merchant_id IS NULL";
    db.run(sql, &[&merchant, &id]).await.map(drop)
}

/// Writes an order down, once for each request.
pub(super) async fn open(db: &Loan, fresh: &StoredOrder) -> Result<OpenedOrder, ServerError> {
    let locks = [request_lock(&fresh.site, &fresh.request_id), opening_lock(&fresh.id)];
    // Statements of their own: the one that follows must see what others committed until it had the locks.
    let begin = format!(
        "BEGIN; SELECT pg_advisory_xact_lock({}); SELECT pg_advisory_xact_lock({})",
        locks[0], locks[1]
    );
    db.batch(&begin).await?;
    let opened = if insert(db, fresh).await? { OpenedOrder::New } else { find_opened(db, fresh).await? };
    db.batch("COMMIT").await?;
    Ok(opened)
}

async fn insert(db: &Loan, fresh: &StoredOrder) -> Result<bool, ServerError> {
    let row = db
        .only(
            include_str!("sql/open_order.sql"),
            &[
                &fresh.site,
                &fresh.id,
                &fresh.merchant,
                &fresh.request_id,
                &fresh.request_hash.as_slice(),
                &fresh.method.name(),
                &int(fresh.amount.0),
                &json(&fresh.items)?,
                &fresh.memo.as_ref().map(|memo| memo.get().as_bytes()),
                &fresh.return_url,
                &fresh.standing.state.name(),
                &json(&fresh.standing)?,
                &json(&fresh.means)?,
                &fresh.abandoned,
                &fresh.created_at.0,
                &fresh.expires_at.0,
                &fresh.paid_at.map(|at| at.0),
                &i64::from(fresh.asked),
                &fresh.ask_at.map(|at| at.0),
                &int(fresh.version),
            ],
        )
        .await?;
    get(&row, "is_new")
}

/// Why an order could not be written down.
async fn find_opened(db: &Loan, fresh: &StoredOrder) -> Result<OpenedOrder, ServerError> {
    if let Some(known) = of_request(db, &fresh.site, &fresh.request_id).await? {
        let is_same = known.request_hash == fresh.request_hash && known.merchant == fresh.merchant;
        return Ok(if is_same { OpenedOrder::Known(Box::new(known)) } else { OpenedOrder::Conflict });
    }
    let sql = "SELECT FROM abandoned WHERE site = $1 AND request_id = $2";
    let given_up = db.one(sql, &[&fresh.site, &fresh.request_id]).await?;
    Ok(given_up.map_or(OpenedOrder::Conflict, |_| OpenedOrder::Abandoned))
}

async fn of_request(db: &Loan, site: &str, request_id: &str) -> Result<Option<StoredOrder>, ServerError> {
    let sql = format!("SELECT {ORDER} FROM orders WHERE site = $1 AND request_id = $2 FOR UPDATE");
    db.one(&sql, &[&site, &request_id]).await?.as_ref().map(order).transpose()
}

/// Marks the order of a request, or the request itself, as given up.
pub(super) async fn abandon(
    db: &Loan,
    site: &str,
    request_id: &str,
    at: Timestamp,
) -> Result<Option<StoredOrder>, ServerError> {
    let lock = request_lock(site, request_id);
    db.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({lock})")).await?;
    let known = match of_request(db, site, request_id).await? {
        None => {
            let sql = "INSERT INTO abandoned (site, request_id, abandoned_at) VALUES ($1, $2, $3)
                       ON CONFLICT DO NOTHING";
            db.run(sql, &[&site, &request_id, &at.0]).await?;
            None
        }
        Some(known) if known.abandoned => Some(known),
        Some(known) => Some(mark_abandoned(db, known, at).await?),
    };
    db.batch("COMMIT").await?;
    Ok(known)
}

async fn mark_abandoned(db: &Loan, known: StoredOrder, at: Timestamp) -> Result<StoredOrder, ServerError> {
    // Only what may still be paid is to be called off, and that soon.
    let ask_at = if known.standing.state.is_open() { Some(at) } else { known.ask_at };
    let sql =
        "UPDATE orders SET abandoned = true, ask_at = $3, version = version + 1 WHERE site = $1 AND id = $2";
    db.run(sql, &[&known.site, &known.id, &ask_at.map(|at| at.0)]).await?;
    Ok(StoredOrder { abandoned: true, ask_at, version: known.version + 1, ..known })
}

/// Stores a changed order, adds its events to the feed, and ends the notifications that led to it. The newest number of
/// the feed, where something was added.
pub(super) async fn update(
    db: &Loan,
    order: &StoredOrder,
    events: &[FeedEvent],
    decided: &[u64],
    at: Timestamp,
) -> Result<(Updated, Option<u64>), ServerError> {
    let mut names = BTreeSet::new();
    let (mut ids, mut effects, mut amounts, mut refunded) = (vec![], vec![], vec![], vec![]);
    for (i, event) in events.iter().enumerate() {
        if names.insert(&event.event_id) {
            ids.push(event.event_id.as_str());
            effects.push(effect_name(event.effect));
            amounts.push(int(event.amount.0));
            refunded.push(int(refunded_rp(order, &events[i + 1..])));
        }
    }
    let decided: Vec<i64> = decided.iter().map(|no| int(*no)).collect();
    let row = db
        .only(
            include_str!("sql/update_order.sql"),
            &[
                &order.site,
                &order.id,
                &order.merchant,
                &int(order.version),
                &order.standing.state.name(),
                &json(&order.standing)?,
                &json(&order.means)?,
                &order.abandoned,
                &order.expires_at.0,
                &order.paid_at.map(|at| at.0),
                &i64::from(order.asked),
                &order.ask_at.map(|at| at.0),
                &ids,
                &effects,
                &amounts,
                &refunded,
                &json(&order.standing.flags)?,
                &at.0,
                &decided,
            ],
        )
        .await?;
    let newest: Option<i64> = get(&row, "newest")?;
    let updated = if get(&row, "is_changed")? { Updated::Done } else { Updated::Stale };
    Ok((updated, newest.and_then(|newest| u64::try_from(newest).ok())))
}

/// Keeps a notification that process `taker` took in, once for each merchant and body, and so many of one order.
pub(super) async fn receive(
    db: &Loan,
    notification: &NewNotification,
    taker: i64,
) -> Result<bool, ServerError> {
    let NewNotification { merchant, order, body, at } = notification;
    let order = &storable(order);
    let hash = body_hash(merchant, body);
    let sql = include_str!("sql/receive.sql");
    let mut row = db.only(sql, &[merchant, order, body, &hash.as_slice(), &at.0, &false, &taker]).await?;
    if !get::<bool>(&row, "is_known")? {
        // Its order may be opened at this very moment: whoever comes second sees what the first one did.
        db.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock_shared({})", opening_lock(order))).await?;
        row = db.only(sql, &[merchant, order, body, &hash.as_slice(), &at.0, &true, &taker]).await?;
        db.batch("COMMIT").await?;
    }
    let is_kept = get(&row, "is_kept")?;
    if is_kept && unsigned(&row, "earlier")? >= u64::from(UNDECIDED_MAX) {
        // It is kept, whatever becomes of the others.
        if let Err(error) = trim(db, merchant, order).await {
            tracing::debug!(%error, "the oldest notifications of an order could not be dropped");
        }
    }
    Ok(is_kept)
}

/// Drops the oldest notifications of an order that are too many.
async fn trim(db: &Loan, merchant: &str, order: &str) -> Result<(), ServerError> {
    for (which, max) in [("IS NULL", UNDECIDED_MAX), ("IS NOT NULL", DECIDED_MAX)] {
        let sql = format!(
            "DELETE FROM inbox WHERE inbox_no IN (SELECT inbox_no FROM inbox
               WHERE merchant = $1 AND order_id = $2 AND decided_at {which} ORDER BY inbox_no DESC OFFSET $3)"
        );
        db.run(&sql, &[&merchant, &order, &i64::from(max)]).await?;
    }
    Ok(())
}

/// Another try, later.
pub(super) async fn postpone(db: &Loan, no: u64, at: Timestamp) -> Result<(), ServerError> {
    let sql = "UPDATE inbox SET attempts = attempts + 1, due_at = $2
               WHERE inbox_no = $1 AND decided_at IS NULL AND due_at IS NOT NULL";
    db.run(sql, &[&int(no), &at.0]).await.map(drop)
}

/// Makes due whatever may still change: what waits for a customer, what was to be asked anyway, and what is young enough
/// to be refunded, charged back or settled late.
pub(super) async fn ask_all(db: &Loan, now: Timestamp) -> Result<u64, ServerError> {
    begin_long(db).await?;
    let sql = "UPDATE orders SET ask_at = $1, asked = 0, version = version + 1
               WHERE state IN ('created', 'pending', 'challenge') OR ask_at IS NOT NULL
                 OR (created_at >= $2 AND state NOT IN ('refunded', 'charged_back', 'reversed'))";
    let asked = db.run(sql, &[&now.0, &now.0.saturating_sub(MAY_CHANGE_MS)]).await?;
    db.batch("COMMIT").await?;
    Ok(asked)
}

async fn begin_long(db: &Loan) -> Result<(), ServerError> {
    db.batch(&format!("BEGIN; SET LOCAL statement_timeout = {}", LONG_MAX.as_millis())).await
}

/// Sites whose feed may begin with something that is older than `before`.
pub(super) async fn sites_to_prune(db: &Loan, before: Timestamp) -> Result<Vec<String>, ServerError> {
    let sql = "SELECT feeds.site FROM feeds CROSS JOIN LATERAL (
                 SELECT told_at FROM feed WHERE feed.site = feeds.site ORDER BY seq LIMIT 1) AS first
               WHERE first.told_at < $1";
    db.all(sql, &[&before.0]).await?.iter().map(|row| get(row, "site")).collect()
}

/// Drops the old beginning of a site's feed; answers how many items.
pub(super) async fn prune_site(db: &Loan, site: &str, before: Timestamp) -> Result<u64, ServerError> {
    begin_long(db).await?;
    let dropped = db.only(include_str!("sql/prune_site.sql"), &[&site, &before.0]).await?;
    db.batch("COMMIT").await?;
    unsigned(&dropped, "dropped")
}

/// Drops old notifications about orders that are over, or that never were.
pub(super) async fn prune_inbox(db: &Loan, before: Timestamp) -> Result<u64, ServerError> {
    begin_long(db).await?;
    let sql = "DELETE FROM inbox WHERE came_at < $1 AND (due_at IS NULL OR decided_at IS NOT NULL)
                 AND NOT EXISTS (SELECT FROM orders WHERE orders.id = inbox.order_id
                   AND orders.merchant = inbox.merchant
                   AND (ask_at IS NOT NULL OR state IN ('created', 'pending', 'challenge')))";
    let dropped = db.run(sql, &[&before.0]).await?;
    db.batch("COMMIT").await?;
    Ok(dropped)
}

/// Gives the store another name: agents read the feed again from its beginning.
pub(super) async fn rename(db: &Loan, epoch: &str) -> Result<(), ServerError> {
    db.run("UPDATE meta SET value = $1 WHERE key = 'epoch'", &[&epoch]).await.map(drop)
}

/// A change that means nothing, to see that one can be made.
pub(super) async fn check(db: &Loan) -> Result<(), ServerError> {
    let sql = "INSERT INTO meta (key, value) VALUES ('checks', '1')
               ON CONFLICT (key) DO UPDATE SET value = (meta.value::bigint + 1)::text";
    db.run(sql, &[]).await.map(drop)
}
