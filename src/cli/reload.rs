//! SIGHUP: reloads the configuration. Changes that can take effect while the daemon runs do, others are logged, and a
//! bad file changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::api::Replaceable;
use super::assemble::load_all;
use crate::agent::config::{self, Config, TakesEffect};
use crate::agent::site::Site;
use crate::settings::Environment;

/// The state of reloads.
pub(super) struct ConfigReload {
    /// The configuration.
    pub path: PathBuf,
    /// The environment the daemon was started in.
    pub env: Environment,
    /// The configuration as last read.
    pub running: Config,
    /// The router's password.
    pub password: Replaceable,
    /// The site's token at the relay.
    pub token: Option<Replaceable>,
}

impl ConfigReload {
    /// Reloads once and applies the changes that can take effect.
    pub async fn once(&mut self, site: &Site) {
        let (config, secrets) = match load_all(&self.path, &self.env) {
            Ok(read) => read,
            Err(error) => return error.log_reload(),
        };
        if let Err(error) = site.reload(&config).await {
            tracing::error!(%error, "nothing was reloaded");
            return;
        }
        if self.password.replace(secrets.router_password) {
            tracing::info!(key = "router.password_file", "another router password from the next log-in on");
        }
        if let (Some(held), Some(token)) = (&self.token, secrets.relay_token)
            && held.replace(token)
        {
            tracing::info!(key = "relay.token_file", "another relay token from the next call on");
        }
        let changes = changes(&self.running, &config);
        for (key, from, to) in &changes {
            match config::key(key).map(|known| known.effect) {
                Some(TakesEffect::AtReload) => tracing::info!(key, from, to, "setting changed"),
                Some(TakesEffect::AtStart) | None => tracing::warn!(
                    key,
                    from,
                    to,
                    "setting changed in the file; it takes effect at the next start"
                ),
            }
        }
        tracing::info!(changes = changes.len(), "configuration reloaded");
        self.running = config;
    }
}

/// Every key whose value differs, with both values.
fn changes(old: &Config, new: &Config) -> Vec<(String, String, String)> {
    let (old, new) = (old.keys(), new.keys());
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let value = |tree: &BTreeMap<String, String>, name: &String| tree.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| (name.clone(), value(&old, name), value(&new, name)))
        .filter(|(_, old, new)| old != new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::Bytes;

    #[test]
    fn changed_keys_are_named_with_both_values() {
        let old = Config::default();
        let mut new = old.clone();
        new.policy.debt_limit = Bytes::gb(1);
        new.portal.contact = "0812".to_owned();
        let found = changes(&old, &new);
        let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["policy.debt_limit", "portal.contact"]);
        assert_eq!(changes(&old, &old), []);
    }
}
