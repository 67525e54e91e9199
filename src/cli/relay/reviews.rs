//! `review list` and `reconcile`: orders in review, and querying the gateway again.

use serde_json::{Value, json};

use super::store::file_of;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, table};
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::domain::order::OrderState;
use crate::relay::config::Config;
use crate::relay::store::sqlite::SqliteStore;
use crate::relay::store::{RelayStore, StoredOrder};

/// The most reviews listed; more than a person decides in a day.
const REVIEWS_MAX: u32 = 1000;

/// `review list`: orders whose money waits for a decision.
pub(super) async fn list(config: &Config, output: Output) -> Result<(), Failure> {
    let store = SqliteStore::open_beside(&file_of(config))?;
    let orders = store.in_state(OrderState::Review, REVIEWS_MAX).await?;
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
pub(super) async fn reconcile(config: &Config, output: Output) -> Result<(), Failure> {
    let store = SqliteStore::open_beside(&file_of(config))?;
    let orders = store.ask_all(SystemClock::new().now()).await?;
    let is_running = store.is_beside_relay();
    let answer = json!({"orders_to_ask": orders, "relay_running": is_running});
    output.answer(&answer, |_| {
        if is_running {
            format!("the running relay asks the gateway about {orders} orders")
        } else {
            format!("no relay runs: it will ask the gateway about {orders} orders once it does")
        }
    })
}
