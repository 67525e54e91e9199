//! What a damaged table stops, at a start and while the store is in use.

use std::path::Path;

use super::backup;
use super::connect::{READ_ONLY, open_alone};
use super::error::StoreError;
use super::lifecycle::Store;
use super::read::Reader;
use super::suspicion::{self, Check};
use super::tables::{TableClass, aside_sql, class_of, damage_text, remedy};
use super::unwritable::Unwritable;

impl Store {
    /// How thoroughly the store has to be checked at this start.
    pub fn check_due(&self) -> Check {
        suspicion::due(self.folder())
    }

    /// Handles damaged tables of a store whose ledger is intact. Statistics restart with empty tables, and the
    /// damaged ones are kept under another name; for any other table the store becomes read-only.
    pub fn protect(&mut self, tables: Vec<String>) -> Result<(), StoreError> {
        suspicion::remove(self.folder());
        let (remade, others): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| is_remade(table));
        if !others.is_empty() {
            self.pause(Unwritable::Damaged(others.join(", ")));
            return Ok(());
        }
        for table in remade {
            match self.put_aside(&table) {
                // A table that cannot be replaced cannot be written either.
                Err(StoreError::Unwritable(_)) => self.pause(Unwritable::Damaged(table)),
                other => other?,
            }
        }
        Ok(())
    }

    fn put_aside(&mut self, table: &str) -> Result<(), StoreError> {
        let sql = aside_sql(&self.conn, table)?;
        self.write(|writer| writer.alter(&sql))?;
        if class_of(table) == TableClass::Derived {
            tracing::warn!(table, "this table is damaged and is made anew from the others; nothing is lost");
            return Ok(());
        }
        tracing::error!(
            table,
            "this table of statistics is damaged, so it begins again empty; the ledger is whole; restore a backup to \
             have the figures back"
        );
        Ok(())
    }

    /// Why the store must not be used any more, for people: with the tables that are damaged and what to do. Notes it
    /// for the next start.
    pub fn explain_failure(&self, why: &str) -> String {
        let found = self.reader().and_then(|reader| reader.damaged_tables(Check::Quick));
        let tables = match found {
            Ok(tables) => tables,
            // The list of tables itself.
            Err(error) if error.is_fatal() => vec!["sqlite_schema".to_owned()],
            Err(_) => Vec::new(),
        };
        let why = if tables.is_empty() {
            why.to_owned()
        } else {
            format!("{why}: the store is damaged {}; {}", damage_text(&tables), remedy(&tables))
        };
        suspicion::note(self.folder(), &why);
        why
    }
}

/// Whether the site goes on with this table begun again empty.
fn is_remade(table: &str) -> bool {
    match class_of(table) {
        TableClass::Statistics | TableClass::Derived => true,
        TableClass::Money | TableClass::People | TableClass::Sessions => false,
    }
}

/// Lists the damaged tables when a store could not be opened because of them.
pub(super) fn found_at_start(error: StoreError, path: &Path) -> StoreError {
    let inner = match &error {
        StoreError::Sqlite(inner) => inner,
        StoreError::Schema(rusqlite_migration::Error::RusqliteError { err, .. }) => err,
        _ => return error,
    };
    if inner.sqlite_error_code() != Some(rusqlite::ErrorCode::DatabaseCorrupt) {
        return error;
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let tables = open_alone(path, READ_ONLY).and_then(|conn| Reader::new(conn).damaged_tables(Check::Quick));
    StoreError::Damaged {
        path: path.to_owned(),
        tables: damage_text(&tables.unwrap_or_default()),
        last: backup::last(folder)
            .map_or_else(|| "none was noted here".to_owned(), |at| format!("the last was made at {at}")),
    }
}
