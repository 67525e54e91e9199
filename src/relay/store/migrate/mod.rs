//! Moves a relay's whole store from a file to a database server, or back. All or nothing: the new store becomes valid in
//! one step once everything in it was read again and found equal, and the old one is marked after that. A moved store
//! keeps its name, because it has not gone back in time: agents go on reading their feeds where they are.

mod content;
pub mod error;
pub mod tables;

use std::path::PathBuf;

use serde::Serialize;

use super::RelayStoreError;
use super::postgres::PostgresSettings;
use super::postgres::migrate::ServerSide;
use super::sqlite::migrate::FileSide;
use content::ContentSum;
pub use content::TableContent;
use error::MigrateError;
use tables::{StoredRecord, TABLES, TableForm};

/// Where a store is.
#[derive(Clone, Debug)]
pub enum StorePlace {
    /// In a file of this machine.
    File(PathBuf),
    /// On a database server.
    Server(Box<PostgresSettings>),
}

/// One end of a move.
#[derive(Clone, Debug)]
pub struct MigrateEnd {
    /// As people write it.
    pub name: String,
    /// Where it is.
    pub place: StorePlace,
}

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrateProgress {
    /// The table at hand.
    pub table: &'static str,
    /// Its rows are read again in the new store, after all were copied.
    pub is_check: bool,
    /// Rows of the table that are done.
    pub rows: u64,
    /// All rows of the table.
    pub total: u64,
}

/// What was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// The store's name for agents, which it keeps.
    pub epoch: String,
    /// Each table, the same in both databases.
    pub tables: Vec<TableContent>,
    /// The copy was whole already, from a move that was interrupted at its very end.
    pub was_whole: bool,
    /// The old file's name from here on; none where the old store is on a server.
    pub kept: Option<PathBuf>,
}

/// Moves the store of `from` to `to`.
pub async fn migrate(
    from: &MigrateEnd,
    to: &MigrateEnd,
    progress: &mut dyn FnMut(MigrateProgress),
) -> Result<Migrated, MigrateError> {
    let (source, target, content) = match (&from.place, &to.place) {
        (StorePlace::File(file), StorePlace::Server(server)) => {
            let source = StoreSide::File(FileSide::open(file)?);
            let (target, content) = ServerSide::create(server, &to.name).await?;
            (source, StoreSide::Server(target), content)
        }
        (StorePlace::Server(server), StorePlace::File(file)) => {
            let source = StoreSide::Server(ServerSide::open(server, &from.name).await?);
            let (target, is_there) = FileSide::create(file)?;
            (source, StoreSide::File(target), is_there.then(|| "there is a store already".to_owned()))
        }
        (StorePlace::File(_), StorePlace::File(_)) | (StorePlace::Server(_), StorePlace::Server(_)) => {
            return Err(MigrateError::SameKind);
        }
    };
    let mut work = Move {
        source: NamedSide { side: source, name: &from.name },
        target: NamedSide { side: target, name: &to.name },
        progress,
    };
    let epoch = work.source.epoch().await?;
    let (tables, was_whole) = match content {
        None => (work.copy().await?, false),
        Some(found) => (work.compare(&epoch, found).await?, true),
    };
    let Move { source, target, .. } = work;
    // The new store is let go only once the old one is out of use.
    let kept = source.put_away(&to.name).await?;
    drop(target);
    Ok(Migrated { epoch, tables, was_whole, kept })
}

/// A move at work.
struct Move<'a> {
    source: NamedSide<'a>,
    target: NamedSide<'a>,
    progress: &'a mut dyn FnMut(MigrateProgress),
}

impl Move<'_> {
    /// Copies every table, reads what was written, and makes it valid where it is the same.
    async fn copy(&mut self) -> Result<Vec<TableContent>, MigrateError> {
        let mut copied = Vec::new();
        for table in &TABLES {
            let (total, amount_rp) = self.source.totals(table).await?;
            let mut sum = ContentSum::new(table);
            loop {
                let page = self.source.page(table).await?;
                self.source.add(&mut sum, &page)?;
                let rows = sum.rows();
                (self.progress)(MigrateProgress { table: table.name, is_check: false, rows, total });
                if page.is_empty() {
                    break;
                }
                self.target.write(table, &page).await?;
            }
            let content = sum.end();
            same(table, "rows", &total, &content.rows)?;
            same(table, "the sum of amounts", &amount_rp, &content.amount_rp)?;
            copied.push(content);
        }
        for (table, content) in TABLES.iter().zip(&copied) {
            let (total, amount_rp) = self.target.totals(table).await?;
            same(table, "rows", &content.rows, &total)?;
            same(table, "the sum of amounts", &content.amount_rp, &amount_rp)?;
            let found = self.target.read(table, total, self.progress).await?;
            same(table, "rows", &content.rows, &found.rows)?;
            same(table, "the sum of amounts", &content.amount_rp, &found.amount_rp)?;
            same(table, "the hash of the rows", &content.sha256, &found.sha256)?;
        }
        let last_inbox_no = self.source.last_inbox_no().await?;
        self.target.finish(last_inbox_no).await?;
        Ok(copied)
    }

    /// Whether the target has exactly what the source has: a move was interrupted before the source was marked.
    async fn compare(&mut self, epoch: &str, found: String) -> Result<Vec<TableContent>, MigrateError> {
        let not_empty = |found| MigrateError::NotEmpty { place: self.target.name.to_owned(), found };
        if self.target.side.epoch().await.ok().as_deref() != Some(epoch) {
            return Err(not_empty(found));
        }
        let mut tables = Vec::new();
        for table in &TABLES {
            let (total, _) = self.source.totals(table).await?;
            let own = self.source.read(table, total, self.progress).await?;
            if self.target.read(table, total, self.progress).await? != own {
                let name = table.name;
                return Err(not_empty(format!(
                    "{found}, a copy of this store whose {name} differ by what happened since"
                )));
            }
            tables.push(own);
        }
        Ok(tables)
    }
}

fn same<T: PartialEq + std::fmt::Display + ?Sized>(
    table: &TableForm,
    what: &str,
    read: &T,
    found: &T,
) -> Result<(), MigrateError> {
    if read == found {
        return Ok(());
    }
    let what = format!("{what} should be {read} and would be {found}");
    Err(MigrateError::Differs { table: table.name, what })
}

/// A database that is open for a move.
enum StoreSide {
    File(FileSide),
    Server(ServerSide),
}

impl StoreSide {
    async fn epoch(&self) -> Result<String, RelayStoreError> {
        Ok(match self {
            Self::File(side) => side.epoch()?,
            Self::Server(side) => side.epoch().await?,
        })
    }

    async fn page(&mut self, table: &TableForm) -> Result<Vec<StoredRecord>, RelayStoreError> {
        Ok(match self {
            Self::File(side) => side.page(table)?,
            Self::Server(side) => side.page(table).await?,
        })
    }

    async fn write(&self, table: &TableForm, page: &[StoredRecord]) -> Result<(), RelayStoreError> {
        match self {
            Self::File(side) => side.write(table, page)?,
            Self::Server(side) => side.write(table, page).await?,
        }
        Ok(())
    }

    async fn totals(&self, table: &TableForm) -> Result<(i64, i64), RelayStoreError> {
        Ok(match self {
            Self::File(side) => side.totals(table)?,
            Self::Server(side) => side.totals(table).await?,
        })
    }

    async fn last_inbox_no(&self) -> Result<i64, RelayStoreError> {
        Ok(match self {
            Self::File(side) => side.last_inbox_no()?,
            Self::Server(side) => side.last_inbox_no().await?,
        })
    }
}

/// One end of a move at work, whose errors say which end it is.
struct NamedSide<'a> {
    side: StoreSide,
    name: &'a str,
}

impl NamedSide<'_> {
    fn failed(&self, error: RelayStoreError) -> MigrateError {
        MigrateError::Failed { place: self.name.to_owned(), error }
    }

    async fn epoch(&self) -> Result<String, MigrateError> {
        self.side.epoch().await.map_err(|error| self.failed(error))
    }

    async fn page(&mut self, table: &TableForm) -> Result<Vec<StoredRecord>, MigrateError> {
        let page = self.side.page(table).await;
        page.map_err(|error| self.failed(error))
    }

    async fn write(&self, table: &TableForm, page: &[StoredRecord]) -> Result<(), MigrateError> {
        self.side.write(table, page).await.map_err(|error| self.failed(error))
    }

    /// Rows and the sum of their amounts, as the database itself counts.
    async fn totals(&self, table: &TableForm) -> Result<(u64, u64), MigrateError> {
        let (rows, amount_rp) = self.side.totals(table).await.map_err(|error| self.failed(error))?;
        let positive = |number: i64| {
            let bad =
                |_| self.failed(RelayStoreError::Nonsense(format!("{} sums up to {number}", table.name)));
            u64::try_from(number).map_err(bad)
        };
        Ok((positive(rows)?, positive(amount_rp)?))
    }

    async fn last_inbox_no(&self) -> Result<i64, MigrateError> {
        self.side.last_inbox_no().await.map_err(|error| self.failed(error))
    }

    fn add(&self, sum: &mut ContentSum, page: &[StoredRecord]) -> Result<(), MigrateError> {
        for record in page {
            sum.add(record).map_err(|why| self.failed(RelayStoreError::Nonsense(why)))?;
        }
        Ok(())
    }

    /// Reads a whole table.
    async fn read(
        &mut self,
        table: &'static TableForm,
        total: u64,
        progress: &mut dyn FnMut(MigrateProgress),
    ) -> Result<TableContent, MigrateError> {
        let mut sum = ContentSum::new(table);
        loop {
            let page = self.page(table).await?;
            self.add(&mut sum, &page)?;
            progress(MigrateProgress { table: table.name, is_check: true, rows: sum.rows(), total });
            if page.is_empty() {
                return Ok(sum.end());
            }
        }
    }

    /// Makes what was written valid.
    async fn finish(&mut self, last_inbox_no: i64) -> Result<(), MigrateError> {
        match &mut self.side {
            StoreSide::File(side) => side.finish(last_inbox_no),
            StoreSide::Server(side) => {
                let place = || self.name.to_owned();
                let numbered = side.set_numbers(last_inbox_no).await;
                numbered.map_err(|error| MigrateError::Failed { place: place(), error: error.into() })?;
                let finished = side.finish().await;
                finished.map_err(|error| MigrateError::Unknown { place: place(), error: error.into() })
            }
        }
    }

    /// Puts the old store out of use; answers its file's name from here on.
    async fn put_away(self, to: &str) -> Result<Option<PathBuf>, MigrateError> {
        let put_away = match self.side {
            StoreSide::File(side) => side.put_away(to).map(Some),
            StoreSide::Server(side) => {
                side.put_away(to).await.map(|()| None).map_err(|error| error.explain())
            }
        };
        put_away.map_err(|why| MigrateError::NotMarked { place: self.name.to_owned(), why })
    }
}

#[cfg(test)]
#[path = "../migrate_tests.rs"]
mod tests;
