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
use crate::agent::engine::{Action, ClosingView};
use crate::store::{Page, Role};
use crate::web::page::PageQuery;
use crate::web::{Body, List, Query};

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/closings", post(close).get(list))
}

/// `POST /closings`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    counted_rp: Price,
    note: Option<Note>,
}

async fn close(State(desk): State<Arc<Desk>>, Cashier(actor): Cashier, body: Body<Count>) -> Answer {
    let action = |count: Count| {
        let note = count.note.map(|note| note.0).unwrap_or_default();
        Ok(Action::CloseDrawer { counted: count.counted_rp.0, note })
    };
    desk.submit(actor, body, action).await
}

/// A cashier sees the own closings; operators see everybody's.
async fn list(
    State(desk): State<Arc<Desk>>,
    Cashier(actor): Cashier,
    Query(page): Query<PageQuery>,
) -> Answer {
    let rows = Page { limit: page.limit.rows_and_one(), after: page.after.map(|cursor| cursor.0) };
    let own = (actor.role < Role::Operator).then_some(actor.name);
    let closings = desk.look(move |engine| Ok(engine.reader().closings(own.as_deref(), rows)?)).await?;
    let page = List::of(closings, page.limit, |closing| i64::try_from(closing.no).unwrap_or(i64::MAX));
    Ok(Json(page.map(|closing| ClosingView::of(&closing))).into_response())
}
