//! Online orders at the gateway: cancelled, and asked about.

use std::sync::Arc;

use super::state::AppState;
use crate::agent::engine::{Actor, Engine};
use crate::domain::id::OrderId;
use crate::domain::order::Method;
use crate::web::Problem;
use crate::web::finish::finish;

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
    app.read(find).await
}

/// Calls an open order off at the gateway. One that proves paid is applied, and the call is refused.
pub(crate) async fn cancel_order(app: &AppState, actor: Actor, id: OrderId) -> Result<(), Problem> {
    online(app, &id).await?;
    let site = Arc::clone(&app.site);
    Ok(finish(async move { site.payments.cancel_order(&actor, id).await }).await??)
}

/// Has the gateway asked now.
pub(crate) async fn ask_again(app: &AppState, id: OrderId) -> Result<(), Problem> {
    online(app, &id).await?;
    let site = Arc::clone(&app.site);
    Ok(finish(async move { site.payments.refresh_order(&id).await }).await??)
}
