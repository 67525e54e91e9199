//! Customers whom somebody at the desk probably wants next: those entered last, and those who paid last.

use std::collections::BTreeSet;

use crate::agent::engine::Engine;
use crate::store::{OrderFilter, Page, StoreError, UserRecord};

/// Orders looked through for customers who paid.
const ORDERS_MAX: u32 = 50;
/// Customers entered last among them.
const ENTERED_MAX: usize = 2;

/// At most `users_max` customers.
pub(crate) fn recent_customers(engine: &Engine, users_max: usize) -> Result<Vec<UserRecord>, StoreError> {
    let look = engine.read_view();
    let orders =
        engine.reader().find_orders(&OrderFilter::default(), Page { limit: ORDERS_MAX, after: None })?;
    let entered = look.users_newest().take(ENTERED_MAX).map(|user| user.no);
    let paid = orders.into_iter().filter_map(|(_, order)| order.user_no);
    let others = look.users_newest().skip(ENTERED_MAX).take(users_max).map(|user| user.no);
    let mut known = BTreeSet::new();
    let all = entered.chain(paid).chain(others).filter(|no| known.insert(*no));
    Ok(all.filter_map(|no| look.user_no(no)).take(users_max).cloned().collect())
}
