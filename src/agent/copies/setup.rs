//! What is copied, where to, and for whose key.

use std::path::PathBuf;

use super::error::CopyError;
use super::kit::{self, RECIPIENT_FILE};
use crate::agent::config::{Backup, Relay};
use crate::tools::age::Recipient;

/// What is to be copied, and where to.
#[derive(Clone, Debug)]
pub struct CopySetup {
    /// The folder of the store.
    pub data_dir: PathBuf,
    /// The section of the configuration in force.
    pub backup: Backup,
    /// The relay, whose vault can be the target.
    pub relay: Option<Relay>,
}

/// The public key for which copies at the target are encrypted.
pub fn recipient(setup: &CopySetup) -> Result<Option<Recipient>, CopyError> {
    let named = &setup.backup.recipient_file;
    let is_named = !named.as_os_str().is_empty();
    let file = if is_named { named.clone() } else { setup.data_dir.join(RECIPIENT_FILE) };
    let refused = |why: String| CopyError::Recipient { file: file.clone(), why };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        // Without a kit there is no key.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => return Ok(None),
        Err(error) => return Err(refused(format!("cannot be read: {error}"))),
    };
    let key = kit::key_line(&text).and_then(Recipient::parse);
    key.map(Some).ok_or_else(|| refused("holds no public key (age1...)".to_owned()))
}
