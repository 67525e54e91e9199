//! What does not work at the moment, said on every page that sells.

use super::state::Portal;
use super::texts::Words;
use crate::agent::health::LinkState;
use crate::domain::units::Timestamp;
use crate::ui::Locale;
use crate::ui::catalogue::fill;

/// Present outages, and since when.
pub(super) fn notices(portal: &Portal, words: &Words, locale: &Locale) -> Vec<String> {
    let router = router_notice(&portal.site.cycle.state(), portal.site.clock.now(), words, locale);
    let relay = portal.relay_down_since().map(|since| fill(words.relay_down, &[&locale.moment(since)]));
    relay.into_iter().chain(router).collect()
}

/// Since when the router does not answer, in a sentence that blames no phone; `None` while it does.
pub(super) fn router_away(portal: &Portal, words: &Words, locale: &Locale) -> Option<String> {
    let state = portal.site.cycle.state();
    let is_away = state.last_error.is_some() && state.name(portal.site.clock.now()) == "down";
    is_away.then(|| match state.last_success {
        Some(at) => fill(words.router_away_since, &[&locale.moment(at)]),
        None => words.router_away_text.to_owned(),
    })
}

fn router_notice(state: &LinkState, now: Timestamp, words: &Words, locale: &Locale) -> Option<String> {
    if state.last_error.is_none() || state.name(now) != "down" {
        return None;
    }
    Some(match state.last_success {
        Some(at) => fill(words.router_down, &[&locale.moment(at)]),
        None => words.router_never.to_owned(),
    })
}
