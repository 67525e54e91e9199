//! Customers: search and filter, fifty to a page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use crate::agent::console::actions::buttons::{Button, buttons};
use crate::agent::console::actions::customers::NEW_USER_ACTIONS;
use crate::agent::console::session::AdminSession;
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::engine::ReadView;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::users::found;
use crate::domain::access::Status;
use crate::protocol::admin::page::{Cursor, given};
use crate::protocol::admin::users::FindUsers;
use crate::protocol::admin::values::StatusName;
use crate::store::UserRecord;
use crate::tools::percent;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html};
use crate::web::Query;

/// The filter for those who wait for approval.
const WAITING: &str = "menunggu";

#[derive(Template)]
#[template(path = "console/customers/list.html")]
struct ListPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    q: String,
    /// Filters: value, name, whether it is chosen.
    filters: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<Row>,
    next: Option<String>,
    total: String,
    actions: Vec<Button>,
}

/// A customer in a list.
pub(super) struct Row {
    pub href: String,
    pub name: String,
    pub contact: String,
    pub badge: Badge,
    pub remaining: String,
    /// Empty for nothing.
    pub owed: String,
    pub expires: String,
    pub is_online: bool,
}

/// `GET /pelanggan`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CustomersQuery {
    q: String,
    status: String,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(wanted): Query<CustomersQuery>,
) -> Answer {
    let CustomersQuery { q, status, after } = wanted;
    let is_waiting = status == WAITING;
    let status_wanted = Status::from_name(&status);
    let search = FindUsers {
        q: Some(q.clone()).filter(|q| !q.is_empty()),
        status: status_wanted.map(StatusName),
        after,
        ..FindUsers::default()
    };
    let locale = session.page_request.locale.clone();
    let (page, total) = app
        .read(move |engine| {
            let look = engine.read_view();
            let page = found(&look, &search, |user| !is_waiting || !user.account.approved);
            Ok((page.map(|user| row(&look, &locale, user)), look.users_len()))
        })
        .await?;
    let words = session.people();
    let (frame, layout) = session.layout(session.words().users, "/pelanggan");
    let language = session.page_request.locale.language;
    let all = [("", words.every_status, status.is_empty()), (WAITING, words.waiting, is_waiting)];
    let named =
        Status::ALL.iter().map(|s| (s.name(), say::status_word(language, *s).1, status_wanted == Some(*s)));
    let filters = all.into_iter().chain(named).collect();
    let next = page.next.map(|after| {
        format!("/pelanggan?q={}&status={}&after={after}", percent::value(&q), percent::value(&status))
    });
    let total = session.page_request.locale.count(total as u64);
    let actions = buttons("/pelanggan", NEW_USER_ACTIONS, &session, &());
    html(&ListPage { frame, layout, words, q, filters, rows: page.items, next, total, actions })
}

pub(super) fn row(look: &ReadView, locale: &Locale, user: &UserRecord) -> Row {
    let account = &user.account;
    let snapshot = look.snapshot(user);
    let quote = look.with_context(|ctx| ctx.tariff().settle_all(account));
    let owed = match quote {
        Ok(quote) if quote.lines.is_empty() => String::new(),
        Ok(quote) => quote.total().to_string(),
        Err(_) => locale.quota(account.total_debt()),
    };
    let contact = [user.phone.as_deref(), user.login.as_deref()];
    Row {
        href: format!("/pelanggan/{}", account.id),
        name: user.name.clone(),
        contact: contact.into_iter().flatten().collect::<Vec<_>>().join(", "),
        badge: say::status(locale.language, account.access.status),
        remaining: say::quota(locale, (!account.unlimited).then(|| account.balance.remaining())),
        owed,
        expires: account.expires_at.map(|at| locale.day_of(at)).unwrap_or_default(),
        is_online: snapshot.devices.iter().any(|(_, reached)| reached.online),
    }
}
