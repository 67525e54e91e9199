//! A restored store is passive until a person takes the site over: another machine may be at work with the same customers
//! and the same router. So is one whose machine met a later one. A small file in the data folder says so; removing it ends
//! it.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::backup::{self, BackupError};
use super::fence::{Fence, FencedBy};
pub use super::files::{PASSIVE_FILE, is_passive};
use super::unwritable::Unwritable;

/// How the file of a machine that lost the site begins.
const FENCED: &str = "fenced: ";
/// Longer files are not ours.
const FILE_BYTES_MAX: u64 = 4096;

/// Why the store of a folder is passive; `None` while it is not.
pub fn reason(data_dir: &Path) -> Option<Unwritable> {
    if !is_passive(data_dir) {
        return None;
    }
    let path = data_dir.join(PASSIVE_FILE);
    let is_ours = std::fs::metadata(&path).is_ok_and(|file| file.len() <= FILE_BYTES_MAX);
    let text = if is_ours { std::fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
    Some(fence_of(&text).map_or(Unwritable::Passive, Unwritable::Fenced))
}

fn fence_of(text: &str) -> Option<Fence> {
    let (instance, by) = text.lines().next()?.strip_prefix(FENCED)?.split_once(' ')?;
    let by = FencedBy::ALL.into_iter().find(|known| known.word() == by)?;
    Some(Fence { instance: instance.parse().ok()?, by })
}

/// Makes the store of a folder passive because another machine has the site.
pub(super) fn make_fenced(data_dir: &Path, fence: Fence) -> Result<(), BackupError> {
    make_passive(
        data_dir,
        &format!("{FENCED}{} {}\n{fence}; kuotad take-over takes it back", fence.instance, fence.by.word()),
    )
}

/// Makes the store of a folder passive; `why` is for people who find the file.
pub fn make_passive(data_dir: &Path, why: &str) -> Result<(), BackupError> {
    let path = data_dir.join(PASSIVE_FILE);
    let failed = |source| BackupError::File { path: path.clone(), source };
    let open = File::options().write(true).create(true).truncate(true).mode(0o644).open(&path);
    let written = open.and_then(|mut file| file.write_all(format!("{why}\n").as_bytes()));
    written.map_err(failed)?;
    backup::sync(&path)?;
    backup::sync_folder(&path)
}

/// Ends it; `false` if the store was not passive. A daemon that runs notices within seconds.
pub fn take_over(data_dir: &Path) -> Result<bool, BackupError> {
    let path = data_dir.join(PASSIVE_FILE);
    match std::fs::remove_file(&path) {
        Ok(()) => backup::sync_folder(&path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(BackupError::File { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, Unwritable};

    #[test]
    fn a_passive_store_is_not_written_until_it_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        make_passive(dir.path(), "restored").unwrap();
        assert!(is_passive(dir.path()));
        let mut store = Store::open(dir.path()).unwrap();
        assert_eq!(store.unwritable(), Some(&Unwritable::Passive));
        assert!(store.check_writable().is_err() && store.recover().is_err());
        assert!(take_over(dir.path()).unwrap());
        store.recover().unwrap();
        assert!(store.unwritable().is_none() && store.check_writable().is_ok());
        drop(store);
        assert!(!take_over(dir.path()).unwrap() && !is_passive(dir.path()));
        assert_eq!(Store::open(dir.path()).unwrap().unwritable(), None);
    }
}
