//! The tail of a copy: segments with the pages that changed since, one after the other. Applied to the copy they make the store
//! of a later moment.
//!
//! A segment names its copy by the digest of the packed file, its own number, and the segment before it by its digest; all of that
//! and the pages are under a code made with the site's secret, which is in the copy. Encryption for the recovery key alone would not
//! do: anybody who has the public half can encrypt.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ring::hmac;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::backup::BackupError;
use super::changed_pages::TakenPages;
use super::connect::READ_ONLY;
use super::packed::{self, CopyForm};
use super::site_secret;
use crate::domain::units::Timestamp;
use crate::identity::site_secret::SiteSecret;
use crate::tools::age::{Identity, Recipient};
use crate::tools::digest::of_parts;

/// The first line of a segment.
const MAGIC: &str = "kuota tail 1\n";
/// Bytes of the code at the end.
const CODE_BYTES: usize = 32;
/// The most segments of one copy.
pub const SEGMENTS_MAX: u32 = 360;
/// The most pages of one segment; more are a reason for a whole copy.
pub const SEGMENT_PAGES_MAX: usize = 2048;
/// The longest segment, unpacked.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// The longest header.
const HEADER_BYTES_MAX: usize = 4096;
/// Where SQLite's header says how the file is written and read: 1 is without a log.
const VERSIONS_AT: u64 = 18;

/// Where the next segment belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailPlace {
    /// The SHA-256 of the packed copy, in hex.
    pub copy_sha256: String,
    /// The number of the segment, from 1.
    pub number: u32,
    /// The digest of the segment before it, in hex; empty for the first.
    pub before: String,
}

impl TailPlace {
    /// The first place after a copy.
    pub fn first(copy_sha256: &str) -> Self {
        Self { copy_sha256: copy_sha256.to_owned(), number: 1, before: String::new() }
    }

    /// The place after the segment with this digest.
    #[must_use]
    pub fn after(self, digest: String) -> Self {
        Self { number: self.number + 1, before: digest, ..self }
    }
}

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentHeader {
    copy_sha256: String,
    number: u32,
    before: String,
    page_bytes: u32,
    store_pages: u32,
    pages: u32,
    at_ms: i64,
}

/// A segment that is ready to be sent.
#[derive(Clone, Debug)]
pub struct SealedSegment {
    /// Compressed and encrypted.
    pub content: Vec<u8>,
    /// Its digest, which the next one names.
    pub digest: String,
}

/// What was applied to a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TailApplied {
    /// Segments.
    pub segments: u32,
    /// The moment of the last one.
    pub at: Option<Timestamp>,
}

/// Makes a segment of taken pages.
pub fn seal(
    place: &TailPlace,
    taken: &TakenPages,
    at: Timestamp,
    secret: &SiteSecret,
    recipient: &Recipient,
) -> io::Result<SealedSegment> {
    let header = SegmentHeader {
        copy_sha256: place.copy_sha256.clone(),
        number: place.number,
        before: place.before.clone(),
        page_bytes: taken.page_bytes,
        store_pages: taken.store_pages,
        pages: u32::try_from(taken.pages.len()).map_err(io::Error::other)?,
        at_ms: at.0,
    };
    let mut plain = MAGIC.as_bytes().to_vec();
    serde_json::to_writer(&mut plain, &header).map_err(io::Error::other)?;
    plain.push(b'\n');
    for (page, content) in &taken.pages {
        plain.extend_from_slice(&page.to_be_bytes());
        plain.extend_from_slice(content);
    }
    let code = hmac::sign(&key_of(secret), &plain);
    plain.extend_from_slice(code.as_ref());
    let digest = digest_of(&plain);
    Ok(SealedSegment { content: packed::seal(&plain, recipient)?, digest })
}

/// The file of a segment next to its copy.
pub fn segment_file(copy: &Path, number: u32) -> PathBuf {
    let mut name = copy.as_os_str().to_owned();
    name.push(format!(".tail-{number:04}"));
    name.into()
}

/// Applies the segments next to a packed copy to the store that was unpacked from it, up to the first that is absent. One that is
/// not of this copy or not in its place is an error, and the unpacked store is of no use then.
pub fn apply(copy: &Path, unpacked: &Path, identity: Option<&Identity>) -> Result<TailApplied, BackupError> {
    let mut applied = TailApplied::default();
    if !segment_file(copy, 1).exists() {
        return Ok(applied);
    }
    let secret = secret_in(unpacked)?;
    let store = File::options().read(true).write(true).open(unpacked).map_err(at(unpacked))?;
    let mut place = TailPlace::first(&file_digest(copy)?);
    loop {
        let path = segment_file(copy, place.number);
        if !path.exists() || place.number > SEGMENTS_MAX {
            break;
        }
        let plain = open_segment(&path, identity)?;
        let digest = digest_of(&plain);
        let (header, pages) = judge(&plain, &place, &secret).map_err(|why| unusable(&path, why))?;
        write_pages(&store, &header, pages).map_err(|why| unusable(&path, why))?;
        applied = TailApplied { segments: place.number, at: Some(Timestamp(header.at_ms)) };
        place = place.after(digest);
    }
    store.write_all_at(&[1, 1], VERSIONS_AT).and_then(|()| store.sync_all()).map_err(at(unpacked))?;
    Ok(applied)
}

fn secret_in(store: &Path) -> Result<SiteSecret, BackupError> {
    let conn = Connection::open_with_flags(store, READ_ONLY)?;
    let kept = site_secret::kept(&conn).map_err(|error| unusable(store, error))?;
    kept.ok_or_else(|| unusable(store, "it has no site secret, which its tail is checked with"))
}

fn open_segment(path: &Path, identity: Option<&Identity>) -> Result<Vec<u8>, BackupError> {
    match (packed::form_of(path)?, identity) {
        (CopyForm::Encrypted, Some(identity)) => packed::open_sealed(path, identity, SEGMENT_BYTES_MAX),
        (CopyForm::Encrypted, None) => {
            Err(unusable(path, "it is encrypted; the key of the recovery kit opens it"))
        }
        (CopyForm::Plain | CopyForm::Compressed, _) => Err(unusable(path, "it is no segment of a tail")),
    }
}

/// The header and the pages of a segment that is genuine and in its place.
fn judge<'a>(
    plain: &'a [u8],
    place: &TailPlace,
    secret: &SiteSecret,
) -> Result<(SegmentHeader, &'a [u8]), String> {
    let signed = plain.len().checked_sub(CODE_BYTES).ok_or("it is too short")?;
    let (signed, code) = plain.split_at(signed);
    hmac::verify(&key_of(secret), signed, code)
        .map_err(|_| "this site did not make it, or it was changed")?;
    let rest = signed.strip_prefix(MAGIC.as_bytes()).ok_or("it is of another version")?;
    let end = rest.iter().take(HEADER_BYTES_MAX).position(|byte| *byte == b'\n').ok_or("it has no header")?;
    let header: SegmentHeader =
        serde_json::from_slice(&rest[..end]).map_err(|error| format!("its header: {error}"))?;
    if header.copy_sha256 != place.copy_sha256 {
        return Err("it belongs to another copy; remove it and those after it".to_owned());
    }
    if header.number != place.number || header.before != place.before {
        return Err(format!("it is not segment {} of this copy; remove it and those after it", place.number));
    }
    Ok((header, &rest[end + 1..]))
}

fn write_pages(store: &File, header: &SegmentHeader, pages: &[u8]) -> Result<(), String> {
    let page_bytes = usize::try_from(header.page_bytes).unwrap_or_default();
    let mut own = [0; 2];
    store.read_exact_at(&mut own, 16).map_err(|error| error.to_string())?;
    // SQLite writes 65 536 as 1.
    let own = match u16::from_be_bytes(own) {
        1 => 65_536,
        bytes => usize::from(bytes),
    };
    let row = page_bytes + 4;
    if page_bytes != own || pages.len() != row * usize::try_from(header.pages).unwrap_or_default() {
        return Err("its pages do not fit the copy".to_owned());
    }
    for page in pages.chunks_exact(row) {
        let (number, content) = page.split_at(4);
        let number = u32::from_be_bytes(std::array::from_fn(|i| number[i]));
        if !(1..=header.store_pages).contains(&number) {
            return Err(format!("it has page {number} of {}", header.store_pages));
        }
        let at = u64::from(number - 1) * u64::from(header.page_bytes);
        store.write_all_at(content, at).map_err(|error| error.to_string())?;
    }
    let length = u64::from(header.store_pages) * u64::from(header.page_bytes);
    store.set_len(length).map_err(|error| error.to_string())
}

fn key_of(secret: &SiteSecret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &of_parts([b"kuota tail".as_slice(), secret.bytes()]))
}

fn digest_of(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

fn file_digest(path: &Path) -> Result<String, BackupError> {
    let mut file = File::open(path).map_err(at(path))?;
    let (mut digest, mut step) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut step).map_err(at(path))? {
            0 => return Ok(HEXLOWER.encode(&digest.finalize())),
            read => digest.update(&step[..read]),
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err, which hands errors over")]
fn unusable(path: &Path, why: impl ToString) -> BackupError {
    BackupError::Unusable { path: path.to_owned(), why: why.to_string() }
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError {
    move |source| BackupError::File { path: path.to_owned(), source }
}

#[cfg(test)]
#[path = "tail_tests.rs"]
mod tests;
