//! The relay's vault: encrypted copies of a site, put by its agent, read by its agent or with the token of its recovery kit.

use serde::{Deserialize, Serialize};

/// The header of `PUT /v1/vault/{name}`: the site's number of the content, which grows with every change of the object.
pub const SEQUENCE_HEADER: &str = "kuota-sequence";
/// The largest object.
pub const VAULT_OBJECT_BYTES_MAX: usize = 4 << 20;
/// The longest name.
pub const VAULT_NAME_CHARS_MAX: usize = 64;

/// Whether a text is the name of an object: letters, digits and `- _ .`, not beginning with a point.
pub fn is_vault_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=VAULT_NAME_CHARS_MAX).contains(&name.len()) && !name.starts_with('.') && name.chars().all(is_plain)
}

/// How names of segments of a copy's tail begin; they are counted apart from copies.
pub const SEGMENT_PREFIX: &str = "tail-";

/// Whether a name is that of a segment of a tail.
pub fn is_segment_name(name: &str) -> bool {
    name.starts_with(SEGMENT_PREFIX)
}

/// `PUT /v1/recovery-token`: the token itself is in the recovery kit only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRecoveryToken {
    /// SHA-256 of the token, in hex.
    pub token_sha256: String,
}

/// `GET /v1/vault`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultList {
    /// The objects by name.
    pub items: Vec<VaultItem>,
}

/// An object without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultItem {
    /// Its name.
    pub name: String,
    /// The site's number of the content.
    pub seq: u64,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of the content, in hex.
    pub sha256: String,
    /// When it was put, RFC 3339.
    pub put_at: String,
}
