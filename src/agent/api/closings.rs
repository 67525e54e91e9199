//! Closings of cash drawers: a cashier counts the own drawer, operators read all of them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};

use crate::agent::engine::{Actor, ClosingView, Command, Engine};
use crate::agent::http::caller::Cashier;
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::closings::CountDrawer;
use crate::protocol::admin::page::{List, PageQuery};
use crate::store::{ClosingRecord, Page, Role};
use crate::web::{Body, Problem, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/closings", post(close).get(list))
}

impl CountDrawer {
    /// The command it asks for.
    pub(crate) fn action(self) -> Command {
        let note = self.note.map(|note| note.0).unwrap_or_default();
        Command::CloseDrawer { counted: self.counted_rp.0, note }
    }
}

async fn close(State(app): State<Arc<AppState>>, Cashier(actor): Cashier, body: Body<CountDrawer>) -> Answer {
    app.submit(actor, body, |count: CountDrawer| Ok(count.action())).await
}

async fn list(
    State(app): State<Arc<AppState>>,
    Cashier(actor): Cashier,
    Query(page): Query<PageQuery>,
) -> Answer {
    let page = app.look(move |engine| counted(engine, &actor, page)).await?;
    Ok(Json(page.map(|closing| ClosingView::of(&closing))).into_response())
}

/// A page of closings, newest first. A cashier sees the own ones; operators see everybody's.
pub(crate) fn counted(
    engine: &Engine,
    actor: &Actor,
    page: PageQuery,
) -> Result<List<ClosingRecord>, Problem> {
    let rows = Page { limit: page.limit.rows_and_one(), after: page.after.map(|cursor| cursor.0) };
    let own = (actor.role < Role::Operator).then_some(actor.name.as_str());
    let closings = engine.reader().closings(own, rows)?;
    Ok(List::of(closings, page.limit, |closing| i64::try_from(closing.no).unwrap_or(i64::MAX)))
}
