//! `review list` and `reconcile`: what a person should look at, and asking the gateway again.

use serde_json::{Value, json};

use super::store::file_of;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, table};
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::domain::order::OrderState;
use crate::relay::config::Config;
use crate::relay::store::sqlite::SqliteStore;
use crate::relay::store::{OrderRow, RelayStore};

/// The most reviews that are listed; more than a person decides in a day.
const REVIEWS_MAX: u32 = 1000;

/// `review list`: orders whose money waits for a person.
pub(super) async fn list(config: &Config, output: Output) -> Result<(), Failure> {
    let store = SqliteStore::open_beside(&file_of(config))?;
    let orders = store.in_state(OrderState::Review, REVIEWS_MAX).await?;
    let items: Vec<Value> = orders.iter().map(item).collect();
    output.list(&items, |_| {
        let headings = ["ORDER", "MERCHANT", "SITE", "AMOUNT", "OPENED", "FLAGS"];
        table(&headings, &orders.iter().map(row).collect::<Vec<_>>())
    })
}

fn item(order: &OrderRow) -> Value {
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

fn row(order: &OrderRow) -> Vec<String> {
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

/// `reconcile`: everything that may have changed becomes due; the running relay asks the gateway about it.
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
