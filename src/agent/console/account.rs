//! The admin's own account: password, quick PIN, second factor and other sessions.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::session::{AdminSession, Filled};
use crate::agent::console::texts::office::{Office, role_name};
use crate::agent::engine::Engine;
use crate::agent::http::admins::{change_own_password, end_other_sessions};
use crate::agent::http::caller::Session;
use crate::agent::http::quick_pin::{GUESSABLE, may_have_quick_pin, set_quick_pin};
use crate::agent::http::second_factor::{
    NewSecret, begin_second_factor, confirm_second_factor, end_second_factor, own,
};
use crate::agent::http::state::{Answer, AppState};
use crate::identity::hash;
use crate::protocol::admin::auth::ChangePassword;
use crate::ui::address::parameter;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::flash::Flash;
use crate::ui::layout::{page_with, see_other};
use crate::ui::refused::Refused;
use crate::ui::second_factor::{FactorWords, PendingFactor};
use crate::ui::{Form, Frame};
use crate::web::Problem;

#[derive(Template)]
#[template(path = "console/office/account.html")]
struct AccountPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    role: &'static str,
    sessions: String,
    is_on: bool,
    pending: Option<PendingFactor>,
    complaint: Option<&'static str>,
    /// Whether there is a quick PIN; `None` for those who may not have one.
    quick_pin: Option<bool>,
}

/// What a page of one's own account shows in addition to what is on file.
#[derive(Default)]
struct Said {
    complaint: Option<&'static str>,
    /// Whether the secret that waits for its first code is shown: only to the admin who is setting it up.
    shows_secret: bool,
}

/// Where the first code goes.
const CONFIRM: &str = "/saya/dua-langkah/pastikan";
/// Where one's own account is.
const HOME: &str = "/saya";
/// The parameter by which a session proves that it is setting up the second factor.
const SETTING_UP: &str = "pasang";

async fn page(app: &AppState, session: &AdminSession, said: Said) -> Answer {
    let actor = session.actor.clone();
    let look = move |engine: &mut Engine| {
        let quick_pin = engine.reader().quick_pin(&actor.name)?.is_some();
        Ok((own(engine, &actor)?, engine.sessions(&actor.name)?, quick_pin))
    };
    let (factor, sessions, quick_pin) = app.read(look).await?;
    let (locale, w) = (&session.page_request.locale, session.office());
    let is_on = factor.is_on();
    let pending = factor.pending.filter(|_| said.shows_secret).map(|secret| {
        let view = NewSecret::of(&session.actor.name, secret);
        PendingFactor::of(locale, &view.secret, &view.url, CONFIRM, &session.token)
    });
    let (frame, layout) = session.layout(w.account, HOME);
    let status = said.complaint.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    let page = AccountPage {
        frame,
        layout,
        w,
        role: role_name(w, session.actor.role),
        sessions: fill(w.sessions_text, &[&locale.count(sessions)]),
        is_on,
        pending,
        complaint: said.complaint,
        quick_pin: may_have_quick_pin(session.actor.role).then_some(quick_pin),
    };
    page_with(status, &page)
}

/// `GET /saya`. The secret is shown as long as the second factor is being set up, however often the page is loaded:
/// phones load it again when their owner comes back from the authenticator.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    let key = parameter(&session.page_request.uri, SETTING_UP);
    let shows_secret = key.is_some_and(|key| app.flash.draft(&session.token, key).is_some());
    let complaint =
        session.page_request.refused.as_ref().map(|refused| complaint(&session, &refused.problem));
    page(&app, &session, Said { complaint, shows_secret }).await
}

/// `POST /saya/dua-langkah`: a secret is made and shown.
pub(crate) async fn begin(State(app): State<Arc<AppState>>, Filled { session, .. }: Filled) -> Answer {
    begin_second_factor(&app, session.actor.clone()).await?;
    Ok(see_other(&setting_up(&app, &session)))
}

/// What is wrong with a form of the page.
fn complaint(session: &AdminSession, problem: &Problem) -> &'static str {
    let w = session.office();
    let error = problem.errors().first();
    match error.map(|error| error.field.as_str()) {
        Some("old") => w.wrong_old,
        Some("new") => w.wrong_new,
        Some("again") => w.wrong_again,
        Some("pin") if error.is_some_and(|error| error.message == GUESSABLE) => w.easy_pin,
        Some("pin") => w.bad_pin,
        Some("pin_lagi") => w.other_pin,
        Some(_) | None => wrong_code(session),
    }
}

/// Leads to the page that shows what was done, or what is wrong with the form.
async fn led_on(
    app: &AppState,
    session: &AdminSession,
    done: Result<(), Problem>,
    text: &'static str,
) -> Answer {
    match done {
        Ok(()) => Ok(flash_answer(app, session, text)),
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let said = Said { complaint: Some(complaint(session, &problem)), ..Said::default() };
            let page = page(app, session, said).await?;
            Ok(Refused::of(problem, &Form::default()).at(HOME.to_owned()).answered_by(page))
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /saya/kata-sandi`: another password, on the old one.
pub(crate) async fn change_password(
    State(app): State<Arc<AppState>>,
    Session(secret): Session,
    Filled { session, form }: Filled,
) -> Answer {
    let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let change = if text("new") == text("again") {
        let body = serde_json::json!({"old": text("old"), "new": text("new")});
        serde_json::from_value::<ChangePassword>(body).map_err(|_| Problem::invalid("new", "is too short"))
    } else {
        Err(Problem::invalid("again", "is another password"))
    };
    let done = match change {
        Ok(change) => {
            let (peer, actor) = (session.page_request.peer, session.actor.clone());
            change_own_password(&app, peer, actor, Some(&secret), change).await
        }
        Err(problem) => Err(problem),
    };
    led_on(&app, &session, done, session.office().password_changed).await
}

/// `POST /saya/pin`: a quick PIN.
pub(crate) async fn set_pin(State(app): State<Arc<AppState>>, Filled { session, form }: Filled) -> Answer {
    let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let done = if text("pin") == text("pin_lagi") {
        set_quick_pin(&app, session.actor.clone(), Some(text("pin"))).await
    } else {
        Err(Problem::invalid("pin_lagi", "is another PIN"))
    };
    led_on(&app, &session, done, session.office().quick_pin_is_on).await
}

/// `POST /saya/pin/hapus`: no quick PIN any more.
pub(crate) async fn remove_pin(State(app): State<Arc<AppState>>, Filled { session, .. }: Filled) -> Answer {
    set_quick_pin(&app, session.actor.clone(), None).await?;
    Ok(flash_answer(&app, &session, session.office().quick_pin_is_off))
}

fn wrong_code(session: &AdminSession) -> &'static str {
    FactorWords::of(session.page_request.locale.language).wrong
}

/// The page that shows a secret to the session that is setting it up.
fn setting_up(app: &AppState, session: &AdminSession) -> String {
    let key = app.flash.remember(&session.token, Form::default());
    format!("{HOME}?{SETTING_UP}={key}")
}

/// `POST /saya/dua-langkah/pastikan`: a first code makes it the second factor.
pub(crate) async fn confirm(State(app): State<Arc<AppState>>, Filled { session, form }: Filled) -> Answer {
    let code = form.text("otp").unwrap_or_default().to_owned();
    let done = confirm_second_factor(&app, session.page_request.peer, session.actor.clone(), code).await;
    let w = session.office();
    answer(&app, &session, done, w.totp_started, true).await
}

/// `POST /saya/dua-langkah/matikan`: a code ends it.
pub(crate) async fn end(State(app): State<Arc<AppState>>, Filled { session, form }: Filled) -> Answer {
    let code = form.text("otp").unwrap_or_default().to_owned();
    let done = end_second_factor(&app, session.page_request.peer, session.actor.clone(), code).await;
    let w = session.office();
    answer(&app, &session, done, w.totp_stopped, false).await
}

/// Leads to the page that shows the result, or says that the code was wrong.
async fn answer(
    app: &AppState,
    session: &AdminSession,
    done: Result<(), Problem>,
    text: &'static str,
    shows_secret: bool,
) -> Result<Response, Problem> {
    match done {
        Ok(()) => Ok(flash_answer(app, session, text)),
        Err(problem) if problem.errors().iter().any(|error| error.field == "otp") => {
            let complaint = Some(wrong_code(session));
            let page = page(app, session, Said { complaint, shows_secret }).await?;
            let at = if shows_secret { setting_up(app, session) } else { HOME.to_owned() };
            Ok(Refused::of(problem, &Form::default()).at(at).answered_by(page))
        }
        Err(problem) => Err(problem),
    }
}

fn flash_answer(app: &AppState, session: &AdminSession, text: &str) -> Response {
    let told = Flash { text: text.to_owned(), ..Flash::default() };
    see_other(&app.flash.tell_at_once(&session.token, HOME, told))
}

/// `POST /saya/sesi`: every other session of one's own ends.
pub(crate) async fn end_sessions(
    State(app): State<Arc<AppState>>,
    Session(secret): Session,
    Filled { session, .. }: Filled,
) -> Answer {
    let (actor, this) = (session.actor.clone(), hash(&secret));
    app.read(move |engine| end_other_sessions(engine, &actor, &this)).await?;
    Ok(flash_answer(&app, &session, session.office().sessions_ended))
}
