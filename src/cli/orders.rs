//! `order`: payments and refunds.

use clap::Subcommand;
use serde_json::{Value, json};

use super::api::Api;
use super::failure::Failure;
use super::output::{Output, outline, rupiah, table, text};
use crate::domain::units::Rupiah;
use crate::protocol::admin::Empty;
use crate::protocol::admin::orders::RefundOrder;
use crate::protocol::admin::values::{Money, Reason};
use crate::tools::percent;

const ORDERS: &str = "/api/v1/orders";

/// Commands about orders.
#[derive(Debug, Subcommand)]
pub enum OrderCommand {
    /// Show orders, newest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Only in this state, such as `pending`, `paid` or `review`.
        #[arg(long)]
        status: Option<String>,
        /// Only paid this way, such as `cash` or `qris`.
        #[arg(long)]
        method: Option<String>,
        /// Only of this user, by id.
        #[arg(long, value_name = "ID")]
        user: Option<String>,
    },
    /// Cancel an online order that can still be paid.
    Cancel {
        /// The order.
        id: String,
    },
    /// Query the gateway about an online order now.
    Refresh {
        /// The order.
        id: String,
    },
    /// End a review: money that the gateway confirms and that could not be applied.
    Review {
        /// The order.
        id: String,
        /// Credit the quote, or close the review without a credit.
        #[arg(value_parser = ["credit", "dismiss"])]
        decision: String,
        /// The reason.
        #[arg(long)]
        reason: String,
    },
    /// Refund an order, fully or partially; cash leaves the caller's drawer.
    Refund {
        /// The order.
        id: String,
        /// The amount; everything not yet refunded when not given.
        #[arg(long)]
        amount_rp: Option<Rupiah>,
        /// The reason.
        #[arg(long)]
        reason: String,
    },
    /// Show one order with its entries.
    Show {
        /// The order.
        id: String,
    },
}

pub(super) async fn run(command: OrderCommand, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        OrderCommand::List { limit, status, method, user } => {
            let given = [("status", &status), ("method", &method), ("user_id", &user)];
            let query: Vec<(&str, &str)> =
                given.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
            let orders = api.list(ORDERS, &query, limit).await?;
            output.list(&orders, listed)
        }
        OrderCommand::Cancel { id } => {
            let order = api.post(&format!("{ORDERS}/{}/cancel", percent::value(&id)), &Empty {}).await?;
            output.answer(&order, outline)
        }
        OrderCommand::Refresh { id } => {
            let order = api.post(&format!("{ORDERS}/{}/refresh", percent::value(&id)), &Empty {}).await?;
            output.answer(&order, outline)
        }
        OrderCommand::Review { id, decision, reason } => {
            let body = json!({"decision": decision, "reason": reason});
            let order = api.post(&format!("{ORDERS}/{}/review", percent::value(&id)), &body).await?;
            output.answer(&order, outline)
        }
        OrderCommand::Refund { id, amount_rp, reason } => {
            let body = RefundOrder { amount_rp: amount_rp.map(Money), reason: Reason(reason) };
            let order = api.post(&format!("{ORDERS}/{}/refund", percent::value(&id)), &body).await?;
            output.answer(&order, |order| {
                let (back, paid) = (rupiah(order, "refunded_rp"), rupiah(order, "amount_rp"));
                format!("{}  {}: {back} of {paid} went back", text(order, "id"), text(order, "status"))
            })
        }
        OrderCommand::Show { id } => {
            let order = api.get(&format!("{ORDERS}/{}", percent::value(&id))).await?;
            output.answer(&order, outline)
        }
    }
}

fn listed(orders: &[Value]) -> String {
    let row = |order: &Value| {
        let at = if order["paid_at"].is_null() { "created_at" } else { "paid_at" };
        vec![
            text(order, "receipt"),
            text(order, at),
            text(order, "kind"),
            text(order, "method"),
            rupiah(order, "amount_rp"),
            text(order, "status"),
            text(order, "cashier"),
            text(order, "id"),
        ]
    };
    let headings = ["RECEIPT", "AT", "KIND", "METHOD", "AMOUNT", "STATUS", "CASHIER", "ID"];
    table(&headings, &orders.iter().map(row).collect::<Vec<_>>())
}
