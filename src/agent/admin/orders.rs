//! Orders: what was paid, for what, and what went back.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::auth::{Owner, Viewer};
use super::desk::{Answer, Desk, user};
use super::fields::{Money, Reason};
use crate::agent::engine::{Action, Engine, OrderView};
use crate::domain::id::{OrderId, UserId};
use crate::store::{OrderRecord, Page};
use crate::web::{Body, Cursor, Limit, List, Path, Problem, Query, params};

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/orders", get(list))
        .route("/orders/{id}", get(show))
        .route("/orders/{id}/refund", post(refund))
}

/// `GET /orders`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Search {
    #[serde(deserialize_with = "params::given")]
    user_id: Option<UserId>,
    limit: Limit,
    #[serde(deserialize_with = "params::given")]
    after: Option<Cursor>,
}

async fn list(State(desk): State<Arc<Desk>>, _: Viewer, Query(search): Query<Search>) -> Answer {
    let page = desk.look(move |engine| find(engine, &search)).await?;
    Ok(Json(page).into_response())
}

/// A page of orders, newest first.
fn find(engine: &Engine, search: &Search) -> Result<List<OrderView>, Problem> {
    let user_no = search.user_id.map(|id| user(engine, id).map(|found| found.user.no)).transpose()?;
    let page = Page { limit: search.limit.rows_and_one(), after: search.after.map(|cursor| cursor.0) };
    let orders = engine.reader().orders(user_no, page)?;
    let views = orders.into_iter().map(|(no, order)| Ok((no, view(engine, &order)?)));
    let views = views.collect::<Result<Vec<_>, Problem>>()?;
    Ok(List::of(views, search.limit, |(no, _)| *no).map(|(_, view)| view))
}

fn view(engine: &Engine, order: &OrderRecord) -> Result<OrderView, Problem> {
    let user = order.user_no.map(|no| engine.reader().user_id(no)).transpose()?;
    Ok(OrderView::of(order, user))
}

async fn show(State(desk): State<Arc<Desk>>, _: Viewer, Path(id): Path<String>) -> Answer {
    let view = desk
        .look(move |engine| {
            let order = engine.reader().order(&OrderId(id))?.ok_or_else(|| Problem::not_found("order"))?;
            view(engine, &order)
        })
        .await?;
    Ok(Json(view).into_response())
}

/// `POST /orders/{id}/refund`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    amount_rp: Option<Money>,
    reason: Reason,
}

/// The money leaves the drawer of whoever calls.
async fn refund(
    State(desk): State<Arc<Desk>>,
    Owner(actor): Owner,
    Path(id): Path<String>,
    body: Body<Refund>,
) -> Answer {
    let order = OrderId(id);
    let action = |refund: Refund| {
        let amount = refund.amount_rp.map(|amount| amount.0);
        Ok(Action::Refund { order, amount, reason: refund.reason.0 })
    };
    desk.submit(actor, body, action).await
}
