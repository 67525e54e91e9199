//! The client: one task per router owns the socket, the session on it and the waits between sessions. Callers hold a
//! [`RouterClient`] and never wait without a bound.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use mikrotik_rs::Command;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::account_edits::{AccountEdit, Trace};
pub use super::config::{ClientConfig, Password};
pub use super::connection::{Dial, RouterStream, Transport};
use super::inspect::Tables;
use super::lists::ListNames;
use super::owner::ConnectionTask;
use super::port::{EditOutcome, Router, RouterError, RouterFuture, RouterHealth};
use super::session::{CommandAnswer, CommandRequest, Fold, IN_FLIGHT_MAX};
use super::shared::ClientShared;
use super::tls;
use super::wire::{BadRow, Row};
use crate::domain::adoption::HotspotAccounts;
use crate::domain::id::Mac;
use crate::domain::instance::MarkerEdit;
use crate::domain::listing::{AccessRows, Edit};
use crate::domain::usage::HostTable;

/// Names of former lists that are looked under; more would make every reading dear.
const FORMER_MAX: usize = 24;

/// A handle to the task that owns one router's connection. The task ends when the last handle is gone.
#[derive(Clone)]
pub struct RouterClient {
    pub(super) config: Arc<ClientConfig>,
    pub(super) shared: Arc<ClientShared>,
    requests: mpsc::Sender<CommandRequest>,
}

/// A command that was handed to the task.
pub(super) struct PendingReply<T> {
    answer: oneshot::Receiver<Result<CommandAnswer<T>, RouterError>>,
    until: Instant,
}

impl<T> PendingReply<T> {
    /// The reply, whole, or why there is none.
    pub(super) async fn answer(self) -> Result<CommandAnswer<T>, RouterError> {
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
        let shared = Arc::new(ClientShared::default());
        let (requests, inbox) = mpsc::channel(IN_FLIGHT_MAX);
        let owner = ConnectionTask::new(Arc::clone(&config), dial, Arc::clone(&shared), inbox);
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
    ) -> Result<PendingReply<T>, RouterError>
    where
        T: Default + Send + 'static,
        F: FnMut(&mut T, &Row<'_>) -> Result<(), BadRow> + Send + 'static,
    {
        let (sink, answer) = Fold::new(T::default(), fold);
        let timeouts = self.config.timeouts().command;
        let send_by = Instant::now() + timeouts;
        // The task answers earlier than this in every case; this bound applies even if it does not.
        let until = send_by + timeouts + timeouts;
        let sink = Box::new(sink);
        let request = CommandRequest { name, command, sink, counted: true, session, send_by: Some(send_by) };
        match timeout_at(send_by, self.requests.send(request)).await {
            Ok(Ok(())) => Ok(PendingReply { answer, until }),
            Ok(Err(_)) => Err(RouterError::Lost("the router's task has ended".to_owned())),
            Err(_) => Err(RouterError::Lost("too many commands wait for the router".to_owned())),
        }
    }
}

impl Router for RouterClient {
    fn read_hosts(&self) -> RouterFuture<'_, Result<HostTable, RouterError>> {
        Box::pin(self.hosts())
    }

    fn read_access(&self) -> RouterFuture<'_, Result<AccessRows, RouterError>> {
        Box::pin(self.access())
    }

    fn read_names(&self) -> RouterFuture<'_, Result<BTreeMap<Mac, String>, RouterError>> {
        Box::pin(self.device_names())
    }

    fn apply<'a>(&'a self, edits: &'a [Edit]) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>> {
        Box::pin(self.edit(edits))
    }

    fn read_accounts(&self) -> RouterFuture<'_, Result<HotspotAccounts, RouterError>> {
        Box::pin(self.accounts())
    }

    fn change_accounts<'a>(
        &'a self,
        edits: &'a [AccountEdit],
    ) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>> {
        Box::pin(self.edit_accounts(edits))
    }

    fn read_traces(&self) -> RouterFuture<'_, Result<Vec<Trace>, RouterError>> {
        Box::pin(self.traces())
    }

    fn remove_traces<'a>(
        &'a self,
        traces: &'a [Trace],
    ) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>> {
        Box::pin(self.sweep(traces))
    }

    fn read_menus(&self) -> RouterFuture<'_, Result<Tables, RouterError>> {
        Box::pin(self.menus())
    }

    fn mark<'a>(
        &'a self,
        edits: &'a [MarkerEdit],
    ) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>> {
        Box::pin(self.edit_markers(edits))
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
