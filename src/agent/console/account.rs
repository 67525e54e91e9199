//! One's own account: the second factor, and sessions elsewhere.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::actions::{Told, parameter};
use super::admins::role_name;
use super::session::{Filled, Room, Seat};
use crate::agent::api::second_factor::{SecretView, ask_for, give_up, make_sure, own};
use crate::agent::console::texts::office::Office;
use crate::agent::engine::Engine;
use crate::agent::http::caller::Session;
use crate::agent::http::state::{Answer, Desk};
use crate::identity::hash;
use crate::ui::catalogue::fill;
use crate::ui::layout::{page_with, see_other};
use crate::ui::{Form, Frame, qr};
use crate::web::Problem;

/// A secret that waits for its first code.
struct Pending {
    secret: String,
    qr: String,
}

#[derive(Template)]
#[template(path = "desk/office/account.html")]
struct AccountPage {
    frame: Frame,
    room: Room,
    w: &'static Office,
    role: &'static str,
    sessions: String,
    is_on: bool,
    pending: Option<Pending>,
    complaint: Option<&'static str>,
}

/// What a page of one's own account shows beside what is on file.
#[derive(Default)]
struct Said {
    complaint: Option<&'static str>,
    /// Whether the secret that waits for its first code is shown: only to whoever is setting it up.
    shows_secret: bool,
}

/// Where one's own account is.
const HOME: &str = "/saya";
/// The parameter by which a session proves that it is setting up the second factor.
const SETTING_UP: &str = "pasang";

async fn page(desk: &Desk, seat: &Seat, said: Said) -> Answer {
    let actor = seat.actor.clone();
    let look = move |engine: &mut Engine| Ok((own(engine, &actor)?, engine.sessions(&actor.name)?));
    let (factor, sessions) = desk.look(look).await?;
    let (locale, w) = (&seat.visit.locale, super::office::words(seat));
    let is_on = factor.is_on();
    let pending = factor.pending.filter(|_| said.shows_secret).map(|secret| {
        let view = SecretView::of(&seat.actor.name, secret);
        // People type it in groups.
        let groups: Vec<String> =
            view.secret.as_bytes().chunks(4).map(|group| group.escape_ascii().to_string()).collect();
        Pending { qr: qr::svg(&view.url, w.second_factor).unwrap_or_default(), secret: groups.join(" ") }
    });
    let (frame, room) = seat.room(w.account, HOME);
    let status = said.complaint.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    let page = AccountPage {
        frame,
        room,
        w,
        role: role_name(w, seat.actor.role),
        sessions: fill(w.sessions_text, &[&locale.count(sessions)]),
        is_on,
        pending,
        complaint: said.complaint,
    };
    page_with(status, &page)
}

/// `GET /saya`. The secret is shown as long as the second factor is being set up, however often the page is loaded:
/// phones load it again when their owner comes back from the authenticator.
pub(crate) async fn show(State(desk): State<Arc<Desk>>, seat: Seat) -> Answer {
    let key = parameter(&seat.visit.uri, SETTING_UP);
    let shows_secret = key.is_some_and(|key| desk.news.draft(&seat.token, key).is_some());
    page(&desk, &seat, Said { shows_secret, ..Said::default() }).await
}

/// `POST /saya/dua-langkah`: a secret is made and shown.
pub(crate) async fn begin(State(desk): State<Arc<Desk>>, Filled { seat, .. }: Filled) -> Answer {
    ask_for(&desk, seat.actor.clone()).await?;
    let key = desk.news.remember(&seat.token, Form::default());
    Ok(see_other(&format!("{HOME}?{SETTING_UP}={key}")))
}

/// `POST /saya/dua-langkah/pastikan`: a first code makes it the second factor.
pub(crate) async fn confirm(State(desk): State<Arc<Desk>>, Filled { seat, form }: Filled) -> Answer {
    let code = form.text("otp").unwrap_or_default().to_owned();
    let done = make_sure(&desk, seat.visit.peer, seat.actor.clone(), code).await.map(drop);
    let w = super::office::words(&seat);
    answer(&desk, &seat, done, w.totp_started, true).await
}

/// `POST /saya/dua-langkah/matikan`: a code ends it.
pub(crate) async fn end(State(desk): State<Arc<Desk>>, Filled { seat, form }: Filled) -> Answer {
    let code = form.text("otp").unwrap_or_default().to_owned();
    let done = give_up(&desk, seat.visit.peer, seat.actor.clone(), code).await;
    let w = super::office::words(&seat);
    answer(&desk, &seat, done, w.totp_stopped, false).await
}

/// Leads to where it is told that it was done, or says that the code was wrong.
async fn answer(
    desk: &Desk,
    seat: &Seat,
    done: Result<(), Problem>,
    text: &'static str,
    shows_secret: bool,
) -> Result<Response, Problem> {
    match done {
        Ok(()) => Ok(told(desk, seat, text)),
        Err(problem) if problem.errors().iter().any(|error| error.field == "otp") => {
            let complaint = Some(super::office::words(seat).totp_wrong);
            page(desk, seat, Said { complaint, shows_secret }).await
        }
        Err(problem) => Err(problem),
    }
}

fn told(desk: &Desk, seat: &Seat, text: &str) -> Response {
    let told = Told { text: text.to_owned(), ..Told::default() };
    see_other(&desk.news.tell_at_once(&seat.token, HOME, told))
}

/// `POST /saya/sesi`: every other session of one's own ends.
pub(crate) async fn end_sessions(
    State(desk): State<Arc<Desk>>,
    Session(secret): Session,
    Filled { seat, .. }: Filled,
) -> Answer {
    let (actor, this) = (seat.actor.clone(), hash(&secret));
    let work = move |engine: &mut Engine| {
        engine.store_mut().end_sessions(&actor.name, &this)?;
        Ok(engine.note(&actor, "admin.end_sessions", &actor.name, String::new())?)
    };
    desk.look(work).await?;
    Ok(told(&desk, &seat, super::office::words(&seat).sessions_ended))
}
