//! Figures of sites for the operator's console: sums and lists that are read from indexes, however many orders there are.

use crate::domain::units::{Rupiah, Timestamp};
use crate::relay::store::StoredOrder;

/// The most sites of one question.
pub const FIGURES_SITES_MAX: usize = 500;

/// What is known of a site's orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteFigures {
    /// The site.
    pub site: String,
    /// Orders that may still be paid.
    pub open_orders: u64,
    /// Orders that wait for a decision.
    pub reviews: u64,
    /// Money since the moment that was asked for.
    pub income: Income,
    /// The last number of its feed.
    pub last_seq: u64,
}

/// Money over a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Income {
    /// Orders that were paid.
    pub paid: u64,
    /// What they brought.
    pub paid_rp: Rupiah,
    /// What went back.
    pub returned_rp: Rupiah,
}

impl std::ops::Add for Income {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            paid: self.paid.saturating_add(other.paid),
            paid_rp: Rupiah(self.paid_rp.0.saturating_add(other.paid_rp.0)),
            returned_rp: Rupiah(self.returned_rp.0.saturating_add(other.returned_rp.0)),
        }
    }
}

/// The place of an order among those of its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderPlace {
    /// When it was opened.
    pub created_at: Timestamp,
    /// Its number among all orders.
    pub no: u64,
}

/// An order with its place.
#[derive(Clone, Debug)]
pub struct PlacedOrder {
    /// Where it is.
    pub place: OrderPlace,
    /// What it is.
    pub order: StoredOrder,
}
