//! Reports over everybody, as JSON for programs and CSV for spreadsheets.
//!
//! | file | what it is |
//! |---|---|
//! | `format` | a report in the form that is sent |
//! | `debts`, `sales`, `usage` | each report as JSON and as a table |

mod debts;
mod format;
mod sales;
mod usage;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use jiff::civil::Date;

use crate::agent::http::caller::Viewer;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::collection::CallList;
use crate::agent::reports::debts::DebtList;
use crate::agent::reports::sales::Sales;
use crate::agent::reports::span::Span;
use crate::agent::reports::usage::Source;
use crate::protocol::admin::reports::ReportQuery;
use crate::protocol::admin::values::Day;
use crate::web::{Problem, Query};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/reports/sales", get(sales))
        .route("/reports/debts", get(debts))
        .route("/reports/usage", get(usage))
        .route("/reports/collection", get(collection))
}

impl ReportQuery {
    fn span(&self) -> Span {
        let date = |day: &Option<Day>| day.map(|day| day.0);
        Span { from: date(&self.from), to: date(&self.to) }
    }
}

async fn today(app: &AppState) -> Result<Date, Problem> {
    app.read(|engine| Ok(engine.read_view().facts.local.date)).await
}

async fn sales(State(app): State<Arc<AppState>>, _: Viewer, Query(ask): Query<ReportQuery>) -> Answer {
    let days = ask.span().days(today(&app).await?)?;
    let report = app.read(move |engine| Ok(Sales::of(engine, days)?)).await?;
    Ok(format::answer(app, report, ask.format))
}

async fn usage(State(app): State<Arc<AppState>>, _: Viewer, Query(ask): Query<ReportQuery>) -> Answer {
    let days = ask.span().days(today(&app).await?)?;
    let report = app.read(move |engine| Ok(Source::of(engine, days)?)).await?;
    Ok(format::answer(app, report, ask.format))
}

async fn debts(State(app): State<Arc<AppState>>, _: Viewer, Query(ask): Query<ReportQuery>) -> Answer {
    let today = today(&app).await?;
    let report = DebtList::new(app.site.engine(), today, ask.span().given(today)?);
    Ok(format::answer(app, report, ask.format))
}

async fn collection(State(app): State<Arc<AppState>>, _: Viewer, Query(ask): Query<ReportQuery>) -> Answer {
    let today = today(&app).await?;
    let report = CallList::new(app.site.engine(), today, ask.span().given(today)?);
    Ok(format::answer(app, report, ask.format))
}
