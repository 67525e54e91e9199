//! A copy from a server: the newest one and its tail, brought to the card.

use axum::response::Response;

use super::places::KEY;
use super::refusal::Refusal;
use super::state::{Arriving, has_store, staging, turn};
use crate::agent::copies::{CopySource, FetchError};
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step_page::{refuse_whole, text_field};
use crate::agent::first_run::texts::RecoveryWords;
use crate::settings::HttpUrl;
use crate::ui::Form;
use crate::ui::catalogue::fill;
use crate::ui::field::FieldView;
use crate::ui::layout::see_other;

/// The longest token, name or secret.
const CHARS_MAX: usize = 200;

/// The field for the server's address.
pub(super) fn url_field(words: &RecoveryWords, label: &'static str) -> FieldView {
    FieldView { inputmode: "url", hint: words.url_hint.to_owned(), ..text_field("url", label, "https://") }
}

/// The address, if a secret may be used there: in clear it stays on this machine.
pub(super) fn address(typed: &str) -> Option<HttpUrl> {
    let url: HttpUrl = typed.parse().ok()?;
    (url.is_https() || url.is_loopback()).then_some(url)
}

/// A text that may go into the head of a call.
pub(super) fn plain(typed: &str) -> Option<String> {
    let is_good = (1..=CHARS_MAX).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_graphic());
    is_good.then(|| typed.to_owned())
}

/// Fetches the copy and leads on to the key.
pub(super) async fn fetch(
    run: &FirstRun,
    source: CopySource,
    place: &HttpUrl,
    form: &Form,
    words: &RecoveryWords,
) -> Response {
    if has_store(&run.config.data_dir) {
        return Refusal::HasStore.answer(form, words);
    }
    let Some(mut recovery) = turn(&run.recovery) else { return Refusal::Busy.answer(form, words) };
    let file = staging(&run.config.data_dir, &mut recovery);
    let arriving = Arriving::new(&run.config.data_dir);
    let Err(error) = source.fetch_newest(&file, run.clock.now()).await else {
        arriving.keep();
        recovery.chosen = Some(file);
        return see_other(KEY);
    };
    tracing::warn!(%error, "no copy was fetched");
    let text = match error {
        FetchError::Empty(_) => words.server_empty.to_owned(),
        FetchError::SeveralSites { sites, .. } => fill(words.several_sites, &[&sites]),
        FetchError::NoRoom { .. } | FetchError::File(_) => words.card.to_owned(),
        FetchError::Remote(_) | FetchError::Changed { .. } | FetchError::Exists(_) => {
            fill(words.fetch_failed, &[place.as_str()])
        }
    };
    refuse_whole(form, "not_fetched", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_in_clear_to_this_machine_only() {
        for (typed, is_taken) in [
            ("https://relay.example", true),
            ("https://relay.example:8443/kuota/", true),
            ("http://127.0.0.1:8090", true),
            ("http://[::1]:8090", true),
            ("http://relay.example", false),
            ("http://192.168.88.5:8090", false),
            ("http://127.0.0.1.evil.example", false),
            ("https://user:pass@relay.example", false),
            ("https://relay.example/?to=x", false),
            ("ftp://relay.example", false),
            ("relay.example", false),
            ("", false),
        ] {
            assert_eq!(address(typed).is_some(), is_taken, "{typed}");
        }
        let long = "x".repeat(201);
        for bad in ["", "a b", "a\r\nb", "é", &long] {
            assert_eq!(plain(bad), None, "{bad:?}");
        }
    }
}
