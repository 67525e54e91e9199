//! `site-token`: a secret shared by an agent and its relay. The agent has the token, the relay its hash.

use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::cli::failure::Failure;
use crate::cli::output::{Output, complain, say};

/// The prefix of a token, by which people and scanners recognize one.
const PREFIX: &str = "kuota_site_";
/// Random bytes of a token.
const RANDOM_BYTES: usize = 32;

/// Prints a new random token, once: it is not stored.
pub(super) fn run(output: Output) -> Result<(), Failure> {
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random)
        .map_err(|e| Failure::said(format!("the system has no random bytes: {e}")))?;
    let token = format!("{PREFIX}{}", HEXLOWER.encode(&random));
    let sha256 = HEXLOWER.encode(&Sha256::digest(token.as_bytes()));
    if output.json {
        return say(&format!("{:#}", json!({"token": token, "sha256": sha256})));
    }
    complain(&format!(
        "The line below is the token: it belongs into the agent's relay.token file and is shown this once.\n\
         Its SHA-256 belongs into the file that token_sha256_file of the site names, here on the relay:\n{sha256}"
    ));
    say(&token)
}
