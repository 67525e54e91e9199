//! The copy that was chosen, and what it was unpacked to. All of it is in memory: after a restart it is chosen again. The key is
//! not here either; it opens the copy and is gone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::agent::copies::{PreparedCopy, remove_unpacked};
use crate::store::backup::CopyContent;
use crate::store::{self, backup};

/// The file of a copy that was fetched or sent; its tail is next to it.
const STAGED: &str = "first-run-copy";

/// A restore that is under way.
#[derive(Default)]
pub(in crate::agent::first_run) struct Recovery {
    /// The copy.
    pub(super) chosen: Option<PathBuf>,
    /// What is in it, once it was opened.
    pub(super) ready: Option<ReadyCopy>,
}

/// A copy that was opened and proved.
pub(super) struct ReadyCopy {
    pub copy: PreparedCopy,
    pub content: CopyContent,
    /// The site's name, if settings go with the copy.
    pub name: Option<String>,
    pub has_settings: bool,
}

/// The one who works on it. Work that goes on after its browser is gone keeps it.
pub(super) type Turn = OwnedMutexGuard<Recovery>;

/// The turn; `None` while another call has it.
pub(super) fn turn(recovery: &Arc<Mutex<Recovery>>) -> Option<Turn> {
    Arc::clone(recovery).try_lock_owned().ok()
}

/// Forgets the copy before, and returns where another one is to be put.
pub(super) fn staging(data_dir: &Path, recovery: &mut Recovery) -> PathBuf {
    *recovery = Recovery::default();
    remove_left(data_dir);
    data_dir.join(STAGED)
}

/// A copy that is arriving in the data folder; it is removed unless it became whole.
pub(super) struct Arriving<'a> {
    data_dir: &'a Path,
    is_whole: bool,
}

impl<'a> Arriving<'a> {
    pub fn new(data_dir: &'a Path) -> Self {
        Self { data_dir, is_whole: false }
    }

    /// It is whole.
    pub fn keep(mut self) {
        self.is_whole = true;
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        if !self.is_whole {
            remove_left(self.data_dir);
        }
    }
}

/// Whether the card has a store, which a restore on this page would replace.
pub(super) fn has_store(data_dir: &Path) -> bool {
    data_dir.join(store::FILE).exists()
}

/// Removes what a restore left that was cut off.
pub(in crate::agent::first_run) fn remove_left(data_dir: &Path) {
    remove_unpacked(data_dir);
    for entry in std::fs::read_dir(data_dir).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(STAGED)) {
            backup::remove(&entry.path());
        }
    }
}
