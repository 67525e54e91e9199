//! Edits as RouterOS commands, and what the router's answers to them mean.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use mikrotik_rs::command::Cmd;
use mikrotik_rs::{Command, CommandBuilder};

use super::client::{PendingReply, RouterClient};
use super::lists::ListNames;
use super::port::{EditOutcome, RouterError};
use super::session::IN_FLIGHT_MAX;
use super::words;
use crate::domain::listing::{BindingKind, Edit};
use crate::domain::usage::RowId;

/// Texts by which the router says that the row is there already.
const DUPLICATE: [&str; 3] = ["already have", "already exists", "such client already"];
/// Text by which it says that the row is gone.
const GONE: &str = "no such item";

impl RouterClient {
    /// Sends the edits. Removals and the rest go in turns, each after the replies to the one before it.
    pub(super) async fn edit(&self, edits: &[Edit]) -> Result<Vec<EditOutcome>, RouterError> {
        let mut outcomes = Vec::with_capacity(edits.len());
        for turn in edits.chunk_by(|a, b| is_removal(a) == is_removal(b)) {
            let mut in_flight: VecDeque<PendingReply<()>> = VecDeque::with_capacity(IN_FLIGHT_MAX);
            for edit in turn {
                if in_flight.len() == IN_FLIGHT_MAX
                    && let Some(oldest) = in_flight.pop_front()
                {
                    outcomes.push(outcome(oldest).await?);
                }
                in_flight.push_back(self.send(edit).await?);
            }
            for ticket in in_flight {
                outcomes.push(outcome(ticket).await?);
            }
        }
        Ok(outcomes)
    }

    async fn send(&self, edit: &Edit) -> Result<PendingReply<()>, RouterError> {
        let session = match self.shared.rows_session.load(Ordering::Relaxed) {
            0 if row_of(edit).is_some() => {
                return Err(RouterError::Lost("no rows were read on this connection".to_owned()));
            }
            0 => None,
            session => Some(session),
        };
        let (name, command) = command(edit, &self.config.lists);
        self.submit(name, command, session, |(), _| Ok(())).await
    }
}

fn is_removal(edit: &Edit) -> bool {
    matches!(edit, Edit::RemoveListing { .. } | Edit::RemoveBinding { .. })
}

fn row_of(edit: &Edit) -> Option<&RowId> {
    match edit {
        Edit::AddListing { .. } | Edit::AddBinding { .. } => None,
        Edit::MoveListing { row, .. }
        | Edit::EnableListing { row, .. }
        | Edit::RemoveListing { row, .. }
        | Edit::SetBinding { row, .. }
        | Edit::RemoveBinding { row, .. } => Some(row),
    }
}

pub(super) async fn outcome(ticket: PendingReply<()>) -> Result<EditOutcome, RouterError> {
    match ticket.answer().await {
        Ok(_) => Ok(EditOutcome::Done),
        Err(RouterError::Trap { message, .. }) => Ok(refusal(message)),
        Err(error) => Err(error),
    }
}

fn refusal(message: String) -> EditOutcome {
    let lower = message.to_ascii_lowercase();
    if lower.contains(GONE) || DUPLICATE.iter().any(|text| lower.contains(text)) {
        EditOutcome::AlreadySo
    } else {
        EditOutcome::Refused(message)
    }
}

fn kind_word(kind: BindingKind) -> &'static str {
    match kind {
        BindingKind::Regular => "regular",
        BindingKind::Bypassed => "bypassed",
        BindingKind::Blocked => "blocked",
    }
}

/// The command of one edit. Words carry their length, so no value can end one early.
fn command(edit: &Edit, lists: &ListNames) -> (&'static str, Command) {
    let (name, words): (&'static str, Vec<(&str, String)>) = match edit {
        Edit::AddListing { list, address, owner } => (
            "/ip/firewall/address-list/add",
            vec![
                ("list", lists.name(*list).to_owned()),
                ("address", address.to_string()),
                ("comment", words::comment(owner)),
            ],
        ),
        Edit::MoveListing { row, list, .. } => (
            "/ip/firewall/address-list/set",
            vec![(".id", row.0.clone()), ("list", lists.name(*list).to_owned())],
        ),
        Edit::EnableListing { row, .. } => {
            ("/ip/firewall/address-list/set", vec![(".id", row.0.clone()), ("disabled", "no".to_owned())])
        }
        Edit::RemoveListing { row, .. } => ("/ip/firewall/address-list/remove", vec![(".id", row.0.clone())]),
        Edit::AddBinding { mac, kind, owner } => (
            "/ip/hotspot/ip-binding/add",
            vec![
                ("mac-address", mac.to_string()),
                ("type", kind_word(*kind).to_owned()),
                ("comment", words::comment(owner)),
            ],
        ),
        Edit::SetBinding { row, kind, .. } => (
            "/ip/hotspot/ip-binding/set",
            vec![
                (".id", row.0.clone()),
                ("type", kind_word(*kind).to_owned()),
                ("disabled", "no".to_owned()),
            ],
        ),
        Edit::RemoveBinding { row, .. } => ("/ip/hotspot/ip-binding/remove", vec![(".id", row.0.clone())]),
    };
    let command: CommandBuilder<Cmd> = CommandBuilder::new().command(name);
    let command = words.iter().fold(command, |command, (key, value)| command.attribute(key, Some(value)));
    (name, command.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_and_rows_that_are_gone_are_so_already() {
        for text in [
            "failure: already have such entry",
            "failure: such client already exists",
            "no such item",
            "No such item (4)",
        ] {
            assert_eq!(refusal(text.to_owned()), EditOutcome::AlreadySo, "{text}");
        }
        for text in
            ["not enough permissions (9)", "invalid value for argument address", "no such command prefix"]
        {
            assert_eq!(refusal(text.to_owned()), EditOutcome::Refused(text.to_owned()));
        }
    }
}
