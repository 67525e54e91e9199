//! The console's port. One that cannot be had is logged and retried, and never stops the relay's own work.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use super::{ConsoleParts, connection_limits, router};
use crate::relay::service::Relay;
use crate::retry_log::RetryLog;
use crate::web::serve::serve;

/// From one try to have the port to the next.
const RETRY_EVERY: Duration = Duration::from_secs(30);

/// Serves the console as configured until `stop` turns true; at once where none is configured.
pub async fn run(relay: Arc<Relay>, parts: ConsoleParts, mut stop: watch::Receiver<bool>) {
    let Some(address) = parts.config.listen else { return };
    let listener = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => return,
        listener = bound(address) => listener,
    };
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "console listens");
    }
    let limits = connection_limits(&parts);
    serve(listener, router(&relay, parts), limits, stop).await;
}

async fn bound(address: SocketAddr) -> TcpListener {
    let mut retry_log = RetryLog::warning("listening for the console");
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                retry_log.record(Ok::<(), std::io::Error>(()));
                return listener;
            }
            Err(error) => retry_log.record(Err(format!("{address}: {error}"))),
        }
        sleep(RETRY_EVERY).await;
    }
}
