//! Devices that the router has and the restored data has not, each with what can be done with it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::hosts;
use super::session::AdminSession;
use super::texts::hosts::HostWords;
use super::texts::orphans::OrphanWords;
use super::texts::say;
use crate::agent::http::hosts::device_names;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::orphans::{OrphanDevice, orphans};
use crate::agent::router::device_names::NamesByMac;
use crate::domain::access::Status;
use crate::domain::listing::{BindingKind, List as AccessList};
use crate::domain::orphans::Orphan;
use crate::protocol::admin::page::{Cursor, List, PageQuery, given};
use crate::store::Role;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html};
use crate::web::Query;

/// The page.
pub(crate) const PLACE: &str = "/perangkat/sebelum-pemulihan";

#[derive(Template)]
#[template(path = "console/office/orphans.html")]
struct OrphansPage {
    frame: Frame,
    layout: Layout,
    words: &'static OrphanWords,
    cards: Vec<OrphanCard>,
    may_bind: bool,
    next: Option<String>,
    next_text: &'static str,
}

/// One device.
struct OrphanCard {
    name: String,
    access: Badge,
    facts: Vec<(&'static str, String)>,
    /// The page to bind it, and what its button says.
    bind: (String, String),
    release: String,
}

/// `GET /perangkat/sebelum-pemulihan`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct OrphansQuery {
    /// The end of the page before.
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

/// `GET /perangkat/sebelum-pemulihan`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(wanted): Query<OrphansQuery>,
) -> Answer {
    let names = device_names(&app.site).await;
    let page = PageQuery { after: wanted.after, ..PageQuery::default() };
    let found = app.read(move |engine| Ok(orphans(&engine.read_view(), page))).await?;
    let List { items, next } = found.map(|device| card(&device, &names, &session.page_request.locale));
    let language = session.page_request.locale.language;
    let words = OrphanWords::of(language);
    let (frame, layout) = session.layout(words.title, hosts::PLACE);
    html(&OrphansPage {
        frame,
        layout,
        words,
        cards: items,
        may_bind: session.actor.role >= Role::Operator,
        next: next.map(|after| format!("{PLACE}?after={after}")),
        next_text: HostWords::of(language).more,
    })
}

fn card(device: &OrphanDevice, names: &NamesByMac, locale: &Locale) -> OrphanCard {
    let (words, host_words) = (OrphanWords::of(locale.language), HostWords::of(locale.language));
    let OrphanDevice { record, address, customer } = device;
    let Orphan { mac, owner, list: _, binding: _ } = &record.orphan;
    let name = customer.as_ref().map(|(_, name)| name.as_str());
    let bind = customer.as_ref().map_or_else(
        || (format!("{}/{mac}", hosts::PLACE), words.bind.to_owned()),
        |(id, name)| {
            (format!("/pelanggan/{id}/perangkat/{mac}/pasang?ke={PLACE}"), fill(words.bind_to, &[name]))
        },
    );
    OrphanCard {
        name: names.get(mac).cloned().unwrap_or_else(|| host_words.unnamed.to_owned()),
        access: access(&record.orphan, locale),
        facts: vec![
            (host_words.mac, mac.to_string()),
            (host_words.address, address.map_or_else(|| words.not_here.to_owned(), |at| at.to_string())),
            (words.on_router, words.owner(name, owner)),
            (words.found_at, locale.moment(record.found_at)),
        ],
        bind,
        release: format!("{PLACE}/{mac}/lepas"),
    }
}

/// What it has, in the words for customers.
fn access(orphan: &Orphan, locale: &Locale) -> Badge {
    if orphan.binding == BindingKind::Blocked {
        return Badge::bad(OrphanWords::of(locale.language).cut_off);
    }
    let status = match orphan.list {
        AccessList::Active => Status::Active,
        AccessList::Fup => Status::Fup,
        AccessList::Habis => Status::Habis,
        AccessList::Expired => Status::Expired,
        AccessList::Inactive => Status::Inactive,
        AccessList::Blocked => Status::Blocked,
    };
    say::status(locale.language, status)
}
