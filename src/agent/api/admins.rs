//! Admins and their tokens. The owner's alone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use axum::{Json, Router};

use crate::agent::http::admins::{add_admin, change_admin, make_token, remove_admin};
use crate::agent::http::caller::Owner;
use crate::agent::http::second_factor::turn_off;
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::admins::{AddAdmin, AdminView, ChangeAdmin, MakeToken, TokenView};
use crate::protocol::admin::page::{List, PageQuery};
use crate::protocol::admin::values::{Instant, RoleName};
use crate::store::AdminRecord;
use crate::web::{Body, Path, Problem, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/admins", get(list).post(add))
        .route("/admins/{name}", delete(remove).patch(change))
        .route("/admins/{name}/tokens", post(add_token))
        .route("/admins/{name}/totp", delete(end_second_factor))
}

impl AdminView {
    fn of(admin: &AdminRecord) -> Self {
        Self {
            name: admin.name.clone(),
            role: RoleName(admin.role),
            created_at: Instant(admin.created_at),
            totp: admin.second_factor.is_on(),
        }
    }
}

async fn list(State(app): State<Arc<AppState>>, _: Owner, Query(page): Query<PageQuery>) -> Answer {
    let all = app.read(|engine| Ok(engine.reader().admins()?)).await?;
    let page = List::of_all(all, page.limit, page.after);
    Ok(Json(page.map(|admin| AdminView::of(&admin))).into_response())
}

async fn add(State(app): State<Arc<AppState>>, Owner(actor): Owner, body: Body<AddAdmin>) -> Answer {
    let view = AdminView::of(&add_admin(&app, actor, body.value).await?);
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

async fn change(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(name): Path<String>,
    body: Body<ChangeAdmin>,
) -> Answer {
    let changed = change_admin(&app, actor, name, body.value).await?;
    Ok(Json(AdminView::of(&changed)).into_response())
}

async fn remove(State(app): State<Arc<AppState>>, Owner(actor): Owner, Path(name): Path<String>) -> Answer {
    app.read(move |engine| remove_admin(engine, &actor, &name)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// For an admin who lost what makes the codes.
async fn end_second_factor(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(name): Path<String>,
) -> Answer {
    app.read(move |engine| {
        engine.reader().admin(&name)?.ok_or_else(|| Problem::not_found("admin"))?;
        turn_off(engine, &actor, &name)
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
    Ok((StatusCode::CREATED, Json(TokenView { token, role: RoleName(role) })).into_response())
}
