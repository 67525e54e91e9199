//! Customers: searched, filtered and sorted, fifty to a page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use crate::agent::console::actions::buttons::{Button, buttons};
use crate::agent::console::actions::customers::NEW_USER_ACTIONS;
use crate::agent::console::session::AdminSession;
use crate::agent::console::sorting::{Pager, SortBy, SortLink, page_no, sorted, with};
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::engine::ReadView;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::users::{UserFilter, UserListing, UserOrder, listed};
use crate::domain::access::Status;
use crate::store::{Role, UserRecord};
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html};
use crate::web::{Problem, Query};

/// The filter for those who wait for approval.
const WAITING: &str = "menunggu";
/// Customers of a page.
const ROWS: usize = 50;

/// A filter with how many it holds.
pub(super) struct Chip {
    pub href: String,
    pub name: &'static str,
    pub count: String,
    pub is_here: bool,
}

#[derive(Template)]
#[template(path = "console/customers/list.html")]
struct ListPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    q: String,
    /// What the search keeps: names and values.
    kept: Vec<(&'static str, String)>,
    chips: Vec<Chip>,
    sorting: Vec<SortLink>,
    rows: Vec<Row>,
    pager: Pager,
    total: String,
    actions: Vec<Button>,
    may_take: bool,
    may_download: bool,
}

/// A customer in a list.
pub(super) struct Row {
    pub href: String,
    /// The counter.
    pub sell: String,
    pub name: String,
    pub contact: String,
    pub badge: Badge,
    pub remaining: String,
    /// Empty for nothing.
    pub owed: String,
    pub expires: String,
    pub is_online: bool,
    /// When a device was seen last; empty for never.
    pub seen: String,
}

/// `GET /pelanggan`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CustomersQuery {
    q: String,
    status: String,
    urut: String,
    arah: String,
    hal: String,
}

fn ways(words: &People) -> [SortBy<UserOrder>; 5] {
    let way = |key, order, name, is_descending| SortBy { key, order, name, is_descending };
    [
        way("nama", UserOrder::Name, words.name, false),
        way("sisa", UserOrder::Remaining, words.remaining, false),
        way("tagihan", UserOrder::Owed, words.owed, true),
        way("berlaku", UserOrder::Expiry, words.expires, false),
        way("terlihat", UserOrder::Seen, words.seen, true),
    ]
}

/// The filter with that name.
fn filter(status: &str) -> Result<UserFilter, Problem> {
    match status {
        "" => Ok(UserFilter::All),
        WAITING => Ok(UserFilter::Waiting),
        other => {
            let status = Status::from_name(other).map(UserFilter::Of);
            status.ok_or_else(|| Problem::invalid("status", "is no status of a customer"))
        }
    }
}

fn chip(words: &People, locale: &Locale, q: &str, of: (UserFilter, u64), here: UserFilter) -> Chip {
    let (filter, count) = of;
    let (value, name) = match filter {
        UserFilter::All => ("", words.every_status),
        UserFilter::Waiting => (WAITING, words.waiting),
        UserFilter::Of(status) => (status.name(), say::status_word(locale.language, status).1),
    };
    Chip {
        href: with("/pelanggan", &[("q", q), ("status", value)]),
        name,
        count: locale.count(count),
        is_here: filter == here,
    }
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(wanted): Query<CustomersQuery>,
) -> Answer {
    let CustomersQuery { q, status, urut, arah, hal } = wanted;
    let (words, locale) = (session.people(), session.page_request.locale.clone());
    let ways = ways(words);
    let order = sorted(&ways, &urut, &arah)?;
    let (filter, page) = (filter(&status)?, page_no(&hal)?);
    let listing = UserListing {
        q: q.clone(),
        filter,
        order: order.order,
        is_descending: order.is_descending,
        page,
        rows: ROWS,
    };
    let (rows, total, counts, all) = {
        let locale = locale.clone();
        let look = move |engine: &mut crate::agent::engine::Engine| {
            let look = engine.read_view();
            let page = listed(&look, &listing);
            let rows: Vec<Row> = page.items.iter().map(|user| row(&look, &locale, user)).collect();
            Ok((rows, page.total, page.counts, look.users_len()))
        };
        app.read(look).await?
    };
    let base = with("/pelanggan", &[("q", &q), ("status", &status)]);
    let is_chip = |(of, count): &(UserFilter, u64)| *count > 0 || *of == filter || *of == UserFilter::All;
    let chips = counts.into_iter().filter(is_chip).map(|of| chip(words, &locale, &q, of, filter)).collect();
    let (frame, layout) = session.layout(session.words().users, "/pelanggan");
    html(&ListPage {
        frame,
        layout,
        words,
        chips,
        sorting: order.links(&base, &ways),
        rows,
        pager: Pager::new(&locale, &order.address(&base, &urut), page, ROWS, total),
        total: locale.count(all as u64),
        actions: buttons("/pelanggan", NEW_USER_ACTIONS, &session, &()),
        may_take: session.actor.role >= Role::Cashier,
        may_download: session.actor.role >= Role::Operator,
        q,
        kept: vec![("status", status), ("urut", urut), ("arah", arah)],
    })
}

pub(super) fn row(look: &ReadView, locale: &Locale, user: &UserRecord) -> Row {
    let account = &user.account;
    let (is_online, seen_at) = look.last_seen(user.no);
    let quote = look.with_context(|ctx| ctx.tariff().settle_all(account));
    let owed = match quote {
        Ok(quote) if quote.lines.is_empty() => String::new(),
        Ok(quote) => quote.total().to_string(),
        Err(_) => locale.quota(account.total_debt()),
    };
    let contact = [user.phone.as_deref(), user.login.as_deref()];
    Row {
        href: format!("/pelanggan/{}", account.id),
        sell: format!("/jual/{}", account.id),
        name: user.name.clone(),
        contact: contact.into_iter().flatten().collect::<Vec<_>>().join(", "),
        badge: say::status(locale.language, account.access.status),
        remaining: say::quota(locale, (!account.unlimited).then(|| account.balance.remaining())),
        owed,
        expires: account.expires_at.map(|at| locale.day_of(at)).unwrap_or_default(),
        is_online,
        seen: seen_at.map(|at| locale.moment(at)).unwrap_or_default(),
    }
}
