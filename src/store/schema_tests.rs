//! Stores of earlier versions are upgraded completely.

use std::path::Path;

use rusqlite::types::Value;

use super::*;
use crate::store::{FILE, Store};

/// Steps of the version before the last release.
const EARLIER: usize = 3;

/// A store of an earlier version: a cash sale with a refund, an online order, and an entry of each.
const EARLIER_ROWS: &str = r#"
INSERT INTO users (user_no, id, name, approved, active, exempt, unlimited, waiting_days, access_status, access_causes,
  access_at, created_at) VALUES (1, '7d3c3b52-6a25-4be1-8a3c-0e8d7cbb3f10', 'Budi', 1, 1, 0, 0, 0, 'active', '[]', 1, 1);
INSERT INTO accounts VALUES (1, 30, 0, 0, 0, 30);
INSERT INTO orders (order_no, id, user_no, kind, method, amount_rp, status, lines, flags, receipt_no, cashier, plan,
  refunded_rp, created_at, paid_at, window_bytes)
  VALUES (4, 'cash-1', 1, 'purchase', 'cash', 5000, 'partially_refunded', '[{}]', '[]', 1, 'ani', 0, 1000, 2, 2, 0);
INSERT INTO orders (order_no, id, user_no, kind, method, amount_rp, status, lines, flags, plan, refunded_rp, created_at,
  request_id, means, expires_at, window_at, window_bytes)
  VALUES (9, 'online-1', 1, 'purchase', 'qris', 7000, 'pending', '[]', '["surplus"]', 0, 0, 3, 'r1', '{}', 9, 4, 5);
INSERT INTO cash_moves VALUES (1, 2, 'ani', 'cash-1', 'cash', 'taken', 5000, 1, NULL);
INSERT INTO cash_moves VALUES (2, 3, 'ani', 'cash-1', 'cash', 'returned', 1000, 1, NULL);
INSERT INTO devices VALUES (1, 1, 5, '', 1, NULL, NULL, NULL, NULL);
INSERT INTO counters VALUES (1, '*1', 100, 5, 50, 12345, 1);
INSERT INTO usage_hours VALUES (498000, 1, 1, 77, 7);
INSERT INTO entries VALUES (1, 1, 2, 'purchase', 'credit', 30, 5000, NULL, 'cash-1', '', 'ani', 'e1', zeroblob(32));
"#;

fn earlier(dir: &Path) -> Connection {
    let mut conn = Connection::open(dir.join(FILE)).unwrap();
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    Migrations::new(steps()).to_version(&mut conn, EARLIER).unwrap();
    conn.execute_batch(EARLIER_ROWS).unwrap();
    conn
}

/// Every row of a table, by its columns' names.
fn rows(conn: &Connection, table: &str) -> Vec<Vec<(String, Value)>> {
    let mut statement = conn.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let read = |row: &rusqlite::Row| {
        Ok(names.iter().map(|name| (name.clone(), row.get_unwrap(name.as_str()))).collect())
    };
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

fn index_names(conn: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'orders' ORDER BY name";
    let mut statement = conn.prepare(sql).unwrap();
    statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap()
        .map(Result::unwrap)
        .filter(|name| !name.starts_with("sqlite_"))
        .collect()
}

#[test]
fn a_store_of_an_earlier_version_keeps_every_row_link_and_index() {
    let dir = tempfile::tempdir().unwrap();
    let conn = earlier(dir.path());
    let tables = ["orders", "cash_moves", "entries", "accounts", "counters", "usage_hours"];
    let before = tables.map(|table| rows(&conn, table));
    let indexes = index_names(&conn);
    drop(conn);

    let store = Store::open(dir.path()).unwrap();
    for (table, before) in tables.iter().zip(&before) {
        let after = rows(&store.conn, table);
        assert_eq!(after.len(), before.len(), "{table}");
        for (after, before) in after.iter().zip(before) {
            assert!(before.iter().all(|column| after.contains(column)), "{table}: {before:?}, {after:?}");
        }
    }
    assert!(indexes.iter().all(|name| index_names(&store.conn).contains(name)), "{indexes:?}");
    let broken: i64 =
        store.conn.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(broken, 0);
    // Foreign keys are enforced from here on, too.
    let orphan = "UPDATE cash_moves SET order_id = 'none' WHERE move_no = 1";
    assert!(store.conn.execute(orphan, []).is_err());
    assert!(store.conn.execute("DELETE FROM orders WHERE id = 'cash-1'", []).is_err());
    let no_json = "UPDATE orders SET means = 'no json' WHERE id = 'cash-1'";
    assert!(store.conn.execute(no_json, []).is_err());
}
