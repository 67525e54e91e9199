//! Quota credits and debits, debts, and payments.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, patch, post};
use axum::{Json, Router};

use crate::agent::engine::{Actor, Engine};
use crate::agent::http::caller::{Cashier, Operator, Owner, Viewer};
use crate::agent::http::checkout::take_money;
use crate::agent::http::commands::money::Money;
use crate::agent::http::state;
use crate::agent::http::state::{Answer, AppState, user};
use crate::domain::id::{DebtId, UserId};
use crate::domain::policy::Refusal;
use crate::protocol::admin::debts::{AddDebt, ChangeDebt, DebtView, WriteOffDebt};
use crate::protocol::admin::money::{BuyPackage, PayPart, QuoteView, SettleDebts};
use crate::protocol::admin::page::{List, PageQuery};
use crate::protocol::admin::quota::{CreditUser, DebitUser, ResetAccount};
use crate::web::{Body, Path, Paths, Problem, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/users/{id}/credits", post(credit))
        .route("/users/{id}/debits", post(debit))
        .route("/users/{id}/purchases", post(purchase))
        .route("/users/{id}/debts", get(debts).post(add_debt))
        .route("/users/{id}/debts/{debt}", patch(change_debt))
        .route("/users/{id}/debts/{debt}/write-off", post(write_off))
        .route("/users/{id}/debts/{debt}/settlements", post(settle_one))
        .route("/users/{id}/quote", get(quote))
        .route("/users/{id}/settlements", post(settle_all))
        .route("/users/{id}/payments", post(pay))
        .route("/users/{id}/reset", post(reset))
}

/// What everything that a user owes costs; nothing owed costs nothing.
pub(crate) fn settle_all_quote(engine: &Engine, id: UserId) -> Result<QuoteView, Problem> {
    let account = user(engine, id)?.user.account;
    let quote =
        engine.read_view().with_context(|ctx| ctx.tariff().settle_all(&account)).map_err(Refusal::from)?;
    Ok(QuoteView::from(&quote))
}

async fn credit(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    body: Body<CreditUser>,
) -> Answer {
    app.submit(actor, body, |credit| Ok(credit.command(id))).await
}

async fn debit(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(id): Path<UserId>,
    body: Body<DebitUser>,
) -> Answer {
    app.submit(actor, body, |debit| Ok(debit.command(id))).await
}

async fn purchase(
    State(app): State<Arc<AppState>>,
    Cashier(actor): Cashier,
    Path(id): Path<UserId>,
    body: Body<BuyPackage>,
) -> Answer {
    take(&app, actor, id, body, |purchase| purchase.money(id)).await
}

async fn settle_all(
    State(app): State<Arc<AppState>>,
    Cashier(actor): Cashier,
    Path(id): Path<UserId>,
    body: Body<SettleDebts>,
) -> Answer {
    take(&app, actor, id, body, |settlement| settlement.all(id)).await
}

async fn settle_one(
    State(app): State<Arc<AppState>>,
    Cashier(actor): Cashier,
    Paths(id, debt): Paths<UserId, DebtId>,
    body: Body<SettleDebts>,
) -> Answer {
    take(&app, actor, id, body, |settlement| settlement.one(id, debt)).await
}

async fn pay(
    State(app): State<Arc<AppState>>,
    Cashier(actor): Cashier,
    Path(id): Path<UserId>,
    body: Body<PayPart>,
) -> Answer {
    take(&app, actor, id, body, |payment| payment.money(id)).await
}

/// Takes money over the counter, or opens an order for it. That there is such a user is asked first: it outweighs
/// how the money comes.
async fn take<T>(
    app: &AppState,
    actor: Actor,
    id: UserId,
    body: Body<T>,
    money: impl FnOnce(T) -> Money,
) -> Answer {
    app.read(move |engine| user(engine, id).map(drop)).await?;
    let key = state::key(&actor, &body);
    Ok(state::response_of(&take_money(app, actor, id, money(body.value), key).await?))
}

async fn debts(
    State(app): State<Arc<AppState>>,
    _: Viewer,
    Path(id): Path<UserId>,
    Query(page): Query<PageQuery>,
) -> Answer {
    let all = app.read(move |engine| debt_views(engine, id)).await?;
    Ok(Json(List::of_all(all, page.limit, page.after)).into_response())
}

/// Every debt item of a user, open and closed, in the order they were entered.
fn debt_views(engine: &Engine, id: UserId) -> Result<Vec<DebtView>, Problem> {
    let items = engine.reader().debts(user(engine, id)?.user.no)?;
    Ok(engine.read_view().with_context(|ctx| {
        let tariff = ctx.tariff();
        items.iter().map(|item| DebtView::of(item, tariff.due(item).ok())).collect()
    }))
}

/// Cashiers give credit too, as far as the site's policy lets them.
async fn add_debt(
    State(app): State<Arc<AppState>>,
    Cashier(actor): Cashier,
    Path(id): Path<UserId>,
    body: Body<AddDebt>,
) -> Answer {
    app.submit(actor, body, |debt| debt.command(id)).await
}

async fn change_debt(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Paths(id, debt): Paths<UserId, DebtId>,
    body: Body<ChangeDebt>,
) -> Answer {
    app.submit(actor, body, |edit| edit.command(id, debt)).await
}

async fn write_off(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Paths(id, debt): Paths<UserId, DebtId>,
    body: Body<WriteOffDebt>,
) -> Answer {
    app.submit(actor, body, |write_off| Ok(write_off.command(id, debt))).await
}

async fn quote(State(app): State<Arc<AppState>>, _: Viewer, Path(id): Path<UserId>) -> Answer {
    let quote = app.read(move |engine| settle_all_quote(engine, id)).await?;
    Ok(Json(quote).into_response())
}

async fn reset(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    body: Body<ResetAccount>,
) -> Answer {
    app.submit(actor, body, |reset| Ok(reset.command(id))).await
}
