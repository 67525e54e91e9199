//! Reports as they are sent: JSON for programs, CSV for spreadsheets.

use std::io;
use std::sync::Arc;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use tokio::task::spawn_blocking;

use crate::agent::http::state::AppState;
use crate::protocol::admin::reports::ReportFormat;
use crate::store::export::ExportError;
use crate::web::stream::Feed;
use crate::web::{csv, stream};

/// Takes one row's cells.
pub(super) type Record<'a> = &'a mut dyn FnMut(&[String]) -> io::Result<()>;

/// A report, written while it is sent: its text is never whole in memory.
pub(super) trait Report: Send + 'static {
    /// The name of its file.
    const NAME: &'static str;
    /// Headings of the table.
    const COLUMNS: &'static [&'static str];

    /// Writes it whole, as JSON.
    fn json(self, out: &mut Feed) -> Result<(), ExportError>;

    /// Hands out a row for each line of the table.
    fn rows(self, record: Record) -> Result<(), ExportError>;
}

/// Sends a report.
pub(super) fn answer<T: Report>(app: Arc<AppState>, report: T, format: ReportFormat) -> Response {
    let (feed, body) = stream::feed();
    spawn_blocking(move || {
        if let Err(error) = write(report, format, feed) {
            tracing::warn!(%error, report = T::NAME, "a report was not sent to its end");
            app.report_broken_answer(&error);
        }
    });
    if format == ReportFormat::Json {
        return ([(CONTENT_TYPE, "application/json")], body).into_response();
    }
    let disposition = format!("attachment; filename=\"{}.csv\"", T::NAME);
    ([(CONTENT_TYPE, csv::CONTENT_TYPE.to_owned()), (CONTENT_DISPOSITION, disposition)], body).into_response()
}

fn write<T: Report>(report: T, format: ReportFormat, mut feed: Feed) -> Result<(), ExportError> {
    match format {
        ReportFormat::Json => report.json(&mut feed)?,
        ReportFormat::Csv => {
            csv::record(&mut feed, T::COLUMNS)?;
            report.rows(&mut |cells| csv::record(&mut feed, cells))?;
        }
    }
    Ok(feed.finish()?)
}

/// A cell of what may be absent.
pub(super) fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
