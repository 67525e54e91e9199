//! A site's orders, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;
use crate::protocol::admin::page::{List, PageLimit, given};
use crate::relay::console::caller::ApiCaller;
use crate::relay::console::order_page::{OrderCursor, OrdersPage, orders_page};
use crate::relay::console::overview::ConsoleDirectory;
use crate::relay::console::state::ConsoleState;
use crate::relay::store::overview::PlacedOrder;
use crate::web::{Problem, Query};

/// `GET /v1/admin/orders`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindOrders {
    site: String,
    #[serde(default)]
    limit: PageLimit,
    #[serde(default, deserialize_with = "given")]
    after: Option<OrderCursor>,
}

/// An order, without what only its site may know.
#[derive(Serialize)]
pub(super) struct OrderView {
    id: String,
    request_id: String,
    site: String,
    merchant: String,
    state: &'static str,
    flags: Vec<&'static str>,
    method: &'static str,
    amount_rp: u64,
    created_at: String,
    expires_at: String,
    paid_at: Option<String>,
}

impl OrderView {
    fn of(PlacedOrder { order, .. }: PlacedOrder) -> Self {
        Self {
            flags: order.standing.flags.iter().map(|flag| flag.name()).collect(),
            state: order.standing.state.name(),
            method: order.method.name(),
            amount_rp: order.amount.0,
            created_at: rfc3339(order.created_at),
            expires_at: rfc3339(order.expires_at),
            paid_at: order.paid_at.map(rfc3339),
            id: order.id,
            request_id: order.request_id,
            site: order.site,
            merchant: order.merchant,
        }
    }
}

pub(super) async fn list(
    State(state): State<Arc<ConsoleState>>,
    _: ApiCaller,
    Query(find): Query<FindOrders>,
) -> Result<Json<List<OrderView>>, Problem> {
    ConsoleDirectory::read(&state).await?.site(&find.site)?;
    let OrdersPage { items, next } = orders_page(&state, &find.site, find.after, Some(find.limit)).await?;
    let items = items.into_iter().map(OrderView::of).collect();
    Ok(Json(List { items, next: next.map(|next| next.to_string()) }))
}
