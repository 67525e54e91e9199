//! `order`: payments and refunds.

use clap::Subcommand;

use super::api::{Api, parsed};
use super::failure::Failure;
use super::output::{Output, outline, price, table};
use super::users::find_id;
use crate::domain::rfc3339::rfc3339;
use crate::domain::units::Rupiah;
use crate::protocol::admin::Empty;
use crate::protocol::admin::orders::{FindOrders, OrderView, RefundOrder, ReviewOrder};
use crate::protocol::admin::page::PageQuery;
use crate::protocol::admin::values::{MethodName, Money, Reason};
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
        /// Only of this user: an id, or a name, phone or log-in name that is one user's alone.
        #[arg(long)]
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
            let method: Option<MethodName> = method.map(|word| parsed("method", &word)).transpose()?;
            let search = FindOrders {
                status: status.map(|word| parsed("status", &word)).transpose()?,
                method: method.map(|method| method.0),
                user_id: match &user {
                    Some(who) => Some(find_id(api, who).await?),
                    None => None,
                },
                ..FindOrders::default()
            };
            let query = |PageQuery { limit, after }| FindOrders { limit, after, ..search.clone() };
            output.list(api.list(ORDERS, query, limit).await?, listed)
        }
        OrderCommand::Cancel { id } => {
            let order: OrderView =
                api.post(&format!("{ORDERS}/{}/cancel", percent::value(&id)), &Empty {}).await?;
            output.answer(&order, outline)
        }
        OrderCommand::Refresh { id } => {
            let order: OrderView =
                api.post(&format!("{ORDERS}/{}/refresh", percent::value(&id)), &Empty {}).await?;
            output.answer(&order, outline)
        }
        OrderCommand::Review { id, decision, reason } => {
            let body = ReviewOrder { decision: parsed("decision", &decision)?, reason: Reason(reason) };
            let order: OrderView =
                api.post(&format!("{ORDERS}/{}/review", percent::value(&id)), &body).await?;
            output.answer(&order, outline)
        }
        OrderCommand::Refund { id, amount_rp, reason } => {
            let body = RefundOrder { amount_rp: amount_rp.map(Money), reason: Reason(reason) };
            let order: OrderView =
                api.post(&format!("{ORDERS}/{}/refund", percent::value(&id)), &body).await?;
            output.answer(&order, |order| {
                let (back, paid) = (price(Some(order.refunded_rp)), price(Some(order.amount_rp)));
                format!("{}  {}: {back} of {paid} went back", order.id, order.status.name())
            })
        }
        OrderCommand::Show { id } => {
            let order: OrderView = api.get(&format!("{ORDERS}/{}", percent::value(&id))).await?;
            output.answer(&order, outline)
        }
    }
}

fn listed(orders: &[OrderView]) -> String {
    let row = |order: &OrderView| {
        vec![
            order.receipt.map(|no| no.to_string()).unwrap_or_default(),
            rfc3339(order.paid_at.as_ref().unwrap_or(&order.created_at).0),
            order.kind.name().to_owned(),
            order.method.0.name().to_owned(),
            price(Some(order.amount_rp)),
            order.status.name().to_owned(),
            order.cashier.clone().unwrap_or_default(),
            order.id.to_string(),
        ]
    };
    let headings = ["RECEIPT", "AT", "KIND", "METHOD", "AMOUNT", "STATUS", "CASHIER", "ID"];
    table(&headings, &orders.iter().map(row).collect::<Vec<_>>())
}
