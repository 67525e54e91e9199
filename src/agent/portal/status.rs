//! One payment until it ends: what to pay with, the time left, and the result. Anybody with the link can view it,
//! from any browser and without cookies; cancelling requires the customer's own device.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::contact::Contact;
use super::dues::{Dues, Reconnection};
use super::notices::notices;
use super::pay::{method_name, path_again};
use super::records::what_for;
use super::sentence::sentence;
use super::state::Portal;
use super::texts::{PayWords, RecordWords, Words};
use super::visitor::{Guest, Sent};
use crate::agent::engine::{Engine, Snapshot, WindowView};
use crate::agent::http::state::Answer;
use crate::clock::rfc3339;
use crate::domain::access::Reason;
use crate::domain::id::OrderId;
use crate::domain::order::{Method, OnlineMethod, OrderState};
use crate::domain::units::{Bytes, DAY_MS, Timestamp};
use crate::protocol::relay::VirtualAccount;
use crate::store::OrderRecord;
use crate::tools::percent;
use crate::ui::catalogue::fill;
use crate::ui::layout::see_other;
use crate::ui::qr;
use crate::ui::{Frame, Locale, html};
use crate::web::finish::finish;
use crate::web::{Path, Problem, Query};

/// How long after a payment its page says what holds now; then it is a receipt and nothing else.
const FRESH_MS: i64 = 60 * 60 * 1000;
/// How long a pay window is awaited after its order.
const WINDOW_AWAITED_MS: i64 = 60 * 1000;
/// Orders that a code can find: those of the last day.
const CODES_MS: i64 = DAY_MS;

/// The query of an order's address.
#[derive(Default, Deserialize)]
pub(super) struct Link {
    /// The order's token.
    #[serde(default)]
    t: String,
    /// The result of querying the gateway.
    #[serde(default)]
    dicek: String,
}

#[derive(Template)]
#[template(path = "portal/status.html")]
struct Status {
    frame: Frame,
    words: &'static Words,
    pay: &'static PayWords,
    is_live: bool,
    tone: &'static str,
    heading: String,
    text: String,
    /// What reconnects, after a payment that did not.
    advice: Vec<String>,
    /// The next step after a payment that did not reconnect: path and label.
    next: Option<(&'static str, &'static str)>,
    notices: Vec<String>,
    /// The result of querying the gateway.
    asked: Option<&'static str>,
    amount: String,
    /// What it is, whose, when and how it was paid.
    facts: Vec<(&'static str, String)>,
    id: OrderId,
    /// A conversation in which the receipt is ready to be sent.
    share: Option<String>,
    window: Option<(&'static str, String)>,
    means: Option<Means>,
    /// The tokens in the forms: the order's and the form's.
    t: String,
    token: String,
    can_change: bool,
    again: Option<String>,
    contact: Option<Contact>,
}

/// The means of payment.
struct Means {
    /// The expiry, for scripts, and the time left, as shown.
    until: Option<(String, String)>,
    is_over: bool,
    qr: Option<String>,
    /// A picture at the gateway, if the code's content is not known.
    qr_link: Option<String>,
    va: Option<Va>,
    /// The link to the gateway or wallet: address and label.
    app: Option<(String, String)>,
    /// There is a link, but not to an allowed address.
    is_unknown: bool,
    /// In a captive window: the address to open in another browser.
    elsewhere: Option<String>,
    is_empty: bool,
}

/// A bank account number, or Mandiri's bill.
struct Va {
    title: String,
    text: String,
    number: String,
    biller: Option<String>,
}

/// An order that the visitor may view.
struct FoundOrder {
    order: OrderRecord,
    user: Option<Snapshot>,
    /// The visitor's device is the customer's own.
    is_own: bool,
    /// What the customer owes; only for the customer's own device.
    dues: Option<Dues>,
    window: Option<WindowView>,
    now: Timestamp,
}

impl Portal {
    /// The order, for a visitor with its token or its customer. Any other visitor gets not found.
    async fn found(&self, guest: &Guest, id: OrderId, t: &str) -> Result<FoundOrder, Problem> {
        let has_link = self.site.signed_tokens.is_order_token(&id, t);
        let guest = guest.clone();
        self.read(move |engine| find(engine, &guest, &id, has_link)).await
    }
}

fn find(engine: &mut Engine, guest: &Guest, id: &OrderId, has_link: bool) -> Result<FoundOrder, Problem> {
    let unknown = || Problem::not_found("order");
    let order = engine.reader().order(id)?.ok_or_else(unknown)?;
    // A visitor with the link needs no device; an address that two devices share belongs to no customer.
    let own = match guest.customer(engine) {
        Ok(customer) => customer.map(|customer| customer.user.no),
        Err(_) if has_link => None,
        Err(problem) => return Err(problem),
    };
    let is_own = own.is_some() && own == order.user_no;
    if !is_own && !has_link {
        return Err(unknown());
    }
    let look = engine.read_view();
    let user = order.user_no.and_then(|no| look.user(look.user_id(no)?));
    let window = user
        .as_ref()
        .and_then(|user| look.windows(user.user.no).into_iter().find(|window| window.order == order.id));
    let dues = user.as_ref().filter(|_| is_own).map(|user| Dues::of(&look, &user.user.account));
    let now = look.facts.now;
    Ok(FoundOrder { order, user, is_own, dues, window, now })
}

/// `GET /payment/status/{order}?t=`.
pub(super) async fn show(
    State(portal): State<Arc<Portal>>,
    Path(order): Path<String>,
    Query(link): Query<Link>,
    guest: Guest,
) -> Answer {
    let found = portal.found(&guest, OrderId(order), &link.t).await?;
    html(&page(&portal, &guest, &found, &link.dicek))
}

fn page(portal: &Portal, guest: &Guest, found: &FoundOrder, asked: &str) -> Status {
    let (words, locale, order) = (guest.words(), guest.locale(), &found.order);
    let pay = PayWords::of(locale.language);
    let is_live = order.status.is_open();
    let (tone, heading, text) = state_text(found, guest, pay);
    let asked = match asked {
        "belum" => Some(pay.asked_not_yet),
        "sering" => Some(pay.asked_often),
        "gagal" => Some(pay.asked_failed),
        _ => None,
    };
    let is_over = matches!(
        order.status,
        OrderState::Expired | OrderState::Cancelled | OrderState::Denied | OrderState::Failed
    );
    let stopped = unreconnected(found);
    let waits = matches!(order.status, OrderState::Created | OrderState::Pending);
    Status {
        frame: guest.frame(pay.title),
        words,
        pay,
        is_live,
        tone,
        heading,
        text,
        advice: stopped
            .map(|(user, dues)| dues.advice(&user.user.account, words, locale))
            .unwrap_or_default(),
        next: stopped.and_then(|(_, dues)| next_step(dues.remedy, words)),
        notices: if is_live { notices(portal, words, locale) } else { Vec::new() },
        asked: asked.filter(|_| is_live),
        amount: order.amount.to_string(),
        facts: facts(portal, guest, found, pay),
        share: order.receipt_no.map(|no| share(portal, found, no)),
        window: if waits { window_text(found, guest, pay) } else { None },
        means: waits.then(|| means(portal, guest, found, pay)),
        t: portal.site.signed_tokens.order_token(&order.id),
        token: guest.token.clone(),
        can_change: is_live && found.is_own,
        again: (is_over && found.is_own).then(|| path_again(order)),
        contact: portal.contact.clone(),
        id: order.id.clone(),
    }
}

/// The customer and the dues, where the customer has just paid and is still stopped.
fn unreconnected(found: &FoundOrder) -> Option<(&Snapshot, &Dues)> {
    let (user, dues) = (found.user.as_ref()?, found.dues.as_ref()?);
    (is_fresh(found) && dues.remedy != Reconnection::Nothing).then_some((user, dues))
}

/// Whether the order was paid a moment ago.
fn is_fresh(found: &FoundOrder) -> bool {
    let paid_at = found.order.paid_at.filter(|_| found.order.status == OrderState::Paid);
    paid_at.is_some_and(|at| found.now.0.saturating_sub(at.0) < FRESH_MS)
}

fn next_step(remedy: Reconnection, words: &Words) -> Option<(&'static str, &'static str)> {
    match remedy {
        Reconnection::Package => Some(("/beli", words.buy)),
        Reconnection::Bill | Reconnection::BillThenPackage => Some(("/lunasi", words.pay_bill)),
        Reconnection::Nothing | Reconnection::Owner => None,
    }
}

/// What was bought or paid, by whom, when and how: what a receipt has to say.
fn facts(portal: &Portal, guest: &Guest, found: &FoundOrder, pay: &PayWords) -> Vec<(&'static str, String)> {
    let (order, locale) = (&found.order, guest.locale());
    let mut facts = vec![(pay.what, what_for(order, RecordWords::of(locale.language)))];
    facts.extend(found.user.as_ref().map(|user| (pay.whose, user.user.name.clone())));
    facts.push(match order.paid_at {
        Some(at) => (pay.paid_at, locale.moment(at)),
        None => (pay.made_at, locale.moment(order.created_at)),
    });
    facts.push((pay.method, method_name(order.method).to_owned()));
    facts.push((pay.order, order.id.to_string()));
    facts.extend(order.receipt_no.map(|no| (pay.receipt, no.to_string())));
    facts.push((pay.hotspot, portal.site.config.name.clone()));
    facts
}

/// The receipt as a message, for a person whom the customer chooses.
fn share(portal: &Portal, found: &FoundOrder, no: u64) -> String {
    let order = &found.order;
    let config = &portal.site.config;
    let locale = Locale { language: config.language, zone: config.timezone.clone() };
    let pay = PayWords::of(locale.language);
    let at = locale.moment(order.paid_at.unwrap_or(order.created_at));
    let (what, method) = (what_for(order, RecordWords::of(locale.language)), method_name(order.method));
    let whose = found.user.as_ref().map_or("-", |user| user.user.name.as_str());
    let values = [&no.to_string(), &config.name, &order.amount.to_string(), method, &at, &what, whose];
    let text = fill(pay.share_text, &values);
    format!("https://wa.me/?text={}", percent::value(&text))
}

/// Tone, heading and text of an order's state.
fn state_text(found: &FoundOrder, guest: &Guest, pay: &PayWords) -> (&'static str, String, String) {
    let plain = |tone, heading: &str, text: &str| (tone, heading.to_owned(), text.to_owned());
    match found.order.status {
        OrderState::Created | OrderState::Pending => plain("", pay.waiting, ""),
        OrderState::Challenge => plain("", pay.checking, pay.checking_text),
        OrderState::Paid => {
            let tone = if unreconnected(found).is_some() { "warn" } else { "good" };
            plain(tone, pay.received, &holds(found, guest))
        }
        OrderState::PartiallyRefunded => {
            let text = fill(pay.part_returned, &[&found.order.refunded.to_string()]);
            ("good", pay.received.to_owned(), text)
        }
        OrderState::Expired => plain("warn", pay.expired, pay.expired_text),
        OrderState::Cancelled => plain("warn", pay.cancelled, pay.cancelled_text),
        OrderState::Denied | OrderState::Failed => plain("bad", pay.failed, pay.failed_text),
        OrderState::Refunded | OrderState::ChargedBack | OrderState::Reversed => {
            plain("warn", pay.returned, pay.returned_text)
        }
        OrderState::Review => plain("warn", pay.received_review, pay.received_review_text),
    }
}

/// The present state of the customer, for the customer alone and soon after the payment: at any other time the page is
/// a receipt.
fn holds(found: &FoundOrder, guest: &Guest) -> String {
    let (Some(user), Some(dues)) = (&found.user, &found.dues) else { return String::new() };
    if !is_fresh(found) {
        return String::new();
    }
    sentence(&user.user.account, dues, guest.words(), guest.locale())
}

/// Until when the internet is open to pay, or that it is not: tone and text, for the customer's own device.
fn window_text(found: &FoundOrder, guest: &Guest, pay: &PayWords) -> Option<(&'static str, String)> {
    let (user, dues) = (found.user.as_ref()?, found.dues.as_ref()?);
    let account = &user.user.account;
    if dues.remedy == Reconnection::Nothing {
        return None;
    }
    let is_paying = account.access.reason == Some(Reason::Paying);
    let open = found.window.as_ref().filter(|_| is_paying);
    let text = open.and_then(|window| open_window(window, dues.pay_window_ms, found.now, guest));
    // A window opens with the first look at the router after the order.
    let is_awaited = found.window.is_none()
        && dues.pay_window_ms > 0
        && found.now.0.saturating_sub(found.order.created_at.0) < WINDOW_AWAITED_MS;
    let over = (!is_awaited).then(|| ("warn", pay.window_over.to_owned()));
    text.map(|text| ("good", text)).or(over)
}

/// The text of a pay window; `None` once it is over.
pub(super) fn open_window(
    window: &WindowView,
    lasts_ms: u64,
    now: Timestamp,
    guest: &Guest,
) -> Option<String> {
    let lasts = i64::try_from(lasts_ms).unwrap_or(i64::MAX);
    let ends = Timestamp(window.since.0.saturating_add(lasts));
    let locale = guest.locale();
    let values = [locale.time(ends), locale.quota(window.used.min(window.limit)), locale.quota(window.limit)];
    let text = fill(PayWords::of(locale.language).window, &[&values[0], &values[1], &values[2]]);
    (ends > now && window.used < window.limit.max(Bytes(1))).then_some(text)
}

fn means(portal: &Portal, guest: &Guest, found: &FoundOrder, pay: &PayWords) -> Means {
    let order = &found.order;
    let given = &order.online.means;
    let name = method_name(order.method);
    let title = fill(pay.qr, &[&order.amount.to_string()]);
    let qr = given.qr_string.as_ref().and_then(|text| qr::svg(text, &title));
    let qr_link = given.qr_url.as_ref().filter(|_| qr.is_none()).and_then(|url| portal.targets.allowed(url));
    let out = portal.way_out(order);
    let has_link = given.deeplink_url.is_some() || given.redirect_url.is_some();
    let is_unknown = has_link && out.is_none() && qr.is_none();
    let is_page = order.method == Method::Online(OnlineMethod::Snap);
    let label = if is_page { pay.open_page.to_owned() } else { fill(pay.open_app, &[name]) };
    let is_empty = qr.is_none() && qr_link.is_none() && given.va.is_none() && !has_link;
    let code = || {
        format!(
            "{}/b/{}",
            portal.site.config.portal.public_url,
            portal.site.signed_tokens.order_code(&order.id)
        )
    };
    Means {
        until: order
            .online
            .expires_at
            .filter(|at| *at > found.now)
            .map(|at| (until(at), left(found.now, at))),
        is_over: order.online.expires_at.is_some_and(|at| at <= found.now),
        qr,
        qr_link: qr_link.filter(|_| !guest.is_captive),
        va: given.va.as_ref().map(|va| va_view(va, order, pay)),
        app: out.filter(|_| !guest.is_captive).map(|out| (out, label)),
        is_unknown,
        elsewhere: guest.is_captive.then(code),
        is_empty,
    }
}

/// Minutes and seconds, with hours if there are any, in the format of the script's countdown.
fn left(now: Timestamp, at: Timestamp) -> String {
    let s = Duration::from_millis(u64::try_from(at.0 - now.0).unwrap_or_default()).as_secs();
    let hours = if s >= 3600 { format!("{}:", s / 3600) } else { String::new() };
    format!("{hours}{:02}:{:02}", s / 60 % 60, s % 60)
}

fn va_view(va: &VirtualAccount, order: &OrderRecord, pay: &PayWords) -> Va {
    let (title, text) = match va.biller_code {
        Some(_) => (pay.bill_key.to_owned(), pay.bill_text),
        None => (fill(pay.number_of, &[method_name(order.method)]), pay.va_text),
    };
    let text = fill(text, &[&order.amount.to_string()]);
    Va { title, text, number: va.number.clone(), biller: va.biller_code.clone() }
}

/// `POST /payment/status/{order}/cek`: the customer reports the payment, so the gateway is queried.
pub(super) async fn ask(State(portal): State<Arc<Portal>>, Path(order): Path<String>, sent: Sent) -> Answer {
    let guest = &sent.guest;
    let found = portal.found(guest, OrderId(order), sent.form.text("t").unwrap_or_default()).await?;
    let id = found.order.id;
    let page = portal.status_path(&id);
    if !found.order.status.is_open() {
        return Ok(see_other(&page));
    }
    if portal.attempt(&portal.questions, guest.address, &id.0).is_err() {
        return Ok(see_other(&format!("{page}&dicek=sering")));
    }
    let (site, asked) = (Arc::clone(&portal.site), id.clone());
    let came = match finish(async move { site.payments.refresh_order(&asked).await }).await? {
        Ok(()) => "belum",
        Err(error) => {
            tracing::warn!(order.id = %id, %error, "the gateway could not be asked for a customer");
            "gagal"
        }
    };
    Ok(see_other(&format!("{page}&dicek={came}")))
}

/// `POST /payment/status/{order}/ganti`: cancels it and shows the page to choose another method.
pub(super) async fn change(
    State(portal): State<Arc<Portal>>,
    Path(order): Path<String>,
    sent: Sent,
) -> Answer {
    let found = cancel_order(&portal, OrderId(order), &sent).await?;
    Ok(see_other(&found.map_or_else(|path| path, |order| path_again(&order))))
}

/// `POST /payment/status/{order}/batal`: cancels it and shows that it is cancelled.
pub(super) async fn cancel(
    State(portal): State<Arc<Portal>>,
    Path(order): Path<String>,
    sent: Sent,
) -> Answer {
    let found = cancel_order(&portal, OrderId(order), &sent).await?;
    Ok(see_other(&found.map_or_else(|path| path, |order| portal.status_path(&order.id))))
}

/// Cancels an order for its customer. The inner error is the page to show when the order ended in another way.
async fn cancel_order(
    portal: &Arc<Portal>,
    id: OrderId,
    sent: &Sent,
) -> Result<Result<OrderRecord, String>, Problem> {
    let guest = &sent.guest;
    let FoundOrder { order, is_own, .. } = portal.found(guest, id, "").await?;
    let page = portal.status_path(&order.id);
    if !is_own || order.status.rank() >= OrderState::Paid.rank() {
        return Ok(Err(page));
    }
    if !order.status.is_open() {
        return Ok(Ok(order));
    }
    let (site, actor, id) = (Arc::clone(&portal.site), guest.actor(), order.id.clone());
    let ended = finish(async move { site.payments.cancel_order(&actor, id).await }).await?;
    match ended.map_err(Problem::from) {
        Ok(()) => Ok(Ok(order)),
        // It was paid, or it ended, a moment before.
        Err(problem) if matches!(problem.code(), "order_paid" | "not_open") => Ok(Err(page)),
        Err(problem) => Err(problem),
    }
}

/// `GET /b/{code}`: the address to type into another browser. Attempts are rate-limited.
pub(super) async fn by_code(
    State(portal): State<Arc<Portal>>,
    Path(code): Path<String>,
    guest: Guest,
) -> Answer {
    let name = guest.address.to_string();
    let attempt = portal.attempt(&portal.codes, guest.address, &name)?;
    let signed_tokens = portal.site.signed_tokens.clone();
    let found = portal.read(move |engine| {
        let since = Timestamp(engine.reckoned().0.saturating_sub(CODES_MS));
        let open = engine.open_orders().into_iter().map(|order| order.order);
        let recent = engine.reader().online_since(since)?;
        Ok(open.chain(recent).find(|id| signed_tokens.is_order_code(id, &code)))
    });
    let id = found.await?.ok_or_else(|| Problem::not_found("order"))?;
    portal.succeeded(&portal.codes, attempt);
    Ok(see_other(&portal.status_path(&id)))
}

/// An instant in the format of `data-until`.
fn until(at: Timestamp) -> String {
    rfc3339(at)
}
