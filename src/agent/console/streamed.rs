//! Pages too long for memory: what stands around the rows is made at once, and the rows are written while they are sent.

use std::io::Write;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use tokio::task::spawn_blocking;

use crate::agent::http::state::{Answer, AppState};
use crate::store::export::ExportError;
use crate::ui::html;
use crate::web::Problem;
use crate::web::stream::{Feed, feed};

/// Where the rows of a page go: what people typed is escaped and cannot be like it.
const ROWS: &str = "<!--rows-->";

/// The page with its rows; `rows` writes them, on a thread that may wait for a slow reader.
pub(super) fn streamed(
    app: &Arc<AppState>,
    page: &impl Template,
    rows: impl FnOnce(&mut Feed) -> Result<(), ExportError> + Send + 'static,
) -> Answer {
    let text = page.render().map_err(|error| {
        tracing::error!(%error, "a page could not be written");
        Problem::internal()
    })?;
    let (head, tail) = text.split_once(ROWS).ok_or_else(Problem::internal)?;
    let (head, tail) = (head.to_owned(), tail.to_owned());
    let (mut feed, body) = feed();
    let app = Arc::clone(app);
    spawn_blocking(move || {
        let write = || {
            feed.write_all(head.as_bytes())?;
            rows(&mut feed)?;
            Ok(feed.write_all(tail.as_bytes())?)
        };
        let sent = write().and_then(|()| Ok(feed.finish()?));
        if let Err(error) = sent {
            tracing::warn!(%error, "a page was not sent to its end");
            app.report_broken_answer(&error);
        }
    });
    let (parts, _) = html(&Nothing {})?.into_parts();
    Ok(Response::from_parts(parts, Body::new(body)))
}

/// A page without content, for the headers that every page has.
#[derive(Template)]
#[template(source = "", ext = "html")]
struct Nothing {}
