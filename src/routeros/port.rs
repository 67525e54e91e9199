//! The port to a router: two bulk reads, one way to send differences, and how they can fail.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use super::account_edits::{AccountEdit, Trace};
use super::inspect::Tables;
use crate::domain::adoption::HotspotAccounts;
use crate::domain::id::Mac;
use crate::domain::instance::MarkerEdit;
use crate::domain::listing::{AccessRows, Edit};
use crate::domain::usage::HostTable;

/// A future that a [`Router`] hands out.
pub type RouterFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The port to the router: two bulk reads and a way to send differences.
///
/// Contract of every implementation:
/// - A read is complete or an error; half a table is never returned. A single row that makes no sense is no error: it
///   is handed over as one that could not be read.
/// - `apply` sends the edits in order and reports each; removals have their replies before anything after them is
///   sent. After [`RouterError::Lost`] the caller must read again before it sends anything, because adds are not
///   idempotent. It stops at the first edit that is lost: what became of those in flight is unknown.
/// - Row ids are good for the connection they were read on: an edit on another one than the last `read_access`, or
///   one that names a row before the first, is [`RouterError::Lost`] and is not sent.
/// - No command waits without a bound. While the connection is down and the next attempt is not due, every call
///   fails at once and says how long that is.
pub trait Router: Send + Sync {
    /// Uptime and the hotspot host table: two round trips.
    fn read_hosts(&self) -> RouterFuture<'_, Result<HostTable, RouterError>>;

    /// Our address lists, the bindings and the leases: three round trips. A row that makes no sense is returned
    /// separately, and leaves only what it may be about unknown. A router without one of the menus
    /// answers with an empty table and a warning.
    fn read_access(&self) -> RouterFuture<'_, Result<AccessRows, RouterError>>;

    /// The names that devices told the DHCP server, for people: one round trip. A router without such names has none.
    fn read_names(&self) -> RouterFuture<'_, Result<BTreeMap<Mac, String>, RouterError>> {
        Box::pin(async { Ok(BTreeMap::new()) })
    }

    /// Sends edits, at most eight in flight. One outcome for each edit, in order.
    fn apply<'a>(&'a self, edits: &'a [Edit]) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>>;

    /// The hotspot users with their sessions and cookies: three round trips. An implementation without them says so.
    fn read_accounts(&self) -> RouterFuture<'_, Result<HotspotAccounts, RouterError>> {
        Box::pin(async { Err(no_accounts()) })
    }

    /// Sends changes of rows of the last [`Self::read_accounts`], under the contract of [`Self::apply`].
    fn change_accounts<'a>(
        &'a self,
        _edits: &'a [AccountEdit],
    ) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>> {
        Box::pin(async { Err(no_accounts()) })
    }

    /// Every row of ours, in the order in which they are removed. A menu that the router lacks has none.
    fn read_traces(&self) -> RouterFuture<'_, Result<Vec<Trace>, RouterError>> {
        Box::pin(async { Err(no_accounts()) })
    }

    /// Removes rows of the last [`Self::read_traces`], under the contract of [`Self::apply`].
    fn remove_traces<'a>(
        &'a self,
        _traces: &'a [Trace],
    ) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>> {
        Box::pin(async { Err(no_accounts()) })
    }

    /// What the menus print that [`inspect`](super::inspect::inspect) judges: a round trip for each. A menu that the
    /// router refuses is noted and left out.
    fn read_menus(&self) -> RouterFuture<'_, Result<Tables, RouterError>> {
        Box::pin(async { Err(no_accounts()) })
    }

    /// Changes the marker rows of the last [`Self::read_access`], under the contract of [`Self::apply`]. An implementation
    /// without markers says that they are as they should be.
    fn mark<'a>(
        &'a self,
        edits: &'a [MarkerEdit],
    ) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>> {
        Box::pin(async { Ok(vec![EditOutcome::AlreadySo; edits.len()]) })
    }

    /// From the next [`Self::read_access`] on, rows with our tag in these lists are read, too: they were ours under
    /// another configuration. It costs no round trip. An implementation without such rows need not do anything.
    fn look_under(&self, _former_lists: Vec<String>) {}

    /// What is known about the connection without asking the router.
    fn health(&self) -> RouterHealth;
}

fn no_accounts() -> RouterError {
    let (command, message) = ("/ip/hotspot/user/print".to_owned(), "no such command".to_owned());
    RouterError::Trap { command, message }
}

/// What became of one edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditOutcome {
    /// The router did it.
    Done,
    /// The router says it is so already, or the row is gone already: the next reading decides.
    AlreadySo,
    /// The router refused, in its own words.
    Refused(String),
}

impl EditOutcome {
    /// The router's words, where it refused.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused(why) => Some(why),
            Self::Done | Self::AlreadySo => None,
        }
    }
}

/// Why the router could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouterError {
    /// No connection, or it broke: silence, time-out and garbage count too. Nothing is known about commands in
    /// flight.
    #[error("router connection lost: {0}")]
    Lost(String),
    /// The router is connected and refused the command.
    #[error("router refused {command}: {message}")]
    Trap {
        /// The menu command.
        command: String,
        /// The router's words.
        message: String,
    },
    /// The router refused the name or the password.
    #[error("router refused the log-in: {0}; check [router] username and password")]
    LoginRefused(String),
    /// The reply makes no sense: a value in a row, or the protocol itself, or more than the caps allow. In the last
    /// two cases the connection is dropped.
    #[error("router sent nonsense for {command}: {what}")]
    Malformed {
        /// The menu command.
        command: String,
        /// The field and value.
        what: String,
    },
}

/// Which router answers. What it does not report is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterIdentity {
    /// Its name, which people choose.
    pub name: Option<String>,
    /// The model.
    pub board: Option<String>,
    /// The board's serial number; virtual and PC routers have none.
    pub serial: Option<String>,
    /// The licence's software id, or its counterpart on a virtual router.
    pub software_id: Option<String>,
}

impl RouterIdentity {
    /// The text that distinguishes this router from every other one and does not change while it is the same, for people to
    /// read, too. `None` when it reports nothing of the kind: names and models are not unique.
    pub fn unique(&self) -> Option<String> {
        let serial = self.serial.as_ref().map(|serial| format!("serial number {serial}"));
        serial.or_else(|| self.software_id.as_ref().map(|id| format!("software id {id}")))
    }
}

/// What is known about the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterHealth {
    /// Logged in at this moment.
    pub connected: bool,
    /// Round trips made since the start: commands of callers that got their reply, refusals too. Log-in and
    /// heartbeat are not among them.
    pub commands: u64,
    /// RouterOS version of the last log-in.
    pub version: Option<String>,
    /// Which router it was at the last log-in.
    pub identity: Option<RouterIdentity>,
    /// The number of the last session; another number means another log-in.
    pub session: u64,
    /// Warnings that stay true until the next log-in, such as a menu the router lacks.
    pub warnings: Vec<String>,
    /// Time until the next attempt, while waiting to reconnect.
    pub retry_in: Option<Duration>,
}

/// Texts of refusals that do not end by themselves.
const LASTING: [&str; 3] = ["no such command", "not enough permissions", "is not supported"];

/// Whether the router would refuse the same again: a menu that it lacks or that the user may not read.
pub(super) fn is_lasting(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    LASTING.iter().any(|text| lower.contains(text))
}
