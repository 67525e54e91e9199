//! Tokens, sessions and PINs: random texts that only their holder knows. The store has their hashes.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::web::Problem;

/// What a token begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "kuota_";
/// Random bytes of a secret.
const RANDOM_BYTES: usize = 32;
/// How many PINs of six digits there are.
const PINS: u32 = 1_000_000;

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system has no random bytes");
        Problem::internal()
    })?;
    Ok(random)
}

/// Six random digits. Numbers behind the last whole million are drawn again, so that every PIN is as likely.
pub(crate) fn new_pin() -> Result<String, Problem> {
    loop {
        let drawn = u32::from_be_bytes(random()?);
        if drawn < u32::MAX - u32::MAX % PINS {
            return Ok(format!("{:06}", drawn % PINS));
        }
    }
}

/// A token nobody had before.
pub(crate) fn new_token() -> Result<String, Problem> {
    Ok(format!("{PREFIX}{}", HEXLOWER.encode(&random::<RANDOM_BYTES>()?)))
}

/// What the store knows a secret by. A random secret of this length needs no slow hash.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
