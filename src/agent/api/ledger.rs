//! Statements, the audit, and verification of the ledger.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use crate::agent::engine::Engine;
use crate::agent::http::caller::{Operator, Viewer};
use crate::agent::http::ledger::proof;
use crate::agent::http::state::{Answer, AppState, user};
use crate::domain::id::UserId;
use crate::protocol::admin::ledger::{AuditView, EntryView, StatementView, VerifiedView};
use crate::protocol::admin::page::{List, PageQuery};
use crate::protocol::admin::values::Instant;
use crate::store::{AuditLine, Page, Verified};
use crate::web::{Path, Problem, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/users/{id}/statement", get(statement))
        .route("/audit", get(audit))
        .route("/ledger/verify", get(verify))
}

async fn statement(
    State(app): State<Arc<AppState>>,
    _: Viewer,
    Path(id): Path<UserId>,
    Query(page): Query<PageQuery>,
) -> Answer {
    let view = app.read(move |engine| statement_view(engine, id, page)).await?;
    Ok(Json(view).into_response())
}

fn statement_view(engine: &Engine, id: UserId, page: PageQuery) -> Result<StatementView, Problem> {
    let user = user(engine, id)?.user;
    let rows = Page { limit: page.limit.rows_and_one(), after: page.after.map(|cursor| cursor.0) };
    let lines = engine.reader().statement(user.no, rows)?;
    let lines = List::of(lines, page.limit, |line| i64::try_from(line.seq).unwrap_or(i64::MAX));
    let open = user.account.open_usage;
    Ok(StatementView {
        open_usage_bytes: open.0,
        open_usage_mb: open.into(),
        lines: lines.map(|line| EntryView::posted(&line)),
    })
}

impl AuditView {
    pub(crate) fn of(line: AuditLine) -> Self {
        Self {
            at: Instant(line.at),
            actor: line.actor,
            role: line.role,
            source: line.source,
            action: line.action,
            target: line.target,
            detail: line.detail,
        }
    }
}

async fn audit(State(app): State<Arc<AppState>>, _: Operator, Query(page): Query<PageQuery>) -> Answer {
    let rows = Page { limit: page.limit.rows_and_one(), after: page.after.map(|cursor| cursor.0) };
    let lines = app.read(move |engine| Ok(engine.reader().audit(rows)?)).await?;
    let page = List::of(lines, page.limit, |(no, _)| *no);
    Ok(Json(page.map(|(_, line)| AuditView::of(line))).into_response())
}

async fn verify(State(app): State<Arc<AppState>>, _: Viewer) -> Answer {
    let Verified { entries, accounts, debts, receipts } = proof(&app).await?;
    Ok(Json(VerifiedView { entries, accounts, debts, receipts }).into_response())
}
