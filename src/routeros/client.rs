//! The client: one task per router owns the socket, the session on it and the waits between sessions. Callers hold a
//! [`RouterClient`] and never wait without a bound.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mikrotik_rs::command::Cmd;
use mikrotik_rs::{Command, CommandBuilder};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::link::LogIn;
pub use super::link::{Dial, Stream, Transport};
use super::lists::ListNames;
use super::owner::Owner;
use super::reconnect::Credentials;
use super::session::{Answer, BadRow, Fold, IN_FLIGHT_MAX, Patience, Request, Row};
use super::tls::{self, Tls};
use super::wire::Limits;
use super::{EditOutcome, Pending, Router, RouterError, RouterHealth, RouterIdentity};
use crate::domain::listing::{AccessRows, Edit};
use crate::domain::usage::HostTable;

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

impl From<&str> for Password {
    fn from(password: &str) -> Self {
        let password = password.to_owned();
        Self::reloadable(move || password.clone())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How to reach one router.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `host:port` of its API service; 8728 is usual without TLS and 8729 with.
    pub address: String,
    /// Encryption. [`RouterClient::spawn_over`] leaves it to the connections that it is given.
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

    pub(super) fn patience(&self) -> Patience {
        Patience { idle: self.timeout, command: self.timeout.saturating_mul(6) }
    }

    pub(super) fn credentials(&self) -> Credentials {
        Credentials { username: self.username.clone(), password: (self.password.0)() }
    }
}

/// A handle to the task that owns one router's connection. The task ends when the last handle is gone.
#[derive(Clone)]
pub struct RouterClient {
    pub(super) config: Arc<ClientConfig>,
    pub(super) shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
}

/// What the task and the handles both know.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) commands: Arc<AtomicU64>,
    /// The session that the row ids of the last reading belong to; 0 before the first.
    pub(super) rows_session: AtomicU64,
    /// Lists that were ours under another configuration.
    former_lists: Mutex<Vec<String>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connected: bool,
    version: Option<String>,
    identity: Option<RouterIdentity>,
    /// The session that these were read on.
    session: u64,
    warnings: Vec<String>,
    retry_at: Option<Instant>,
}

/// Names of former lists that are looked under; more would make every reading dear.
const FORMER_MAX: usize = 24;

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one assignment: what a panic leaves behind is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn connected(&self, session: u64, log_in: LogIn) {
        *self.state() = State {
            connected: true,
            version: Some(log_in.version),
            identity: Some(log_in.identity),
            session,
            warnings: Vec::new(),
            retry_at: None,
        };
    }

    /// Which router the session is with. `None` when it is not the last one any more.
    pub(super) fn identity_on(&self, session: u64) -> Option<RouterIdentity> {
        let state = self.state();
        state.identity.clone().filter(|_| state.session == session)
    }

    pub(super) fn disconnected(&self, retry_at: Option<Instant>) {
        let mut state = self.state();
        state.connected = false;
        state.retry_at = retry_at;
    }

    /// Keeps a warning until the next log-in.
    pub(super) fn warn(&self, warning: &str) {
        let mut state = self.state();
        if !state.warnings.iter().any(|known| known == warning) {
            tracing::warn!(warning, "router lacks something");
            state.warnings.push(warning.to_owned());
        }
    }

    fn health(&self) -> RouterHealth {
        let state = self.state();
        let left = state.retry_at.map(|at| at.saturating_duration_since(Instant::now()));
        RouterHealth {
            connected: state.connected,
            commands: self.commands.load(Ordering::Relaxed),
            version: state.version.clone(),
            identity: state.identity.clone(),
            session: state.session,
            warnings: state.warnings.clone(),
            retry_in: left.filter(|left| !left.is_zero()),
        }
    }
}

/// A command that was handed to the task.
pub(super) struct Ticket<T> {
    answer: oneshot::Receiver<Result<Answer<T>, RouterError>>,
    until: Instant,
}

impl<T> Ticket<T> {
    /// The reply, whole, or why there is none.
    pub(super) async fn answer(self) -> Result<Answer<T>, RouterError> {
        match timeout_at(self.until, self.answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(RouterError::Lost("the router's task has ended".to_owned())),
            Err(_) => Err(RouterError::Lost("no answer in time".to_owned())),
        }
    }
}

impl RouterClient {
    /// Starts the task for one router, over TCP or TLS. It connects when it is first asked for something.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn(config: ClientConfig) -> Self {
        let dial = tls::dial(&config.tls, &config.address, config.connect_timeout());
        Self::spawn_over(config, dial)
    }

    /// The same over connections that `dial` makes.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn_over(config: ClientConfig, dial: Dial) -> Self {
        let config = Arc::new(config);
        let shared = Arc::new(Shared::default());
        let (requests, inbox) = mpsc::channel(IN_FLIGHT_MAX);
        let owner = Owner::new(Arc::clone(&config), dial, Arc::clone(&shared), inbox);
        tokio::spawn(owner.run());
        Self { config, shared, requests }
    }

    /// The names of the lists, with the former ones.
    pub(super) fn names(&self) -> ListNames {
        let former = self.shared.former_lists.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ListNames { former, ..self.config.lists.clone() }
    }

    /// Hands a command to the task; its rows are folded into `T` as they come. With `session` it runs on that one
    /// only.
    pub(super) async fn submit<T, F>(
        &self,
        name: &'static str,
        command: Command,
        session: Option<u64>,
        fold: F,
    ) -> Result<Ticket<T>, RouterError>
    where
        T: Default + Send + 'static,
        F: FnMut(&mut T, &Row<'_>) -> Result<(), BadRow> + Send + 'static,
    {
        let (sink, answer) = Fold::new(T::default(), fold);
        let patience = self.config.patience().command;
        let send_by = Instant::now() + patience;
        // The task answers earlier than this in every case; the bound holds even if it should not.
        let until = send_by + patience + patience;
        let sink = Box::new(sink);
        let request = Request { name, command, sink, counted: true, session, send_by: Some(send_by) };
        match timeout_at(send_by, self.requests.send(request)).await {
            Ok(Ok(())) => Ok(Ticket { answer, until }),
            Ok(Err(_)) => Err(RouterError::Lost("the router's task has ended".to_owned())),
            Err(_) => Err(RouterError::Lost("too many commands wait for the router".to_owned())),
        }
    }
}

impl Router for RouterClient {
    fn read_hosts(&self) -> Pending<'_, Result<HostTable, RouterError>> {
        Box::pin(self.hosts())
    }

    fn read_access(&self) -> Pending<'_, Result<AccessRows, RouterError>> {
        Box::pin(self.access())
    }

    fn apply<'a>(&'a self, edits: &'a [Edit]) -> Pending<'a, Result<Vec<EditOutcome>, RouterError>> {
        Box::pin(self.edit(edits))
    }

    fn look_under(&self, mut former_lists: Vec<String>) {
        former_lists.retain(|name| self.config.lists.list(name).is_none());
        former_lists.truncate(FORMER_MAX);
        *self.shared.former_lists.lock().unwrap_or_else(PoisonError::into_inner) = former_lists;
    }

    fn health(&self) -> RouterHealth {
        self.shared.health()
    }
}

/// A menu command that returns only these columns.
pub(super) fn print(name: &'static str, columns: &str) -> CommandBuilder<Cmd> {
    CommandBuilder::new().command(name).attribute(".proplist", Some(columns))
}
