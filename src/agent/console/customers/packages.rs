//! What is on sale, and what was.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use crate::agent::console::actions;
use crate::agent::console::actions::{Button, PACKAGE_DEEDS};
use crate::agent::console::session::{Room, Seat};
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::http::state::{Answer, Desk};
use crate::domain::package::Package;
use crate::protocol::admin::page::{Cursor, List, PageLimit, PageQuery, given};
use crate::ui::{Frame, html};
use crate::web::Query;

#[derive(Template)]
#[template(path = "desk/people/packages.html")]
struct PackagesPage {
    frame: Frame,
    room: Room,
    words: &'static People,
    rows: Vec<Row>,
    next: Option<String>,
    deeds: Vec<Button>,
}

struct Row {
    name: String,
    quota: String,
    days: String,
    price: String,
    is_on_sale: bool,
    deeds: Vec<Button>,
}

/// `GET /paket`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

pub(crate) async fn show(State(desk): State<Arc<Desk>>, seat: Seat, Query(wanted): Query<Wanted>) -> Answer {
    let all = desk.look(|engine| Ok(engine.look().packages())).await?;
    let PageQuery { limit, after } = PageQuery { limit: PageLimit::default(), after: wanted.after };
    let page = List::of_all(all, limit, after);
    let words = super::words(&seat);
    let (frame, room) = seat.room(seat.words().packages, "/paket");
    let deeds = actions::buttons("/paket", actions::NEW_PACKAGE_DEEDS, &seat, |_| true);
    let next = page.next.map(|after| format!("/paket?after={after}"));
    let rows = page.items.iter().map(|package| row(&seat, package)).collect();
    html(&PackagesPage { frame, room, words, rows, next, deeds })
}

fn row(seat: &Seat, package: &Package) -> Row {
    let locale = &seat.visit.locale;
    let other = if package.active { "jual" } else { "henti" };
    Row {
        name: package.name.clone(),
        quota: say::quota(locale, package.quota),
        days: locale.count(u64::from(package.days)),
        price: package.price.to_string(),
        is_on_sale: package.active,
        deeds: actions::buttons(&format!("/paket/{}", package.id), PACKAGE_DEEDS, seat, |deed| deed != other),
    }
}
