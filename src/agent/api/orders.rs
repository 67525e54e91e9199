//! Orders: payments, refunds and reviews.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::agent::engine::Engine;
use crate::agent::http::caller::{Cashier, Owner, Viewer};
use crate::agent::http::orders::{ask_again, cancel_order};
use crate::agent::http::state::{Answer, AppState, user};
use crate::domain::id::OrderId;
use crate::protocol::admin::Empty;
use crate::protocol::admin::orders::{FindOrders, OrderView, RefundOrder, ReviewOrder};
use crate::protocol::admin::page::List;
use crate::store::{OrderFilter, OrderRecord, Page};
use crate::web::{Body, Path, Problem, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/orders", get(list))
        .route("/orders/{id}", get(show))
        .route("/orders/{id}/cancel", post(cancel))
        .route("/orders/{id}/refresh", post(refresh))
        .route("/orders/{id}/review", post(review))
        .route("/orders/{id}/refund", post(refund))
}

async fn list(State(app): State<Arc<AppState>>, _: Viewer, Query(search): Query<FindOrders>) -> Answer {
    let page = app.read(move |engine| find(engine, &search)).await?;
    Ok(Json(page).into_response())
}

/// A page of orders, newest first.
fn find(engine: &Engine, search: &FindOrders) -> Result<List<OrderView>, Problem> {
    let user_no = search.user_id.map(|id| user(engine, id).map(|found| found.user.no)).transpose()?;
    let page =
        Page { limit: search.limit.rows_and_one(), after: search.after.as_ref().map(|cursor| cursor.0) };
    let FindOrders { status, method, kind, .. } = *search;
    let states = status.into_iter().collect();
    let orders = engine.reader().find_orders(&OrderFilter { user_no, states, method, kind }, page)?;
    let views = orders.into_iter().map(|(no, order)| Ok((no, view(engine, &order)?)));
    let views = views.collect::<Result<Vec<_>, Problem>>()?;
    Ok(List::of(views, search.limit, |(no, _)| *no).map(|(_, view)| view))
}

fn view(engine: &Engine, order: &OrderRecord) -> Result<OrderView, Problem> {
    let user = order.user_no.map(|no| engine.reader().user_id(no)).transpose()?;
    Ok(OrderView::of(order, user))
}

async fn show(State(app): State<Arc<AppState>>, _: Viewer, Path(id): Path<String>) -> Answer {
    order_answer(&app, OrderId(id)).await
}

/// The present state of an order.
async fn order_answer(app: &AppState, id: OrderId) -> Answer {
    let find = move |engine: &mut Engine| {
        let order = engine.reader().order(&id)?.ok_or_else(|| Problem::not_found("order"))?;
        view(engine, &order)
    };
    Ok(Json(app.read(find).await?).into_response())
}

async fn cancel(
    State(app): State<Arc<AppState>>,
    Cashier(actor): Cashier,
    Path(id): Path<String>,
    _: Body<Empty>,
) -> Answer {
    let id = OrderId(id);
    cancel_order(&app, actor, id.clone()).await?;
    order_answer(&app, id).await
}

async fn refresh(
    State(app): State<Arc<AppState>>,
    _: Cashier,
    Path(id): Path<String>,
    _: Body<Empty>,
) -> Answer {
    let id = OrderId(id);
    ask_again(&app, id.clone()).await?;
    order_answer(&app, id).await
}

async fn review(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(id): Path<String>,
    body: Body<ReviewOrder>,
) -> Answer {
    let order = OrderId(id);
    app.submit(actor, body, |review: ReviewOrder| Ok(review.command(order))).await
}

/// The money of a counter order leaves the caller's drawer; that of an online order goes back by the gateway.
async fn refund(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(id): Path<String>,
    body: Body<RefundOrder>,
) -> Answer {
    let order = OrderId(id);
    app.submit(actor, body, |refund: RefundOrder| Ok(refund.command(order))).await
}
