//! The signing secret of a site: 32 random bytes. It is kept in the store.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use crate::domain::instance::Instance;
use crate::tools::digest::of_parts;

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

    /// Tells this site from others on one router, to whom it says nothing else.
    pub fn site_tag(&self) -> String {
        HEXLOWER.encode(&of_parts([b"kuota site".as_slice(), &self.0])[..8])
    }

    /// Proves to this site's other machines that one of them, which has the secret, took the site over.
    pub fn proof_of(&self, instance: Instance) -> String {
        HEXLOWER.encode(&of_parts([self.0.as_slice(), b"kuota instance", instance.to_string().as_bytes()]))
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
