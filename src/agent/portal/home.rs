//! The home page: quota, dues, payments and devices at a glance.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::ToSpan;
use jiff::civil::Date;

use super::contact::Contact;
use super::dues::{Dues, runs};
use super::login::{not_seen, unread};
use super::notices::{notices, router_away};
use super::owed::OwedLine;
use super::pay;
use super::sentence::{sentence, tone};
use super::state::Portal;
use super::status::open_window;
use super::sums::figures;
use super::texts::Words;
use super::visitor::Guest;
use crate::agent::config::Registration;
use crate::agent::engine::{Engine, OpenOne, Snapshot, WindowView};
use crate::agent::http::state::Answer;
use crate::agent::reports::user_usage::{Sums, daily};
use crate::domain::access::Reason;
use crate::domain::account::Account;
use crate::domain::id::Mac;
use crate::domain::policy;
use crate::domain::units::{Bytes, MB, Timestamp};
use crate::store::OrderRecord;
use crate::ui::catalogue::fill;
use crate::ui::chart::{Bar, Plot, Unit};
use crate::ui::{Frame, Locale, html};
use crate::web::Problem;

/// Days of the chart.
const PLOT_DAYS: i32 = 14;

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home {
    frame: Frame,
    words: &'static Words,
    here: &'static str,
    name: String,
    tone: &'static str,
    sentence: String,
    /// What reconnects, and what usage beyond the quota costs.
    advice: Vec<String>,
    /// What the owner wrote for the customer.
    note: Option<String>,
    /// Outages of the router or the relay.
    notices: Vec<String>,
    quota: Option<Quota>,
    /// Until when the account is valid; `None` while there is nothing to be valid.
    until: Option<String>,
    /// The internet is stopped: the quota left cannot be used.
    is_stopped: bool,
    bill: Vec<OwedLine>,
    /// The price of everything owed; `None` where part of it has no price.
    total: Option<String>,
    can_buy: bool,
    can_pay: bool,
    is_bill_first: bool,
    open: Option<OpenCard>,
    plot: String,
    plot_title: String,
    devices: Vec<Device>,
    contact: Option<Contact>,
}

/// The quota left, as a bar.
struct Quota {
    left: String,
    of: String,
    /// Granted, used and left, as figures that add up.
    figures: Vec<(&'static str, String)>,
    left_mb: u64,
    of_mb: u64,
    is_low: bool,
}

/// A payment that was started.
struct OpenCard {
    text: String,
    /// Until when the internet is open to pay it.
    window: Option<String>,
    path: String,
    cancel: String,
    token: String,
}

/// A device as shown.
struct Device {
    name: String,
    is_this: bool,
    state: String,
}

#[derive(Template)]
#[template(path = "portal/unknown.html")]
struct Unknown {
    frame: Frame,
    words: &'static Words,
    /// By which the owner finds this device.
    code: Option<String>,
    can_register: bool,
    contact: Option<Contact>,
}

/// The data of the page.
struct HomeData {
    customer: Snapshot,
    /// The device of the request.
    asking: Option<Mac>,
    dues: Dues,
    can_buy: bool,
    open: Option<OrderRecord>,
    window: Option<WindowView>,
    now: Timestamp,
    usage: Vec<(Date, Bytes)>,
}

/// `GET /`.
pub(super) async fn show(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    let asker = guest.clone();
    let look = move |engine: &mut Engine, customer| see(engine, &asker, customer);
    let seen = portal.look_at(&guest, look).await?;
    let words = guest.words();
    let Some(seen) = seen else {
        let asker = guest.clone();
        let known = move |engine: &mut Engine| Ok((engine.hosts_age().is_some(), asker.device(engine)?));
        let (is_read, device) = portal.read(known).await?;
        if !is_read {
            return unread(&portal, &guest);
        }
        if device.is_none() && router_away(&portal, words, guest.locale()).is_some() {
            return not_seen(&portal, &guest, "/");
        }
        let code = device.map(|mac| portal.site.signed_tokens.device_code(mac));
        let can_register = portal.site.config.portal.registration != Registration::Off;
        let contact = portal.contact.clone();
        return html(&Unknown { frame: guest.frame(words.unknown), words, code, can_register, contact });
    };
    html(&page(&portal, &guest, &seen))
}

fn see(engine: &mut Engine, guest: &Guest, customer: Snapshot) -> Result<HomeData, Problem> {
    let asking = guest.device(engine)?;
    let usage = by_day(engine, customer.user.no, PLOT_DAYS)?;
    let open = match engine.open_online(customer.user.account.id) {
        Some(OpenOne::Order(id)) => engine.reader().order(&id)?,
        Some(OpenOne::PendingOrder(_) | OpenOne::Discarded { .. }) | None => None,
    };
    let look = engine.read_view();
    let account = &customer.user.account;
    let packages = look.packages();
    let can_buy = look.with_context(|ctx| {
        packages.iter().any(|package| policy::quote_purchase(account, package, ctx).is_ok())
    });
    let (dues, now) = (Dues::of(&look, account), look.facts.now);
    let window = look.windows(customer.user.no).into_iter().next();
    Ok(HomeData { customer, asking, dues, can_buy, open, window, now, usage })
}

/// Usage of each of the last days, today last.
pub(super) fn by_day(engine: &Engine, user_no: u32, days: i32) -> Result<Vec<(Date, Bytes)>, Problem> {
    let zone = engine.zone();
    let now = engine.now();
    let today = zone.local(now).date;
    let first = today.saturating_sub((days - 1).days());
    let mut sums = Sums::new();
    daily(engine, user_no, (zone.day_start(first), Timestamp(now.0 + 1)), &mut sums)?;
    let mut of_day: BTreeMap<Date, Bytes> = BTreeMap::new();
    for ((start, _), (bytes, _)) in sums {
        let sum = of_day.entry(zone.local(start).date).or_default();
        *sum = sum.plus(bytes);
    }
    let all = (0..days).map(|n| first.saturating_add(n.days()));
    Ok(all.map(|day| (day, of_day.get(&day).copied().unwrap_or_default())).collect())
}

/// Usage by day as a chart; empty without usage.
pub(super) fn plot(title: &str, usage: &[(Date, Bytes)], locale: &Locale, has_table: bool) -> String {
    let most = usage.iter().map(|(_, bytes)| *bytes).max().unwrap_or_default();
    if most.is_zero() {
        return String::new();
    }
    // On a phone there is not enough room for the label of every day.
    let every = usage.len().div_ceil(8).max(1);
    let bar = |(at, (day, bytes)): (usize, &(Date, Bytes))| Bar {
        label: if at % every == 0 { day.day().to_string() } else { String::new() },
        name: locale.day(*day),
        value: bytes.0,
    };
    let bars: Vec<Bar> = usage.iter().enumerate().map(bar).collect();
    Plot { title, unit: Unit::Bytes, bars: &bars, has_table }.draw(locale)
}

fn page(portal: &Portal, guest: &Guest, seen: &HomeData) -> Home {
    let (words, locale) = (guest.words(), guest.locale());
    let user = &seen.customer.user;
    let account = &user.account;
    let dues = &seen.dues;
    let total = dues.total();
    let plot_title = fill(words.usage, &[&PLOT_DAYS.to_string()]);
    Home {
        frame: guest.frame(words.title),
        words,
        here: "/",
        name: user.name.clone(),
        tone: tone(account),
        sentence: sentence(account, dues, words, locale),
        advice: advice(seen, words, locale),
        note: user.customer_note.clone(),
        notices: notices(portal, words, locale),
        quota: (!account.unlimited).then(|| quota(seen, words, locale)),
        until: until(account, words, locale),
        is_stopped: !runs(account),
        bill: dues.owed.lines(words, locale),
        total: total.map(|total| total.to_string()),
        can_buy: seen.can_buy,
        can_pay: total.is_some(),
        is_bill_first: dues.is_bill_first() || !seen.can_buy,
        open: seen.open.as_ref().map(|order| open_card(order, seen, portal, guest)),
        plot: plot(&plot_title, &seen.usage, locale, false),
        plot_title,
        devices: devices(seen, guest),
        contact: portal.contact.clone(),
    }
}

/// Until when the account is valid. One that never got anything has no end to name.
fn until(account: &Account, words: &Words, locale: &Locale) -> Option<String> {
    match account.expires_at {
        Some(at) => Some(locale.day_of(at)),
        None if account.balance.credits.is_zero() && !account.unlimited => None,
        None => Some(words.no_end.to_owned()),
    }
}

/// What to know beside the state.
fn advice(seen: &HomeData, words: &Words, locale: &Locale) -> Vec<String> {
    let (account, dues) = (&seen.customer.user.account, &seen.dues);
    let mut advice = dues.advice(account, words, locale);
    advice.extend(dues.overage_warning(account, words));
    advice
}

fn quota(seen: &HomeData, words: &'static Words, locale: &Locale) -> Quota {
    let account = &seen.customer.user.account;
    let left = account.balance.remaining();
    // The bar was full right after the last credit.
    let of = account.fup_base.max(left);
    Quota {
        left: locale.quota(left),
        of: fill(words.since_filled, &[&locale.quota(left), &locale.quota(of)]),
        figures: figures(account, words, locale),
        left_mb: left.0.div_ceil(MB),
        of_mb: of.0.div_ceil(MB).max(1),
        is_low: left.0 / 5 < of.0 / 25,
    }
}

fn open_card(order: &OrderRecord, seen: &HomeData, portal: &Portal, guest: &Guest) -> OpenCard {
    let (words, locale) = (guest.words(), guest.locale());
    let is_paying = seen.customer.user.account.access.reason == Some(Reason::Paying);
    let window = seen.window.as_ref().filter(|_| is_paying);
    let method = pay::method_name(order.method);
    OpenCard {
        text: fill(
            words.open_order_text,
            &[&order.amount.to_string(), method, &locale.moment(order.created_at)],
        ),
        window: window.and_then(|window| open_window(window, seen.dues.pay_window_ms, seen.now, guest)),
        path: portal.status_path(&order.id),
        cancel: format!("/payment/status/{}/batal", order.id),
        token: guest.token.clone(),
    }
}

fn devices(seen: &HomeData, guest: &Guest) -> Vec<Device> {
    let (words, locale) = (guest.words(), guest.locale());
    let device = |(device, reached): &(crate::store::DeviceRecord, crate::agent::engine::Reached)| Device {
        name: if device.label.is_empty() { device.mac.to_string() } else { device.label.clone() },
        is_this: seen.asking == Some(device.mac),
        state: match (reached.online, device.seen_at) {
            (true, _) => words.online.to_owned(),
            (false, Some(at)) => fill(words.seen, &[&locale.moment(at)]),
            (false, None) => words.never_seen.to_owned(),
        },
    };
    seen.customer.devices.iter().map(device).collect()
}
