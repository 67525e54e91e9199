//! `report`: sales, debts, usage, and the list for collection.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Method;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde_json::Value;

use super::api::{Api, day, with_query};
use super::failure::Failure;
use super::output::{GrowingTable, Output, bytes, outline, print, rupiah, say, text};
use super::streamed::each_row;
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
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// The last day.
    #[arg(long, value_parser = day)]
    to: Option<Date>,
    /// Print CSV for spreadsheets.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(super) async fn run(command: ReportCommand, api: &Api, output: Output) -> Result<(), Failure> {
    let (name, span, columns) = match command {
        ReportCommand::Sales(span) => ("sales", span, SALES),
        ReportCommand::Debts(span) => ("debts", span, DEBTS),
        ReportCommand::Usage(span) => ("usage", span, USAGE),
        ReportCommand::Collection(span) => ("collection", span, COLLECTION),
    };
    let format = if span.csv { ReportFormat::Csv } else { ReportFormat::Json };
    let query = ReportQuery { from: span.from.map(Day), to: span.to.map(Day), format };
    let path = with_query(&format!("/api/v1/reports/{name}"), &query)?;
    if span.csv {
        return api.print(&path).await;
    }
    if output.json {
        api.print(&path).await?;
        return print(b"\n").map(drop);
    }
    let body = api.stream(Method::GET, &path).await?.into_body();
    let table = Arc::new(Mutex::new(GrowingTable::new(columns.headings)));
    let grown = Arc::clone(&table);
    let locked =
        |table: &Mutex<GrowingTable>, row| table.lock().unwrap_or_else(PoisonError::into_inner).add(row);
    let totals = each_row(body, move |row| locked(&grown, (columns.row)(&row))).await?;
    table.lock().unwrap_or_else(PoisonError::into_inner).end()?;
    say(&format!("\n{}", outline(&totals)))
}

/// How a report's rows are shown.
#[derive(Clone, Copy)]
struct Columns {
    headings: &'static [&'static str],
    row: fn(&Value) -> Vec<String>,
}

const SALES: Columns = Columns {
    headings: &["DAY", "METHOD", "CASHIER", "ORDERS", "AMOUNT", "BACK", "RECEIPTS"],
    row: |sum| {
        vec![
            text(sum, "day"),
            text(sum, "method"),
            text(sum, "cashier"),
            text(sum, "orders"),
            rupiah(sum, "amount_rp"),
            rupiah(sum, "refunded_rp"),
            format!("{}-{}", text(sum, "receipt_first"), text(sum, "receipt_last")),
        ]
    },
};

const DEBTS: Columns = Columns {
    headings: &["NAME", "PHONE", "ITEMS", "UNPAID", "OVERAGE", "TO PAY", "OLDEST DUE"],
    row: |user| {
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
    },
};

const USAGE: Columns = Columns {
    headings: &["DAY", "NAME", "USED"],
    row: |row| vec![text(row, "day"), text(row, "name"), bytes(row, "bytes", "")],
};

const COLLECTION: Columns = Columns {
    headings: &["STATE", "NAME", "PHONE", "DUE", "OWES", "TO PAY"],
    row: |call| {
        vec![
            text(call, "state"),
            text(call, "name"),
            text(call, "phone"),
            text(call, "due_date"),
            bytes(call, "total_debt_bytes", ""),
            rupiah(call, "amount_rp"),
        ]
    },
};
