//! Orders of a site in pages, by their place.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::state::ConsoleState;
use crate::domain::units::Timestamp;
use crate::protocol::admin::page::PageLimit;
use crate::relay::store::overview::{OrderPlace, PlacedOrder};
use crate::web::Problem;

/// The end of a page of orders. Opaque outside: callers send back what they received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OrderCursor(pub OrderPlace);

impl fmt::Display for OrderCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "o{:x}-{:x}", self.0.created_at.0, self.0.no)
    }
}

impl<'de> Deserialize<'de> for OrderCursor {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let read = || {
            let (at, no) = text.strip_prefix('o')?.split_once('-')?;
            let created_at = Timestamp(i64::from_str_radix(at, 16).ok()?);
            Some(Self(OrderPlace { created_at, no: u64::from_str_radix(no, 16).ok()? }))
        };
        // A cursor has one text only: without sign or leading zeros.
        let cursor = read().filter(|cursor| cursor.to_string() == text);
        cursor.ok_or_else(|| {
            D::Error::custom("is not a cursor of this list: send the `next` of the page before")
        })
    }
}

/// A page of a site's orders, newest first.
pub(super) struct OrdersPage {
    /// Its orders.
    pub items: Vec<PlacedOrder>,
    /// The next page.
    pub next: Option<OrderCursor>,
}

/// A site's orders before a place.
pub(super) async fn orders_page(
    state: &ConsoleState,
    site: &str,
    before: Option<OrderCursor>,
    limit: Option<PageLimit>,
) -> Result<OrdersPage, Problem> {
    let limit = limit.unwrap_or_default();
    let before = before.map(|cursor| cursor.0);
    let mut items = state.relay.store.orders_of_site(site, before, limit.rows_and_one()).await?;
    let is_more = items.len() > limit.rows();
    items.truncate(limit.rows());
    let next = items.last().filter(|_| is_more).map(|last| OrderCursor(last.place));
    Ok(OrdersPage { items, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_no_other_way() {
        let place = OrderPlace { created_at: Timestamp(1_772_334_000_000), no: 17 };
        let text = OrderCursor(place).to_string();
        let read = |text: &str| serde_json::from_value::<OrderCursor>(text.into());
        assert_eq!(read(&text).unwrap(), OrderCursor(place));
        for wrong in ["", "o", "o1", "o01-1", "o1-01", "o+1-1", "p1-1", "o1-g", "o1-1-1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
