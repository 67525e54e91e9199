//! What is known of the last good copies, kept in a small file of the data folder.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::settings::settings_digest;
use crate::domain::units::Timestamp;
use crate::store::backup;

/// The file.
const LOG_FILE: &str = "copies.json";
/// Its name until it is complete.
const LOG_PART: &str = "copies.json.part";
/// Longer files are not ours.
const LOG_BYTES_MAX: u64 = 64 * 1024;
/// From a copy to the next one that is due because settings changed: one for all changes of an evening at the desk.
const SETTINGS_PAUSE_MS: i64 = 10 * 60_000;

/// The last good copies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyLog {
    /// On the card.
    pub card: Option<CopyRecord>,
    /// Not on the card.
    pub away: Option<CopyRecord>,
}

/// One copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyRecord {
    /// Up to when nothing is missing in it.
    pub at_ms: i64,
    /// Its file's name.
    pub file: String,
    /// Where it is, as the configuration says it.
    pub place: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Entries of the ledger in it, which were proved.
    pub entries: u64,
    /// The store's mark at that moment.
    pub mark: Option<String>,
    /// The public key it is encrypted for; empty if it is not.
    pub recipient: String,
    /// The digest of the desk's settings in it; empty if it has none, as one that is not encrypted.
    #[serde(default)]
    pub settings: String,
}

impl CopyRecord {
    /// Up to when nothing is missing in it.
    pub fn at(&self) -> Timestamp {
        Timestamp(self.at_ms)
    }

    /// Whether it has the settings of a data folder, as far as it should.
    pub(super) fn has_settings_of(&self, data_dir: &Path) -> bool {
        self.recipient.is_empty() || self.settings == settings_digest(data_dir)
    }
}

impl CopyLog {
    /// Reads the file. A missing or damaged one says that there is no copy, so that another one is made.
    pub fn read(data_dir: &Path) -> Self {
        let path = data_dir.join(LOG_FILE);
        let is_ours = std::fs::metadata(&path).is_ok_and(|file| file.len() <= LOG_BYTES_MAX);
        let text = if is_ours { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Replaces the file.
    pub fn write(&self, data_dir: &Path) -> Result<(), backup::BackupError> {
        let part = data_dir.join(LOG_PART);
        let at = |source| backup::BackupError::File { path: part.clone(), source };
        let text = serde_json::to_vec(self).map_err(|error| at(error.into()))?;
        let open = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&part);
        open.and_then(|mut file| file.write_all(&text)).map_err(at)?;
        backup::publish(&part, &data_dir.join(LOG_FILE))
    }

    /// Whether the desk's settings changed since the copy on the card, which should have them, and that is not the youngest.
    pub(super) fn lacks_settings(&self, data_dir: &Path, now: Timestamp) -> bool {
        self.card.as_ref().is_some_and(|card| {
            now.0.saturating_sub(card.at_ms) >= SETTINGS_PAUSE_MS && !card.has_settings_of(data_dir)
        })
    }

    /// Whether the copy on the card is older than `every`. One from the future was made by a wrong clock.
    pub(super) fn is_due(&self, every: Duration, now: Timestamp) -> bool {
        let every_ms = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
        self.card.as_ref().is_none_or(|card| {
            backup::is_ahead(card.at(), now) || now.0.saturating_sub(card.at_ms) >= every_ms
        })
    }
}
