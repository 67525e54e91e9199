//! The first page: whose this machine is, and how to prove it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use askama::Template;
use axum::RequestExt;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};

use super::claim::{Claim, NotPressed};
use super::gate::{COOKIE, browser_of, demand_own_page, is_same};
use super::machine::ClaimFile;
use super::state::FirstRun;
use super::step::first_open;
use super::texts::ClaimWords;
use crate::domain::units::Timestamp;
use crate::identity::new_token;
use crate::ui::catalogue::fill;
use crate::ui::layout::{self, page_with, see_other};
use crate::ui::refused::Refused;
use crate::ui::{Form, Frame, Locale, PageRequest};
use crate::web::{Peer, Problem};

/// What a handler answers.
type Answer = Result<Response, Problem>;

#[derive(Template)]
#[template(path = "first_run/claim.html")]
struct ClaimPage {
    frame: Frame,
    words: &'static ClaimWords,
    /// Who claimed it, where somebody did.
    claimed: Option<String>,
    /// Whether this browser pressed the button.
    is_pressed: bool,
    /// Whether the button is shown.
    may_press: bool,
    /// How long the set-up is open, or that it is not.
    time: String,
    /// Others who pressed.
    warning: Option<String>,
    /// Whether a code can be typed.
    asks_code: bool,
    code_text: &'static str,
    complaint: Option<&'static str>,
}

/// When, from where and how a machine was claimed.
fn claimed_text(text: &str, claim: &Claim, words: &ClaimWords, locale: &Locale) -> String {
    let how = claim.proof.text(words);
    fill(text, &[&locale.moment(Timestamp(claim.at_ms)), &claim.address.to_string(), how])
}

fn addresses(all: impl Iterator<Item = IpAddr>) -> String {
    all.map(|address| address.to_string()).collect::<Vec<_>>().join(", ")
}

/// `GET /`.
pub(super) async fn show(State(run): State<Arc<FirstRun>>, page_request: PageRequest) -> Answer {
    let record = run.record();
    let own = browser_of(page_request.session.as_deref().unwrap_or_default());
    if record.claiming.is_claimed_by(&own) {
        return Ok(see_other(first_open(&record).path()));
    }
    let (locale, state) = (&page_request.locale, &record.claiming);
    let words = ClaimWords::of(locale.language);
    let file = run.machine.claim_file();
    let is_reopened = file != ClaimFile::Missing;
    let others: Vec<IpAddr> =
        state.presses().iter().filter(|press| press.browser != own).map(|press| press.address).collect();
    let is_pressed = state.presses().len() > others.len();
    let warning = if is_pressed && !others.is_empty() {
        Some(fill(words.others, &[&addresses(others.into_iter())]))
    } else if state.contested.is_empty() {
        None
    } else {
        Some(fill(words.contested, &[&addresses(state.contested.iter().copied())]))
    };
    let refused = page_request.refused.as_ref();
    let is_slowed = |refused: &Arc<Refused>| refused.problem.status() == StatusCode::TOO_MANY_REQUESTS;
    let complaint =
        refused.map(|refused| if is_slowed(refused) { words.code_slowed } else { words.code_wrong });
    let page = ClaimPage {
        claimed: state.claim.as_ref().map(|claim| claimed_text(words.claimed, claim, words, locale)),
        is_pressed,
        may_press: state.claim.is_none() && (state.is_open() || is_reopened),
        time: match (state.is_open(), is_reopened) {
            (true, _) => fill(words.left, &[&locale.span(state.left())]),
            (false, true) => words.reopened.to_owned(),
            (false, false) => words.closed.to_owned(),
        },
        warning,
        asks_code: matches!(file, ClaimFile::Code(_)),
        code_text: match file {
            ClaimFile::Code(_) => words.by_code_text,
            ClaimFile::WithoutCode => words.code_unfit,
            ClaimFile::Missing => words.code_missing,
        },
        complaint,
        frame: page_request.frame(words.title),
        words,
    };
    page_with(refused.map_or(StatusCode::OK, |refused| refused.problem.status()), &page)
}

fn address_of(peer: Peer) -> IpAddr {
    match peer {
        Peer::Network(address) => address,
        Peer::Local => Ipv4Addr::LOCALHOST.into(),
    }
}

/// A redirect to the first page by which the browser gets its cookie.
fn with_cookie(cookie: &str) -> Answer {
    let mut response = see_other("/");
    response.headers_mut().insert(SET_COOKIE, COOKIE.set(Some(cookie))?);
    Ok(response)
}

/// `POST /mulai/klaim`: the browser gets a secret, and waits for the power cut that proves presence.
pub(super) async fn press(
    State(run): State<Arc<FirstRun>>,
    page_request: PageRequest,
    request: Request,
) -> Answer {
    demand_own_page(&request)?;
    // Only a secret that we gave is taken again: another one may be known to whoever planted it.
    let known = page_request.session.clone().filter(|cookie| {
        let browser = browser_of(cookie);
        run.record().claiming.presses().iter().any(|press| press.browser == browser)
    });
    let cookie = match known {
        Some(cookie) => cookie,
        None => new_token()?,
    };
    let is_reopened = run.machine.claim_file() != ClaimFile::Missing;
    let address = address_of(page_request.peer);
    let pressed =
        run.change_unproved(|record| record.claiming.press(browser_of(&cookie), address, is_reopened))?;
    match pressed {
        Ok(()) => {
            tracing::warn!(%address, "somebody claims this machine; the next power cut confirms it");
            with_cookie(&cookie)
        }
        Err(NotPressed::Closed) => {
            Err(Problem::forbidden("closed", "the time for the set-up is over: open the first page"))
        }
        Err(NotPressed::Claimed) => {
            Err(Problem::conflict("claimed", "somebody claimed this machine already: open the first page"))
        }
    }
}

/// `POST /mulai/kode`: the code of the boot partition.
pub(super) async fn take_by_code(
    State(run): State<Arc<FirstRun>>,
    page_request: PageRequest,
    request: Request,
) -> Answer {
    demand_own_page(&request)?;
    let form: Form = request.extract().await?;
    let refuse = |problem: Problem| {
        Ok(Refused::of(problem.clone(), &form).at("/").answered_by(problem.into_response()))
    };
    let ClaimFile::Code(code) = run.machine.claim_file() else {
        return refuse(Problem::forbidden("no_code", "there is no code on the boot partition"));
    };
    if let Err(wait) = run.take_code_try() {
        return refuse(Problem::too_many("too many wrong codes", wait.as_secs() + 1));
    }
    if !is_same(form.text("secret").unwrap_or_default(), code.expose()) {
        return refuse(Problem::forbidden("code", "the code is wrong"));
    }
    let (cookie, address, now) = (new_token()?, address_of(page_request.peer), run.clock.now().0);
    run.change(|record| record.claiming.take_by_code(browser_of(&cookie), address, now))?;
    tracing::warn!(%address, "this machine was claimed by the code on the boot partition");
    with_cookie(&cookie)
}

/// `GET /tentang`.
pub(super) async fn about(State(run): State<Arc<FirstRun>>, page_request: PageRequest) -> Answer {
    layout::about(&page_request, None, &run.config.source_url)
}
