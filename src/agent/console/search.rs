//! What the search box found, by kind. A single hit is opened at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::hosts;
use super::menu::SEARCH;
use super::session::AdminSession;
use super::texts::common::Words;
use super::texts::hosts::HostWords;
use super::texts::names;
use crate::agent::console::texts::say;
use crate::agent::engine::{Engine, ReadView};
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::hosts::HotspotDevice;
use crate::agent::reports::search::{DeviceKnowledge, Found, search};
use crate::agent::router::device_names::NamesByMac;
use crate::agent::site::Site;
use crate::store::{OrderRecord, UserRecord};
use crate::tools::percent;
use crate::ui::desk::{Layout, SearchBox};
use crate::ui::layout::see_other;
use crate::ui::{Badge, Frame, Locale, html};
use crate::web::{Problem, Query};

/// Longest text that is searched for.
const CHARS_MAX: usize = 100;
/// Customers shown; the list of customers shows all of them.
const USERS_MAX: usize = 20;

/// Something that was found.
struct Hit {
    path: String,
    name: String,
    /// What distinguishes it from others of that name.
    detail: String,
    badge: Badge,
}

/// Hits of one kind.
struct HitGroup {
    name: &'static str,
    hits: Vec<Hit>,
    /// The page with all of them, where these are not all.
    all: Option<String>,
}

#[derive(Template)]
#[template(path = "console/search.html")]
struct SearchPage {
    frame: Frame,
    layout: Layout,
    words: &'static Words,
    groups: Vec<HitGroup>,
    /// What is to be said where nothing was found.
    nothing: Option<&'static str>,
}

/// What to look for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
}

/// `GET /cari`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let words = session.words();
    let q: String = ask.q.trim().chars().take(CHARS_MAX).collect();
    let groups = if q.is_empty() {
        Vec::new()
    } else {
        let (locale, text) = (session.page_request.locale.clone(), q.clone());
        let site = Arc::clone(&app.site);
        app.read(move |engine| groups(engine, &site, &locale, &text)).await?
    };
    let mut hits = groups.iter().flat_map(|group| &group.hits);
    if let (Some(hit), None) = (hits.next(), hits.next()) {
        return Ok(see_other(&hit.path));
    }
    let title = if q.is_empty() { words.search.to_owned() } else { say::with(words.found, &[&q]) };
    let nothing = match (groups.is_empty(), q.is_empty()) {
        (true, true) => Some(words.found_how),
        (true, false) => Some(words.found_nothing),
        (false, _) => None,
    };
    let (frame, layout) = session.layout(title, SEARCH);
    let search = layout.search.map(|search| SearchBox { value: q, ..search });
    let layout = Layout { search, ..layout };
    html(&SearchPage { frame, layout, words, groups, nothing })
}

fn groups(engine: &Engine, site: &Site, locale: &Locale, text: &str) -> Result<Vec<HitGroup>, Problem> {
    let names = site.cycle.device_names_known();
    let known = DeviceKnowledge { names: &names, signed_tokens: &site.signed_tokens };
    let Found { mut users, receipt, orders, devices } =
        search(engine, text, &known, |_, user| user_hit(locale, user))?;
    let words = Words::of(locale.language);
    let look = engine.read_view();
    let is_more = users.next.is_some() || users.items.len() > USERS_MAX;
    users.items.truncate(USERS_MAX);
    let all = is_more.then(|| format!("/pelanggan?q={}", percent::value(text)));
    let receipts = receipt.iter().map(|order| receipt_hit(locale, &look, order)).collect();
    let orders = orders.iter().map(|order| order_hit(locale, &look, order)).collect();
    let groups = [
        HitGroup { name: words.found_receipts, hits: receipts, all: None },
        HitGroup { name: words.payments, hits: orders, all: None },
        HitGroup { name: words.users, hits: users.items, all },
        HitGroup {
            name: words.devices,
            hits: devices.iter().map(|device| device_hit(locale, &names, device)).collect(),
            all: None,
        },
    ];
    Ok(groups.into_iter().filter(|group| !group.hits.is_empty()).collect())
}

fn user_hit(locale: &Locale, user: &UserRecord) -> Hit {
    let known = [user.phone.as_deref(), user.login.as_deref()];
    Hit {
        path: format!("/pelanggan/{}", user.account.id),
        name: user.name.clone(),
        detail: known.into_iter().flatten().collect::<Vec<_>>().join(", "),
        badge: say::status(locale.language, user.account.access.status),
    }
}

fn device_hit(locale: &Locale, names: &NamesByMac, device: &HotspotDevice) -> Hit {
    let words = HostWords::of(locale.language);
    let mac = device.mac.to_string();
    let address = device.address.map(|address| address.to_string());
    Hit {
        path: format!("{}/{mac}", hosts::PLACE),
        name: names.get(&device.mac).cloned().unwrap_or_else(|| words.unnamed.to_owned()),
        detail: [Some(mac), address].into_iter().flatten().collect::<Vec<_>>().join(", "),
        badge: match &device.owner {
            Some(owner) => Badge::plain(&owner.name),
            None => Badge::warn(words.ownerless),
        },
    }
}

fn receipt_hit(locale: &Locale, look: &ReadView, order: &OrderRecord) -> Hit {
    let no = order.receipt_no.unwrap_or_default();
    let name = format!("{} {no}", Words::of(locale.language).found_receipts);
    Hit { path: format!("/kuitansi/{no}"), name, ..order_hit(locale, look, order) }
}

fn order_hit(locale: &Locale, look: &ReadView, order: &OrderRecord) -> Hit {
    let who = order.user_no.and_then(|no| look.user_no(no)).map(|user| user.name.clone());
    let at = locale.moment(order.paid_at.unwrap_or(order.created_at));
    let detail = [who, Some(order.amount.to_string()), Some(at)];
    Hit {
        path: format!("/pembayaran/{}", order.id),
        name: order.id.to_string(),
        detail: detail.into_iter().flatten().collect::<Vec<_>>().join(", "),
        badge: names::order_state(locale.language, order.status),
    }
}
