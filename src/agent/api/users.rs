//! Users: search, creation and changes; devices; the admin block.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::Value;

use crate::agent::engine::{Actor, Command, Engine, PinHash, ReadView, Request, UserView};
use crate::agent::http::caller::{Operator, Viewer};
use crate::agent::http::state::{Answer, AppState, user};
use crate::domain::id::{Mac, UserId};
use crate::domain::search;
use crate::identity;
use crate::protocol::admin::Empty;
use crate::protocol::admin::devices::BindDevice;
use crate::protocol::admin::page::List;
use crate::protocol::admin::users::{AddUser, BlockUser, ChangeUser, FindUsers, ImportUsers, UnblockUser};
use crate::store::UserRecord;
use crate::web::{Body, Path, Paths, Problem, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/users", get(list).post(add))
        .route("/users/import", post(import_many))
        .route("/users/{id}", get(show).patch(change).delete(remove))
        .route("/users/{id}/devices", post(bind))
        .route("/users/{id}/devices/{mac}", delete(unbind))
        .route("/users/{id}/pin", post(new_pin))
        .route("/users/{id}/block", post(block))
        .route("/users/{id}/unblock", post(unblock))
}

async fn list(State(app): State<Arc<AppState>>, _: Viewer, Query(search): Query<FindUsers>) -> Answer {
    let page = app.look(move |engine| Ok(find(engine, &search))).await?;
    Ok(Json(page).into_response())
}

async fn add(State(app): State<Arc<AppState>>, Operator(actor): Operator, body: Body<AddUser>) -> Answer {
    app.submit(actor, body, |add| Ok(add.action())).await
}

async fn import_many(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    body: Body<ImportUsers<crate::agent::http::commands::import::Fields>>,
) -> Answer {
    if !body.value.dry_run {
        return app.submit(actor, body, |import| Ok(import.action())).await;
    }
    let action = body.value.action();
    let outcome = app
        .look(move |engine| {
            let request = Request { actor, action, key: None, reading: None };
            Ok(engine.preview(request)?.outcome)
        })
        .await?;
    // Ids of a preview are nobody's.
    let mut view: Value = serde_json::from_str(&outcome.body).unwrap_or_default();
    view["ids"] = Value::Array(Vec::new());
    Ok(Json(view).into_response())
}

async fn show(State(app): State<Arc<AppState>>, _: Viewer, Path(id): Path<UserId>) -> Answer {
    let view = app.look(move |engine| Ok(UserView::of(&user(engine, id)?, engine.look().policy))).await?;
    Ok(Json(view).into_response())
}

async fn change(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    body: Body<ChangeUser>,
) -> Answer {
    app.submit(actor, body, |change| Ok(change.action(id))).await
}

async fn remove(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
) -> Answer {
    app.act(actor, Command::DeleteUser(id), None).await
}

async fn bind(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    body: Body<BindDevice>,
) -> Answer {
    app.submit(actor, body, |bind| Ok(bind.action(id))).await
}

async fn unbind(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Paths(id, mac): Paths<UserId, Mac>,
) -> Answer {
    app.act(actor, Command::Unbind { user: id, mac }, None).await
}

/// A PIN, shown this once.
#[derive(Serialize)]
struct PinView {
    pin: String,
}

/// An idempotency key is not looked at: the answer must be kept nowhere, and a repeated call may give another PIN.
async fn new_pin(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    _: Body<Empty>,
) -> Answer {
    let pin = give_pin(&app, actor, id).await?;
    Ok((StatusCode::CREATED, Json(PinView { pin })).into_response())
}

/// Gives a user another PIN, to be shown once.
pub(crate) async fn give_pin(app: &AppState, actor: Actor, id: UserId) -> Result<String, Problem> {
    app.look(move |engine| user(engine, id).map(drop)).await?;
    let pin = identity::new_pin()?;
    let hash = app.passwords.hash(pin.clone()).await?;
    app.done(actor, Command::SetPin(id, PinHash(hash)), None).await?;
    Ok(pin)
}

async fn block(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    body: Body<BlockUser>,
) -> Answer {
    app.submit(actor, body, |block| Ok(block.action(id))).await
}

async fn unblock(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    body: Body<UnblockUser>,
) -> Answer {
    app.submit(actor, body, |unblock| Ok(unblock.action(id))).await
}

/// A page of the users that fit, in the order they were entered.
fn find(engine: &Engine, search: &FindUsers) -> List<UserView> {
    let look = engine.look();
    found(&look, search, |_| true).map(|user| UserView::of(&look.snapshot(user), look.policy))
}

/// The same as they are on file, of those that fit `also`.
pub(crate) fn found<'a>(
    look: &'a ReadView,
    search: &FindUsers,
    also: impl Fn(&UserRecord) -> bool,
) -> List<&'a UserRecord> {
    let q = search.q.as_deref().map(search::Query::new);
    let after = search.after.map_or(0, |cursor| u32::try_from(cursor.0).unwrap_or(u32::MAX - 1));
    let fits = |user: &&UserRecord| {
        let status = search.status.as_ref().is_none_or(|status| user.account.access.status == status.0);
        status && also(user) && q.as_ref().is_none_or(|q| fits(q, user, look))
    };
    let found: Vec<&UserRecord> =
        look.users_after(after).filter(fits).take(search.limit.rows() + 1).collect();
    List::of(found, search.limit, |user| i64::from(user.no))
}

fn fits(q: &search::Query, user: &UserRecord, look: &ReadView) -> bool {
    let devices: Vec<_> = look.macs(user.no).map(|mac| (mac, look.address_of(mac))).collect();
    q.fits(&search::Candidate {
        name: &user.name,
        phone: user.phone.as_deref(),
        login: user.login.as_deref(),
        devices: &devices,
    })
}
