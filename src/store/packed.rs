//! Copies as they are kept: compressed (zstd), and encrypted (age) where there is a recovery key.
//!
//! An encrypted copy may have an attachment: bytes that are no part of the store, in a skippable frame after the store's. Any
//! decompressor, also that of an earlier version, passes over it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::backup::{self, BackupError, Progress};
use crate::tools::age::{self, Decryptor, Encryptor, Identity, Recipient};

/// The level of compression: higher ones take a Pi much longer and save little.
const LEVEL: i32 = 3;
/// The largest window that a compressed copy may ask for, as a power of two: 32 MiB. The compressor uses 2 MiB.
const WINDOW_LOG_MAX: u32 = 25;
/// Bytes moved at a time.
const STEP_BYTES: usize = 64 * 1024;
/// The first bytes of a compressed file.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The first bytes of our skippable frame. Sixteen values of the first byte are left to programs (RFC 8878, section 3.1.2).
const ATTACHMENT_MAGIC: [u8; 4] = [0x5b, 0x2a, 0x4d, 0x18];
/// What the first byte of any skippable frame is, with the last four bits cleared.
const SKIPPABLE: u8 = 0x50;
/// The longest attachment.
pub const ATTACHMENT_BYTES_MAX: usize = 256 * 1024;

/// The form of a file that should be a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyForm {
    /// A store as it is.
    Plain,
    /// Compressed.
    Compressed,
    /// Compressed and encrypted.
    Encrypted,
}

/// How a copy is encrypted.
#[derive(Clone, Copy, Debug)]
pub struct Sealing<'a> {
    /// For whose key.
    pub recipient: &'a Recipient,
    /// What goes with the store; empty for nothing. It leaves the card encrypted only.
    pub attachment: &'a [u8],
}

/// A packed copy that was written and read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// The form of a file, by its first bytes. Anything else counts as a store, which [`backup::restore`] judges.
pub fn form_of(path: &Path) -> Result<CopyForm, BackupError> {
    let mut head = [0; 32];
    let mut file = File::open(path).map_err(at(path))?;
    if file.metadata().map_err(at(path))?.is_dir() {
        return Err(at(path)(io::ErrorKind::IsADirectory.into()));
    }
    let read = read_full(&mut file, &mut head).map_err(at(path))?;
    let head = &head[..read];
    Ok(if age::is_encrypted(head) {
        CopyForm::Encrypted
    } else if head.starts_with(&ZSTD_MAGIC) {
        CopyForm::Compressed
    } else {
        CopyForm::Plain
    })
}

/// Packs a proven copy into the new file `part`, which is on the disk when this returns and was read back. After an error
/// there is no such file.
pub fn pack(from: &Path, part: &Path, sealing: Option<Sealing<'_>>) -> Result<Packed, BackupError> {
    let packed = write_packed(from, part, sealing).and_then(|packed| {
        read_back(part, &packed)?;
        Ok(packed)
    });
    if packed.is_err() {
        backup::remove(part);
    }
    packed
}

fn write_packed(from: &Path, part: &Path, sealing: Option<Sealing<'_>>) -> Result<Packed, BackupError> {
    let source = File::open(from).map_err(at(from))?;
    let mut counted = Counted::new(BufWriter::new(backup::create(part)?));
    match sealing {
        Some(Sealing { recipient, attachment }) => {
            let mut sealed = Encryptor::new(&mut counted, recipient).map_err(at(part))?;
            compress(source, &mut sealed).map_err(at(part))?;
            attach(attachment, &mut sealed).map_err(at(part))?;
            sealed.finish().map_err(at(part))?;
        }
        None => compress(source, &mut counted).map_err(at(part))?,
    }
    counted.finish().map_err(at(part))
}

fn compress(mut from: File, into: impl Write) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(into, LEVEL)?;
    encoder.include_checksum(true)?;
    io::copy(&mut from, &mut encoder)?;
    encoder.finish().map(drop)
}

fn attach(attachment: &[u8], into: &mut impl Write) -> io::Result<()> {
    if attachment.is_empty() {
        return Ok(());
    }
    let length = Some(attachment.len()).filter(|length| *length <= ATTACHMENT_BYTES_MAX);
    let length = length.and_then(|length| u32::try_from(length).ok());
    let length = length.ok_or_else(|| io::Error::other("what goes with the store is too long"))?;
    into.write_all(&ATTACHMENT_MAGIC)?;
    into.write_all(&length.to_le_bytes())?;
    into.write_all(attachment)
}

/// Copies a packed file to the new file `part` on another disk and reads it back.
pub fn transfer(from: &Path, part: &Path, packed: &Packed) -> Result<(), BackupError> {
    let copied = || {
        let mut source = File::open(from).map_err(at(from))?;
        let mut counted = Counted::new(BufWriter::new(backup::create(part)?));
        io::copy(&mut source, &mut counted).map_err(at(part))?;
        let copied = counted.finish().map_err(at(part))?;
        if copied != *packed {
            return Err(changed(from));
        }
        read_back(part, packed)
    };
    let copied = copied();
    if copied.is_err() {
        backup::remove(part);
    }
    copied
}

/// Refuses a file whose bytes are not those that were written.
pub fn read_back(path: &Path, packed: &Packed) -> Result<(), BackupError> {
    let mut file = File::open(path).map_err(at(path))?;
    let mut counted = Counted::new(io::sink());
    io::copy(&mut file, &mut counted).map_err(at(path))?;
    if counted.packed() == *packed { Ok(()) } else { Err(changed(path)) }
}

/// Unpacks a compressed or encrypted copy into the new file `into` and returns the attachment of an encrypted one, empty for
/// none. After an error there is no such file.
pub fn unpack(
    from: &Path,
    into: &Path,
    identity: Option<&Identity>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<u8>, BackupError> {
    let unpacked = write_unpacked(from, into, identity, progress);
    if unpacked.is_err() {
        backup::remove(into);
    }
    unpacked
}

fn write_unpacked(
    from: &Path,
    into: &Path,
    identity: Option<&Identity>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<u8>, BackupError> {
    let form = form_of(from)?;
    let file = File::open(from).map_err(at(from))?;
    let total = file.metadata().map_err(at(from))?.len();
    let read = Told { from: BufReader::new(file), done: 0, total, progress };
    match (form, identity) {
        (CopyForm::Encrypted, None) => {
            Err(unusable(from, "it is encrypted; the key of the recovery kit opens it"))
        }
        (CopyForm::Encrypted, Some(identity)) => {
            let opened = Decryptor::new(read, identity).map_err(|error| blame(from, error))?;
            let rest = decompress(BufReader::new(opened), from, into)?;
            attachment_in(rest).map_err(|error| blame(from, error))
        }
        // What follows the store in a copy that anybody can write is not taken.
        (CopyForm::Compressed, _) => {
            let rest = decompress(BufReader::new(read), from, into)?;
            attachment_in(rest).map(|_| Vec::new()).map_err(|error| blame(from, error))
        }
        (CopyForm::Plain, _) => Err(unusable(from, "it is neither compressed nor encrypted")),
    }
}

/// Decompresses the store's frame and returns the reader, which is after it.
fn decompress<R: BufRead>(packed: R, from: &Path, into: &Path) -> Result<R, BackupError> {
    let decoder = zstd::Decoder::with_buffer(packed).map_err(|error| blame(from, error))?;
    let mut decoder = decoder.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(|error| blame(from, error))?;
    let mut file = backup::create(into)?;
    let mut step = vec![0; STEP_BYTES];
    loop {
        match decoder.read(&mut step).map_err(|error| blame(from, error))? {
            0 => break,
            read => file.write_all(&step[..read]).map_err(at(into))?,
        }
    }
    file.sync_all().map_err(at(into))?;
    Ok(decoder.into_inner())
}

/// The attachment after the store's frame, read to the end of the file, so that one that was cut is found. Skippable frames of
/// other kinds are passed over, anything else is an error.
fn attachment_in(mut rest: impl Read) -> io::Result<Vec<u8>> {
    let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut attachment = Vec::new();
    loop {
        let mut head = [0; 8];
        match read_full(&mut rest, &mut head)? {
            0 => return Ok(attachment),
            8 if head[0] & 0xf0 == SKIPPABLE && head[1..4] == ATTACHMENT_MAGIC[1..] => {}
            _ => return Err(bad("it goes on after its end")),
        }
        let length = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let is_ours = head[..4] == ATTACHMENT_MAGIC;
        if is_ours && (!attachment.is_empty() || length > ATTACHMENT_BYTES_MAX as u64) {
            return Err(bad("what goes with the store is too long"));
        }
        let mut content = rest.by_ref().take(length);
        let read = if is_ours {
            content.read_to_end(&mut attachment)? as u64
        } else {
            io::copy(&mut content, &mut io::sink())?
        };
        if read != length {
            return Err(bad("it is cut off"));
        }
    }
}

/// An error while a packed file is read: of the disk, or of what is in it.
fn blame(from: &Path, error: io::Error) -> BackupError {
    match error.kind() {
        _ if error.raw_os_error().is_some() => at(from)(error),
        io::ErrorKind::PermissionDenied => BackupError::WrongKey { path: from.to_owned() },
        _ => unusable(from, error),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err, which hands errors over")]
fn unusable(path: &Path, why: impl ToString) -> BackupError {
    BackupError::Unusable { path: path.to_owned(), why: why.to_string() }
}

fn changed(path: &Path) -> BackupError {
    unusable(path, "what the disk returns is not what was written to it: look for a disk that fails")
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError {
    move |source| BackupError::File { path: path.to_owned(), source }
}

fn read_full(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < into.len() {
        match from.read(&mut into[read..])? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

/// Compresses and encrypts what fits in memory.
pub fn seal(plain: &[u8], recipient: &Recipient) -> io::Result<Vec<u8>> {
    let mut sealed = Encryptor::new(Vec::new(), recipient)?;
    let mut encoder = zstd::Encoder::new(&mut sealed, LEVEL)?;
    encoder.write_all(plain)?;
    encoder.finish()?;
    sealed.finish()
}

/// What [`seal`] sealed, from a file; an error if it is longer than `most` bytes.
pub fn open_sealed(from: &Path, identity: &Identity, most: u64) -> Result<Vec<u8>, BackupError> {
    let file = BufReader::new(File::open(from).map_err(at(from))?);
    let opened = Decryptor::new(file, identity).map_err(|error| blame(from, error))?;
    let mut decoder = zstd::Decoder::new(opened).map_err(|error| blame(from, error))?;
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(|error| blame(from, error))?;
    let mut plain = Vec::new();
    decoder.take(most + 1).read_to_end(&mut plain).map_err(|error| blame(from, error))?;
    if plain.len() as u64 > most {
        return Err(unusable(from, "it is too long"));
    }
    Ok(plain)
}

/// Counts and digests what passes.
struct Counted<W> {
    out: W,
    bytes: u64,
    digest: Sha256,
}

impl<W: Write> Counted<W> {
    fn new(out: W) -> Self {
        Self { out, bytes: 0, digest: Sha256::new() }
    }

    fn packed(self) -> Packed {
        Packed { bytes: self.bytes, sha256: self.digest.finalize().into() }
    }
}

impl Counted<BufWriter<File>> {
    /// Writes everything to the disk.
    fn finish(mut self) -> io::Result<Packed> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        Ok(self.packed())
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reports how much was read.
struct Told<'a, R> {
    from: R,
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(Progress),
}

impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.done += read as u64;
        (self.progress)(Progress { done: self.done.min(self.total), total: self.total });
        Ok(read)
    }
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
