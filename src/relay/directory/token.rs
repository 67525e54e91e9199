//! A site's token: a secret that its agent has, and of which the relay keeps the hash.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::settings::Secret;

/// The prefix of a token, by which people and scanners recognize one.
const PREFIX: &str = "kuota_site_";
/// Random bytes of a token.
const RANDOM_BYTES: usize = 32;

/// A token that was just made. It is shown once and kept nowhere.
#[derive(Clone, Debug)]
pub struct SiteToken {
    /// For the agent.
    pub token: Secret,
    /// For the relay.
    pub sha256: [u8; 32],
}

impl SiteToken {
    /// A token that nobody can guess. Fails when the system has no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random)?;
        let token = format!("{PREFIX}{}", HEXLOWER.encode(&random));
        let sha256 = Sha256::digest(token.as_bytes()).into();
        Ok(Self { token: Secret::new(token), sha256 })
    }
}
