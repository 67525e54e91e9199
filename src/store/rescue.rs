//! Rescues the content of a store whose file was removed, replaced or cut while it was in use.
//!
//! All committed data is copied through the open connection and proven. A copy that passes is named
//! `kuota.db.rescued-NNNN`; one that fails also gets `.partial`. While either is in the store's folder, no writer
//! starts: the operator decides which content counts.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::backup;
use super::commit_mark::CommitMark;
use super::connect::READ_ONLY;
use super::place::make_folder;
use super::read::Reader;
use super::rescued_copy::{PARTIAL, RESCUED, Rescue, left};
use super::suspicion::Check;

/// The file in which a copy is prepared.
const RESCUING: &str = "kuota.db.rescuing";
/// Copies kept.
const RESCUED_MAX: u32 = 10_000;
/// The suffix of a copy that was restored, and of one that is useless after a restore.
const RESTORED: &str = ".restored";
const SET_ASIDE: &str = ".set-aside";

/// Copies all committed data out of an open store, and proves that it includes the commit `last`.
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
    // The folder itself may be gone; a start with its name must find the copy.
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
    // Files that SQLite left for a copy that it could not finish.
    backup::remove(&temp);
    Ok(if is_whole { Rescue::Whole(copy) } else { Rescue::Partial(copy) })
}

fn proves(copy: &Path, last: &CommitMark) -> Result<(), String> {
    let reader =
        Reader::new(Connection::open_with_flags(copy, READ_ONLY).map_err(|error| error.to_string())?);
    reader.verify_money(Check::Quick).map_err(|broken| broken.to_string())?;
    let found = CommitMark::of(&reader.conn).map_err(|error| error.to_string())?;
    if found.as_ref() == Some(last) {
        return Ok(());
    }
    let found = found.map_or(0, |mark| mark.commits);
    Err(format!("it ends at commit {found} of this run, and commit {} was acknowledged", last.commits))
}

/// Renames the copies after `from` became the store: `from` may be one itself, and incomplete copies are no longer
/// useful. Returns the new name of the restored copy.
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
