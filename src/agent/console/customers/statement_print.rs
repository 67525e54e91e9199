//! Every line of a customer's statement over a span of days, to print.

use std::io::Write;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::statement::{LineRow, facts};
use crate::agent::console::reports::Ask;
use crate::agent::console::session::AdminSession;
use crate::agent::console::streamed::streamed;
use crate::agent::console::texts::office::Office;
use crate::agent::console::texts::people::People;
use crate::agent::http::state::{Answer, AppState, user};
use crate::domain::id::UserId;
use crate::store::export::ExportError;
use crate::ui::Frame;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::web::{Path, Query};

#[derive(Template)]
#[template(path = "console/customers/statement_print.html")]
struct PrintPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    office: &'static Office,
    name: String,
    home: String,
    action: String,
    from: String,
    to: String,
    span: String,
    printed: String,
    facts: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "console/customers/line.html")]
struct LineOfPrint {
    row: LineRow,
}

/// `GET /pelanggan/{id}/rekening/cetak`: the lines of the days that are named, or of this month, the oldest first.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Path(id): Path<UserId>,
    Query(ask): Query<Ask>,
) -> Answer {
    let (snapshot, days, reader) = app
        .read(move |engine| {
            let snapshot = user(engine, id)?;
            let days = ask.days(engine.read_view().facts.local.date)?;
            let reader = engine.new_reader()?;
            reader.freeze()?;
            Ok((snapshot, days, reader))
        })
        .await?;
    let (words, locale) = (session.people(), session.page_request.locale.clone());
    let (frame, layout) = session.layout(words.statement, "/pelanggan");
    let page = PrintPage {
        frame,
        layout,
        words,
        office: session.office(),
        home: format!("/pelanggan/{id}"),
        action: format!("/pelanggan/{id}/rekening/cetak"),
        from: days.from.to_string(),
        to: days.to.to_string(),
        span: fill(session.office().span, &[&locale.day(days.from), &locale.day(days.to)]),
        printed: locale.moment(app.site.clock.now()),
        facts: facts(words, &locale, &snapshot.user.account),
        name: snapshot.user.name,
    };
    let (from, to) = (locale.zone.day_start(days.from), locale.zone.day_start(days.after()));
    streamed(&app, &page, move |out| {
        reader.each_entry(snapshot.user.no, from, to, |posted| {
            let line = LineOfPrint { row: LineRow::of(&locale, &posted) };
            let text = line.render().map_err(std::io::Error::other)?;
            Ok::<_, ExportError>(out.write_all(text.as_bytes())?)
        })
    })
}
