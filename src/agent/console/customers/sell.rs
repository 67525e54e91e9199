//! To whom a package is sold: the first step of a sale from the menu.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::list::{Row, row};
use crate::agent::console::session::AdminSession;
use crate::agent::console::texts::people::People;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::users::found;
use crate::protocol::admin::page::{Cursor, PageLimit, given};
use crate::protocol::admin::users::FindUsers;
use crate::store::Role;
use crate::tools::percent;
use crate::ui::desk::Layout;
use crate::ui::{Frame, html};
use crate::web::Query;

#[derive(Template)]
#[template(path = "console/customers/sell.html")]
struct SellPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    q: String,
    rows: Vec<Row>,
    next: Option<String>,
}

/// `GET /jual`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct BuyersQuery {
    q: String,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(wanted): Query<BuyersQuery>,
) -> Answer {
    session.at_least(Role::Cashier)?;
    let BuyersQuery { q, after } = wanted;
    let locale = session.page_request.locale.clone();
    let asked = FindUsers {
        q: Some(q.clone()).filter(|q| !q.is_empty()),
        limit: PageLimit::default(),
        after,
        ..FindUsers::default()
    };
    let page = app
        .read(move |engine| {
            let look = engine.read_view();
            Ok(found(&look, &asked, |_| true).map(|user| row(&look, &locale, user)))
        })
        .await?;
    let words = session.people();
    let (frame, layout) = session.layout(words.sell_title, "/jual");
    let next = page.next.map(|after| format!("/jual?q={}&after={after}", percent::value(&q)));
    html(&SellPage { frame, layout, words, q, rows: page.items, next })
}
