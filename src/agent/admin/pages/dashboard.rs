//! How things are, on one page.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::super::desk::{Answer, Desk};
use super::seat::{Room, Seat};
use crate::agent::engine::Engine;
use crate::agent::pages::{Frame, html};
use crate::domain::access::Status;
use crate::domain::units::Bytes;

#[derive(Template)]
#[template(path = "desk/dashboard.html")]
struct Dashboard {
    frame: Frame,
    room: Room,
    by_status: BTreeMap<&'static str, usize>,
    total: usize,
    total_debt: String,
}

/// `GET /`.
pub(super) async fn show(State(desk): State<Arc<Desk>>, seat: Seat) -> Answer {
    let (by_status, total_debt) = desk.look(|engine| Ok(count(engine))).await?;
    let (frame, room) = seat.room(seat.words().dashboard, "/");
    let total = by_status.values().sum();
    let by_status = by_status.into_iter().map(|(status, users)| (status.name(), users)).collect();
    html(&Dashboard { frame, room, by_status, total, total_debt: seat.visit.locale.quota(total_debt) })
}

fn count(engine: &Engine) -> (BTreeMap<Status, usize>, Bytes) {
    let (mut by_status, mut debt) = (BTreeMap::new(), Bytes::ZERO);
    for user in engine.look().users_after(0) {
        *by_status.entry(user.account.access.status).or_default() += 1;
        debt = debt.plus(user.account.total_debt());
    }
    (by_status, debt)
}
