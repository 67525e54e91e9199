//! SIGHUP: the configuration read again. What can change while the daemon runs does, what cannot is said, and a
//! bad file changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::api::Replaceable;
use super::daemon::load_all;
use crate::agent::config::Config;
use crate::agent::run::Site;
use crate::settings::Environment;

/// Keys that a reload applies: what [`Site::reload`] takes over.
const LIVE: [&str; 16] = [
    "policy.block_hour",
    "policy.block_overdue",
    "policy.cashier_credit_rp",
    "policy.debt_due",
    "policy.debt_limit",
    "policy.enforcement",
    "policy.expiry",
    "policy.fup_threshold",
    "policy.max_devices_per_user",
    "policy.offline_grace",
    "policy.overage",
    "policy.overdue_grace_days",
    "policy.pay_window",
    "policy.price_rounding_rp",
    "router.poll_interval",
    "store.commit_interval",
];

/// What is read again, and what it is compared with.
pub(super) struct Reload {
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

impl Reload {
    /// Reads once and applies what can be.
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
            if LIVE.contains(&key.as_str()) {
                tracing::info!(key, from, to, "setting changed");
            } else {
                tracing::warn!(
                    key,
                    from,
                    to,
                    "setting changed in the file; it takes effect at the next start"
                );
            }
        }
        tracing::info!(changes = changes.len(), "configuration reloaded");
        self.running = config;
    }
}

/// Every key whose value differs, with both values.
fn changes(old: &Config, new: &Config) -> Vec<(String, String, String)> {
    let (old, new) = (keys(old), keys(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let value = |tree: &BTreeMap<String, String>, name: &String| tree.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| (name.clone(), value(&old, name), value(&new, name)))
        .filter(|(_, old, new)| old != new)
        .collect()
}

fn keys(tree: &impl Serialize) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let tree = serde_json::to_value(tree).expect("configuration trees hold texts, numbers and sections only");
    flatten("", &tree, &mut out);
    out
}

fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    let Value::Object(section) = value else {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out.insert(path.to_owned(), text);
        return;
    };
    for (name, value) in section {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        flatten(&path, value, out);
    }
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

    #[test]
    fn every_live_key_is_a_key() {
        let keys = keys(&Config::default());
        for key in LIVE {
            assert!(keys.contains_key(key), "{key}");
        }
    }
}
