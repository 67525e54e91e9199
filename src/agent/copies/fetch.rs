//! The way back from a server: the newest copy of a site and the segments of its tail, written next to each other as `restore`
//! takes them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use reqwest::Response;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::disk::free_bytes;
use super::error::{RemoteError, with_causes};
use super::names::{PART_END, site_and_moment, tail_name};
use super::s3::{BucketObject, S3Bucket};
use super::signing::DIGEST_HEADER;
use super::vault::VaultClient;
use crate::clock::rfc3339;
use crate::domain::units::Timestamp;
use crate::protocol::vault::VaultItem;
use crate::store::backup::{self, BackupError};
use crate::store::tail::{SEGMENTS_MAX, segment_file};

/// Space that stays free where a copy is written.
const FREE_BYTES_MIN: u64 = 64 << 20;

/// A server that has copies, opened with what is on paper.
#[derive(Debug)]
pub enum CopySource {
    /// The vault of a relay: it has the copies of one site.
    Vault(VaultClient),
    /// A bucket, which may have the copies of several sites.
    Bucket {
        /// Where they are.
        bucket: S3Bucket,
        /// The site's tag in the names of its copies; without it there has to be one site.
        tag: Option<String>,
    },
}

/// Why there is no copy from a server. No file is left.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nothing is replaced.
    #[error("{} is there already; name another file", .0.display())]
    Exists(PathBuf),
    /// The server has none.
    #[error("there is no copy of this site in {0}")]
    Empty(String),
    /// It has copies of several sites.
    #[error("{place} has copies of several sites, name the right one: {sites}")]
    SeveralSites {
        /// The server.
        place: String,
        /// Their tags, and when the last copy of each was made.
        sites: String,
    },
    /// The server cannot be asked, or refuses.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// What arrived is not what was listed.
    #[error("{name} did not arrive as it was put: {why}; repeat, a copy may have been replaced meanwhile")]
    Changed {
        /// The object.
        name: String,
        /// What differs.
        why: String,
    },
    /// The disk would be full.
    #[error("{} has too little room: {need_mb} MB are needed", folder.display())]
    NoRoom {
        /// Where.
        folder: PathBuf,
        /// Megabytes that must be free.
        need_mb: u64,
    },
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] BackupError),
}

/// A copy that was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FetchedCopy {
    /// Where it is; the segments are next to it.
    pub file: PathBuf,
    /// Its name at the server.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// When it was put, RFC 3339.
    pub put_at: String,
    /// Segments of its tail.
    pub segments: usize,
    /// When the last of all was put, RFC 3339.
    pub last_put_at: String,
}

/// An object of a server.
struct RemoteObject {
    name: String,
    bytes: u64,
    /// The digest of its content in hex, where the list has it.
    sha256: Option<String>,
    put_at: String,
}

/// A copy and the segments after it, in order.
struct CopyWithTail {
    copy: RemoteObject,
    segments: Vec<RemoteObject>,
}

impl CopySource {
    /// Fetches the newest copy of the site into `file`, and the unbroken segments of its tail next to it. The copy gets its
    /// name last: with it everything is there. `now` signs calls of a bucket.
    pub async fn fetch_newest(&self, file: &Path, now: Timestamp) -> Result<FetchedCopy, FetchError> {
        // A segment that is left of another copy would be taken for one of this.
        let taken = [file.to_owned(), segment_file(file, 1)].into_iter().find(|path| path.exists());
        if let Some(path) = taken {
            return Err(FetchError::Exists(path));
        }
        let CopyWithTail { copy, segments } = self.newest(now).await?;
        let total = segments.iter().fold(copy.bytes, |total, segment| total.saturating_add(segment.bytes));
        check_room(file, total)?;
        let written = self.write_all(file, &copy, &segments, now).await;
        if written.is_err() {
            for (_, number) in segments.iter().zip(1..) {
                backup::remove(&segment_file(file, number));
            }
        }
        written?;
        let last_put_at = segments.last().map_or_else(|| copy.put_at.clone(), |last| last.put_at.clone());
        let RemoteObject { name, bytes, sha256: _, put_at } = copy;
        let segments = segments.len();
        Ok(FetchedCopy { file: file.to_owned(), name, bytes, put_at, segments, last_put_at })
    }

    fn place(&self) -> String {
        match self {
            Self::Vault(vault) => vault.place(),
            Self::Bucket { bucket, .. } => bucket.place(),
        }
    }

    async fn newest(&self, now: Timestamp) -> Result<CopyWithTail, FetchError> {
        let newest = match self {
            Self::Vault(vault) => vault.newest().await?.map(|(copy, segments)| CopyWithTail {
                copy: copy.into(),
                segments: segments.into_iter().map(RemoteObject::from).collect(),
            }),
            Self::Bucket { bucket, tag } => {
                let objects = bucket.list(now).await?;
                let tag = match tag {
                    Some(tag) => Some(tag.clone()),
                    None => only_site(&objects, &self.place())?,
                };
                tag.and_then(|tag| newest_of(objects, &tag))
            }
        };
        newest.ok_or_else(|| FetchError::Empty(self.place()))
    }

    async fn write_all(
        &self,
        file: &Path,
        copy: &RemoteObject,
        segments: &[RemoteObject],
        now: Timestamp,
    ) -> Result<(), FetchError> {
        for (segment, number) in segments.iter().zip(1..) {
            self.write(segment, &segment_file(file, number), now).await?;
        }
        let mut part = file.as_os_str().to_owned();
        part.push(PART_END);
        let part = PathBuf::from(part);
        self.write(copy, &part, now).await?;
        Ok(backup::publish(&part, file)?)
    }

    /// Writes an object into a new file. After an error there is none.
    async fn write(&self, object: &RemoteObject, to: &Path, now: Timestamp) -> Result<(), FetchError> {
        let answer = match self {
            Self::Vault(vault) => vault.open(&object.name).await?,
            Self::Bucket { bucket, .. } => bucket.get(&object.name, object.bytes, now).await?,
        };
        let written = match backup::create(to) {
            Ok(made) => self.receive(answer, object, (made, to)).await,
            Err(error) => return Err(error.into()),
        };
        if written.is_err() {
            backup::remove(to);
        }
        written
    }

    async fn receive(
        &self,
        mut answer: Response,
        object: &RemoteObject,
        (mut made, to): (File, &Path),
    ) -> Result<(), FetchError> {
        let changed = |why: String| FetchError::Changed { name: object.name.clone(), why };
        let failed = |source: io::Error| BackupError::File { path: to.to_owned(), source };
        let kept = answer.headers().get(DIGEST_HEADER).and_then(|digest| digest.to_str().ok());
        let sha256 = kept.map(str::to_owned).or_else(|| object.sha256.clone());
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        loop {
            let chunk = answer.chunk().await;
            let chunk =
                chunk.map_err(|error| RemoteError { place: self.place(), why: with_causes(&error) })?;
            let Some(chunk) = chunk else { break };
            bytes += chunk.len() as u64;
            if bytes > object.bytes {
                return Err(changed(format!("it has more than {} bytes", object.bytes)));
            }
            digest.update(&chunk);
            made.write_all(&chunk).map_err(failed)?;
        }
        if bytes != object.bytes {
            return Err(changed(format!("it has {bytes} bytes, not {}", object.bytes)));
        }
        let digest = HEXLOWER.encode(&digest.finalize());
        if sha256.is_some_and(|sha256| sha256 != digest) {
            return Err(changed("its digest differs".to_owned()));
        }
        Ok(made.sync_all().map_err(failed)?)
    }
}

impl From<VaultItem> for RemoteObject {
    fn from(item: VaultItem) -> Self {
        let VaultItem { name, seq: _, bytes, sha256, put_at } = item;
        Self { name, bytes, sha256: Some(sha256), put_at }
    }
}

impl From<BucketObject> for RemoteObject {
    fn from(object: BucketObject) -> Self {
        let BucketObject { name, bytes, put_at } = object;
        Self { name, bytes, sha256: None, put_at: rfc3339(put_at) }
    }
}

/// The moment of a copy. One that says that it is from after it was put was made by a wrong clock, and would be the newest for years.
fn moment_of(object: &BucketObject) -> Option<(&str, Timestamp)> {
    let (tag, made_at) = site_and_moment(&object.name)?;
    Some((tag, made_at.min(object.put_at)))
}

/// The site of the copies in a bucket, if there is one only; `None` if there is none.
fn only_site(objects: &[BucketObject], place: &str) -> Result<Option<String>, FetchError> {
    let mut newest: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for (tag, at) in objects.iter().filter_map(moment_of) {
        let last = newest.entry(tag).or_insert(at);
        *last = at.max(*last);
    }
    if newest.len() > 1 {
        let sites = newest.iter().map(|(tag, at)| format!("{tag} (until {})", rfc3339(*at)));
        let sites = sites.collect::<Vec<_>>().join(", ");
        return Err(FetchError::SeveralSites { place: place.to_owned(), sites });
    }
    Ok(newest.keys().next().map(|tag| (*tag).to_owned()))
}

/// The newest copy of a site, with the segments of its tail up to the first that is absent.
fn newest_of(objects: Vec<BucketObject>, tag: &str) -> Option<CopyWithTail> {
    let mut by_name: BTreeMap<String, BucketObject> =
        objects.into_iter().map(|object| (object.name.clone(), object)).collect();
    let of_site = by_name.values().filter_map(|object| Some((moment_of(object)?, object)));
    let of_site = of_site.filter(|((site, _), _)| *site == tag);
    let (_, newest) = of_site.max_by_key(|((_, at), object)| (*at, object.name.clone()))?;
    let name = newest.name.clone();
    let copy = by_name.remove(&name)?;
    let segments = (1..=SEGMENTS_MAX).map_while(|number| by_name.remove(&tail_name(&name, number)));
    Some(CopyWithTail { copy: copy.into(), segments: segments.map(RemoteObject::from).collect() })
}

/// Whether the disk has room for that many bytes.
fn check_room(file: &Path, bytes: u64) -> Result<(), FetchError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let free = free_bytes(folder).map_err(|source| BackupError::File { path: folder.to_owned(), source })?;
    let need = bytes.saturating_add(FREE_BYTES_MIN);
    if free < need {
        return Err(FetchError::NoRoom { folder: folder.to_owned(), need_mb: need >> 20 });
    }
    Ok(())
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
