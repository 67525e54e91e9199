//! Logging in and out, and the page shown while there is no admin.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::session::Filled;
use super::texts::common::Words;
use crate::agent::http::caller::Session;
use crate::agent::http::quick_pin;
use crate::agent::http::sessions;
use crate::agent::http::state::{Answer, AppState};
use crate::identity::{hash, new_token};
use crate::ui::address::path_of_ours;
use crate::ui::flash::{Draft, EDITED};
use crate::ui::layout::{FrameWords, page_with, see_other};
use crate::ui::login_page::{FirstAccount, LoginPage, LoginStep, LoginWords};
use crate::ui::refused::Refused;
use crate::ui::{Form, Frame, PageRequest};
use crate::web::same_site::is_cross_site;
use crate::web::{Peer, Problem};

/// What somebody typed who is not in yet, and what is to be said about it.
#[derive(Default)]
struct Said {
    /// Where to go afterwards: a path of ours.
    to: String,
    name: String,
    /// That the password was right, once only the code is missing.
    proof: Option<String>,
    complaint: Option<&'static str>,
}

/// Where to go after logging in.
#[derive(Default, Deserialize)]
pub(crate) struct Towards {
    #[serde(default)]
    ke: String,
    /// Names a log-in whose password was right and whose code is missing.
    #[serde(default)]
    kode: String,
}

/// Where a quick PIN is asked for.
const PIN_PAGE: &str = "/masuk/pin";
/// Whose presses are those of nobody who is in yet. Their keys are known to nobody else.
const NOBODY: &str = "";
/// What is kept of a log-in between its two steps: where to go, and that the password was right.
const TO: &str = "ke";
const PROOF: &str = "bukti";

/// `GET /masuk`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    page_request: PageRequest,
    headers: HeaderMap,
    Query(to): Query<Towards>,
) -> Answer {
    if let Some(refused) = page_request.refused.clone() {
        return refused_page(&app, &page_request, &headers, &refused).await;
    }
    let said = match app.flash.draft(NOBODY, &to.kode) {
        Some(Draft::Typed(kept)) => {
            let text = |name| kept.text(name).map(str::to_owned);
            Said { to: text(TO).unwrap_or_default(), proof: text(PROOF), ..Said::default() }
        }
        Some(Draft::Done(_)) | None => Said { to: path_of_ours(&to.ke), ..Said::default() },
    };
    page(&app, &page_request, &headers, StatusCode::OK, said).await
}

async fn page(
    app: &AppState,
    page_request: &PageRequest,
    headers: &HeaderMap,
    status: StatusCode,
    said: Said,
) -> Answer {
    let words = Words::of(page_request.locale.language);
    let is_empty = app.read(|engine| Ok(engine.reader().admins()?.is_empty())).await?;
    let first = is_empty.then_some(FirstAccount {
        title: words.no_admin,
        text: words.no_admin_text,
        command: "kuotad admin add NAMA --role owner --password-stdin",
    });
    // A form that waits, or the cookie of a session that is known no more.
    let is_over = said.proof.is_none()
        && (said.to.contains(&format!("?{EDITED}=")) || sessions::COOKIE.secret(headers).is_some());
    let step = match said.proof {
        Some(_) => LoginStep::Code,
        None => LoginStep::Password { title: words.log_in_title, name: said.name },
    };
    let mut page = LoginPage::new(page_request, "/masuk", step).with_first(first);
    page.carried = vec![(TO, said.to)];
    page.carried.extend(said.proof.map(|proof| (PROOF, proof)));
    page.complaint = said.complaint;
    let browser = quick_pin::BROWSER.secret(headers);
    page.notice = is_over.then_some(words.session_ended);
    let is_offered = page.name.is_some() && !quick_pin::offered(app, browser).await?.is_empty();
    page.other_way = is_offered.then_some((PIN_PAGE, words.by_pin));
    page_with(status, &page)
}

/// `POST /masuk`: the name and the password; then, of an admin with a second factor, the code.
pub(crate) async fn enter(
    State(app): State<Arc<AppState>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    page_request: PageRequest,
    form: Form,
) -> Answer {
    if is_cross_site(&headers) {
        return Err(Problem::forbidden("cross_site", "log in from our own page"));
    }
    let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let (username, password, to) = (text("username"), text("password"), path_of_ours(&text(TO)));
    let proof = form.text(PROOF).map(str::to_owned);
    let entered = if let Some(proof) = &proof {
        sessions::log_in_by_code(&app, peer, proof.clone(), text("otp")).await
    } else {
        let given = sessions::LogIn { username: username.clone(), password, otp: None };
        sessions::log_in(&app, peer, given).await
    };
    let problem = match entered {
        Ok(opened) => {
            // The same person may come back to this browser with a PIN.
            let browser = match quick_pin::BROWSER.secret(&headers) {
                Some(browser) => browser.to_owned(),
                None => new_token()?,
            };
            app.quick.note(hash(&browser), &opened.name, app.site.clock.uptime());
            let mut response = see_other(&to);
            response.headers_mut().insert(SET_COOKIE, sessions::COOKIE.set(Some(&opened.secret))?);
            response.headers_mut().append(SET_COOKIE, quick_pin::BROWSER.set(Some(&browser))?);
            return Ok(response);
        }
        Err(problem)
            if matches!(problem.status(), StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS) =>
        {
            problem
        }
        Err(problem) => return Err(problem),
    };
    if problem.code() == "otp_required" {
        let proof = sessions::proof(&app, &username).await?;
        let kept = Form([(TO.to_owned(), to), (PROOF.to_owned(), proof)].into());
        return Ok(see_other(&format!("/masuk?kode={}", app.flash.remember(NOBODY, kept))));
    }
    let refused = Refused::of(problem, &form);
    let page = refused_page(&app, &page_request, &headers, &refused).await?;
    Ok(refused.answered_by(page))
}

/// The log-in again, with what was typed except its secrets.
async fn refused_page(
    app: &AppState,
    page_request: &PageRequest,
    headers: &HeaderMap,
    refused: &Refused,
) -> Answer {
    let text = |name: &str| refused.form.text(name).map(str::to_owned);
    let said = Said {
        to: path_of_ours(&text(TO).unwrap_or_default()),
        name: text("username").unwrap_or_default(),
        proof: text(PROOF),
        complaint: Some(if refused.problem.status() == StatusCode::TOO_MANY_REQUESTS {
            FrameWords::of(page_request.locale.language).slowed
        } else {
            LoginWords::of_reader(&page_request.locale).wrong
        }),
    };
    Ok(refused.shown_by(page(app, page_request, headers, refused.problem.status(), said).await?))
}

#[derive(Template)]
#[template(path = "console/pin.html")]
struct PinPage {
    frame: Frame,
    words: &'static Words,
    to: String,
    /// Who may log in with a PIN here, and whether it is who tried before.
    names: Vec<(String, bool)>,
    complaint: Option<&'static str>,
}

/// `GET /masuk/pin`: the quick PIN of somebody who logged in here with the password.
pub(crate) async fn ask_pin(
    State(app): State<Arc<AppState>>,
    page_request: PageRequest,
    headers: HeaderMap,
    Query(to): Query<Towards>,
) -> Answer {
    let refused = page_request.refused.clone();
    pin_page(&app, &page_request, &headers, path_of_ours(&to.ke), refused.as_deref()).await
}

async fn pin_page(
    app: &AppState,
    page_request: &PageRequest,
    headers: &HeaderMap,
    to: String,
    refused: Option<&Refused>,
) -> Answer {
    let words = Words::of(page_request.locale.language);
    let offered = quick_pin::offered(app, quick_pin::BROWSER.secret(headers)).await?;
    let tried = refused.and_then(|refused| refused.form.text("username")).map(str::to_owned);
    let is_only = offered.len() == 1;
    let names = offered.into_iter().map(|name| {
        let is_chosen = is_only || tried.as_ref() == Some(&name);
        (name, is_chosen)
    });
    let page = PinPage {
        frame: page_request.frame(words.by_pin),
        words,
        to,
        names: names.collect(),
        complaint: refused.map(|_| words.pin_wrong),
    };
    page_with(refused.map_or(StatusCode::OK, |refused| refused.problem.status()), &page)
}

/// `POST /masuk/pin`.
pub(crate) async fn enter_pin(
    State(app): State<Arc<AppState>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    page_request: PageRequest,
    form: Form,
) -> Answer {
    if is_cross_site(&headers) {
        return Err(Problem::forbidden("cross_site", "log in from our own page"));
    }
    let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let (name, pin, to) = (text("username"), text("pin"), path_of_ours(&text(TO)));
    let browser = quick_pin::BROWSER.secret(&headers).unwrap_or_default();
    match quick_pin::log_in_by_pin(&app, peer, browser, name, pin).await {
        Ok(opened) => {
            let mut response = see_other(&to);
            response.headers_mut().insert(SET_COOKIE, sessions::COOKIE.set(Some(&opened.secret))?);
            Ok(response)
        }
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            let refused = Refused::of(problem, &form);
            let page = pin_page(&app, &page_request, &headers, to, Some(&refused)).await?;
            Ok(refused.answered_by(page))
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /keluar`.
pub(crate) async fn leave(State(app): State<Arc<AppState>>, Session(secret): Session, _: Filled) -> Answer {
    sessions::log_out(&app, &secret).await?;
    let mut response = see_other("/masuk");
    response.headers_mut().insert(SET_COOKIE, sessions::COOKIE.set(None)?);
    Ok(response)
}
