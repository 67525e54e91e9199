//! The gate of an update: while its file lies next to the store, nothing is committed.
//!
//! The updater copies the store of the stopped daemon, closes the gate, installs, and opens the gate once the new version
//! works. Otherwise it puts package and copy back. Nothing is acknowledged in between, so that going back loses nothing.
//!
//! An updater that died must not keep a site closed. After [`CLOSED_MAX`] the daemon opens the gate itself and the update
//! counts as accepted, unless the updater has taken the gate to go back: whoever renames or removes the one file first wins.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::tools::whole_file;

/// The file of a closed gate.
const CLOSED: &str = "updating";
/// Its name while the updater goes back.
const TAKEN: &str = "updating-back";
/// How long a daemon keeps to a gate that nobody opens or takes.
pub(super) const CLOSED_MAX: Duration = Duration::from_mins(15);

/// Whether nothing may be committed.
pub fn is_closed(data_dir: &Path) -> bool {
    [CLOSED, TAKEN].into_iter().any(|name| data_dir.join(name).symlink_metadata().is_ok())
}

/// Closes the gate, durably. Root does it in a folder of the daemon's: a link of that name is replaced, not followed.
pub fn close(data_dir: &Path) -> io::Result<()> {
    whole_file::replace(&data_dir.join(CLOSED), "", 0o644)
}

/// Takes the gate to go back, durably. `false` if the daemon has opened it: what it acknowledged since must stay.
pub fn take(data_dir: &Path) -> io::Result<bool> {
    match std::fs::rename(data_dir.join(CLOSED), data_dir.join(TAKEN)) {
        Ok(()) => sync(data_dir).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(data_dir.join(TAKEN).symlink_metadata().is_ok())
        }
        Err(error) => Err(error),
    }
}

/// Opens the gate, durably, whoever closed it.
pub fn open(data_dir: &Path) -> io::Result<()> {
    [CLOSED, TAKEN].into_iter().try_for_each(|name| removed(&data_dir.join(name)))?;
    sync(data_dir)
}

/// Opens a gate that the updater left closed. One that was taken stays.
pub(super) fn expire(data_dir: &Path) -> io::Result<()> {
    removed(&data_dir.join(CLOSED))
}

fn removed(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_was_opened_cannot_be_taken_and_one_that_was_taken_does_not_expire() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        assert!(!is_closed(folder) && !take(folder).unwrap());
        close(folder).unwrap();
        assert!(is_closed(folder));
        expire(folder).unwrap();
        assert!(!is_closed(folder) && !take(folder).unwrap());
        close(folder).unwrap();
        assert!(take(folder).unwrap() && take(folder).unwrap());
        expire(folder).unwrap();
        assert!(is_closed(folder));
        open(folder).unwrap();
        open(folder).unwrap();
        assert!(!is_closed(folder));
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let other = dir.path().join("other");
        std::fs::write(&other, "kept").unwrap();
        std::os::unix::fs::symlink(&other, dir.path().join(CLOSED)).unwrap();
        close(dir.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "kept");
        assert!(is_closed(dir.path()));
    }
}
