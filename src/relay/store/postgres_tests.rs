#[path = "../../../tests/support/postgres.rs"]
mod server;

use server::{Database, Server};

use super::*;
use crate::relay::store::conformance::{Fresh, conforms};

/// How a relay process would open the database at this address.
async fn connect(url: &str) -> Result<PostgresStore, OpenError> {
    let server = url.parse().unwrap();
    PostgresStore::connect(&PostgresSettings { server, tls: ServerTls::Off, connections_max: 4 }).await
}

async fn opened(database: &Database<'_>) -> PostgresStore {
    connect(&database.url()).await.unwrap()
}

async fn fresh() -> Fresh {
    let database = tokio::task::spawn_blocking(server::database).await.unwrap();
    let (store, other) = tokio::join!(opened(&database), opened(&database));
    Fresh { store: Arc::new(store), other: Arc::new(other), keep: Box::new(()) }
}

conforms!(fresh);
