//! `order`: what was paid.

use clap::Subcommand;
use serde_json::Value;

use super::Failure;
use super::api::{Api, escaped};
use super::output::{Output, outline, rupiah, table, text};

const ORDERS: &str = "/api/v1/orders";

/// What to do about orders.
#[derive(Debug, Subcommand)]
pub enum OrderCommand {
    /// Show orders, newest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Show one order with its lines.
    Show {
        /// Which.
        id: String,
    },
}

pub(super) async fn run(command: OrderCommand, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        OrderCommand::List { limit } => {
            let orders = api.list(ORDERS, &[], limit).await?;
            output.list(&orders, |orders| {
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
            })
        }
        OrderCommand::Show { id } => {
            let order = api.get(&format!("{ORDERS}/{}", escaped(&id))).await?;
            output.answer(&order, outline)
        }
    }
}
