//! Devices on the hotspot.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use crate::agent::http::caller::Viewer;
use crate::agent::http::hosts::device_names;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::hosts::{DevicesWanted, HotspotDevice, devices};
use crate::agent::router::device_names::NamesByMac;
use crate::domain::id::Mac;
use crate::identity::signed_tokens::SignedTokens;
use crate::protocol::admin::hosts::{FindHosts, HostOwner, HostView};
use crate::protocol::admin::page::List;
use crate::protocol::admin::values::Instant;
use crate::web::Query;

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/hosts", get(list))
}

async fn list(State(app): State<Arc<AppState>>, _: Viewer, Query(find): Query<FindHosts>) -> Answer {
    let wanted = DevicesWanted {
        is_ownerless: find.owner == Some(HostOwner::None),
        after: find.after.map(|cursor| Mac::from_u64(u64::try_from(cursor.0).unwrap_or_default())),
    };
    let rows = find.limit.rows() + 1;
    let found =
        app.read(move |engine| Ok(devices(&engine.read_view(), wanted).take(rows).collect::<Vec<_>>()));
    let (found, names) = (found.await?, device_names(&app.site).await);
    let at = |device: &HotspotDevice| i64::try_from(device.mac.to_u64()).unwrap_or(i64::MAX);
    let page = List::of(found, find.limit, at);
    Ok(Json(page.map(|device| HostView::of(&device, &names, &app.site.signed_tokens))).into_response())
}

impl HostView {
    fn of(device: &HotspotDevice, names: &NamesByMac, signed_tokens: &SignedTokens) -> Self {
        Self {
            mac: device.mac.to_string(),
            address: device.address,
            name: names.get(&device.mac).cloned(),
            user_id: device.owner.as_ref().map(|owner| owner.id),
            since: device.since.map(Instant),
            bytes: device.bytes.0,
            random_mac: device.mac.is_random(),
            code: signed_tokens.device_code(device.mac),
        }
    }
}
