//! A note beside the store that a run could not read it: the next start checks it thoroughly.

use std::path::{Path, PathBuf};

use super::files::FILE;

/// The extension of the file's name.
const ENDS: &str = "db-suspect";

/// How thoroughly a store is checked before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Pages and rows.
    Quick,
    /// Indexes against their tables as well, which takes several times as long.
    Thorough,
}

impl Check {
    /// The pragma that makes the check.
    pub(super) const fn pragma(self) -> &'static str {
        match self {
            Self::Quick => "quick_check",
            Self::Thorough => "integrity_check",
        }
    }
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE).with_extension(ENDS)
}

/// Notes why the store could not be read. Without the note the next start makes the quick check only.
pub(super) fn note(data_dir: &Path, why: &str) {
    if let Err(error) = std::fs::write(path(data_dir), why) {
        tracing::debug!(%error, "the next start is not told that the store could not be read");
    }
}

/// The check that the next start has to make.
pub(super) fn due(data_dir: &Path) -> Check {
    if path(data_dir).exists() { Check::Thorough } else { Check::Quick }
}

/// Removes the note after the check.
pub(super) fn remove(data_dir: &Path) {
    let _ = std::fs::remove_file(path(data_dir));
}
