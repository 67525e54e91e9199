//! Figures of sites on the server, each read from an index.

use tokio_postgres::Row;

use super::clients::Loan;
use super::errors::ServerError;
use super::rows::{ORDER, get, order, time, unsigned};
use crate::domain::units::{Rupiah, Timestamp};
use crate::relay::store::encoding::int;
use crate::relay::store::overview::{Income, OrderPlace, PlacedOrder, SiteFigures};

fn income_row(row: &Row) -> Result<Income, ServerError> {
    Ok(Income {
        paid: unsigned(row, "paid")?,
        paid_rp: Rupiah(unsigned(row, "paid_rp")?),
        returned_rp: Rupiah(unsigned(row, "returned_rp")?),
    })
}

/// Money of all sites over a time.
pub(super) async fn income(db: &Loan, from: Timestamp, until: Timestamp) -> Result<Income, ServerError> {
    income_row(&db.only(include_str!("sql/income.sql"), &[&from.0, &until.0]).await?)
}

/// Figures of these sites, in their order.
pub(super) async fn site_figures(
    db: &Loan,
    sites: &[String],
    since: Timestamp,
) -> Result<Vec<SiteFigures>, ServerError> {
    let rows = db.all(include_str!("sql/site_figures.sql"), &[&sites, &since.0]).await?;
    let figures = |row: &Row| {
        Ok(SiteFigures {
            site: get(row, "name")?,
            open_orders: unsigned(row, "open_orders")?,
            reviews: unsigned(row, "reviews")?,
            income: income_row(row)?,
            last_seq: unsigned(row, "last_seq")?,
        })
    };
    rows.iter().map(figures).collect()
}

/// Orders of the site `$1` before the place `$2`, `$3`, newest first.
pub(super) fn orders_of_site_sql() -> String {
    format!(
        "SELECT {ORDER}, opened_no FROM orders WHERE site = $1 AND (created_at, opened_no) < ($2, $3)
         ORDER BY created_at DESC, opened_no DESC LIMIT $4"
    )
}

/// A site's orders before a place, newest first.
pub(super) async fn orders_of_site(
    db: &Loan,
    site: &str,
    before: Option<OrderPlace>,
    limit: u32,
) -> Result<Vec<PlacedOrder>, ServerError> {
    let (at, no) = before.map_or((i64::MAX, i64::MAX), |place| (place.created_at.0, int(place.no)));
    let rows = db.all(&orders_of_site_sql(), &[&site, &at, &no, &i64::from(limit)]).await?;
    let placed = |row: &Row| {
        let place = OrderPlace { created_at: time(row, "created_at")?, no: unsigned(row, "opened_no")? };
        Ok(PlacedOrder { place, order: order(row)? })
    };
    rows.iter().map(placed).collect()
}
