//! Devices that the router shows on the hotspot, and one of them with the customers it may belong to.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::orphans;
use super::session::AdminSession;
use super::texts::hosts::HostWords;
use super::texts::orphans::OrphanWords;
use super::texts::say;
use crate::agent::engine::Engine;
use crate::agent::http::hosts::device_names;
use crate::agent::http::state::{Answer, AppState, user};
use crate::agent::reports::hosts::{DevicesWanted, HotspotDevice, count, device_on_hotspot, devices};
use crate::agent::reports::recent::recent_customers;
use crate::agent::reports::users::found;
use crate::agent::router::device_names::NamesByMac;
use crate::domain::id::{Mac, UserId};
use crate::domain::search;
use crate::domain::units::Timestamp;
use crate::identity::signed_tokens::{SignedTokens, read_device_code};
use crate::protocol::admin::page::given;
use crate::protocol::admin::users::FindUsers;
use crate::store::{Role, UserRecord};
use crate::tools::percent;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html};
use crate::web::{Path, Problem, Query};

/// The page of all devices, and the beginning of the page of one.
pub(crate) const PLACE: &str = "/perangkat";
/// Devices of a page.
const ROWS_MAX: usize = 50;
/// Customers to choose from.
const CUSTOMERS_MAX: usize = 8;
/// The value of the filter for devices of anybody.
const ALL: &str = "semua";

#[derive(Template)]
#[template(path = "console/office/hosts.html")]
struct HostsPage {
    frame: Frame,
    layout: Layout,
    words: &'static HostWords,
    /// For whom a device is chosen: id and name.
    customer: Option<(String, String)>,
    q: String,
    /// Filters: address, name, whether it is chosen.
    filters: Vec<(String, String, bool)>,
    rows: Vec<HostRow>,
    has_random: bool,
    /// What is to be said where there is none.
    nothing: &'static str,
    next: Option<String>,
}

/// A device in the list.
struct HostRow {
    name: String,
    detail: String,
    is_random: bool,
    /// Page and name of its owner.
    owner: Option<(String, String)>,
    /// It keeps its access from before the restore: the page that says so, and the words.
    orphan: Option<(&'static str, &'static str)>,
    /// The page to bind or move it, and what its button says.
    bind: Option<(String, String)>,
}

/// `GET /perangkat`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct HostsQuery {
    q: String,
    pemilik: String,
    /// The customer for whom a device is chosen.
    #[serde(deserialize_with = "given")]
    untuk: Option<UserId>,
    /// Pages before this one.
    hal: String,
}

impl HostsQuery {
    /// How many pages are before it; any other text is none.
    fn pages_before(&self) -> usize {
        self.hal.parse().unwrap_or(0)
    }
}

/// What the engine knows for the page.
struct Known {
    devices: Vec<HotspotDevice>,
    customer: Option<(UserId, String)>,
    /// All devices, and those of nobody.
    counts: (usize, usize),
    is_read: bool,
}

/// `GET /perangkat`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(wanted): Query<HostsQuery>,
) -> Answer {
    let names = device_names(&app.site).await;
    let is_ownerless = wanted.pemilik != ALL && wanted.q.trim().is_empty();
    let customer = wanted.untuk;
    let mut known = app.read(move |engine| look(engine, is_ownerless, customer)).await?;
    let filter = Filter::new(&wanted.q, &app.site.signed_tokens, &names);
    known.devices.retain(|device| filter.fits(device));
    // Who has just connected is whom somebody waits for.
    known.devices.sort_by_key(|device| (device.owner.is_some(), std::cmp::Reverse(device.since), device.mac));
    let skipped = wanted.pages_before().saturating_mul(ROWS_MAX);
    let is_more = known.devices.len() > skipped.saturating_add(ROWS_MAX);
    let shown: Vec<HotspotDevice> = known.devices.drain(..).skip(skipped).take(ROWS_MAX).collect();
    html(&page(&app, &session, &wanted, &names, Known { devices: shown, ..known }, is_more))
}

fn look(engine: &Engine, is_ownerless: bool, customer: Option<UserId>) -> Result<Known, Problem> {
    let view = engine.read_view();
    let customer = match customer {
        Some(id) => Some((id, user(engine, id)?.user.name)),
        None => None,
    };
    let devices = devices(&view, DevicesWanted { is_ownerless, after: None }).collect();
    Ok(Known { devices, customer, counts: count(&view), is_read: engine.hosts_age().is_some() })
}

/// What is searched for among devices.
struct Filter<'a> {
    code: Option<String>,
    query: Option<search::Query>,
    signed_tokens: &'a SignedTokens,
    names: &'a NamesByMac,
}

impl<'a> Filter<'a> {
    fn new(q: &str, signed_tokens: &'a SignedTokens, names: &'a NamesByMac) -> Self {
        let query = (!q.trim().is_empty()).then(|| search::Query::new(q));
        Self { code: read_device_code(q), query, signed_tokens, names }
    }

    fn fits(&self, device: &HotspotDevice) -> bool {
        let name = self.names.get(&device.mac).map(String::as_str);
        let has_code = |code: &String| self.signed_tokens.device_code(device.mac) == *code;
        self.query.as_ref().is_none_or(|query| device.fits(query, name))
            || self.code.as_ref().is_some_and(has_code)
    }
}

fn page(
    app: &AppState,
    session: &AdminSession,
    wanted: &HostsQuery,
    names: &NamesByMac,
    known: Known,
    is_more: bool,
) -> HostsPage {
    let locale = &session.page_request.locale;
    let words = HostWords::of(locale.language);
    let Known { devices, customer, counts: (all, ownerless), is_read } = known;
    let for_whom = customer.as_ref().map(|(id, _)| format!("&untuk={id}")).unwrap_or_default();
    let is_all = wanted.pemilik == ALL;
    let filter = |value: &str, text: &str, n: usize, is_chosen: bool| {
        let name = say::with(text, &[&locale.count(n as u64)]);
        (format!("{PLACE}?pemilik={value}{for_whom}"), name, is_chosen)
    };
    let may_bind = session.actor.role >= Role::Operator;
    let row = |device: &HotspotDevice| HostRow {
        name: name_of(device, names, words),
        detail: detail(device, locale, &app.site.signed_tokens),
        is_random: device.mac.is_random(),
        owner: device.owner.as_ref().map(|owner| (format!("/pelanggan/{}", owner.id), owner.name.clone())),
        orphan: device.is_orphan.then(|| (orphans::PLACE, OrphanWords::of(locale.language).badge)),
        bind: may_bind.then(|| bind_link(device, customer.as_ref(), words)).flatten(),
    };
    let (frame, layout) = session.layout(words.title, PLACE);
    let nothing = match (is_read, wanted.q.is_empty() && !is_all) {
        (false, _) => words.unread,
        (true, true) => words.none_ownerless,
        (true, false) => words.none,
    };
    let more = |hal| {
        format!(
            "{PLACE}?q={}&pemilik={}{for_whom}&hal={hal}",
            percent::value(&wanted.q),
            percent::value(&wanted.pemilik)
        )
    };
    HostsPage {
        frame,
        layout,
        words,
        filters: vec![
            filter("", words.filter_ownerless, ownerless, !is_all),
            filter(ALL, words.filter_all, all, is_all),
        ],
        q: wanted.q.clone(),
        has_random: devices.iter().any(|device| device.mac.is_random()),
        rows: devices.iter().map(row).collect(),
        customer: customer.map(|(id, name)| (id.to_string(), name)),
        nothing,
        next: is_more.then(|| more(wanted.pages_before().saturating_add(1))),
    }
}

/// What the owner calls a device, or what it called itself.
fn name_of(device: &HotspotDevice, names: &NamesByMac, words: &HostWords) -> String {
    let label = device.owner.as_ref().map(|owner| owner.label.as_str()).filter(|label| !label.is_empty());
    let name = names.get(&device.mac).map(String::as_str);
    label.or(name).unwrap_or(words.unnamed).to_owned()
}

fn detail(device: &HotspotDevice, locale: &Locale, signed_tokens: &SignedTokens) -> String {
    let words = HostWords::of(locale.language);
    let code = signed_tokens.device_code(device.mac);
    let parts = [
        Some(device.mac.to_string()),
        device.address.map(|address| address.to_string()),
        device.since.map(|at| say::with(words.since, &[&locale.moment(at)])),
        Some(locale.quota(device.bytes)),
        device.owner.is_none().then(|| say::with(words.code_of, &[&code])),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Where a device is bound: at once where the customer is known, else after choosing one.
fn bind_link(
    device: &HotspotDevice,
    customer: Option<&(UserId, String)>,
    words: &HostWords,
) -> Option<(String, String)> {
    let Some((id, name)) = customer else {
        return device.owner.is_none().then(|| (format!("{PLACE}/{}", device.mac), words.bind.to_owned()));
    };
    let owner = device.owner.as_ref().map(|owner| owner.id);
    let text = if owner.is_some() { words.move_to } else { words.bind_to };
    (owner != Some(*id))
        .then(|| (format!("/pelanggan/{id}/perangkat/{}/pasang", device.mac), say::with(text, &[name])))
}

#[derive(Template)]
#[template(path = "console/office/host.html")]
struct HostPage {
    frame: Frame,
    layout: Layout,
    words: &'static HostWords,
    place: String,
    is_random: bool,
    is_here: bool,
    owner: Option<(String, String)>,
    /// What is to be said of a device that keeps its access from before the restore.
    orphan: Option<&'static str>,
    facts: Vec<(&'static str, String)>,
    may_bind: bool,
    q: String,
    customers: Vec<CustomerChoice>,
}

/// A customer whose device it may be.
struct CustomerChoice {
    href: String,
    name: String,
    contact: String,
    badge: Badge,
}

/// `GET /perangkat/{mac}`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct HostQuery {
    q: String,
}

/// A device, whether it is on the hotspot, and the customers to choose from.
struct KnownDevice {
    here: Option<HotspotDevice>,
    owner: Option<(UserId, String)>,
    is_orphan: bool,
    customers: Vec<UserRecord>,
}

/// `GET /perangkat/{mac}`.
pub(crate) async fn one(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Path(mac): Path<Mac>,
    Query(wanted): Query<HostQuery>,
) -> Answer {
    let names = device_names(&app.site).await;
    let q = wanted.q.clone();
    let known = app.read(move |engine| one_known(engine, mac, &q)).await?;
    let locale = &session.page_request.locale;
    let words = HostWords::of(locale.language);
    let owner = known.owner.as_ref().map(|(id, name)| (format!("/pelanggan/{id}"), name.clone()));
    let owner_id = known.owner.as_ref().map(|(id, _)| *id);
    let customers = known.customers.iter().filter(|user| Some(user.account.id) != owner_id);
    let (frame, layout) = session.layout(words.device, PLACE);
    html(&HostPage {
        frame,
        layout,
        words,
        place: format!("{PLACE}/{mac}"),
        is_random: mac.is_random(),
        is_here: known.here.is_some(),
        owner,
        orphan: known.is_orphan.then(|| OrphanWords::of(locale.language).notice),
        facts: facts(mac, known.here.as_ref(), &names, locale, &app.site.signed_tokens),
        may_bind: session.actor.role >= Role::Operator,
        q: wanted.q,
        customers: customers.map(|user| choice(user, mac, locale)).collect(),
    })
}

fn one_known(engine: &Engine, mac: Mac, q: &str) -> Result<KnownDevice, Problem> {
    let look = engine.read_view();
    let here = device_on_hotspot(&look, mac);
    let owner = look.user_with(mac).map(|user| (user.account.id, user.name.clone()));
    let customers = if q.trim().is_empty() {
        recent_customers(engine, CUSTOMERS_MAX)?
    } else {
        let search = FindUsers { q: Some(q.to_owned()), ..FindUsers::default() };
        found(&look, &search, |_| true).items.into_iter().cloned().collect()
    };
    Ok(KnownDevice { here, owner, is_orphan: look.orphan(mac).is_some(), customers })
}

fn facts(
    mac: Mac,
    here: Option<&HotspotDevice>,
    names: &NamesByMac,
    locale: &Locale,
    signed_tokens: &SignedTokens,
) -> Vec<(&'static str, String)> {
    let words = HostWords::of(locale.language);
    let moment = |at: Timestamp| locale.moment(at);
    let facts = [
        (words.name, names.get(&mac).cloned()),
        (words.mac, Some(mac.to_string())),
        (words.address, here.and_then(|device| device.address).map(|address| address.to_string())),
        (words.seen_since, here.and_then(|device| device.since).map(moment)),
        (words.bytes, here.map(|device| locale.quota(device.bytes))),
        (words.code, Some(signed_tokens.device_code(mac))),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn choice(user: &UserRecord, mac: Mac, locale: &Locale) -> CustomerChoice {
    let contact = [user.phone.as_deref(), user.login.as_deref()];
    CustomerChoice {
        href: format!("/pelanggan/{}/perangkat/{mac}/pasang", user.account.id),
        name: user.name.clone(),
        contact: contact.into_iter().flatten().collect::<Vec<_>>().join(", "),
        badge: say::status(locale.language, user.account.access.status),
    }
}
