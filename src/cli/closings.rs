//! `closing`: closings of cash drawers.

use clap::Subcommand;

use super::api::Api;
use super::failure::Failure;
use super::output::{Output, price, table};
use crate::domain::rfc3339::rfc3339;
use crate::domain::units::Rupiah;
use crate::protocol::admin::closings::{ClosingView, CountDrawer};
use crate::protocol::admin::values::{Note, Price};

const CLOSINGS: &str = "/api/v1/closings";

/// Commands about cash drawers.
#[derive(Debug, Subcommand)]
pub enum ClosingCommand {
    /// Count the caller's drawer and close it.
    Add {
        /// The cash counted.
        #[arg(long)]
        counted_rp: Rupiah,
        /// For people.
        #[arg(long)]
        note: Option<String>,
    },
    /// Show closings, newest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
}

pub(super) async fn run(command: ClosingCommand, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        ClosingCommand::Add { counted_rp, note } => {
            let body = CountDrawer { counted_rp: Price(counted_rp), note: note.map(Note) };
            let closing: ClosingView = api.post(CLOSINGS, &body).await?;
            output.answer(&closing, |closing| {
                let (counted, expected) = (price(Some(closing.counted_rp)), signed(closing.expected_rp));
                format!(
                    "counted {counted}, expected {expected}, difference {}",
                    signed(closing.difference_rp)
                )
            })
        }
        ClosingCommand::List { limit } => {
            let closings = api.list(CLOSINGS, |page| page, limit).await?;
            output.list(closings, |closings| {
                let row = |closing: &ClosingView| {
                    vec![
                        closing.id.to_string(),
                        rfc3339(closing.at.0),
                        closing.cashier.clone(),
                        signed(closing.expected_rp),
                        price(Some(closing.counted_rp)),
                        signed(closing.difference_rp),
                        closing.receipts.to_string(),
                        closing.note.clone(),
                    ]
                };
                let headings =
                    ["NO", "AT", "CASHIER", "EXPECTED", "COUNTED", "DIFFERENCE", "RECEIPTS", "NOTE"];
                table(&headings, &closings.iter().map(row).collect::<Vec<_>>())
            })
        }
    }
}

/// Rupiah that may be below zero.
fn signed(rupiah: i64) -> String {
    let sign = if rupiah < 0 { "-" } else { "" };
    format!("{sign}{}", Rupiah(rupiah.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_is_shown_with_its_sign() {
        assert_eq!(signed(-1500), "-Rp 1.500");
        assert_eq!(signed(10_000), "Rp 10.000");
    }
}
