//! Packages on sale, and those taken off.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use crate::agent::console::actions::buttons::{Button, buttons};
use crate::agent::console::actions::packages::{NEW_PACKAGE_ACTIONS, PACKAGE_ACTIONS};
use crate::agent::console::session::AdminSession;
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::http::state::{Answer, AppState};
use crate::domain::package::Package;
use crate::protocol::admin::page::{Cursor, List, PageLimit, PageQuery, given};
use crate::ui::desk::Layout;
use crate::ui::{Frame, html};
use crate::web::Query;

#[derive(Template)]
#[template(path = "console/customers/packages.html")]
struct PackagesPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    rows: Vec<Row>,
    next: Option<String>,
    actions: Vec<Button>,
}

struct Row {
    name: String,
    quota: String,
    days: String,
    price: String,
    is_on_sale: bool,
    actions: Vec<Button>,
}

/// `GET /paket`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct PackagesQuery {
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(wanted): Query<PackagesQuery>,
) -> Answer {
    let all = app.read(|engine| Ok(engine.read_view().packages())).await?;
    let PageQuery { limit, after } = PageQuery { limit: PageLimit::default(), after: wanted.after };
    let page = List::of_all(all, limit, after);
    let words = session.people();
    let (frame, layout) = session.layout(session.words().packages, "/paket");
    let actions = buttons("/paket", NEW_PACKAGE_ACTIONS, &session, &());
    let next = page.next.map(|after| format!("/paket?after={after}"));
    let rows = page.items.iter().map(|package| row(&session, package)).collect();
    html(&PackagesPage { frame, layout, words, rows, next, actions })
}

fn row(session: &AdminSession, package: &Package) -> Row {
    let locale = &session.page_request.locale;
    Row {
        name: package.name.clone(),
        quota: say::quota(locale, package.quota),
        days: locale.count(u64::from(package.days)),
        price: package.price.to_string(),
        is_on_sale: package.active,
        actions: buttons(&format!("/paket/{}", package.id), PACKAGE_ACTIONS, session, package),
    }
}
