//! Admins and their tokens. The owner's alone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Serialize;

use crate::agent::engine::{Actor, Engine};
use crate::agent::http::caller;
use crate::agent::http::caller::Owner;
use crate::agent::http::state::{Answer, AppState};
use crate::clock::rfc3339;
use crate::identity::{hash, new_token};
pub(crate) use crate::protocol::admin::admins::{AddAdmin, MakeToken};
use crate::protocol::admin::page::{List, PageQuery};
use crate::store::{AdminRecord, Role, SecondFactor, SecretKind};
use crate::web::{Body, Path, Problem, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/admins", get(list).post(add))
        .route("/admins/{name}", delete(remove))
        .route("/admins/{name}/tokens", post(add_token))
        .route("/admins/{name}/totp", delete(end_second_factor))
}

#[derive(Serialize)]
struct AdminView {
    name: String,
    role: &'static str,
    created_at: String,
    totp: bool,
}

impl AdminView {
    fn of(admin: &AdminRecord) -> Self {
        Self {
            name: admin.name.clone(),
            role: admin.role.name(),
            created_at: rfc3339(admin.created_at),
            totp: admin.second_factor.is_on(),
        }
    }
}

#[derive(Serialize)]
struct TokenView {
    token: String,
    role: &'static str,
}

async fn list(State(app): State<Arc<AppState>>, _: Owner, Query(page): Query<PageQuery>) -> Answer {
    let all = app.look(|engine| Ok(engine.reader().admins()?)).await?;
    let page = List::of_all(all, page.limit, page.after);
    Ok(Json(page.map(|admin| AdminView::of(&admin))).into_response())
}

async fn add(State(app): State<Arc<AppState>>, Owner(actor): Owner, body: Body<AddAdmin>) -> Answer {
    let view = AdminView::of(&enter(&app, actor, body.value).await?);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Makes an admin.
pub(crate) async fn enter(app: &AppState, actor: Actor, add: AddAdmin) -> Result<AdminRecord, Problem> {
    let AddAdmin { name, role, password } = add;
    let password_hash = app.passwords.hash(password.0).await?;
    let created_at = app.site.clock.now();
    let second_factor = SecondFactor::default();
    let admin = AdminRecord { name: name.0, role: role.0, password_hash, created_at, second_factor };
    app.look(move |engine| {
        if !engine.store_mut().add_admin(&admin)? {
            return Err(Problem::conflict("name_taken", "there is an admin with that name"));
        }
        engine.note(&actor, "admin.add", &admin.name, admin.role.name().to_owned())?;
        Ok(admin)
    })
    .await
}

async fn remove(State(app): State<Arc<AppState>>, Owner(actor): Owner, Path(name): Path<String>) -> Answer {
    app.look(move |engine| remove_admin(engine, &actor, &name)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Removes an admin, but never the last owner: nobody could then make another over the network.
pub(crate) fn remove_admin(engine: &mut Engine, actor: &Actor, name: &str) -> Result<(), Problem> {
    let admins = engine.reader().admins()?;
    let found = admins.iter().find(|admin| admin.name == name).ok_or_else(|| Problem::not_found("admin"))?;
    let owners = admins.iter().filter(|admin| admin.role == Role::Owner).count();
    if found.role == Role::Owner && owners == 1 {
        return Err(Problem::conflict("last_owner", "this is the last owner; add another first"));
    }
    engine.store_mut().remove_admin(name)?;
    Ok(engine.note(actor, "admin.remove", name, String::new())?)
}

/// For an admin who lost what makes the codes.
async fn end_second_factor(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(name): Path<String>,
) -> Answer {
    app.look(move |engine| {
        engine.reader().admin(&name)?.ok_or_else(|| Problem::not_found("admin"))?;
        caller::turn_off(engine, &actor, &name)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn add_token(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(name): Path<String>,
    body: Body<MakeToken>,
) -> Answer {
    let (token, role) = make_token(&app, actor, name, body.value).await?;
    Ok((StatusCode::CREATED, Json(TokenView { token, role: role.name() })).into_response())
}

/// Makes a token of an admin; the answer is the only place where it can be read.
pub(crate) async fn make_token(
    app: &AppState,
    actor: Actor,
    name: String,
    asked: MakeToken,
) -> Result<(String, Role), Problem> {
    let token = new_token()?;
    let secret = hash(&token);
    let wanted = asked.role.map(|role| role.0);
    let role = app.look(move |engine| store_token(engine, &actor, &name, wanted, secret)).await?;
    Ok((token, role))
}

fn store_token(
    engine: &mut Engine,
    actor: &Actor,
    name: &str,
    wanted: Option<Role>,
    secret: [u8; 32],
) -> Result<Role, Problem> {
    let admin = engine.reader().admin(name)?.ok_or_else(|| Problem::not_found("admin"))?;
    let role = wanted.unwrap_or(admin.role);
    if role > admin.role {
        return Err(Problem::invalid(
            "role",
            format!("may be at most the admin's own, {}", admin.role.name()),
        ));
    }
    let now = engine.now();
    engine.store_mut().add_secret(&secret, name, role, SecretKind::Token, now, None)?;
    engine.note(actor, "admin.token", name, role.name().to_owned())?;
    Ok(role)
}
