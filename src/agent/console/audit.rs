//! The audit: who did what, when, and from where, in sentences.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::sentences::{Sentence, sentence};
use super::session::AdminSession;
use super::sorting::with;
use crate::agent::console::texts::audit::AuditWords;
use crate::agent::console::texts::office::Office;
use crate::agent::engine::Engine;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::users::found;
use crate::clock::Zone;
use crate::domain::id::UserId;
use crate::protocol::admin::page::{Cursor, List, PageLimit, given};
use crate::protocol::admin::users::FindUsers;
use crate::protocol::admin::values::Day;
use crate::store::{AuditFilter, Page, Role};
use crate::ui::desk::Layout;
use crate::ui::language::Language;
use crate::ui::{Frame, html};
use crate::web::{Problem, Query};

/// Longest text that is searched for.
const SEARCH_CHARS_MAX: usize = 100;
/// Kinds as addresses have them, with how their actions begin.
const KINDS: [(&str, &str); 9] = [
    ("", ""),
    ("pelanggan", "user."),
    ("pembayaran", "order."),
    ("tagihan", "debt."),
    ("perangkat", "device."),
    ("paket", "package."),
    ("pengelola", "admin."),
    ("laci", "drawer."),
    ("router", "router."),
];

/// `GET /catatan`.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AuditQuery {
    pelaku: String,
    pelanggan: String,
    jenis: String,
    dari: String,
    sampai: String,
    q: String,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

impl AuditQuery {
    fn day(name: &str, text: &str) -> Result<Option<jiff::civil::Date>, Problem> {
        let day = (!text.is_empty()).then(|| serde_json::from_value::<Day>(text.into())).transpose();
        let day = day.map_err(|_| Problem::invalid(name, "is no day"))?;
        Ok(day.map(|day| day.0))
    }

    /// What it asks of the store.
    pub fn filter(&self, engine: &Engine, zone: &Zone) -> Result<AuditFilter, Problem> {
        let short = |text: &str| text.trim().chars().take(SEARCH_CHARS_MAX).collect::<String>();
        let kind = KINDS.iter().find(|(name, _)| *name == self.jenis);
        let (_, kind) = kind.ok_or_else(|| Problem::invalid("jenis", "is no kind of the audit"))?;
        let from = Self::day("dari", &self.dari)?.map(|day| zone.day_start(day));
        let before = Self::day("sampai", &self.sampai)?.and_then(|day| day.tomorrow().ok());
        let who = short(&self.pelanggan);
        let targets = (!who.is_empty()).then(|| {
            if who.parse::<UserId>().is_ok() {
                return vec![who];
            }
            let search = FindUsers { q: Some(who), limit: PageLimit::default(), ..FindUsers::default() };
            let look = engine.read_view();
            let found = found(&look, &search, |_| true);
            found.items.iter().map(|user| user.account.id.to_string()).collect()
        });
        Ok(AuditFilter {
            actor: short(&self.pelaku),
            text: short(&self.q),
            kind: (*kind).to_owned(),
            targets,
            from,
            before: before.map(|day| zone.day_start(day)),
        })
    }

    /// Its parameters, without the page.
    pub fn parameters(&self) -> [(&'static str, &str); 6] {
        [
            ("pelaku", &self.pelaku),
            ("pelanggan", &self.pelanggan),
            ("jenis", &self.jenis),
            ("dari", &self.dari),
            ("sampai", &self.sampai),
            ("q", &self.q),
        ]
    }
}

#[derive(Template)]
#[template(path = "console/office/audit.html")]
struct AuditPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    words: &'static AuditWords,
    ask: AuditQuery,
    /// Kinds: value, name, whether it is chosen.
    kinds: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<Sentence>,
    newest: Option<String>,
    next: Option<String>,
    /// The files with the same lines: for a spreadsheet, and for machines.
    files: [String; 2],
}

fn kinds(language: Language, chosen: &str) -> Vec<(&'static str, &'static str, bool)> {
    let words = AuditWords::of(language);
    let names = [
        words.kind_all,
        words.kind_user,
        words.kind_money,
        words.kind_debt,
        words.kind_device,
        words.kind_package,
        words.kind_admin,
        words.kind_drawer,
        words.kind_system,
    ];
    KINDS.iter().zip(names).map(|((value, _), name)| (*value, name, *value == chosen)).collect()
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<AuditQuery>,
) -> Answer {
    session.at_least(Role::Operator)?;
    let locale = session.page_request.locale.clone();
    let limit = PageLimit::default();
    let page = Page { limit: limit.rows_and_one(), after: ask.after.map(|cursor| cursor.0) };
    // A search that finds little walks far: nobody waits for it on the engine's thread.
    let asked = ask.clone();
    let (filter, reader) = {
        let zone = locale.zone.clone();
        app.read(move |engine| Ok((asked.filter(engine, &zone)?, engine.new_reader()?))).await?
    };
    let lines = app.read_history(move || reader.find_audit(&filter, page)).await?;
    let List { items, next } = List::of(lines, limit, |(no, _)| *no);
    let language = locale.language;
    let rows = app
        .read(move |engine| {
            let rows = items.into_iter().map(|(_, line)| sentence(engine, &locale, line));
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    let (w, words) = (session.office(), AuditWords::of(language));
    let here = with("/catatan", &ask.parameters());
    let file = with("/unduh/catatan", &ask.parameters());
    let (frame, layout) = session.layout(w.audit, "/catatan");
    html(&AuditPage {
        frame,
        layout,
        w,
        words,
        kinds: kinds(language, &ask.jenis),
        rows,
        next: next.map(|after| with(&here, &[("after", &after)])),
        newest: ask.after.map(|_| here),
        files: [file.clone(), with(&file, &[("bentuk", "mesin")])],
        ask,
    })
}
