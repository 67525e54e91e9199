//! `report`: sales, debts, usage, and the list for collection.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde_json::Value;

use super::api::{Api, with_query};
use super::failure::Failure;
use super::output::{Output, bytes, outline, rupiah, table, text};
use crate::protocol::admin::reports::{ReportFormat, ReportQuery};
use crate::protocol::admin::values::Day;

/// Which report.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// What was sold, by day, method and cashier.
    Sales(ReportSpan),
    /// What is owed.
    Debts(ReportSpan),
    /// What was used, by user and day.
    Usage(ReportSpan),
    /// Customers who are blocked for debt, are late, or have to pay within a week.
    Collection(ReportSpan),
}

/// Which days, and as what.
#[derive(Debug, Args)]
pub struct ReportSpan {
    /// The first day, like 2026-11-01; the first of the month when not given.
    #[arg(long)]
    from: Option<Date>,
    /// The last day.
    #[arg(long)]
    to: Option<Date>,
    /// Print CSV for spreadsheets.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(super) async fn run(command: ReportCommand, api: &Api, output: Output) -> Result<(), Failure> {
    let (name, span, human): (_, _, fn(&Value) -> String) = match command {
        ReportCommand::Sales(span) => ("sales", span, sales),
        ReportCommand::Debts(span) => ("debts", span, debts),
        ReportCommand::Usage(span) => ("usage", span, usage),
        ReportCommand::Collection(span) => ("collection", span, collection),
    };
    let format = if span.csv { ReportFormat::Csv } else { ReportFormat::Json };
    let query = ReportQuery { from: span.from.map(Day), to: span.to.map(Day), format };
    let path = with_query(&format!("/api/v1/reports/{name}"), &query)?;
    if span.csv {
        return api.print(&path).await;
    }
    output.answer(&api.get::<Value>(&path).await?, human)
}

/// The items as a table, and the totals below.
fn shown(report: &Value, headings: &[&str], row: impl Fn(&Value) -> Vec<String>) -> String {
    let items = report["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<Vec<String>> = items.iter().map(row).collect();
    format!("{}\n\n{}", table(headings, &rows), outline(&report["totals"]))
}

fn sales(report: &Value) -> String {
    shown(report, &["DAY", "METHOD", "CASHIER", "ORDERS", "AMOUNT", "BACK", "RECEIPTS"], |sum| {
        vec![
            text(sum, "day"),
            text(sum, "method"),
            text(sum, "cashier"),
            text(sum, "orders"),
            rupiah(sum, "amount_rp"),
            rupiah(sum, "refunded_rp"),
            format!("{}-{}", text(sum, "receipt_first"), text(sum, "receipt_last")),
        ]
    })
}

fn debts(report: &Value) -> String {
    shown(report, &["NAME", "PHONE", "ITEMS", "UNPAID", "OVERAGE", "TO PAY", "OLDEST DUE"], |user| {
        let debts = user["debts"].as_array().map(Vec::as_slice).unwrap_or_default();
        vec![
            text(user, "name"),
            text(user, "phone"),
            debts.len().to_string(),
            bytes(user, "unpaid_bytes", ""),
            bytes(user, "overage_bytes", ""),
            rupiah(user, "due_rp"),
            debts.iter().map(|debt| text(debt, "due_date")).min().unwrap_or_default(),
        ]
    })
}

fn usage(report: &Value) -> String {
    shown(report, &["DAY", "NAME", "USED"], |row| {
        vec![text(row, "day"), text(row, "name"), bytes(row, "bytes", "")]
    })
}

fn collection(report: &Value) -> String {
    shown(report, &["STATE", "NAME", "PHONE", "DUE", "OWES", "TO PAY"], |call| {
        vec![
            text(call, "state"),
            text(call, "name"),
            text(call, "phone"),
            text(call, "due_date"),
            bytes(call, "total_debt_bytes", ""),
            rupiah(call, "amount_rp"),
        ]
    })
}
