//! The recovery kit: the key that opens encrypted copies. Its secret half is shown once and is nowhere on the disk; the
//! public half is in the data folder, where the copies are encrypted for it.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::agent::config::Backup;
use crate::clock::rfc3339;
use crate::domain::units::Timestamp;
use crate::store::backup::{self, BackupError};
use crate::tools::age::{Identity, Recipient};

/// The public key of the recovery kit, inside the data folder.
pub const RECIPIENT_FILE: &str = "recovery.recipient";

/// The name of the file of the public half until it is complete.
const PART: &str = "recovery.recipient.part";
/// Characters of a printed key between two spaces.
const GROUP_CHARS: usize = 4;

/// Why there is no new kit.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// There is one.
    #[error(
        "there is a recovery kit already, of the public key {0}; a new one makes the copies from now on unreadable for the old \
         one, and the old one is still needed for the copies until now: --replace makes it"
    )]
    Exists(String),
    /// The configuration names a key of its own.
    #[error("backup.recipient_file names the key of copies ({0}): remove it there to use a recovery kit")]
    Configured(PathBuf),
    /// There is no randomness.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The public half could not be written.
    #[error(transparent)]
    File(#[from] BackupError),
}

/// A new kit. Its `Debug` output has the public half alone.
#[derive(Debug)]
pub struct RecoveryKit {
    identity: Identity,
    /// The public half.
    pub recipient: Recipient,
    /// The public half of the kit that it replaces, which copies until now need.
    pub replaced: Option<String>,
}

impl RecoveryKit {
    /// The secret half as one text.
    pub fn secret_text(&self) -> String {
        self.identity.secret_text()
    }

    /// The secret half in groups, as it is printed, read out and typed.
    pub fn secret_groups(&self) -> String {
        let text = self.secret_text();
        let groups: Vec<&str> =
            text.as_bytes().chunks(GROUP_CHARS).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }
}

/// Makes a kit and has the copies encrypted for it from now on. `may_replace` allows that there is one.
pub fn make_kit(
    data_dir: &Path,
    config: &Backup,
    may_replace: bool,
    now: Timestamp,
) -> Result<RecoveryKit, KitError> {
    if !config.recipient_file.as_os_str().is_empty() {
        return Err(KitError::Configured(config.recipient_file.clone()));
    }
    let replaced = public_half(data_dir);
    if let Some(old) = replaced.as_ref().filter(|_| !may_replace) {
        return Err(KitError::Exists(old.clone()));
    }
    let identity = Identity::generate()?;
    let recipient = identity.recipient();
    write_public_half(data_dir, &format!("# recovery kit made {}\n{recipient}\n", rfc3339(now)))?;
    Ok(RecoveryKit { identity, recipient, replaced })
}

/// Has copies be encrypted for the kit that a store was restored with, unless there is another one here.
pub fn keep_public_half(data_dir: &Path, recipient: &Recipient) -> Result<(), BackupError> {
    if public_half(data_dir).is_some() {
        return Ok(());
    }
    write_public_half(data_dir, &format!("# recovery kit of the store that was restored\n{recipient}\n"))
}

fn write_public_half(data_dir: &Path, text: &str) -> Result<(), BackupError> {
    let part = data_dir.join(PART);
    let failed = |source| BackupError::File { path: part.clone(), source };
    // The daemon must be able to read it, also when root made it.
    let open = File::options().write(true).create(true).truncate(true).mode(0o644).open(&part);
    open.and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
    backup::publish(&part, &data_dir.join(RECIPIENT_FILE))
}

/// The public half of the kit that there is. A file that cannot be read is there, too.
pub fn public_half(data_dir: &Path) -> Option<String> {
    let text = match std::fs::read_to_string(data_dir.join(RECIPIENT_FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(_) => return Some("?".to_owned()),
    };
    Some(key_line(&text).unwrap_or("?").to_owned())
}

/// The first line of a key file that is not empty and no comment.
pub(super) fn key_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_323_600_000);

    #[test]
    fn a_kit_is_made_once_and_its_secret_half_is_not_on_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let kit = make_kit(dir.path(), &Backup::default(), false, NOW).unwrap();
        assert_eq!(public_half(dir.path()), Some(kit.recipient.to_string()));
        assert_eq!(Identity::parse(&kit.secret_groups()).unwrap().recipient(), kit.recipient);
        assert!(!format!("{kit:?}").contains(&kit.secret_text()));
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(!text.to_uppercase().contains("AGE-SECRET-KEY"), "{text}");
        }
        assert!(matches!(make_kit(dir.path(), &Backup::default(), false, NOW), Err(KitError::Exists(_))));
        let other = make_kit(dir.path(), &Backup::default(), true, NOW).unwrap();
        assert_eq!(other.replaced, Some(kit.recipient.to_string()));
        assert_ne!(other.recipient, kit.recipient);
    }

    #[test]
    fn a_key_of_the_configuration_is_not_undone_by_a_kit() {
        let dir = tempfile::tempdir().unwrap();
        let own = Backup { recipient_file: "/etc/kuota/copies.recipient".into(), ..Backup::default() };
        assert!(matches!(make_kit(dir.path(), &own, true, NOW), Err(KitError::Configured(_))));
        assert_eq!(public_half(dir.path()), None);
    }
}
