//! A copy in the vault of the relay. The token is the kit's own and reads copies only.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;

use super::places::{RELAY, START};
use super::remote::{address, fetch, plain, url_field};
use crate::agent::copies::{CopySource, VaultClient};
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step_page::{Answer, StepPage, refuse, text_field};
use crate::agent::first_run::texts::RecoveryWords;
use crate::settings::Secret;
use crate::web::Problem;

/// `GET /mulai/pulih/relay`.
pub(super) async fn show(State(run): State<Arc<FirstRun>>, claimant: Claimant) -> Answer {
    let words = RecoveryWords::of(claimant.page_request.locale.language);
    StepPage::beside(&run, &claimant, words.at_relay, RELAY)
        .back(START)
        .about(words.relay_text)
        .field(url_field(words, words.relay_url))
        .field(text_field("secret", words.relay_token, ""))
        .submit(Some(words.fetch))
        .answer()
}

/// `POST /mulai/pulih/relay`: fetches the newest copy and its tail.
pub(super) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, RecoveryWords::of(sent.claimant.page_request.locale.language));
    let url = address(form.text("url").unwrap_or_default());
    // As it is printed: in groups perhaps, and in either case.
    let token: String = form.text("secret").unwrap_or_default().split_whitespace().collect();
    let token =
        plain(&token.to_ascii_lowercase()).filter(|token| token.bytes().all(|b| b.is_ascii_alphanumeric()));
    let mut errors = BTreeMap::new();
    if url.is_none() {
        errors.insert("url", words.url_unfit.to_owned());
    }
    if token.is_none() {
        errors.insert("secret", words.relay_token_unfit.to_owned());
    }
    let (Some(url), Some(token)) = (url, token) else { return Ok(refuse(form, errors)) };
    let vault = VaultClient::with_token(url.as_str(), Secret::new(token)).map_err(|_| Problem::internal())?;
    Ok(fetch(&run, CopySource::Vault(vault), &url, form, words).await)
}
