//! `/v1/vault`: encrypted copies of sites. A site puts and reads its own; the token of its recovery kit reads them and nothing
//! else, so that a copy comes back when the site's own token was lost with the card.

use axum::Json;
use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::{Digest, Sha256};

use super::service::Relay;
use super::store::vault::{VaultEntry, VaultObject, VaultPut};
use crate::clock::rfc3339;
use crate::protocol::vault::{
    SEQUENCE_HEADER, SetRecoveryToken, VAULT_NAME_CHARS_MAX, VAULT_OBJECT_BYTES_MAX, VaultItem, VaultList,
    is_vault_name,
};
use crate::web::Problem;

/// Who reads the vault.
pub(super) enum VaultReader {
    /// The site itself.
    Site(String),
    /// Somebody with the token of the site's recovery kit.
    Kit(String),
}

impl VaultReader {
    /// The site whose vault it is.
    pub fn site(&self) -> &str {
        match self {
            Self::Site(site) | Self::Kit(site) => site,
        }
    }
}

/// The site whose recovery kit has this token, while the site is enabled.
pub(super) async fn reader_of_kit(relay: &Relay, token: &str) -> Result<Option<VaultReader>, Problem> {
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let Some(site) = relay.store.recovery_site(&hash).await? else { return Ok(None) };
    if !relay.directory.enabled_site_ids().contains(&site) {
        let detail = "this site is disabled on the relay; its operator can enable it";
        return Err(Problem::forbidden("site_disabled", detail));
    }
    Ok(Some(VaultReader::Kit(site)))
}

fn checked_name(name: &str) -> Result<(), Problem> {
    let message =
        format!("must be 1 to {VAULT_NAME_CHARS_MAX} letters, digits and - _ . and not begin with a point");
    if is_vault_name(name) { Ok(()) } else { Err(Problem::invalid("name", message)) }
}

/// `PUT /v1/vault/{name}`.
pub(super) async fn put(
    relay: &Relay,
    site: &str,
    name: &str,
    headers: &HeaderMap,
    content: &Bytes,
) -> Result<StatusCode, Problem> {
    checked_name(name)?;
    let seq = headers.get(SEQUENCE_HEADER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let seq = seq.filter(|seq| i64::try_from(*seq).is_ok()).ok_or_else(|| {
        Problem::invalid(SEQUENCE_HEADER, "must be a whole number that grows with every change of the object")
    })?;
    if content.is_empty() {
        return Err(Problem::malformed("the body is empty: send the object's content"));
    }
    if content.len() > VAULT_OBJECT_BYTES_MAX {
        let detail = format!("an object may have at most {VAULT_OBJECT_BYTES_MAX} bytes");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
    }
    let entry = VaultEntry {
        site: site.to_owned(),
        name: name.to_owned(),
        seq,
        bytes: content.len() as u64,
        sha256: Sha256::digest(content).into(),
        put_at: relay.now(),
    };
    let object = VaultObject { entry, content: content.to_vec() };
    match relay.store.put_object(&object).await? {
        VaultPut::Stored => Ok(StatusCode::CREATED),
        VaultPut::Known => Ok(StatusCode::OK),
        VaultPut::Older(kept) => Err(Problem::conflict(
            "older_copy",
            format!("{name} has number {kept} already, and {seq} is older"),
        )),
        VaultPut::Conflict => {
            Err(Problem::conflict("other_copy", format!("{name} has number {seq} with another content")))
        }
        VaultPut::Full => {
            let detail = "the vault of this site is full: put copies under the names that it has";
            Err(Problem::conflict("vault_full", detail))
        }
    }
}

/// `GET /v1/vault/{name}`.
pub(super) async fn get(relay: &Relay, site: &str, name: &str) -> Result<Response, Problem> {
    checked_name(name)?;
    let object = relay.store.object(site, name).await?.ok_or_else(|| Problem::not_found("object"))?;
    let VaultObject { entry, content } = object;
    let headers = [
        (CONTENT_TYPE.as_str(), "application/octet-stream".to_owned()),
        (ETAG.as_str(), format!("\"{}\"", HEXLOWER.encode(&entry.sha256))),
        (SEQUENCE_HEADER, entry.seq.to_string()),
    ];
    Ok((headers, content).into_response())
}

/// `GET /v1/vault`.
pub(super) async fn list(relay: &Relay, site: &str) -> Result<Json<VaultList>, Problem> {
    let item = |entry: VaultEntry| VaultItem {
        name: entry.name,
        seq: entry.seq,
        bytes: entry.bytes,
        sha256: HEXLOWER.encode(&entry.sha256),
        put_at: rfc3339(entry.put_at),
    };
    let entries = relay.store.objects(site).await?;
    Ok(Json(VaultList { items: entries.into_iter().map(item).collect() }))
}

/// `PUT /v1/recovery-token`: from here on the token of the kit before reads nothing.
pub(super) async fn set_recovery_token(
    relay: &Relay,
    site: &str,
    body: SetRecoveryToken,
) -> Result<StatusCode, Problem> {
    let hash = HEXLOWER_PERMISSIVE.decode(body.token_sha256.as_bytes()).ok();
    let hash: Option<[u8; 32]> = hash.and_then(|hash| hash.try_into().ok());
    let hash = hash.ok_or_else(|| Problem::invalid("token_sha256", "must be 64 hexadecimal digits"))?;
    relay.store.set_recovery_token(site, &hash, relay.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
