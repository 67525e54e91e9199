//! Copies in the vault of the relay: seven objects that are used in turn, one for each day of the week, so that a bad day
//! leaves six. The relay cannot read them.

use std::path::Path;
use std::time::Duration;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::error::{RemoteError, with_causes};
use crate::agent::config::{DeskLayer, Relay};
use crate::domain::instance::Instance;
use crate::domain::units::{DAY_MS, Timestamp};
use crate::http_client;
use crate::protocol::instance::INSTANCE_HEADER;
use crate::protocol::vault::{
    SEGMENT_PREFIX, SEQUENCE_HEADER, SetRecoveryToken, VAULT_OBJECT_BYTES_MAX, VaultItem, VaultList,
    is_segment_name,
};
use crate::settings::{Environment, Secret, SecretSource};
use crate::tools::percent;

/// How long a call may take that sends nothing.
const CALL_MAX: Duration = Duration::from_secs(20);
/// How long a copy may take.
const PUT_MAX: Duration = Duration::from_mins(5);
/// Objects that are used in turn.
const OBJECTS: i64 = 7;
/// Random bytes of a recovery token.
const TOKEN_BYTES: usize = 20;
/// The largest list of objects, and the largest problem.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// The vault of one site.
#[derive(Debug)]
pub struct VaultClient {
    http: Client,
    base: String,
    token: Secret,
    /// The machine that calls; the relay takes copies of the one that has the site.
    instance: Instance,
}

/// What is shown of a problem.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    detail: String,
}

/// A random token for a recovery kit.
pub fn new_recovery_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

impl VaultClient {
    /// The vault at the configured relay, with the site's token, for the machine that has the site.
    pub fn new(relay: &Relay, data_dir: &Path, instance: Instance) -> Result<Self, RemoteError> {
        const NAME: &str = "relay.token";
        let stored = DeskLayer::in_use(data_dir).secret_file(data_dir, NAME);
        let source = SecretSource { name: NAME, file: &relay.token_file, stored: stored.as_deref() };
        let refused = |why: String| RemoteError { place: relay.url.to_string(), why };
        let token = source.read(&Environment::process()).map_err(|finding| refused(finding.to_string()))?;
        Ok(Self { instance, ..Self::with_token(relay.url.as_str(), token)? })
    }

    /// The vault that a token opens.
    pub fn with_token(url: &str, token: Secret) -> Result<Self, RemoteError> {
        let base = url.trim_end_matches('/').to_owned();
        let http = http_client::builder().build();
        let http = http.map_err(|error| RemoteError { place: base.clone(), why: error.to_string() })?;
        Ok(Self { http, base, token, instance: Instance::FIRST })
    }

    /// Puts a packed copy made at `at`. The relay refuses one that is older than what it has.
    pub async fn put(&self, from: &Path, at: Timestamp) -> Result<(), RemoteError> {
        let name = object_of(at);
        let content = read_bounded(from).map_err(|why| self.failed(why))?;
        let call = self.call(Method::PUT, &format!("/v1/vault/{name}")).timeout(PUT_MAX);
        let call = call.header(SEQUENCE_HEADER, at.0.max(0).to_string());
        self.sent(call.header("content-type", "application/octet-stream").body(content)).await.map(drop)
    }

    /// Puts a segment of the tail of the copy with the number `copy_seq`.
    pub async fn put_segment(&self, number: u32, copy_seq: i64, content: Vec<u8>) -> Result<(), RemoteError> {
        let seq = copy_seq.max(0).saturating_add(i64::from(number));
        let call = self.call(Method::PUT, &format!("/v1/vault/{}", segment_name(number))).timeout(PUT_MAX);
        let call = call.header(SEQUENCE_HEADER, seq.to_string());
        self.sent(call.header("content-type", "application/octet-stream").body(content)).await.map(drop)
    }

    /// The newest copy and the segments after it, in order.
    pub async fn newest(&self) -> Result<Option<(VaultItem, Vec<VaultItem>)>, RemoteError> {
        let (mut segments, copies): (Vec<VaultItem>, Vec<VaultItem>) =
            self.list().await?.items.into_iter().partition(|item| is_segment_name(&item.name));
        let Some(copy) = copies.into_iter().max_by_key(|item| item.seq) else { return Ok(None) };
        segments.sort_by_key(|item| item.seq);
        // Those of an older copy are before it, and what follows a gap is of no use.
        let after = segments.into_iter().filter(|item| item.seq > copy.seq);
        let unbroken = after.zip(1..).take_while(|(item, number)| item.name == segment_name(*number));
        let segments = unbroken.map(|(item, _)| item).collect();
        Ok(Some((copy, segments)))
    }

    /// Whether an object with this digest is there.
    pub async fn has(&self, sha256: &str) -> Result<bool, RemoteError> {
        Ok(self.list().await?.items.iter().any(|item| item.sha256 == sha256))
    }

    /// What is there.
    pub async fn list(&self) -> Result<VaultList, RemoteError> {
        let answer = self.sent(self.call(Method::GET, "/v1/vault")).await?;
        let text = bounded(answer, ANSWER_BYTES_MAX).await.map_err(|why| self.failed(why))?;
        serde_json::from_slice(&text).map_err(|error| self.failed(error.to_string()))
    }

    /// An object's content.
    pub async fn get(&self, name: &str) -> Result<Vec<u8>, RemoteError> {
        let answer = self.open(name).await?;
        bounded(answer, VAULT_OBJECT_BYTES_MAX).await.map_err(|why| self.failed(why))
    }

    /// Begins to read an object.
    pub(super) async fn open(&self, name: &str) -> Result<Response, RemoteError> {
        let path = format!("/v1/vault/{}", percent::segment(name));
        self.sent(self.call(Method::GET, &path).timeout(PUT_MAX)).await
    }

    /// The vault, as messages name it.
    pub(super) fn place(&self) -> String {
        format!("the vault at {}", self.base)
    }

    /// Has the relay know the token of a recovery kit, by its hash. The token of the kit before opens nothing from then on.
    pub async fn set_recovery_token(&self, token: &str) -> Result<(), RemoteError> {
        let token_sha256 = HEXLOWER.encode(&Sha256::digest(token.as_bytes()));
        let call = self.call(Method::PUT, "/v1/recovery-token").json(&SetRecoveryToken { token_sha256 });
        self.sent(call).await.map(drop)
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let call = self.http.request(method, format!("{}{path}", self.base));
        let call = call.timeout(CALL_MAX).bearer_auth(self.token.expose());
        call.header(INSTANCE_HEADER, self.instance.to_string())
    }

    async fn sent(&self, call: RequestBuilder) -> Result<Response, RemoteError> {
        let answer = call.send().await.map_err(|error| self.failed(with_causes(&error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = bounded(answer, ANSWER_BYTES_MAX).await.unwrap_or_default();
        let Refusal { detail } = serde_json::from_slice(&text).unwrap_or_default();
        let detail = match status {
            StatusCode::NOT_FOUND if detail.is_empty() => {
                "the relay is of a version without a vault, or another server answers".to_owned()
            }
            _ => detail,
        };
        Err(self.failed(format!("{status}: {detail}")))
    }

    fn failed(&self, why: String) -> RemoteError {
        RemoteError { place: self.place(), why }
    }
}

/// The object of a segment.
fn segment_name(number: u32) -> String {
    format!("{SEGMENT_PREFIX}{number:04}")
}

/// The object of a day.
fn object_of(at: Timestamp) -> String {
    format!("copy-{}", at.0.div_euclid(DAY_MS).rem_euclid(OBJECTS))
}

fn read_bounded(from: &Path) -> Result<Vec<u8>, String> {
    let length = std::fs::metadata(from).map_err(|error| format!("{}: {error}", from.display()))?.len();
    if length > VAULT_OBJECT_BYTES_MAX as u64 {
        let most = VAULT_OBJECT_BYTES_MAX >> 20;
        return Err(format!(
            "the copy has {length} bytes and the vault takes {most} MB: set backup.target to a disk or an object store"
        ));
    }
    std::fs::read(from).map_err(|error| format!("{}: {error}", from.display()))
}

/// The whole body of an answer, if it has at most `most` bytes.
pub(super) async fn bounded(mut answer: Response, most: usize) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| error.to_string())? {
        if text.len() + chunk.len() > most {
            return Err(format!("it answers with more than {most} bytes"));
        }
        text.extend_from_slice(&chunk);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_of_a_week_has_an_object() {
        let names: std::collections::BTreeSet<String> =
            (0..21).map(|day| object_of(Timestamp(day * DAY_MS + 5))).collect();
        assert_eq!(names.len(), 7);
        assert_eq!(object_of(Timestamp(0)), object_of(Timestamp(7 * DAY_MS)));
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let tokens = [new_recovery_token().unwrap(), new_recovery_token().unwrap()];
        assert!(tokens[0].len() == 32 && tokens[0] != tokens[1]);
    }
}
