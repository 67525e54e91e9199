//! Why the database cannot be used, and why a change or a query failed.

use std::error::Error as _;
use std::path::PathBuf;

use deadpool_postgres::{HookError, PoolError, TimeoutType};
use tokio_postgres::error::{DbError, SqlState};

use crate::relay::store::RelayStoreError;
use crate::relay::store::encoding::moved_text;

/// The code of the error that a store raises which was moved to another database; its message is where to.
pub(super) const MOVED_CODE: &str = "KR001";

/// Why the relay's database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The file with the certificates of authorities cannot be used.
    #[error("{path}: {why}; name a file with certificates in PEM as sslrootcert")]
    RootCertificates {
        /// Which file.
        path: PathBuf,
        /// What is wrong, for people.
        why: String,
    },
    /// The server does not answer or refuses.
    #[error("the relay's database cannot be opened: {0}")]
    Server(String),
    /// The server is set up so that what it acknowledged may be lost, or changed.
    #[error("the relay's database is not set up for money: {0}")]
    Unfit(String),
    /// A later version of the relay has changed the schema.
    #[error(
        "the relay's database has schema {found}, and this version knows schemas up to {known}: a later version of \
         kuota-relay has used it; start that version"
    )]
    Later {
        /// What the database says.
        found: i32,
        /// What this version knows.
        known: i32,
    },
    /// It goes on in another database.
    #[error("the relay's database {}", moved_text(to))]
    Moved {
        /// Where.
        to: String,
    },
    /// The process may not open what it needs.
    #[error("the relay's database cannot be used: {0}")]
    Process(String),
}

impl From<ServerError> for ConnectError {
    fn from(error: ServerError) -> Self {
        match error.moved_to() {
            Some(to) => Self::Moved { to: to.to_owned() },
            None => Self::Server(error.explain()),
        }
    }
}

/// Why a change or a query failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::relay::store) enum ServerError {
    #[error(transparent)]
    Server(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The whole call took too long; the server may never have heard of it.
    #[error("the database did not answer within {0} s")]
    TimedOut(u64),
    /// This process has no session with the database at this moment.
    #[error("the session with the database is being made again")]
    NoSession,
    #[error("{0}")]
    Nonsense(String),
}

/// What an error means for whoever called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay::store) enum ServerCause {
    /// The server is gone, stopping, starting or failing over.
    Away,
    /// It takes no changes: a standby, or its keeper made it read-only.
    ReadOnly,
    /// Its disk, memory or list of connections is full.
    Full,
    /// A time limit, or every connection of this process is in use.
    Busy,
    /// Another transaction was in the way; nothing happened, and the same may be tried at once.
    Conflict,
    /// It refuses this user, database or table.
    Refused,
    /// The store was moved to another database.
    Moved,
    /// The values are not what the schema allows.
    Values,
    /// The statement is wrong for this server.
    Statement,
}

impl ServerCause {
    /// The meaning of the server's code of an error.
    pub fn of_code(code: &SqlState) -> Self {
        let code = code.code();
        match code {
            "40001" | "40P01" => return Self::Conflict,
            "25006" => return Self::ReadOnly,
            "57014" | "55P03" | "25P03" | "25P04" => return Self::Busy,
            "57P04" | "42501" => return Self::Refused,
            MOVED_CODE => return Self::Moved,
            _ => {}
        }
        match code.get(..2).unwrap_or_default() {
            "08" | "57" | "58" => Self::Away,
            "53" => Self::Full,
            "22" | "23" => Self::Values,
            "28" | "3D" => Self::Refused,
            _ => Self::Statement,
        }
    }

    fn of_server(error: &tokio_postgres::Error) -> Self {
        // Without a code the server did not answer: the connection broke, or never was.
        error.code().map_or(Self::Away, Self::of_code)
    }
}

impl ServerError {
    pub fn cause(&self) -> ServerCause {
        match self {
            Self::Server(error)
            | Self::Pool(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error))) => {
                ServerCause::of_server(error)
            }
            Self::Pool(PoolError::Timeout(TimeoutType::Wait)) => ServerCause::Busy,
            Self::Pool(_) | Self::TimedOut(_) | Self::NoSession => ServerCause::Away,
            Self::Nonsense(_) => ServerCause::Values,
        }
    }

    /// Whether the server answered, so that its connection can be used again.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Server(error) => error.code().is_some() && !error.is_closed(),
            Self::Nonsense(_) => true,
            Self::Pool(_) | Self::TimedOut(_) | Self::NoSession => false,
        }
    }

    /// Where the store went on, if that is the matter.
    fn moved_to(&self) -> Option<&str> {
        let (Self::Server(error) | Self::Pool(PoolError::PostCreateHook(HookError::Backend(error)))) = self
        else {
            return None;
        };
        error.as_db_error().filter(|error| error.code().code() == MOVED_CODE).map(DbError::message)
    }

    /// For people: what happened, and what to do where somebody has to.
    pub fn explain(&self) -> String {
        let what = match self {
            Self::Server(error)
            | Self::Pool(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error))) => {
                said(error)
            }
            Self::Pool(PoolError::Timeout(TimeoutType::Wait)) => {
                "every connection of this process is in use".to_owned()
            }
            Self::Pool(PoolError::Timeout(_)) => "no connection could be made in time".to_owned(),
            other => other.to_string(),
        };
        match self.cause() {
            ServerCause::Away => format!("the database server does not answer ({what})"),
            ServerCause::ReadOnly => format!(
                "the database takes no changes ({what}); it is a standby or was made read-only, as hosts do when a disk \
                 fills up"
            ),
            ServerCause::Full => {
                format!("the database server is full ({what}); free disk space, memory or connections there")
            }
            ServerCause::Busy => format!("the database is too busy ({what})"),
            ServerCause::Refused => {
                format!("the database refuses ({what}); check user, password, database and its rights")
            }
            ServerCause::Moved => format!("it {}", moved_text(self.moved_to().unwrap_or_default())),
            ServerCause::Conflict | ServerCause::Values | ServerCause::Statement => what,
        }
    }
}

/// What the library says, with its causes: it shows the first of them only.
fn said(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return format!("{}: {} [{}]", db.severity(), db.message(), db.code().code());
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl From<ServerError> for RelayStoreError {
    fn from(error: ServerError) -> Self {
        match error.cause() {
            ServerCause::Values => Self::Nonsense(error.explain()),
            ServerCause::Away
            | ServerCause::ReadOnly
            | ServerCause::Full
            | ServerCause::Busy
            | ServerCause::Conflict
            | ServerCause::Refused
            | ServerCause::Moved
            | ServerCause::Statement => Self::Unavailable(error.explain()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_server_mean_what_its_manual_says() {
        let rows = [
            (
                ServerCause::Away,
                "08000 08001 08003 08004 08006 08007 08P01 57P01 57P02 57P03 57P05 58000 58030",
            ),
            (ServerCause::ReadOnly, "25006"),
            (ServerCause::Full, "53000 53100 53200 53300 53400"),
            (ServerCause::Busy, "57014 55P03 25P03"),
            (ServerCause::Conflict, "40001 40P01"),
            (ServerCause::Refused, "28000 28P01 3D000 42501 57P04"),
            (ServerCause::Moved, MOVED_CODE),
            (ServerCause::Values, "22001 22021 22P02 23502 23503 23505 23514"),
            (ServerCause::Statement, "0A000 26000 42601 42703 42P01 54000 XX000 XX001"),
        ];
        for (cause, codes) in rows {
            for code in codes.split(' ') {
                assert_eq!(ServerCause::of_code(&SqlState::from_code(code)), cause, "{code}");
            }
        }
    }

    #[test]
    fn only_values_that_make_no_sense_are_not_worth_another_try() {
        let failed = [
            ServerError::TimedOut(10),
            ServerError::NoSession,
            ServerError::Pool(PoolError::Timeout(TimeoutType::Wait)),
            ServerError::Pool(PoolError::Timeout(TimeoutType::Create)),
            ServerError::Pool(PoolError::Closed),
        ];
        for error in failed {
            assert!(!error.is_answer());
            let told = RelayStoreError::from(error);
            assert!(matches!(told, RelayStoreError::Unavailable(_)), "{told}");
        }
        let nonsense = RelayStoreError::from(ServerError::Nonsense("no".to_owned()));
        assert!(matches!(nonsense, RelayStoreError::Nonsense(_)));
    }
}
