//! The ledger lines of a customer in words, to read and to print.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use crate::agent::console::session::AdminSession;
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::http::state::{Answer, AppState, user};
use crate::domain::account::Account;
use crate::domain::id::UserId;
use crate::domain::ledger::Posted;
use crate::protocol::admin::page::{Cursor, List, PageLimit, given};
use crate::store::Page;
use crate::ui::desk::Layout;
use crate::ui::{Frame, Locale, html};
use crate::web::{Path, Query};

#[derive(Template)]
#[template(path = "console/customers/statement.html")]
struct StatementPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    name: String,
    home: String,
    printed: String,
    facts: Vec<(&'static str, String)>,
    lines: Vec<LineRow>,
    next: Option<String>,
}

/// A line of the ledger.
pub(crate) struct LineRow {
    pub seq: u64,
    pub at: String,
    pub line: say::Line,
    pub actor: String,
    /// The names of its columns, which a phone shows with each value.
    pub words: &'static People,
}

impl LineRow {
    pub fn of(locale: &Locale, posted: &Posted) -> Self {
        Self {
            seq: posted.seq,
            at: locale.moment(posted.at),
            line: say::line(locale, &posted.entry),
            actor: posted.actor.clone(),
            words: People::of(locale.language),
        }
    }
}

/// `GET /pelanggan/{id}/rekening`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct StatementQuery {
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Path(id): Path<UserId>,
    Query(wanted): Query<StatementQuery>,
) -> Answer {
    let (snapshot, lines) = app
        .read(move |engine| {
            let snapshot = user(engine, id)?;
            let limit = PageLimit::default();
            let rows = Page { limit: limit.rows_and_one(), after: wanted.after.map(|cursor| cursor.0) };
            let lines = engine.reader().statement(snapshot.user.no, rows)?;
            Ok((snapshot, List::of(lines, limit, |line| i64::try_from(line.seq).unwrap_or(i64::MAX))))
        })
        .await?;
    let (words, locale) = (session.people(), &session.page_request.locale);
    let facts = facts(words, locale, &snapshot.user.account);
    let (frame, layout) = session.layout(words.statement, "/pelanggan");
    html(&StatementPage {
        frame,
        layout,
        words,
        name: snapshot.user.name,
        home: format!("/pelanggan/{id}"),
        printed: locale.moment(app.site.clock.now()),
        facts,
        next: lines.next.map(|after| format!("/pelanggan/{id}/rekening?after={after}")),
        lines: lines.items.iter().map(|line| LineRow::of(locale, line)).collect(),
    })
}

/// The account at this moment, above its lines.
pub(super) fn facts(words: &People, locale: &Locale, account: &Account) -> Vec<(&'static str, String)> {
    vec![
        (words.remaining, say::quota(locale, (!account.unlimited).then(|| account.balance.remaining()))),
        (words.used, locale.quota(account.used)),
        (words.unsealed, locale.quota(account.open_usage)),
        (words.overage, locale.quota(account.balance.overage())),
        (words.expires, say::expiry(locale, account.expires_at)),
    ]
}
