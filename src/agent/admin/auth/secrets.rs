//! Tokens and sessions: random texts that only their holder knows. The store has their hashes.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::web::Problem;

/// What a token begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "kuota_";
/// Random bytes of a secret.
const RANDOM_BYTES: usize = 32;

/// A token nobody had before.
pub(in crate::agent::admin) fn new_token() -> Result<String, Problem> {
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system has no random bytes");
        Problem::internal()
    })?;
    let mut token = PREFIX.to_owned();
    for byte in random {
        write!(token, "{byte:02x}").expect("a text takes every text");
    }
    Ok(token)
}

/// What the store knows a secret by. A random secret of this length needs no slow hash.
pub(in crate::agent::admin) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
