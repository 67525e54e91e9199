//! Checks of the relay: whether it answers this machine and takes its token, and what the daemon says of it.

use std::time::Duration;

use tokio::time::timeout;

use super::subject::Subject;
use super::texts;
use crate::agent::payments::RelayError;
use crate::routeros::inspect::CheckFinding;

/// How long the relay may take to answer.
const RELAY_MAX: Duration = Duration::from_secs(10);
const ID: &str = "relay";
/// The check of the site's token.
const TOKEN_ID: &str = "relay.token";

/// Whether the relay answers this machine and takes its token, and what the daemon says of it.
pub(super) async fn check(subject: &Subject<'_>) -> Vec<CheckFinding> {
    let (Some(config), Some(relay)) = (&subject.config.relay, subject.relay) else {
        return vec![CheckFinding::ok(ID, texts::relay_off())];
    };
    // Looking at the feed changes nothing: how far it was read is kept here alone.
    let asked = match timeout(RELAY_MAX, relay.feed(0, Duration::ZERO, 1)).await {
        Ok(asked) => asked,
        Err(_) => Err(RelayError::Unreachable("it does not answer".to_owned())),
    };
    let reached = CheckFinding::ok(ID, texts::relay_answers(&config.url));
    match asked {
        Ok(_) => {
            vec![daemons_view(subject).unwrap_or(reached), CheckFinding::ok(TOKEN_ID, texts::token_taken())]
        }
        Err(error @ RelayError::Unauthorized(_)) => {
            vec![reached, CheckFinding::fail(TOKEN_ID, texts::token_refused(error), texts::set_token())]
        }
        Err(error @ RelayError::Unreachable(_)) => {
            let found = texts::relay_away(&config.url, error);
            vec![CheckFinding::warn(ID, found, texts::check_uplink())]
        }
        Err(error) => {
            let found = texts::relay_ill(&config.url, error);
            vec![CheckFinding::warn(ID, found, texts::see_relay_log())]
        }
    }
}

/// What the running daemon complains of although the relay answers here.
fn daemons_view(subject: &Subject<'_>) -> Option<CheckFinding> {
    let (state, error) = &subject.daemon?.relay;
    if matches!(state.as_str(), "" | "ok" | "off") {
        return None;
    }
    let why = error.as_deref().unwrap_or("it has not reached it yet");
    Some(CheckFinding::warn(ID, texts::relay_by_daemon(state, why), texts::check_uplink()))
}
