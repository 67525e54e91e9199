//! The operators' log: who did what, when and from where.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::menu::LOG;
use super::session::OperatorSession;
use super::state::{ConsoleState, PageAnswer};
use super::texts::ConsoleWords;
use crate::protocol::admin::page::{Cursor, List, PageLimit, given};
use crate::relay::store::operators::OperatorLogLine;
use crate::ui::desk::Layout;
use crate::ui::{Frame, html};
use crate::web::Query;

/// `GET /catatan`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LogQuery {
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

/// A line for its template.
struct LogRow {
    at: String,
    line: OperatorLogLine,
}

#[derive(Template)]
#[template(path = "relay/log.html")]
struct LogPage {
    frame: Frame,
    layout: Layout,
    w: &'static ConsoleWords,
    rows: Vec<LogRow>,
    next: Option<String>,
    is_later: bool,
}

pub(super) async fn show(
    State(state): State<Arc<ConsoleState>>,
    session: OperatorSession,
    Query(query): Query<LogQuery>,
) -> PageAnswer {
    let limit = PageLimit::default();
    let before = query.after.and_then(|cursor| u64::try_from(cursor.0).ok());
    let lines = state.relay.store.operator_log(before, limit.rows_and_one()).await?;
    let no = |line: &OperatorLogLine| i64::try_from(line.no).unwrap_or(i64::MAX);
    let List { items, next } = List::of(lines, limit, no);
    let (locale, w) = (session.locale(), session.words());
    let rows = items.into_iter().map(|line| LogRow { at: locale.moment(line.by.at), line }).collect();
    let (frame, layout) = session.layout(w.log, LOG);
    html(&LogPage { frame, layout, w, rows, next, is_later: query.after.is_some() })
}
