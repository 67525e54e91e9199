//! Queries of pages that stay as fast after years: none reads everything there ever was.

use rusqlite::Connection;
use tempfile::TempDir;

use super::cash::DRAWER;
use super::orders::OrderFilter;
use super::reports::PAID;
use super::{FILE, Store};
use crate::domain::order::{OrderKind, OrderState};

/// How SQLite would answer a query.
fn plan(sql: &str) -> String {
    let folder = TempDir::new().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let conn = Connection::open(folder.path().join(FILE)).unwrap();
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut steps: Vec<String> = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps.join("; ")
}

#[test]
fn orders_of_a_customer_are_found_by_the_customer() {
    let of_user = OrderFilter { user_no: Some(1), ..OrderFilter::default() };
    for filter in [
        OrderFilter { states: vec![OrderState::Pending], ..of_user.clone() },
        OrderFilter { states: vec![OrderState::Paid, OrderState::Refunded], ..of_user.clone() },
        OrderFilter { kind: Some(OrderKind::Purchase), ..of_user.clone() },
        of_user,
    ] {
        for goes_on in [false, true] {
            let plan = plan(&filter.sql(goes_on));
            let by_user = plan.contains("orders_by_user (user_no=?") && !plan.contains("B-TREE");
            let by_status = plan.contains("orders_open") || plan.contains("orders_in_review");
            assert!(by_user || by_status, "{filter:?}: {plan}");
        }
    }
}

#[test]
fn a_later_page_of_all_orders_begins_where_the_one_before_ended() {
    let plan = plan(&OrderFilter::default().sql(true));
    assert!(
        plan.contains("orders_by_created ((created_at,order_no)<(?,?))")
            || plan.contains("orders_by_created (created_at<?"),
        "{plan}"
    );
}

#[test]
fn income_of_a_span_is_added_up_in_the_order_of_its_index() {
    let plan = plan(PAID);
    assert!(plan.contains("COVERING INDEX orders_by_paid (paid_at>?") && !plan.contains("B-TREE"), "{plan}");
}

#[test]
fn a_drawer_is_summed_from_its_index() {
    let plan = plan(DRAWER);
    assert!(plan.contains("COVERING INDEX cash_moves_by_closing") && !plan.contains("B-TREE"), "{plan}");
}
