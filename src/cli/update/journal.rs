//! How far an update came, so that it is finished after a power cut.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::trial::Health;
use crate::tools::whole_file;

const FILE: &str = "journal.json";

/// What is done next. Each can be done again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// Stop the daemon, close the gate, copy the store.
    Copy,
    /// Install the new version.
    Install,
    /// Start it, and see whether it works.
    Try,
    /// Take the gate, install the old version, put the copy back.
    GoBack,
    /// Open the gate and start the old version.
    Resume,
}

/// An update under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    pub next: Step,
    pub from: String,
    pub to: String,
    pub from_package: PathBuf,
    pub to_package: PathBuf,
    /// What worked before; nothing when the daemon did not run.
    pub before: Option<Health>,
    /// Why it goes back.
    pub why: Option<String>,
}

impl Journal {
    /// The update that is under way, if there is one.
    pub fn load(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read(folder.join(FILE)) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes it durably: the old text or the new one is there.
    pub fn save(&self, folder: &Path) -> io::Result<()> {
        whole_file::replace(&folder.join(FILE), &serde_json::to_string_pretty(self)?, 0o600)
    }

    /// Ends it.
    pub fn end(folder: &Path) -> io::Result<()> {
        fs::remove_file(folder.join(FILE))?;
        File::open(folder)?.sync_all()
    }
}
