//! `review list` and `reconcile`: orders in review, and querying the gateway again.

use serde_json::{Value, json};

use super::store::{OpenedStore, open_for_command};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, table};
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::domain::order::OrderState;
use crate::relay::config::{Config, Database};
use crate::relay::store::StoredOrder;
use crate::settings::Environment;

/// The most reviews listed; more than a person decides in a day.
const REVIEWS_MAX: u32 = 1000;

/// `review list`: orders whose money waits for a decision.
pub(super) async fn list(config: &Config, env: &Environment, output: Output) -> Result<(), Failure> {
    let store = open_for_command(config, env).await?;
    let orders = store.as_store().in_state(OrderState::Review, REVIEWS_MAX).await?;
    let items: Vec<Value> = orders.iter().map(item).collect();
    output.list(items, |_| {
        let headings = ["ORDER", "MERCHANT", "SITE", "AMOUNT", "OPENED", "FLAGS"];
        table(&headings, &orders.iter().map(row).collect::<Vec<_>>())
    })
}

fn item(order: &StoredOrder) -> Value {
    json!({
        "order_id": order.id,
        "merchant": order.merchant,
        "site": order.site,
        "request_id": order.request_id,
        "method": order.method,
        "amount_rp": order.amount.0,
        "refunded_rp": order.standing.refunded().0,
        "flags": order.standing.flags,
        "transaction_id": order.standing.transaction,
        "created_at": rfc3339(order.created_at),
        "paid_at": order.paid_at.map(rfc3339),
    })
}

fn row(order: &StoredOrder) -> Vec<String> {
    let flags: Vec<&str> = order.standing.flags.iter().map(|flag| flag.name()).collect();
    vec![
        order.id.clone(),
        order.merchant.clone(),
        order.site.clone(),
        order.amount.to_string(),
        rfc3339(order.created_at),
        flags.join(", "),
    ]
}

/// `reconcile`: marks every order that may have changed as due; the running relay queries the gateway about them.
/// `went_back`: the database server lost its last commits, so that agents are to read their feeds from the beginning.
pub(super) async fn reconcile(
    config: &Config,
    env: &Environment,
    went_back: bool,
    output: Output,
) -> Result<(), Failure> {
    if went_back && matches!(config.database, Database::Sqlite(_)) {
        return Err(Failure::said("a file goes back by kuota-relay restore, which does this by itself"));
    }
    let store = open_for_command(config, env).await?;
    let now = SystemClock::new().now();
    let orders = match &store {
        OpenedStore::Server(server) if went_back => server.went_back(now).await?,
        OpenedStore::File(_) | OpenedStore::Server(_) => store.as_store().ask_all(now).await?,
    };
    let is_running = store.is_beside_relay();
    let answer = json!({"orders_to_ask": orders, "relay_running": is_running});
    output.answer(&answer, |_| match is_running {
        Some(true) => format!("the running relay asks the gateway about {orders} orders"),
        Some(false) => {
            format!("no relay runs: it will ask the gateway about {orders} orders once it does")
        }
        None => format!("the relays that run on this database ask the gateway about {orders} orders"),
    })
}
