//! Copies of everything, how to put one back, and the proof that the ledger adds up.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::super::super::backup::send;
use super::super::super::desk::{Answer, Desk};
use super::super::super::ledger::proof;
use super::super::seat::{Filled, Room, Seat};
use super::dashboard::{PartLine, copies};
use super::words::Office;
use crate::agent::pages::words::fill;
use crate::agent::pages::{Frame, html};
use crate::store::{Role, Verified};

/// What became of a proof: a sentence, and whether it is a good one.
type Proof = Option<(String, bool)>;

#[derive(Template)]
#[template(path = "desk/office/backup.html")]
struct BackupPage {
    frame: Frame,
    room: Room,
    w: &'static Office,
    part: PartLine,
    proof: Proof,
    is_owner: bool,
}

fn page(desk: &Desk, seat: &Seat, proof: Proof) -> Answer {
    let w = super::words(seat);
    let part = copies(desk, &seat.visit.locale, desk.site.clock.now());
    let (frame, room) = seat.room(w.backups, "/cadangan");
    html(&BackupPage { frame, room, w, part, proof, is_owner: seat.actor.role >= Role::Owner })
}

/// `GET /cadangan`.
pub(super) async fn show(State(desk): State<Arc<Desk>>, seat: Seat) -> Answer {
    seat.at_least(Role::Operator)?;
    page(&desk, &seat, None)
}

/// `POST /cadangan/unduh`: changes nothing but the audit, so nobody is asked twice.
pub(super) async fn download(State(desk): State<Arc<Desk>>, filled: Filled) -> Answer {
    filled.seat.at_least(Role::Owner)?;
    send(&desk, filled.seat.actor).await
}

/// `POST /cadangan/periksa`.
pub(super) async fn verify(State(desk): State<Arc<Desk>>, Filled { seat, .. }: Filled) -> Answer {
    seat.at_least(Role::Operator)?;
    let (locale, w) = (&seat.visit.locale, super::words(&seat));
    let told = match proof(&desk).await {
        Ok(Verified { entries, accounts, debts, receipts }) => {
            let counts = [entries, accounts, debts, receipts].map(|n| locale.count(n));
            (fill(w.verified, &counts.each_ref().map(String::as_str)), true)
        }
        Err(problem) if problem.code() == "ledger_broken" => (fill(w.broken, &[problem.detail()]), false),
        Err(problem) => return Err(problem),
    };
    page(&desk, &seat, Some(told))
}
