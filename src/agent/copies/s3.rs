//! Copies in an object store that speaks the protocol of S3: one `PUT` for a copy, `HEAD` to see that it is still there.
//!
//! Requests are signed with version 4 (<https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>). The
//! digest of the content is part of what is signed, so the store refuses a copy that arrived otherwise. Nothing is ever
//! deleted or listed: keys that may only write are enough, and rules of the bucket end old copies.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use data_encoding::HEXLOWER;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use reqwest::{Client, Method, Response, StatusCode, Url};
use ring::hmac;
use sha2::{Digest, Sha256};

use super::error::CopyError;
use super::names::stamp;
use crate::agent::config::{BackupS3, DeskLayer};
use crate::domain::units::Timestamp;
use crate::http_client;
use crate::settings::{Environment, Finding, Secret, SecretSource};
use crate::store::packed::Packed;

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
const SERVICE: &str = "s3";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SIGNED_HEADERS: &str = "host;x-amz-content-sha256;x-amz-date";

/// A bucket, with the keys for it.
pub(super) struct S3Bucket {
    http: Client,
    base: String,
    keys: SigningKeys,
}

/// Who signs, and for which region.
struct SigningKeys {
    key_id: String,
    secret: Secret,
    region: String,
}

impl S3Bucket {
    /// The bucket of `s3://bucket/prefix` at the configured store. Its secret is a systemd credential, else what the desk
    /// stored in `data_dir`, else the configured file.
    pub fn new(config: &BackupS3, data_dir: &Path, bucket: &str, prefix: &str) -> Result<Self, CopyError> {
        let refused = |why: String| CopyError::Remote { place: format!("s3://{bucket}/{prefix}"), why };
        let endpoint =
            config.endpoint.as_ref().ok_or_else(|| refused("backup.s3.endpoint is empty".to_owned()))?;
        let secret = secret(config, data_dir, &Environment::process());
        let secret = secret.map_err(|finding| refused(finding.to_string()))?;
        let http = http_client::builder().build().map_err(|error| refused(error.to_string()))?;
        let folder = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        let (key_id, region) = (config.key_id.clone(), config.region.clone());
        Ok(Self {
            http,
            base: format!("{endpoint}/{bucket}{folder}"),
            keys: SigningKeys { key_id, secret, region },
        })
    }

    /// Writes a packed copy. A store that answers has it whole: the digest was signed with the request.
    pub async fn put(
        &self,
        name: &str,
        from: &Path,
        packed: &Packed,
        now: Timestamp,
    ) -> Result<(), CopyError> {
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
    pub async fn put_bytes(&self, name: &str, content: &[u8], now: Timestamp) -> Result<(), CopyError> {
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
    pub async fn has(&self, name: &str, now: Timestamp) -> Result<bool, CopyError> {
        let request = self.signed(Method::HEAD, name, &HEXLOWER.encode(&Sha256::digest(b"")), now)?;
        let answer = request.timeout(CALL_MAX).send().await.map_err(|error| self.failed(name, &error))?;
        match answer.status() {
            StatusCode::FORBIDDEN => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            status if status.is_success() => Ok(true),
            _ => Err(self.refused(name, answer).await),
        }
    }

    fn signed(
        &self,
        method: Method,
        name: &str,
        content_sha256: &str,
        now: Timestamp,
    ) -> Result<reqwest::RequestBuilder, CopyError> {
        let url = Url::parse(&format!("{}/{name}", self.base)).map_err(|error| self.failed(name, &error))?;
        let date = stamp(now);
        let signature = self.keys.authorization(method.as_str(), &url, content_sha256, &date);
        let request = self.http.request(method, url);
        Ok(request
            .header("x-amz-content-sha256", content_sha256)
            .header("x-amz-date", date)
            .header("authorization", signature))
    }

    fn failed(&self, name: &str, error: &dyn std::error::Error) -> CopyError {
        let causes = std::iter::successors(Some(error), |cause| cause.source());
        let why = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        CopyError::Remote { place: format!("{}/{name}", self.base), why }
    }

    /// What the store says: its code tells wrong keys, a wrong clock and a missing bucket apart.
    async fn refused(&self, name: &str, mut answer: Response) -> CopyError {
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
        CopyError::Remote { place: format!("{}/{name}", self.base), why }
    }
}

fn secret(config: &BackupS3, data_dir: &Path, env: &Environment) -> Result<Secret, Finding> {
    let stored = DeskLayer::in_use(data_dir).secret_file(data_dir, SECRET);
    SecretSource { name: SECRET, file: &config.secret_file, stored: stored.as_deref() }.read(env)
}

impl SigningKeys {
    /// The value of the header that signs a request; `date` is `20261122T070500Z`.
    fn authorization(&self, method: &str, url: &Url, content_sha256: &str, date: &str) -> String {
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let canonical = format!(
            "{method}\n{}\n{}\nhost:{host}\nx-amz-content-sha256:{content_sha256}\nx-amz-date:{date}\n\n\
             {SIGNED_HEADERS}\n{content_sha256}",
            url.path(),
            url.query().unwrap_or_default()
        );
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/{SERVICE}/aws4_request", self.region);
        let digest = HEXLOWER.encode(&Sha256::digest(canonical.as_bytes()));
        let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{digest}");
        let first = format!("AWS4{}", self.secret.expose()).into_bytes();
        let key =
            [day, &self.region, SERVICE, "aws4_request"].iter().fold(first, |key, part| mac(&key, part));
        let signature = HEXLOWER.encode(&mac(&key, &to_sign));
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}",
            self.key_id
        )
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
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
