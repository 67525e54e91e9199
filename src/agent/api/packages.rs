//! Packages on sale.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, patch};
use axum::{Json, Router};

use crate::agent::engine::Command;
use crate::agent::http::caller::{Owner, Viewer};
use crate::agent::http::state::{Answer, AppState};
use crate::domain::id::PackageId;
use crate::protocol::admin::packages::{AddPackage, ChangePackage, PackageView};
use crate::protocol::admin::page::{List, PageQuery};
use crate::web::{Body, Path, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/packages", get(list).post(add))
        .route("/packages/{id}", patch(change).delete(remove))
}

async fn list(State(app): State<Arc<AppState>>, _: Viewer, Query(page): Query<PageQuery>) -> Answer {
    let all = app.read(|engine| Ok(engine.read_view().packages())).await?;
    let page = List::of_all(all, page.limit, page.after);
    Ok(Json(page.map(|package| PackageView::of(&package))).into_response())
}

async fn add(State(app): State<Arc<AppState>>, Owner(actor): Owner, body: Body<AddPackage>) -> Answer {
    app.submit(actor, body, |add| Ok(add.command())).await
}

async fn change(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(id): Path<PackageId>,
    body: Body<ChangePackage>,
) -> Answer {
    app.submit(actor, body, |change| Ok(change.command(id))).await
}

async fn remove(State(app): State<Arc<AppState>>, Owner(actor): Owner, Path(id): Path<PackageId>) -> Answer {
    app.act(actor, Command::DeletePackage(id), None).await
}
