//! One command of a client: what it says, and what the router answers.

use super::table::TableField;

/// A command sentence, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ApiCommand {
    /// The command word, such as `/ip/hotspot/host/print`.
    pub(super) path: String,
    /// What every sentence of the reply carries.
    pub(super) tag: Option<String>,
    /// `=name=value` words, in order.
    pub(super) attributes: Vec<(String, String)>,
    /// Query words with their question marks.
    pub(super) queries: Vec<String>,
}

impl ApiCommand {
    /// Takes a sentence apart. Words of no known form are dropped, as the router does.
    pub(super) fn parse(words: Vec<String>) -> Option<Self> {
        let mut words = words.into_iter();
        let mut command = Self { path: words.next()?, ..Self::default() };
        for word in words {
            if let Some(tag) = word.strip_prefix(".tag=") {
                command.tag = Some(tag.to_owned());
            } else if word.starts_with('?') {
                command.queries.push(word);
            } else if let Some(attribute) = word.strip_prefix('=') {
                let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
                command.attributes.push((name.to_owned(), value.to_owned()));
            }
        }
        Some(command)
    }

    /// The value of an attribute; the last one counts.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One `!trap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trap {
    /// Its category, where the router sends one.
    pub(super) category: Option<u8>,
    /// Its message; `None` is a trap without words.
    pub(super) message: Option<String>,
}

impl Trap {
    /// A refusal in the router's words.
    pub(super) fn failure(message: impl Into<String>) -> Self {
        Self { category: None, message: Some(message.into()) }
    }

    /// An item or a command that is not there.
    pub(super) fn missing(message: impl Into<String>) -> Self {
        Self { category: Some(0), message: Some(message.into()) }
    }

    /// An argument that makes no sense.
    pub(super) fn argument(message: impl Into<String>) -> Self {
        Self { category: Some(1), message: Some(message.into()) }
    }
}

/// Rows that a print found, to be rendered piece by piece.
#[derive(Debug)]
pub(super) struct Listing {
    /// Position of the table.
    pub(super) at: usize,
    /// Ids of the rows.
    pub(super) ids: Vec<u64>,
    /// What to print of each.
    pub(super) fields: Vec<TableField>,
}

/// What the router answers.
#[derive(Debug)]
pub(super) enum CommandReply {
    /// `!done`.
    Done,
    /// `!done` with `=ret=`.
    Ret(String),
    /// Rows, then `!done`.
    Rows(Listing),
    /// Traps, then `!done`.
    Traps(Vec<Trap>),
}

impl From<Trap> for CommandReply {
    fn from(trap: Trap) -> Self {
        Self::Traps(vec![trap])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_taken_apart() {
        let words =
            ["/ip/x/print", "=.proplist=a,b", ".tag=7", "?list=a=b", "=empty", "=k=1", "=k=2=3", "junk"];
        let command = ApiCommand::parse(words.map(str::to_owned).to_vec()).unwrap();
        assert_eq!(command.path, "/ip/x/print");
        assert_eq!(command.tag.as_deref(), Some("7"));
        assert_eq!(command.queries, ["?list=a=b"]);
        assert_eq!(command.attribute("k"), Some("2=3"));
        assert_eq!(command.attribute("empty"), Some(""));
        assert_eq!(command.attribute("junk"), None);
        assert_eq!(ApiCommand::parse(Vec::new()), None);
    }
}
