//! Reports as they are sent: JSON for programs, CSV for spreadsheets.

use std::io::{self, Write};
use std::sync::Arc;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
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

/// `{HEAD,"items":[],"totals":`, written item by item. Whoever began it closes the object.
pub(super) struct JsonList<'a> {
    out: &'a mut Feed,
    separator: &'static str,
}

impl<'a> JsonList<'a> {
    /// Begins with fields of the report's head, as JSON.
    pub fn begin(out: &'a mut Feed, head: &str) -> Result<Self, ExportError> {
        write!(out, "{{{head},\"items\":[")?;
        Ok(Self { out, separator: "" })
    }

    pub fn item(&mut self, item: &impl Serialize) -> Result<(), ExportError> {
        self.out.write_all(std::mem::replace(&mut self.separator, ",").as_bytes())?;
        Ok(serde_json::to_writer(&mut *self.out, item).map_err(io::Error::from)?)
    }

    /// Ends the items with their totals; further fields may follow.
    pub fn end(self, totals: &impl Serialize) -> Result<&'a mut Feed, ExportError> {
        self.out.write_all(b"],\"totals\":")?;
        serde_json::to_writer(&mut *self.out, totals).map_err(io::Error::from)?;
        Ok(self.out)
    }
}
