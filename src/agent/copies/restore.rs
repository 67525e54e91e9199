//! Restoring a copy: one way for the command and for the page of a new card. A copy is prepared with the key, may be looked at, and
//! becomes the store.

use std::fmt;
use std::path::{Path, PathBuf};

use super::kit::keep_public_half;
use super::settings::{CopiedSettings, PlacedSettings};
use crate::store::backup::{self, BackupError, CopyContent, Progress, Restored};
use crate::store::packed::{self, CopyForm};
use crate::store::tail::{self, TailApplied};
use crate::store::{self, FILE, passive};
use crate::tools::age::{Identity, Recipient};

/// The file in which a packed copy is unpacked, in the data folder: whoever may read it may read the store.
const UNPACKED: &str = "kuota.db.unpacked";
/// The file in which a copy is proved before it is shown.
const INSPECTED: &str = "kuota.db.inspected";

/// What became of the settings that go with a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsOutcome {
    /// There are none.
    None,
    /// Those of this card stay.
    Kept,
    /// They are the settings of this card.
    Placed(PlacedSettings),
    /// They cannot be used, for this reason.
    Unusable(String),
}

/// A copy that is the store.
#[derive(Debug)]
pub struct RestoredCopy {
    /// What is in it.
    pub restored: Restored,
    /// What became of the settings.
    pub settings: SettingsOutcome,
}

/// A copy that is ready to become the store. What was unpacked for it is removed when it is dropped.
pub struct PreparedCopy {
    data_dir: PathBuf,
    /// The copy as a store.
    store: PathBuf,
    is_unpacked: bool,
    attachment: Vec<u8>,
    recipient: Option<Recipient>,
    /// The tail that is in it.
    pub applied: TailApplied,
}

impl fmt::Debug for PreparedCopy {
    /// Without the settings: secrets are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedCopy").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Drop for PreparedCopy {
    fn drop(&mut self) {
        if self.is_unpacked {
            backup::remove(&self.store);
        }
    }
}

impl PreparedCopy {
    /// Unpacks a copy into the data folder and applies the tail next to it. Changes nothing of the store.
    pub fn prepare(
        data_dir: &Path,
        copy: &Path,
        identity: Option<&Identity>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, BackupError> {
        let is_unpacked = packed::form_of(copy)? != CopyForm::Plain;
        let mut prepared = Self {
            data_dir: data_dir.to_owned(),
            store: if is_unpacked { data_dir.join(UNPACKED) } else { copy.to_owned() },
            is_unpacked,
            attachment: Vec::new(),
            recipient: identity.map(Identity::recipient),
            applied: TailApplied::default(),
        };
        if is_unpacked {
            prepared.attachment = packed::unpack(copy, &prepared.store, identity, progress)?;
            prepared.applied = tail::apply(copy, &prepared.store, identity)?;
        }
        Ok(prepared)
    }

    /// The settings that go with it; `None` for none.
    pub fn settings(&self) -> Option<Result<CopiedSettings, String>> {
        (!self.attachment.is_empty()).then(|| CopiedSettings::parse(&self.attachment))
    }

    /// Proves the copy and returns what is in it.
    pub fn inspect(&self, progress: &mut dyn FnMut(Progress)) -> Result<CopyContent, BackupError> {
        backup::inspect(&self.store, &self.data_dir.join(INSPECTED), progress)
    }

    /// Makes the copy the store of the data folder. A card without a store gets its settings, too, before the store has its name,
    /// and begins passive, because the machine that made the copy may still be at work; any other card keeps its own settings unless
    /// `takes_settings`. A store that was rescued here comes from this very machine.
    pub fn restore(
        self,
        stamp: &str,
        takes_settings: bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<RestoredCopy, BackupError> {
        let data_dir = self.data_dir.as_path();
        let is_rescued =
            store::rescued(data_dir).is_some_and(|copy| backup::is_same(&copy.path, &self.store));
        let is_new_card = !data_dir.join(FILE).exists() && !is_rescued;
        let begins_passive = is_new_card && !passive::is_passive(data_dir);
        // Before the store has its name: at no moment is it there and active.
        if begins_passive {
            passive::make_passive(data_dir, &format!("restored at {stamp}; kuotad take-over ends this"))?;
        }
        let mut settings = SettingsOutcome::None;
        let mut place = || {
            settings = self.place_settings(is_new_card || takes_settings)?;
            Ok(())
        };
        let restored = backup::restore_after(data_dir, &self.store, stamp, &mut place, progress);
        if begins_passive && restored.is_err() {
            passive::take_over(data_dir)?;
        }
        let restored = restored?;
        if let Some(recipient) = &self.recipient {
            // The next copies are for the same kit.
            keep_public_half(data_dir, recipient)?;
        }
        Ok(RestoredCopy { restored, settings })
    }

    /// Settings that cannot be read are no reason to leave the ledger where it is.
    fn place_settings(&self, takes: bool) -> Result<SettingsOutcome, BackupError> {
        let copied = match self.settings() {
            None => return Ok(SettingsOutcome::None),
            Some(_) if !takes => return Ok(SettingsOutcome::Kept),
            Some(Err(why)) => return Ok(SettingsOutcome::Unusable(why)),
            Some(Ok(copied)) => copied,
        };
        match copied.place(&self.data_dir) {
            Ok(placed) => Ok(SettingsOutcome::Placed(placed)),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Ok(SettingsOutcome::Unusable(error.to_string()))
            }
            Err(source) => Err(BackupError::File { path: self.data_dir.clone(), source }),
        }
    }
}

/// Removes what a preparation left that was cut off.
pub fn remove_unpacked(data_dir: &Path) {
    for name in [UNPACKED, INSPECTED] {
        backup::remove(&data_dir.join(name));
    }
}
