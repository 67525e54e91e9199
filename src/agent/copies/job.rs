//! The work of one turn, on a thread of its own: it waits for disks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use tokio::runtime::Handle;

use super::disk::{self, Disks, FREE_BYTES_MIN, free_bytes};
use super::error::CopyError;
use super::keep::surplus;
use super::log::{CopyLog, CopyRecord};
use super::names::{COPIES_FOLDER, PART_END, copies_in, name, parts_in};
use super::s3::S3Bucket;
use super::settings::{CopiedSettings, settings_digest};
use super::setup::{CopySetup, recipient};
use super::vault::VaultClient;
use crate::agent::config::CopyTarget;
use crate::domain::instance::Instance;
use crate::domain::units::Timestamp;
use crate::store::backup::{self, BackupError};
use crate::store::packed::{self, Packed, Sealing};
use crate::store::{FILE, Reader};
use crate::tools::age::Recipient;

/// The store's copy before it is compressed.
const RAW_FILE: &str = "kuota.db.copying";

/// What one turn has to do.
pub(super) struct CopyJob {
    pub tag: String,
    pub setup: CopySetup,
    pub disks: Disks,
    pub log: CopyLog,
    /// The machine that this is.
    pub instance: Instance,
    /// Whether a copy is made although nothing changed.
    pub must_copy: bool,
    /// Whether it is time for a copy.
    pub is_due: bool,
    /// The digest of the copy that this turn made.
    pub made: Option<String>,
}

impl CopyJob {
    /// Whether the copy on the card is not at the target.
    pub fn lacks_target(&self) -> bool {
        let place = self.setup.backup.target.to_string();
        let is_there = |card: &CopyRecord| {
            self.log.away.as_ref().is_some_and(|away| away.file == card.file && away.place == place)
        };
        self.setup.backup.target != CopyTarget::None
            && self.log.card.as_ref().is_some_and(|card| !is_there(card))
    }

    /// Does it. The log has what was achieved, also after an error.
    pub fn run(&mut self, reader: &Reader, is_clock_trusted: bool, now: Timestamp) -> Result<(), CopyError> {
        if self.is_due || (self.lacks_target() && self.has_other_key()?) {
            self.make(reader, now)?;
        }
        if self.lacks_target() {
            self.deliver(is_clock_trusted, now)?;
        }
        if is_clock_trusted {
            self.thin_card(now)?;
        }
        Ok(())
    }

    fn folder(&self) -> PathBuf {
        self.setup.data_dir.join(COPIES_FOLDER)
    }

    /// Encryption protects what leaves the card. The store itself is on the card as it is.
    fn recipient(&self) -> Result<Option<Recipient>, CopyError> {
        match self.setup.backup.target {
            CopyTarget::None => Ok(None),
            // Without a key there is a copy on the card at least; delivering it to a bucket or the relay is refused.
            CopyTarget::Folder(_) | CopyTarget::Usb(_) | CopyTarget::S3 { .. } | CopyTarget::Relay => {
                recipient(&self.setup)
            }
        }
    }

    /// Whether the copy on the card is not encrypted as one for the target has to be.
    fn has_other_key(&self) -> Result<bool, CopyError> {
        let key = self.recipient()?.map(|recipient| recipient.to_string()).unwrap_or_default();
        Ok(self.log.card.as_ref().is_some_and(|card| card.recipient != key))
    }

    fn make(&mut self, reader: &Reader, now: Timestamp) -> Result<(), CopyError> {
        let folder = self.folder();
        private_folder(&folder)?;
        let recipient = self.recipient()?;
        let mark = reader.change_mark()?;
        if !self.must_copy && self.is_current(mark.as_deref(), recipient.as_ref()) {
            return self.confirm(now);
        }
        self.make_room(&folder)?;
        // Before the settings are read: a change in between makes another copy.
        let digest = recipient.as_ref().map(|_| settings_digest(&self.setup.data_dir)).unwrap_or_default();
        let settings =
            CopiedSettings::read(&self.setup.data_dir).map(|read| read.to_bytes()).unwrap_or_default();
        let sealing = recipient.as_ref().map(|recipient| Sealing { recipient, attachment: &settings });
        let raw = folder.join(RAW_FILE);
        let file = name(&self.tag, now, recipient.is_some());
        let (part, target) = (folder.join(format!("{file}{PART_END}")), folder.join(&file));
        // What was copied is proved whole, every entry of it.
        let made = reader.copy_to(&raw, &mut |_| {}).and_then(|verified| {
            let packed = packed::pack(&raw, &part, sealing)?;
            backup::publish(&part, &target)?;
            Ok((verified, packed))
        });
        backup::remove(&raw);
        let (verified, packed) = made?;
        let record = CopyRecord {
            at_ms: now.0,
            file,
            place: COPIES_FOLDER.to_owned(),
            bytes: packed.bytes,
            sha256: HEXLOWER.encode(&packed.sha256),
            entries: verified.entries,
            mark,
            recipient: recipient.map(|recipient| recipient.to_string()).unwrap_or_default(),
            settings: digest,
        };
        tracing::info!(file = record.file, bytes = record.bytes, "a copy of the store was made and verified");
        self.made = Some(record.sha256.clone());
        self.log.card = Some(record);
        Ok(self.log.write(&self.setup.data_dir)?)
    }

    /// Whether the last copy has everything, is still there and is encrypted as it should be.
    fn is_current(&self, mark: Option<&str>, recipient: Option<&Recipient>) -> bool {
        let recipient = recipient.map(ToString::to_string).unwrap_or_default();
        self.log.card.as_ref().is_some_and(|card| {
            mark.is_some()
                && card.mark.as_deref() == mark
                && card.recipient == recipient
                && card.has_settings_of(&self.setup.data_dir)
                && has_length(&self.folder().join(&card.file), card.bytes)
        })
    }

    /// Notes that nothing changed since the last copy.
    fn confirm(&mut self, now: Timestamp) -> Result<(), CopyError> {
        let place = self.setup.backup.target.to_string();
        let file = self.log.card.as_ref().map(|card| card.file.clone());
        let away = self.log.away.as_ref();
        let away = away.filter(|away| away.place == place && Some(&away.file) == file.as_ref());
        let is_there = away.map(|away| self.is_there(away, now));
        if let Some(card) = &mut self.log.card {
            card.at_ms = now.0;
        }
        match is_there {
            Some(Ok(true)) => {
                if let Some(away) = &mut self.log.away {
                    away.at_ms = now.0;
                }
            }
            // One that is gone is brought there again.
            Some(Ok(false)) => self.log.away = None,
            // What cannot be seen is neither.
            Some(Err(_)) | None => {}
        }
        Ok(self.log.write(&self.setup.data_dir)?)
    }

    /// Whether the copy is still at the target.
    fn is_there(&self, away: &CopyRecord, now: Timestamp) -> Result<bool, CopyError> {
        match &self.setup.backup.target {
            CopyTarget::S3 { bucket, prefix } => {
                let bucket = S3Bucket::new(&self.setup.backup.s3, &self.setup.data_dir, bucket, prefix)?;
                Ok(Handle::current().block_on(bucket.has(&away.file, now))?)
            }
            CopyTarget::Relay => Ok(Handle::current().block_on(self.vault()?.has(&away.sha256))?),
            CopyTarget::None | CopyTarget::Folder(_) | CopyTarget::Usb(_) => {
                Ok(has_length(&self.target_folder()?.join(&away.file), away.bytes))
            }
        }
    }

    /// Removes old copies of ours, oldest first, while the card has no room for another one.
    fn make_room(&self, folder: &Path) -> Result<(), CopyError> {
        let length = |name: &str| {
            std::fs::metadata(self.setup.data_dir.join(name)).map(|file| file.len()).unwrap_or_default()
        };
        let store_bytes = length(FILE) + length(&format!("{FILE}-wal"));
        // The copy as it is, and compressed at worst as long.
        let need = store_bytes.saturating_mul(2).saturating_add(FREE_BYTES_MIN);
        let failed = |source| BackupError::File { path: folder.to_owned(), source };
        let mut copies = copies_in(folder, &self.tag).map_err(failed)?;
        // The newest stays.
        copies.pop();
        let mut oldest_first = copies.into_iter();
        loop {
            let free = free_bytes(folder).map_err(failed)?;
            if free >= need {
                return Ok(());
            }
            let Some((_, path)) = oldest_first.next() else {
                let folder = folder.to_owned();
                return Err(CopyError::NoRoom { folder, need_mb: need >> 20, free_mb: free >> 20 });
            };
            tracing::warn!(file = %path.display(), "an old copy gives way: the card has no room for another one");
            backup::remove(&path);
        }
    }

    fn vault(&self) -> Result<VaultClient, CopyError> {
        let relay = self.setup.relay.as_ref();
        let relay =
            relay.ok_or_else(|| CopyError::Absent { what: "there is no section [relay]".to_owned() })?;
        Ok(VaultClient::new(relay, &self.setup.data_dir, self.instance)?)
    }

    fn target_folder(&self) -> Result<PathBuf, CopyError> {
        let folder = match &self.setup.backup.target {
            CopyTarget::None | CopyTarget::S3 { .. } | CopyTarget::Relay => {
                return Err(CopyError::Absent { what: "backup.target is no folder".to_owned() });
            }
            CopyTarget::Folder(path) => path.clone(),
            CopyTarget::Usb(label) => {
                let folder = self.disks.mount_of(label)?.join(disk::FOLDER);
                self.on_another_disk(folder.parent().unwrap_or(&folder))?;
                private_folder(&folder)?;
                folder
            }
        };
        self.on_another_disk(&folder)?;
        Ok(folder)
    }

    /// A folder that is not there is not made: it would be on the card while the disk is not mounted.
    fn on_another_disk(&self, folder: &Path) -> Result<(), CopyError> {
        match (self.disks.differ)(folder, &self.setup.data_dir) {
            Ok(true) => Ok(()),
            Ok(false) => Err(CopyError::SameDisk { folder: folder.to_owned() }),
            Err(error) => Err(CopyError::Absent { what: format!("{}: {error}", folder.display()) }),
        }
    }

    /// Brings the copy on the card to the target.
    fn deliver(&mut self, is_clock_trusted: bool, now: Timestamp) -> Result<(), CopyError> {
        let Some(card) = self.log.card.clone() else { return Ok(()) };
        let from = self.folder().join(&card.file);
        let sha256 = HEXLOWER.decode(card.sha256.as_bytes()).ok().and_then(|sha256| sha256.try_into().ok());
        let packed = Packed { bytes: card.bytes, sha256: sha256.unwrap_or_default() };
        let place = self.setup.backup.target.to_string();
        let delivered = match &self.setup.backup.target {
            CopyTarget::S3 { .. } | CopyTarget::Relay if card.recipient.is_empty() => {
                return Err(CopyError::NoKey { place });
            }
            CopyTarget::S3 { bucket, prefix } => {
                let bucket = S3Bucket::new(&self.setup.backup.s3, &self.setup.data_dir, bucket, prefix)?;
                let put = Handle::current().block_on(bucket.put(&card.file, &from, &packed, now));
                put.map(|()| None).map_err(CopyError::from)
            }
            CopyTarget::Relay => {
                let put = Handle::current().block_on(self.vault()?.put(&from, card.at()));
                put.map(|()| None).map_err(CopyError::from)
            }
            CopyTarget::None | CopyTarget::Folder(_) | CopyTarget::Usb(_) => {
                let to = self.target_folder()?;
                to_folder(&from, &to, &card.file, &packed).map(|()| Some(to))
            }
        };
        // A copy on the card that cannot be read is made again.
        if delivered.is_err() && !has_length(&from, card.bytes) {
            self.log.card = None;
        }
        let folder = delivered?;
        tracing::info!(file = card.file, place, "the copy was brought off the card");
        self.log.away = Some(CopyRecord { place, ..card });
        self.log.write(&self.setup.data_dir)?;
        if let Some(to) = folder.filter(|_| is_clock_trusted) {
            thin(&to, &self.tag, |made| surplus(made, self.setup.backup.keep, now))?;
        }
        Ok(())
    }

    /// With a target that has the copy, the card keeps the newest one alone.
    fn thin_card(&self, now: Timestamp) -> Result<(), CopyError> {
        let has_away = self.setup.backup.target != CopyTarget::None && !self.lacks_target();
        let all_but_last = |made: &BTreeSet<Timestamp>| made.iter().copied().rev().skip(1).collect();
        let keep = self.setup.backup.keep;
        thin(
            &self.folder(),
            &self.tag,
            |made| {
                if has_away { all_but_last(made) } else { surplus(made, keep, now) }
            },
        )
    }
}

/// Copies a packed copy into a folder; a file of that name is whole.
fn to_folder(from: &Path, to: &Path, file: &str, packed: &Packed) -> Result<(), CopyError> {
    let (part, target) = (to.join(format!("{file}{PART_END}")), to.join(file));
    packed::transfer(from, &part, packed)?;
    let published = backup::publish(&part, &target);
    if published.is_err() {
        backup::remove(&part);
    }
    Ok(published?)
}

/// Removes the copies of this site that `choose` names, and incomplete ones that a power cut left.
fn thin(
    folder: &Path,
    tag: &str,
    choose: impl Fn(&BTreeSet<Timestamp>) -> BTreeSet<Timestamp>,
) -> Result<(), CopyError> {
    let failed = |source| BackupError::File { path: folder.to_owned(), source };
    for part in parts_in(folder, tag).map_err(failed)? {
        backup::remove(&part);
    }
    let copies = copies_in(folder, tag).map_err(failed)?;
    let chosen = choose(&copies.iter().map(|(at, _)| *at).collect());
    for (_, path) in copies.iter().filter(|(at, _)| chosen.contains(at)) {
        backup::remove(path);
    }
    Ok(())
}

/// A folder that only its owner can read, because a copy has hashes of passwords.
fn private_folder(folder: &Path) -> Result<(), BackupError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| BackupError::File { path: folder.to_owned(), source })
}

fn has_length(path: &Path, bytes: u64) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() == bytes)
}
