//! How to reach one router.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::lists::ListNames;
use super::reconnect::Credentials;
use super::session::SessionTimeouts;
use super::tls::Tls;
use super::wire::Limits;

/// The default of [`ClientConfig::timeout`].
const TIMEOUT: Duration = Duration::from_secs(10);

/// The password, asked for at each log-in, so that a changed one needs no restart. Never printed.
#[derive(Clone)]
pub struct Password(Arc<dyn Fn() -> String + Send + Sync>);

impl Password {
    /// A password that may change. `read` runs on the client's task and must not take long.
    pub fn reloadable(read: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<&str> for Password {
    fn from(password: &str) -> Self {
        let password = password.to_owned();
        Self::reloadable(move || password.clone())
    }
}

/// How to reach one router.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `host:port` of its API service; 8728 is usual without TLS and 8729 with.
    pub address: String,
    /// Encryption. [`RouterClient::spawn_over`](super::client::RouterClient::spawn_over) leaves it to the connections that it is given.
    pub tls: Tls,
    /// The API user.
    pub username: String,
    /// Its password.
    pub password: Password,
    /// How long the router may be silent before it counts as lost. To connect, TLS included, takes at most half of it, to log in
    /// once, and a whole command six times as long: 5, 10 and 60 s with the default of 10 s.
    pub timeout: Duration,
    /// Caps on what the router may send.
    pub limits: Limits,
    /// What the address lists are called there.
    pub lists: ListNames,
}

impl ClientConfig {
    /// A router without TLS, with the usual time-out, caps and list names.
    pub fn new(address: impl Into<String>, username: impl Into<String>, password: Password) -> Self {
        Self {
            address: address.into(),
            tls: Tls::Off,
            username: username.into(),
            password,
            timeout: TIMEOUT,
            limits: Limits::default(),
            lists: ListNames::default(),
        }
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        self.timeout / 2
    }

    pub(super) fn timeouts(&self) -> SessionTimeouts {
        SessionTimeouts { idle: self.timeout, command: self.timeout.saturating_mul(6) }
    }

    pub(super) fn credentials(&self) -> Credentials {
        Credentials { username: self.username.clone(), password: (self.password.0)() }
    }
}
