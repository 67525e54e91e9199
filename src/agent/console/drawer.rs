//! The cashier's drawer: the expected cash, and earlier closings.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::session::AdminSession;
use crate::agent::console::texts::office::Office;
use crate::agent::console::texts::say;
use crate::agent::console::texts::say::signed;
use crate::agent::engine::{Actor, Engine};
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::closings::counted;
use crate::domain::drawer::{Drawer, Turnover};
use crate::domain::order::{CashMethod, Method};
use crate::protocol::admin::page::{Cursor, PageQuery, given};
use crate::store::{ClosingRecord, Page, Role};
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, Tone, html};
use crate::web::{Path, Problem, Query};

/// Money of one method.
struct MethodRow {
    name: &'static str,
    taken: String,
    returned: String,
    stays: String,
}

/// What went through a drawer.
struct DrawerView {
    methods: Vec<MethodRow>,
    expected: String,
    receipts: String,
}

impl DrawerView {
    fn of(locale: &Locale, drawer: &Drawer) -> Self {
        let w = Office::of(locale.language);
        let row = |method, turnover: Turnover| MethodRow {
            name: say::method(locale.language, Method::Cash(method)),
            taken: turnover.taken.to_string(),
            returned: turnover.returned.to_string(),
            stays: signed(turnover.sum()),
        };
        let methods = vec![
            row(CashMethod::Cash, drawer.cash),
            row(CashMethod::Transfer, drawer.transfer),
            row(CashMethod::QrisStatic, drawer.qris_static),
        ];
        let receipts = match (drawer.first_receipt, drawer.last_receipt) {
            (Some(first), Some(last)) => {
                let counts = [drawer.receipts, first, last].map(|n| locale.count(n));
                fill(w.receipt_span, &[&counts[0], &counts[1], &counts[2]])
            }
            _ => w.no_receipts.to_owned(),
        };
        Self { methods, expected: signed(drawer.expected()), receipts }
    }
}

/// A closing in the list.
struct ClosingRow {
    no: u64,
    at: String,
    cashier: String,
    expected: String,
    counted: String,
    difference: Badge,
}

impl ClosingRow {
    fn of(locale: &Locale, closing: &ClosingRecord) -> Self {
        let difference = closing.drawer.difference(closing.counted);
        let w = Office::of(locale.language);
        Self {
            no: closing.no,
            at: locale.moment(closing.at),
            cashier: closing.cashier.clone(),
            expected: signed(closing.drawer.expected()),
            counted: closing.counted.to_string(),
            difference: match difference {
                0 => Badge::new(Tone::Good, w.fits),
                _ => Badge::new(Tone::Bad, signed(difference)),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "console/office/drawer.html")]
struct DrawerPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    drawer: DrawerView,
    /// Open drawers of other cashiers: name, cash that must be there, receipts.
    others: Vec<(String, String, String)>,
    closings: Vec<ClosingRow>,
    next: Option<String>,
}

/// Which page of the closings.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

/// `GET /kasir`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    session.at_least(Role::Cashier)?;
    let page = PageQuery { after: ask.after, ..PageQuery::default() };
    let actor = session.actor.clone();
    let (drawer, others, closings) = app
        .read(move |engine| {
            let own = engine.reader().drawer(&actor.name, None)?;
            Ok((own, open_drawers(engine, &actor)?, counted(engine, &actor, page)?))
        })
        .await?;
    let (locale, w) = (&session.page_request.locale, session.office());
    let (frame, layout) = session.layout(w.drawer, "/kasir");
    html(&DrawerPage {
        frame,
        layout,
        w,
        drawer: DrawerView::of(locale, &drawer),
        others: others
            .into_iter()
            .map(|(name, drawer)| (name, DrawerView::of(locale, &drawer)))
            .map(|(name, view)| (name, view.expected, view.receipts))
            .collect(),
        next: closings.next.map(|next| format!("/kasir?after={next}")),
        closings: closings.items.iter().map(|closing| ClosingRow::of(locale, closing)).collect(),
    })
}

/// Drawers of other admins with something in them, for those who may see them.
fn open_drawers(engine: &Engine, actor: &Actor) -> Result<Vec<(String, Drawer)>, Problem> {
    if actor.role < Role::Operator {
        return Ok(Vec::new());
    }
    let mut drawers = Vec::new();
    for admin in engine.reader().admins()?.into_iter().filter(|admin| admin.name != actor.name) {
        let drawer = engine.reader().drawer(&admin.name, None)?;
        if drawer.receipts > 0 || drawer.expected() != 0 {
            drawers.push((admin.name, drawer));
        }
    }
    Ok(drawers)
}

#[derive(Template)]
#[template(path = "console/office/closing.html")]
struct ClosingPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    drawer: DrawerView,
    row: ClosingRow,
    note: String,
}

/// `GET /kasir/{no}`: one closing, for paper. Cashiers see their own.
pub(crate) async fn closing(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Path(no): Path<u32>,
) -> Answer {
    session.at_least(Role::Cashier)?;
    let own = (session.actor.role < Role::Operator).then(|| session.actor.name.clone());
    let page = Page { limit: 1, after: Some(i64::from(no) + 1) };
    let found = app.read(move |engine| Ok(engine.reader().closings(own.as_deref(), page)?)).await?;
    let closing = found.into_iter().find(|closing| closing.no == u64::from(no));
    let closing = closing.ok_or_else(|| Problem::not_found("closing"))?;
    let (locale, w) = (&session.page_request.locale, session.office());
    let (frame, layout) = session.layout(fill(w.closing, &[&no.to_string()]), "/kasir");
    let (drawer, row) = (DrawerView::of(locale, &closing.drawer), ClosingRow::of(locale, &closing));
    html(&ClosingPage { frame, layout, w, drawer, row, note: closing.note })
}
