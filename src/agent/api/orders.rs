//! Orders: payments, refunds and reviews.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::agent::engine::{Actor, Command, Engine, OrderView, ReviewDecision};
use crate::agent::http::caller::{Cashier, Owner, Viewer};
use crate::agent::http::state::{Answer, AppState, finish, user};
use crate::domain::id::OrderId;
use crate::domain::order::Method;
use crate::protocol::admin::Empty;
use crate::protocol::admin::orders::{Decision, FindOrders, RefundOrder, ReviewOrder};
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
    let page = app.look(move |engine| find(engine, &search)).await?;
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
    told(&app, OrderId(id)).await
}

/// An order as it stands.
async fn told(app: &AppState, id: OrderId) -> Answer {
    let find = move |engine: &mut Engine| {
        let order = engine.reader().order(&id)?.ok_or_else(|| Problem::not_found("order"))?;
        view(engine, &order)
    };
    Ok(Json(app.look(find).await?).into_response())
}

/// An online order, or why there is none.
async fn online(app: &AppState, id: &OrderId) -> Result<(), Problem> {
    let id = id.clone();
    let find = move |engine: &mut Engine| {
        let order = engine.reader().order(&id)?.ok_or_else(|| Problem::not_found("order"))?;
        match order.method {
            Method::Online(_) => Ok(()),
            Method::Cash(_) => Err(Problem::conflict("not_online", "this order was paid over the counter")),
        }
    };
    app.look(find).await
}

/// Calls an open order off at the gateway. One that proves paid is applied, and the call is refused.
pub(crate) async fn cancel_order(app: &AppState, actor: Actor, id: OrderId) -> Result<(), Problem> {
    online(app, &id).await?;
    let site = Arc::clone(&app.site);
    Ok(finish(async move { site.payments.cancel_order(&actor, id).await }).await??)
}

async fn cancel(
    State(app): State<Arc<AppState>>,
    Cashier(actor): Cashier,
    Path(id): Path<String>,
    _: Body<Empty>,
) -> Answer {
    let id = OrderId(id);
    cancel_order(&app, actor, id.clone()).await?;
    told(&app, id).await
}

/// Has the gateway asked now.
pub(crate) async fn ask_again(app: &AppState, id: OrderId) -> Result<(), Problem> {
    online(app, &id).await?;
    let site = Arc::clone(&app.site);
    Ok(finish(async move { site.payments.refresh_order(&id).await }).await??)
}

async fn refresh(
    State(app): State<Arc<AppState>>,
    _: Cashier,
    Path(id): Path<String>,
    _: Body<Empty>,
) -> Answer {
    let id = OrderId(id);
    ask_again(&app, id.clone()).await?;
    told(&app, id).await
}

impl ReviewOrder {
    /// The command it asks for.
    pub(crate) fn action(self, order: OrderId) -> Command {
        let decision = match self.decision {
            Decision::Credit => ReviewDecision::Credit,
            Decision::Dismiss => ReviewDecision::Dismiss,
        };
        Command::Review { order, decision, reason: self.reason.0 }
    }
}

async fn review(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(id): Path<String>,
    body: Body<ReviewOrder>,
) -> Answer {
    let order = OrderId(id);
    app.submit(actor, body, |review: ReviewOrder| Ok(review.action(order))).await
}

impl RefundOrder {
    /// The command it asks for.
    pub(crate) fn action(self, order: OrderId) -> Command {
        let amount = self.amount_rp.map(|amount| amount.0);
        Command::Refund { order, amount, reason: self.reason.0 }
    }
}

/// The money of a counter order leaves the drawer of whoever calls; that of an online order goes back by the gateway.
async fn refund(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(id): Path<String>,
    body: Body<RefundOrder>,
) -> Answer {
    let order = OrderId(id);
    app.submit(actor, body, |refund: RefundOrder| Ok(refund.action(order))).await
}
