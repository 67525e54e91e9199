//! Copies of everything, how to put one back, and the proof that the ledger adds up.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::actions::Told;
use super::dashboard::{PartLine, copies};
use super::session::{Filled, Room, Seat};
use crate::agent::api::backup::send;
use crate::agent::api::ledger::proof;
use crate::agent::console::texts::office::Office;
use crate::agent::http::state::{Answer, Desk};
use crate::store::{Role, Verified};
use crate::ui::catalogue::fill;
use crate::ui::layout::see_other;
use crate::ui::{Frame, html};

#[derive(Template)]
#[template(path = "desk/office/backup.html")]
struct BackupPage {
    frame: Frame,
    room: Room,
    w: &'static Office,
    part: PartLine,
    is_owner: bool,
}

/// Where copies are.
const HOME: &str = "/cadangan";

/// `GET /cadangan`.
pub(crate) async fn show(State(desk): State<Arc<Desk>>, seat: Seat) -> Answer {
    seat.at_least(Role::Operator)?;
    let w = super::office::words(&seat);
    let part = copies(&desk, &seat.visit.locale, desk.site.clock.now());
    let (frame, room) = seat.room(w.backups, HOME);
    html(&BackupPage { frame, room, w, part, is_owner: seat.actor.role >= Role::Owner })
}

/// `POST /cadangan/unduh`: changes nothing but the audit, so nobody is asked twice. It answers with a file, which is no
/// page to go back to.
pub(crate) async fn download(State(desk): State<Arc<Desk>>, filled: Filled) -> Answer {
    filled.seat.at_least(Role::Owner)?;
    send(&desk, filled.seat.actor).await
}

/// `POST /cadangan/periksa`.
pub(crate) async fn verify(State(desk): State<Arc<Desk>>, Filled { seat, .. }: Filled) -> Answer {
    seat.at_least(Role::Operator)?;
    let (locale, w) = (&seat.visit.locale, super::office::words(&seat));
    let (text, is_bad) = match proof(&desk).await {
        Ok(Verified { entries, accounts, debts, receipts }) => {
            let counts = [entries, accounts, debts, receipts].map(|n| locale.count(n));
            (fill(w.verified, &counts.each_ref().map(String::as_str)), false)
        }
        Err(problem) if problem.code() == "ledger_broken" => (fill(w.broken, &[problem.detail()]), true),
        Err(problem) => return Err(problem),
    };
    let told = Told { text, is_bad, ..Told::default() };
    Ok(see_other(&desk.news.tell_at_once(&seat.token, HOME, told)))
}
