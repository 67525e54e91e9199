//! The one kind of read: a menu printed with chosen columns.

use mikrotik_rs::CommandBuilder;
use mikrotik_rs::command::Cmd;

/// A menu command that returns only these columns.
pub(super) fn print(name: &'static str, columns: &str) -> CommandBuilder<Cmd> {
    CommandBuilder::new().command(name).attribute(".proplist", Some(columns))
}
