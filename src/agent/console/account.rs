//! The admin's own account: second factor and other sessions.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::session::{AdminSession, Filled};
use crate::agent::console::texts::office::{Office, role_name};
use crate::agent::engine::Engine;
use crate::agent::http::admins::end_other_sessions;
use crate::agent::http::caller::Session;
use crate::agent::http::second_factor::{
    NewSecret, begin_second_factor, confirm_second_factor, end_second_factor, own,
};
use crate::agent::http::state::{Answer, AppState};
use crate::identity::hash;
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
    let look = move |engine: &mut Engine| Ok((own(engine, &actor)?, engine.sessions(&actor.name)?));
    let (factor, sessions) = app.read(look).await?;
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
    };
    page_with(status, &page)
}

/// `GET /saya`. The secret is shown as long as the second factor is being set up, however often the page is loaded:
/// phones load it again when their owner comes back from the authenticator.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    let key = parameter(&session.page_request.uri, SETTING_UP);
    let shows_secret = key.is_some_and(|key| app.flash.draft(&session.token, key).is_some());
    let complaint = session.page_request.refused.is_some().then_some(wrong_code(&session));
    page(&app, &session, Said { complaint, shows_secret }).await
}

/// `POST /saya/dua-langkah`: a secret is made and shown.
pub(crate) async fn begin(State(app): State<Arc<AppState>>, Filled { session, .. }: Filled) -> Answer {
    begin_second_factor(&app, session.actor.clone()).await?;
    Ok(see_other(&setting_up(&app, &session)))
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
