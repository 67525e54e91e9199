//! Who is served: customers found or recent, devices of nobody, and somebody new.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use crate::agent::console::session::AdminSession;
use crate::agent::console::texts::counter::CounterWords;
use crate::agent::console::texts::hosts::HostWords;
use crate::agent::console::texts::say;
use crate::agent::engine::{Engine, ReadView};
use crate::agent::http::hosts::device_names;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::hosts::{DevicesWanted, HotspotDevice, devices};
use crate::agent::reports::recent::recent_customers;
use crate::agent::reports::users::found;
use crate::agent::router::device_names::NamesByMac;
use crate::identity::signed_tokens::{SignedTokens, read_device_code};
use crate::protocol::admin::page::{Cursor, given};
use crate::protocol::admin::users::FindUsers;
use crate::store::{Role, UserRecord};
use crate::tools::percent;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html};
use crate::web::{Problem, Query};

/// Customers to choose from before anything is searched.
const RECENT_MAX: usize = 8;
/// Devices of nobody that are shown, those that came last.
const DEVICES_MAX: usize = 5;

#[derive(Template)]
#[template(path = "console/counter/who.html")]
struct WhoPage {
    frame: Frame,
    layout: Layout,
    words: &'static CounterWords,
    q: String,
    customers: Vec<Buyer>,
    next: Option<String>,
    devices: Vec<UnownedDevice>,
    /// Whether somebody new can be entered.
    may_enter: bool,
}

/// A customer who can be served.
struct Buyer {
    path: String,
    name: String,
    detail: String,
    badge: Badge,
}

/// A device of nobody.
struct UnownedDevice {
    mac: String,
    name: String,
    detail: String,
}

/// `GET /jual`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct BuyersQuery {
    q: String,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

/// What the engine knows for the page.
struct Known {
    customers: Vec<Buyer>,
    next: Option<String>,
    devices: Vec<HotspotDevice>,
}

/// `GET /jual`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(wanted): Query<BuyersQuery>,
) -> Answer {
    session.at_least(Role::Cashier)?;
    let locale = session.page_request.locale.clone();
    let names = device_names(&app.site).await;
    let BuyersQuery { q, after } = wanted;
    let asked = q.trim().to_owned();
    let site = Arc::clone(&app.site);
    let look = move |engine: &mut Engine| known(engine, &site.signed_tokens, &locale, &asked, after);
    let Known { customers, next, devices } = app.read(look).await?;
    let locale = &session.page_request.locale;
    let (frame, layout) = session.layout(CounterWords::of(locale.language).title, "/jual");
    html(&WhoPage {
        frame,
        layout,
        words: CounterWords::of(locale.language),
        next: next.map(|after| format!("/jual?q={}&after={after}", percent::value(&q))),
        q,
        customers,
        devices: devices.iter().map(|device| unowned(device, &names, locale)).collect(),
        may_enter: session.actor.role >= Role::Operator,
    })
}

fn known(
    engine: &Engine,
    signed_tokens: &SignedTokens,
    locale: &Locale,
    q: &str,
    after: Option<Cursor>,
) -> Result<Known, Problem> {
    let look = engine.read_view();
    let buyer = |user: &UserRecord| buyer(&look, locale, user);
    let mut devices: Vec<HotspotDevice> =
        devices(&look, DevicesWanted { is_ownerless: true, after: None }).collect();
    if q.is_empty() {
        devices.sort_by_key(|device| std::cmp::Reverse(device.since));
        devices.truncate(DEVICES_MAX);
        let customers = recent_customers(engine, RECENT_MAX)?.iter().map(buyer).collect();
        return Ok(Known { customers, next: None, devices });
    }
    let code = read_device_code(q);
    devices.retain(|device| code.as_ref().is_some_and(|code| signed_tokens.device_code(device.mac) == *code));
    let search = FindUsers { q: Some(q.to_owned()), after, ..FindUsers::default() };
    let page = found(&look, &search, |_| true);
    Ok(Known { customers: page.items.into_iter().map(buyer).collect(), next: page.next, devices })
}

fn buyer(look: &ReadView, locale: &Locale, user: &UserRecord) -> Buyer {
    let words = CounterWords::of(locale.language);
    let account = &user.account;
    let left = say::quota(locale, (!account.unlimited).then(|| account.balance.remaining()));
    let owed = match look.with_context(|ctx| ctx.tariff().settle_all(account)) {
        Ok(quote) if quote.lines.is_empty() => None,
        Ok(quote) => Some(quote.total().to_string()),
        Err(_) => Some(locale.quota(account.total_debt())),
    };
    let left = if account.unlimited { left } else { say::with(words.left, &[&left]) };
    let parts = [Some(left), owed.map(|owed| say::with(words.owes, &[&owed]))];
    Buyer {
        path: format!("/jual/{}", account.id),
        name: user.name.clone(),
        detail: parts.into_iter().flatten().collect::<Vec<_>>().join("; "),
        badge: say::status(locale.language, account.access.status),
    }
}

fn unowned(device: &HotspotDevice, names: &NamesByMac, locale: &Locale) -> UnownedDevice {
    let words = HostWords::of(locale.language);
    let parts = [
        Some(device.mac.to_string()),
        device.address.map(|address| address.to_string()),
        device.since.map(|at| say::with(words.since, &[&locale.time(at)])),
    ];
    UnownedDevice {
        mac: device.mac.to_string(),
        name: names.get(&device.mac).cloned().unwrap_or_else(|| words.unnamed.to_owned()),
        detail: parts.into_iter().flatten().collect::<Vec<_>>().join("; "),
    }
}
