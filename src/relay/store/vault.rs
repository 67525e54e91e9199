//! What the store keeps of the vault: encrypted copies of sites, which the relay cannot read, and the hash of the token that
//! reads them when a site has nothing else left.

use super::error::StoreFuture;
use crate::domain::units::Timestamp;
use crate::protocol::vault::is_segment_name;

/// The most copies of one site.
pub const VAULT_OBJECTS_MAX: usize = 16;
/// The most bytes of all copies of one site.
pub const VAULT_SITE_BYTES_MAX: u64 = 24 << 20;

/// The most segments of tails of one site ...
pub const SEGMENTS_MAX: usize = 400;
/// ... and their bytes.
pub const SEGMENTS_BYTES_MAX: u64 = 16 << 20;

/// An object without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultEntry {
    /// The site.
    pub site: String,
    /// Its name, unique for the site.
    pub name: String,
    /// The site's number of the content: it grows with every change of the object.
    pub seq: u64,
    /// Length of the content.
    pub bytes: u64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// When it was put.
    pub put_at: Timestamp,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultObject {
    /// What is known of it.
    pub entry: VaultEntry,
    /// To the byte.
    pub content: Vec<u8>,
}

/// What became of an object that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultPut {
    /// It is stored.
    Stored,
    /// The same object was stored before.
    Known,
    /// The stored one is newer: it has this number.
    Older(u64),
    /// The stored one has the same number and another content.
    Conflict,
    /// The site has as many objects, or as many bytes, as it may.
    Full,
}

/// Decides about an object by what the site has.
pub(super) fn judge(kept: &[VaultEntry], fresh: &VaultEntry) -> VaultPut {
    if let Some(known) = kept.iter().find(|entry| entry.name == fresh.name) {
        if known.seq > fresh.seq {
            return VaultPut::Older(known.seq);
        }
        if known.seq == fresh.seq {
            return if known.sha256 == fresh.sha256 { VaultPut::Known } else { VaultPut::Conflict };
        }
    }
    let is_segment = is_segment_name(&fresh.name);
    let (most, bytes_max) = if is_segment {
        (SEGMENTS_MAX, SEGMENTS_BYTES_MAX)
    } else {
        (VAULT_OBJECTS_MAX, VAULT_SITE_BYTES_MAX)
    };
    let is_other =
        |entry: &&VaultEntry| entry.name != fresh.name && is_segment_name(&entry.name) == is_segment;
    let others = || kept.iter().filter(is_other);
    let bytes = others().map(|entry| entry.bytes).fold(fresh.bytes, u64::saturating_add);
    if others().count() >= most || bytes > bytes_max {
        return VaultPut::Full;
    }
    VaultPut::Stored
}

/// The vault. Each method is one transaction.
pub trait VaultStore: Send + Sync {
    /// Stores an object, or says why not. An older one never replaces a newer one, whichever process has it.
    fn put_object<'a>(&'a self, object: &'a VaultObject) -> StoreFuture<'a, VaultPut>;

    /// An object of a site.
    fn object<'a>(&'a self, site: &'a str, name: &'a str) -> StoreFuture<'a, Option<VaultObject>>;

    /// The objects of a site by name, without their content.
    fn objects<'a>(&'a self, site: &'a str) -> StoreFuture<'a, Vec<VaultEntry>>;

    /// Replaces the hash of a site's recovery token.
    fn set_recovery_token<'a>(
        &'a self,
        site: &'a str,
        token_sha256: &'a [u8; 32],
        at: Timestamp,
    ) -> StoreFuture<'a, ()>;

    /// The site whose recovery token has this hash.
    fn recovery_site<'a>(&'a self, token_sha256: &'a [u8; 32]) -> StoreFuture<'a, Option<String>>;
}
