//! What depends on each table, which decides what a damaged one stops.

use rusqlite::Connection;

use super::error::StoreError;

/// What depends on a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableClass {
    /// Money, quota, and who has them: nothing starts without it.
    Money,
    /// Who did what, and who may: the site is only read without it.
    People,
    /// Log-ins and API tokens: the same.
    Sessions,
    /// Figures for reports: the site goes on with an empty table.
    Statistics,
    /// What is made anew from the other tables: the site goes on with an empty table, and nothing is lost.
    Derived,
}

/// Every table of the schema.
pub(super) const CLASSES: [(&str, TableClass); 31] = [
    ("accounts_base", TableClass::Money),
    ("admins", TableClass::People),
    ("applied", TableClass::Money),
    ("audit", TableClass::People),
    ("cash_moves", TableClass::Money),
    ("closings", TableClass::Money),
    ("counter_restarts", TableClass::Statistics),
    ("counters_base", TableClass::Money),
    ("debts", TableClass::Money),
    ("devices", TableClass::Money),
    ("entries", TableClass::Money),
    ("events", TableClass::Money),
    ("handovers", TableClass::Money),
    ("meta", TableClass::Money),
    ("meters", TableClass::Money),
    ("openings", TableClass::Money),
    ("orders", TableClass::Money),
    ("orphans", TableClass::Money),
    ("outbox", TableClass::Money),
    ("packages", TableClass::Money),
    ("proofs", TableClass::Derived),
    ("reminders", TableClass::Statistics),
    ("tokens", TableClass::Sessions),
    ("undated", TableClass::Money),
    ("usage_days", TableClass::Statistics),
    ("usage_hours_base", TableClass::Statistics),
    ("usage_months", TableClass::Statistics),
    ("usage_sums", TableClass::Statistics),
    ("usage_totals", TableClass::Statistics),
    ("users", TableClass::Money),
    ("validity", TableClass::Money),
];

/// The prefix of damaged tables that were put aside.
pub(super) const ASIDE: &str = "damaged_";

/// The class of a table; an unknown one counts as money's.
pub(super) fn class_of(table: &str) -> TableClass {
    let known = CLASSES.iter().find(|(name, _)| *name == table);
    known.map_or(TableClass::Money, |(_, class)| *class)
}

/// Damaged tables, for people.
pub(super) fn damage_text(tables: &[String]) -> String {
    if tables.is_empty() { "not in one table alone".to_owned() } else { format!("in {}", tables.join(", ")) }
}

/// What follows from damaged tables, and what to do.
pub(super) fn remedy(tables: &[String]) -> &'static str {
    let has = |class| tables.iter().any(|table| class_of(table) == class);
    if has(TableClass::Money) {
        "nothing starts until the latest backup is restored: kuotad restore FILE"
    } else if has(TableClass::People) || has(TableClass::Sessions) {
        "the next start only reads the store: stop the daemon and restore the latest backup: kuotad restore FILE"
    } else if !has(TableClass::Statistics) {
        "the next start makes this anew, and nothing is lost"
    } else {
        "the next start begins these statistics again empty; restore a backup to have the figures back"
    }
}

/// What keeps a damaged table under another name and begins it again empty. Views keep the name that they know.
pub(super) fn aside_sql(conn: &Connection, table: &str) -> Result<String, StoreError> {
    let sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let create: String = conn.query_row(sql, [table], |row| row.get(0))?;
    let stamp: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(format!(
        "PRAGMA legacy_alter_table = ON; ALTER TABLE {table} RENAME TO {ASIDE}{table}_{stamp}; {create};
         PRAGMA legacy_alter_table = OFF"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn every_table_has_a_class_and_every_class_a_table() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut statement = store.conn.prepare(sql).unwrap();
        let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let tables: Vec<String> = tables.map(Result::unwrap).collect();
        assert_eq!(tables, CLASSES.map(|(name, _)| name), "give each table a class in CLASSES");
    }

    #[test]
    fn the_worst_class_decides_what_to_do() {
        let of = |tables: &[&str]| remedy(&tables.iter().map(|&t| t.to_owned()).collect::<Vec<_>>());
        assert!(of(&["tokens", "entries"]).contains("nothing starts"));
        assert!(of(&["a_table_of_tomorrow"]).contains("nothing starts"));
        assert!(of(&["usage_days", "tokens"]).contains("only reads"));
        assert!(of(&["usage_days", "proofs"]).contains("begins these statistics again"));
        assert!(of(&["proofs"]).contains("nothing is lost"));
    }
}
