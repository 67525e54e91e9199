//! Users: search, creation and changes; devices; the admin block.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use axum::{Json, Router};

use crate::agent::engine::{Command, Engine, Request, View};
use crate::agent::http::caller::{Operator, Viewer, demand};
use crate::agent::http::state::{Answer, AppState, user};
use crate::agent::http::users::give_pin;
use crate::agent::reports::users::found;
use crate::domain::id::{Mac, UserId};
use crate::protocol::admin::Empty;
use crate::protocol::admin::devices::BindDevice;
use crate::protocol::admin::page::List;
use crate::protocol::admin::users::{
    AddUser, BlockUser, ChangeUser, FindUsers, ImportUsers, ImportView, PinView, UnblockUser, UserView,
};
use crate::store::Role;
use crate::web::{Body, Path, Paths, Problem, Query};

/// Where many users are entered at once, below the root.
pub(crate) const IMPORT_PATH: &str = "/api/v1/users/import";

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
    let page = app.read(move |engine| Ok(find(engine, &search))).await?;
    Ok(Json(page).into_response())
}

async fn add(State(app): State<Arc<AppState>>, Operator(actor): Operator, body: Body<AddUser>) -> Answer {
    app.submit(actor, body, |add| Ok(add.command())).await
}

async fn import_many(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    body: Body<ImportUsers<crate::agent::http::commands::import::Fields>>,
) -> Answer {
    // What is on sale is the owner's to decide, here as elsewhere.
    if !body.value.packages.is_empty() {
        demand(&actor, Role::Owner)?;
    }
    if !body.value.dry_run {
        return app.submit(actor, body, |import| Ok(import.command())).await;
    }
    let action = body.value.command();
    let request = Request { actor, action, key: None, reading: None };
    let done = app.read(move |engine| Ok(engine.preview(request)?.done)).await?;
    match done.view() {
        // Ids of a preview are nobody's.
        Some(View::Import(import)) => {
            Ok(Json(ImportView { ids: Vec::new(), ..import.clone() }).into_response())
        }
        Some(_) | None => Err(Problem::internal()),
    }
}

async fn show(State(app): State<Arc<AppState>>, _: Viewer, Path(id): Path<UserId>) -> Answer {
    let view =
        app.read(move |engine| Ok(UserView::of(&user(engine, id)?, engine.read_view().policy))).await?;
    Ok(Json(view).into_response())
}

async fn change(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    body: Body<ChangeUser>,
) -> Answer {
    app.submit(actor, body, |change| Ok(change.command(id))).await
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
    app.submit(actor, body, |bind| Ok(bind.command(id))).await
}

async fn unbind(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Paths(id, mac): Paths<UserId, Mac>,
) -> Answer {
    app.act(actor, Command::Unbind { user: id, mac }, None).await
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

async fn block(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    body: Body<BlockUser>,
) -> Answer {
    app.submit(actor, body, |block| Ok(block.command(id))).await
}

async fn unblock(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(id): Path<UserId>,
    body: Body<UnblockUser>,
) -> Answer {
    app.submit(actor, body, |unblock| Ok(unblock.command(id))).await
}

/// A page of the users that fit, in the order they were entered.
fn find(engine: &Engine, search: &FindUsers) -> List<UserView> {
    let look = engine.read_view();
    found(&look, search, |_| true).map(|user| UserView::of(&look.snapshot(user), look.policy))
}
