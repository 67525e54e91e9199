//! `site-token`: a secret shared by an agent and its relay. The agent has the token, the relay its hash.

use data_encoding::HEXLOWER;
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::output::{Output, complain, say};
use crate::relay::directory::token::SiteToken;

/// Prints a new random token, once: it is not stored.
pub(super) fn run(output: Output) -> Result<(), Failure> {
    let made = SiteToken::random();
    let made = made.map_err(|error| Failure::said(format!("the system has no random bytes: {error}")))?;
    let sha256 = HEXLOWER.encode(&made.sha256);
    if output.json {
        return say(&format!("{:#}", json!({"token": made.token.expose(), "sha256": sha256})));
    }
    complain(&format!(
        "The line below is the token: it belongs into the agent's relay.token file and is shown this once.\n\
         Its SHA-256 belongs into the file that token_sha256_file of the site names, here on the relay:\n{sha256}"
    ));
    say(made.token.expose())
}

/// Prints the token of a site of the database, once.
pub(super) fn show(site: &str, made: &SiteToken, output: Output) -> Result<(), Failure> {
    if output.json {
        return say(&format!("{:#}", json!({"site": site, "token": made.token.expose()})));
    }
    complain(&format!(
        "The line below is the token of site {site}: it belongs into its agent's relay.token file and is shown this once."
    ));
    say(made.token.expose())
}
