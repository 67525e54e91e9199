//! Copies of a store that went away while it was in use: their names, which of them await a decision, and their
//! messages. `rescue.rs` makes them.

use std::fmt;
use std::path::{Path, PathBuf};

use super::identity::FileFault;

/// The prefix of a copy's name.
pub(super) const RESCUED: &str = "kuota.db.rescued-";
/// The suffix of an incomplete copy's name.
pub(super) const PARTIAL: &str = ".partial";

/// The outcome for the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rescue {
    /// All of it is in this file.
    Whole(PathBuf),
    /// The readable part is in this file.
    Partial(PathBuf),
    /// Nothing could be written.
    Failed,
}

impl fmt::Display for Rescue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(copy) => {
                write!(f, "its contents were saved to {}: kuotad restore {0}", copy.display())
            }
            Self::Partial(copy) => write!(
                f,
                "what could still be read was saved to {}, which is not whole: restore the latest backup, kuotad restore \
                 FILE",
                copy.display()
            ),
            Self::Failed => {
                f.write_str("its contents could not be saved: copy the disk before anything else")
            }
        }
    }
}

/// A copy that awaits the operator's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The file.
    pub path: PathBuf,
    /// Whether it has all committed data.
    pub is_whole: bool,
}

/// The newest copy in a folder that awaits the operator's decision.
pub fn left(data_dir: &Path) -> Option<Left> {
    let files = std::fs::read_dir(data_dir).ok()?;
    let copies = files.filter_map(|file| {
        let path = file.ok()?.path();
        let number = path.file_name()?.to_str()?.strip_prefix(RESCUED)?;
        let (number, is_whole) = match number.strip_suffix(PARTIAL) {
            Some(number) => (number, false),
            None => (number, true),
        };
        let number: u32 = number.parse().ok()?;
        Some((number, Left { path, is_whole }))
    });
    copies.max_by_key(|(number, _)| *number).map(|(_, copy)| copy)
}

/// The file under the store's name while a copy is in its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// No file, or an empty one.
    Nothing,
    /// A store that lacks its log.
    WithoutLog,
    /// A store.
    Store,
}

/// The error text of a refused start, with what to do.
pub(super) fn refusal(path: &Path, copy: &Left, beside: Beside) -> String {
    let (store, file) = (path.display(), copy.path.display());
    let happened = match beside {
        Beside::Nothing => format!("{store} is missing"),
        Beside::WithoutLog => format!("{store} is there, and its log (kuota.db-wal) is missing"),
        Beside::Store => format!("{store} may be another store than the one that was in use"),
    };
    let found = if copy.is_whole {
        format!(
            "when the store went away under the daemon its contents were written to {file}; to go on with them: kuotad \
             restore {file}"
        )
    } else {
        format!(
            "when the store was damaged under the daemon, what could be read was written to {file}, which is not whole; \
             restore the latest backup: kuotad restore FILE"
        )
    };
    let keep = match beside {
        Beside::Nothing => format!("; to begin with an empty store instead, move {file} elsewhere"),
        Beside::WithoutLog => format!("; to restore a backup instead, move {file} elsewhere"),
        Beside::Store => format!("; to keep what {store} holds instead, move {file} elsewhere or delete it"),
    };
    format!("{happened}; {found}{keep}")
}

/// The fault and the outcome for the content, for people.
pub(super) fn rescue_text(path: &Path, fault: FileFault, moved: Option<&Path>, rescue: &Rescue) -> String {
    let store = path.display();
    match (moved, rescue) {
        (Some(to), Rescue::Failed) => format!(
            "{store} was moved to {} while it was in use; nothing more is written; move it back",
            to.display()
        ),
        (Some(to), _) => format!(
            "{store} was moved to {} while it was in use; nothing more is written, and {rescue}",
            to.display()
        ),
        (None, _) => format!("{store} {fault} while it was in use; nothing more is written, and {rescue}"),
    }
}
