//! Whole tables as CSV, for the owner and for other programs.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::task::spawn_blocking;

use crate::agent::http::caller::Owner;
use crate::agent::http::state::{Answer, AppState};
use crate::store::Reader;
use crate::store::export::{ExportError, Table};
use crate::web::stream::Feed;
use crate::web::{Path, Problem, csv, stream};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/export/{table}", get(export))
}

async fn export(State(app): State<Arc<AppState>>, Owner(actor): Owner, Path(name): Path<String>) -> Answer {
    let table = Table::from_name(&name).ok_or_else(|| Problem::not_found("table"))?;
    let reader = app
        .read(move |engine| {
            engine.note(&actor, "export", table.name(), String::new())?;
            Ok(engine.new_reader()?)
        })
        .await?;
    let (feed, body) = stream::feed();
    spawn_blocking(move || {
        if let Err(error) = write(&reader, table, feed) {
            tracing::warn!(%error, table = table.name(), "an export was not sent to its end");
            app.report_broken_answer(&error);
        }
    });
    let headers = [
        (CONTENT_TYPE, csv::CONTENT_TYPE.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}.csv\"", table.name())),
    ];
    Ok((headers, body).into_response())
}

fn write(reader: &Reader, table: Table, mut feed: Feed) -> Result<(), ExportError> {
    reader.export(table, |cells| csv::record(&mut feed, cells))?;
    Ok(feed.finish()?)
}
