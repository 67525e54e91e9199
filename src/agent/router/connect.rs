//! The client of the configured router.

use super::site_plan::list_names;
use crate::agent::config::Config;
use crate::routeros::client::{ClientConfig, Password, RouterClient};
use crate::settings::{Secret, SettingsError};

/// A client of the configured router; it connects at its first request. The error names the file of authorities if it
/// cannot be read.
pub fn client(
    config: &Config,
    password: impl Fn() -> Secret + Send + Sync + 'static,
) -> Result<RouterClient, SettingsError> {
    let router = &config.router;
    let password = Password::reloadable(move || password().expose().to_owned());
    Ok(RouterClient::spawn(ClientConfig {
        tls: router.client_tls()?,
        timeout: router.timeout,
        lists: list_names(&router.lists),
        ..ClientConfig::new(router.address.to_string(), router.username.clone(), password)
    }))
}
