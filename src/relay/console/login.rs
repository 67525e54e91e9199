//! Logging in and out: name and password, then the one-time code, which the first log-in sets up.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::menu::SITES;
use super::session::{OperatorForm, stale_form};
use super::sessions::{self, COOKIE, FoundLogIn, OpenedLogIn};
use super::state::{ConsoleState, PageAnswer};
use super::texts::ConsoleWords;
use crate::identity::totp;
use crate::relay::store::operators::StoredOperator;
use crate::tools::percent;
use crate::ui::address::path_of_ours;
use crate::ui::form::TOKEN;
use crate::ui::layout::{FrameWords, page_with, see_other};
use crate::ui::login_page::{FirstAccount, LoginPage, LoginStep, LoginWords};
use crate::ui::refused::Refused;
use crate::ui::second_factor::{FactorWords, PendingFactor};
use crate::ui::{Form, Frame, PageRequest};
use crate::web::same_site::is_cross_site;
use crate::web::{Peer, Problem};

/// The first step.
const LOG_IN: &str = "/masuk";
/// The code.
const CODE: &str = "/masuk/kode";
/// Setting the codes up.
const SET_UP: &str = "/masuk/pasang";
/// The field with where to go afterwards.
const TO: &str = "ke";

/// Where to go after logging in.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Destination {
    ke: String,
}

impl Destination {
    /// Where a page's form leads: as its address says, or as the form said that was refused.
    fn of_page(self, page_request: &PageRequest) -> String {
        let typed = page_request.refused.as_deref().and_then(|refused| refused.form.text(TO));
        path_of_ours(typed.unwrap_or(&self.ke))
    }
}

/// Where an operator goes on whose password was right.
pub(super) fn second_step(operator: &StoredOperator) -> &'static str {
    if operator.codes.secret.is_some() { CODE } else { SET_UP }
}

/// `GET /masuk`.
pub(super) async fn show(
    State(state): State<Arc<ConsoleState>>,
    page_request: PageRequest,
    Query(to): Query<Destination>,
) -> PageAnswer {
    let page = first_page(&state, &page_request, to.of_page(&page_request)).await?;
    match &page_request.refused {
        Some(refused) => Ok(refused.shown_by(page)),
        None => Ok(page),
    }
}

async fn first_page(state: &ConsoleState, page_request: &PageRequest, to: String) -> PageAnswer {
    let words = ConsoleWords::of(page_request.locale.language);
    let is_empty = state.relay.store.operators().await?.is_empty();
    let first = is_empty.then_some(FirstAccount {
        title: words.no_operator,
        text: words.no_operator_text,
        command: "kuota-relay operator add NAMA --role owner --password-stdin",
    });
    let refused = page_request.refused.as_deref();
    let name = refused.and_then(|refused| refused.form.text("username")).unwrap_or_default().to_owned();
    let step = LoginStep::Password { title: words.log_in_title, name };
    let page = LoginPage::new(page_request, LOG_IN, step).with_first(first);
    login_page(page_request, refused, page, vec![(TO, to)])
}

/// A log-in page that says why it was refused.
fn login_page(
    page_request: &PageRequest,
    refused: Option<&Refused>,
    page: LoginPage,
    carried: Vec<(&'static str, String)>,
) -> PageAnswer {
    let complaint = refused.map(|refused| complaint(page_request, &refused.problem));
    let status = refused.map_or(StatusCode::OK, |refused| refused.problem.status());
    page_with(status, &LoginPage { carried, complaint, ..page })
}

fn complaint(page_request: &PageRequest, problem: &Problem) -> &'static str {
    if problem.status() == StatusCode::TOO_MANY_REQUESTS {
        FrameWords::of(page_request.locale.language).slowed
    } else {
        LoginWords::of_reader(&page_request.locale).wrong
    }
}

/// Whether a page shows this refusal with its form; any other is a page of its own.
fn is_shown_in_form(problem: &Problem) -> bool {
    matches!(problem.status(), StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS)
}

/// The same page request after a refusal, whose page is the answer to a program.
fn refused_request(page_request: &PageRequest, refused: &Refused) -> PageRequest {
    let mut page_request = page_request.clone();
    page_request.refused = Some(Arc::new(refused.clone()));
    page_request
}

/// `POST /masuk`: name and password.
pub(super) async fn enter(
    State(state): State<Arc<ConsoleState>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    page_request: PageRequest,
    form: Form,
) -> PageAnswer {
    if is_cross_site(&headers) {
        return Err(Problem::forbidden("cross_site", "log in from our own page"));
    }
    let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let to = path_of_ours(&text(TO));
    match sessions::begin(&state, peer, &text("username"), text("password")).await {
        Ok(opened) => {
            let next = second_step(&opened.operator);
            let and = if to == SITES { String::new() } else { format!("?{TO}={}", percent::value(&to)) };
            with_cookie(&opened, &format!("{next}{and}"))
        }
        Err(problem) if is_shown_in_form(&problem) => {
            let refused = Refused::of(problem, &form);
            let page = first_page(&state, &refused_request(&page_request, &refused), to).await?;
            Ok(refused.answered_by(page))
        }
        Err(problem) => Err(problem),
    }
}

fn with_cookie(opened: &OpenedLogIn, to: &str) -> PageAnswer {
    let mut response = see_other(to);
    response.headers_mut().insert(SET_COOKIE, COOKIE.set(Some(&opened.secret))?);
    Ok(response)
}

/// The log-in of the browser that waits for its code.
async fn half(state: &ConsoleState, headers: &HeaderMap) -> Result<Option<FoundLogIn>, Problem> {
    Ok(sessions::find_by_cookie(state, headers).await?.filter(|found| !found.session.is_full))
}

/// `GET /masuk/kode`.
pub(super) async fn show_code(
    State(state): State<Arc<ConsoleState>>,
    page_request: PageRequest,
    headers: HeaderMap,
    Query(to): Query<Destination>,
) -> PageAnswer {
    match half(&state, &headers).await? {
        Some(found) if found.operator.codes.secret.is_some() => {
            code_page(&page_request, &found, to.of_page(&page_request))
        }
        Some(_) => Ok(see_other(SET_UP)),
        None => Ok(see_other(LOG_IN)),
    }
}

fn code_page(page_request: &PageRequest, half: &FoundLogIn, to: String) -> PageAnswer {
    let carried = vec![(TOKEN, sessions::form_token(&half.secret)), (TO, to)];
    let page = LoginPage::new(page_request, CODE, LoginStep::Code);
    login_page(page_request, page_request.refused.as_deref(), page, carried)
}

/// `POST /masuk/kode`.
pub(super) async fn enter_code(
    State(state): State<Arc<ConsoleState>>,
    page_request: PageRequest,
    headers: HeaderMap,
    form: Form,
) -> PageAnswer {
    let Some(found) = half(&state, &headers).await? else { return Ok(see_other(LOG_IN)) };
    let to = path_of_ours(form.text(TO).unwrap_or_default());
    match finish(&state, &page_request, &found, &form).await {
        Ok(opened) => with_cookie(&opened, &to),
        Err(problem) if is_shown_in_form(&problem) => {
            let refused = Refused::of(problem, &form);
            let page = code_page(&refused_request(&page_request, &refused), &found, to)?;
            Ok(refused.answered_by(page))
        }
        Err(problem) => Err(problem),
    }
}

async fn finish(
    state: &ConsoleState,
    page_request: &PageRequest,
    found: &FoundLogIn,
    form: &Form,
) -> Result<OpenedLogIn, Problem> {
    if !sessions::is_form_token(&found.secret, form.text(TOKEN).unwrap_or_default()) {
        return Err(stale_form());
    }
    sessions::finish(state, page_request.peer, found, form.text("otp").unwrap_or_default()).await
}

#[derive(Template)]
#[template(path = "relay/set_up_codes.html")]
struct SetUpCodesPage {
    frame: Frame,
    words: &'static ConsoleWords,
    pending: PendingFactor,
    complaint: Option<&'static str>,
}

/// `GET /masuk/pasang`: the secret of the one-time codes, until its first code. Phones load the page again when their owner comes
/// back from the authenticator, so the secret stays the same for a log-in.
pub(super) async fn show_set_up(
    State(state): State<Arc<ConsoleState>>,
    page_request: PageRequest,
    headers: HeaderMap,
) -> PageAnswer {
    match half(&state, &headers).await? {
        Some(found) if found.operator.codes.secret.is_none() => set_up_page(&page_request, &found),
        Some(_) => Ok(see_other(CODE)),
        None => Ok(see_other(LOG_IN)),
    }
}

fn set_up_page(page_request: &PageRequest, half: &FoundLogIn) -> PageAnswer {
    // Codes that were dropped meanwhile are begun by another log-in.
    let Some(secret) = &half.operator.codes.pending else { return Ok(see_other(LOG_IN)) };
    let words = ConsoleWords::of(page_request.locale.language);
    let url = totp::url(&half.operator.name, secret);
    let token = sessions::form_token(&half.secret);
    let pending = PendingFactor::of(&page_request.locale, secret, &url, SET_UP, &token);
    let refused = page_request.refused.as_deref();
    let complaint = refused.map(|refused| match refused.problem.status() {
        StatusCode::TOO_MANY_REQUESTS => FrameWords::of(page_request.locale.language).slowed,
        _ => FactorWords::of(page_request.locale.language).wrong,
    });
    let status = refused.map_or(StatusCode::OK, |refused| refused.problem.status());
    let frame = page_request.frame(words.set_up_title);
    page_with(status, &SetUpCodesPage { frame, words, pending, complaint })
}

/// `POST /masuk/pasang`: a first code puts the codes in force, and logs in.
pub(super) async fn set_up(
    State(state): State<Arc<ConsoleState>>,
    page_request: PageRequest,
    headers: HeaderMap,
    form: Form,
) -> PageAnswer {
    let Some(found) = half(&state, &headers).await? else { return Ok(see_other(LOG_IN)) };
    match finish(&state, &page_request, &found, &form).await {
        Ok(opened) => with_cookie(&opened, SITES),
        Err(problem) if is_shown_in_form(&problem) => {
            let refused = Refused::of(problem, &form);
            let page = set_up_page(&refused_request(&page_request, &refused), &found)?;
            Ok(refused.answered_by(page))
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /keluar`.
pub(super) async fn leave(
    State(state): State<Arc<ConsoleState>>,
    OperatorForm { session, .. }: OperatorForm,
) -> PageAnswer {
    sessions::log_out(&state, &session.caller).await?;
    let mut response = see_other(LOG_IN);
    response.headers_mut().insert(SET_COOKIE, COOKIE.set(None)?);
    Ok(response)
}
