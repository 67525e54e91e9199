//! Opening the database: the way there, what the server must be like, and the schema.

use std::path::{Path, PathBuf};
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::Client;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::{ConnectError, ServerError};
use crate::http_client::tls_config;

/// How long making a connection may take, TLS and log-in included, and how long a call waits for one of its process.
pub(super) const CONNECT_MAX: Duration = Duration::from_secs(5);
/// A connection whose data is not acknowledged for this long is lost: its server's host is gone.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(15);
/// How long a connection is idle before the other host is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Limits of every connection in the pool, on the server's side: a process that hangs or dies keeps no lock for long.
const LIMITS: &str = "SET statement_timeout = '8s'; SET lock_timeout = '4s';
    SET idle_in_transaction_session_timeout = '10s';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// Refuses a database whose store was moved to another one: `KR001` with where to. The tables are missing where no relay
/// ever was.
pub(super) const REFUSE_MOVED: &str = "DO $$ BEGIN
      IF to_regclass('relay_schema') IS NOT NULL AND to_regclass('meta') IS NOT NULL THEN
        IF EXISTS (SELECT FROM meta WHERE key = 'moved_to') THEN
          RAISE EXCEPTION USING ERRCODE = 'KR001', MESSAGE = (SELECT value FROM meta WHERE key = 'moved_to');
        END IF;
      END IF;
    END $$";

/// The oldest server: it can end a session that its process has stopped using.
const SERVER_VERSION_MIN: i32 = 140_000;

/// The schema, step by step. Steps are only added.
const STEPS: &[&str] = &[
    include_str!("schema/0001_relay.sql"),
    include_str!("schema/0002_directory.sql"),
    include_str!("schema/0003_presence.sql"),
    include_str!("schema/0004_taker.sql"),
    include_str!("schema/0005_operators.sql"),
    include_str!("schema/0006_vault.sql"),
    include_str!("schema/0007_instances.sql"),
];
/// Number of the lock under which one process at a time brings the schema up.
const SCHEMA_LOCK: i64 = 0x6b75_6f74_615f_7265;

/// Whether connections are encrypted, and whom they believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerTls {
    /// In clear: a socket, or this machine.
    Off,
    /// Encrypted, and the server's name must be in its certificate. The authorities are those of the file, or the
    /// system's.
    Verified(Option<PathBuf>),
}

/// Where the database is.
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// Hosts, user, password and database.
    pub server: tokio_postgres::Config,
    /// How it is reached.
    pub tls: ServerTls,
    /// Connections of this process at the same time, besides the one for its session.
    pub connections_max: usize,
}

impl PostgresSettings {
    /// How to connect: always to a server that takes changes, when there are several.
    pub(super) fn connector(&self) -> Result<(tokio_postgres::Config, MakeRustlsConnect), ConnectError> {
        let mut server = self.server.clone();
        if server.get_application_name().is_none() {
            server.application_name("kuota-relay");
        }
        if server.get_connect_timeout().is_none() {
            server.connect_timeout(CONNECT_MAX);
        }
        server.target_session_attrs(TargetSessionAttrs::ReadWrite);
        server.keepalives_idle(KEEPALIVE).tcp_user_timeout(UNACKNOWLEDGED_MAX);
        let file = match &self.tls {
            ServerTls::Off => {
                server.ssl_mode(SslMode::Disable);
                None
            }
            ServerTls::Verified(file) => {
                server.ssl_mode(SslMode::Require);
                file.as_deref()
            }
        };
        let unusable = |path: &Path, why| ConnectError::RootCertificates { path: path.to_owned(), why };
        let trust = tls_config(file).map_err(|why| unusable(file.unwrap_or(Path::new("")), why))?;
        Ok((server, MakeRustlsConnect::new(trust)))
    }

    pub(super) fn pool(&self) -> Result<Pool, ConnectError> {
        let (server, tls) = self.connector()?;
        let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let limit = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
            Box::pin(async move {
                client.batch_execute(LIMITS).await.map_err(HookError::Backend)?;
                client.batch_execute(REFUSE_MOVED).await.map_err(HookError::Backend)
            })
        });
        let pool = Pool::builder(Manager::from_config(server, tls, how))
            .max_size(self.connections_max)
            .wait_timeout(Some(CONNECT_MAX))
            .create_timeout(Some(CONNECT_MAX))
            .recycle_timeout(Some(CONNECT_MAX))
            .post_create(limit)
            .runtime(Runtime::Tokio1);
        pool.build().map_err(|error| ConnectError::Process(error.to_string()))
    }
}

/// Refuses a server that loses or changes what it acknowledged.
pub(super) async fn check_server(client: &Client) -> Result<(), ConnectError> {
    // Its settings for this user and database, whatever this session has set.
    let sql = "SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
                 current_setting('server_encoding') AS encoding, current_setting('fsync') AS flushes,
                 current_setting('full_page_writes') AS pages,
                 (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS commits";
    let row = client.query_one(sql, &[]).await.map_err(ServerError::from)?;
    let text = |column: &str| row.try_get::<_, String>(column).map_err(ServerError::from);
    let version: i32 = row.try_get("version").map_err(ServerError::from)?;
    if version < SERVER_VERSION_MIN {
        let why = format!("the server is PostgreSQL {}; PostgreSQL 14 or later is needed", text("name")?);
        return Err(ConnectError::Unfit(why));
    }
    let encoding = text("encoding")?;
    if encoding != "UTF8" {
        let why = format!("its encoding is {encoding}; create the database with ENCODING 'UTF8'");
        return Err(ConnectError::Unfit(why));
    }
    if text("commits")? == "off" {
        let why = "synchronous_commit is off, so that a power cut loses payments that were acknowledged; set it to on \
                   for this user and database";
        return Err(ConnectError::Unfit(why.to_owned()));
    }
    for (setting, column) in [("fsync", "flushes"), ("full_page_writes", "pages")] {
        if text(column)? == "off" {
            tracing::warn!(
                "{setting} is off on the database server: a power cut there loses or damages payments"
            );
        }
    }
    Ok(())
}

/// Brings the schema up, and names the store where it has no name. One process at a time; the others find it done. The
/// connection keeps the lock and must be closed.
pub(super) async fn bring_up(client: &Client, epoch: &str) -> Result<(), ConnectError> {
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    // Processes that have nothing to change need no right to change anything.
    if found(client).await? == Some(known) {
        return Ok(());
    }
    // Before the transaction: one that begins with the wait may go on by what it knew of the catalogue before.
    let lock = format!(
        "SET lock_timeout = '1min'; SET statement_timeout = '30min'; SELECT pg_advisory_lock({SCHEMA_LOCK})"
    );
    client.batch_execute(&lock).await.map_err(ServerError::from)?;
    client.batch_execute("BEGIN").await.map_err(ServerError::from)?;
    let is_at = found(client).await?.unwrap_or_default();
    if is_at > known {
        return Err(ConnectError::Later { found: is_at, known });
    }
    for step in &STEPS[usize::try_from(is_at).unwrap_or_default()..] {
        client.batch_execute(step).await.map_err(ServerError::from)?;
    }
    let note = format!(
        "CREATE TABLE IF NOT EXISTS relay_schema (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
           version integer NOT NULL);
         INSERT INTO relay_schema (version) VALUES ({known}) ON CONFLICT (only_row) DO UPDATE SET version = {known}"
    );
    client.batch_execute(&note).await.map_err(ServerError::from)?;
    let name = "INSERT INTO meta (key, value) VALUES ('epoch', $1) ON CONFLICT DO NOTHING";
    client.execute(name, &[&epoch]).await.map_err(ServerError::from)?;
    client.batch_execute("COMMIT").await.map_err(ServerError::from)?;
    Ok(())
}

/// The version of the schema that is there, if any.
pub(super) async fn found(client: &Client) -> Result<Option<i32>, ServerError> {
    let is_there = "SELECT to_regclass('relay_schema') IS NOT NULL";
    if !client.query_one(is_there, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let row = client.query_opt("SELECT version FROM relay_schema", &[]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
