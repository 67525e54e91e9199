//! Whole tables as CSV or JSON, for the owner and for other programs.

use std::io::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

use crate::agent::http::caller::Owner;
use crate::agent::http::state::{Answer, AppState};
use crate::store::Reader;
use crate::store::export::{ExportCell, ExportError, Table};
use crate::web::stream::Feed;
use crate::web::{Path, Problem, Query, csv, stream};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/export/{table}", get(export))
}

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TableFormat {
    /// A record for each row, under the names of the columns.
    #[default]
    Csv,
    /// A list with an object for each row. What is not known is null.
    Json,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ExportQuery {
    format: TableFormat,
}

async fn export(
    State(app): State<Arc<AppState>>,
    Owner(actor): Owner,
    Path(name): Path<String>,
    Query(ExportQuery { format }): Query<ExportQuery>,
) -> Answer {
    let table = Table::from_name(&name).ok_or_else(|| Problem::not_found("table"))?;
    let reader = app
        .read(move |engine| {
            engine.note(&actor, "export", table.name(), String::new())?;
            Ok(engine.new_reader()?)
        })
        .await?;
    let (feed, body) = stream::feed();
    spawn_blocking(move || {
        let written = match format {
            TableFormat::Csv => write(&reader, table, feed),
            TableFormat::Json => write_json(&reader, table, feed),
        };
        if let Err(error) = written {
            tracing::warn!(%error, table = table.name(), "an export was not sent to its end");
            app.report_broken_answer(&error);
        }
    });
    let (kind, end) = match format {
        TableFormat::Csv => (csv::CONTENT_TYPE, "csv"),
        TableFormat::Json => ("application/json", "json"),
    };
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}.{end}\"", table.name())),
    ];
    Ok((headers, body).into_response())
}

fn write(reader: &Reader, table: Table, mut feed: Feed) -> Result<(), ExportError> {
    reader.export(table, |cells| csv::record(&mut feed, cells))?;
    Ok(feed.finish()?)
}

fn write_json(reader: &Reader, table: Table, mut feed: Feed) -> Result<(), ExportError> {
    let mut before = "[\n";
    reader.export_cells(table, |names, cells| {
        feed.write_all(std::mem::replace(&mut before, ",\n").as_bytes())?;
        let value = |cell: &ExportCell| match cell {
            ExportCell::Null => Value::Null,
            ExportCell::Number(number) => Value::from(*number),
            ExportCell::Text(text) => Value::from(text.as_str()),
        };
        let row: Map<String, Value> = names.iter().cloned().zip(cells.iter().map(value)).collect();
        Ok(serde_json::to_writer(&mut feed, &row)?)
    })?;
    feed.write_all(if before == "[\n" { b"[]" } else { b"\n]" })?;
    Ok(feed.finish()?)
}
