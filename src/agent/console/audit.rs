//! The audit: who did what, when, and from where.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::session::AdminSession;
use crate::agent::console::texts::office::{Office, role_name};
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::page::{Cursor, List, PageLimit, given};
use crate::store::{AuditFilter, Page, Role};
use crate::ui::desk::Layout;
use crate::ui::{Frame, html};
use crate::web::Query;

/// Longest text that is searched for.
const SEARCH_CHARS_MAX: usize = 100;

/// `GET /catatan`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    pelaku: String,
    q: String,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

struct Row {
    at: String,
    actor: String,
    role: String,
    source: String,
    action: String,
    target: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "console/office/audit.html")]
struct AuditPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    actor: String,
    q: String,
    rows: Vec<Row>,
    /// What the next page's form carries in addition to the search.
    next: Option<String>,
    is_later: bool,
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    session.at_least(Role::Operator)?;
    let short = |text: &str| text.trim().chars().take(SEARCH_CHARS_MAX).collect::<String>();
    let filter = AuditFilter { actor: short(&ask.pelaku), text: short(&ask.q) };
    let (actor, q, is_later) = (filter.actor.clone(), filter.text.clone(), ask.after.is_some());
    let limit = PageLimit::default();
    let page = Page { limit: limit.rows_and_one(), after: ask.after.map(|cursor| cursor.0) };
    // A search that finds little walks far: nobody waits for it on the engine's thread.
    let reader = app.read(|engine| Ok(engine.new_reader()?)).await?;
    let lines = app.read_history(move || reader.find_audit(&filter, page)).await?;
    let List { items, next } = List::of(lines, limit, |(no, _)| *no);
    let (locale, w) = (&session.page_request.locale, session.office());
    let rows = items.into_iter().map(|(_, line)| Row {
        at: locale.moment(line.at),
        actor: line.actor,
        // Programs that are no admins, such as the relay, have a word of their own.
        role: Role::from_name(&line.role).map_or(line.role, |role| role_name(w, role).to_owned()),
        source: line.source,
        action: line.action,
        target: line.target,
        detail: line.detail,
    });
    let (frame, layout) = session.layout(w.audit, "/catatan");
    html(&AuditPage { frame, layout, w, actor, q, rows: rows.collect(), next, is_later })
}
