//! `report`: sales, debts, usage, and the list for collection.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Method;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::api::{Api, day, with_query};
use super::failure::Failure;
use super::output::{GrowingTable, Output, amount, outline, price, print, say};
use super::streamed::each_row;
use crate::protocol::admin::reports::{
    CallTotalsView, CallView, DailyUsageView, DebtTotalsView, OwesView, ReportFormat, ReportQuery,
    SalesSumView, UsageTotalsView,
};
use crate::protocol::admin::values::Day;
use crate::tools::or_empty;

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
    match command {
        ReportCommand::Sales(span) => show::<_, SalesSumView>("sales", span, &SALES, api, output).await,
        ReportCommand::Debts(span) => show::<_, DebtTotalsView>("debts", span, &DEBTS, api, output).await,
        ReportCommand::Usage(span) => show::<_, UsageTotalsView>("usage", span, &USAGE, api, output).await,
        ReportCommand::Collection(span) => {
            show::<_, CallTotalsView>("collection", span, &COLLECTION, api, output).await
        }
    }
}

/// Prints a report of rows `R` and totals `T`.
async fn show<R, T>(
    name: &str,
    span: ReportSpan,
    columns: &'static Columns<R>,
    api: &Api,
    output: Output,
) -> Result<(), Failure>
where
    R: DeserializeOwned + 'static,
    T: DeserializeOwned + Serialize + Send + 'static,
{
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
    let totals: T = each_row(body, move |row: R| locked(&grown, (columns.row)(&row))).await?;
    table.lock().unwrap_or_else(PoisonError::into_inner).end()?;
    say(&format!("\n{}", outline(&totals)))
}

/// How a report's rows are shown.
struct Columns<R> {
    headings: &'static [&'static str],
    row: fn(&R) -> Vec<String>,
}

const SALES: Columns<SalesSumView> = Columns {
    headings: &["DAY", "METHOD", "CASHIER", "ORDERS", "AMOUNT", "BACK", "RECEIPTS"],
    row: |sum| {
        vec![
            or_empty(sum.day.map(|day| day.0)),
            or_empty(sum.method.as_ref()),
            or_empty(sum.cashier.as_ref()),
            sum.orders.to_string(),
            price(Some(sum.amount_rp)),
            price(Some(sum.refunded_rp)),
            format!("{}-{}", or_empty(sum.receipt_first), or_empty(sum.receipt_last)),
        ]
    },
};

const DEBTS: Columns<OwesView> = Columns {
    headings: &["NAME", "PHONE", "ITEMS", "UNPAID", "OVERAGE", "TO PAY", "OLDEST DUE"],
    row: |user| {
        vec![
            user.name.clone(),
            or_empty(user.phone.as_ref()),
            user.debts.len().to_string(),
            amount(Some(user.unpaid_bytes), ""),
            amount(Some(user.overage_bytes), ""),
            price(user.due_rp),
            or_empty(user.debts.iter().map(|debt| debt.due_date.0).min()),
        ]
    },
};

const USAGE: Columns<DailyUsageView> = Columns {
    headings: &["DAY", "NAME", "USED"],
    row: |row| vec![row.day.0.to_string(), row.name.clone(), amount(Some(row.bytes), "")],
};

const COLLECTION: Columns<CallView> = Columns {
    headings: &["STATE", "NAME", "PHONE", "DUE", "OWES", "TO PAY"],
    row: |call| {
        vec![
            call.state.name().to_owned(),
            call.name.clone(),
            or_empty(call.phone.as_ref()),
            or_empty(call.due_date.map(|day| day.0)),
            amount(Some(call.total_debt_bytes), ""),
            price(call.amount_rp),
        ]
    },
};
