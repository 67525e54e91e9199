//! Devices that the router has and the store has not, since this machine took the site over.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{delete, get};
use axum::{Json, Router};

use crate::agent::engine::Command;
use crate::agent::http::caller::{Operator, Viewer};
use crate::agent::http::hosts::device_names;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::orphans::{OrphanDevice, orphans};
use crate::agent::router::device_names::NamesByMac;
use crate::domain::id::Mac;
use crate::domain::orphans::Orphan;
use crate::protocol::admin::orphans::OrphanView;
use crate::protocol::admin::page::PageQuery;
use crate::protocol::admin::values::Instant;
use crate::store::OrphanRecord;
use crate::web::{Path, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/orphans", get(list)).route("/orphans/{mac}", delete(release))
}

async fn list(State(app): State<Arc<AppState>>, _: Viewer, Query(page): Query<PageQuery>) -> Answer {
    let found = app.read(move |engine| Ok(orphans(&engine.read_view(), page))).await?;
    let names = device_names(&app.site).await;
    Ok(Json(found.map(|device| OrphanView::of(device, &names))).into_response())
}

async fn release(
    State(app): State<Arc<AppState>>,
    Operator(actor): Operator,
    Path(mac): Path<Mac>,
) -> Answer {
    app.act(actor, Command::ReleaseOrphan(mac), None).await
}

impl OrphanView {
    fn of(device: OrphanDevice, names: &NamesByMac) -> Self {
        let OrphanDevice { record: OrphanRecord { orphan, found_at }, address, customer } = device;
        let Orphan { mac, owner, list, binding } = orphan;
        Self {
            mac: mac.to_string(),
            address,
            name: names.get(&mac).cloned(),
            owner,
            user_id: customer.map(|(id, _)| id),
            list: list.name().to_owned(),
            binding: binding.name().to_owned(),
            found_at: Instant(found_at),
        }
    }
}
