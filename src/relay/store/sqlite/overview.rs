//! Figures of sites in the file, each read from an index.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use super::errors::QueryError;
use super::rows::{all, one, order, unsigned};
use crate::domain::units::{Rupiah, Timestamp};
use crate::relay::store::encoding::int;
use crate::relay::store::overview::{Income, OrderPlace, PlacedOrder, SiteFigures};

const MONEY: &str = "count(*) FILTER (WHERE effect = 'credit') AS paid,
    coalesce(sum(amount_rp) FILTER (WHERE effect = 'credit'), 0) AS paid_rp,
    coalesce(sum(amount_rp) FILTER (WHERE effect = 'reverse'), 0) AS returned_rp
  FROM feed INDEXED BY feed_money WHERE effect IN ('credit', 'reverse')";

/// The sites in the JSON list `?1`.
const NAMED: &str = "site IN (SELECT value FROM json_each(?1))";

fn income_row(row: &Row) -> Result<Income, QueryError> {
    Ok(Income {
        paid: unsigned(row, "paid")?,
        paid_rp: Rupiah(unsigned(row, "paid_rp")?),
        returned_rp: Rupiah(unsigned(row, "returned_rp")?),
    })
}

/// Money of all sites from `?1` until before `?2`.
pub(super) fn income_sql() -> String {
    format!("SELECT {MONEY} AND told_at >= ?1 AND told_at < ?2")
}

/// Money since `?2` of the sites in the JSON list `?1`.
pub(super) fn money_of_sites_sql() -> String {
    format!("SELECT site, {MONEY} AND told_at >= ?2 AND {NAMED} GROUP BY site")
}

/// Orders of the site `?1` before the place `?2`, `?3`, newest first.
pub(super) const ORDERS_OF_SITE: &str = "SELECT * FROM orders INDEXED BY orders_of_site
    WHERE site = ?1 AND (created_at, order_no) < (?2, ?3) ORDER BY created_at DESC, order_no DESC LIMIT ?4";

/// Money of all sites over a time.
pub(super) fn income(conn: &Connection, from: Timestamp, until: Timestamp) -> Result<Income, QueryError> {
    Ok(one(conn, &income_sql(), [from.0, until.0], income_row)?.unwrap_or_default())
}

/// Figures of these sites, in their order.
pub(super) fn site_figures(
    conn: &Connection,
    sites: &[String],
    since: Timestamp,
) -> Result<Vec<SiteFigures>, QueryError> {
    let wanted = serde_json::to_string(sites)
        .map_err(|error| QueryError::Nonsense(format!("names cannot be written: {error}")))?;
    let mut figures: BTreeMap<String, SiteFigures> = BTreeMap::new();
    let mut put = |row: &Row, set: &dyn Fn(&mut SiteFigures) -> Result<(), QueryError>| {
        let site: String = row.get("site")?;
        set(figures.entry(site).or_default())
    };
    // The word for word condition of the index.
    let sql = format!(
        "SELECT site, count(*) FILTER (WHERE state <> 'review') AS open_orders,
           count(*) FILTER (WHERE state = 'review') AS reviews
         FROM orders INDEXED BY orders_waiting
         WHERE state IN ('created', 'pending', 'challenge', 'review') AND {NAMED} GROUP BY site"
    );
    all(conn, &sql, [&wanted], |row| {
        let (open_orders, reviews) = (unsigned(row, "open_orders")?, unsigned(row, "reviews")?);
        put(row, &|site| {
            (site.open_orders, site.reviews) = (open_orders, reviews);
            Ok(())
        })
    })?;
    all(conn, &money_of_sites_sql(), params![wanted, since.0], |row| {
        let income = income_row(row)?;
        put(row, &|site| {
            site.income = income;
            Ok(())
        })
    })?;
    all(conn, &format!("SELECT site, last_seq FROM feeds WHERE {NAMED}"), [&wanted], |row| {
        let last_seq = unsigned(row, "last_seq")?;
        put(row, &|site| {
            site.last_seq = last_seq;
            Ok(())
        })
    })?;
    let figures =
        |site: &String| SiteFigures { site: site.clone(), ..figures.get(site).cloned().unwrap_or_default() };
    Ok(sites.iter().map(figures).collect())
}

/// A site's orders before a place, newest first.
pub(super) fn orders_of_site(
    conn: &Connection,
    site: &str,
    before: Option<OrderPlace>,
    limit: u32,
) -> Result<Vec<PlacedOrder>, QueryError> {
    let (at, no) = before.map_or((i64::MAX, i64::MAX), |place| (place.created_at.0, int(place.no)));
    all(conn, ORDERS_OF_SITE, params![site, at, no, limit], |row| {
        let place =
            OrderPlace { created_at: Timestamp(row.get("created_at")?), no: unsigned(row, "order_no")? };
        Ok(PlacedOrder { place, order: order(row)? })
    })
}
