//! One customer at the counter: a button for everything that can be paid, each with its price and what comes of it. A
//! press takes the money once, at the price that was shown, and leads to the receipt, or to the code of an online payment.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::HEXLOWER;
use uuid::Uuid;

use super::offers::{Choice, Offers, left_until, offers};
use crate::agent::console::actions::submit::{is_key, ledger_lines, receipts_of};
use crate::agent::console::session::{AdminSession, Filled};
use crate::agent::console::texts::counter::CounterWords;
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::engine::{Engine, JUST_PAID_MS, Key, PaymentRequest, Purpose, Replaces, Snapshot, Tender};
use crate::agent::http::checkout::take_money;
use crate::agent::http::commands::money::Money;
use crate::agent::http::state::{Answer, AppState, user};
use crate::domain::access::Reason;
use crate::domain::account::Expiry;
use crate::domain::id::{OrderId, PackageId, UserId};
use crate::domain::order::{CashMethod, Item, Method, OnlineMethod, OrderKind, OrderState};
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::admin::money::NONE_PAID;
use crate::protocol::admin::orders::OrderView;
use crate::protocol::admin::values::Note;
use crate::store::{OrderFilter, OrderRecord, Page, Role};
use crate::tools::digest;
use crate::ui::address::parameter;
use crate::ui::desk::Layout;
use crate::ui::flash::{Claim, Draft, EDITED, Flash};
use crate::ui::form::KEY;
use crate::ui::layout::{page_with, see_other};
use crate::ui::refused::Refused;
use crate::ui::{Badge, Form, Frame, Locale};
use crate::web::{Path, Problem};

/// The field of what is paid for.
const WHAT: &str = "untuk";
/// The field of the last online payment that was shown.
const LAST_PAID: &str = "last_paid";
/// The field of the cashier's note of the payment.
const REFERENCE: &str = "reference";
/// The code of a press that says nothing that can be paid.
const NOTHING_CHOSEN: &str = "nothing_chosen";
/// The code of a press that wants two things paid online.
const ONE_ONLINE: &str = "one_online";

#[derive(Template)]
#[template(path = "console/counter/sale.html")]
struct SalePage {
    frame: Frame,
    layout: Layout,
    words: &'static CounterWords,
    people: &'static People,
    badge: Badge,
    action: String,
    customer: String,
    detail: String,
    complaint: Option<String>,
    warnings: Vec<String>,
    /// What has to be done first, where nothing can be sold: the reason, and the button that does it.
    hindrance: Option<(String, Option<(String, &'static str)>)>,
    offers: Offers,
    methods: Vec<MethodChoice>,
    has_online: bool,
    /// Whether the online ways are open to be seen.
    is_online_chosen: bool,
    key: String,
    last_paid: String,
    /// What was typed about the payment.
    reference: String,
}

/// A way to pay.
struct MethodChoice {
    value: &'static str,
    name: &'static str,
    is_online: bool,
    is_chosen: bool,
}

/// What the engine knows for the page.
struct Known {
    customer: Snapshot,
    offers: Offers,
    /// The last online order that was paid.
    last_paid: Option<OrderRecord>,
    /// An online order that taking money calls off.
    open: Option<OrderRecord>,
    /// Whether that payment is so recent that it may be news.
    is_just_paid: bool,
    /// Until when days run that a package sold now would not be added to.
    lost_days: Option<Timestamp>,
}

/// `GET /jual/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Path(id): Path<UserId>,
) -> Answer {
    session.at_least(Role::Cashier)?;
    let refused = session.page_request.refused.clone();
    let typed = match &refused {
        Some(refused) => Typed::Refused(&refused.problem, &refused.form),
        None => Typed::Nothing,
    };
    let kept = match parameter(&session.page_request.uri, EDITED).and_then(|key| session.draft(&app, key)) {
        Some(Draft::Typed(form)) => Some(form),
        Some(Draft::Done(_)) | None => None,
    };
    match (typed, &kept) {
        (Typed::Nothing, Some(form)) => page(&app, &session, id, Typed::Kept(form)).await,
        (typed, _) => page(&app, &session, id, typed).await,
    }
}

/// What was typed before the page is shown.
#[derive(Clone, Copy)]
enum Typed<'a> {
    Nothing,
    /// A press that was refused.
    Refused(&'a Problem, &'a Form),
    /// A press whose session had ended: nothing was taken, and what is paid for is pressed again.
    Kept(&'a Form),
}

impl<'a> Typed<'a> {
    fn text(self, field: &str) -> Option<&'a str> {
        match self {
            Self::Nothing => None,
            Self::Refused(_, form) | Self::Kept(form) => form.text(field),
        }
    }
}

async fn page(app: &Arc<AppState>, session: &AdminSession, id: UserId, typed: Typed<'_>) -> Answer {
    let (actor, locale) = (session.actor.clone(), session.page_request.locale.clone());
    let known = app
        .read(move |engine| {
            let customer = user(engine, id)?;
            let (first, last_paid, open) = history(engine, customer.user.no)?;
            let offers = offers(engine, &actor, &customer, first, &locale)?;
            let paid_at = last_paid.as_ref().and_then(|order| order.paid_at);
            let is_just_paid = paid_at.is_some_and(|at| engine.now().0.saturating_sub(at.0) < JUST_PAID_MS);
            let lost_days = lost_days(engine, &customer);
            Ok(Known { customer, offers, last_paid, open, is_just_paid, lost_days })
        })
        .await?;
    let locale = &session.page_request.locale;
    let words = CounterWords::of(locale.language);
    let account = &known.customer.user.account;
    let (status, complaint) = match typed {
        Typed::Nothing => (StatusCode::OK, None),
        Typed::Refused(problem, _) => (problem.status(), Some(complaint(words, session, problem))),
        Typed::Kept(_) => (StatusCode::OK, Some(words.kept.to_owned())),
    };
    let warnings = warnings(session, &known);
    let chosen = typed.text("method").unwrap_or(CashMethod::Cash.name());
    let methods = methods(app, session, chosen);
    let (frame, layout) = session.layout(known.customer.user.name.clone(), "/jual");
    page_with(
        status,
        &SalePage {
            frame,
            layout,
            words,
            badge: say::status(locale.language, account.access.status),
            action: format!("/jual/{id}"),
            customer: format!("/pelanggan/{id}"),
            detail: has_now(locale, &known.customer),
            complaint,
            warnings,
            people: session.people(),
            has_online: methods.iter().any(|method| method.is_online),
            is_online_chosen: methods.iter().any(|method| method.is_online && method.is_chosen),
            methods,
            key: Uuid::new_v4().to_string(),
            last_paid: known
                .last_paid
                .as_ref()
                .map_or_else(|| NONE_PAID.to_owned(), |order| order.id.0.clone()),
            reference: typed.text(REFERENCE).unwrap_or_default().to_owned(),
            hindrance: hindrance(session, id, &known),
            offers: known.offers,
        },
    )
}

/// The package bought last, the last online order that was paid, and the one that is open.
#[allow(clippy::type_complexity, reason = "three answers of one look")]
fn history(
    engine: &Engine,
    no: u32,
) -> Result<(Option<PackageId>, Option<OrderRecord>, Option<OrderRecord>), Problem> {
    let reader = engine.reader();
    let one = Page { limit: 1, after: None };
    let bought = OrderFilter { user_no: Some(no), kind: Some(OrderKind::Purchase), ..OrderFilter::default() };
    let bought = reader.find_orders(&bought, one)?.into_iter().next().map(|(_, order)| order);
    let package = bought.and_then(|order| match order.quote.lines.first()?.item {
        Item::Package { id, .. } => Some(id),
        Item::Debt { .. } | Item::Overage => None,
    });
    let open = OrderFilter { user_no: Some(no), states: vec![OrderState::Pending], ..OrderFilter::default() };
    let open = reader.find_orders(&open, one)?.into_iter().next().map(|(_, order)| order);
    Ok((package, reader.last_paid_online(no)?, open))
}

/// Why nothing can be sold, and what opens it.
#[allow(clippy::type_complexity, reason = "a sentence with its button")]
fn hindrance(
    session: &AdminSession,
    id: UserId,
    known: &Known,
) -> Option<(String, Option<(String, &'static str)>)> {
    if known.offers.packages.iter().any(|package| package.with_debt.is_some()) {
        return None;
    }
    let refusals: Vec<&String> =
        known.offers.packages.iter().filter_map(|package| package.offer.as_ref().err()).collect();
    let why = refusals.first().filter(|_| refusals.len() == known.offers.packages.len())?;
    let people = session.people();
    let action = match known.customer.user.account.access.reason? {
        Reason::Admin => Some(("buka", people.do_unblock)),
        Reason::Inactive if !known.customer.user.account.approved => Some(("setujui", people.do_approve)),
        Reason::Inactive
        | Reason::Paying
        | Reason::DebtLimit
        | Reason::DebtOverdue
        | Reason::Expired
        | Reason::Habis
        | Reason::Fup => None,
    };
    let action = action.filter(|_| session.actor.role >= Role::Operator);
    let button = action.map(|(segment, name)| (format!("/pelanggan/{id}/{segment}?ke=/jual/{id}"), name));
    Some(((*why).clone(), button))
}

/// Until when the customer's days run, where the days of a package count from today and these would not be added.
fn lost_days(engine: &Engine, customer: &Snapshot) -> Option<Timestamp> {
    let at = customer.user.account.expires_at.filter(|at| *at > engine.now())?;
    (engine.read_view().policy.expiry == Expiry::ResetFromNow).then_some(at)
}

fn warnings(session: &AdminSession, known: &Known) -> Vec<String> {
    let (locale, people) = (&session.page_request.locale, session.people());
    let mut warnings = Vec::new();
    if let Some(order) = known.last_paid.as_ref().filter(|_| known.is_just_paid) {
        let at = order.paid_at.map(|at| locale.moment(at)).unwrap_or_default();
        let method = say::method(locale.language, order.method);
        warnings.push(say::with(people.just_paid, &[&order.amount.to_string(), method, &at]));
    }
    if let Some(order) = &known.open {
        warnings.push(say::with(people.cancels_order, &[&order.amount.to_string()]));
    }
    if let Some(at) = known.lost_days {
        let words = CounterWords::of(locale.language);
        warnings.push(say::with(words.days_from_now, &[&locale.moment(at)]));
    }
    if known.customer.devices.is_empty() {
        warnings.push(people.no_device_yet.to_owned());
    }
    warnings
}

/// Why a press was refused.
fn complaint(words: &CounterWords, session: &AdminSession, problem: &Problem) -> String {
    match problem.code() {
        NOTHING_CHOSEN => words.choose.to_owned(),
        ONE_ONLINE => words.one_online.to_owned(),
        "idempotency_conflict" => words.key_used.to_owned(),
        _ if problem.errors().iter().any(|error| error.field == REFERENCE) => {
            format!("{}: {}", session.people().reference, session.people().bad_text)
        }
        _ => say::refusal(session.page_request.locale.language, problem),
    }
}

/// The ways to pay: over the counter, then online.
fn methods(app: &AppState, session: &AdminSession, chosen: &str) -> Vec<MethodChoice> {
    let config = &app.site.config;
    let cash = CashMethod::ALL.iter().map(|method| Method::Cash(*method));
    let others = config.payment.methods.iter().filter(|method| **method != OnlineMethod::Snap);
    // The gateway's own page needs a phone that opens it: it comes last.
    let online = others.copied().chain([OnlineMethod::Snap]).filter(|_| config.relay.is_some());
    let online = online.map(Method::Online);
    let choice = |method: Method| MethodChoice {
        value: method.name(),
        name: say::method(session.page_request.locale.language, method),
        is_online: method.cash().is_none(),
        is_chosen: method.name() == chosen,
    };
    cash.chain(online).map(choice).collect()
}

/// What a press asks for.
struct Press {
    choice: Choice,
    price: Rupiah,
    method: Method,
    reference: Option<String>,
    #[allow(clippy::option_option, reason = "not asked, nothing paid before and a payment say three things")]
    last_paid: Option<Option<OrderId>>,
}

impl Press {
    fn of(form: &Form) -> Result<Self, Problem> {
        let nothing = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, NOTHING_CHOSEN, "nothing was chosen");
        let (choice, price) = form.text(WHAT).and_then(Choice::of_value).ok_or_else(nothing)?;
        let method = Method::from_name(form.text("method").unwrap_or(CashMethod::Cash.name()));
        let method = method.ok_or_else(|| Problem::invalid("method", "is not a method of payment"))?;
        let last_paid =
            form.text(LAST_PAID).map(|id| Some(OrderId(id.to_owned())).filter(|_| id != NONE_PAID));
        let note = form.text(REFERENCE).map(|text| serde_json::from_value::<Note>(text.into())).transpose();
        let note =
            note.map_err(|_| Problem::invalid(REFERENCE, "is too long or has signs that cannot be used"))?;
        Ok(Self { choice, price, method, reference: note.map(|note| note.0), last_paid })
    }

    fn money(self, user: UserId) -> Result<Money, Problem> {
        let expect = Some(self.price);
        match self.method {
            Method::Cash(method) => {
                let tender = Tender { method, reference: self.reference, expect, last_paid: self.last_paid };
                Ok(Money::Taken(self.choice.command(user, tender)))
            }
            Method::Online(method) => {
                let purpose = match (self.choice.settles, self.choice.package) {
                    (true, None) => Purpose::SettleAll,
                    (false, Some(package)) => Purpose::Buy(package),
                    _ => return Err(Problem::conflict(ONE_ONLINE, "online, one thing is paid at a time")),
                };
                Ok(Money::Asked(PaymentRequest {
                    user,
                    purpose,
                    method,
                    expect,
                    replaces: Replaces::Anything,
                }))
            }
        }
    }
}

/// `POST /jual/{id}`: takes the money, once for each page that was shown.
pub(crate) async fn submit(
    State(app): State<Arc<AppState>>,
    Path(id): Path<UserId>,
    filled: Filled,
) -> Answer {
    let Filled { session, form } = filled;
    session.at_least(Role::Cashier)?;
    let key =
        form.text(KEY).filter(|key| is_key(key)).map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let money = match Press::of(&form).and_then(|press| press.money(id)) {
        Ok(money) => money,
        Err(problem) => return refuse(&app, &session, id, problem, &form).await,
    };
    // Another button of the same page is no repetition of the first.
    let what = digest::of_parts([form.text(WHAT).unwrap_or_default()]);
    let claim = format!("{key}-{}", HEXLOWER.encode(&what[..8]));
    if let Claim::Done(at) = app.flash.claim(&session.token, &claim) {
        return Ok(see_other(&at));
    }
    match sell(&app, &session, id, &form, &key, money).await {
        Ok((home, told)) => Ok(see_other(&app.flash.tell(&session.token, &claim, &home, told))),
        Err(problem) => {
            app.flash.drop_claim(&session.token, &claim);
            refuse(&app, &session, id, problem, &form).await
        }
    }
}

async fn refuse(
    app: &Arc<AppState>,
    session: &AdminSession,
    id: UserId,
    problem: Problem,
    form: &Form,
) -> Answer {
    if !matches!(problem.status().as_u16(), 400 | 409 | 422 | 502 | 503) {
        return Err(problem);
    }
    let page: Response = page(app, session, id, Typed::Refused(&problem, form)).await?;
    Ok(Refused::of(problem, form).answered_by(page))
}

/// Does it; returns where to go and what to show there.
async fn sell(
    app: &Arc<AppState>,
    session: &AdminSession,
    id: UserId,
    form: &Form,
    key: &str,
    money: Money,
) -> Result<(String, Flash), Problem> {
    let actor = session.actor.clone();
    let is_online = matches!(money, Money::Asked(_));
    let typed = form.typed().flat_map(|(name, value)| [name, value]);
    let content_hash = digest::of_parts([session.page_request.uri.path()].into_iter().chain(typed));
    let event = format!("{}/{key}", actor.name);
    let key = Key { id: event.clone(), content_hash };
    let done = take_money(app, actor, id, money, Some(key)).await?;
    let order = done.order().cloned().ok_or_else(Problem::internal)?;
    let locale = session.page_request.locale.clone();
    let (name, lines, receipts) = app
        .read(move |engine| {
            let customer = user(engine, id)?;
            let lines = if is_online {
                ledger_lines(engine, &locale, id, &event)?
            } else {
                vec![has_now(&locale, &customer)]
            };
            Ok((customer.user.name, lines, receipts_of(engine, id, &event)?))
        })
        .await?;
    Ok(told(session, &order, &name, is_online, lines, &receipts))
}

/// What the customer has after the sale, in a sentence.
fn has_now(locale: &Locale, customer: &Snapshot) -> String {
    let account = &customer.user.account;
    let left = say::quota(locale, (!account.unlimited).then(|| account.balance.remaining()));
    let access = say::access(locale.language, &account.access);
    left_until(CounterWords::of(locale.language), locale, &access, &left, account.expires_at)
}

fn told(
    session: &AdminSession,
    order: &OrderView,
    name: &str,
    is_online: bool,
    lines: Vec<String>,
    receipts: &[(OrderId, u64, Rupiah)],
) -> (String, Flash) {
    let language = session.page_request.locale.language;
    let (words, people) = (CounterWords::of(language), People::of(language));
    if is_online {
        let text = say::with(words.asked, &[&Rupiah(order.amount_rp).to_string(), name]);
        return (format!("/pembayaran/{}", order.id), Flash { text, ..Flash::default() });
    }
    let total = receipts.iter().fold(Rupiah::ZERO, |sum, (_, _, amount)| sum.plus(*amount));
    let link = |(order, no, _): &(OrderId, u64, Rupiah)| {
        (format!("/kuitansi/{order}"), say::with(people.receipt_no, &[&no.to_string()]))
    };
    // The page itself is the last receipt.
    let links = receipts.iter().filter(|(id, _, _)| *id != order.id).map(link).collect();
    let text = say::with(words.sold, &[&total.to_string(), name]);
    (format!("/kuitansi/{}", order.id), Flash { text, lines, links, ..Flash::default() })
}
