//! Putting the relay together and keeping it going.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use super::config::{Config, Secrets};
use super::store::RelayStore;
use crate::web::serve::serve;

/// How long open requests may take to finish when the relay stops.
const DRAIN_MAX: Duration = Duration::from_secs(3);

/// Why the relay did not start or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The port cannot be had.
    #[error("cannot listen on {what}: {source}; is another kuota-relay running?")]
    Listen {
        /// Which.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The store failed: what the disk holds is only known by opening it anew.
    #[error("the relay's store stopped: {0}")]
    Store(String),
}

/// Runs until `stop` ends or the store fails. `secrets` may be replaced meanwhile.
pub async fn run(
    config: Config,
    secrets: Secrets,
    store: Arc<dyn RelayStore>,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let listen = |source| RunError::Listen { what: config.listen.to_string(), source };
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    tracing::info!(%address, ?secrets, "relay listens");
    let health = {
        let store = Arc::clone(&store);
        move || async move { store.check().await.map_or("down", |()| "ok") }
    };
    let ping = || async { Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})) };
    let router = Router::new().route("/api/ping", get(ping)).route("/healthz", get(health));
    let (close, closing) = watch::channel(false);
    let mut serving = tokio::spawn(serve(listener, router, closing));
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    stop.await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    close.send_replace(true);
    if timeout(DRAIN_MAX, &mut serving).await.is_err() {
        serving.abort();
    }
    Ok(())
}
