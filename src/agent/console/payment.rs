//! One order: purpose, state and reason, receipt, and what followed.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::actions::buttons::{Button, buttons};
use super::customers::receipt::debts_of;
use super::session::AdminSession;
use crate::agent::console::actions::payments::ORDER_ACTIONS;
use crate::agent::console::texts::names;
use crate::agent::console::texts::office::Office;
use crate::agent::console::texts::say;
use crate::agent::engine::{Engine, OutboxWork};
use crate::agent::http::state::{Answer, AppState};
use crate::domain::debt::DebtItem;
use crate::domain::id::OrderId;
use crate::domain::ledger::Posted;
use crate::domain::order::{Item, Line, OrderState};
use crate::domain::units::{Rupiah, Timestamp};
use crate::store::{OrderRecord, UserRecord};
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html, qr};
use crate::web::{Path, Problem};

struct LineRow {
    name: String,
    bytes: String,
    price: String,
}

#[derive(Template)]
#[template(path = "console/office/payment.html")]
struct PaymentPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    id: String,
    amount: String,
    status: Badge,
    user: Option<(String, String)>,
    facts: Vec<(&'static str, String)>,
    /// Whether there is a receipt to print.
    has_receipt: bool,
    lines: Vec<LineRow>,
    flags: Vec<&'static str>,
    /// Whether it can still be paid or is being checked: the page then follows it.
    is_live: bool,
    /// What is to be said about money that is awaited or came, and its tone.
    flash: Option<(&'static str, &'static str)>,
    /// What the customer pays with, while that is possible.
    means: Option<Means>,
    timeline: Vec<(String, String)>,
    buttons: Vec<Button>,
}

/// What a customer pays with, to be shown over the counter.
#[derive(Default)]
struct Means {
    /// A code to scan, as SVG, and what it is for.
    qr: Option<(String, &'static str)>,
    /// Numbers to type: name and value.
    numbers: Vec<(String, String)>,
    /// Addresses: name, value, and whether a browser can open it.
    links: Vec<(&'static str, String, bool)>,
    /// Until when.
    until: Option<String>,
}

/// An order with whatever came of it.
struct FoundPayment {
    order: OrderRecord,
    user: Option<UserRecord>,
    entries: Vec<Posted>,
    /// The debt items that it is for.
    debts: Vec<DebtItem>,
    /// Refunds not yet sent to the gateway.
    refunds: Vec<Rupiah>,
}

/// `GET /pembayaran/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Path(id): Path<String>,
) -> Answer {
    let id = OrderId(id);
    let found = app.read(move |engine| find(engine, &id)).await?;
    let (locale, w) = (&session.page_request.locale, session.office());
    let order = &found.order;
    let (frame, layout) = session.layout(fill(w.order, &[&order.id.0]), "/pembayaran");
    let user = found.user.as_ref().map(|user| (format!("/pelanggan/{}", user.account.id), user.name.clone()));
    html(&PaymentPage {
        frame,
        layout,
        w,
        id: order.id.0.clone(),
        amount: order.amount.to_string(),
        status: names::order_state(locale.language, order.status),
        user,
        facts: facts(w, locale, order),
        has_receipt: order.receipt_no.is_some(),
        lines: order.quote.lines.iter().map(|line| line_row(w, locale, line, &found.debts)).collect(),
        flags: order.flags.iter().map(|flag| names::flag(locale.language, *flag)).collect(),
        is_live: order.status.is_open(),
        flash: flash(w, order),
        means: can_be_paid(order).then(|| means(w, locale, order)),
        timeline: timeline(w, locale, &found),
        buttons: buttons(&format!("/pembayaran/{}", order.id.0), ORDER_ACTIONS, &session, order),
    })
}

fn find(engine: &Engine, id: &OrderId) -> Result<FoundPayment, Problem> {
    let reader = engine.reader();
    let order = reader.order(id)?.ok_or_else(|| Problem::not_found("order"))?;
    let look = engine.read_view();
    let user = order.user_no.and_then(|no| look.user_no(no)).cloned();
    let refunds = engine.outbox().into_iter().filter_map(|operation| match operation.work {
        OutboxWork::Refund { order, amount, .. } if order == *id => Some(amount),
        OutboxWork::Abandon { .. }
        | OutboxWork::Cancel { .. }
        | OutboxWork::Refund { .. }
        | OutboxWork::Adopt { .. } => None,
    });
    let (entries, debts) = (reader.order_entries(id)?, debts_of(engine, &order)?);
    Ok(FoundPayment { entries, debts, refunds: refunds.collect(), order, user })
}

fn facts(w: &Office, locale: &Locale, order: &OrderRecord) -> Vec<(&'static str, String)> {
    let kind = names::order_kind(locale.language, order.kind).to_owned();
    let mut facts = vec![(w.kind, kind), (w.method, say::method(locale.language, order.method).to_owned())];
    facts.extend(order.receipt_no.map(|no| (w.receipt, locale.count(no))));
    facts.extend(order.cashier.clone().map(|cashier| (w.cashier, cashier)));
    facts.extend(order.reference.clone().map(|reference| (w.reference, reference)));
    if order.refunded > Rupiah::ZERO {
        facts.push((w.refunded, order.refunded.to_string()));
    }
    facts
}

fn line_row(w: &Office, locale: &Locale, line: &Line, debts: &[DebtItem]) -> LineRow {
    let parts = match &line.item {
        Item::Package { .. } => vec![line.name.clone()],
        Item::Debt { id, .. } => match debts.iter().find(|item| item.id == *id) {
            Some(item) => vec![w.debt_line.to_owned(), locale.day(item.debt_date), item.note.clone()],
            None => vec![w.debt_line.to_owned(), line.name.clone()],
        },
        Item::Overage => vec![w.overage_line.to_owned()],
    };
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    let bytes = if line.bytes.is_zero() { String::new() } else { locale.quota(line.bytes) };
    LineRow { name: parts.collect::<Vec<_>>().join(": "), bytes, price: line.price.to_string() }
}

fn can_be_paid(order: &OrderRecord) -> bool {
    matches!(order.status, OrderState::Created | OrderState::Pending)
}

fn flash(w: &Office, order: &OrderRecord) -> Option<(&'static str, &'static str)> {
    if order.status == OrderState::Paid && order.method.cash().is_none() {
        return Some(("good", w.money_came));
    }
    can_be_paid(order).then_some(("", w.money_awaited))
}

fn means(w: &Office, locale: &Locale, order: &OrderRecord) -> Means {
    let given = &order.online.means;
    let title = format!("{} {}", say::method(locale.language, order.method), order.amount);
    let code = |text: &String, what| qr::svg(text, &title).map(|svg| (svg, what));
    let page = given.redirect_url.as_ref().filter(|url| is_web(url));
    let qr = given.qr_string.as_ref().and_then(|text| code(text, w.scan_qris));
    let picture = given.qr_url.clone().filter(|_| qr.is_none()).map(|url| (w.qr, url));
    let urls = [given.redirect_url.clone().map(|url| (w.payment_page, url)), picture];
    let urls = urls.into_iter().flatten().chain(given.deeplink_url.clone().map(|url| (w.deeplink, url)));
    let links = urls.map(|(name, url)| {
        let can_open = is_web(&url);
        (name, url, can_open)
    });
    let mut numbers = Vec::new();
    if let Some(va) = &given.va {
        numbers.extend(va.biller_code.clone().map(|code| (w.biller.to_owned(), code)));
        let name = va.biller_code.as_ref().map(|_| w.bill_key.to_owned());
        let name = name.unwrap_or_else(|| fill(w.va, &[&va.bank.to_uppercase()]));
        numbers.push((name, va.number.clone()));
    }
    Means {
        links: links.collect(),
        numbers,
        until: order.online.expires_at.map(|at| locale.moment(at)),
        qr: qr.or_else(|| page.and_then(|url| code(url, w.scan_page))),
    }
}

/// Whether a browser opens it as a page; anything else might do something here.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// What happened, the oldest first.
fn timeline(w: &Office, locale: &Locale, found: &FoundPayment) -> Vec<(String, String)> {
    let order = &found.order;
    let mut events: Vec<(Timestamp, String)> = vec![(order.created_at, w.created.to_owned())];
    if let Some(window) = order.online.window {
        events.push((window.at, fill(w.window_opened, &[&locale.quota(window.used)])));
    }
    events
        .extend(order.online.expires_at.filter(|_| can_be_paid(order)).map(|at| (at, w.expires.to_owned())));
    events.extend(order.paid_at.map(|at| (at, w.paid.to_owned())));
    for line in &found.entries {
        let what = say::line(locale, &line.entry).sentence();
        events.push((line.at, format!("{what} ({})", fill(w.by, &[&line.actor]))));
    }
    events.sort_by_key(|(at, _)| *at);
    let told = events.into_iter().map(|(at, what)| (locale.moment(at), what));
    let waiting = found.refunds.iter().map(|amount| fill(w.refund_waiting, &[&amount.to_string()]));
    told.chain(waiting.map(|what| (String::new(), what))).collect()
}
