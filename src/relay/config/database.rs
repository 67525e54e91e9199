//! Where the relay keeps what it knows: a file, or a database server.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use tokio_postgres::config::Host;

/// Where the relay keeps what it knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Database {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A database that several relay processes share.
    Postgres(Box<PostgresUrl>),
}

const HINT: &str = "write \"sqlite:\" and a file, like \"sqlite:/var/lib/kuota-relay/relay.db\", or a server, like \
    \"postgres://user@host/database\"";
/// Where Debian's server has its socket.
const SOCKET_FOLDER: &str = "/var/run/postgresql";

/// The address of a PostgreSQL database as the owner wrote it. It has no password: addresses are shown and logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresUrl {
    text: String,
    server: tokio_postgres::Config,
    tls: Option<ServerTrust>,
}

/// Whom an encrypted connection believes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerTrust {
    /// The authorities that the system believes.
    System,
    /// The authorities in this file.
    File(PathBuf),
}

impl PostgresUrl {
    /// Hosts, user and database.
    pub fn server(&self) -> &tokio_postgres::Config {
        &self.server
    }

    /// Whom the connection believes; `None`: it is not encrypted.
    pub fn tls(&self) -> Option<&ServerTrust> {
        self.tls.as_ref()
    }

    /// Whether what is said travels over a network in clear.
    pub fn is_in_clear(&self) -> bool {
        self.tls.is_none() && !is_here(&self.server)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            match key {
                "sslmode" => mode = Some(value),
                "sslrootcert" => roots = Some(value),
                _ => rest.push(pair),
            }
        }
        let address =
            if rest.is_empty() { address.to_owned() } else { format!("{address}?{}", rest.join("&")) };
        let mut server: tokio_postgres::Config =
            address.parse().map_err(|error| format!("is no PostgreSQL address ({}): {HINT}", why(&error)))?;
        if server.get_password().is_some() {
            return Err(
                "has a password in it, and the configuration is shown and logged: write the password into \
                        the file that database_password_file names"
                    .to_owned(),
            );
        }
        if server.get_dbname().is_none() {
            return Err(format!("names no database: {HINT}"));
        }
        if server.get_hosts().is_empty() && server.get_hostaddrs().is_empty() {
            server.host_path(SOCKET_FOLDER);
        }
        let trust = match roots.as_deref() {
            None | Some("" | "system") => ServerTrust::System,
            Some(file) => ServerTrust::File(file.into()),
        };
        let tls = match mode.as_deref() {
            Some("disable") => None,
            Some("require" | "verify-ca" | "verify-full") => Some(trust),
            None => (roots.is_some() || !is_here(&server)).then_some(trust),
            Some(_) => {
                return Err(
                    "has an sslmode that may fall back to clear text: write sslmode=verify-full, or \
                            sslmode=disable inside a network that nobody else can hear"
                        .to_owned(),
                );
            }
        };
        Ok(Self { text: text.to_owned(), server, tls })
    }
}

/// The library shows the cause of an error apart from it.
fn why(error: &tokio_postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// Whether every host is a socket or an address of this machine.
fn is_here(server: &tokio_postgres::Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    };
    server.get_hosts().iter().all(is_here) && server.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return PostgresUrl::parse(text).map(Box::new).map(Self::Postgres);
        }
        let file = text.strip_prefix("sqlite:").map(str::trim).filter(|file| !file.is_empty());
        match file {
            Some(":memory:") => Err(format!("memory forgets what was paid: {HINT}")),
            Some(file) if file.ends_with('/') => Err(format!("names a folder: {HINT}")),
            Some(file) if !file.chars().any(char::is_control) => Ok(Self::Sqlite(file.into())),
            _ => Err(format!("is no database: {HINT}")),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&url.text),
        }
    }
}

impl TryFrom<String> for Database {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Database> for String {
    fn from(database: Database) -> Self {
        database.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PostgresUrl {
        let Ok(Database::Postgres(url)) = text.parse() else { panic!("{text}") };
        assert_eq!(Database::Postgres(url.clone()).to_string(), text);
        *url
    }

    #[test]
    fn a_network_is_encrypted_unless_the_owner_says_otherwise() {
        let file = || Some(ServerTrust::File("/etc/ca.pem".into()));
        let rows = [
            ("postgres:///relay", None, false),
            ("postgres://u@localhost/relay", None, false),
            ("postgresql://u@127.0.0.1:5433/relay", None, false),
            ("postgres://u@%2Frun%2Fpg/relay", None, false),
            ("postgres://u@db.example/relay", Some(ServerTrust::System), false),
            ("postgres://u@127.0.0.1,10.0.0.1/relay", Some(ServerTrust::System), false),
            ("postgres://u@localhost/relay?sslmode=require", Some(ServerTrust::System), false),
            ("postgres://u@db/relay?sslmode=verify-full&sslrootcert=/etc/ca.pem", file(), false),
            ("postgres://u@db/relay?sslrootcert=%2Fetc%2Fca.pem&connect_timeout=3", file(), false),
            ("postgres://u@10.0.0.1/relay?sslmode=disable", None, true),
        ];
        for (text, tls, is_in_clear) in rows {
            let url = url(text);
            assert_eq!((url.tls(), url.is_in_clear()), (tls.as_ref(), is_in_clear), "{text}");
        }
        assert_eq!(url("postgres:///relay").server().get_hosts(), [Host::Unix(SOCKET_FOLDER.into())]);
    }
}
