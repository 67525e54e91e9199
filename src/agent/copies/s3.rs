//! Copies in an object store that speaks the protocol of S3: one `PUT` for a copy, `HEAD` to see that it is still there; `GET` and
//! a list when a new card is made.
//!
//! The digest of the content is part of what is [signed](super::signing), so the store refuses a copy that arrived otherwise. The daemon
//! deletes, lists and reads nothing: keys that may only write are enough, and rules of the bucket end old copies.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use data_encoding::HEXLOWER;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use sha2::{Digest, Sha256};

use super::error::{RemoteError, with_causes};
use super::listing::{ListedObject, ObjectPage, parse_page};
use super::names::NAMES_START;
use super::signing::{BucketKeys, SignedHeaders};
use super::vault::bounded;
use crate::agent::config::{BackupS3, DeskLayer};
use crate::domain::units::Timestamp;
use crate::http_client;
use crate::settings::{Environment, Finding, HttpUrl, Secret, SecretSource};
use crate::store::packed::Packed;
use crate::tools::percent;

/// What a call may take that sends nothing.
const CALL_MAX: Duration = Duration::from_secs(30);
/// The slowest uplink that a copy is sent over, in bytes a second.
const UPLINK_MIN: u64 = 8 * 1024;
/// Bytes sent at a time.
const STEP_BYTES: usize = 64 * 1024;
/// How much of an error's text is shown.
const ERROR_BYTES_MAX: usize = 4096;
/// The secret's name, which is also that of the systemd credential.
const SECRET: &str = "backup.s3.secret";
/// The longest page of a list: a thousand objects with names as long as they may be.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// The most pages of a list: with a sale every few minutes, the copies and tails of a year.
const PAGES_MAX: usize = 200;

/// A bucket, with the keys for it.
#[derive(Debug)]
pub struct S3Bucket {
    http: Client,
    /// The address of the bucket.
    root: String,
    /// What names begin with: empty, or with a slash at its end.
    prefix: String,
    keys: BucketKeys,
}

/// An object below the prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BucketObject {
    /// Its name without the prefix.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// When the store took it, by the store's clock.
    pub put_at: Timestamp,
}

impl S3Bucket {
    /// The bucket of `s3://bucket/prefix` at the configured store. Its secret is a systemd credential, else what the desk
    /// stored in `data_dir`, else the configured file.
    pub(super) fn new(
        config: &BackupS3,
        data_dir: &Path,
        bucket: &str,
        prefix: &str,
    ) -> Result<Self, RemoteError> {
        let refused = |why: String| RemoteError { place: format!("s3://{bucket}/{prefix}"), why };
        let endpoint =
            config.endpoint.as_ref().ok_or_else(|| refused("backup.s3.endpoint is empty".to_owned()))?;
        let secret = secret(config, data_dir, &Environment::process());
        let secret = secret.map_err(|finding| refused(finding.to_string()))?;
        let (key_id, region) = (config.key_id.clone(), config.region.clone());
        Self::with_keys(endpoint, (bucket, prefix), BucketKeys { key_id, secret, region })
    }

    /// The bucket and prefix of a store that keys open.
    pub fn with_keys(
        endpoint: &HttpUrl,
        (bucket, prefix): (&str, &str),
        keys: BucketKeys,
    ) -> Result<Self, RemoteError> {
        let root = format!("{endpoint}/{bucket}");
        let http = http_client::builder().build();
        let http = http.map_err(|error| RemoteError { place: root.clone(), why: error.to_string() })?;
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { http, root, prefix, keys })
    }

    /// The address, as messages name it.
    pub(super) fn place(&self) -> String {
        format!("{}/{}", self.root, self.prefix).trim_end_matches('/').to_owned()
    }

    /// Writes a packed copy. A store that answers has it whole: the digest was signed with the request.
    pub(super) async fn put(
        &self,
        name: &str,
        from: &Path,
        packed: &Packed,
        now: Timestamp,
    ) -> Result<(), RemoteError> {
        let file = File::open(from).map_err(|error| self.failed(name, &error))?;
        let body = reqwest::Body::wrap(FileBody { file, left: packed.bytes });
        let limit = CALL_MAX + Duration::from_secs(packed.bytes / UPLINK_MIN);
        let request = self.signed(Method::PUT, name, &HEXLOWER.encode(&packed.sha256), now)?;
        let answer = request.timeout(limit).body(body).send().await;
        let answer = answer.map_err(|error| self.failed(name, &error))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            _ => Err(self.refused(name, answer).await),
        }
    }

    /// Writes an object that fits in memory.
    pub(super) async fn put_bytes(
        &self,
        name: &str,
        content: &[u8],
        now: Timestamp,
    ) -> Result<(), RemoteError> {
        let limit = CALL_MAX + Duration::from_secs(content.len() as u64 / UPLINK_MIN);
        let request = self.signed(Method::PUT, name, &HEXLOWER.encode(&Sha256::digest(content)), now)?;
        let answer = request.timeout(limit).body(content.to_vec()).send().await;
        let answer = answer.map_err(|error| self.failed(name, &error))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            _ => Err(self.refused(name, answer).await),
        }
    }

    /// Whether a copy is there. Keys that may only write are not told so, and not able to remove it either.
    pub(super) async fn has(&self, name: &str, now: Timestamp) -> Result<bool, RemoteError> {
        let request = self.signed(Method::HEAD, name, &nothing(), now)?;
        let answer = request.timeout(CALL_MAX).send().await.map_err(|error| self.failed(name, &error))?;
        match answer.status() {
            StatusCode::FORBIDDEN => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            status if status.is_success() => Ok(true),
            _ => Err(self.refused(name, answer).await),
        }
    }

    /// Begins to read an object of at most `bytes` bytes.
    pub(super) async fn get(&self, name: &str, bytes: u64, now: Timestamp) -> Result<Response, RemoteError> {
        let limit = CALL_MAX + Duration::from_secs(bytes / UPLINK_MIN);
        let request = self.signed(Method::GET, name, &nothing(), now)?;
        let answer = request.timeout(limit).send().await.map_err(|error| self.failed(name, &error))?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            _ => Err(self.refused(name, answer).await),
        }
    }

    /// The copies of every site below the prefix, with the segments of their tails.
    pub(super) async fn list(&self, now: Timestamp) -> Result<Vec<BucketObject>, RemoteError> {
        let (mut found, mut next) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = self.page(next.as_deref(), now).await?;
            found.extend(page.objects.into_iter().filter_map(|object| self.below(object)));
            next = page.next;
            if next.is_none() {
                return Ok(found);
            }
        }
        let why = format!("it lists more than {PAGES_MAX} pages of objects: set a rule that ends old ones");
        Err(RemoteError { place: self.place(), why })
    }

    /// The page of the list that is asked for with `after`; the first without.
    async fn page(&self, after: Option<&str>, now: Timestamp) -> Result<ObjectPage, RemoteError> {
        // In the order of the alphabet, as they are signed.
        let after =
            after.map(|token| format!("continuation-token={}&", percent::value(token))).unwrap_or_default();
        let names = percent::value(&format!("{}{NAMES_START}", self.prefix));
        let query = format!("?{after}list-type=2&prefix={names}");
        let request = self.signed_at(Method::GET, &format!("{}{query}", self.root), &nothing(), now)?;
        let answer = request.timeout(CALL_MAX).send().await.map_err(|error| self.failed("", &error))?;
        if !answer.status().is_success() {
            return Err(self.refused("", answer).await);
        }
        let odd = |why: String| RemoteError { place: self.place(), why: format!("its list: {why}") };
        let text = bounded(answer, PAGE_BYTES_MAX).await.map_err(odd)?;
        let text = String::from_utf8(text).map_err(|_| odd("it is no text".to_owned()))?;
        parse_page(&text).map_err(odd)
    }

    fn below(&self, object: ListedObject) -> Option<BucketObject> {
        let ListedObject { key, bytes, put_at } = object;
        let name = key.strip_prefix(&self.prefix)?.to_owned();
        Some(BucketObject { name, bytes, put_at })
    }

    fn address(&self, name: &str) -> String {
        format!("{}/{}{name}", self.root, self.prefix)
    }

    fn signed(
        &self,
        method: Method,
        name: &str,
        content_sha256: &str,
        now: Timestamp,
    ) -> Result<RequestBuilder, RemoteError> {
        self.signed_at(method, &self.address(name), content_sha256, now)
    }

    fn signed_at(
        &self,
        method: Method,
        address: &str,
        content_sha256: &str,
        now: Timestamp,
    ) -> Result<RequestBuilder, RemoteError> {
        let url = Url::parse(address)
            .map_err(|error| RemoteError { place: address.to_owned(), why: error.to_string() })?;
        let headers = SignedHeaders::new(&method, content_sha256, now);
        let signature = self.keys.authorization(&method, &url, &headers);
        let request = self.http.request(method, url).header("authorization", signature);
        Ok(headers.pairs().fold(request, |request, (name, value)| request.header(name, value)))
    }

    fn failed(&self, name: &str, error: &dyn std::error::Error) -> RemoteError {
        RemoteError { place: self.address(name), why: with_causes(error) }
    }

    /// What the store says: its code tells wrong keys, a wrong clock and a missing bucket apart.
    async fn refused(&self, name: &str, mut answer: Response) -> RemoteError {
        let status = answer.status();
        let mut text = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            text.extend_from_slice(&chunk);
            if text.len() >= ERROR_BYTES_MAX {
                break;
            }
        }
        let text = String::from_utf8_lossy(&text);
        let part = |tag: &str| {
            let start = text.split_once(&format!("<{tag}>"))?.1;
            Some(start.split_once("</")?.0.chars().filter(|c| !c.is_control()).take(200).collect::<String>())
        };
        let why = match (part("Code"), part("Message")) {
            (Some(code), message) => format!("{status}, {code}: {}", message.unwrap_or_default()),
            (None, _) => status.to_string(),
        };
        RemoteError { place: self.address(name), why }
    }
}

/// The digest of a call without a body.
fn nothing() -> String {
    HEXLOWER.encode(&Sha256::digest(b""))
}

fn secret(config: &BackupS3, data_dir: &Path, env: &Environment) -> Result<Secret, Finding> {
    let stored = DeskLayer::in_use(data_dir).secret_file(data_dir, SECRET);
    SecretSource { name: SECRET, file: &config.secret_file, stored: stored.as_deref() }.read(env)
}

/// A file that was just written, as the body of a request with its length.
struct FileBody {
    file: File,
    left: u64,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let most = usize::try_from(self.left).unwrap_or(STEP_BYTES).min(STEP_BYTES);
        let mut step = vec![0; most];
        let read = self.file.read(&mut step).and_then(|read| match read {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        });
        Poll::Ready(Some(read.map(|read| {
            step.truncate(read);
            self.left -= read as u64;
            Frame::data(step.into())
        })))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
#[path = "s3_tests.rs"]
mod tests;
