//! Closings of cash drawers: a cashier counts the own drawer, operators read all of them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};

use crate::agent::http::caller::Cashier;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::closings::counted;
use crate::protocol::admin::closings::{ClosingView, CountDrawer};
use crate::protocol::admin::page::PageQuery;
use crate::web::{Body, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/closings", post(close).get(list))
}

async fn close(State(app): State<Arc<AppState>>, Cashier(actor): Cashier, body: Body<CountDrawer>) -> Answer {
    app.submit(actor, body, |count: CountDrawer| Ok(count.command())).await
}

async fn list(
    State(app): State<Arc<AppState>>,
    Cashier(actor): Cashier,
    Query(page): Query<PageQuery>,
) -> Answer {
    let page = app.read(move |engine| Ok(counted(engine, &actor, page)?)).await?;
    Ok(Json(page.map(|closing| ClosingView::of(&closing))).into_response())
}
