//! The contents of a store whose file went away, was replaced or was cut while it was in use.
//!
//! Everything committed is copied through the open connection and proven. A copy that proves is named
//! `kuota.db.rescued-NNNN`; one that does not gets `.partial` behind that. While either lies beside the store, no writer
//! starts: which contents count is the operator's to say.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::commit_mark::CommitMark;
use super::identity::Fault;
use super::place::make_folder;
use super::{FILE, READ_ONLY, Reader, StoreError, backup};

/// What the names of copies begin with.
const RESCUED: &str = "kuota.db.rescued-";
/// What the name of one ends with that is not whole.
const PARTIAL: &str = ".partial";
/// Where a copy is put together.
const RESCUING: &str = "kuota.db.rescuing";
/// Copies kept.
const RESCUED_MAX: u32 = 10_000;
/// What is put behind the name of a copy that was taken over, and of one that a restored store makes useless.
const RESTORED: &str = ".restored";
const SET_ASIDE: &str = ".set-aside";

/// What became of the contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rescue {
    /// All of them are in this file.
    Whole(PathBuf),
    /// What could be read is in this file.
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

/// Copies everything that is committed out of an open store, and proves that it reaches to `last`.
pub(super) fn rescue(conn: &Connection, folder: &Path, last: &CommitMark) -> Rescue {
    match copied(conn, folder, last) {
        Ok(rescue) => rescue,
        Err(error) => {
            tracing::error!(%error, "the contents of the store could not be saved");
            backup::remove(&folder.join(RESCUING));
            Rescue::Failed
        }
    }
}

fn copied(conn: &Connection, folder: &Path, last: &CommitMark) -> Result<Rescue, backup::BackupError> {
    // The folder itself may be gone; a start on its name must find the copy.
    make_folder(folder)?;
    let temp = folder.join(RESCUING);
    let made = backup::copy_pages(conn, &temp, &mut |_| {});
    if let Err(error) = &made
        && !temp.exists()
    {
        tracing::error!(%error, "the contents of the store cannot be read");
        return Ok(Rescue::Failed);
    }
    let proven = made.map_err(|error| error.to_string()).and_then(|()| proves(&temp, last));
    let is_whole = match &proven {
        Ok(()) => true,
        Err(why) => {
            tracing::error!(why, "what was saved of the store is not whole");
            false
        }
    };
    let ends = if is_whole { "" } else { PARTIAL };
    let is_free = |n: &u32| {
        let taken = ["", PARTIAL, RESTORED, ".partial.set-aside"];
        taken.iter().all(|end| !folder.join(format!("{RESCUED}{n:04}{end}")).exists())
    };
    let n = (1..RESCUED_MAX).find(is_free).unwrap_or(RESCUED_MAX);
    let copy = folder.join(format!("{RESCUED}{n:04}{ends}"));
    backup::publish(&temp, &copy)?;
    // What SQLite left beside a copy that it could not end.
    backup::remove(&temp);
    Ok(if is_whole { Rescue::Whole(copy) } else { Rescue::Partial(copy) })
}

fn proves(copy: &Path, last: &CommitMark) -> Result<(), String> {
    let reader =
        Reader::new(Connection::open_with_flags(copy, READ_ONLY).map_err(|error| error.to_string())?);
    reader.verify_money().map_err(|broken| broken.to_string())?;
    let found = CommitMark::of(&reader.conn).map_err(|error| error.to_string())?;
    if found.as_ref() == Some(last) {
        return Ok(());
    }
    let found = found.map_or(0, |mark| mark.commits);
    Err(format!("it ends at commit {found} of this run, and commit {} was acknowledged", last.commits))
}

/// A copy that nobody has dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The file.
    pub path: PathBuf,
    /// Whether it holds everything that was committed.
    pub is_whole: bool,
}

/// The newest copy in a folder that nobody has dealt with.
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

/// What is under the store's name while a copy lies beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// No file, or an empty one.
    Nothing,
    /// A store that lacks its log.
    WithoutLog,
    /// A store.
    Store,
}

/// Why nothing starts, and what to do.
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

/// Refuses a folder with a copy that nobody has dealt with.
pub(super) fn check_none_left(data_dir: &Path) -> Result<(), StoreError> {
    let Some(copy) = left(data_dir) else { return Ok(()) };
    let path = data_dir.join(FILE);
    let beside = match std::fs::metadata(&path) {
        Ok(file) if file.len() > 0 => match super::place::check_log(data_dir) {
            Ok(()) => Beside::Store,
            Err(_) => Beside::WithoutLog,
        },
        _ => Beside::Nothing,
    };
    Err(StoreError::Rescued { path, copy, beside })
}

/// Refuses to read a store that is missing while such a copy is there.
pub(super) fn check_not_missing(data_dir: &Path) -> Result<(), StoreError> {
    match left(data_dir) {
        Some(copy) => {
            let path = data_dir.join(FILE);
            Err(StoreError::Rescued { path, copy, beside: Beside::Nothing })
        }
        None => Ok(()),
    }
}

/// Deals with the copies after `from` became the store: it was a copy itself, or it makes those useless that are not whole.
/// The answer is the new name of what was taken over.
pub(super) fn settle(data_dir: &Path, from: &Path) -> Option<PathBuf> {
    let mut taken = None;
    while let Some(copy) = left(data_dir) {
        let is_source = backup::is_same(&copy.path, from);
        if copy.is_whole && !is_source {
            return taken;
        }
        let mut name = copy.path.clone().into_os_string();
        name.push(if is_source { RESTORED } else { SET_ASIDE });
        let name = PathBuf::from(name);
        if let Err(error) = std::fs::rename(&copy.path, &name) {
            tracing::warn!(file = %copy.path.display(), %error, "move this file elsewhere before the next start");
            return taken;
        }
        if is_source {
            taken = Some(name);
        }
    }
    taken
}

/// The fault and what became of the contents, for people.
pub(super) fn told(path: &Path, fault: Fault, moved: Option<&Path>, rescue: &Rescue) -> String {
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
