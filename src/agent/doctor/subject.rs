//! What the checks are made on, and what the daemon says of itself.

use std::net::IpAddr;
use std::time::Duration;

use crate::agent::config::Config;
use crate::agent::payments::Relay;
use crate::clock::Clock;
use crate::protocol::admin::status::{SharedNameView, StatusView};
use crate::routeros::Router;
use crate::ui::message::Message;

/// What the checks are made on.
pub struct Subject<'a> {
    /// The configuration in effect.
    pub config: &'a Config,
    /// Its router.
    pub router: &'a dyn Router,
    /// Its relay, where one is configured.
    pub relay: Option<&'a dyn Relay>,
    /// The only now.
    pub clock: &'a dyn Clock,
    /// This machine's address as the router sees it, where somebody says.
    pub agent: Option<IpAddr>,
    /// What the running daemon says of itself; `None` when none runs.
    pub daemon: Option<&'a DaemonState>,
    /// Time between the two readings that show whether counters move.
    pub pause: Duration,
}

/// What the running daemon says of itself.
#[derive(Clone, Debug, Default)]
pub struct DaemonState {
    /// Whether it trusts this machine's clock.
    pub is_clock_trusted: bool,
    /// How the relay is by its word, and the last error there; an empty word says nothing.
    pub relay: (String, Option<String>),
    /// Why its last copy failed.
    pub copies_error: Option<String>,
    /// Pairs of customers with one number or log-in name.
    pub shared_names: Vec<SharedNameView>,
    /// Changes that the router refuses: what, and what to do about it.
    pub refused: Vec<(Message, Message)>,
}

impl DaemonState {
    /// The same from what `GET /status` answers, which knows the refused changes in English only.
    pub fn of(status: &StatusView) -> Self {
        let same = |text: &str| refused_message(text.to_owned(), text.to_owned());
        let refused = status.router.refused.iter().map(|edit| (same(&edit.text), same(&edit.remedy)));
        Self {
            is_clock_trusted: status.clock.part.state == "ok",
            relay: (status.relay.state.clone(), status.relay.last_error.clone()),
            copies_error: status.copies.last_error.clone(),
            shared_names: status.shared_names.clone(),
            refused: refused.collect(),
        }
    }
}

/// What the router refuses, or what to do about it, as the fault says it in each language.
pub fn refused_message(indonesian: String, english: String) -> Message {
    Message::new("edit_refused", vec![("text", english.clone())], [indonesian, english])
}
