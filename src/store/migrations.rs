//! The schema's versions and the upgrade of a file to the last one.

use std::sync::LazyLock;

use rusqlite::{Connection, Transaction};
use rusqlite_migration::{M, Migrations, SchemaVersion};

use super::error::StoreError;
use super::validity;

/// The schema's versions, in order.
pub(super) fn steps() -> Vec<M<'static>> {
    vec![
        M::up(include_str!("schema/0001_ledger.sql")),
        M::up(include_str!("schema/0002_second_factor.sql")),
        M::up(include_str!("schema/0003_sales.sql")),
        M::up(include_str!("schema/0004_names.sql")),
        M::up(include_str!("schema/0005_null_is_no_json.sql")).foreign_key_check(),
        M::up_with_hook(include_str!("schema/0006_validity.sql"), |tx: &Transaction| validity::derive(tx)),
        M::up(include_str!("schema/0007_device_history.sql")),
        M::up(include_str!("schema/0008_usage_sums.sql")),
        M::up(include_str!("schema/0009_proofs.sql")),
        M::up(include_str!("schema/0010_meters.sql")),
        M::up(include_str!("schema/0011_reminders.sql")),
        M::up(include_str!("schema/0012_quick_pins.sql")),
        M::up(include_str!("schema/0013_customer_notes.sql")),
        M::up(include_str!("schema/0014_handovers.sql")),
        M::up(include_str!("schema/0015_sums_from_indexes.sql")),
        M::up(include_str!("schema/0016_orphans.sql")),
    ]
}

/// The same, ready to be applied.
pub(super) static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| Migrations::new(steps()));

/// Whether every schema step is applied.
pub(super) fn is_up_to_date(conn: &Connection) -> Result<bool, StoreError> {
    let steps = steps().len();
    Ok(matches!(MIGRATIONS.current_version(conn)?, SchemaVersion::Inside(version) if version.get() == steps))
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
