//! Tokens, sessions and PINs: random secrets. The store has only their hashes.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::web::Problem;

/// The prefix of a token, by which people and scanners recognize one.
const PREFIX: &str = "kuota_";
/// Random bytes of a secret.
const RANDOM_BYTES: usize = 32;
/// The number of PINs of six digits.
const PINS: u32 = 1_000_000;

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system has no random bytes");
        Problem::internal()
    })?;
    Ok(random)
}

/// Six random digits. Numbers above the last whole million are drawn again, so that every PIN is equally likely.
pub(crate) fn new_pin() -> Result<String, Problem> {
    loop {
        let drawn = u32::from_be_bytes(random()?);
        if drawn < u32::MAX - u32::MAX % PINS {
            return Ok(format!("{:06}", drawn % PINS));
        }
    }
}

/// A new random token.
pub(crate) fn new_token() -> Result<String, Problem> {
    Ok(format!("{PREFIX}{}", HEXLOWER.encode(&random::<RANDOM_BYTES>()?)))
}

/// The hash under which the store has a secret. A random secret of this length needs no slow hash.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
