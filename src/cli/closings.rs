//! `closing`: closings of cash drawers.

use clap::Subcommand;
use serde_json::Value;

use super::api::Api;
use super::failure::Failure;
use super::output::{Output, table, text};
use crate::domain::units::Rupiah;
use crate::protocol::admin::closings::CountDrawer;
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
            let closing = api.post(CLOSINGS, &body).await?;
            output.answer(&closing, |closing| {
                let rp = |field| signed(closing, field);
                let (counted, expected) = (rp("counted_rp"), rp("expected_rp"));
                format!("counted {counted}, expected {expected}, difference {}", rp("difference_rp"))
            })
        }
        ClosingCommand::List { limit } => {
            let closings = api.list(CLOSINGS, &[], limit).await?;
            output.list(&closings, |closings| {
                let row = |closing: &Value| {
                    vec![
                        text(closing, "id"),
                        text(closing, "at"),
                        text(closing, "cashier"),
                        signed(closing, "expected_rp"),
                        signed(closing, "counted_rp"),
                        signed(closing, "difference_rp"),
                        text(closing, "receipts"),
                        text(closing, "note"),
                    ]
                };
                let headings =
                    ["NO", "AT", "CASHIER", "EXPECTED", "COUNTED", "DIFFERENCE", "RECEIPTS", "NOTE"];
                table(&headings, &closings.iter().map(row).collect::<Vec<_>>())
            })
        }
    }
}

/// A rupiah field that may be below zero.
fn signed(value: &Value, field: &str) -> String {
    match value[field].as_i64() {
        Some(n) if n < 0 => format!("-{}", Rupiah(n.unsigned_abs())),
        Some(n) => Rupiah(n.unsigned_abs()).to_string(),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn too_little_is_shown_with_its_sign() {
        let closing = json!({"difference_rp": -1500, "counted_rp": 10_000});
        assert_eq!(signed(&closing, "difference_rp"), "-Rp 1.500");
        assert_eq!(signed(&closing, "counted_rp"), "Rp 10.000");
    }
}
