//! One customer: access and reason, quota, usage, debts, devices, payments, the ledger, and every action.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::explain;
use super::next_steps::{Arranged, COUNTER, arranged, remedy};
use super::statement::LineRow;
use super::usage::{self, Usage};
use crate::agent::console::actions::buttons::{Button, buttons};
use crate::agent::console::actions::customers::{DEVICE_ACTIONS, USER_ACTIONS};
use crate::agent::console::actions::debts::DEBT_ACTIONS;
use crate::agent::console::session::AdminSession;
use crate::agent::console::texts::hosts::HostWords;
use crate::agent::console::texts::names;
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::engine::{Engine, Reached, Snapshot};
use crate::agent::http::state::{Answer, AppState, user};
use crate::agent::reports::explain::period;
use crate::domain::account::Account;
use crate::domain::debt::DebtItem;
use crate::domain::id::UserId;
use crate::domain::ledger::Posted;
use crate::domain::tariff;
use crate::domain::units::{Bytes, Rupiah};
use crate::store::{DeviceRecord, DeviceStay, OrderRecord, Page, Pending, Role};
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html};
use crate::web::{Path, Problem, Query};

/// Ledger lines looked at for the rules of access.
const RULE_LINES_MAX: u32 = 100;
/// Ledger lines, payments and closed debts shown; the rest has pages of its own.
const LINES_MAX: usize = 15;
const ORDERS_MAX: u32 = 10;
const CLOSED_MAX: usize = 10;
/// Devices of earlier times shown.
const STAYS_MAX: u32 = 15;

#[derive(Template)]
#[template(path = "console/customers/customer.html")]
struct OnePage {
    frame: Frame,
    /// The way to the devices on the hotspot.
    hotspot: &'static str,
    layout: Layout,
    words: &'static People,
    badge: Badge,
    remedy: Option<&'static str>,
    /// Why an admin stopped the internet.
    block_reason: Option<String>,
    /// That no device is bound, of a customer who has access.
    no_device: Option<&'static str>,
    is_held_off: bool,
    quota: Quota,
    facts: Vec<(&'static str, String)>,
    whatsapp: Option<String>,
    actions: Arranged,
    rules: Vec<explain::Row>,
    usage: Usage,
    /// Everything that is owed; `None` for nothing.
    owed: Option<String>,
    debts: Vec<DebtRow>,
    closed: Vec<DebtRow>,
    devices: Vec<DeviceRow>,
    stays: Vec<StayRow>,
    orders: Vec<OrderRow>,
    lines: Vec<LineRow>,
    /// This page's own address.
    place: String,
    statement: String,
    /// The audit about the customer, for those who may read it.
    audit: Option<String>,
}

/// What is left of how much.
struct Quota {
    text: String,
    used: String,
    /// Until when; empty for without end.
    expires: String,
    /// For the bar; nothing for an unlimited plan.
    bar: Option<(u64, u64, bool)>,
}

struct DebtRow {
    amount: String,
    unpaid: String,
    due: String,
    due_date: String,
    debt_date: String,
    badge: Badge,
    note: String,
    customer_note: String,
    actions: Vec<Button>,
}

struct DeviceRow {
    mac: String,
    label: String,
    address: String,
    is_online: bool,
    seen: String,
    /// What it waits for; empty for nothing.
    waits: String,
    actions: Vec<Button>,
}

/// A time in which a device was the customer's.
struct StayRow {
    mac: String,
    label: String,
    /// From when to when, and from and to whom.
    text: String,
}

struct OrderRow {
    href: String,
    at: String,
    amount: String,
    method: &'static str,
    /// What became of one that has no receipt.
    status: Option<Badge>,
    receipt: Option<(String, String)>,
    refunded: Option<String>,
}

/// What is known of a customer at one moment.
struct CustomerData {
    snapshot: Snapshot,
    rules: Vec<explain::Row>,
    /// Open items with the present price of each.
    open: Vec<(DebtItem, Option<Rupiah>)>,
    closed: Vec<DebtItem>,
    owed: Option<Rupiah>,
    stays: Vec<StayRow>,
    /// Names of those to whom devices are about to move.
    heirs: BTreeMap<u32, String>,
    orders: Vec<OrderRecord>,
    lines: Vec<Posted>,
    usage: Usage,
    threshold: Bytes,
}

/// `GET /pelanggan/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Path(id): Path<UserId>,
    Query(wanted): Query<usage::UsageQuery>,
) -> Answer {
    let locale = session.page_request.locale.clone();
    let known = app.read(move |engine| look(engine, &locale, id, &wanted)).await?;
    html(&page(&app, &session, id, known))
}

fn look(
    engine: &Engine,
    locale: &Locale,
    id: UserId,
    wanted: &usage::UsageQuery,
) -> Result<CustomerData, Problem> {
    let snapshot = user(engine, id)?;
    let (look, reader, no) = (engine.read_view(), engine.reader(), snapshot.user.no);
    let mut lines = reader.statement(no, Page { limit: RULE_LINES_MAX, after: None })?;
    let rules = explain::rules(locale, &look, &snapshot.user, &period(lines.clone()));
    lines.truncate(LINES_MAX);
    let account = &snapshot.user.account;
    let closed =
        reader.debts(no)?.into_iter().filter(|item| !item.is_open()).rev().take(CLOSED_MAX).collect();
    let (open, owed) = look.with_context(|ctx| {
        let lines = ctx.tariff().owed(account);
        let owed = tariff::total(&lines).ok();
        (lines.into_iter().filter_map(|line| Some((line.item?.clone(), line.price.ok()))).collect(), owed)
    });
    let orders = reader.orders(Some(no), Page { limit: ORDERS_MAX, after: None })?;
    let orders = orders.into_iter().map(|(_, order)| order).collect();
    let name = |no: u32| look.user_no(no).map(|user| user.name.clone());
    let stays = reader.device_history(no, STAYS_MAX)?;
    let stays = stays.into_iter().map(|stay| stay_row(locale, stay, &name)).collect();
    let heirs = snapshot.devices.iter().filter_map(|(device, _)| match device.pending {
        Some(Pending::Move(to)) => Some((to, name(to)?)),
        Some(Pending::Baseline | Pending::Unbind) | None => None,
    });
    let heirs = heirs.collect();
    let usage = usage::of(engine, locale, &snapshot, wanted)?;
    let threshold = look.policy.fup_threshold;
    Ok(CustomerData { snapshot, rules, open, closed, owed, stays, heirs, orders, lines, usage, threshold })
}

fn page(app: &AppState, session: &AdminSession, id: UserId, known: CustomerData) -> OnePage {
    let (words, locale) = (session.people(), &session.page_request.locale);
    let CustomerData { snapshot, rules, open, closed, owed, stays, heirs, orders, lines, usage, threshold } =
        known;
    let (user, account) = (&snapshot.user, &snapshot.user.account);
    let place = format!("/pelanggan/{id}");
    let earliest = open.iter().map(|(item, _)| item.due_date).min();
    let open_row = |(item, due): &(DebtItem, Option<Rupiah>)| debt_row(session, &place, item, *due);
    let closed_row = |item: &DebtItem| debt_row(session, &place, item, Some(Rupiah::ZERO));
    let (frame, layout) = session.layout(user.name.clone(), "/pelanggan");
    let house = super::debts::House::of(app);
    let whatsapp = user.phone.as_deref().and_then(|phone| {
        let due = owed.filter(|owed| *owed > Rupiah::ZERO);
        let reminder = due.map(|due| house.reminder(&user.name, &account.access, due, earliest));
        super::debts::whatsapp(phone, reminder.as_deref())
    });
    let is_owing = owed != Some(Rupiah::ZERO);
    OnePage {
        hotspot: HostWords::of(locale.language).title,
        frame,
        layout,
        words,
        badge: Badge {
            text: say::access(locale.language, &account.access).into(),
            ..say::status(locale.language, account.access.status)
        },
        remedy: remedy(words, account, &account.access),
        block_reason: account.admin_block.clone().filter(|reason| !reason.is_empty()),
        no_device: snapshot.devices.is_empty().then_some(words.no_device_yet),
        is_held_off: snapshot.offline_grace,
        quota: quota(locale, account, threshold),
        facts: facts(words, locale, &snapshot),
        actions: arranged(actions(session, id, &place, account), whatsapp.is_some()),
        whatsapp,
        rules,
        usage,
        owed: is_owing.then(|| say::price(locale.language, owed)),
        debts: open.iter().map(open_row).collect(),
        closed: closed.iter().map(closed_row).collect(),
        devices: snapshot
            .devices
            .iter()
            .map(|(device, reached)| device_row(session, &place, device, reached, &heirs))
            .collect(),
        stays,
        orders: orders.iter().map(|order| order_row(words, locale, order)).collect(),
        lines: lines.iter().map(|line| LineRow::of(locale, line)).collect(),
        statement: format!("{place}/rekening"),
        audit: (session.actor.role >= Role::Operator).then(|| format!("/catatan?pelanggan={id}")),
        place,
    }
}

/// What can be done to the customer, selling at the counter first.
fn actions(session: &AdminSession, id: UserId, place: &str, account: &Account) -> Vec<Button> {
    let sell = Button {
        segment: COUNTER,
        href: format!("/jual/{id}"),
        name: session.people().do_sell,
        is_grave: false,
    };
    let sell = (session.actor.role >= Role::Cashier).then_some(sell);
    sell.into_iter().chain(buttons(place, USER_ACTIONS, session, account)).collect()
}

fn quota(locale: &Locale, account: &Account, threshold: Bytes) -> Quota {
    let remaining = account.balance.remaining();
    let full = account.fup_base.max(remaining);
    let bar = (!account.unlimited && !full.is_zero()).then(|| (remaining.0, full.0, remaining <= threshold));
    Quota {
        text: say::quota(locale, (!account.unlimited).then_some(remaining)),
        used: locale.quota(account.used),
        expires: account.expires_at.map(|at| locale.moment(at)).unwrap_or_default(),
        bar,
    }
}

fn facts(words: &People, locale: &Locale, snapshot: &Snapshot) -> Vec<(&'static str, String)> {
    let (user, account) = (&snapshot.user, &snapshot.user.account);
    let yes = |is| say::yes(locale.language, is).to_owned();
    let where_it = |is: bool, value: String| if is { value } else { String::new() };
    // What is as it is for most says nothing.
    let overage = account.balance.overage();
    let mut facts = vec![
        (words.phone, user.phone.clone().unwrap_or_default()),
        (words.login, user.login.clone().unwrap_or_default()),
        (words.overage, where_it(!overage.is_zero(), locale.quota(overage))),
        (words.approved, where_it(!account.approved, yes(false))),
        (words.active, where_it(!account.active, yes(false))),
        (words.exempt, where_it(account.exempt, yes(true))),
        (
            words.mode,
            account.overage.map(|mode| say::mode(locale.language, mode).to_owned()).unwrap_or_default(),
        ),
        (words.debt_limit, account.debt_limit.map(|limit| locale.quota(limit)).unwrap_or_default()),
        (words.customer_note, user.customer_note.clone().unwrap_or_default()),
        (words.status_since, locale.moment(user.access_at)),
        (words.entered, locale.day_of(user.created_at)),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn debt_row(session: &AdminSession, place: &str, item: &DebtItem, due: Option<Rupiah>) -> DebtRow {
    let locale = &session.page_request.locale;
    let place = format!("{place}/tagihan/{}", item.id);
    DebtRow {
        amount: say::debt_amount(locale, item),
        unpaid: locale.quota(item.unpaid()),
        due: say::price(locale.language, due),
        due_date: locale.day(item.due_date),
        debt_date: locale.day(item.debt_date),
        badge: say::debt_status(locale.language, item.status),
        note: item.note.clone(),
        customer_note: item.customer_note.clone(),
        actions: buttons(&place, DEBT_ACTIONS, session, item),
    }
}

fn device_row(
    session: &AdminSession,
    place: &str,
    device: &DeviceRecord,
    reached: &Reached,
    heirs: &BTreeMap<u32, String>,
) -> DeviceRow {
    let words = session.people();
    let place = format!("{place}/perangkat/{}", device.mac);
    DeviceRow {
        mac: device.mac.to_string(),
        label: device.label.clone(),
        address: reached.address.map(|address| address.to_string()).unwrap_or_default(),
        is_online: reached.online,
        seen: device.seen_at.map(|at| session.page_request.locale.moment(at)).unwrap_or_default(),
        waits: match device.pending {
            Some(Pending::Move(to)) => {
                let heir = heirs.get(&to).map(String::as_str).unwrap_or_default();
                say::with(words.waits_router_for, &[heir])
            }
            Some(Pending::Unbind) => words.waits_router.to_owned(),
            Some(Pending::Baseline) | None => String::new(),
        },
        actions: buttons(&place, DEVICE_ACTIONS, session, device),
    }
}

fn stay_row(locale: &Locale, stay: DeviceStay, name: &impl Fn(u32) -> Option<String>) -> StayRow {
    let DeviceStay { mac, label, bound_at, unbound_at, from, to } = stay;
    let words = People::of(locale.language);
    let since = locale.moment(bound_at);
    let span = match unbound_at {
        Some(until) => say::with(words.bound_from_to, &[&since, &locale.moment(until)]),
        None => say::with(words.bound_since, &[&since]),
    };
    let whom = |text, no: Option<u32>| Some(say::with(text, &[&name(no?).unwrap_or_default()]));
    let moved = [whom(words.moved_from, from), whom(words.moved_to, to)];
    let text: Vec<String> = [Some(span)].into_iter().chain(moved).flatten().collect();
    StayRow { mac: mac.to_string(), label, text: text.join("; ") }
}

fn order_row(words: &People, locale: &Locale, order: &OrderRecord) -> OrderRow {
    let receipt = order
        .receipt_no
        .map(|no| (format!("/kuitansi/{no}"), say::with(words.receipt_no, &[&no.to_string()])));
    OrderRow {
        href: format!("/pembayaran/{}", order.id),
        at: locale.moment(order.paid_at.unwrap_or(order.created_at)),
        amount: order.amount.to_string(),
        method: say::method(locale.language, order.method),
        status: order.receipt_no.is_none().then(|| names::order_state(locale.language, order.status)),
        receipt,
        refunded: (order.refunded > Rupiah::ZERO).then(|| order.refunded.to_string()),
    }
}
