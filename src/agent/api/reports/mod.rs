//! Reports over everybody, as JSON for programs and CSV for spreadsheets.

pub(crate) mod debts;
pub(crate) mod sales;
pub(crate) mod usage;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::ToSpan;
use jiff::civil::Date;
use tokio::task::spawn_blocking;

use crate::agent::http::caller::Viewer;
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::reports::{ReportFormat, ReportQuery};
use crate::protocol::admin::values::Day;
use crate::store::export::ExportError;
use crate::web::stream::Feed;
use crate::web::{Problem, Query, csv, stream};

/// The longest span of one report.
const DAYS_MAX: i32 = 366;

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/reports/sales", get(sales))
        .route("/reports/debts", get(debts))
        .route("/reports/usage", get(usage))
        .route("/reports/collection", get(collection))
}

impl ReportQuery {
    fn span(&self) -> Span {
        let date = |day: &Option<Day>| day.as_ref().map(|day| day.0);
        Span { from: date(&self.from), to: date(&self.to) }
    }
}

/// The days of a report, as far as somebody said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

/// Local days, both inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    pub from: Date,
    pub to: Date,
}

impl Days {
    fn hold(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    pub fn after(self) -> Date {
        self.to.saturating_add(1.day())
    }
}

impl Span {
    /// The span that is asked for; what is left open is filled up to the month.
    pub fn days(&self, today: Date) -> Result<Days, Problem> {
        let from = self.from.unwrap_or_else(|| self.to.unwrap_or(today).first_of_month());
        let to = self.to.unwrap_or_else(|| today.last_of_month().max(from));
        if from > to {
            return Err(Problem::invalid("to", "must not be earlier than from"));
        }
        if (to - from).get_days() >= DAYS_MAX {
            return Err(Problem::invalid("from", format!("a report is over at most {DAYS_MAX} days")));
        }
        Ok(Days { from, to })
    }

    /// The span, where one was given at all.
    pub fn given(&self, today: Date) -> Result<Option<Days>, Problem> {
        let days = self.days(today)?;
        Ok((self.from.is_some() || self.to.is_some()).then_some(days))
    }
}

/// Takes one row's cells.
type Record<'a> = &'a mut dyn FnMut(&[String]) -> io::Result<()>;

/// A report, written as it is sent: none is held in memory as text.
trait Report: Send + 'static {
    /// The name of its file.
    const NAME: &'static str;
    /// Headings of the table.
    const COLUMNS: &'static [&'static str];

    /// Writes it whole, as JSON.
    fn json(self, out: &mut Feed) -> Result<(), ExportError>;

    /// Hands out a row for each line of the table.
    fn rows(self, record: Record) -> Result<(), ExportError>;
}

fn answer<T: Report>(report: T, format: ReportFormat) -> Response {
    let (feed, body) = stream::feed();
    spawn_blocking(move || {
        if let Err(error) = write(report, format, feed) {
            tracing::warn!(%error, report = T::NAME, "a report was not sent to its end");
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
fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

async fn today(app: &AppState) -> Result<Date, Problem> {
    app.look(|engine| Ok(engine.look().facts.local.date)).await
}

async fn sales(State(app): State<Arc<AppState>>, _: Viewer, Query(ask): Query<ReportQuery>) -> Answer {
    let days = ask.span().days(today(&app).await?)?;
    Ok(answer(sales::report(&app, days).await?, ask.format))
}

async fn usage(State(app): State<Arc<AppState>>, _: Viewer, Query(ask): Query<ReportQuery>) -> Answer {
    let days = ask.span().days(today(&app).await?)?;
    Ok(answer(usage::report(&app, days).await?, ask.format))
}

async fn debts(State(app): State<Arc<AppState>>, _: Viewer, Query(ask): Query<ReportQuery>) -> Answer {
    let days = ask.span().given(today(&app).await?)?;
    let report = app.look(move |engine| Ok(debts::report(&engine.look(), days))).await?;
    Ok(answer(report, ask.format))
}

async fn collection(State(app): State<Arc<AppState>>, _: Viewer, Query(ask): Query<ReportQuery>) -> Answer {
    let days = ask.span().given(today(&app).await?)?;
    let report = app.look(move |engine| Ok(debts::collection(&engine.look(), days))).await?;
    Ok(answer(report, ask.format))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn spans_are_this_month_unless_said_and_bounded() {
        let day = |text: &str| serde_json::from_value::<Day>(text.into()).ok().map(|day| day.0);
        let ask = |from: &str, to: &str| Span { from: day(from), to: day(to) };
        let today = date(2026, 2, 10);
        let days = |from: &str, to: &str| {
            let days = ask(from, to).days(today);
            days.map(|days| (days.from.to_string(), days.to.to_string())).ok()
        };
        let span = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(days("", ""), span("2026-02-01", "2026-02-28"));
        assert_eq!(days("2026-01-15", ""), span("2026-01-15", "2026-02-28"));
        assert_eq!(days("", "2025-12-24"), span("2025-12-01", "2025-12-24"));
        assert_eq!(days("2027-01-01", ""), span("2027-01-01", "2027-01-01"));
        assert_eq!(days("2026-01-01", "2027-01-01"), span("2026-01-01", "2027-01-01"));
        assert_eq!(days("2026-01-01", "2027-01-02"), None);
        assert_eq!(days("2026-01-02", "2026-01-01"), None);
        assert_eq!(ask("", "").given(today).unwrap(), None);
    }
}
