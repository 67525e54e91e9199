//! `backup`, `restore` and `verify` of the relay's store.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tokio::task::spawn_blocking;

use crate::cli::backup::Teller;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::relay::config::{Config, Database};
use crate::relay::run::database_server;
use crate::relay::store::postgres::PostgresStore;
use crate::relay::store::sqlite::backup::{self, RelayRestored};
use crate::relay::store::sqlite::{SqliteStore, verify_file};
use crate::relay::store::{RelayStore, RelayVerified};
use crate::settings::Environment;

/// The store, opened by a command.
pub(super) enum OpenedStore {
    File(SqliteStore),
    Server(PostgresStore),
}

impl OpenedStore {
    pub fn as_store(&self) -> &dyn RelayStore {
        match self {
            Self::File(store) => store,
            Self::Server(store) => store,
        }
    }

    /// Whether a relay runs on it; `None`: a server does not say.
    pub fn is_beside_relay(&self) -> Option<bool> {
        match self {
            Self::File(store) => Some(store.is_beside_relay()),
            Self::Server(_) => None,
        }
    }
}

async fn connect(config: &Config, env: &Environment) -> Result<Option<PostgresStore>, Failure> {
    let password = config.load_database_password(env)?;
    match database_server(config, password.as_ref()) {
        Some(server) => PostgresStore::connect(&server).await.map(Some).map_err(Failure::said),
        None => Ok(None),
    }
}

/// The store for a relay that runs.
pub(super) async fn open_for_relay(
    config: &Config,
    env: &Environment,
) -> Result<Arc<dyn RelayStore>, Failure> {
    match connect(config, env).await? {
        Some(store) => Ok(Arc::new(store)),
        None => Ok(Arc::new(SqliteStore::open(file_of(config, "run")?)?)),
    }
}

/// The store for a command, while relays run or without any.
pub(super) async fn open_for_command(config: &Config, env: &Environment) -> Result<OpenedStore, Failure> {
    match connect(config, env).await? {
        Some(store) => Ok(OpenedStore::Server(store)),
        None => Ok(OpenedStore::File(SqliteStore::open_beside(file_of(config, "this")?)?)),
    }
}

/// The file of the configured store; only a file can be the object of `command`.
fn file_of<'a>(config: &'a Config, command: &str) -> Result<&'a Path, Failure> {
    match &config.database {
        Database::Sqlite(path) => Ok(path),
        Database::Postgres(_) => Err(Failure::said(format!(
            "{command} is for a file, and the relay's database is PostgreSQL: use its own base backups and WAL \
             archive; docs/RELAY.md says how, and what to run after a restore"
        ))),
    }
}

/// `backup FILE`: the copy is complete and proven before it gets that name.
pub(super) async fn backup(file: &Path, config: &Config, output: Output) -> Result<(), Failure> {
    let (path, target) = (file_of(config, "backup")?.to_owned(), file.to_owned());
    let work = spawn_blocking(move || {
        let mut teller = Teller::new("copying");
        backup::back_up(&path, &target, &mut |progress| teller.tell(progress))
    });
    let verified = work.await.map_err(Failure::said)?.map_err(Failure::said)?;
    let bytes = std::fs::metadata(file).map(|file| file.len()).unwrap_or_default();
    let answer = json!({"file": file, "bytes": bytes, "verified": verified});
    output.answer(&answer, |_| format!("{}: {bytes} bytes, {}", file.display(), counts(verified)))
}

/// `restore FILE`: replaces the store by the copy.
pub(super) async fn restore(file: &Path, config: &Config, output: Output) -> Result<(), Failure> {
    let (path, from) = (file_of(config, "restore")?.to_owned(), file.to_owned());
    let now = SystemClock::new().now();
    let stamp: String = rfc3339(now).chars().filter(char::is_ascii_alphanumeric).collect();
    let work = spawn_blocking(move || {
        let mut teller = Teller::new("restoring");
        backup::restore(&path, &from, &stamp, now, &mut |progress| teller.tell(progress))
    });
    let refused = |error| Failure::said(format!("{error}; nothing was changed"));
    let RelayRestored { verified, replaced, asked } = work.await.map_err(Failure::said)?.map_err(refused)?;
    let answer =
        json!({"restored": file, "replaced": replaced, "orders_to_ask": asked, "verified": verified});
    output.answer(&answer, |_| {
        let kept = replaced.map(|path| format!("\nthe store from before is kept as {}", path.display()));
        format!(
            "restored: {}\nagents read the feed again from its beginning, and the gateway is asked about {asked} \
             orders once the relay runs{}",
            counts(verified),
            kept.unwrap_or_default()
        )
    })
}

/// `verify`: checks every row and reports the first bad one.
pub(super) async fn verify(config: &Config, env: &Environment, output: Output) -> Result<(), Failure> {
    let shown = match &config.database {
        Database::Sqlite(path) => path.display().to_string(),
        server @ Database::Postgres(_) => server.to_string(),
    };
    let checked = if let Some(store) = connect(config, env).await? {
        store.verify().await
    } else {
        let path = file_of(config, "verify")?.to_owned();
        spawn_blocking(move || verify_file(&path)).await.map_err(Failure::said)?
    };
    let verified = checked.map_err(Failure::said)?;
    output.answer(&json!({"file": shown, "verified": verified}), |_| format!("{shown}: {}", counts(verified)))
}

fn counts(RelayVerified { orders, credited, feed_items, notifications }: RelayVerified) -> String {
    format!(
        "{orders} orders ({credited} credited), {feed_items} feed items and {notifications} notifications verified"
    )
}
