//! The edits of handing customers over, as RouterOS commands, and the rows that are ours.

use std::fmt;

use mikrotik_rs::command::Cmd;
use mikrotik_rs::{Command, CommandBuilder};

use crate::domain::usage::RowId;

/// One change of the menus of hotspot users. A hotspot user is never deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountEdit {
    /// Switch a hotspot user off or on.
    Switch {
        /// The row.
        row: RowId,
        /// Whether it is off afterwards.
        disabled: bool,
    },
    /// Set the counters of a hotspot user to zero.
    ResetCounters(RowId),
    /// Set `limit-bytes-total`.
    SetLimit {
        /// The row.
        row: RowId,
        /// In bytes; 0 would be no limit.
        limit: u64,
    },
    /// Set the comment.
    SetComment {
        /// The row.
        row: RowId,
        /// The comment.
        comment: String,
    },
    /// Make a hotspot user.
    Add(NewAccount),
    /// Take a cookie away.
    RemoveCookie(RowId),
    /// End a session.
    RemoveSession(RowId),
}

/// A hotspot user to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// The hotspot server that it is for.
    pub server: String,
    /// Its password.
    pub password: String,
    /// `limit-bytes-total`; `None` is no limit.
    pub limit: Option<u64>,
    /// Its comment.
    pub comment: String,
    /// It is off.
    pub disabled: bool,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAccount").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How the router writes yes and no in a command.
fn word(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

impl NewAccount {
    fn words(&self) -> Vec<(&'static str, String)> {
        let Self { name, server, password, limit, comment, disabled } = self;
        let mut words = vec![
            ("name", name.clone()),
            ("server", server.clone()),
            ("password", password.clone()),
            ("comment", comment.clone()),
            ("disabled", word(*disabled)),
        ];
        words.extend(limit.map(|limit| ("limit-bytes-total", limit.to_string())));
        words
    }
}

impl AccountEdit {
    /// The command. Words carry their length, so no value can end one early.
    pub(super) fn command(&self) -> (&'static str, Command) {
        const SET: &str = "/ip/hotspot/user/set";
        let of = |row: &RowId| vec![(".id", row.0.clone())];
        let (name, words): (&'static str, Vec<(&str, String)>) = match self {
            Self::Add(account) => ("/ip/hotspot/user/add", account.words()),
            Self::Switch { row, disabled } => (SET, [of(row), vec![("disabled", word(*disabled))]].concat()),
            Self::ResetCounters(row) => ("/ip/hotspot/user/reset-counters", of(row)),
            Self::SetLimit { row, limit } => {
                (SET, [of(row), vec![("limit-bytes-total", limit.to_string())]].concat())
            }
            Self::SetComment { row, comment } => {
                (SET, [of(row), vec![("comment", comment.clone())]].concat())
            }
            Self::RemoveCookie(row) => ("/ip/hotspot/cookie/remove", of(row)),
            Self::RemoveSession(row) => ("/ip/hotspot/active/remove", of(row)),
        };
        let command: CommandBuilder<Cmd> = CommandBuilder::new().command(name);
        let command = words.iter().fold(command, |command, (key, value)| command.attribute(key, Some(value)));
        (name, command.build())
    }
}

/// One row of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Its menu.
    pub menu: &'static str,
    /// The row's `.id`.
    pub row: RowId,
    /// Its comment or name.
    pub is: String,
    /// The command that removes it.
    pub(super) remove: &'static str,
}
