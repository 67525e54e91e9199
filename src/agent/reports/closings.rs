//! Closings of cash drawers.

use crate::agent::engine::{Actor, Engine};
use crate::protocol::admin::page::{List, PageQuery};
use crate::store::{ClosingRecord, Page, Role, StoreError};

/// A page of closings, newest first. A cashier sees the own ones; operators see everybody's.
pub(crate) fn counted(
    engine: &Engine,
    actor: &Actor,
    page: PageQuery,
) -> Result<List<ClosingRecord>, StoreError> {
    let rows = Page { limit: page.limit.rows_and_one(), after: page.after.map(|cursor| cursor.0) };
    let own = (actor.role < Role::Operator).then_some(actor.name.as_str());
    let closings = engine.reader().closings(own, rows)?;
    Ok(List::of(closings, page.limit, |closing| i64::try_from(closing.no).unwrap_or(i64::MAX)))
}
