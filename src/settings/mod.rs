//! Layered configuration for both programs: defaults, then a TOML file, then the environment.
//!
//! A mistake becomes a [`Finding`] that names its key, where it was written, why it is refused and what to
//! write. All findings are gathered before anything is reported.

mod layers;
mod render;
mod secret;
mod values;

use std::collections::BTreeMap;
use std::fmt;

pub use layers::{Sources, read};
pub use render::to_toml;
pub use secret::{Secret, SecretSource, without_mark};
pub use values::{
    Fingerprint, HostName, HttpUrl, ListName, Network, RouterAddress, SpeedLimit, amount, day_minute,
    days_text, duration, duration_text, optional_url, parse_duration,
};

/// One mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The full path of the key, such as `policy.debt_limit`; empty where it is about the whole file.
    pub key: String,
    /// What is wrong with it and what to write.
    pub reason: String,
    /// Where it was written: the file or the environment variable; empty for a rule between keys.
    pub origin: String,
}

impl Finding {
    /// A finding of a rule between keys or of a range.
    pub fn new(key: &str, reason: impl Into<String>) -> Self {
        Self { key: key.to_owned(), reason: reason.into(), origin: String::new() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.reason)?;
        if self.origin.is_empty() { Ok(()) } else { write!(f, " ({})", self.origin) }
    }
}

/// Everything that is wrong with a configuration, at least one finding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    /// The findings, in the order of layers and keys.
    pub findings: Vec<Finding>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.findings.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

impl SettingsError {
    /// `Ok` without findings.
    pub fn check(findings: Vec<Finding>) -> Result<(), Self> {
        if findings.is_empty() { Ok(()) } else { Err(Self { findings }) }
    }

    /// Logs that the configuration was read again in vain.
    pub fn log_reload(&self) {
        for finding in &self.findings {
            tracing::error!(%finding, "the configuration is bad");
        }
        tracing::error!("nothing was reloaded; what was read before holds");
    }
}

/// Environment variables by name. The process's own is [`Environment::process`]; tests build theirs.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. Bytes that are no UTF-8 are replaced.
    pub fn process() -> Self {
        let text = |s: std::ffi::OsString| s.to_string_lossy().into_owned();
        Self(std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
    }

    /// The value of one variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
