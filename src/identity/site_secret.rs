//! The signing secret of a site: 32 random bytes. It is kept in the store.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

/// Random bytes.
pub(crate) const BYTES: usize = 32;

/// 32 random bytes that only this site has. Its `Debug` output is empty.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteSecret([u8; BYTES]);

impl SiteSecret {
    /// The secret with these bytes.
    pub const fn new(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a key.
    pub const fn bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    /// The secret as text, for the store.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Parses the text written by [`Self::hex`]; `None` for any other text.
    pub fn read(hex: &str) -> Option<Self> {
        HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for SiteSecret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("SiteSecret")
    }
}
