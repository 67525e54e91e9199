//! Cash drawers: counted by their cashiers, seen by whoever leads them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;

use super::auth::Cashier;
use super::desk::{Answer, Desk};
use super::fields::{Note, Price};
use crate::agent::engine::{Action, Actor, ClosingView, Engine};
use crate::store::{ClosingRecord, Page, Role};
use crate::web::page::PageQuery;
use crate::web::{Body, List, Problem, Query};

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/closings", post(close).get(list))
}

/// `POST /closings`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Count {
    counted_rp: Price,
    note: Option<Note>,
}

impl Count {
    pub fn action(self) -> Action {
        let note = self.note.map(|note| note.0).unwrap_or_default();
        Action::CloseDrawer { counted: self.counted_rp.0, note }
    }
}

async fn close(State(desk): State<Arc<Desk>>, Cashier(actor): Cashier, body: Body<Count>) -> Answer {
    desk.submit(actor, body, |count: Count| Ok(count.action())).await
}

async fn list(
    State(desk): State<Arc<Desk>>,
    Cashier(actor): Cashier,
    Query(page): Query<PageQuery>,
) -> Answer {
    let page = desk.look(move |engine| counted(engine, &actor, page)).await?;
    Ok(Json(page.map(|closing| ClosingView::of(&closing))).into_response())
}

/// A page of closings, newest first. A cashier sees the own ones; operators see everybody's.
pub(super) fn counted(
    engine: &Engine,
    actor: &Actor,
    page: PageQuery,
) -> Result<List<ClosingRecord>, Problem> {
    let rows = Page { limit: page.limit.rows_and_one(), after: page.after.map(|cursor| cursor.0) };
    let own = (actor.role < Role::Operator).then_some(actor.name.as_str());
    let closings = engine.reader().closings(own, rows)?;
    Ok(List::of(closings, page.limit, |closing| i64::try_from(closing.no).unwrap_or(i64::MAX)))
}
