//! A database server as one end of a move between databases.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::errors::{ConnectError, ServerError};
use super::open::{CONNECT_MAX, PostgresSettings, REFUSE_MOVED, bring_up, check_server, found};
use super::rows::get;
use crate::relay::store::encoding::MOVED_TO;
use crate::relay::store::migrate::error::MigrateError;
use crate::relay::store::migrate::tables::{
    CellForm, CellKind, ColumnForm, StoredCell, StoredRecord, TABLES, TableForm,
};

/// Rows that are read at a time.
const PAGE: usize = 500;
/// How long the sessions of programs that just ended may take to end.
const ALONE_MAX: Duration = Duration::from_secs(10);
/// Between two looks at them.
const ALONE_PAUSE: Duration = Duration::from_millis(100);

/// Moving takes as long as it takes; only the wait for others has an end.
const LIMITS: &str = "SET statement_timeout = 0; SET lock_timeout = '10s'; SET idle_session_timeout = 0;
    SET idle_in_transaction_session_timeout = 0; SET synchronous_commit = on";

/// A store on a server that nobody else uses meanwhile: one connection in one transaction, with every table locked.
pub struct ServerSide {
    client: Client,
    driver: JoinHandle<()>,
    name: String,
    /// A table is being read.
    is_reading: bool,
}

impl Drop for ServerSide {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn on_server(column: &ColumnForm) -> CellForm {
    column.server
}

impl ServerSide {
    /// Opens a store that exists.
    pub async fn open(settings: &PostgresSettings, name: &str) -> Result<Self, MigrateError> {
        let side = Self::connect(settings, name).await?;
        let version = found(&side.client).await.map_err(ConnectError::from)?;
        if version.is_none() {
            return Err(MigrateError::NoStore(name.to_owned()));
        }
        side.begin().await?;
        Ok(side)
    }

    /// Makes the tables where there are none; what is in them, if anything.
    pub async fn create(
        settings: &PostgresSettings,
        name: &str,
    ) -> Result<(Self, Option<String>), MigrateError> {
        let side = Self::connect(settings, name).await?;
        side.begin().await?;
        let content = side.content().await.map_err(ConnectError::from)?;
        if content.is_none() {
            // The name that the store got when its tables were made.
            side.client
                .execute("DELETE FROM meta", &[])
                .await
                .map_err(|e| ConnectError::from(ServerError::from(e)))?;
        }
        Ok((side, content))
    }

    async fn connect(settings: &PostgresSettings, name: &str) -> Result<Self, ConnectError> {
        let (server, tls) = settings.connector()?;
        let connected = timeout(CONNECT_MAX * 2, server.connect(tls)).await;
        let (client, connection) = connected
            .map_err(|_| ServerError::TimedOut(CONNECT_MAX.as_secs() * 2))?
            .map_err(ServerError::from)?;
        let driver = tokio::spawn(async move {
            // Whoever asks next gets the error.
            let _ = connection.await;
        });
        let side = Self { client, driver, name: name.to_owned(), is_reading: false };
        check_server(&side.client).await?;
        side.client.batch_execute(LIMITS).await.map_err(ServerError::from)?;
        side.client.batch_execute(REFUSE_MOVED).await.map_err(ServerError::from)?;
        Ok(side)
    }

    /// Brings the schema up, and locks others out: whoever connects from here on waits for the lock and finds out then
    /// whether the store was moved.
    async fn begin(&self) -> Result<(), MigrateError> {
        let epoch = super::new_epoch().map_err(ConnectError::Process)?;
        bring_up(&self.client, &epoch).await?;
        let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        let begin = format!(
            "SELECT pg_advisory_unlock_all(); {LIMITS}; BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
            tables.join(", ")
        );
        let locked = self.client.batch_execute(&begin).await;
        let is_busy = |error: &tokio_postgres::Error| error.code().is_some_and(|code| code.code() == "55P03");
        if let Err(error) = locked {
            if is_busy(&error) {
                return Err(MigrateError::InUse { place: self.name.clone(), sessions: 1 });
            }
            return Err(ConnectError::from(ServerError::from(error)).into());
        }
        let end = Instant::now() + ALONE_MAX;
        loop {
            let sessions = self.others().await.map_err(ConnectError::from)?;
            if sessions == 0 {
                return Ok(());
            }
            if Instant::now() >= end {
                return Err(MigrateError::InUse { place: self.name.clone(), sessions });
            }
            sleep(ALONE_PAUSE).await;
        }
    }

    /// Sessions of relays, and of whoever logs in as they do.
    async fn others(&self) -> Result<i64, ServerError> {
        // Within a transaction the server answers what it answered before.
        self.client.batch_execute("SELECT pg_stat_clear_snapshot()").await?;
        let sql = "SELECT count(*) AS others FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
                     AND (application_name = 'kuota-relay' OR usename = current_user)";
        get(&self.client.query_one(sql, &[]).await?, "others")
    }

    /// The first table that has something, in words. A store has a name from the beginning, and a relay that started
    /// proved that it can write.
    async fn content(&self) -> Result<Option<String>, ServerError> {
        for table in &TABLES {
            let which = if table.name == "meta" { "WHERE key NOT IN ('epoch', 'checks')" } else { "" };
            let sql = format!("SELECT count(*) AS rows FROM {} {which}", table.name);
            let rows: i64 = get(&self.client.query_one(&sql, &[]).await?, "rows")?;
            if rows > 0 {
                return Ok(Some(format!("{} has {rows} rows", table.name)));
            }
        }
        Ok(None)
    }

    /// The next rows of a table in the order of its key; none at its end, after which another table may follow.
    pub async fn page(&mut self, table: &TableForm) -> Result<Vec<StoredRecord>, ServerError> {
        if !self.is_reading {
            let key: Vec<String> = (1..=table.key).map(|no| no.to_string()).collect();
            let sql = format!(
                "DECLARE moving NO SCROLL CURSOR FOR SELECT {} FROM {} ORDER BY {}",
                table.read(on_server),
                table.name,
                key.join(", ")
            );
            self.client.batch_execute(&sql).await?;
        }
        let rows = self.client.query(&format!("FETCH {PAGE} FROM moving"), &[]).await?;
        self.is_reading = !rows.is_empty();
        if rows.is_empty() {
            self.client.batch_execute("CLOSE moving").await?;
        }
        rows.iter().map(|row| record(row, table)).collect()
    }

    /// Adds rows to a table.
    pub async fn write(&self, table: &TableForm, records: &[StoredRecord]) -> Result<(), ServerError> {
        let (mut columns, mut values) = table.written(on_server, |no| format!("row.c{no}"));
        if let Some((column, value)) = table.server_also {
            columns.push(column);
            values.push(value.to_owned());
        }
        let numbered = || table.columns.iter().zip(1..);
        let arrays: Vec<String> =
            numbered().map(|(column, no)| format!("${no}::{}[]", type_of(column.kind))).collect();
        let names: Vec<String> = numbered().map(|(_, no)| format!("c{no}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM unnest({}) AS row ({})",
            table.name,
            columns.join(", "),
            values.join(", "),
            arrays.join(", "),
            names.join(", ")
        );
        let arrays: Vec<_> =
            table.columns.iter().enumerate().map(|(i, column)| array(records, i, column.kind)).collect();
        let values: Vec<&(dyn ToSql + Sync)> = arrays.iter().map(|array| &**array as _).collect();
        self.client.execute(&sql, &values).await?;
        Ok(())
    }

    /// How many rows a table has, and the sum of their amounts.
    pub async fn totals(&self, table: &TableForm) -> Result<(i64, i64), ServerError> {
        let sql = format!(
            "SELECT rows, amount::bigint AS amount FROM ({}) AS totals (rows, amount)",
            table.totals()
        );
        let row = self.client.query_one(&sql, &[]).await?;
        Ok((get(&row, "rows")?, get(&row, "amount")?))
    }

    /// The last number that a notification got.
    pub async fn last_inbox_no(&self) -> Result<i64, ServerError> {
        let sql = "SELECT greatest(CASE WHEN is_called THEN last_value ELSE 0 END,
                     (SELECT coalesce(max(inbox_no), 0) FROM inbox)) AS last FROM inbox_inbox_no_seq";
        get(&self.client.query_one(sql, &[]).await?, "last")
    }

    /// Sets the numbers that come next; the rows are not valid yet.
    pub async fn set_numbers(&self, last_inbox_no: i64) -> Result<(), ServerError> {
        let orders =
            "SELECT setval(pg_get_serial_sequence('orders', 'opened_no'), max(opened_no)) FROM orders
                      HAVING max(opened_no) IS NOT NULL";
        self.client.execute(orders, &[]).await?;
        if last_inbox_no > 0 {
            let inbox = "SELECT setval(pg_get_serial_sequence('inbox', 'inbox_no'), $1)";
            self.client.execute(inbox, &[&last_inbox_no]).await?;
        }
        Ok(())
    }

    /// Makes everything valid.
    pub async fn finish(&self) -> Result<(), ServerError> {
        Ok(self.client.batch_execute("COMMIT").await?)
    }

    /// Marks the store as moved: no connection of a relay is accepted afterwards.
    pub async fn put_away(&self, to: &str) -> Result<(), ServerError> {
        self.client.execute("INSERT INTO meta (key, value) VALUES ($1, $2)", &[&MOVED_TO, &to]).await?;
        self.finish().await
    }

    /// The store's name for agents.
    pub async fn epoch(&self) -> Result<String, ServerError> {
        let row = self.client.query_opt("SELECT value FROM meta WHERE key = 'epoch'", &[]).await?;
        row.map_or_else(|| Err(ServerError::Nonsense("it has no name".to_owned())), |row| get(&row, "value"))
    }
}

fn type_of(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Int | CellKind::Amount => "bigint",
        CellKind::Text | CellKind::Name => "text",
        CellKind::Bytes => "bytea",
    }
}

fn record(row: &Row, table: &TableForm) -> Result<StoredRecord, ServerError> {
    let cells = table.columns.iter().enumerate().map(|(i, column)| {
        let cell = match column.kind {
            CellKind::Int | CellKind::Amount => row.try_get::<_, Option<i64>>(i)?.map(StoredCell::Int),
            CellKind::Text | CellKind::Name => row.try_get::<_, Option<String>>(i)?.map(StoredCell::Text),
            CellKind::Bytes => row.try_get::<_, Option<Vec<u8>>>(i)?.map(StoredCell::Bytes),
        };
        Ok(cell.unwrap_or(StoredCell::Null))
    });
    cells.collect()
}

/// One column of many rows.
fn array(records: &[StoredRecord], column: usize, kind: CellKind) -> Box<dyn ToSql + Sync + Send + '_> {
    let cells = records.iter().map(move |record| &record[column]);
    match kind {
        CellKind::Int | CellKind::Amount => {
            let numbers =
                cells.map(|cell| if let StoredCell::Int(number) = cell { Some(*number) } else { None });
            Box::new(numbers.collect::<Vec<Option<i64>>>())
        }
        CellKind::Text | CellKind::Name => {
            let texts =
                cells.map(|cell| if let StoredCell::Text(text) = cell { Some(text.as_str()) } else { None });
            Box::new(texts.collect::<Vec<Option<&str>>>())
        }
        CellKind::Bytes => {
            let bytes = cells
                .map(|cell| if let StoredCell::Bytes(bytes) = cell { Some(bytes.as_slice()) } else { None });
            Box::new(bytes.collect::<Vec<Option<&[u8]>>>())
        }
    }
}
