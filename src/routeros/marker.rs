//! The marker: a row of an address list of its own, which no rule uses, whose comment says which machine has the site.

use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

use mikrotik_rs::CommandBuilder;
use mikrotik_rs::command::Cmd;
use sha2::{Digest, Sha256};

use super::client::RouterClient;
use super::edits::outcome;
use super::lists::MARKER_LIST;
use super::port::{EditOutcome, RouterError};
use super::wire::Row;
use super::words;
use crate::domain::instance::{MarkerEdit, MarkerRow, SiteMark, read_marker};
use crate::domain::listing::TAG;

/// A row of that list with our tag that can be changed. What its comment does not say is absent: it is ours to mend, and
/// fences nobody.
pub(super) fn marker(row: &Row<'_>) -> Option<MarkerRow> {
    let comment = row.lossy("comment");
    let (site, instance) = read_marker(comment.strip_prefix(TAG)?);
    let flag = |field| row.optional(field, words::boolean).ok().flatten().unwrap_or(false);
    Some(MarkerRow {
        row: words::row_id(&row.lossy(".id"))?,
        site,
        instance,
        dynamic: flag("dynamic"),
        disabled: flag("disabled"),
    })
}

/// An address for a row that is about none: one of those for documentation, which no network has. A router takes one row for
/// each list and address, so that of each site is another one.
fn address_of(mark: &SiteMark) -> Ipv4Addr {
    let digest = Sha256::digest(mark.site.as_bytes());
    Ipv4Addr::new(192, 0, 2, digest[0])
}

impl RouterClient {
    /// Changes marker rows, one after the other.
    pub(super) async fn edit_markers(&self, edits: &[MarkerEdit]) -> Result<Vec<EditOutcome>, RouterError> {
        let session = Some(self.shared.rows_session.load(Ordering::Relaxed)).filter(|session| *session > 0);
        let mut outcomes = Vec::with_capacity(edits.len());
        for edit in edits {
            let (name, attributes) = command(edit);
            let command: CommandBuilder<Cmd> = CommandBuilder::new().command(name);
            let with = |command: CommandBuilder<Cmd>, (key, value): &(&str, String)| {
                command.attribute(key, Some(value))
            };
            let command = attributes.iter().fold(command, with).build();
            outcomes.push(outcome(self.submit(name, command, session, |(), _| Ok(())).await?).await?);
        }
        Ok(outcomes)
    }
}

fn command(edit: &MarkerEdit) -> (&'static str, Vec<(&'static str, String)>) {
    match edit {
        MarkerEdit::Add(mark) => (
            "/ip/firewall/address-list/add",
            vec![
                ("list", MARKER_LIST.to_owned()),
                ("address", address_of(mark).to_string()),
                ("comment", words::comment(&mark.words())),
            ],
        ),
        MarkerEdit::Set(row, mark) => (
            "/ip/firewall/address-list/set",
            vec![
                (".id", row.0.clone()),
                ("comment", words::comment(&mark.words())),
                ("disabled", "no".to_owned()),
            ],
        ),
        MarkerEdit::Remove(row) => ("/ip/firewall/address-list/remove", vec![(".id", row.0.clone())]),
    }
}
