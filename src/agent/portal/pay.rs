//! Payment, the same for every purpose: a page (or a dialog) to choose the method, and a form that opens the order
//! and redirects to the gateway, the wallet or the status page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use super::contact::Contact;
use super::dues::{Dues, Prospect, Reconnection};
use super::notices::notices;
use super::owed::line_name;
use super::state::Portal;
use super::texts::{PayWords, Words};
use super::visitor::{Guest, Sent};
use crate::agent::config::PaymentMode;
use crate::agent::engine::{
    Done, Engine, Key, OPEN_PAYMENT, OpenOne, PaymentRequest, Purpose, Replaces, Snapshot,
};
use crate::agent::http::state::Answer;
use crate::domain::account::Account;
use crate::domain::id::{DebtId, OrderId, PackageId, UserId};
use crate::domain::order::{CashMethod, Item, Method, OnlineMethod, OrderState, Quote};
use crate::domain::units::Rupiah;
use crate::store::OrderRecord;
use crate::tools::digest;
use crate::ui::catalogue::fill;
use crate::ui::form::KEY;
use crate::ui::icon::Icon;
use crate::ui::layout::{page_with, see_other};
use crate::ui::payment_methods;
use crate::ui::refused::Refused;
use crate::ui::{Form, Frame, Locale};
use crate::web::finish::finish;
use crate::web::{Path, Problem};

/// The field with the customer for whom a form was made.
const PAYER: &str = "untuk";
/// The field with the open payment that may be cancelled for this one.
const REPLACES: &str = "ganti";
/// Codes of refusals that the page to choose shows.
const OTHER_PAYER: &str = "other_payer";
const NO_METHOD: &str = "no_method";
const QUOTE_CHANGED: &str = "quote_changed";
/// Longest id of one submission.
const KEY_CHARS_MAX: usize = 100;

/// The data that a page needs for its payment forms.
pub(super) struct Till {
    /// Whether the gateway's own page offers the methods.
    pub is_snap: bool,
    /// Whether a relay is configured.
    pub is_open: bool,
    pub token: String,
    /// The id of one submission, so that a double press submits once.
    pub key: String,
    /// The customer for whom the form was made: another customer may have the address when it is submitted.
    pub payer: String,
}

impl Portal {
    pub fn till(&self, guest: &Guest, user: UserId) -> Till {
        Till {
            is_snap: self.site.config.payment.mode == PaymentMode::Snap,
            is_open: self.site.payments.link().is_ok(),
            token: guest.token.clone(),
            key: Uuid::new_v4().to_string(),
            payer: self.site.signed_tokens.form_token(&payer_scope(user), self.today()),
        }
    }

    /// Whether a form was made for this customer. Our own forms always name one.
    fn is_for(&self, form: &Form, user: UserId) -> bool {
        let is_same =
            |given| self.site.signed_tokens.check_form_token(&payer_scope(user), self.today(), given);
        form.text(PAYER).is_none_or(is_same)
    }

    /// The address of an order's status page, for any browser.
    pub fn status_path(&self, order: &OrderId) -> String {
        format!("/payment/status/{order}?t={}", self.site.signed_tokens.order_token(order))
    }
}

#[derive(Template)]
#[template(path = "portal/choose.html")]
struct Choose {
    frame: Frame,
    words: &'static Words,
    pay: &'static PayWords,
    here: &'static str,
    /// The customer who pays, by name.
    for_whom: String,
    /// A payment that is cancelled when this one is opened.
    open: Option<Replaced>,
    path: String,
    /// The amount of a part payment, repeated in the form.
    part_rp: Option<u64>,
    lines: Vec<PricedLine>,
    total: String,
    total_rp: u64,
    pay_label: String,
    methods: Vec<MethodView>,
    till: Till,
    /// What the payment brings, and what it does not.
    brings: Vec<String>,
    /// What to know before paying: it does not reconnect, or the internet to pay counts.
    warnings: Vec<String>,
    /// What changed, or what is missing.
    notice: Option<&'static str>,
    notices: Vec<String>,
    contact: Option<Contact>,
}

/// An open payment that another would replace.
struct Replaced {
    /// The value by which the form agrees to cancel it.
    id: String,
    text: String,
    /// The page to continue it; `None` for an attempt that the gateway has not answered.
    path: Option<String>,
}

/// A line of a quote as shown.
struct PricedLine {
    name: String,
    quota: String,
    price: String,
}

/// A method as shown.
struct MethodView {
    value: &'static str,
    name: &'static str,
    hint: &'static str,
    mark: Icon,
    is_chosen: bool,
}

fn payer_scope(user: UserId) -> String {
    format!("payer {user}")
}

/// The name of a method, the same in both languages.
pub(super) fn method_name(method: Method) -> &'static str {
    match method {
        Method::Cash(CashMethod::Cash) => "tunai",
        Method::Cash(CashMethod::Transfer) => "transfer",
        Method::Cash(CashMethod::QrisStatic) => "QRIS",
        Method::Online(method) => payment_methods::name(method).short,
    }
}

fn hint(method: OnlineMethod, words: &PayWords) -> &'static str {
    match method {
        OnlineMethod::Qris => words.qris_hint,
        OnlineMethod::Snap | OnlineMethod::Gopay | OnlineMethod::Shopeepay => words.wallet_hint,
        OnlineMethod::VaMandiri => words.bill_hint,
        OnlineMethod::VaBca
        | OnlineMethod::VaBni
        | OnlineMethod::VaBri
        | OnlineMethod::VaPermata
        | OnlineMethod::VaCimb => words.bank_hint,
    }
}

/// What a method looks like.
fn mark(method: OnlineMethod) -> Icon {
    match method {
        OnlineMethod::Qris => Icon::Qr,
        OnlineMethod::Snap | OnlineMethod::Gopay | OnlineMethod::Shopeepay => Icon::Wallet,
        OnlineMethod::VaMandiri
        | OnlineMethod::VaBca
        | OnlineMethod::VaBni
        | OnlineMethod::VaBri
        | OnlineMethod::VaPermata
        | OnlineMethod::VaCimb => Icon::Bank,
    }
}

/// The address to pay for a purpose.
fn path_of(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Buy(package) => format!("/beli/{package}"),
        Purpose::SettleAll => "/lunasi/semua".to_owned(),
        Purpose::SettleItem(debt) => format!("/lunasi/{debt}"),
        Purpose::PayPart(_) => "/lunasi/sebagian".to_owned(),
    }
}

/// `GET /beli/{package}`.
pub(super) async fn choose_package(
    State(portal): State<Arc<Portal>>,
    Path(package): Path<PackageId>,
    guest: Guest,
) -> Answer {
    choose(&portal, &guest, Purpose::Buy(package)).await
}

/// `GET /lunasi/semua`.
pub(super) async fn choose_all(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    choose(&portal, &guest, Purpose::SettleAll).await
}

/// `GET /lunasi/{debt}`.
pub(super) async fn choose_item(
    State(portal): State<Arc<Portal>>,
    Path(debt): Path<DebtId>,
    guest: Guest,
) -> Answer {
    choose(&portal, &guest, Purpose::SettleItem(debt)).await
}

/// The data of the page.
struct PaymentData {
    customer: Snapshot,
    quote: Quote,
    open: Option<OpenOne>,
    /// The open order, if the open payment is one.
    order: Option<OrderRecord>,
    dues: Dues,
    /// What follows from paying the quote.
    prospect: Option<Prospect>,
}

fn see(engine: &mut Engine, customer: Snapshot, purpose: &Purpose) -> Result<PaymentData, Problem> {
    let user = customer.user.account.id;
    let quote = engine.price(user, purpose)?;
    let open = engine.open_online(user);
    let order = match &open {
        Some(OpenOne::Order(id)) => engine.reader().order(id)?,
        _ => None,
    };
    let look = engine.read_view();
    let account = &customer.user.account;
    let (dues, prospect) = (Dues::of(&look, account), Prospect::of(&look, account, &quote));
    Ok(PaymentData { customer, quote, open, order, dues, prospect })
}

/// The page to choose the method for a purpose, at its present price; after a refusal with what changed, or what is
/// missing.
pub(super) async fn choose(portal: &Portal, guest: &Guest, purpose: Purpose) -> Answer {
    let refused = guest.page_request.refused.as_ref().map(|refused| (&refused.problem, &refused.form));
    chosen(portal, guest, purpose, refused).await
}

async fn chosen(
    portal: &Portal,
    guest: &Guest,
    purpose: Purpose,
    refused: Option<(&Problem, &Form)>,
) -> Answer {
    let asked = purpose.clone();
    let seen = portal.look_at(guest, move |engine, customer| see(engine, customer, &asked));
    let Some(seen) = seen.await? else { return Ok(see_other("/")) };
    let pay = PayWords::of(guest.locale().language);
    let notice = refused.and_then(|(problem, _)| notice(pay, problem));
    let status = refused.map_or(StatusCode::OK, |(problem, _)| problem.status());
    let mut page = page(portal, guest, &purpose, &seen, notice);
    // The next press pays by the method that was chosen for the one before.
    if let Some(method) = refused.and_then(|(_, form)| portal.method(form)) {
        for shown in &mut page.methods {
            shown.is_chosen = shown.value == method.name();
        }
    }
    page_with(status, &page)
}

/// The page to choose as the answer to a form that was refused.
async fn refuse(portal: &Portal, sent: &Sent, purpose: Purpose, problem: Problem) -> Answer {
    let page = chosen(portal, &sent.guest, purpose, Some((&problem, &sent.form))).await?;
    Ok(Refused::of(problem, &sent.form).answered_by(page))
}

/// What a refusal says on the page to choose; `None` for one that is a page of its own.
fn notice(pay: &PayWords, problem: &Problem) -> Option<&'static str> {
    match problem.code() {
        OTHER_PAYER => Some(pay.other_payer),
        NO_METHOD => Some(pay.pick),
        QUOTE_CHANGED => Some(pay.quote_changed),
        OPEN_PAYMENT => Some(pay.open_first),
        _ => None,
    }
}

/// Days and end of a package that is bought.
fn brings(seen: &PaymentData, words: &Words, locale: &Locale) -> Vec<String> {
    let days = seen.quote.lines.iter().find_map(|line| match line.item {
        Item::Package { days, .. } => Some(days),
        Item::Debt { .. } | Item::Overage => None,
    });
    let (Some(days), Some(prospect)) = (days, &seen.prospect) else { return Vec::new() };
    let mut brings = vec![fill(words.days, &[&days.to_string()])];
    brings.extend(valid_until(&seen.customer.user.account, prospect, words, locale));
    brings
}

/// Until when a package that is bought today is valid; `None` while its days cannot be counted.
pub(super) fn valid_until(
    account: &Account,
    prospect: &Prospect,
    words: &Words,
    locale: &Locale,
) -> Option<String> {
    let until = prospect.expires_at?;
    let is_same = account.expires_at == Some(until);
    Some(fill(if is_same { words.adds_no_days } else { words.would_end }, &[&locale.day_of(until)]))
}

/// What to know before paying.
fn warnings(seen: &PaymentData, words: &Words, locale: &Locale) -> Vec<String> {
    let (account, dues) = (&seen.customer.user.account, &seen.dues);
    let mut warnings = Vec::new();
    if let Some(prospect) =
        seen.prospect.as_ref().filter(|then| dues.remedy != Reconnection::Nothing && !then.is_online)
    {
        warnings.push(words.stays_stopped.to_owned());
        warnings.extend(match prospect.dues.remedy {
            Reconnection::Package => Some(words.then_package.to_owned()),
            Reconnection::Bill => {
                prospect.dues.total().map(|left| fill(words.then_bill, &[&left.to_string()]))
            }
            Reconnection::BillThenPackage => {
                prospect.dues.total().map(|left| fill(words.then_both, &[&left.to_string()]))
            }
            Reconnection::Nothing | Reconnection::Owner => None,
        });
        let overage = account.balance.overage();
        let clears = dues.remedy == Reconnection::Package && !overage.is_zero();
        warnings.extend(clears.then(|| fill(words.package_clears, &[&locale.quota(overage)])));
    }
    warnings.extend(dues.window_terms(words, locale));
    warnings
}

/// The open payment as shown before another replaces it.
fn replaced(portal: &Portal, guest: &Guest, seen: &PaymentData) -> Option<Replaced> {
    let (words, locale) = (guest.words(), guest.locale());
    let pay = PayWords::of(locale.language);
    let id = seen.open.as_ref()?.consent()?.to_owned();
    let text = match &seen.order {
        Some(order) => {
            let made = locale.moment(order.created_at);
            fill(words.open_order_text, &[&order.amount.to_string(), method_name(order.method), &made])
        }
        None => pay.open_unknown.to_owned(),
    };
    Some(Replaced { id, text, path: seen.order.as_ref().map(|order| portal.status_path(&order.id)) })
}

fn page(
    portal: &Portal,
    guest: &Guest,
    purpose: &Purpose,
    seen: &PaymentData,
    notice: Option<&'static str>,
) -> Choose {
    let (words, locale) = (guest.words(), guest.locale());
    let pay = PayWords::of(locale.language);
    let (quote, account) = (&seen.quote, &seen.customer.user.account);
    let open = replaced(portal, guest, seen);
    let label = if open.is_some() { pay.replace } else { pay.pay };
    let line = |line: &crate::domain::order::Line| PricedLine {
        name: line_name(line, account, words, locale),
        quota: if line.bytes.is_zero() { words.no_limit.to_owned() } else { locale.quota(line.bytes) },
        price: line.price.to_string(),
    };
    let offered = portal.site.config.payment.methods.iter().enumerate();
    let methods = offered.map(|(at, method)| MethodView {
        value: method.name(),
        name: method_name(Method::Online(*method)),
        hint: hint(*method, pay),
        mark: mark(*method),
        is_chosen: at == 0,
    });
    Choose {
        frame: guest.frame(pay.how),
        words,
        pay,
        here: if matches!(purpose, Purpose::Buy(_)) { "/beli" } else { "/lunasi" },
        for_whom: fill(pay.for_whom, &[&seen.customer.user.name]),
        open,
        path: path_of(purpose),
        part_rp: if let Purpose::PayPart(rp) = purpose { Some(rp.0) } else { None },
        lines: quote.lines.iter().map(line).collect(),
        total: quote.total().to_string(),
        total_rp: quote.total().0,
        pay_label: fill(label, &[&quote.total().to_string()]),
        methods: methods.collect(),
        till: portal.till(guest, account.id),
        brings: brings(seen, words, locale),
        warnings: warnings(seen, words, locale),
        notice,
        notices: notices(portal, words, locale),
        contact: portal.contact.clone(),
    }
}

/// `POST /beli/{package}`.
pub(super) async fn pay_package(
    State(portal): State<Arc<Portal>>,
    Path(package): Path<PackageId>,
    sent: Sent,
) -> Answer {
    pay(&portal, &sent, Purpose::Buy(package)).await
}

/// `POST /lunasi/semua`.
pub(super) async fn pay_all(State(portal): State<Arc<Portal>>, sent: Sent) -> Answer {
    pay(&portal, &sent, Purpose::SettleAll).await
}

/// `POST /lunasi/{debt}`.
pub(super) async fn pay_item(
    State(portal): State<Arc<Portal>>,
    Path(debt): Path<DebtId>,
    sent: Sent,
) -> Answer {
    pay(&portal, &sent, Purpose::SettleItem(debt)).await
}

/// Opens the order and redirects. If the price differs from the one shown, the page asks again; any other refusal is
/// shown in the portal's texts.
pub(super) async fn pay(portal: &Arc<Portal>, sent: &Sent, purpose: Purpose) -> Answer {
    let Sent { guest, form } = sent;
    let user = portal.look_at(guest, |_, customer| Ok(customer.user.account.id)).await?;
    let Some(user) = user else { return Ok(see_other("/")) };
    if !portal.is_for(form, user) {
        let other = Problem::conflict(OTHER_PAYER, "the form was made for another customer");
        return refuse(portal, sent, purpose, other).await;
    }
    let Some(method) = portal.method(form) else {
        let none = Problem::conflict(NO_METHOD, "the form names no method that is offered");
        return refuse(portal, sent, purpose, none).await;
    };
    let expect = form.text("expect_rp").and_then(|text| text.parse::<Rupiah>().ok());
    let replaces = Replaces::Named(form.text(REPLACES).map(str::to_owned));
    let wish = PaymentRequest { user, purpose: purpose.clone(), method, expect, replaces };
    let (key, actor) = (key(user, &wish, form), guest.actor());
    let site = Arc::clone(&portal.site);
    let opened = finish(async move { site.payments.pay_online(actor, wish, key).await }).await?;
    match opened.map_err(Problem::from) {
        Ok(done) => lead_on(portal, guest, &done).await,
        Err(problem) if matches!(problem.code(), QUOTE_CHANGED | OPEN_PAYMENT) => {
            refuse(portal, sent, purpose, problem).await
        }
        Err(problem) => Err(problem),
    }
}

impl Portal {
    /// The method in a form, if the owner offers it.
    fn method(&self, form: &Form) -> Option<OnlineMethod> {
        let payment = &self.site.config.payment;
        if payment.mode == PaymentMode::Snap {
            return Some(OnlineMethod::Snap);
        }
        let method = OnlineMethod::from_name(form.text("method")?)?;
        payment.methods.contains(&method).then_some(method)
    }
}

/// The idempotency key that makes a double press one submission.
fn key(user: UserId, wish: &PaymentRequest, form: &Form) -> Option<Key> {
    let given = form.text(KEY)?;
    let is_plain = given.len() <= KEY_CHARS_MAX && given.bytes().all(|b| b.is_ascii_graphic());
    is_plain.then(|| Key {
        id: format!("portal/{user}{}/{given}", path_of(&wish.purpose)),
        content_hash: content_hash(wish),
    })
}

/// Two forms with the same content have the same hash.
fn content_hash(PaymentRequest { user, purpose, method, expect, replaces }: &PaymentRequest) -> [u8; 32] {
    let purpose = match purpose {
        Purpose::Buy(package) => format!("buy {package}"),
        Purpose::SettleAll => "settle_all".to_owned(),
        Purpose::SettleItem(debt) => format!("settle_item {debt}"),
        Purpose::PayPart(amount) => format!("pay_part {}", amount.0),
    };
    let expect = expect.map_or_else(String::new, |price| price.0.to_string());
    let replaces = match replaces {
        Replaces::Anything => "anything".to_owned(),
        Replaces::Named(None) => "nothing".to_owned(),
        Replaces::Named(Some(name)) => format!("named {name}"),
    };
    digest::of_parts([&user.to_string(), &purpose, method.name(), &expect, &replaces])
}

async fn lead_on(portal: &Portal, guest: &Guest, done: &Done) -> Answer {
    // Only an answer that another version kept names no order; the home page shows what is open.
    let Some(id) = done.order().map(|order| order.id.clone()) else { return Ok(see_other("/")) };
    let wanted = id.clone();
    let order = portal.read(move |engine| Ok(engine.reader().order(&wanted)?)).await?;
    let away = order.filter(|_| !guest.is_captive).and_then(|order| portal.way_out(&order));
    Ok(see_other(&away.unwrap_or_else(|| portal.status_path(&id))))
}

impl Portal {
    /// Where a customer pays outside our pages, if that address is allowed.
    pub fn way_out(&self, order: &OrderRecord) -> Option<String> {
        let means = &order.online.means;
        let link = match order.method {
            Method::Online(OnlineMethod::Gopay | OnlineMethod::Shopeepay) => means.deeplink_url.as_ref(),
            Method::Online(OnlineMethod::Snap) => means.redirect_url.as_ref(),
            // A code or a number is paid without leaving our page.
            Method::Online(
                OnlineMethod::Qris
                | OnlineMethod::VaBca
                | OnlineMethod::VaBni
                | OnlineMethod::VaBri
                | OnlineMethod::VaPermata
                | OnlineMethod::VaCimb
                | OnlineMethod::VaMandiri,
            )
            | Method::Cash(_) => None,
        };
        let is_open = matches!(order.status, OrderState::Created | OrderState::Pending);
        self.targets.allowed(link.filter(|_| is_open)?)
    }
}

/// The address to pay for an order's purpose again.
pub(super) fn path_again(order: &OrderRecord) -> String {
    use crate::domain::order::OrderKind;
    let first = order.quote.lines.first().map(|line| &line.item);
    match (order.kind, first) {
        (OrderKind::Purchase, Some(Item::Package { id, .. })) => format!("/beli/{id}"),
        (OrderKind::SettleItem, Some(Item::Debt { id, .. })) => format!("/lunasi/{id}"),
        (OrderKind::SettleAll, _) => "/lunasi/semua".to_owned(),
        (OrderKind::PartPayment, _) => format!("/lunasi/sebagian?rp={}", order.amount.0),
        (OrderKind::Purchase, _) => "/beli".to_owned(),
        (OrderKind::SettleItem, _) => "/lunasi".to_owned(),
    }
}
