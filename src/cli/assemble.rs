//! The parts of a site: the configuration with its secrets, the clients of router and relay, the notifier.

use std::sync::Arc;

use super::failure::Failure;
use crate::agent::config::Config;
use crate::agent::engine::{Notice, Notifier};
use crate::agent::payments::Relay;
use crate::agent::payments::client::RelayClient;
use crate::agent::router::connect;
use crate::domain::access::Access;
use crate::routeros::client::RouterClient;
use crate::settings::{Secret, SettingsError};

/// A client of the configured router; it connects at its first request. The error names the file of authorities if it
/// cannot be read.
pub(super) fn router_client(
    config: &Config,
    password: impl Fn() -> Secret + Send + Sync + 'static,
) -> Result<RouterClient, SettingsError> {
    connect::client(config, password)
}

/// A client of the configured relay, if there is one.
pub(super) fn relay_client(
    config: &Config,
    token: impl Fn() -> Secret + Send + Sync + 'static,
) -> Result<Option<Arc<dyn Relay>>, Failure> {
    let Some(relay) = &config.relay else { return Ok(None) };
    let client = RelayClient::new(relay.url.as_str(), token).map_err(Failure::said)?;
    Ok(Some(Arc::new(client)))
}

/// Writes notices to the log: one line for each change of access.
pub(super) struct LogNotifier;

impl Notifier for LogNotifier {
    fn notify(&self, notice: &Notice) {
        match notice {
            Notice::AccessChanged { user, name, from, to } => tracing::info!(
                user.id = %user,
                user.name = %name,
                from = from.status.name(),
                to = to.status.name(),
                reason = reason(to),
                "access changed"
            ),
            Notice::OverageWarning { user, name } => {
                tracing::info!(user.id = %user, user.name = %name, "overage is near the debt limit");
            }
        }
    }
}

/// The stable name of an access's reason; empty for full access.
pub(super) fn reason(access: &Access) -> &'static str {
    access.reason.map_or("", |reason| reason.name())
}
